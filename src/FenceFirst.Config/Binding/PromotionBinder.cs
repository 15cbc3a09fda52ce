using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <summary>A fence_device block as bound.</summary>
/// <param name="Node">Where it stands.</param>
/// <param name="Step">The step that one use of it becomes; null when something in the block is wrong.</param>
/// <param name="MonitorInterval">How often it is asked for its status; zero = never.</param>
/// <param name="IsDelayGiven">Whether somebody has thought about its delay, 0 included.</param>
internal sealed record FenceDevice(ConfigNode Node, PromotionStep? Step, TimeSpan MonitorInterval, bool IsDelayGiven);

/// <summary>fence_device, promotion and demotion: our extension of the language.</summary>
internal sealed partial class PromotionBinder(BindContext context, Dictionary<string, FenceDevice> devices)
{
    private readonly ValueReader _values = context.Values;
    private readonly CommandBinder _commands = new(context);
    private readonly AgentBinder _agents = new(context);
    private readonly ReachBinder _reach = new(context);

    /// <summary>A fence_device block.</summary>
    public FenceDevice Device(ConfigNode block)
    {
        context.WarnRepeated([.. block.Children.Where(node => node.Name is not ("option" or "option_file"))]);
        int errorsBefore = context.Diagnostics.ErrorCount;
        ConfigNode? script = null;
        UserFacts? user = null;
        List<InternetAddress> targets = [];
        TimeSpan timeout = TimeSpan.FromSeconds(60);
        TimeSpan retryInterval = TimeSpan.FromSeconds(2);
        FenceDelay delay = default;
        int attempts = 3;
        int monitorSeconds = 0;
        ConfigNode? agentNode = null;
        foreach (ConfigNode node in block.Children)
        {
            switch (node.Name)
            {
                case "script":
                    script ??= node;
                    break;
                case "agent":
                    agentNode = node;
                    break;
                case "user":
                    user = _commands.User(node.Words, 1);
                    break;
                case "targets":
                    Targets(node, targets);
                    break;
                case "delay":
                    delay = Delay(node);
                    break;
                case "timeout":
                    timeout = _values.TrySeconds(node, out TimeSpan bound) ? bound : timeout;
                    break;
                case "attempts":
                    attempts = _values.TryInteger(node, out int tries) ? tries : attempts;
                    break;
                case "retry_interval":
                    retryInterval = _values.TrySeconds(node, out TimeSpan pause) ? pause : retryInterval;
                    break;
                case "monitor_interval" when block.Children.Any(each => each.Name == "agent"):
                    monitorSeconds = _values.TryInteger(node, out int seconds) ? seconds : 0;
                    break;
            }
        }

        if (block.Value is "and" or "then")
        {
            context.Diagnostics.Add(DiagnosticCodes.BadName, block.ValueSpan, $"'{block.Value}' cannot be the name of a fence_device: it stands between names in `fence`");
        }

        if (targets.Count == 0)
        {
            context.Diagnostics.Add(DiagnosticCodes.MissingKeyword, block.Span, $"fence_device {block.Value} has no targets", "targets ADDRESS ...: the peers that it makes sure are down");
        }

        if (script is null && agentNode is null)
        {
            context.Diagnostics.Add(DiagnosticCodes.MissingKeyword, block.Span, $"fence_device {block.Value} has neither agent nor script", "agent NAME, or script \"/path/to/fence ARGUMENTS\"");
        }

        FenceAgent? agent = null;
        CommandLine? command = null;
        if (agentNode is not null)
        {
            agent = _agents.Bind(block, agentNode, script, user, out command);
        }
        else
        {
            _agents.WarnWithoutAgent(block);
            command = script is null ? null : _commands.Script(script, user);
        }

        bool isGood = command is not null && context.Diagnostics.ErrorCount == errorsBefore;
        PromotionStep? step = !isGood ? null : new PromotionStep(StepKind.Fence, block.Value, command!) // Good means that it is there.
        {
            Agent = agent,
            Timeout = timeout,
            Attempts = attempts,
            RetryInterval = retryInterval,
            Delay = delay.Seconds,
            RandomDelay = delay.Random,
            PriorityDelay = delay.Priority,
            Targets = targets.ToEquatableArray(),
        };
        return new FenceDevice(block, step, TimeSpan.FromSeconds(monitorSeconds), block.Children.Any(node => node.Name == "delay"));
    }

