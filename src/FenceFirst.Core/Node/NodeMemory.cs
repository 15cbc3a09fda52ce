using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Node;

/// <summary>What a node remembers over its own death (docs/promotion.md 9): the host keeps it on disk, <see cref="NodeRecall"/> takes it up again.</summary>
public sealed record NodeMemory
{
    /// <summary>Nothing to remember: the first life.</summary>
    public static NodeMemory Empty { get; } = new();

    /// <summary>Whether something was remembered that cannot be read: then nothing is taken for done, and every promotion counts as having just failed (G2).</summary>
    public bool IsDamaged { get; init; }

    /// <summary>A number not smaller than every attempt number used before, but for those of <see cref="Attempts"/>; default 0.</summary>
    public uint LastAttempt { get; init; }

    /// <summary>Instances of which there is something to remember.</summary>
    public EquatableArray<InstanceMemory> Instances { get; init; }

    /// <summary>Fences and runs whose outcome was not known when the life ended.</summary>
    public EquatableArray<AttemptMemory> Attempts { get; init; }

    /// <summary>Maintenance that was on, the whole node's first.</summary>
    public EquatableArray<MaintenanceMemory> Maintenance { get; init; }
}

/// <summary>Maintenance that was on, or an instance's exception from that of the whole node.</summary>
/// <param name="Instance">Name of the instance; empty = the whole node.</param>
/// <param name="Until">When it ends; Never = when an operator ends it, Zero = this instance is excepted.</param>
public readonly record struct MaintenanceMemory(string Instance, MonotonicInstant Until)
{
    /// <summary>What is to be remembered of a node in this state; nothing is allocated when no maintenance is on.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="state">The state.</param>
    public static EquatableArray<MaintenanceMemory> Of(NodeConfig config, NodeState state)
    {
        List<MaintenanceMemory>? on = null;
        if (state.MaintenanceUntil != MonotonicInstant.Zero)
        {
            on = [new MaintenanceMemory("", state.MaintenanceUntil)];
        }

        for (int i = 0; i < state.Instances.Length; i++)
        {
            if (state.Instances[i].MaintenanceUntil != state.MaintenanceUntil)
            {
                (on ??= []).Add(new MaintenanceMemory(config.Instances[i].Name, state.Instances[i].MaintenanceUntil));
            }
        }

        return on is null ? default : on.ToEquatableArray();
    }
}

/// <summary>Failed promotions of one instance, and whether its demotion is still due.</summary>
/// <param name="Instance">Name of the instance.</param>
/// <param name="FailedPromotions">Promotions failed in a row, 0 or more.</param>
/// <param name="RetryAt">No promotion before this; absent = it was said by a clock that has begun anew since (the machine was booted).</param>
/// <param name="IsFaulted">Whether <c>on_failure fault</c> keeps it down.</param>
/// <param name="IsDemotionDue">
/// Whether the instance may have held the addresses without having been demoted since: a promotion had begun, or the last demotion failed. True from the
/// beginning of a promotion on, so that it is on the disk before an address is added. After a boot of the machine nothing is due.
/// </param>
public readonly record struct InstanceMemory(string Instance, int FailedPromotions, MonotonicInstant? RetryAt, bool IsFaulted, bool IsDemotionDue = false)
{
    /// <summary>What is to be remembered of an instance in this state.</summary>
    /// <param name="name">Name of the instance.</param>
    /// <param name="state">Its state.</param>
    public static InstanceMemory Of(string name, in VrrpState state) =>
        new(
            name,
            state.FailedPromotions,
            state.RetryAt,
            state.Faults.HasFlag(FaultCauses.Promotion),
            state.IsDemotionDoubtful || state.Phase is VrrpPhase.Promoting or VrrpPhase.Master or VrrpPhase.Demoting);

    /// <summary>Whether there is anything to remember.</summary>
    public bool IsEmpty => FailedPromotions == 0 && !IsFaulted && !IsDemotionDue;

    /// <summary>What is left of it when the machine was booted: its clock has begun anew, and nothing that was to be demoted lives.</summary>
    public InstanceMemory AfterBoot() => this with { RetryAt = null, IsDemotionDue = false };
}

/// <summary>One started fence or run whose outcome is not known.</summary>
/// <param name="Instance">Name of the instance that started it.</param>
/// <param name="Attempt">Its number.</param>
public sealed record AttemptMemory(string Instance, uint Attempt)
{
    /// <summary>Fence or run.</summary>
    public StepKind Kind { get; init; } = StepKind.Fence;

    /// <summary>Index of the step in its plan.</summary>
    public byte Step { get; init; }

    /// <summary>Whether the plan was the demotion's.</summary>
    public bool IsDemotion { get; init; }

    /// <summary>The peers it makes sure are down; empty for a run.</summary>
    public EquatableArray<InternetAddress> Targets { get; init; }

    /// <summary>Whether a process of it lives on: until the host has said that it ended, no other attempt on its targets and none of its instance starts (G3).</summary>
    public bool IsAlive { get; init; }
}
