using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Core.Timeline;

/// <summary>How much attention an entry deserves.</summary>
public enum TimelineLevel : byte
{
    /// <summary>Detail that keepalived logs with -D only.</summary>
    Detail = 0,

    /// <summary>What an operator wants to read afterwards.</summary>
    Notice,

    /// <summary>Something is not as it should be.</summary>
    Warning,

    /// <summary>Something failed and somebody has to look.</summary>
    Error,
}

/// <summary>Turns a <see cref="TimelineEntry"/> into words: who, what was seen, what was decided, what would change it.</summary>
/// <remarks>Transitions are in the words of keepalived's log, so that people and their filters find them.</remarks>
public static class TimelineText
{
    /// <summary>How much attention the entry deserves.</summary>
    public static TimelineLevel LevelOf(in TimelineEntry entry) => entry.Kind switch
    {
        TimelineKind.EnteredBackup => TimelineLevel.Notice,
        TimelineKind.EnteredMaster => TimelineLevel.Notice,
        TimelineKind.EnteredFault => TimelineLevel.Warning,
        TimelineKind.Stopped => TimelineLevel.Notice,
        TimelineKind.AwaitingScripts => TimelineLevel.Notice,
        TimelineKind.MasterLost => TimelineLevel.Notice,
        TimelineKind.MasterChanged => TimelineLevel.Notice,
        TimelineKind.MasterReleased => TimelineLevel.Notice,
        TimelineKind.LowerAdvertDiscarded => TimelineLevel.Notice,
        TimelineKind.BetterAdvertHeard => TimelineLevel.Notice,
        TimelineKind.LowerAdvertHeard => TimelineLevel.Warning,
        TimelineKind.ReleaseHeardAsMaster => TimelineLevel.Detail,
        TimelineKind.OwnAddressHeard => TimelineLevel.Error,
        TimelineKind.PriorityChanged => TimelineLevel.Notice,
        TimelineKind.PreemptDelayStarted => TimelineLevel.Notice,
        TimelineKind.PromotionStarted => TimelineLevel.Notice,
        TimelineKind.AwaitingRelease => TimelineLevel.Notice,
        TimelineKind.PreemptGivenUp => TimelineLevel.Warning,
        TimelineKind.StepStarted => TimelineLevel.Notice,
        TimelineKind.StepDelayed => TimelineLevel.Notice,
        TimelineKind.StepQueued => TimelineLevel.Notice,
        TimelineKind.StepSkipped => TimelineLevel.Notice,
        TimelineKind.StepEnded => entry.Outcome.IsSuccess ? TimelineLevel.Notice : TimelineLevel.Error,
        TimelineKind.StepTimedOut => TimelineLevel.Warning,
        TimelineKind.StepStuck => TimelineLevel.Error,
        TimelineKind.PromotionFailed => TimelineLevel.Error,
        TimelineKind.PromotionEndedByMaster => TimelineLevel.Notice,
        TimelineKind.PromotionEnding => TimelineLevel.Notice,
        TimelineKind.PromotionEnded => TimelineLevel.Notice,
        TimelineKind.FenceLied => TimelineLevel.Error,
        TimelineKind.ListeningStarted => TimelineLevel.Notice,
        TimelineKind.PromotionHeld => TimelineLevel.Warning,
        TimelineKind.HoldEnded => TimelineLevel.Notice,
        TimelineKind.HoldFailed => TimelineLevel.Error,
        TimelineKind.ProbeStarted => TimelineLevel.Notice,
        TimelineKind.AddressInUse => TimelineLevel.Error,
        TimelineKind.ProbeFailed => TimelineLevel.Error,
        TimelineKind.PromotionSucceeded => TimelineLevel.Notice,
        TimelineKind.PromotionPostponed => TimelineLevel.Warning,
        TimelineKind.KernelAsked => TimelineLevel.Notice,
        TimelineKind.KernelRefused => TimelineLevel.Error,
        TimelineKind.Announced => TimelineLevel.Detail,
        TimelineKind.ReleaseSent => TimelineLevel.Notice,
        TimelineKind.ReleaseWithheld => TimelineLevel.Error,
        TimelineKind.Stalled => TimelineLevel.Error,
        TimelineKind.AddressesRestored => TimelineLevel.Warning,
        TimelineKind.ScriptChanged => entry.First == 1 ? TimelineLevel.Notice : TimelineLevel.Warning,
        TimelineKind.ScriptTimedOut => TimelineLevel.Warning,
        TimelineKind.FileChanged => TimelineLevel.Notice,
        TimelineKind.ProcessesChanged => entry.First == 1 ? TimelineLevel.Notice : TimelineLevel.Warning,
        TimelineKind.LinkDelayed => TimelineLevel.Notice,
        TimelineKind.ConflictWon => TimelineLevel.Warning,
        TimelineKind.PacketRefused => TimelineLevel.Warning,
        TimelineKind.AddressListDiffers => TimelineLevel.Warning,
        TimelineKind.ClockSkewed => TimelineLevel.Warning,
        TimelineKind.ReplayMarkForgotten => TimelineLevel.Warning,
        TimelineKind.OperatorRetried => TimelineLevel.Notice,
        TimelineKind.OperatorConfirmed => entry.First == (int)ConfirmVerdict.Accepted ? TimelineLevel.Warning : TimelineLevel.Error,
        TimelineKind.StepConfirmed => TimelineLevel.Warning,
        TimelineKind.ConfirmationVoid => TimelineLevel.Error,
    };

