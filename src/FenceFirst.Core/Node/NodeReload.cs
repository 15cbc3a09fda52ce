using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Node;

/// <summary>What a reload keeps: instances and trackers that are in both configurations keep their state.</summary>
public static class NodeReload
{
    /// <summary>State for the new configuration with everything kept carried over.</summary>
    /// <param name="plan">The two configurations.</param>
    /// <param name="state">The state under the old one.</param>
    /// <param name="kept">For every new instance the index of the old one whose state it takes over, or -1.</param>
    /// <param name="now">The present instant.</param>
    public static NodeState Carry(ReloadPlan plan, NodeState state, ReadOnlySpan<int> kept, MonotonicInstant now)
    {
        (NodeConfig old, NodeConfig next) = (plan.Old, plan.Next);
        NodeState carried = state.For(next);
        for (int i = 0; i < kept.Length; i++)
        {
            if (kept[i] >= 0)
            {
                carried.Instances[i] = state.Instances[kept[i]];

                // Whoever reads the configuration anew has looked: a failed promotion with on_failure fault may be tried again.
                carried.Instances[i].Faults &= ~FaultCauses.Promotion;
                if (plan.IsChanged(i))
                {
                    CarryChanged(ref carried.Instances[i], old.Instances[kept[i]], next.Instances[i], now);
                    carried.Instances[i].IsHoldingChanged = plan.HoldsOther(i) && carried.Instances[i].Phase == VrrpPhase.Master;
                }

                if (next.Instances[i].Version == 2)
                {
                    // Version 2 does not learn: the interval is always the configured one.
                    carried.Instances[i].MasterAdvertInterval = next.Instances[i].AdvertInterval;
                }
            }
        }

        for (int i = 0; i < next.Groups.Count; i++)
        {
            int first = kept[next.Groups[i].Members[0]];
            if (first >= 0)
            {
                carried.Groups[i] = state.Groups[old.Instances[first].SyncGroup];
            }
        }

        Carry(old.Scripts, next.Scripts, state.Scripts, carried.Scripts);
        Carry(old.Links, next.Links, state.LinksUp, carried.LinksUp);
        Carry(old.Links, next.Links, state.Links, carried.Links);
        Carry(old.Files, next.Files, state.Files, carried.Files);
        Carry(old.Processes, next.Processes, state.Processes, carried.Processes);
        return carried;
    }

    private static void CarryChanged(ref VrrpState state, VrrpConfig before, VrrpConfig after, MonotonicInstant now)
    {
        // Other targets, another key or another window: what is known of releases is learned anew (docs/promotion.md 4).
        state.ReleasedTargets = 0;
        state.FollowedSince = MonotonicInstant.Never;
        if (state.Phase == VrrpPhase.Master && before.LeaseSeconds != after.LeaseSeconds)
        {
            // Addresses that stay take over another lifetime, or none, at once.
            state.IsLeased = true;
        }

        if (state.Phase == VrrpPhase.Master && after.Gratuitous.Refresh > TimeSpan.Zero && after.Gratuitous.Refresh != before.Gratuitous.Refresh && state.GratuitousAt > now + after.Gratuitous.Refresh)
        {
            // A refresh that is new, or comes sooner than before, does not wait for the next mastership.
            state.GratuitousAt = now + after.Gratuitous.Refresh;
            state.GratuitousRepeat = after.Gratuitous.RefreshRepeat;
        }

        if (after.AdvertInterval < before.AdvertInterval && !state.AdvertAt.IsNever)
        {
            // The next advert keeps the promise of the new interval, and the pause that the old one allowed is no stall (G7).
            state.AdvertAt = MonotonicInstant.Earlier(state.AdvertAt, now + after.AdvertInterval);
            state.AdvertSentAt = state.AdvertSentAt.IsNever ? state.AdvertSentAt : MonotonicInstant.Later(state.AdvertSentAt, now - after.AdvertInterval);
        }
    }

    /// <summary>What is in both lists keeps its value; the rest stays as it is at the start.</summary>
    private static void Carry<TKey, TValue>(EquatableArray<TKey> old, EquatableArray<TKey> next, TValue[] from, TValue[] to)
        where TKey : IEquatable<TKey>
    {
        Dictionary<TKey, int> known = [];
        for (int i = 0; i < old.Count; i++)
        {
            known.TryAdd(old[i], i);
        }

        for (int i = 0; i < next.Count; i++)
        {
            if (known.TryGetValue(next[i], out int o))
            {
                to[i] = from[o];
            }
        }
    }
}
