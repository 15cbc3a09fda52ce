using System.Globalization;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Output;

/// <content>Fence devices, promotions and demotions: lines of a file, or each step as an object.</content>
public sealed partial class ConfigDump
{
    /// <summary>Name of the step that notify_master_before_vip makes of notify_master.</summary>
    private const string BeforeVip = "notify_master";

    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(60);

    private void Plans(VrrpConfig instance)
    {
        if (instance.Promotion is { } plan)
        {
            if (_isFile && !plan.Steps.IsEmpty && plan.Steps[^1] is { Kind: StepKind.Run, Name: BeforeVip, Attempts: 1 } last)
            {
                // A plain run has a bound; only this one may have none.
                _to.Command("notify_master", last.Command);
                _to.Words("notify_master_before_vip", last.Timeout == TimeSpan.MaxValue ? [] : ["timeout", Number(last.Timeout)]);
                plan = plan with { Steps = plan.Steps.SkipLast(1).ToEquatableArray() };
            }

            if (!_isFile || plan != new PromotionPlan())
            {
                _to.Block("promotion", () => Promotion(plan));
            }
        }

        if (instance.Demotion is { } demotion)
        {
            _to.Block("demotion", () =>
            {
                Steps(demotion.Steps);
                _to.Text("on_failure", demotion.IsReleasedOnFailure ? "release" : "silent");
            });
        }
    }

    private void Promotion(PromotionPlan plan)
    {
        Steps(plan.Steps);
        _to.Words("on_failure", plan.IsFaultOnFailure ? ["fault"] : ["retry_after", Number(plan.RetryAfter)]);
        _to.Choice("advertise", plan.IsAdvertising);
        _to.Text("fence_scope", plan.Scope == FenceScope.All ? "all" : "last_master");
        _to.Number("preempt_wait", Seconds(plan.PreemptWait));
        _to.Choice("probe", plan.IsProbing);
        if (plan.ListenAfter is { } listen)
        {
            _to.Number("listen_after", Seconds(listen));
        }

        _to.Switch("release_is_enough", plan.IsReleaseEnough);
    }

    private void Steps(EquatableArray<PromotionStep> steps)
    {
        if (!_isFile)
        {
            _to.Blocks("step", steps, step => step.Name, Step);
            return;
        }

        foreach (PromotionStep step in steps)
        {
            string keyword = step.Kind switch { StepKind.Check => "check", StepKind.Fence => "fence", StepKind.Run => "run" };
            if (step.Kind == StepKind.Fence)
            {
                _to.Words(keyword, step.Name.Split(' '));
            }
            else if (step.Reach is { } reach)
            {
                _to.Words(keyword, ReachWords(step, reach));
            }
            else
            {
                _to.Command(keyword, step.Command, $" timeout {Number(step.Timeout)} attempts {step.Attempts} retry_interval {Number(step.RetryInterval)}");
            }
        }
    }

    private List<string> ReachWords(PromotionStep step, ReachCheck reach)
    {
        List<string> words = [reach.Method.ToString().ToLowerInvariant(), .. reach.Targets.Select(target => target.ToString())];
        words.AddRange(["at_least", reach.AtLeast.ToString(CultureInfo.InvariantCulture), "timeout", Number(step.Timeout), "attempts", step.Attempts.ToString(CultureInfo.InvariantCulture)]);
        words.AddRange(["retry_interval", Number(step.RetryInterval), "delay", Number(step.Delay)]);
        if (reach.Link >= 0)
        {
            words.AddRange(["dev", _entries.Link(reach.Link)]);
        }

        return words;
    }

    private void Device(FenceDeviceConfig device)
    {
        if (!_isFile)
        {
            Step(device.Step);
            _to.Number("monitor_interval", Seconds(device.MonitorInterval));
            return;
        }

        PromotionStep step = device.Step;
        if (step.Agent is { } agent)
        {
            _to.Words("agent", [step.Command.Arguments[0]], $"uid {step.Command.UserId} gid {step.Command.GroupId}");
            Agent(agent);
        }
        else
        {
            _to.Command("script", step.Command);
        }

        _to.Words("targets", step.Targets.Select(target => target.ToString()));
        _to.Words("delay", [Number(step.Delay), "random", Number(step.RandomDelay), "priority", Number(step.PriorityDelay)]);
        Bounds(step);
        _to.NumberIfAny("monitor_interval", Seconds(device.MonitorInterval));
    }

    /// <summary>One step with everything that holds for it.</summary>
    private void Step(PromotionStep step)
    {
        _to.Text("kind", step.Kind.ToString().ToLowerInvariant());
        if (step.Reach is { } reach)
        {
            _to.Text("method", reach.Method.ToString().ToLowerInvariant());
            _to.List("targets", reach.Targets.Select(target => target.ToString()));
            _to.Number("at_least", reach.AtLeast);
            _to.Text("interface", _entries.Link(reach.Link));
        }
        else if (step.Levels.IsEmpty)
        {
            _to.Command("script", step.Command);
        }

        if (step.Kind == StepKind.Fence)
        {
            _to.List("targets", step.Targets.Select(target => target.ToString()));
            _to.List("levels", step.Levels.Select(level => string.Join(" and ", level.Devices.Select(device => device.Name))));
        }

        if (step.Agent is { } agent)
        {
            Agent(agent);
        }

        if (step.Levels.IsEmpty)
        {
            Bounds(step);
            if (step.Kind == StepKind.Fence)
            {
                _to.Number("delay", Seconds(step.Delay));
                _to.Number("delay_random", Seconds(step.RandomDelay));
                _to.Number("delay_by_priority", Seconds(step.PriorityDelay));
            }
        }
    }

    private void Agent(FenceAgent agent)
    {
        _to.Text("action", agent.Action.ToString().ToLowerInvariant());
        _to.Choice("verify", agent.IsVerified);
        _to.Options("option", agent.Options.Select(option => (option.Name, option.HasSecretName ? Secret : option.Value)));
        _to.Options("option_file", agent.OptionFiles.Select(option => (option.Name, option.Value)));
    }

    private void Bounds(PromotionStep step)
    {
        if (step.Timeout != TimeSpan.MaxValue)
        {
            _to.Number("timeout", Seconds(step.Timeout));
        }

        _to.Number("attempts", step.Attempts);
        _to.Number("retry_interval", Seconds(step.RetryInterval));
    }

    private static string Number(TimeSpan time) => Seconds(time).ToString("0.######", CultureInfo.InvariantCulture);
}