    /// <summary>The entry in words, one line, without time stamp.</summary>
    public static string Describe(NodeConfig config, in TimelineEntry entry)
    {
        if (entry.IsOfTracker)
        {
            return DescribeTracker(config, entry);
        }

        VrrpConfig instance = config.Instances[entry.Index];
        return $"({instance.Name}) {DescribeInstance(config, instance, entry)}";
    }

    /// <summary>A duration for people: "0.4 s", "12 s", "3 min 20 s".</summary>
    public static string Duration(TimeSpan duration)
    {
        double seconds = duration.TotalSeconds;
        return seconds switch
        {
            < 0.0095 => $"{duration.TotalMilliseconds:0.0} ms",
            < 1 => $"{seconds:0.00} s",
            < 10 => $"{seconds:0.##} s",
            < 120 => $"{seconds:0.#} s",
            _ => $"{(int)duration.TotalMinutes} min {duration.Seconds} s",
        };
    }

    /// <summary>How a program ended, in words.</summary>
    public static string Outcome(StepOutcome outcome) => outcome.Kind switch
    {
        StepOutcomeKind.Exited => outcome.Code == 0 ? "succeeded" : $"exited with status {outcome.Code}",
        StepOutcomeKind.Signalled => $"killed by signal {outcome.Code}",
        StepOutcomeKind.CouldNotStart => $"could not be started: {ErrnoText.Describe(outcome.Code)}",
        StepOutcomeKind.TimedOut => "timed out",
    };

    /// <summary>FENCEFIRST_REASON.</summary>
    public static string Reason(PromotionReason reason) => reason switch
    {
        PromotionReason.MasterDown => "master-down",
        PromotionReason.Released => "released",
        PromotionReason.Preempt => "preempt",
        PromotionReason.Startup => "startup",
        PromotionReason.Operator => "operator",
    };

    /// <summary>Why a confirmation is refused, as a clause; empty when it is not.</summary>
    public static string Refusal(VrrpConfig instance, InternetAddress target, ConfirmVerdict verdict) => verdict switch
    {
        ConfirmVerdict.Accepted => "",
        ConfirmVerdict.NoSuchFence => $"no fence of {instance.Name} has {target} as its only target",
        ConfirmVerdict.AlreadyDone => $"the fence of {target} has succeeded already",
        ConfirmVerdict.Ending => "the promotion under way waits for a living master or is ending",
        ConfirmVerdict.MasterIsHeard => "a master is heard, so nothing has to be promoted",
        ConfirmVerdict.NothingFailed => "no promotion has failed lately, so there is nothing to answer for",
        ConfirmVerdict.WrongPhase => $"only while promoting or after a failed promotion; after on_failure fault say 'fencefirst retry {instance.Name}' first",
    };

    /// <summary>Present causes of Fault in words.</summary>
    public static string DescribeFaults(NodeConfig config, int instance, FaultCauses faults) => Faults(config, config.Instances[instance], faults);

