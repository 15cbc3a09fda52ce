using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Node;

/// <summary>When leased addresses are renewed (G6): all instances of the node together, on one grid.</summary>
/// <remarks>
/// <para>
/// Theory. The kernel looks for expired addresses when the first of them is due, and then not again for a second. Addresses that were renewed at different
/// moments would therefore outlive a dead daemon by up to that second. So every round renews everything that is held, and all lifetimes end together. It
/// is also what makes a renewal cheap: one wake-up and one system call for hundreds of addresses.
/// </para>
/// <para>
/// The grid is absolute (multiples of half the shortest lease since boot, and a phase in which the kernel does not round), so that instances which become
/// Master later fall into step with the next round. Half a lease is what a loop may be late without costing a healthy master its addresses.
/// </para>
/// </remarks>
internal static class LeaseRules
{
    private const int RoundsPerLease = 2;

    /// <summary>Half of the shortest lease; one second when there is none and only a reload's lifetime has to be taken off.</summary>
    internal static TimeSpan Interval(NodeConfig config)
    {
        int shortest = int.MaxValue;
        foreach (VrrpConfig instance in config.Instances)
        {
            shortest = instance.LeaseSeconds > 0 ? Math.Min(shortest, instance.LeaseSeconds) : shortest;
        }

        return shortest == int.MaxValue ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(shortest) / RoundsPerLease;
    }

    /// <summary>Something is leased: the next point of the grid renews it.</summary>
    internal static void Begin(NodeState state, MonotonicInstant now)
    {
        if (state.RenewAt.IsNever)
        {
            state.RenewAt = NextOnGrid(state, now);
        }
    }

    /// <summary>One round. Each instance is asked for itself: who has stood down, or finds that it stalled, renews nothing.</summary>
    internal static void Renew(NodeConfig config, NodeState state, MonotonicInstant now, EffectBuffer effects)
    {
        state.RenewAt = MonotonicInstant.Never;
        for (int i = 0; i < state.Instances.Length; i++)
        {
            if (state.Instances[i].IsLeased)
            {
                NodeMachine.Machine(config, state, i, now, effects).RenewLease();
            }

            if (state.Instances[i].IsLeased)
            {
                Begin(state, now);
            }
        }
    }

    /// <summary>The grid moves; the next round comes no later for that.</summary>
    internal static void ChangePhase(NodeState state, int phase, MonotonicInstant now)
    {
        state.RenewalPhase = phase;
        if (!state.RenewAt.IsNever)
        {
            state.RenewAt = MonotonicInstant.Earlier(state.RenewAt, NextOnGrid(state, now));
        }
    }

    private static MonotonicInstant NextOnGrid(NodeState state, MonotonicInstant now)
    {
        long interval = state.RenewalInterval.Ticks * 100;
        long sincePhase = now.Nanoseconds + interval - (state.RenewalPhase % interval);
        return new MonotonicInstant(now.Nanoseconds + interval - (sincePhase % interval));
    }
}
