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

    /// <summary>Tries of the present step that have been started.</summary>
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

    /// <summary>Whether a living lower-priority master is given time to release before the first step (preempt_wait).</summary>
    public bool IsAwaitingRelease;

    /// <summary>Whether the step waits until another instance's fence of the same target has answered (G3).</summary>
    public bool IsQueued;

    /// <summary>Whether a fenced target was heard although its fence had reported success: the promotion fails at <see cref="LiedStep"/>.</summary>
    public bool HasLied;

    /// <summary>Index of the fence that did not tell the truth.</summary>
    public byte LiedStep;

    /// <summary>Whether a fenced target is listened for (listen_after).</summary>
    public bool IsListening;

    /// <summary>Whether refused packets of a living neighbour hold the promotion.</summary>
    public bool IsHeld;

    /// <summary>When a promotion that is held has failed; set by the first hold and kept, so that all holds together are bounded; Never = not held yet.</summary>
    public MonotonicInstant HeldUntil;

    /// <summary>Whether the link is being asked for the addresses (probe).</summary>
    public bool IsProbing;

    /// <summary>Number of the probe under way; 0 = none. Answers to other numbers change nothing.</summary>
    public uint ProbeAttempt;

    /// <summary>Whether any demotion step failed.</summary>
    public bool HasFailed;

    /// <summary>Steps that an operator answers for in this promotion, a bit each: fences whose one target is certainly down (docs/promotion.md 3).</summary>
    public ulong Confirmed;

    /// <summary>When the last fence of this promotion succeeded; Never = none yet.</summary>
    public MonotonicInstant FencedAt;

    /// <summary>When the attempt under way was started.</summary>
    public MonotonicInstant StartedAt;

    /// <summary>End of the pause, delay, wait or bound that applies now.</summary>
    public MonotonicInstant DeadlineAt;

    /// <summary>No steps under way.</summary>
    public static StepProgress Idle => new()
    {
        FencedAt = MonotonicInstant.Never,
        StartedAt = MonotonicInstant.Never,
        DeadlineAt = MonotonicInstant.Never,
        HeldUntil = MonotonicInstant.Never,
    };
}

/// <summary>How an awaited program ended. Exit status 0 within its bound is the only success (G2).</summary>
/// <param name="Kind">How it ended.</param>
/// <param name="Code">Exit status, signal number or errno, as <paramref name="Kind"/> says.</param>
public readonly record struct StepOutcome(StepOutcomeKind Kind, int Code = 0)
{
    /// <summary>Exit status 0.</summary>
    public static StepOutcome Success => new(StepOutcomeKind.Exited, 0);

    /// <summary>Whether it succeeded.</summary>
    public bool IsSuccess => Kind == StepOutcomeKind.Exited && Code == 0;
}

/// <summary>How an awaited program ended.</summary>
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
}