    /// <summary>Name of the tracker that an entry is about (<see cref="TimelineEntry.IsOfTracker"/>).</summary>
    public static string TrackerName(NodeConfig config, in TimelineEntry entry) => entry.Kind switch
    {
        TimelineKind.FileChanged => config.Files[entry.Index].Name,
        TimelineKind.ProcessesChanged => config.Processes[entry.Index].Name,
        TimelineKind.LinkDelayed => config.Links[entry.Index],
        _ => config.Scripts[entry.Index].Name,
    };

    private static string DescribeTracker(NodeConfig config, in TimelineEntry entry)
    {
        string name = TrackerName(config, entry);
        return entry.Kind switch
        {
            TimelineKind.FileChanged => $"Track file {name} holds {entry.First} now",
            TimelineKind.ProcessesChanged =>
                $"Quorum {(entry.First == 1 ? "gained" : "lost")} for tracked process {name}: {Plural(entry.Second, "process runs", "processes run")}",
            TimelineKind.LinkDelayed =>
                $"Interface {name} is {(entry.First == 1 ? "up" : "down")}, which counts in {Duration(entry.Duration)} unless it changes back (interface_up_down_delays)",
            _ => DescribeScript(config.Scripts[entry.Index], entry),
        };
    }

    private static string DescribeScript(ScriptTracker script, in TimelineEntry entry)
    {
        if (entry.Kind == TimelineKind.ScriptTimedOut)
        {
            return $"VRRP_Script({script.Name}) timed_out: no answer within {Duration(script.Timeout)}, which counts as a failure; it is being killed";
        }

        return entry.First == 1
            ? $"VRRP_Script({script.Name}) succeeded"
            : $"VRRP_Script({script.Name}) failed ({Outcome(entry.Outcome)})";
    }