    /// <summary>A promotion block.</summary>
    public PromotionPlan Promotion(ConfigNode block)
    {
        _reach.Begin();
        context.WarnRepeated([.. block.Children.Where(node => node.Name is not ("check" or "fence" or "run"))]);
        PromotionPlan plan = new() { IsProbing = true, ListenAfter = null };
        bool isProbeGiven = false;
        List<PromotionStep> steps = [];
        bool isScopeGiven = false;
        foreach (ConfigNode node in block.Children)
        {
            switch (node.Name)
            {
                case "check" when ReachBinder.IsReach(node):
                    AddIfBound(steps, _reach.Bind(node));
                    break;
                case "check" or "run":
                    AddIfBound(steps, Step(node, node.Name == "check" ? StepKind.Check : StepKind.Run));
                    break;
                case "fence":
                    Fences(node, steps);
                    break;
                case "on_failure":
                    plan = OnFailure(node, plan);
                    break;
                case "advertise" when _values.TryBoolean(node, out bool isAdvertising):
                    plan = plan with { IsAdvertising = isAdvertising };
                    break;
                case "fence_scope":
                    isScopeGiven = _values.TryChoice(node, out string scope);
                    plan = plan with { Scope = scope == "last_master" ? FenceScope.LastMaster : FenceScope.All };
                    break;
                case "preempt_wait" when _values.TrySeconds(node, out TimeSpan wait):
                    plan = plan with { PreemptWait = wait };
                    break;
                case "probe" when _values.TryBoolean(node, out bool isProbing):
                    plan = plan with { IsProbing = isProbing };
                    isProbeGiven = isProbing;
                    break;
                case "listen_after" when _values.TrySeconds(node, out TimeSpan listen):
                    plan = plan with { ListenAfter = listen };
                    break;
                case "release_is_enough" when _values.TryBoolean(node, out bool isEnough):
                    plan = plan with { IsReleaseEnough = isEnough };
                    break;
            }
        }

        int targetCount = steps.SelectMany(step => step.Targets).Distinct().Count();
        if (targetCount >= 2 && !isScopeGiven)
        {
            context.Diagnostics.Add(
                DiagnosticCodes.FenceScopeMissing,
                block.Span,
                $"{targetCount} targets can be fenced, and silence does not tell which of them is Master: fence_scope must say which are fenced",
                "`fence_scope all` fences every target that has not released (safe; a switchover costs the third node); `fence_scope last_master` fences only the master we lost "
                + "(gentle; two survivors that cannot hear each other may both promote)");
        }

        if (!isProbeGiven && !block.Children.Any(node => node.Name is "check" or "fence" or "run"))
        {
            context.Diagnostics.Add(DiagnosticCodes.NothingToAwait, block.Span, "this promotion awaits nothing", "add `fence DEVICE`, `check \"COMMAND\"` or `run \"COMMAND\"`, or `probe yes` at least");
        }

        if (steps.Count > PromotionPlan.StepsMax)
        {
            context.Diagnostics.Add(DiagnosticCodes.TooManySteps, block.Span, $"{steps.Count} steps: a promotion has at most {PromotionPlan.StepsMax}", "put several commands into one script");
        }

        WarnWithoutDelay(block);
        return plan with { Steps = steps.ToEquatableArray() };
    }

    /// <summary>What built-in checks ask, and the rest of the finished instance, that do not fit together.</summary>
    public void LintReach(VrrpConfig config) => _reach.Lint(config);

