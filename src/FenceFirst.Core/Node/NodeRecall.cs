using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Node;

/// <summary>Takes up what an earlier life of the daemon left: failures and their pauses, and attempts whose outcome nobody knows (docs/promotion.md 7).</summary>
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
    }

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
