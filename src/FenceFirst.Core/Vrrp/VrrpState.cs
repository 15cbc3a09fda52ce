using FenceFirst.Core.Promotion;
using FenceFirst.Core.Wire;

namespace FenceFirst.Core.Vrrp;

/// <summary>Phase of one virtual router (docs/promotion.md). RFC 9568 says Active where we say Master.</summary>
public enum VrrpPhase : byte
{
    /// <summary>Not taking part: before start, while check scripts have not run yet, and after stop.</summary>
    Initialize = 0,

    /// <summary>Listening to a master, or waiting for its silence to last long enough.</summary>
    Backup,

    /// <summary>Running the promotion steps; holds no address. Shown as BACKUP to keepalived's interfaces.</summary>
    Promoting,

    /// <summary>Holds the addresses, or is adding them.</summary>
    Master,

    /// <summary>Removing the addresses, then running the demotion steps.</summary>
    Demoting,

    /// <summary>Unable to take part; see <see cref="FaultCauses"/>.</summary>
    Fault,
}

/// <summary>Why an instance is in Fault. Each cause is derived from the present state of its own tracker, never from a shared bit.</summary>
[Flags]
public enum FaultCauses : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>A tracked interface is down or missing.</summary>
    Link = 1,

    /// <summary>A check script with weight 0 has failed.</summary>
    Script = 2,

    /// <summary>There is no source address for adverts.</summary>
    NoSource = 4,

    /// <summary>A promotion failed and <c>on_failure fault</c> is configured; cleared by an operator.</summary>
    Promotion = 8,

    /// <summary>A tracked file says so.</summary>
    File = 32,

    /// <summary>Tracked processes with weight 0 are too few or too many.</summary>
    Process = 64,

    /// <summary>Another member of the sync group is in fault: derived from the members' own causes, never from this one.</summary>
    Group = 128,
}

/// <summary>Why a promotion was started; FENCEFIRST_REASON of its steps.</summary>
public enum PromotionReason : byte
{
    /// <summary>The master we followed went silent (master-down).</summary>
    MasterDown = 0,

    /// <summary>The master we followed sent priority 0 (released).</summary>
    Released,

    /// <summary>A living master has a lower priority (preempt).</summary>
    Preempt,

    /// <summary>No master was ever heard since start (startup).</summary>
    Startup,

    /// <summary>An operator asked (operator).</summary>
    Operator,
}

/// <summary>The ordered side effects that are under way; see <see cref="TransitionOrder"/>.</summary>
public enum Transition : byte
{
    /// <summary>Nothing is under way.</summary>
    None = 0,

    /// <summary>Becoming Master.</summary>
    Raise,

    /// <summary>Leaving Master on purpose: stop, fault, operator. Adverts go on until priority 0.</summary>
    Release,

    /// <summary>Leaving Master because somebody else is better, or because we stalled: silent at once.</summary>
    Yield,

    /// <summary>Putting back addresses that somebody else removed.</summary>
    Restore,

    /// <summary>Initialize → Backup.</summary>
    Start,

    /// <summary>Initialize, Backup or Promoting → Fault; a Master goes there by <see cref="Release"/>.</summary>
    Fail,

    /// <summary>Fault → Backup.</summary>
    Recover,

    /// <summary>Promoting → Backup, without having held anything.</summary>
    Withdraw,

    /// <summary>The daemon stops and nothing is held; a Master stops by <see cref="Release"/>.</summary>
    Stop,

    /// <summary>A reload has removed the instance and nothing is held; a Master is removed by <see cref="Release"/>.</summary>
    Delete,

    /// <summary>As Master, another master with a lower priority was heard.</summary>
    Assert,

    /// <summary>As Master, the priority 0 of another one was heard.</summary>
    Answer,

    /// <summary>As Master, another master has yielded (reassert).</summary>
    Reassert,
}

/// <summary>State of one virtual router: a value, so that states can be compared, kept in a visited set, printed and replayed.</summary>
public record struct VrrpState
{
    /// <summary>Targets that <see cref="ReleasedTargets"/> has room for; the release of a later one replaces no fence.</summary>
    internal const int ReleasedTargetsMax = 64;

    /// <summary>Phase.</summary>
    public VrrpPhase Phase;

    /// <summary>Effective priority: 1..254, or 255 for the owner.</summary>
    public byte Priority;

    /// <summary>Present causes of Fault.</summary>
    public FaultCauses Faults;

    /// <summary>Whether the daemon wants this instance stopped (SIGTERM, or removed by a reload).</summary>
    public bool IsStopping;

