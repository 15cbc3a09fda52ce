using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Core.Timeline;

/// <summary>What was decided, from what was seen (guarantee G8): the one source of the log, the history and the simulator's report.</summary>
/// <remarks>A small value without text; <see cref="TimelineText"/> turns it into words. Which fields are meaningful depends on <see cref="Kind"/>.</remarks>
public readonly record struct TimelineEntry
{
    /// <summary>What happened.</summary>
    public TimelineKind Kind { get; init; }

    /// <summary>Whether it is about a tracker or a sync group, not about one instance.</summary>
    public bool IsOfTracker =>
        Kind is TimelineKind.ScriptChanged or TimelineKind.ScriptTimedOut or TimelineKind.FileChanged or TimelineKind.ProcessesChanged or TimelineKind.LinkDelayed
            or TimelineKind.GroupChanged;

    /// <summary>Index of the instance, or of the tracker or group (<see cref="IsOfTracker"/>); -1 = the whole node.</summary>
    public int Index { get; init; }

    /// <summary>Phase the instance is in after the decision.</summary>
    public VrrpPhase Phase { get; init; }

    /// <summary>Somebody's address: the sender of an advert, the master that was lost.</summary>
    public InternetAddress Address { get; init; }

    /// <summary>A first number: priority seen, old priority, step index, errno.</summary>
    public int First { get; init; }

    /// <summary>A second number: our priority, new priority, try.</summary>
    public int Second { get; init; }

    /// <summary>Index of the level of a fence.</summary>
    public byte Level { get; init; }

    /// <summary>Index of the device in its level.</summary>
    public byte Device { get; init; }

    /// <summary>Attempt number of a step.</summary>
    public uint Attempt { get; init; }

    /// <summary>How a step ended.</summary>
    public StepOutcome Outcome { get; init; }

    /// <summary>Why a promotion started.</summary>
    public PromotionReason Reason { get; init; }

    /// <summary>Why a packet was refused.</summary>
    public DecodeError Error { get; init; }

    /// <summary>Ethernet address of a station, in the lower six bytes, first byte highest.</summary>
    public ulong Station { get; init; }

    /// <summary>Causes of Fault.</summary>
    public FaultCauses Faults { get; init; }

    /// <summary>The side effect concerned.</summary>
    public SideEffect Effect { get; init; }

    /// <summary>A duration: how long a step ran, how long until the next try, how long the silence lasted.</summary>
    public TimeSpan Duration { get; init; }
}

/// <summary>What happened.</summary>
public enum TimelineKind : byte
{
    /// <summary>Became Backup. <c>First</c> is 1 at start.</summary>
    EnteredBackup = 0,

    /// <summary>Became Master: every step succeeded.</summary>
    EnteredMaster,

    /// <summary>Became Fault because of <c>Faults</c>.</summary>
    EnteredFault,

    /// <summary>Came to rest after a stop.</summary>
    Stopped,

    /// <summary>Waits for the first results of check scripts.</summary>
    AwaitingScripts,

    /// <summary>Master_Down_Timer fired after <c>Duration</c> of silence of <c>Address</c>.</summary>
    MasterLost,

    /// <summary>Follows another master now (<c>Address</c>, priority <c>First</c>).</summary>
    MasterChanged,

    /// <summary>The master (<c>Address</c>) sent priority 0.</summary>
    MasterReleased,

    /// <summary>A lower-priority advert (<c>First</c>) was discarded in favour of preempting.</summary>
    LowerAdvertDiscarded,

    /// <summary>As Master, an advert with a better priority (<c>First</c>, ours <c>Second</c>) was heard.</summary>
    BetterAdvertHeard,

    /// <summary>As Master, an advert with a lower priority was heard.</summary>
    LowerAdvertHeard,

    /// <summary>As Master, somebody released.</summary>
    ReleaseHeardAsMaster,

    /// <summary>An advert with our own source address and priority.</summary>
    OwnAddressHeard,

    /// <summary>Effective priority changed from <c>First</c> to <c>Second</c>.</summary>
    PriorityChanged,

    /// <summary>preempt_delay of <c>Duration</c> started.</summary>
    PreemptDelayStarted,

    /// <summary>A promotion started because of <c>Reason</c>.</summary>
    PromotionStarted,

    /// <summary>A living lower master is given <c>Duration</c> to release.</summary>
    AwaitingRelease,

    /// <summary>The lower master did not release; it is left in place.</summary>
    PreemptGivenUp,

    /// <summary>Step <c>First</c> was started, try <c>Second</c>.</summary>
    StepStarted,

    /// <summary>Step <c>First</c> waits <c>Duration</c> before its try <c>Second</c>.</summary>
    StepDelayed,

