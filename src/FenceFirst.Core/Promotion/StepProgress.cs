using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Promotion;

/// <summary>Where a promotion or demotion stands.</summary>
public record struct StepProgress
{
    /// <summary>A number that only grows on this node, one per promotion (FENCEFIRST_EPOCH).</summary>
    public ulong Epoch;

    /// <summary>Why the promotion was started.</summary>
    public PromotionReason Reason;

    /// <summary>The master that was lost or is preempted; absent = none known.</summary>
    public InternetAddress OldMaster;

    /// <summary>Index of the present step in the plan.</summary>
    public byte Index;

    /// <summary>Index of the present level of a fence; 0 for everything else.</summary>
    public byte Level;

    /// <summary>Index of the present device in its level; 0 for everything else.</summary>
    public byte Device;

    /// <summary>Tries of the present device (or step) that have been started.</summary>
    public int Tries;

    /// <summary>Number of the attempt under way; 0 = none. Answers to other numbers change nothing (G3).</summary>
    public uint Attempt;

    /// <summary>Whether the attempt under way has outlived its bound and is being killed: whatever it answers, it has failed (G2).</summary>
    public bool IsTimedOut;

    /// <summary>Whether a fence or run step has been started in this promotion, so that it cannot be given up without its outcome.</summary>
    public bool IsCommitted;

    /// <summary>Whether the promotion ends as soon as the attempt under way has answered.</summary>
    public bool IsQuitting;

    /// <summary>Whether the watchdog is being armed: nothing else has begun.</summary>
    public bool IsArming;

    /// <summary>Number of the request to write down that a demotion is due, whose answer is awaited; 0 = none.</summary>
    public uint KeepAttempt;

    /// <summary>Whether nothing but that answer keeps the promotion from its last look.</summary>
    public bool IsAwaitingDisk;

    /// <summary>Whether a living lower-priority master is given time to release before the first step (preempt_wait).</summary>
    public bool IsAwaitingRelease;

    /// <summary>Whether the step waits until another instance's fence of the same target has answered (G3).</summary>
    public bool IsQueued;

    /// <summary>What was taken for proof that a target is down and was refuted by its adverts: the promotion fails at <see cref="RefutedStep"/>.</summary>
    public Refutation Refuted;

    /// <summary>Index of the fence whose target was heard.</summary>
    public byte RefutedStep;

    /// <summary>Whether priority 0 was said while an attempt was under way: whatever it answers, this promotion cannot succeed any more.</summary>
    public bool HasReleased;

    /// <summary>Whether a fenced target is listened for (listen_after).</summary>
    public bool IsListening;

    /// <summary>With nopreempt and no master known: the worse station that was heard once and is given time to give way; absent = none.</summary>
    public InternetAddress Rival;

    /// <summary>Whether refused packets of a living neighbour, or a rival, hold the promotion.</summary>
    public bool IsHeld;

    /// <summary>When a promotion that is held has failed; set by the first hold and kept, so that all holds together are bounded; Never = not held yet.</summary>
    public MonotonicInstant HeldUntil;

    /// <summary>Whether the link is being asked for the addresses (probe).</summary>
    public bool IsProbing;

    /// <summary>Number of the probe under way; 0 = none. Answers to other numbers change nothing.</summary>
    public uint ProbeAttempt;

    /// <summary>Whether any demotion step failed.</summary>
    public bool HasFailed;

    /// <summary>Targets that an operator answers for in this promotion, a bit each: they are certainly down (docs/promotion.md 3).</summary>
    public ulong Confirmed;

    /// <summary>Fences that were passed because all of their targets are confirmed, a bit each.</summary>
    public ulong PassedByConfirmation;

    /// <summary>Fences that were skipped because every target of theirs had released the addresses, a bit each (release_is_enough).</summary>
    public ulong Released;

    /// <summary>Whether the addresses wait until a release of our own cannot be under way any more (docs/promotion.md 4).</summary>
    public bool IsOutlivingRelease;

    /// <summary>When the last fence of this promotion succeeded; Never = none yet.</summary>
    public MonotonicInstant FencedAt;

    /// <summary>When the attempt under way was started.</summary>
    public MonotonicInstant StartedAt;

    /// <summary>End of the pause, delay, wait or bound that applies now.</summary>
    public MonotonicInstant DeadlineAt;

    /// <summary>Whether the promotion fails because of <see cref="Refuted"/>.</summary>
    public readonly bool IsRefuted => Refuted != Refutation.None;

    /// <summary>No steps under way.</summary>
    public static StepProgress Idle => new()
    {
        FencedAt = MonotonicInstant.Never,
        StartedAt = MonotonicInstant.Never,
        DeadlineAt = MonotonicInstant.Never,
        HeldUntil = MonotonicInstant.Never,
    };
}

/// <summary>What was wrong about a peer that was taken to be down: it goes on advertising.</summary>
public enum Refutation : byte
{
    /// <summary>Nothing was refuted.</summary>
    None = 0,

    /// <summary>Its fence had reported success: the device lied.</summary>
    Fence,

    /// <summary>An operator had confirmed that it is down.</summary>
    Confirmation,
}

/// <summary>How an awaited step ended. Exit status 0, or enough answers, within its bound is the only success (G2).</summary>
/// <param name="Kind">How it ended.</param>
/// <param name="Code">Exit status, signal number, errno, <see cref="ReachTally"/> or <see cref="Refutation"/>, as <paramref name="Kind"/> says.</param>
public readonly record struct StepOutcome(StepOutcomeKind Kind, int Code = 0)
{
    /// <summary>Exit status 0.</summary>
    public static StepOutcome Success => new(StepOutcomeKind.Exited, 0);

    /// <summary>Whether it succeeded.</summary>
    public bool IsSuccess => (Kind == StepOutcomeKind.Exited && Code == 0) || Kind == StepOutcomeKind.Reached;
}

/// <summary>How an awaited step ended.</summary>
public enum StepOutcomeKind : byte
{
    /// <summary>It exited; the code is its exit status, 0..255.</summary>
    Exited = 0,

    /// <summary>A signal ended it; the code is the signal.</summary>
    Signalled,

    /// <summary>It could not be started; the code is the errno.</summary>
    CouldNotStart,

    /// <summary>Its time bound passed; the code is not used.</summary>
    TimedOut,

    /// <summary>A built-in check had enough answers; the code is a <see cref="ReachTally"/>.</summary>
    Reached,

    /// <summary>A built-in check had too few answers, within its bound or because nothing could change that; the code is a <see cref="ReachTally"/>.</summary>
    NotReached,

    /// <summary>Its target was heard afterwards; the code is the <see cref="Refutation"/>. No program ends so: the machine says it of a fence.</summary>
    Refuted,
}