    /// <summary>Whether the instance has come to rest after <see cref="IsStopping"/>.</summary>
    public bool IsStopped;

    /// <summary>Whether a reload has removed this instance.</summary>
    public bool IsDeleted;

    /// <summary>Another master that has not yielded to us yet; absent = none (reassert).</summary>
    public InternetAddress ConflictWith;

    /// <summary>When the silence of <see cref="ConflictWith"/> means that it has yielded; Never = there is none.</summary>
    public MonotonicInstant ConflictUntil;

    /// <summary>Whether the first check results are still awaited (weight 0 scripts hold the instance in Initialize).</summary>
    public bool IsAwaitingScripts;

    /// <summary>Source address of our adverts; absent = none available.</summary>
    public InternetAddress Source;

    /// <summary>The master we follow as Backup; absent = none heard.</summary>
    public InternetAddress Master;

    /// <summary>Priority last announced by <see cref="Master"/>.</summary>
    public byte MasterPriority;

    /// <summary>Active_Adver_Interval: interval learned from the master (version 3) or our own.</summary>
    public TimeSpan MasterAdvertInterval;

    /// <summary>A living lower-priority master that we do not follow because we would preempt it; absent = none.</summary>
    public InternetAddress LowerMaster;

    /// <summary>When <see cref="LowerMaster"/> was last heard.</summary>
    public MonotonicInstant LowerHeardAt;

    /// <summary>
    /// Since when <see cref="Master"/> has been followed as Backup without a break; Never = it is not, or that is counted anew from its next advert
    /// (docs/promotion.md 4).
    /// </summary>
    public MonotonicInstant FollowedSince;

    /// <summary>
    /// Fence targets whose release is believed, a bit each in the order of <see cref="PromotionPlan.IndexOfTarget"/>; only with release_is_enough.
    /// </summary>
    public ulong ReleasedTargets;

    /// <summary>Before this a release of our own may be under way, so the instance does not become Master; zero = none; only with release_is_enough.</summary>
    public MonotonicInstant MasterNotBefore;

    /// <summary>Whether the last thing heard from the master was priority 0.</summary>
    public bool IsMasterReleased;

    /// <summary>Whether more than one station was followed since we last held the addresses: the last one may have been a candidate only.</summary>
    public bool HasMasterChanged;

    /// <summary>Whether preempting the present lower master was given up; it is then left in place as with nopreempt.</summary>
    public bool IsPreemptGivenUp;

    /// <summary>
    /// As Backup in a sync group: Master_Down_Timer has fired and nobody was followed since; the promotion begins when every member says so (keepalived:
    /// wantstate MASTER).
    /// </summary>
    public bool IsWantingMaster;

    /// <summary>While Demoting in a sync group: everything of this member is gone, and the demotion steps wait until that is so for all members.</summary>
    public bool IsAwaitingGroup;

    /// <summary>Master_Down_Timer (RFC 9568: Active_Down_Timer).</summary>
    public MonotonicInstant MasterDownAt;

    /// <summary>Adver_Timer: the next point of the advert grid; Never = silent.</summary>
    public MonotonicInstant AdvertAt;

    /// <summary>Whether the addresses carry a lifetime that the next round of renewals has to renew, or to take off (G6); false = not Master, or no lease.</summary>
    public bool IsLeased;

    /// <summary>When we last sent an advert as Master or Promoting, or held one back; a gap longer than Master_Down_Interval is a stall (G7).</summary>
    public MonotonicInstant AdvertSentAt;

    /// <summary>The next announcement of the addresses.</summary>
    public MonotonicInstant GratuitousAt;

    /// <summary>How many announcements are made at <see cref="GratuitousAt"/>.</summary>
    public int GratuitousRepeat;

    /// <summary>The second burst after the last lower-priority advert (garp_lower_prio_delay); Never = none is due.</summary>
    public MonotonicInstant LowerBurstAt;

    /// <summary>preempt_delay: when a lower master may be preempted; Never = not started.</summary>
    public MonotonicInstant PreemptAt;

    /// <summary>No promotion starts before this; Never is not used, zero = at once.</summary>
    public MonotonicInstant RetryAt;

    /// <summary>Who sent the last refused packet that proves somebody alive; absent = nobody.</summary>
    public InternetAddress RefusedFrom;

    /// <summary>Why it was refused.</summary>
    public DecodeError RefusedError;

    /// <summary>When it was received; Never = no such packet, or its sender has been fenced or understood since.</summary>
    public MonotonicInstant RefusedAt;

