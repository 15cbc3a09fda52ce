using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>G6 Leased addresses: only a Master that holds everything and is on time renews, and it renews early enough.</summary>
public class GuaranteeG6Tests
{
    // Shown: twice per lease, on a grid of the node's clock, whatever the advert interval is.
    [Theory]
    [InlineData(200, 2, 1000)]
    [InlineData(1000, 2, 1000)]
    [InlineData(30_000, 2, 1000)]
    [InlineData(1000, 1, 500)]
    [InlineData(1000, 3, 1500)]
    [InlineData(100, 3600, 1_800_000)]
    public void A_lease_is_renewed_twice_in_its_time(int advertMilliseconds, int leaseSeconds, int expectedMilliseconds)
    {
        SimulatedNode m = MachineDriver.Alone(Leased(advertMilliseconds, leaseSeconds));
        List<MonotonicInstant> renewals = Watch(m);
        m.Driver.Advance((3 * leaseSeconds) + (4 * advertMilliseconds / 1000.0) + 5);

        Assert.True(renewals.Count >= 5, $"{renewals.Count} renewals");
        Assert.All(renewals, at => Assert.Equal(0, at.Nanoseconds % (expectedMilliseconds * 1_000_000L)));
        for (int i = 1; i < renewals.Count; i++)
        {
            Assert.Equal(TimeSpan.FromMilliseconds(expectedMilliseconds), renewals[i] - renewals[i - 1]);
        }
    }

    // Shown: all instances are renewed in one event, in the rhythm of the shortest lease: their lifetimes end together. Who has no lease is left out.
    [Fact]
    public void All_instances_are_renewed_together()
    {
        NodeConfig config = TestConfig.Node(
            TestConfig.Instance(name: "A", vrid: 1).Version3(300) with { LeaseSeconds = 4 },
            TestConfig.Instance(name: "B", vrid: 2).Version3(700) with { LeaseSeconds = 2 },
            TestConfig.Instance(name: "C", vrid: 3).Version3(700));
        SimulatedNode m = MachineDriver.Alone(config);
        List<MonotonicInstant> renewals = Watch(m);
        m.Driver.Advance(10);
        m.Driver.AdvanceTo(m.State.RenewAt);
        Assert.Equal([0, 1], m.Last.Where(effect => effect.Kind == NodeEffectKind.RenewAddresses).Select(effect => effect.Index));
        Assert.Equal(TimeSpan.FromSeconds(1), renewals[^1] - renewals[^2]);
    }

    // Shown: the host may move the grid to where the kernel is exact; no two renewals get further apart than half a lease by that.
    [Theory]
    [InlineData(2, 250, 1000)]
    [InlineData(3, 999, 1500)]
    [InlineData(1, 750, 500)]
    public void The_grid_moves_to_where_the_kernel_is_exact(int leaseSeconds, int phaseMilliseconds, int intervalMilliseconds)
    {
        SimulatedNode m = MachineDriver.Alone(Leased(1000, leaseSeconds));
        List<MonotonicInstant> renewals = Watch(m);
        m.Driver.Advance(12);
        int before = renewals.Count + 1;
        m.Deliver(NodeEvent.RenewalPhaseFound(TimeSpan.FromMilliseconds(phaseMilliseconds)));
        m.Driver.Advance(10);
        Assert.All(renewals.Skip(before), at => Assert.Equal(phaseMilliseconds % intervalMilliseconds, at.Nanoseconds / 1_000_000 % intervalMilliseconds));
        Assert.All(Enumerable.Range(1, renewals.Count - 1), i => Assert.True(renewals[i] - renewals[i - 1] <= TimeSpan.FromMilliseconds(intervalMilliseconds)));
    }

    // Shown: timers that are late, by less than half a lease, never let a renewal be further from the last one than the lease allows.
    [Fact]
    public void Lateness_does_not_add_up()
    {
        SimulatedNode m = MachineDriver.Alone(Leased(1000, 2));
        Random chance = new(6);
        m.Driver.Lateness = () => TimeSpan.FromMilliseconds(chance.Next(0, 950));
        List<MonotonicInstant> renewals = Watch(m);
        m.Driver.Advance(200);

        Assert.Equal(VrrpPhase.Master, m.Phase);
        Assert.True(renewals.Count > 150, $"{renewals.Count} renewals");
        for (int i = 1; i < renewals.Count; i++)
        {
            Assert.True(renewals[i] - renewals[i - 1] < TimeSpan.FromSeconds(2), $"{renewals[i] - renewals[i - 1]}");
        }
    }

    // Shown: nothing is renewed before the kernel has acknowledged everything, however long that takes.
    [Fact]
    public void Nothing_is_renewed_while_the_addresses_are_being_added()
    {
        SimulatedNode m = MachineDriver.Alone(Leased(1000, 3));
        List<MonotonicInstant> renewals = Watch(m);
        m.Driver.Kernel = (_, _) => null;
        m.Driver.Advance(5.5);
        Assert.Equal(VrrpPhase.Master, m.Phase);
        Assert.Empty(renewals);
        m.AnswerKernel();
        Assert.Empty(renewals);
        m.Driver.Advance(1.5);
        Assert.Single(renewals);
    }