    private static string DescribeInstance(NodeConfig config, VrrpConfig instance, in TimelineEntry entry)
    {
        string step = StepName(instance, entry);
        return entry.Kind switch
        {
            TimelineKind.EnteredBackup => entry.First == 1 ? "Entering BACKUP STATE (init)" : "Entering BACKUP STATE",
            TimelineKind.EnteredMaster => "Entering MASTER STATE",
            TimelineKind.EnteredFault => $"Entering FAULT STATE: {Faults(config, instance, entry.Faults)}",
            TimelineKind.Stopped => "stopped: holds no address",
            TimelineKind.AwaitingScripts => "waiting for the first result of its check scripts",
            TimelineKind.MasterLost => DescribeLoss(entry),
            TimelineKind.MasterChanged => $"master is {entry.Address} with priority {entry.First}, ours is {entry.Second}",
            TimelineKind.MasterReleased => $"{entry.Address} sent priority 0: it releases the addresses",
            TimelineKind.LowerAdvertDiscarded =>
                $"received lower priority ({entry.First}) advert from {entry.Address} - discarding: ours is {entry.Second} and we preempt",
            TimelineKind.BetterAdvertHeard => entry.First == entry.Second
                ? $"Master received advert from {entry.Address} with same priority {entry.First} but higher IP address than ours"
                : $"Master received advert from {entry.Address} with higher priority {entry.First}, ours {entry.Second}",
            TimelineKind.LowerAdvertHeard =>
                $"Received advert from {entry.Address} with lower priority {entry.First}, ours {entry.Second}, forcing new election",
            TimelineKind.ReleaseHeardAsMaster => $"Master received priority 0 message from {entry.Address}",
            TimelineKind.OwnAddressHeard =>
                $"WARNING - equal priority advert received from {entry.Address}, which is our own address: two nodes share it, or the network sends our adverts back",
            TimelineKind.PriorityChanged => $"Changing effective priority from {entry.First} to {entry.Second}",
            TimelineKind.PreemptDelayStarted => $"start preempt delay ({Duration(entry.Duration)})",
            TimelineKind.PromotionStarted when entry.First == 0 =>
                $"promotion: no steps, reason {Reason(entry.Reason)}; no address is added while somebody else answers for it",
            TimelineKind.PromotionStarted =>
                $"promotion: starting {Plural(entry.First, "step", "steps")}, reason {Reason(entry.Reason)}; no address is added before every step has succeeded",
            TimelineKind.AwaitingRelease =>
                $"promotion: the living master {entry.Address} has a lower priority; it may take {Duration(entry.Duration)} to release before we give up preempting it",
            TimelineKind.PreemptGivenUp =>
                $"promotion: {entry.Address} did not release in time; a living master is not fenced, so it stays master",
            TimelineKind.StepStarted => $"{Kind(entry)}: {step} started (attempt {entry.Attempt}, try {entry.Second}{Bound(entry.Duration)})",
            TimelineKind.StepDelayed => $"{Kind(entry)}: {step} waits {Duration(entry.Duration)} before try {entry.Second}",
            TimelineKind.StepQueued => $"{Kind(entry)}: {step} waits until another instance's fence of the same target has answered",
            TimelineKind.StepSkipped => $"{Kind(entry)}: {step} skipped: its target is not {entry.Address}, the master we lost (fence_scope last_master)",
            TimelineKind.StepEnded => $"{Kind(entry)}: {step} {Outcome(entry.Outcome)} after {Duration(entry.Duration)} (attempt {entry.Attempt}, try {entry.Second})",
            TimelineKind.StepTimedOut => $"{Kind(entry)}: {step} timed out after {Duration(entry.Duration)}: it has failed, whatever it may still answer; it is being killed",
            TimelineKind.StepStuck =>
                $"{Kind(entry)}: {step} (attempt {entry.Attempt}) does not die although it was killed; our adverts stop, so that it does not hold the other nodes back. Look at the process",
            TimelineKind.PromotionFailed => DescribeFailure(instance, step, entry),
            TimelineKind.PromotionEndedByMaster =>
                $"promotion: ends, because {entry.Address} is alive with priority {entry.First} (ours {entry.Second})"
                + (entry.Attempt == 0 ? "" : $"; the step under way (attempt {entry.Attempt}) is awaited first"),
            TimelineKind.PromotionEnding => $"promotion: ends as soon as {step} (attempt {entry.Attempt}) has answered",
            TimelineKind.PromotionEnded => "promotion: ended before anything was added",
            TimelineKind.FenceLied =>
                $"promotion: the fence of {entry.Address} reported success, but {entry.Address} goes on advertising (priority {entry.First}): the device does not tell the truth, the step has failed",
            TimelineKind.ListeningStarted => $"promotion: listening {Duration(entry.Duration)} for adverts of the fenced station before going on (listen_after)",
            TimelineKind.PromotionHeld =>
                $"promotion: held, because {entry.Address} is alive but its packets are refused; at most {Duration(entry.Duration)}. {DecodeErrorText.Describe(entry.Error)}",
            TimelineKind.HoldEnded => $"promotion: goes on, because no more packets come from {entry.Address}",
            TimelineKind.HoldFailed =>
                $"promotion: failed, because {entry.Address} is alive but its packets are refused, {Next(entry)}. {DecodeErrorText.Describe(entry.Error)} "
                + "Two masters that cannot hear each other are worse than none: put right what differs between the nodes",
            TimelineKind.ProbeStarted => $"promotion: asking the link for {Plural(entry.First, "address", "addresses")} before adding anything (probe {entry.Attempt})",
            TimelineKind.AddressInUse =>
                $"promotion: failed, because address {entry.Address} is in use by {Station(entry.Station)}; no address was added, {Next(entry)}. Adverts of that station do not reach us, but "
                + $"{(instance.IsIPv6 ? "neighbour discovery" : "ARP")} does: look for a filter for protocol 112, for IGMP or MLD snooping, or for a station outside of VRRP that uses the address",
            TimelineKind.ProbeFailed =>
                $"promotion: failed, because the link could not be asked for the addresses ({(entry.First == 0 ? "no answer in time" : ErrnoText.Describe(entry.First))}); no address was added, {Next(entry)}",
            TimelineKind.PromotionSucceeded => entry.First == 1 ? "promotion: the only step succeeded" : $"promotion: all {entry.First} steps succeeded",
            TimelineKind.PromotionPostponed => $"promotion: the last one failed, next try in {Duration(entry.Duration)}",
            TimelineKind.KernelAsked => DescribeKernel(instance, entry.Effect),
            TimelineKind.KernelRefused => $"{DescribeKernel(instance, entry.Effect)} failed: {ErrnoText.Describe(entry.First)}",
            TimelineKind.Announced => $"Sending gratuitous {(instance.IsIPv6 ? "NAs" : "ARPs")} for {Plural(instance.Addresses.Count + instance.ExcludedAddresses.Count, "address", "addresses")}, {Plural(entry.First, "time", "times")}",
            TimelineKind.ReleaseSent => "sent 0 priority",
            TimelineKind.ReleaseWithheld => entry.First == 1
                ? "no priority 0 is sent: an address could not be removed, the others must not believe that we released it"
                : "no priority 0 is sent: a demotion step failed, the others have to fence this node",
            TimelineKind.Stalled when entry.Phase == VrrpPhase.Backup =>
                $"was woken {Duration(entry.Duration)} late and could not listen meanwhile: that proves no silence, so it listens anew",
            TimelineKind.Stalled => $"did not run for {Duration(entry.Duration)}, longer than its peers wait: addresses removed first, then a new election",
            TimelineKind.AddressesRestored => "an address, route or rule of ours was removed by somebody else; putting it back",
            TimelineKind.PacketRefused => $"packet from {entry.Address} refused: {DecodeErrorText.Describe(entry.Error)}",
            TimelineKind.AddressListDiffers => $"advert from {entry.Address} carries another list of addresses than ours; check virtual_ipaddress on both nodes",
            TimelineKind.ClockSkewed =>
                $"auth_hmac: the clock of {entry.Address} and ours differ by more than half of time_window; adverts are refused beyond it: check NTP on both nodes",
            TimelineKind.ReplayMarkForgotten =>
                $"auth_hmac: our clock was set back, so an old advert of {entry.Address} could pass for a new one until time_window has passed: check NTP",
            TimelineKind.OperatorRetried => "operator: retry: "
                + (entry.Faults == FaultCauses.None ? "no pause is kept after failed promotions" : "the fault after a failed promotion is taken back"),
            TimelineKind.OperatorConfirmed => entry.First == (int)ConfirmVerdict.Accepted
                ? $"operator: confirms that {entry.Address} is down; its fence counts as succeeded in this one promotion"
                : $"operator: confirm of {entry.Address} refused: {Refusal(instance, entry.Address, (ConfirmVerdict)entry.First)}",
            TimelineKind.StepConfirmed => $"promotion: {step} counts as succeeded: an operator has confirmed that {entry.Address} is down",
            TimelineKind.ConfirmationVoid =>
                $"promotion: {entry.Address} was confirmed to be down by an operator, but it is advertising: the confirmation is void",
            TimelineKind.ScriptChanged or TimelineKind.ScriptTimedOut or TimelineKind.FileChanged or TimelineKind.ProcessesChanged or TimelineKind.LinkDelayed => "",
            TimelineKind.ConflictWon =>
                $"{entry.Address}, which was master too, has yielded: the addresses are announced and notify_master runs once more (reassert), because what it did elsewhere is still as it left it",
        };
    }