    /// <summary>What goes with a fence: for one instance, or for all members of a sync group.</summary>
    /// <param name="block">The promotion block.</param>
    /// <param name="plan">The plan that it was bound to.</param>
    /// <param name="instances">Those that are promoted by it.</param>
    public void LintFence(ConfigNode block, PromotionPlan plan, IReadOnlyList<VrrpConfig> instances)
    {
        if (instances.Any(instance => instance.IsPreempt))
        {
            context.Diagnostics.Add(
                DiagnosticCodes.FenceWithoutNopreempt,
                block.Span,
                "a promotion that fences, without nopreempt: this node asks a healthy lower-priority master to release, and gives up after preempt_wait",
                "nopreempt (with state BACKUP) leaves a healthy master alone");
        }

        if (instances.Any(instance => !instance.IsUnicast))
        {
            WarnOfUnheardTargets(block, plan, instances);
            return;
        }

        foreach (InternetAddress target in plan.Steps.SelectMany(step => step.Targets).Distinct())
        {
            if (instances.All(instance => instance.UnicastPeers.All(peer => peer.Address != target)))
            {
                context.Diagnostics.Add(DiagnosticCodes.TargetIsNoPeer, block.Span, $"fence target {target} is not among unicast_peer", "targets are the addresses that the peers' adverts come from");
            }
        }
    }

    /// <summary>
    /// A fence none of whose targets can be the sender of an advert: RFC 9568 section 5.1.2.1 has IPv6 adverts come from a link-local address, and IPv4 ones come from
    /// an IPv4 address. Its target would be fenced, but never be recognized in what is heard.
    /// </summary>
    private void WarnOfUnheardTargets(ConfigNode block, PromotionPlan plan, IReadOnlyList<VrrpConfig> instances)
    {
        foreach (PromotionStep step in plan.Steps)
        {
            if (step.Kind != StepKind.Fence || step.Targets.Any(target => instances.Any(instance => CanSend(instance, target))))
            {
                continue;
            }

            bool isIPv6 = instances.All(instance => instance.IsIPv6);
            context.Diagnostics.Add(
                DiagnosticCodes.TargetIsNoPeer,
                block.Span,
                $"fence target {step.Targets[0]} is no address that adverts of {(isIPv6 ? "IPv6" : "IPv4")} come from: what is heard of that node is not taken for it",
                isIPv6 ? "its link-local address (fe80::...) on this interface; other addresses may stand beside it" : "its primary IPv4 address on this interface; other addresses may stand beside it");
        }
    }

    private static bool CanSend(VrrpConfig instance, InternetAddress target) =>
        instance.IsUnicast ? instance.UnicastPeers.Any(peer => peer.Address == target)
        : instance.IsIPv6 ? target is { IsIPv6: true, IsLinkLocal: true }
        : target.IsIPv4;

    /// <summary>A demotion block.</summary>
    public DemotionPlan Demotion(ConfigNode block)
    {
        context.WarnRepeated([.. block.Children.Where(node => node.Name != "run")]);
        List<PromotionStep> steps = [];
        bool isReleased = false;
        foreach (ConfigNode node in block.Children)
        {
            if (node.Name == "run")
            {
                AddIfBound(steps, Step(node, StepKind.Run));
            }
            else if (node.Name == "on_failure")
            {
                isReleased = _values.TryChoice(node, out string choice) && choice == "release";
            }
        }

        return new DemotionPlan { Steps = steps.ToEquatableArray(), IsReleasedOnFailure = isReleased };
    }