    /// <summary>Step <c>First</c> waits because another instance is fencing the same target.</summary>
    StepQueued,

    /// <summary>Step <c>First</c> was skipped: its target is not the lost master (fence_scope last_master).</summary>
    StepSkipped,

    /// <summary>Step <c>First</c> ended with <c>Outcome</c> after <c>Duration</c>.</summary>
    StepEnded,

    /// <summary>Step <c>First</c> outlived its bound and is being killed.</summary>
    StepTimedOut,

    /// <summary>Step <c>First</c> was killed and has not ended since; our adverts stop.</summary>
    StepStuck,

    /// <summary>The promotion failed; next try after <c>Duration</c>.</summary>
    PromotionFailed,

    /// <summary>The promotion ended because <c>Address</c> (priority <c>First</c>) is a living master.</summary>
    PromotionEndedByMaster,

    /// <summary>The promotion ends as soon as the step under way has answered.</summary>
    PromotionEnding,

    /// <summary>The promotion ended because of a fault, a stop or a stall.</summary>
    PromotionEnded,

    /// <summary>A fence reported success but its target (<c>Address</c>) goes on advertising.</summary>
    FenceLied,

    /// <summary>A fenced target is listened for, for <c>Duration</c>, before anything else is done.</summary>
    ListeningStarted,

    /// <summary>Packets of <c>Address</c>, refused because of <c>Error</c>, hold the promotion, for <c>Duration</c> at most.</summary>
    PromotionHeld,

    /// <summary>The packets that held the promotion have ended: it goes on.</summary>
    HoldEnded,

    /// <summary>The promotion failed, because refused packets of <c>Address</c> did not end; next try after <c>Duration</c>.</summary>
    HoldFailed,

    /// <summary>The link is asked for <c>First</c> addresses.</summary>
    ProbeStarted,

    /// <summary>The promotion failed, because <c>Station</c> has <c>Address</c>; next try after <c>Duration</c>.</summary>
    AddressInUse,

    /// <summary>The promotion failed, because the link could not be asked (errno <c>First</c>) or was not asked in time (0); next try after <c>Duration</c>.</summary>
    ProbeFailed,

    /// <summary>All promotion steps succeeded after <c>Duration</c>.</summary>
    PromotionSucceeded,

    /// <summary>Master_Down_Timer fired, but the next promotion may only start in <c>Duration</c>.</summary>
    PromotionPostponed,

    /// <summary><c>Effect</c> was asked of the kernel.</summary>
    KernelAsked,

    /// <summary>The kernel refused <c>Effect</c> with errno <c>First</c>.</summary>
    KernelRefused,

    /// <summary>Addresses were announced <c>First</c> times.</summary>
    Announced,

    /// <summary>Priority 0 was sent.</summary>
    ReleaseSent,

    /// <summary>Priority 0 was withheld because the demotion failed.</summary>
    ReleaseWithheld,

    /// <summary>We had not run for <c>Duration</c>, longer than Master_Down_Interval.</summary>
    Stalled,

    /// <summary>Somebody removed our addresses; they are put back.</summary>
    AddressesRestored,

    /// <summary>A reload has changed what a Master holds; what is new is added in place.</summary>
    HoldingChanged,

    /// <summary>A check script became good (<c>First</c> 1) or bad (0).</summary>
    ScriptChanged,

    /// <summary>A check script outlived its bound.</summary>
    ScriptTimedOut,

    /// <summary>A packet for our Vrid was refused; <c>First</c> 1 = it was overtaken, and proves nobody alive.</summary>
    PacketRefused,

    /// <summary>A packet carried another address list than ours.</summary>
    AddressListDiffers,

    /// <summary>auth_hmac: the sender's clock and ours differ by more than half the time window.</summary>
    ClockSkewed,

    /// <summary>auth_hmac: our clock was set back, so what protects from replays was forgotten for this sender.</summary>
    ReplayMarkForgotten,

    /// <summary>An operator asked for another try; <c>Faults</c> is what that takes back.</summary>
    OperatorRetried,

    /// <summary>An operator answers for the fence of <c>Address</c>; <c>First</c> is the <see cref="ConfirmVerdict"/>.</summary>
    OperatorConfirmed,

    /// <summary>Step <c>First</c> counts as succeeded because an operator has confirmed that <c>Address</c> is down.</summary>
    StepConfirmed,

    /// <summary><c>Address</c>, which an operator had confirmed to be down, was heard.</summary>
    ConfirmationVoid,

    /// <summary>The level <c>Level</c> of fence <c>First</c> has failed at its device <c>Device</c>; the next level begins.</summary>
    FenceLevelFailed,

    /// <summary>Device <c>Device</c> of fence <c>First</c> could not restore the power of a target that is off; the fence has succeeded.</summary>
    PowerNotRestored,