    private static string Plural(int number, string one, string more) => $"{number} {(number == 1 ? one : more)}";

    private static string DescribeLoss(in TimelineEntry entry) => entry.Reason switch
    {
        PromotionReason.MasterDown => $"Receive advertisement timeout: nothing heard from {entry.Address} for {Duration(entry.Duration)}",
        PromotionReason.Released => $"{(entry.Address.IsNone ? "the master" : entry.Address.ToString())} released and nobody better took over",
        PromotionReason.Preempt => $"preempting {entry.Address}, which has a lower priority",
        PromotionReason.Startup => $"Receive advertisement timeout: nothing heard for {Duration(entry.Duration)}",
        PromotionReason.Operator => "asked by an operator",
    };

    private static string DescribeFailure(VrrpConfig instance, string step, in TimelineEntry entry)
    {
        return $"promotion: failed at {step}, which {Outcome(entry.Outcome)}; no address was added, {Next(entry)}. "
            + $"Find out why {step} fails, or put right what it needs: {CommandOf(instance, entry)}{Confirmation(instance, entry)}";
    }

    /// <summary>The exact command for an operator who has looked; only a fence of one target can be answered for.</summary>
    private static string Confirmation(VrrpConfig instance, in TimelineEntry entry)
    {
        if (instance.Promotion is not { } plan || entry.First >= plan.Steps.Count || entry.First >= OperatorRules.ConfirmableStepsMax)
        {
            return "";
        }

        PromotionStep step = plan.Steps[entry.First];
        if (step.Kind != StepKind.Fence || step.Targets.Count != 1)
        {
            return "";
        }

        string retry = entry.Duration == TimeSpan.MaxValue ? $"fencefirst retry {instance.Name}, then while it promotes " : "";
        return $". If {step.Targets[0]} is certainly down: {retry}fencefirst confirm {instance.Name} --target {step.Targets[0]} --i-have-checked";
    }

