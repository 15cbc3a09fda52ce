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

    /// <summary>Whether it is about a tracker, not about one instance.</summary>
    public bool IsOfTracker =>
        Kind is TimelineKind.ScriptChanged or TimelineKind.ScriptTimedOut or TimelineKind.FileChanged or TimelineKind.ProcessesChanged or TimelineKind.LinkDelayed;

    /// <summary>Index of the instance, or of the tracker (<see cref="IsOfTracker"/>); -1 = the whole node.</summary>
    public int Index { get; init; }

    /// <summary>Phase the instance is in after the decision.</summary>
    public VrrpPhase Phase { get; init; }

    /// <summary>Somebody's address: the sender of an advert, the master that was lost.</summary>
    public InternetAddress Address { get; init; }

    /// <summary>A first number: priority seen, old priority, step index, errno.</summary>
    public int First { get; init; }

    /// <summary>A second number: our priority, new priority, try.</summary>
    public int Second { get; init; }

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

    /// <summary>A check script became good (<c>First</c> 1) or bad (0).</summary>
    ScriptChanged,

    /// <summary>A check script outlived its bound.</summary>
    ScriptTimedOut,

    /// <summary>Tracked file <c>Index</c> holds the number <c>First</c> now.</summary>
    FileChanged,

    /// <summary>Tracked processes <c>Index</c> became good (<c>First</c> 1) or bad (0): there are <c>Second</c>.</summary>
    ProcessesChanged,

    /// <summary>Link <c>Index</c> went up (<c>First</c> 1) or down (0), which counts in <c>Duration</c> unless it changes back.</summary>
    LinkDelayed,

    /// <summary>As Master, <c>Address</c>, which was master too, has yielded; the addresses and notify_master are asserted again.</summary>
    ConflictWon,

    /// <summary>A packet for our Vrid was refused.</summary>
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
}
