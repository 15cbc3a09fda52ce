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
        TimelineKind.PauseEnded => TimelineLevel.Notice,
        TimelineKind.KernelAsked => TimelineLevel.Notice,
        TimelineKind.KernelRefused => TimelineLevel.Error,
        TimelineKind.Announced => TimelineLevel.Detail,
        TimelineKind.OwnAnnounced => TimelineLevel.Detail,
        TimelineKind.ReleaseSent => TimelineLevel.Notice,
        TimelineKind.ReleaseWithheld => TimelineLevel.Error,
        TimelineKind.Stalled => TimelineLevel.Error,
        TimelineKind.AddressesRestored => TimelineLevel.Warning,
        TimelineKind.HoldingChanged => TimelineLevel.Notice,
        TimelineKind.ScriptChanged => entry.First == 1 ? TimelineLevel.Notice : TimelineLevel.Warning,
        TimelineKind.ScriptTimedOut => TimelineLevel.Warning,
        TimelineKind.FileChanged => TimelineLevel.Notice,
        TimelineKind.ProcessesChanged => entry.First == 1 ? TimelineLevel.Notice : TimelineLevel.Warning,
        TimelineKind.LinkDelayed => TimelineLevel.Notice,
        TimelineKind.ConflictWon => TimelineLevel.Warning,
        TimelineKind.GroupChanged => entry.First == (int)Notification.Fault ? TimelineLevel.Warning : TimelineLevel.Notice,
        TimelineKind.GroupAwaited => TimelineLevel.Notice,
        TimelineKind.PacketRefused => TimelineLevel.Warning,
        TimelineKind.AddressListDiffers => TimelineLevel.Warning,
        TimelineKind.ClockSkewed => TimelineLevel.Warning,
        TimelineKind.ReplayMarkForgotten => TimelineLevel.Warning,
        TimelineKind.OperatorRetried => TimelineLevel.Notice,
        TimelineKind.OperatorConfirmed => entry.First == (int)ConfirmVerdict.Accepted ? TimelineLevel.Warning : TimelineLevel.Error,
        TimelineKind.StepConfirmed => TimelineLevel.Warning,
        TimelineKind.ConfirmationVoid => TimelineLevel.Error,
        TimelineKind.FenceLevelFailed => TimelineLevel.Error,
        TimelineKind.PowerNotRestored => TimelineLevel.Error,
        TimelineKind.StepReleased => TimelineLevel.Notice,
        TimelineKind.ReleaseDoubted => TimelineLevel.Warning,
        TimelineKind.ReleaseVoid => TimelineLevel.Warning,
        TimelineKind.OutlivingRelease => TimelineLevel.Notice,
        TimelineKind.HandoverStarted => entry.First == (int)HandoverVerdict.Accepted ? TimelineLevel.Warning : TimelineLevel.Error,
        TimelineKind.HandoverWaiting => TimelineLevel.Notice,
        TimelineKind.HandoverTaken => TimelineLevel.Notice,
        TimelineKind.HandoverExpired => TimelineLevel.Error,
        TimelineKind.HandoverAbandoned => TimelineLevel.Warning,
        TimelineKind.MaintenanceStarted => TimelineLevel.Warning,
        TimelineKind.MaintenanceEnded => TimelineLevel.Warning,
        TimelineKind.PromotionHeldBack => TimelineLevel.Error,
        TimelineKind.AttemptInterrupted => TimelineLevel.Warning,
        TimelineKind.FailuresRemembered => TimelineLevel.Warning,
        TimelineKind.MemoryDamaged => TimelineLevel.Error,
        TimelineKind.LeftoverEnded => TimelineLevel.Notice,
        TimelineKind.StillHeld => TimelineLevel.Error,
        TimelineKind.RemovedAtLast => TimelineLevel.Notice,
        TimelineKind.RivalHeard => TimelineLevel.Notice,
        TimelineKind.WatchdogRefused => TimelineLevel.Error,
        TimelineKind.WatchdogMissing => TimelineLevel.Error,
    };

    /// <summary>The entry in words, one line, without time stamp.</summary>
    public static string Describe(NodeConfig config, in TimelineEntry entry)
    {
        if (entry.IsOfTracker)
        {
            return DescribeTracker(config, entry);
        }

        if (entry.Index < 0)
        {
            return DescribeMaintenance(entry);
        }

        VrrpConfig instance = config.Instances[entry.Index];
        return $"({instance.Name}) {DescribeInstance(config, instance, entry)}";
    }

    /// <summary>Name of the instance or tracker that an entry is about; empty for the whole node.</summary>
    public static string SubjectOf(NodeConfig config, in TimelineEntry entry) =>
        entry.IsOfTracker ? TrackerName(config, entry)
        : entry.Index < 0 ? ""
        : config.Instances[entry.Index].Name;

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
        StepOutcomeKind.Reached => "succeeded",
        StepOutcomeKind.NotReached => "had too few answers",
        StepOutcomeKind.Refuted => (Refutation)outcome.Code switch
        {
            Refutation.None => "was refuted",
            Refutation.Fence => "reported success although its target goes on advertising (a fence that lies)",
            Refutation.Confirmation => "an operator had answered for although its target is alive (a confirmation that was refuted)",
        },
    };

    /// <summary>Name of the fence device that an entry is about, one of several of a fence perhaps; empty when it is about none.</summary>
    public static string DeviceName(NodeConfig config, in TimelineEntry entry)
    {
        if (!IsAboutDevice(entry.Kind) || entry.Phase == VrrpPhase.Demoting || config.Instances[entry.Index].Promotion is not { } plan || entry.First >= plan.Steps.Count)
        {
            return "";
        }

        PromotionStep step = plan.Steps[entry.First];
        return step.Kind == StepKind.Fence ? step.Device(entry.Level, entry.Device).Name : "";
    }

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
        ConfirmVerdict.NoSuchFence => $"no fence of {instance.Name} has {target} among its targets",
        ConfirmVerdict.AlreadyDone => $"the fence of {target} has succeeded already",
        ConfirmVerdict.Ending => "the promotion under way waits for a living master or is ending",
        ConfirmVerdict.MasterIsHeard => "a master is heard, so nothing has to be promoted",
        ConfirmVerdict.NothingFailed => "no promotion has failed lately, so there is nothing to answer for",
        ConfirmVerdict.Maintenance => "maintenance is on, so no promotion starts; end it first with 'fencefirst maintenance off'",
        ConfirmVerdict.WrongPhase => $"only while promoting or after a failed promotion; after on_failure fault say 'fencefirst retry {instance.Name}' first",
    };

    /// <summary>Why a handover is refused, as a clause; empty when it is not.</summary>
    public static string Refusal(HandoverVerdict verdict) => verdict switch
    {
        HandoverVerdict.Accepted => "",
        HandoverVerdict.NotMaster => "it is not Master here, so there is nothing to hand over; ask on the node that is",
        HandoverVerdict.UnderWay => "a handover is under way already",
        HandoverVerdict.Stopping => "it is being stopped, which hands the addresses over as well",
        HandoverVerdict.Owner => "priority 255 makes this node the address owner, which takes the addresses back from anybody (RFC 9568); give it a lower priority, or stop the daemon",
    };

    /// <summary>Present causes of Fault in words.</summary>
    public static string DescribeFaults(NodeConfig config, int instance, FaultCauses faults) => Faults(config, config.Instances[instance], faults);

    private static string TrackerName(NodeConfig config, in TimelineEntry entry) => entry.Kind switch
    {
        TimelineKind.FileChanged => config.Files[entry.Index].Name,
        TimelineKind.ProcessesChanged => config.Processes[entry.Index].Name,
        TimelineKind.LinkDelayed => config.Links[entry.Index],
        TimelineKind.GroupChanged => config.Groups[entry.Index].Name,
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
            TimelineKind.GroupChanged => $"VRRP_Group({name}) {DescribeGroup((Notification)entry.First)}",
            _ => DescribeScript(config.Scripts[entry.Index], entry),
        };
    }

    private static string DescribeGroup(Notification told) => told switch
    {
        Notification.Master => "all members are in MASTER state",
        Notification.Fault => "all members are in FAULT state",
        Notification.Stop => "all members have stopped",
        _ => "all members are in BACKUP state",
    };

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
            TimelineKind.StepQueued when entry.Attempt != 0 => $"{Kind(entry)}: {step} waits until attempt {entry.Attempt}, which an earlier run of the daemon started, has ended",
            TimelineKind.StepQueued => $"{Kind(entry)}: {step} waits until the fence of the same target that is under way, another instance's or an operator's test, has answered",
            TimelineKind.StepSkipped => $"{Kind(entry)}: {step} skipped: its target is not {entry.Address}, the master we lost (fence_scope last_master)",
            TimelineKind.StepEnded => $"{Kind(entry)}: {step} {Outcome(entry.Outcome)}{Reach(instance, entry)} after {Duration(entry.Duration)} (attempt {entry.Attempt}, try {entry.Second})",
            TimelineKind.StepTimedOut when ReachOf(instance, entry) is not null => $"{Kind(entry)}: {step} has too few answers after {Duration(entry.Duration)}",
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
            TimelineKind.RivalHeard =>
                $"promotion: {entry.Address} advertises with priority {entry.First} (ours {entry.Second}): a candidate gives way to us now, and to a master we give way when it is heard again",
            TimelineKind.PromotionHeld when entry.Error == DecodeError.None =>
                $"promotion: held, because {entry.Address} advertises as well; at most {Duration(entry.Duration)}, unless it gives way",
            TimelineKind.HoldEnded when entry.Error == DecodeError.None => $"promotion: goes on, because {entry.Address} does not advertise any more",
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
            TimelineKind.PauseEnded => $"promotion: another instance has just fenced a target of this one, so the pause after failures is over, {Duration(entry.Duration)} early",
            TimelineKind.PromotionPostponed => $"promotion: the last one failed, next try in {Duration(entry.Duration)}",
            TimelineKind.KernelAsked => DescribeKernel(instance, entry.Effect),
            TimelineKind.KernelRefused => $"{DescribeKernel(instance, entry.Effect)} failed: {ErrnoText.Describe(entry.First)}",
            TimelineKind.OwnAnnounced => $"Sending gratuitous {(instance.IsIPv6 ? "NA" : "ARP")} for {entry.Address}, so that the peers know where this node is",
            TimelineKind.Announced => $"Sending gratuitous {(instance.IsIPv6 ? "NAs" : "ARPs")} for {Plural(instance.Addresses.Count + instance.ExcludedAddresses.Count, "address", "addresses")}, {Plural(entry.First, "time", "times")}",
            TimelineKind.ReleaseSent => "sent 0 priority",
            TimelineKind.ReleaseWithheld => entry.First == 1
                ? "no priority 0 is sent: an address could not be removed, the others must not believe that we released it"
                : "no priority 0 is sent: a demotion step failed or was never run, the others have to fence this node",
            TimelineKind.Stalled when entry.Phase == VrrpPhase.Backup =>
                $"was woken {Duration(entry.Duration)} late and could not listen meanwhile: that proves no silence, so it listens anew",
            TimelineKind.Stalled => $"did not run for {Duration(entry.Duration)}, longer than its peers wait: addresses removed first, then a new election",
            TimelineKind.HoldingChanged => "addresses, routes or rules changed by the reload: taking them over in place",
            TimelineKind.AddressesRestored => "an address, route or rule of ours was removed by somebody else; putting it back",
            TimelineKind.PacketRefused => $"packet from {entry.Address} refused: {DecodeErrorText.Describe(entry.Error)}{(entry.First == 1 ? " It says nothing about who is alive now." : "")}",
            TimelineKind.AddressListDiffers => $"advert from {entry.Address} carries another list of addresses than ours; check virtual_ipaddress on both nodes",
            TimelineKind.ClockSkewed =>
                $"auth_hmac: the clock of {entry.Address} and ours differ by more than half of time_window; adverts are refused beyond it: check NTP on both nodes",
            TimelineKind.ReplayMarkForgotten =>
                $"auth_hmac: our clock was set back, so an old advert of {entry.Address} could pass for a new one until time_window has passed: check NTP",
            TimelineKind.OperatorRetried => "operator: retry: "
                + (entry.Faults == FaultCauses.None ? "no pause is kept after failed promotions" : "the fault after a failed promotion is taken back"),
            TimelineKind.OperatorConfirmed => entry.First == (int)ConfirmVerdict.Accepted
                ? $"operator: confirms that {entry.Address} is down{DescribeConfirmed(instance, entry.Address)} in this one promotion"
                : $"operator: confirm of {entry.Address} refused: {Refusal(instance, entry.Address, (ConfirmVerdict)entry.First)}",
            TimelineKind.StepConfirmed => $"promotion: {step} counts as succeeded: an operator has confirmed that {Targets(instance, entry)} down",
            TimelineKind.ConfirmationVoid =>
                $"promotion: {entry.Address} was confirmed to be down by an operator, but it is advertising: the confirmation is void",
            TimelineKind.FenceLevelFailed => $"promotion: level {entry.Level + 1} of {FenceName(instance, entry)} has failed at {step}; level {entry.Level + 2} begins",
            TimelineKind.PowerNotRestored => $"promotion: {step}: the target is off, and could not be switched on again: do that by hand",
            TimelineKind.StepReleased => $"promotion: {step} is not needed: {entry.Address} has released the addresses (release_is_enough)",
            TimelineKind.ReleaseDoubted =>
                $"the release of {entry.Address} replaces no fence: it was followed for {Duration(entry.Duration)} without a break, and {entry.First} s are needed (release_is_enough)",
            TimelineKind.ReleaseVoid =>
                $"promotion: ends, because {entry.Address} advertises (priority {entry.First}) after the release that had replaced its fence"
                + (entry.Attempt == 0 ? "" : $"; the step under way (attempt {entry.Attempt}) is awaited first"),
            TimelineKind.OutlivingRelease =>
                $"promotion: waits {Duration(entry.Duration)}: a release of ours may still be under way, and whoever hears it may take over (release_is_enough)",
            TimelineKind.HandoverStarted => entry.First == (int)HandoverVerdict.Accepted
                ? $"operator: handover: leaving Master in order, then waiting {Duration(entry.Duration)} for another master"
                : $"operator: handover refused: {Refusal((HandoverVerdict)entry.First)}",
            TimelineKind.HandoverWaiting => $"handover: everything is removed; no promotion starts here before another master is there, for {Duration(entry.Duration)} at most",
            TimelineKind.HandoverTaken =>
                $"handover: {entry.Address} took over with priority {entry.First}; the addresses were gone for {Duration(entry.Duration)}, "
                + (entry.Second == 1 ? "up to the first claim on the link" : "up to its first advert"),
            TimelineKind.HandoverExpired when entry.Address.IsNone => $"handover: nobody took over within {Duration(entry.Duration)}; this node may become Master again",
            TimelineKind.HandoverExpired =>
                $"handover: {entry.Address} advertises, but nobody was seen to claim the addresses within {Duration(entry.Duration)}: look at the promotion of that node",
            TimelineKind.HandoverAbandoned => "handover: ends without a result: "
                + (entry.First == 1 ? "this instance stops" : entry.Faults != FaultCauses.None ? $"this instance is in Fault ({Faults(config, instance, entry.Faults)})" : "an operator has decided otherwise"),
            TimelineKind.MaintenanceStarted or TimelineKind.MaintenanceEnded => DescribeMaintenance(entry),
            TimelineKind.PromotionHeldBack =>
                $"MAINTENANCE: {(entry.Address.IsNone ? "no master is heard" : $"{entry.Address} is silent")}, but no promotion starts {MaintenanceEnd("for another", entry.Duration)}",
            TimelineKind.AttemptInterrupted =>
                $"attempt {entry.Attempt} was under way when the daemon ended: what it came to is not known, so it has not succeeded"
                + (entry.First == 1 ? "; its process still runs and is ended first" : "")
                + (entry.Duration == TimeSpan.Zero ? "" : $"; {Next(entry)}"),
            TimelineKind.FailuresRemembered =>
                $"{Plural(entry.Second, "promotion", "promotions")} in a row had failed before the daemon ended; {Next(entry)}",
            TimelineKind.MemoryDamaged => $"what was remembered of earlier promotions cannot be read: it counts as one that has failed; {Next(entry)}",
            TimelineKind.LeftoverEnded => $"attempt {entry.Attempt} of an earlier run of the daemon has ended; what it came to is not known",
            TimelineKind.WatchdogRefused =>
                $"promotion: failed, because the watchdog {config.Watchdog?.Path} is required and cannot be armed: {ErrnoText.Describe(entry.First)}; nobody was fenced for it and no address is held, {Next(entry)}. "
                + "Load its driver (softdog if there is no hardware), or see who else holds it: fuser -v",
            TimelineKind.WatchdogMissing => $"the watchdog {config.Watchdog?.Path} cannot be armed: {ErrnoText.Describe(entry.First)}; it is not required, so the promotion goes on without it",
            TimelineKind.ScriptChanged or TimelineKind.ScriptTimedOut or TimelineKind.FileChanged or TimelineKind.ProcessesChanged or TimelineKind.LinkDelayed or TimelineKind.GroupChanged => "",
            TimelineKind.GroupAwaited =>
                $"waits for {Plural(entry.First, "other member", "other members")} of VRRP_Group({config.Groups[instance.SyncGroup].Name}): they hear a master, or cannot take over",
            TimelineKind.StillHeld =>
                $"ALARM: this node is not Master and still holds {(entry.First == 1 ? "an address" : "a route or rule")} of the instance: the kernel refuses to remove it. "
                + (entry.Second == 0 ? "Nobody asks again" : "It is asked again and again") + "; remove it by hand or switch this node off",
            TimelineKind.RemovedAtLast => $"the kernel has removed what it had refused to remove (asked again {Plural(entry.First, "time", "times")})",
            TimelineKind.ConflictWon =>
                $"{entry.Address}, which was master too, has yielded: the addresses are announced and notify_master runs once more (reassert), because what it did elsewhere is still as it left it",
        };
    }

    private static string DescribeMaintenance(in TimelineEntry entry) => entry.Kind == TimelineKind.MaintenanceEnded
        ? "MAINTENANCE is over: promotions start and trackers count again"
        : $"MAINTENANCE is on: no promotion starts and trackers demote nobody {MaintenanceEnd("for", entry.Duration)}";

    private static string MaintenanceEnd(string how, TimeSpan left) => left == TimeSpan.MaxValue ? "until 'fencefirst maintenance off'" : $"{how} {Duration(left)}";

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
        if (ReachOf(instance, entry) is not null)
        {
            return $"promotion: failed at {step}, which {Outcome(entry.Outcome)}{Reach(instance, entry)}; no address was added, {Next(entry)}. "
                + "A node that is cut off takes no address and fences nobody: look at its link, its switch and its routes, and at whom it asks";
        }

        string fence = FenceName(instance, entry);
        bool isRefuted = entry.Outcome.Kind == StepOutcomeKind.Refuted;
        string last = fence.Length == 0 ? $"{step}, which" : isRefuted ? $"{fence}, which" : $"{fence}: its last level failed at {step}, which";
        string advice = isRefuted
            ? (Refutation)entry.Outcome.Code == Refutation.Confirmation ? "Look again before you confirm" : $"Test the device by hand before anything else: {CommandOf(instance, entry)}"
            : $"Find out why {step} fails, or put right what it needs: {CommandOf(instance, entry)}{Confirmation(instance, entry)}";
        return $"promotion: failed at {last} {Outcome(entry.Outcome)}; no address was added, {Next(entry)}. {advice}";
    }

    /// <summary>What the word about one target is worth: a fence of several needs it for each of them.</summary>
    private static string DescribeConfirmed(VrrpConfig instance, InternetAddress target)
    {
        foreach (PromotionStep step in instance.Promotion?.Steps ?? default)
        {
            if (step.Kind == StepKind.Fence && step.Targets.Count > 1 && step.Targets.Span.Contains(target))
            {
                return "; a fence whose targets are all confirmed counts as succeeded";
            }
        }

        return "; its fence counts as succeeded";
    }

    /// <summary>The targets of the step of an entry as the subject of a sentence, with its verb.</summary>
    private static string Targets(VrrpConfig instance, in TimelineEntry entry)
    {
        EquatableArray<InternetAddress> targets = instance.Promotion is { } plan && entry.First < plan.Steps.Count ? plan.Steps[entry.First].Targets : [entry.Address];
        return $"{List(targets)} {(targets.Count == 1 ? "is" : "are")}";
    }

    private static string List(IEnumerable<InternetAddress> addresses)
    {
        string[] words = [.. addresses.Select(address => address.ToString())];
        return words.Length < 2 ? string.Concat(words) : $"{string.Join(", ", words[..^1])} and {words[^1]}";
    }

    /// <summary>The exact command for an operator who has looked: at every target, because one of them may hold the addresses.</summary>
    private static string Confirmation(VrrpConfig instance, in TimelineEntry entry)
    {
        if (instance.Promotion is not { } plan || entry.First >= plan.Steps.Count || plan.Steps[entry.First] is not { Kind: StepKind.Fence } step)
        {
            return "";
        }

        string retry = entry.Duration == TimeSpan.MaxValue ? $"fencefirst retry {instance.Name}, then while it promotes " : "";
        string others = step.Targets.Count == 1 ? "" : $", and then the same for {List(step.Targets.Skip(1))}";
        return $". If {Targets(instance, entry)} certainly down: {retry}fencefirst confirm {instance.Name} --target {step.Targets[0]} --i-have-checked{others}";
    }

    private static string Next(in TimelineEntry entry) => entry.Duration == TimeSpan.MaxValue
        ? "stays down until an operator has looked (on_failure fault)"
        : $"next try in {Duration(entry.Duration)}";

    /// <summary>An Ethernet address as people write it.</summary>
    private static string Station(ulong station) =>
        string.Join(':', Enumerable.Range(0, 6).Select(i => ((byte)(station >> (40 - (8 * i)))).ToString("x2")));

    /// <summary>The answers of a built-in check in brackets; empty for every other outcome.</summary>
    private static string Reach(VrrpConfig instance, in TimelineEntry entry) =>
        entry.Outcome.Kind is StepOutcomeKind.Reached or StepOutcomeKind.NotReached && ReachOf(instance, entry) is { } reach
            ? $" ({reach.Describe(new ReachTally(entry.Outcome.Code))})"
            : "";

    private static ReachCheck? ReachOf(VrrpConfig instance, in TimelineEntry entry) =>
        instance.Promotion is { } plan && entry.First >= 0 && entry.First < plan.Steps.Count ? plan.Steps[entry.First].Reach : null;

    private static string CommandOf(VrrpConfig instance, in TimelineEntry entry) =>
        instance.Promotion is { } plan && entry.First < plan.Steps.Count ? plan.Steps[entry.First].Device(entry.Level, entry.Device).Command.ToString() : "";

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
        SideEffect.Advertise or SideEffect.Announce or SideEffect.AnnounceOwn or SideEffect.Demote or SideEffect.Release or SideEffect.Notify
            or SideEffect.Enter => effect.ToString(),
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
        PromotionStep device = step.Device(entry.Level, entry.Device);
        return step.Kind switch
        {
            StepKind.Check => $"check {step.Name}",
            StepKind.Fence when IsAboutDevice(entry.Kind) =>
                $"fence {device.Name}"
                + (step.LevelCount() == 1 ? "" : $" (level {entry.Level + 1} of {step.LevelCount()})")
                + (device.IsRestoring ? " (on again)" : ""),
            StepKind.Fence => $"fence {step.Name}",
            StepKind.Run => $"run {step.Name}",
        };
    }

    /// <summary>Whether the entry is about one device of a fence, not about the fence as a whole.</summary>
    private static bool IsAboutDevice(TimelineKind kind) =>
        kind is TimelineKind.StepStarted or TimelineKind.StepDelayed or TimelineKind.StepEnded or TimelineKind.StepTimedOut or TimelineKind.StepStuck
            or TimelineKind.PromotionFailed or TimelineKind.PromotionEnding or TimelineKind.FenceLevelFailed or TimelineKind.PowerNotRestored;

    /// <summary>A fence with several devices as it is written in the file; empty for everything else.</summary>
    private static string FenceName(VrrpConfig instance, in TimelineEntry entry) =>
        instance.Promotion is { } plan && entry.First < plan.Steps.Count && !plan.Steps[entry.First].Levels.IsEmpty ? $"fence {plan.Steps[entry.First].Name}" : "";

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

        if (faults.HasFlag(FaultCauses.Group))
        {
            words.Add($"another member of VRRP_Group({config.Groups[instance.SyncGroup].Name}) is in fault");
        }

        return string.Join("; ", words);
    }
}
