using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Promotion;

/// <summary>What must succeed, in order, before a standby adds an address (guarantee G1).</summary>
public sealed record PromotionPlan
{
    /// <summary>Most steps of one plan: what is remembered of a step is a bit.</summary>
    public const int StepsMax = 64;

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
    /// How long a fenced target is listened for after the last fence has succeeded, 0 = not at all; absent = 0 when every fence is verified
    /// (<see cref="IsEveryFenceVerified"/>), else the lost master's advert interval, at most 3 s (listen_after).
    /// </summary>
    public TimeSpan? ListenAfter { get; init; } = TimeSpan.Zero;

    /// <summary>
    /// Whether a release by the master that we have followed replaces its fence; default false (release_is_enough). Only with
    /// <see cref="Wire.HmacAuthentication.IsReleaseTrustworthy"/>; docs/promotion.md 4 says when a release counts.
    /// </summary>
    public bool IsReleaseEnough { get; init; }

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

    /// <summary>Whether every device of every fence has to prove with its status that the target is off (verify yes).</summary>
    public bool IsEveryFenceVerified
    {
        get
        {
            foreach (PromotionStep step in Steps)
            {
                for (int level = 0; step.Kind == StepKind.Fence && level < step.LevelCount(); level++)
                {
                    for (int device = 0; device < step.DeviceCount(level); device++)
                    {
                        if (step.Device(level, device).Agent is not { IsVerified: true })
                        {
                            return false;
                        }
                    }
                }
            }

            return true;
        }
    }

    /// <summary>The place of a target among all different targets of this plan, in the order of the file; -1 = none of them.</summary>
    public int IndexOfTarget(InternetAddress target)
    {
        int index = 0;
        for (int s = 0; s < Steps.Count; s++)
        {
            ReadOnlySpan<InternetAddress> targets = Steps[s].Targets.Span;
            for (int t = 0; t < targets.Length; t++)
            {
                if (!IsFirst(targets[t], s, t))
                {
                    continue;
                }

                if (targets[t] == target)
                {
                    return index;
                }

                index++;
            }
        }

        return -1;
    }

    private bool IsFirst(InternetAddress target, int step, int position)
    {
        for (int s = 0; s < step; s++)
        {
            if (Steps[s].Targets.Span.Contains(target))
            {
                return false;
            }
        }

        return !Steps[step].Targets.Span[..position].Contains(target);
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
/// <param name="Command">
/// What is executed; of a fence with <see cref="Levels"/> that of its first device, and never executed for the fence as a whole; with <see cref="Reach"/>
/// nothing is, and these are its words for messages.
/// </param>
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

    /// <summary>
    /// What is added to <see cref="Delay"/> for the lowest priority; a better one waits less, as with Skew_Time of RFC 9568 section 6.1:
    /// (256 - base priority) / 256 of this (delay N priority M). Ours.
    /// </summary>
    public TimeSpan PriorityDelay { get; init; }

    /// <summary>Fence only: the peers' primary addresses that this device makes sure are down.</summary>
    public EquatableArray<InternetAddress> Targets { get; init; }

    /// <summary>Fence only: how the command is used as a fence agent; null = it is a script.</summary>
    public FenceAgent? Agent { get; init; }

    /// <summary>Check only: what the daemon asks itself instead of executing a command; null = there is a command.</summary>
    public ReachCheck? Reach { get; init; }

    /// <summary>
    /// Fence only: its levels, tried one after the other until one has succeeded, at most <see cref="FenceLevel.LevelsMax"/>; empty = this step is its
    /// own and only device.
    /// </summary>
    public EquatableArray<FenceLevel> Levels { get; init; }

    /// <summary>Whether this device only restores the power of what is off already: when it fails the fence has succeeded all the same.</summary>
    public bool IsRestoring => Agent is { Action: FenceAction.On };

    /// <summary>How many levels there are; 1 or more.</summary>
    public int LevelCount() => Math.Max(1, Levels.Count);

    /// <summary>How many devices a level has; 1 or more.</summary>
    public int DeviceCount(int level) => Levels.IsEmpty ? 1 : Levels[level].Devices.Count;

    /// <summary>What runs: the device of a fence, or the step itself.</summary>
    public PromotionStep Device(int level, int device) => Levels.IsEmpty ? this : Levels[level].Devices[device];

    /// <summary>Pause before the first attempt without its random part, on a node with this base priority.</summary>
    public TimeSpan DelayFor(byte basePriority) => Delay + (PriorityDelay * (256 - basePriority) / 256);
}

/// <summary>What runs, in order, after the addresses are gone and before the others are told (guarantee G5).</summary>
public sealed record DemotionPlan
{
    /// <summary>The steps in the order they run; all are <see cref="StepKind.Run"/>.</summary>
    public EquatableArray<PromotionStep> Steps { get; init; }

    /// <summary>Whether priority 0 is sent although a step failed; default false: the others must fence us (on_failure release).</summary>
    public bool IsReleasedOnFailure { get; init; }
}
