using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Promotion;

/// <summary>What must succeed, in order, before a standby adds an address (guarantee G1).</summary>
public sealed record PromotionPlan
{
    /// <summary>The steps in the order they run. Empty = nothing to wait for.</summary>
    public EquatableArray<PromotionStep> Steps { get; init; }

    /// <summary>Pause after a failed promotion; doubles with each failure in a row up to 10 times this value; default 30 s (on_failure retry_after).</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether a failed promotion leads to Fault until an operator says otherwise (on_failure fault).</summary>
    public bool IsFaultOnFailure { get; init; }

    /// <summary>Whether adverts go out while promoting, so that lower backups stay back; default true (advertise).</summary>
    public bool IsAdvertising { get; init; } = true;

    /// <summary>How long a living lower-priority master may take to release before we give up preempting it; default 30 s (preempt_wait).</summary>
    public TimeSpan PreemptWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Which targets are fenced; only asked for with two or more targets (fence_scope).</summary>
    public FenceScope Scope { get; init; } = FenceScope.All;

    /// <summary>
    /// Whether the link is asked for every address after the last step; default false here, and yes for a promotion block that does not say otherwise (probe).
    /// </summary>
    public bool IsProbing { get; init; }

    /// <summary>
    /// How long a fenced target is listened for after the last fence has succeeded, 0 = not at all; absent = the lost master's advert interval, at most 3 s
    /// (listen_after).
    /// </summary>
    public TimeSpan? ListenAfter { get; init; } = TimeSpan.Zero;

    /// <summary>Whether there is nothing to wait for.</summary>
    public bool IsEmpty => Steps.IsEmpty && !IsProbing;

    /// <summary>Whether any step is a fence.</summary>
    public bool HasFence
    {
        get
        {
            foreach (PromotionStep step in Steps)
            {
                if (step.Kind == StepKind.Fence)
                {
                    return true;
                }
            }

            return false;
        }
    }
}

/// <summary>Which of several targets a promotion fences (docs/promotion.md 2).</summary>
public enum FenceScope : byte
{
    /// <summary>Every target.</summary>
    All = 0,

    /// <summary>Only the master we lost; two survivors that cannot hear each other may then both promote (G10 is not claimed).</summary>
    LastMaster,
}

/// <summary>What kind of step it is; decides whether it may be given up half way.</summary>
public enum StepKind : byte
{
    /// <summary>Changes nothing, so it may be given up at any time.</summary>
    Check = 0,

    /// <summary>Makes sure that a peer is down. Once started its outcome is awaited (G3).</summary>
    Fence,

    /// <summary>Changes something, a database promotion for example. Once started its outcome is awaited.</summary>
    Run,
}

/// <summary>One awaited step with its bounds. Exit status 0, or enough answers to a built-in check, within the time bound is the only success (G2).</summary>
/// <param name="Kind">What kind of step.</param>
/// <param name="Name">What messages call it: the device name of a fence, otherwise the program.</param>
/// <param name="Command">What is executed; with <see cref="Reach"/> nothing is, and these are its words for messages.</param>
public sealed record PromotionStep(StepKind Kind, string Name, CommandLine Command)
{
    /// <summary>Bound on one attempt; <see cref="TimeSpan.MaxValue"/> = none (only notify_master_before_vip has no default bound).</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often the step is tried before it has failed; 1 or more.</summary>
    public int Attempts { get; init; } = 1;

    /// <summary>Pause between two attempts; default 1 s.</summary>
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Pause before the first attempt (delay).</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Upper bound of a random addition to <see cref="Delay"/>, against two nodes that shoot each other; drawn anew for every promotion.</summary>
    public TimeSpan RandomDelay { get; init; }

    /// <summary>Fence only: the peers' primary addresses that this device makes sure are down.</summary>
    public EquatableArray<InternetAddress> Targets { get; init; }

    /// <summary>Fence only: how the command is used as a fence agent; null = it is a script.</summary>
    public FenceAgent? Agent { get; init; }

    /// <summary>Check only: what the daemon asks itself instead of executing a command; null = there is a command.</summary>
    public ReachCheck? Reach { get; init; }
}

/// <summary>What runs, in order, after the addresses are gone and before the others are told (guarantee G5).</summary>
public sealed record DemotionPlan
{
    /// <summary>The steps in the order they run; all are <see cref="StepKind.Run"/>.</summary>
    public EquatableArray<PromotionStep> Steps { get; init; }

    /// <summary>Whether priority 0 is sent although a step failed; default false: the others must fence us (on_failure release).</summary>
    public bool IsReleasedOnFailure { get; init; }
}
