using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Wire;

namespace FenceFirst.Tests.Machine;

/// <summary>Steady state costs no memory.</summary>
public class AllocationTests
{
    // Shown: 1,000,000 adverts sent as Master allocate nothing.
    [Fact]
    public void Sending_as_master_allocates_nothing()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance().Promote(TestConfig.Fence("z")));
        NodeState state = m.State;
        EffectBuffer effects = new();
        Assert.Equal(0, Measure(1_000_000, () =>
        {
            effects.Clear();
            NodeMachine.Step(m.Config, state, NodeEvent.DeadlineReached(0), state.Instances[0].NextDeadline, effects);
        }));
    }

    // Shown: a round of renewals allocates nothing.
    [Fact]
    public void Renewing_as_master_allocates_nothing()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance() with { LeaseSeconds = 3 });
        NodeState state = m.State;
        EffectBuffer effects = new();
        Assert.Equal(0, Measure(1_000_000, () =>
        {
            effects.Clear();
            MonotonicInstant now = MonotonicInstant.Earlier(state.Instances[0].NextDeadline, state.RenewAt);
            NodeMachine.Step(m.Config, state, NodeEvent.DeadlineReached(now == state.RenewAt ? state.Armed.Length - 1 : 0), now, effects);
        }));
    }

    // Shown: 1,000,000 adverts received as Backup allocate nothing.
    [Fact]
    public void Receiving_as_backup_allocates_nothing()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Version3(100).Promote(TestConfig.Fence("z")));
        EffectBuffer effects = new();
        MonotonicInstant now = m.Driver.Now;
        VrrpAdvert advert = new(3, 51, 200, 1, TimeSpan.FromMilliseconds(100), default);
        InternetAddress source = TestConfig.AddressOf('z');
        Assert.Equal(0, Measure(1_000_000, () =>
        {
            effects.Clear();
            now += TimeSpan.FromMilliseconds(100);
            NodeMachine.Step(m.Config, m.State, NodeEvent.AdvertReceived(0, advert, source), now, effects);
        }));
    }

    private static long Measure(int count, Action action)
    {
        for (int i = 0; i < 10_000; i++)
        {
            action();
        }

        return Allocations.Least(() =>
        {
            for (int i = 0; i < count; i++)
            {
                action();
            }
        });
    }
}
