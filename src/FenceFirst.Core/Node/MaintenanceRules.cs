using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Node;

/// <summary>Maintenance of one instance or of the whole node: when it begins and ends. What it means is the instance's matter (docs/promotion.md 8).</summary>
internal static class MaintenanceRules
{
    /// <summary>Begins, moves or ends maintenance; an instant that has passed ends it. Of the whole node: of every instance, and of those that a reload adds.</summary>
    internal static void Change(NodeConfig config, NodeState state, int index, MonotonicInstant until, MonotonicInstant now, EffectBuffer effects)
    {
        bool isOn = until > now;
        bool wasOn = index < 0 && state.MaintenanceUntil != MonotonicInstant.Zero;
        if (index < 0)
        {
            state.MaintenanceUntil = isOn ? until : MonotonicInstant.Zero;
        }

        // The members of a sync group do everything together: maintenance of one is that of all.
        EquatableArray<int> together = index < 0 ? default : config.Together(index);
        for (int i = 0; i < state.Instances.Length; i++)
        {
            if (index < 0 || together.Span.Contains(i))
            {
                wasOn |= state.Instances[i].MaintenanceUntil != MonotonicInstant.Zero;
                new VrrpMachine(config, state, i, now, effects).ReleaseAfterStall();
            }
        }

        if (isOn || wasOn)
        {
            Record(state, index, until, now, effects);
        }

        for (int i = 0; i < state.Instances.Length; i++)
        {
            if (index < 0 || together.Span.Contains(i))
            {
                Apply(config, state, i, isOn ? until : MonotonicInstant.Zero, now, effects);
            }
        }

        FindNextEnd(state);
    }

    /// <summary>Ends what is over. Told once when it was the maintenance of the whole node.</summary>
    internal static void Expire(NodeConfig config, NodeState state, MonotonicInstant now, EffectBuffer effects)
    {
        bool isNodeOver = state.MaintenanceUntil != MonotonicInstant.Zero && state.MaintenanceUntil <= now;
        MonotonicInstant nodeUntil = state.MaintenanceUntil;
        for (int i = 0; i < state.Instances.Length; i++)
        {
            // G7: whoever has stalled removes its addresses before anything is told or judged.
            new VrrpMachine(config, state, i, now, effects).ReleaseAfterStall();
        }

        if (isNodeOver)
        {
            state.MaintenanceUntil = MonotonicInstant.Zero;
            Record(state, -1, MonotonicInstant.Zero, now, effects);
        }

        for (int i = 0; i < state.Instances.Length; i++)
        {
            MonotonicInstant until = state.Instances[i].MaintenanceUntil;
            if (until == MonotonicInstant.Zero || until > now)
            {
                continue;
            }

            if (!isNodeOver || until != nodeUntil)
            {
                Record(state, i, MonotonicInstant.Zero, now, effects);
            }

            Apply(config, state, i, MonotonicInstant.Zero, now, effects);
        }

        FindNextEnd(state);
    }

    private static void Apply(NodeConfig config, NodeState state, int index, MonotonicInstant until, MonotonicInstant now, EffectBuffer effects)
    {
        VrrpMachine machine = new(config, state, index, now, effects);
        if (until != MonotonicInstant.Zero)
        {
            machine.BeginMaintenance(until);
        }
        else if (state.Instances[index].MaintenanceUntil != MonotonicInstant.Zero)
        {
            machine.EndMaintenance();
        }
    }

    private static void FindNextEnd(NodeState state)
    {
        MonotonicInstant next = state.MaintenanceUntil == MonotonicInstant.Zero ? MonotonicInstant.Never : state.MaintenanceUntil;
        foreach (ref readonly VrrpState instance in state.Instances.AsSpan())
        {
            if (instance.MaintenanceUntil != MonotonicInstant.Zero)
            {
                next = MonotonicInstant.Earlier(next, instance.MaintenanceUntil);
            }
        }

        state.MaintenanceCheckAt = next;
    }

    private static void Record(NodeState state, int index, MonotonicInstant until, MonotonicInstant now, EffectBuffer effects)
    {
        bool isOn = until > now;
        TimelineEntry entry = new()
        {
            Kind = isOn ? TimelineKind.MaintenanceStarted : TimelineKind.MaintenanceEnded,
            Index = index,
            Phase = index < 0 ? VrrpPhase.Initialize : state.Instances[index].Phase,
            Duration = !isOn ? TimeSpan.Zero : until.IsNever ? TimeSpan.MaxValue : until - now,
        };
        effects.Add(new NodeEffect { Kind = NodeEffectKind.Record, Index = index, Entry = entry });
    }
}