    /// <summary>The optional <c>timeout N</c> after notify_master_before_vip; without it there is no bound.</summary>
    public TimeSpan BeforeVipTimeout(ConfigNode node)
    {
        if (node.Words.Count == 1)
        {
            return TimeSpan.MaxValue;
        }

        if (node.Words.Count == 3 && node.Value == "timeout" && _values.TrySeconds(node.Words[2], 0.001m, 86400, 3, "timeout", out TimeSpan timeout))
        {
            return timeout;
        }

        context.Diagnostics.Add(DiagnosticCodes.UnknownOption, node.ValueSpan, "only `timeout SECONDS` may follow notify_master_before_vip");
        return TimeSpan.MaxValue;
    }

    private static void AddIfBound(List<PromotionStep> steps, PromotionStep? step)
    {
        if (step is not null)
        {
            steps.Add(step);
        }
    }

    /// <summary>One line: "COMMAND" and options in any order.</summary>
    private PromotionStep? Step(ConfigNode node, StepKind kind)
    {
        List<Token> words = _commands.Words(node);
        if (words.Count < 2)
        {
            return null;
        }

        TimeSpan timeout = TimeSpan.FromSeconds(60);
        TimeSpan retryInterval = TimeSpan.FromSeconds(1);
        int attempts = 1;
        UserFacts? user = null;
        bool isGood = true;
        for (int i = 2; i < words.Count; i += 2)
        {
            if (words[i].Text is not ("timeout" or "attempts" or "retry_interval" or "user" or "group") || i + 1 >= words.Count)
            {
                context.Diagnostics.Add(
                    DiagnosticCodes.UnknownOption,
                    words[i].Span,
                    $"'{words[i].Text}' is not an option of a step, or its value is missing",
                    "timeout N attempts N retry_interval N user NAME [group NAME]; the command and its arguments stand in one pair of double quotes");
                return null;
            }

            Token value = words[i + 1];
            switch (words[i].Text)
            {
                case "timeout":
                    isGood &= _values.TrySeconds(value, 0.001m, 86400, 3, "timeout", out timeout);
                    break;
                case "attempts":
                    isGood &= _values.TryInteger(value, 1, 1000, "attempts", out attempts);
                    break;
                case "retry_interval":
                    isGood &= _values.TrySeconds(value, 0, 86400, 3, "retry_interval", out retryInterval);
                    break;
                case "user":
                    user = _commands.User(words[..(i + 2)], i + 1);
                    isGood &= user is not null;
                    break;
                case "group":
                    isGood &= user is not null;
                    user = user is null ? null : _commands.Group(user, value);
                    isGood &= user is not null;
                    if (!isGood)
                    {
                        context.Diagnostics.Add(DiagnosticCodes.UnknownOption, words[i].Span, "group needs a good user before it: user NAME group NAME");
                    }

                    break;
            }
        }

        CommandLine? command = isGood ? _commands.Command(words[1], user) : null;
        string name = command is null ? "" : Path.GetFileName(command.Arguments[0]);
        return command is null ? null : new PromotionStep(kind, name, command) { Timeout = timeout, Attempts = attempts, RetryInterval = retryInterval };
    }

    private PromotionPlan OnFailure(ConfigNode node, PromotionPlan plan)
    {
        if (node.Value == "fault" && node.Words.Count == 2)
        {
            return plan with { IsFaultOnFailure = true };
        }

        if (node.Value == "retry_after" && node.Words.Count == 3)
        {
            return _values.TrySeconds(node.Words[2], 0.001m, 86400, 3, "retry_after", out TimeSpan after) ? plan with { RetryAfter = after } : plan;
        }

        if (node.Words.Count > 1)
        {
            context.Diagnostics.Add(DiagnosticCodes.BadChoice, node.ValueSpan, "on_failure is either `retry_after SECONDS` or `fault`");
        }

        return plan;
    }

    private void Targets(ConfigNode node, List<InternetAddress> targets)
    {
        foreach (Token word in node.Words.Skip(1))
        {
            if (_values.TryAddress(word, "targets", out InternetAddress target) && !targets.Contains(target))
            {
                targets.Add(target);
            }
        }
    }
}