    private static string Next(in TimelineEntry entry) => entry.Duration == TimeSpan.MaxValue
        ? "stays down until an operator has looked (on_failure fault)"
        : $"next try in {Duration(entry.Duration)}";

    /// <summary>An Ethernet address as people write it.</summary>
    private static string Station(ulong station) =>
        string.Join(':', Enumerable.Range(0, 6).Select(i => ((byte)(station >> (40 - (8 * i)))).ToString("x2")));

    private static string CommandOf(VrrpConfig instance, in TimelineEntry entry) =>
        instance.Promotion is { } plan && entry.First < plan.Steps.Count ? plan.Steps[entry.First].Command.ToString() : "";

    private static string DescribeKernel(VrrpConfig instance, SideEffect effect) => effect switch
    {
        SideEffect.AddAddresses => $"setting protocol VIPs. {string.Join(", ", (IEnumerable<VirtualAddress>)instance.Addresses)}",
        SideEffect.AddExcluded => "setting protocol E-VIPs.",
        SideEffect.AddRoutes => "setting Virtual Routes",
        SideEffect.AddRules => "setting Virtual Rules",
        SideEffect.RemoveRules => "removing Virtual Rules",
        SideEffect.RemoveRoutes => "removing Virtual Routes",
        SideEffect.RemoveExcluded => "removing protocol E-VIPs.",
        SideEffect.RemoveAddresses => "removing protocol VIPs.",
        SideEffect.Advertise or SideEffect.Announce or SideEffect.Demote or SideEffect.Release or SideEffect.Notify => effect.ToString(),
    };

    private static string Kind(in TimelineEntry entry) => entry.Phase == VrrpPhase.Demoting ? "demotion" : "promotion";

    private static string Bound(TimeSpan bound) => bound == TimeSpan.MaxValue ? ", no time limit" : $", at most {Duration(bound)}";

    private static string StepName(VrrpConfig instance, in TimelineEntry entry)
    {
        EquatableArray<PromotionStep> steps =
            (entry.Phase == VrrpPhase.Demoting ? instance.Demotion?.Steps : instance.Promotion?.Steps) ?? default;
        if (entry.First < 0 || entry.First >= steps.Count)
        {
            return "step";
        }

        PromotionStep step = steps[entry.First];
        return step.Kind switch
        {
            StepKind.Check => $"check {step.Name}",
            StepKind.Fence => $"fence {step.Name}",
            StepKind.Run => $"run {step.Name}",
        };
    }

    private static string Faults(NodeConfig config, VrrpConfig instance, FaultCauses faults)
    {
        List<string> words = [];
        if (faults.HasFlag(FaultCauses.Link))
        {
            words.Add(instance.Link >= 0 ? $"a tracked interface is down (own interface: {config.Links[instance.Link]})" : "a tracked interface is down");
        }

        if (faults.HasFlag(FaultCauses.Script))
        {
            words.Add("a check script has failed");
        }

        if (faults.HasFlag(FaultCauses.File))
        {
            words.Add("a tracked file says so");
        }

        if (faults.HasFlag(FaultCauses.Process))
        {
            words.Add("tracked processes are too few or too many");
        }

        if (faults.HasFlag(FaultCauses.NoSource))
        {
            words.Add($"no {(instance.IsIPv6 ? "IPv6" : "IPv4")} address to send adverts from");
        }

        if (faults.HasFlag(FaultCauses.Promotion))
        {
            words.Add("a promotion failed and on_failure fault is configured; fencefirst retry when the cause is mended");
        }

        return string.Join("; ", words);
    }
}
