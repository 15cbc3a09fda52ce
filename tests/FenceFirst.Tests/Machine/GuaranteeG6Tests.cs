using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>G6 Leased addresses: only a Master that holds everything and is on time renews, and it renews early enough.</summary>
public class GuaranteeG6Tests
{
    // Shown: renewals follow adverts of the grid, the first at the first one, then every longest multiple of advert_int within a third of the lease.
    [Theory]
    [InlineData(200, 2, 600)]
    [InlineData(500, 2, 500)]
    [InlineData(1000, 3, 1000)]
    [InlineData(1000, 6, 2000)]
    [InlineData(100, 3600, 1_200_000)]
    [InlineData(1000, 10, 3000)]
    public void Renewals_lie_on_the_advert_grid(int advertMilliseconds, int leaseSeconds, int expectedMilliseconds)
    {
        SimulatedNode m = MachineDriver.Alone(Leased(advertMilliseconds, leaseSeconds));
        List<MonotonicInstant> renewals = Watch(m);
        m.Driver.Advance((3 * leaseSeconds) + 5);

        Assert.True(renewals.Count >= 3, $"{renewals.Count} renewals");
        for (int i = 1; i < renewals.Count; i++)
        {
            Assert.Equal(TimeSpan.FromMilliseconds(expectedMilliseconds), renewals[i] - renewals[i - 1]);
        }

        HashSet<MonotonicInstant> adverts = [.. m.Sent.Select(sent => sent.At)];
        Assert.All(renewals, at => Assert.Contains(at, adverts));
    }

    // Shown: timers that are late, by less than a stall, never let a renewal be further from the last one than the lease allows.
    [Fact]
    public void Lateness_does_not_add_up()
    {
        SimulatedNode m = MachineDriver.Alone(Leased(1000, 3));
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
        m.Driver.Advance(1);
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

    // Shown: G7 comes first. The deadline that wakes a stalled master removes; it neither advertises nor renews.
    [Fact]
    public void A_stalled_master_removes_and_does_not_renew()
    {
        SimulatedNode m = MachineDriver.Master(Leased(1000, 3));
        m.Driver.Suspend(3.7);
        m.Driver.Advance(0);
        Assert.StartsWith("RemoveAddresses", m.Seen, StringComparison.Ordinal);
        Assert.DoesNotContain("renew", m.Seen, StringComparison.Ordinal);
    }

    // Shown: an address that the kernel took away from a master that was late, but not stalled, is put back with everything that belongs to it.
    [Fact]
    public void A_lapsed_address_of_a_living_master_is_put_back()
    {
        SimulatedNode m = MachineDriver.Master(Leased(1000, 3));
        m.Driver.Suspend(3.2);
        m.Deliver(NodeEvent.AddressLost(0));
        Assert.StartsWith("AddAddresses", m.Seen, StringComparison.Ordinal);
        m.Driver.Advance(0);
        Assert.Equal("advert:100 renew", m.Seen);
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

    // Shown: the lifetime that a reload took off is taken off the addresses once, with the next advert.
    [Fact]
    public void A_lease_switched_off_is_taken_off_once()
    {
        SimulatedNode m = MachineDriver.Master(Leased(1000, 0));
        List<MonotonicInstant> renewals = Watch(m);
        m.First.RenewAt = MonotonicInstant.Zero;
        m.Driver.Advance(10);
        Assert.Single(renewals);
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
