using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Tests.Machine;

/// <summary>RFC 9568 section 6.4.3: Active (we say Master).</summary>
public class Rfc9568Section6_4_3Tests
{
    // RFC 9568 section 6.4.3: while Active the addresses are held.
    [Fact]
    public void A_master_holds_the_addresses() => Assert.True(MachineDriver.Master(TestConfig.Instance()).Holds());

    // RFC 9568 section 6.4.3: a shutdown cancels Adver_Timer, sends priority 0 and leads to Initialize. Ours removes first (G5) and says it twice.
    [Fact]
    public void Shutdown_removes_the_addresses_and_then_sends_priority_zero()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance());
        m.Deliver(NodeEvent.StopRequested());
        Assert.Equal("RemoveAddresses advert:0 advert:0 notify:Stop", m.Seen);
        Assert.Equal(VrrpPhase.Initialize, m.Phase);
        Assert.True(m.First.NextDeadline.IsNever || m.First.AdvertAt.IsNever);
    }

    // RFC 9568 section 6.4.3: Adver_Timer fires: send an advert, restart the timer. Shown: no drift over 10,000 adverts though every wake-up is late.
    [Fact]
    public void Adverts_stay_on_an_absolute_grid_however_late_we_wake()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance());
        Random random = new(1);
        m.Driver.TranscriptLimit = 10_000;
        m.Driver.AdvanceTo(m.First.MasterDownAt);
        MonotonicInstant start = m.Driver.Now;
        m.Driver.Lateness = () => TimeSpan.FromTicks(random.Next(9_000_000));
        for (int k = 1; k <= 10_000; k++)
        {
            Assert.Equal(start + TimeSpan.FromSeconds(k), m.First.AdvertAt);
            m.Driver.RunNext(MonotonicInstant.Never);
            if (m.Last.All(effect => effect.Kind != NodeEffectKind.SendAdvert))
            {
                k--;
            }
        }
    }

    // RFC 9568 section 6.4.3: priority 0 is answered with an advert. Ours leaves the grid where it is.
    [Fact]
    public void Priority_zero_is_answered_at_once()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance());
        MonotonicInstant grid = m.First.AdvertAt;
        m.Hear('z', 0);
        Assert.Equal("advert:100", m.Seen);
        Assert.Equal(grid, m.First.AdvertAt);
    }

    // RFC 9568 section 6.4.3: a higher priority, or an equal one from a greater address, wins; everything else loses.
    [Theory]
    [InlineData('a', 101, true)]
    [InlineData('a', 100, false)]
    [InlineData('z', 100, true)]
    [InlineData('z', 99, false)]
    [InlineData('a', 255, true)]
    public void The_tie_is_broken_by_the_address(char sender, int priority, bool isYielding)
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance());
        m.Hear(sender, (byte)priority);
        Assert.Equal(isYielding ? VrrpPhase.Backup : VrrpPhase.Master, m.Phase);
        Assert.Equal(!isYielding, m.Holds());
    }

    // RFC 9568 section 6.4.3: yielding cancels Adver_Timer, adopts the winner's interval, sets Active_Down_Timer and leads to Backup; no advert.
    [Fact]
    public void Yielding_adopts_the_interval_of_the_winner_and_says_nothing()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance().Version3(1000));
        m.Hear('z', 101, interval: TimeSpan.FromSeconds(2));
        Assert.Equal("RemoveAddresses notify:Backup", m.Seen);
        Assert.Equal(TestConfig.AddressOf('z'), m.First.Master);
        Assert.Equal(m.Driver.Now + VrrpTimers.MasterDown(3, 100, TimeSpan.FromSeconds(2), 3), m.First.MasterDownAt);
    }

    // RFC 9568 section 6.4.3: a lower priority is answered with an advert at once, to assert the state to learning bridges.
    [Fact]
    public void A_lower_priority_is_answered_at_once()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance());
        m.Hear('z', 99);
        Assert.Equal("advert:100 announce:5 notify:MasterHeardLower", m.Seen);
    }

    // keepalived lower_prio_no_advert: RFC 3768 section 6.4.3 discards instead.
    [Fact]
    public void A_lower_priority_is_not_answered_when_configured_so()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance() with { IsLowerPriorityUnanswered = true });
        m.Hear('z', 99);
        Assert.DoesNotContain("advert", m.Seen, StringComparison.Ordinal);
    }

    // keepalived higher_prio_send_advert: one advert before yielding.
    [Fact]
    public void A_better_master_is_answered_once_when_configured_so()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance() with { IsHigherPriorityAnswered = true });
        m.Hear('z', 200);
        Assert.Equal("advert:100 RemoveAddresses notify:Backup", m.Seen);
    }

    // A flood of packets, valid or not, does not move the grid by a nanosecond.
    [Fact]
    public void What_is_heard_never_delays_our_own_adverts()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance() with { IsLowerPriorityUnanswered = true });
        MonotonicInstant grid = m.First.AdvertAt;
        int before = m.Sent.Count;
        for (int i = 0; i < 1000; i++)
        {
            m.Hear('a', 50);
            m.Deliver(NodeEvent.PacketRefused(0, DecodeError.WrongVersion, TestConfig.AddressOf('b')));
            m.Driver.Advance(0.01);
        }

        Assert.Equal(10, m.Sent.Count - before);
        Assert.Equal(grid, m.Sent[before].At);
        Assert.Equal(grid + TimeSpan.FromSeconds(10), m.First.AdvertAt);
    }

    // Our own address and priority: two nodes share an address, or the network sends our adverts back. Neither makes us yield.
    [Fact]
    public void Our_own_advert_changes_nothing()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance());
        m.Hear('m', 100);
        Assert.Equal("", m.Seen);
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // keepalived garp_master_delay and garp_master_refresh: second burst after 5 s, then refreshes on a grid.
    [Fact]
    public void The_second_burst_and_the_refreshes_come_on_time()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance() with { Gratuitous = new() { Refresh = TimeSpan.FromSeconds(10), RefreshRepeat = 2 } });
        m.Driver.AdvanceTo(m.First.MasterDownAt);
        MonotonicInstant start = m.Driver.Now;
        List<(MonotonicInstant, int)> bursts = [];
        m.Driver.AfterEvent = node => bursts.AddRange(node.Last.Where(effect => effect.Kind == NodeEffectKind.Announce).Select(effect => (m.Driver.Now, effect.Count)));
        m.Driver.Advance(26);
        Assert.Equal([(start + TimeSpan.FromSeconds(5), 5), (start + TimeSpan.FromSeconds(15), 2), (start + TimeSpan.FromSeconds(25), 2)], bursts);
    }

    // keepalived garp_lower_prio_delay: a burst after each lower-priority advert, whatever else is announced. Ours sends it after the last one.
    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public void After_the_last_lower_priority_a_second_burst_comes(int refresh)
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance() with
        {
            Gratuitous = new() { Refresh = TimeSpan.FromSeconds(refresh), MasterDelay = TimeSpan.Zero, LowerPriorityDelay = TimeSpan.FromSeconds(5), LowerPriorityRepeat = 3 },
        });
        m.Driver.AdvanceTo(m.First.MasterDownAt);
        m.Driver.Advance(1);
        MonotonicInstant start = m.Driver.Now;
        List<(TimeSpan, int)> bursts = [];
        m.Driver.AfterEvent = node => bursts.AddRange(node.Last.Where(effect => effect.Kind == NodeEffectKind.Announce).Select(effect => (m.Driver.Now - start, effect.Count)));
        m.Hear('a', 50);
        m.Driver.Advance(2);
        m.Hear('a', 50);
        m.Driver.Advance(20);
        Assert.Equal([(0, 3), (2, 3), (7, 3)], bursts.Select(each => (each.Item1.TotalSeconds, each.Item2)));
    }
}