    /// <summary>Time between the last two of this sender; zero = there was only one.</summary>
    public TimeSpan RefusedInterval;

    /// <summary>Promotions failed in a row.</summary>
    public int FailedPromotions;

    /// <summary>The ordered side effects under way.</summary>
    public Transition Transition;

    /// <summary>Index into the order of <see cref="Transition"/>.</summary>
    public byte Position;

    /// <summary>What the kernel has refused to remove since Master was last left, a bit each from <see cref="SideEffect.RemoveRules"/> on; 0 = everything is gone.</summary>
    public byte RefusedRemovals;

    /// <summary>When all of that is asked again; Never = nothing is left, or an answer is awaited.</summary>
    public MonotonicInstant RemovalAt;

    /// <summary>How often it has been asked again, or is about to be.</summary>
    public byte RemovalRounds;

    /// <summary>Number of the repeated request whose answer is awaited; 0 = none.</summary>
    public uint RemovalAttempt;

    /// <summary>What that request asks for.</summary>
    public SideEffect RemovalAsked;

    /// <summary>Whether the demotion waits for the repetitions.</summary>
    public bool IsInsisting;

    /// <summary>Whether something could not be removed since Master was last left, so that "released" would be a lie.</summary>
    public readonly bool IsRemovalDoubtful => RefusedRemovals != 0;

    /// <summary>Whether the demotion failed, or was never run, when Master was last left, so that "released" would be a lie also when it is said later, as a candidate.</summary>
    public bool IsDemotionDoubtful;

    /// <summary>Whether an address was lost while a transition was under way, so that it has to be put back afterwards.</summary>
    public bool IsRestoreWanted;

    /// <summary>Whether a reload has changed what is to be held while we are Master, so that it has to be added.</summary>
    public bool IsHoldingChanged;

    /// <summary>Number of the kernel request whose answer is awaited; 0 = none.</summary>
    public uint KernelAttempt;

    /// <summary>Number of a kernel request that another transition has overtaken before its answer came; 0 = none.</summary>
    public uint OvertakenAttempt;

    /// <summary>What that request asked for.</summary>
    public SideEffect OvertakenEffect;

    /// <summary>The promotion or demotion steps under way.</summary>
    public StepProgress Steps;

    /// <summary>The planned switchover under way (docs/promotion.md 7).</summary>
    public HandoverProgress Handover;

    /// <summary>Until when no promotion starts and trackers demote nobody; Zero = no maintenance, Never = until an operator ends it (docs/promotion.md 8).</summary>
    public MonotonicInstant MaintenanceUntil;

    /// <summary>Whether maintenance has kept a promotion from starting: the silence is waited for anew when it ends.</summary>
    public bool IsPromotionHeldBack;

    /// <summary>The earliest of the armed deadlines.</summary>
    public readonly MonotonicInstant NextDeadline
    {
        get
        {
            MonotonicInstant next = MonotonicInstant.Earlier(
                MonotonicInstant.Earlier(MonotonicInstant.Earlier(MasterDownAt, AdvertAt), MonotonicInstant.Earlier(GratuitousAt, LowerBurstAt)),
                MonotonicInstant.Earlier(Steps.DeadlineAt, MonotonicInstant.Earlier(Handover.Until, ConflictUntil)));
            next = MonotonicInstant.Earlier(next, RemovalAt);
            return MaintenanceUntil == MonotonicInstant.Zero ? next : MonotonicInstant.Earlier(next, MaintenanceUntil);
        }
    }

    /// <summary>The state before anything has happened.</summary>
    public static VrrpState Initial(VrrpConfig config) => new()
    {
        Phase = VrrpPhase.Initialize,
        Priority = config.BasePriority,
        MasterAdvertInterval = config.AdvertInterval,
        MasterDownAt = MonotonicInstant.Never,
        AdvertAt = MonotonicInstant.Never,
        AdvertSentAt = MonotonicInstant.Never,
        GratuitousAt = MonotonicInstant.Never,
        LowerBurstAt = MonotonicInstant.Never,
        RemovalAt = MonotonicInstant.Never,
        PreemptAt = MonotonicInstant.Never,
        LowerHeardAt = MonotonicInstant.Never,
        FollowedSince = MonotonicInstant.Never,
        ConflictUntil = MonotonicInstant.Never,
        RefusedAt = MonotonicInstant.Never,
        Steps = StepProgress.Idle,
        Handover = HandoverProgress.None,
        Faults = FaultCauses.NoSource,
    };
}
