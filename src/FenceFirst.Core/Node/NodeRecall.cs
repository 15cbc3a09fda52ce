using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Node;

/// <summary>Takes up what an earlier life of the daemon left: failures and their pauses, maintenance, and attempts whose outcome nobody knows (docs/promotion.md 9).</summary>
public static class NodeRecall
{
    /// <summary>Call it once, on a fresh state, before <see cref="NodeEvent.Started"/>.</summary>
    /// <param name="config">The configuration; what is remembered of instances that it does not have is passed over, living attempts excepted.</param>
    /// <param name="state">Changed in place.</param>
    /// <param name="memory">What was remembered.</param>
    /// <param name="now">The present instant.</param>
    /// <param name="effects">What the host shall record is appended here.</param>
    public static void Apply(NodeConfig config, NodeState state, NodeMemory memory, MonotonicInstant now, EffectBuffer effects)
    {
        Invariant.Check(!state.IsStarted, "what is remembered is taken up before the start");
        state.LastAttempt = Math.Max(state.LastAttempt, memory.LastAttempt);
        foreach (AttemptMemory attempt in memory.Attempts)
        {
            // A program that was found may have a number that the disk was never told of. (A number beyond all use is nobody's.)
            state.LastAttempt = attempt.Attempt <= int.MaxValue ? Math.Max(state.LastAttempt, attempt.Attempt) : state.LastAttempt;
        }

        state.Leftovers = memory.Attempts.Where(attempt => attempt.IsAlive).ToEquatableArray();
        for (int i = 0; i < state.Instances.Length; i++)
        {
            VrrpMachine machine = new(config, state, i, now, effects);
            if (memory.IsDamaged)
            {
                machine.RecallDamaged();
                continue;
            }

            string name = config.Instances[i].Name;
            foreach (ref readonly InstanceMemory instance in memory.Instances.Span)
            {
                if (instance.Instance == name)
                {
                    machine.RecallFailures(instance);
                }
            }

            foreach (AttemptMemory attempt in memory.Attempts)
            {
                if (attempt.Instance == name)
                {
                    machine.RecallAttempt(attempt);
                }
            }
        }

        RecallMaintenance(config, state, memory, now, effects);
    }

    /// <summary>Maintenance goes on as if the daemon had not ended; what has passed meanwhile is over without a word.</summary>
    private static void RecallMaintenance(NodeConfig config, NodeState state, NodeMemory memory, MonotonicInstant now, EffectBuffer effects)
    {
        foreach (ref readonly MaintenanceMemory maintenance in memory.Maintenance.Span)
        {
            if (maintenance.Instance.Length == 0)
            {
                MaintenanceRules.Change(config, state, -1, maintenance.Until, now, effects);
            }

            for (int i = 0; i < config.Instances.Count; i++)
            {
                if (config.Instances[i].Name == maintenance.Instance)
                {
                    MaintenanceRules.Change(config, state, i, maintenance.Until, now, effects);
                }
            }
        }
    }

    /// <summary>Something that an earlier life left in the kernel could not be removed at the start: it is asked again, and nothing is called released before.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="state">Changed in place.</param>
    /// <param name="index">The instance.</param>
    /// <param name="effect">What was refused.</param>
    /// <param name="now">The present instant.</param>
    /// <param name="effects">Nothing is appended; the timer is armed by the next event.</param>
    public static void NoteRefusedRemoval(NodeConfig config, NodeState state, int index, SideEffect effect, MonotonicInstant now, EffectBuffer effects) =>
        new VrrpMachine(config, state, index, now, effects).RecallRemoval(effect);

    /// <summary>The last process of an attempt of an earlier life has ended; what it came to is not known.</summary>
    internal static void LeftoverEnded(NodeConfig config, NodeState state, uint attempt, EffectBuffer effects)
    {
        foreach (AttemptMemory leftover in state.Leftovers)
        {
            for (int i = 0; leftover.Attempt == attempt && i < config.Instances.Count; i++)
            {
                if (config.Instances[i].Name == leftover.Instance)
                {
                    effects.Add(new NodeEffect
                    {
                        Kind = NodeEffectKind.Record,
                        Index = i,
                        Entry = new TimelineEntry { Kind = TimelineKind.LeftoverEnded, Index = i, Phase = state.Instances[i].Phase, Attempt = attempt },
                    });
                }
            }
        }

        state.Leftovers = state.Leftovers.Where(leftover => leftover.Attempt != attempt).ToEquatableArray();
    }
}