    // Shown: adverts of a demotion, and answers to lower adverts outside the grid, renew nothing.
    [Fact]
    public void Who_has_stood_down_renews_nothing()
    {
        SimulatedNode m = MachineDriver.Master(Leased(1000, 3).Demote(TestConfig.Run("stop")));
        List<MonotonicInstant> renewals = Watch(m);
        m.Hear('a', 50);
        Assert.Equal("advert:100 announce:5 notify:MasterHeardLower", m.Seen);
        m.Deliver(NodeEvent.StopRequested());
        int before = m.Sent.Count;
        m.Driver.Advance(3);
        Assert.Equal(VrrpPhase.Demoting, m.Phase);
        Assert.True(m.Sent.Count > before, "the demotion advertises");
        Assert.Empty(renewals);
    }

    // Shown: a better advert ends renewal at once; as Backup there is none.
    [Fact]
    public void A_better_advert_ends_renewal()
    {
        SimulatedNode m = MachineDriver.Master(Leased(1000, 3));
        List<MonotonicInstant> renewals = Watch(m);
        m.Hear('z', 200);
        m.Driver.Advance(3);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Empty(renewals);
    }

    // Shown: G7 comes first. Whichever deadline wakes a stalled master removes; it neither advertises nor renews.
    [Fact]
    public void A_stalled_master_removes_and_does_not_renew()
    {
        SimulatedNode m = MachineDriver.Master(Leased(1000, 3));
        List<MonotonicInstant> renewals = Watch(m);
        m.Driver.Suspend(3.7);
        Assert.True(m.Driver.RunNext(m.Driver.Now));
        Assert.StartsWith("RemoveAddresses", m.Seen, StringComparison.Ordinal);
        m.Driver.Advance(3);
        Assert.Empty(renewals);
    }

    // Shown: the same when it is the round of renewals that wakes it: it is asked about the stall first.
    [Fact]
    public void A_round_that_comes_after_a_stall_removes_instead_of_renewing()
    {
        SimulatedNode m = MachineDriver.Master(Leased(1000, 3));
        List<MonotonicInstant> renewals = Watch(m);
        m.Driver.Suspend(3.7);
        m.Deliver(NodeEvent.DeadlineReached(m.State.Armed.Length - 1));
        Assert.StartsWith("RemoveAddresses", m.Seen, StringComparison.Ordinal);
        Assert.Empty(renewals);
    }

    // Shown: an address that the kernel took away from a master that was late, but not stalled, is put back with everything that belongs to it.
    [Fact]
    public void A_lapsed_address_of_a_living_master_is_put_back()
    {
        SimulatedNode m = MachineDriver.Master(Leased(1000, 3));
        m.Driver.Suspend(3.2);
        m.Deliver(NodeEvent.AddressLost(0));
        Assert.StartsWith("AddAddresses", m.Seen, StringComparison.Ordinal);
        List<MonotonicInstant> renewals = Watch(m);
        m.Driver.Advance(0);
        Assert.Equal([m.Driver.Now], renewals);
    }

    // Shown: without a lease there is no such effect.
    [Fact]
    public void Without_a_lease_nothing_is_renewed()
    {
        SimulatedNode m = MachineDriver.Alone(Leased(1000, 0));
        List<MonotonicInstant> renewals = Watch(m);
        m.Driver.Advance(30);
        Assert.Equal(VrrpPhase.Master, m.Phase);
        Assert.Empty(renewals);
    }

    // Shown: another lifetime, or none, is given to the addresses at once: the next point of the new grid may come after the end of the old lifetime.
    [Theory]
    [InlineData(0, 1)]
    [InlineData(3600, 1)]
    [InlineData(10, 2)]
    public void A_reload_changes_the_lifetime_at_once(int leaseSeconds, int expected)
    {
        SimulatedNode m = MachineDriver.Master(Leased(1000, leaseSeconds));
        List<MonotonicInstant> renewals = Watch(m);
        m.First.IsLeased = true;
        m.Deliver(NodeEvent.Started());
        m.Driver.Advance(0);
        Assert.Single(renewals);
        m.Driver.Advance(5);
        Assert.Equal(expected, renewals.Count);
    }

    private static VrrpConfig Leased(int advertMilliseconds, int leaseSeconds) =>
        TestConfig.Instance().Version3(advertMilliseconds) with { LeaseSeconds = leaseSeconds };

    private static List<MonotonicInstant> Watch(SimulatedNode node)
    {
        List<MonotonicInstant> renewals = [];
        node.Driver.AfterEvent = each =>
        {
            // An event may be followed by others before Last is cleared: only what this one added counts.
            int seen = each.Last.Count(effect => effect.Kind == NodeEffectKind.RenewAddresses);
            if (seen > 0 && (renewals.Count == 0 || renewals[^1] != each.Driver.Now))
            {
                renewals.Add(each.Driver.Now);
            }
        };
        return renewals;
    }
}