    /// <summary>Step <c>First</c> was skipped: every target of its (<c>Address</c> is the first) has released (release_is_enough).</summary>
    StepReleased,

    /// <summary>The release of <c>Address</c> replaces no fence: it was followed for <c>Duration</c>, and <c>First</c> seconds are needed.</summary>
    ReleaseDoubted,

    /// <summary>The promotion ended because <c>Address</c> (priority <c>First</c>) advertises after the release that had replaced its fence.</summary>
    ReleaseVoid,

    /// <summary>All steps succeeded, but for <c>Duration</c> a release of our own may be under way.</summary>
    OutlivingRelease,

    /// <summary>An operator asked for handover <c>Attempt</c>, waiting <c>Duration</c>; <c>First</c> is the <see cref="HandoverVerdict"/>.</summary>
    HandoverStarted,

    /// <summary>Everything is removed and demoted: another master is waited for, for <c>Duration</c>.</summary>
    HandoverWaiting,

    /// <summary>
    /// <c>Address</c> (priority <c>First</c>) is master; the addresses were missing for <c>Duration</c>, up to the first claim on the link
    /// (<c>Second</c> 1) or to its first advert (0).
    /// </summary>
    HandoverTaken,

    /// <summary>Nobody took over within <c>Duration</c>; <c>Address</c> advertises, but nobody was seen to claim the addresses.</summary>
    HandoverExpired,

    /// <summary>The handover ended without a result: a stop (<c>First</c> 1), <c>Faults</c>, or an operator.</summary>
    HandoverAbandoned,

    /// <summary>Maintenance began, or its end was moved: it lasts <c>Duration</c>, <see cref="TimeSpan.MaxValue"/> = until an operator ends it.</summary>
    MaintenanceStarted,

    /// <summary>Maintenance ended.</summary>
    MaintenanceEnded,

    /// <summary>The master (<c>Address</c>) is silent, but maintenance keeps a promotion from starting, for another <c>Duration</c>.</summary>
    PromotionHeldBack,

    /// <summary>Step <c>Attempt</c> was under way when an earlier life of the daemon ended, and lives on (<c>First</c> 1) or not: it has not succeeded; pause <c>Duration</c>.</summary>
    AttemptInterrupted,

    /// <summary>Promotions failed <c>Second</c> times before the daemon ended; next try after <c>Duration</c>.</summary>
    FailuresRemembered,

    /// <summary>What was remembered cannot be read: counts as a failed promotion; next try after <c>Duration</c>.</summary>
    MemoryDamaged,

    /// <summary>Step <c>Attempt</c> of an earlier life of the daemon has no process any more.</summary>
    LeftoverEnded,

    /// <summary>A worse station (<c>Address</c>, priority <c>First</c>, ours <c>Second</c>) advertises although no master was known: it may be a candidate.</summary>
    RivalHeard,

    /// <summary>The watchdog is required and could not be armed (errno <c>First</c>): the promotion failed; next try after <c>Duration</c>.</summary>
    WatchdogRefused,

    /// <summary>The watchdog could not be armed (errno <c>First</c>) and is not required.</summary>
    WatchdogMissing,

    /// <summary>Tracked file <c>Index</c> holds the number <c>First</c> now.</summary>
    FileChanged,

    /// <summary>Tracked processes <c>Index</c> became good (<c>First</c> 1) or bad (0): there are <c>Second</c>.</summary>
    ProcessesChanged,

    /// <summary>Link <c>Index</c> went up (<c>First</c> 1) or down (0), which counts in <c>Duration</c> unless it changes back.</summary>
    LinkDelayed,

    /// <summary>The kernel refuses to remove an address (<c>First</c> 1), or a route or rule (0), of this instance, which is not Master; it is asked again (<c>Second</c> 1) or not (0).</summary>
    StillHeld,

    /// <summary>The kernel has removed what it had refused to, asked <c>First</c> times again.</summary>
    RemovedAtLast,

    /// <summary>As Master, <c>Address</c>, which was master too, has yielded; the addresses and notify_master are asserted again.</summary>
    ConflictWon,

    /// <summary>Every member of sync group <c>Index</c> is in the state <c>First</c> now, a <see cref="Node.Notification"/>.</summary>
    GroupChanged,

    /// <summary>The instance would start a promotion; the other members of its sync group (<c>First</c> of them) do not yet.</summary>
    GroupAwaited,

    /// <summary>The pause after failed promotions, of which <c>Duration</c> was left, is over: another instance has just fenced a target of this one.</summary>
    PauseEnded,

    /// <summary>The instance, which has unicast peers, has announced its own source address <c>Address</c>.</summary>
    OwnAnnounced,
}
