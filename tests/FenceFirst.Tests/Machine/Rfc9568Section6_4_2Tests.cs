using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Tests.Machine;

/// <summary>RFC 9568 section 6.4.2: Backup.</summary>
public class Rfc9568Section6_4_2Tests
{
    private static readonly TimeSpan OneSecond = TimeSpan.FromSeconds(1);

    // RFC 9568 section 6.4.2: while Backup the addresses are not held and nothing is sent.
    [Fact]
    public void Backup_is_silent_and_holds_nothing()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance());
        for (int i = 0; i < 20; i++)
        {
            m.Hear('a', 150);
            m.Driver.Advance(1);
        }

        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Empty(m.Sent);
        Assert.False(m.Holds());
    }

    // RFC 9568 section 6.4.2: a shutdown event cancels Active_Down_Timer and leads to Initialize.
    [Fact]
    public void Shutdown_cancels_the_timer_and_leads_to_initialize()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance());
        m.Deliver(NodeEvent.StopRequested());
        Assert.Equal(VrrpPhase.Initialize, m.Phase);
        Assert.True(m.First.NextDeadline.IsNever);
        Assert.Equal("notify:Stop", m.Seen);
        Assert.True(m.State.IsStopped);
    }

    // RFC 9568 section 6.4.2: when Active_Down_Timer fires: advert, addresses announced, Adver_Timer set, Active.
    [Fact]
    public void Silence_of_the_master_leads_to_master_at_the_exact_instant()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance());
        MonotonicInstant due = m.First.MasterDownAt;
        m.Driver.AdvanceTo(due - TimeSpan.FromTicks(1));
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        m.Driver.AdvanceTo(due);
        Assert.Equal(VrrpPhase.Master, m.Phase);
        Assert.Equal("advert:100 AddAddresses announce:5 notify:Master", m.Seen);
        Assert.Equal(due + OneSecond, m.First.AdvertAt);
    }

    // Shown: a timer that wakes the node before its time (a coarse clock) is armed again, and the silence is still noticed.
    [Fact]
    public void A_timer_that_fires_early_is_armed_again()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance());
        MonotonicInstant due = m.First.MasterDownAt;
        m.Timers[0] = MonotonicInstant.Never;
        m.Deliver(NodeEvent.DeadlineReached(0));
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Equal(due, m.Timers[0]);
        m.Driver.AdvanceTo(due);
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // RFC 9568 section 6.4.2: priority 0 sets Active_Down_Timer to Skew_Time. RFC 3768 section 6.1: in version 2 the unit is a second.
    [Theory]
    [InlineData(2, 2000, 609_375)]
    [InlineData(3, 2000, 1_218_750)]
    [InlineData(3, 100, 60_937.5)]
    public void Priority_zero_shortens_the_timer_to_skew_time(int version, int milliseconds, double microseconds)
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance() with { Version = (byte)version, AdvertInterval = TimeSpan.FromMilliseconds(milliseconds) });
        m.Hear('a', 150);
        m.Hear('a', 0);
        Assert.Equal(m.Driver.Now + TimeSpan.FromTicks((long)(microseconds * 10)), m.First.MasterDownAt);
        Assert.Equal(TimelineKind.MasterReleased, m.Entries[^1].Kind);
    }

    // RFC 9568 section 6.4.2: without preemption every advert, and with it every equal or higher one, restarts Active_Down_Timer.
    [Theory]
    [InlineData(true, 100, true)]
    [InlineData(true, 101, true)]
    [InlineData(true, 99, false)]
    [InlineData(false, 99, true)]
    [InlineData(false, 1, true)]
    [InlineData(false, 255, true)]
    public void An_advert_restarts_the_timer_unless_it_is_preempted(bool isPreempt, int priority, bool isRestarted)
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance() with { IsPreempt = isPreempt });
        MonotonicInstant before = m.First.MasterDownAt;
        m.Driver.Advance(0.5);
        m.Hear('a', (byte)priority);
        Assert.Equal(isRestarted ? before + TimeSpan.FromSeconds(0.5) : before, m.First.MasterDownAt);
    }

    // RFC 9568 section 6.4.2: what is received restarts the timer, from its receipt. Shown: how long an advert had waited when it was handed in, and how much of that
    // counts: at most 20 ms and at most half an interval, and nothing of a wait that is less than none (somebody has set the clock back).
    [Theory]
    [InlineData(1000, 0, 0)]
    [InlineData(1000, 7.5, 7.5)]
    [InlineData(1000, 20, 20)]
    [InlineData(1000, 5000, 20)]
    [InlineData(1000, -3_600_000, 0)]
    [InlineData(10, 4, 4)]
    [InlineData(10, 9, 5)]
    public void The_timer_runs_from_the_receipt_of_an_advert(int interval, double waited, double counted)
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Version3(interval));
        m.Hear('a', 150, waited: TimeSpan.FromMilliseconds(waited));
        MonotonicInstant receipt = m.Driver.Now - TimeSpan.FromMilliseconds(counted);
        Assert.Equal(receipt + VrrpTimers.MasterDown(3, 100, TimeSpan.FromMilliseconds(interval), 3), m.First.MasterDownAt);
        m.Hear('a', 0, waited: TimeSpan.FromMilliseconds(waited));
        Assert.Equal(receipt + VrrpTimers.Skew(3, 100, TimeSpan.FromMilliseconds(interval)), m.First.MasterDownAt);
    }

    // Shown: a release that has waited for longer than the skew leads to Master at once, with no lateness that would be taken for a stall.
    [Fact]
    public void A_release_that_waited_for_longer_than_the_skew_is_acted_upon_at_once()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance(254));
        m.Hear('a', 255);
        m.Hear('a', 0, waited: TimeSpan.FromMilliseconds(20));
        m.Driver.AdvanceTo(m.Driver.Now);
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // RFC 9568 section 6.4.2: equal priority means stay Backup, whatever the addresses are.
    [Theory]
    [InlineData('a')]
    [InlineData('z')]
    public void Equal_priority_keeps_us_backup(char sender)
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance());
        for (int i = 0; i < 10; i++)
        {
            m.Hear(sender, 100);
            m.Driver.Advance(1);
        }

        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // RFC 9568 section 6.4.2: version 3 learns Active_Adver_Interval and recomputes Skew_Time and Active_Down_Interval; version 2 does not.
    [Theory]
    [InlineData(2, 3_609_375)]
    [InlineData(3, 14_437_500)]
    public void Version_3_learns_the_interval_of_the_master(int version, int microseconds)
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance() with { Version = (byte)version });
        m.Hear('a', 150, interval: TimeSpan.FromSeconds(4));
        Assert.Equal(m.Driver.Now + TimeSpan.FromMicroseconds(microseconds), m.First.MasterDownAt);
    }

    // RFC 9568 section 5.2.7 leaves an interval of zero open: learned, it would make every timer fire at once, so it is not.
    [Fact]
    public void An_interval_of_zero_is_not_learned()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Version3(1000));
        m.Hear('a', 150, interval: TimeSpan.Zero);
        Assert.Equal(m.Driver.Now + TimeSpan.FromMicroseconds(3_609_375), m.First.MasterDownAt);
    }

    // RFC 9568 section 6.4.2: a lower priority is discarded when preempting: the timer keeps running and we take over.
    [Fact]
    public void A_lower_master_is_preempted_when_the_timer_fires()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance());
        for (int i = 0; i < 5; i++)
        {
            m.Hear('a', 99);
            m.Driver.Advance(0.9);
        }

        Assert.Equal(VrrpPhase.Master, m.Phase);
        Assert.Equal(PromotionReason.Preempt, m.Entries.Single(entry => entry.Kind == TimelineKind.MasterLost).Reason);
    }

    // RFC 9568 section 6.1 (Preempt_Mode): the address owner always preempts, whatever Preempt_Mode says.
    [Fact]
    public void The_owner_preempts_even_with_nopreempt()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance(255) with { IsPreempt = false });
        for (int i = 0; i < 5; i++)
        {
            m.Hear('a', 99);
            m.Driver.Advance(0.9);
        }

        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // keepalived preempt_delay: it starts with the first lower advert, an equal or higher one cancels it, and afterwards take-over comes.
    [Fact]
    public void Preempt_delay_holds_us_back_and_is_cancelled_by_a_better_master()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance() with { PreemptDelay = TimeSpan.FromSeconds(10) });
        Repeat(m, 'a', 99, 9);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        m.Hear('z', 150);
        Assert.True(m.First.PreemptAt.IsNever);
        Repeat(m, 'a', 99, 9);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Repeat(m, 'a', 99, 5);
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // Preempt_delay is for living masters; without one it does not delay.
    [Fact]
    public void Preempt_delay_does_not_delay_when_nobody_is_master()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance() with { PreemptDelay = TimeSpan.FromSeconds(100) });
        m.Driver.Advance(3.7);
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // RFC 9568 section 7.1: a refused packet is discarded; it changes no timer.
    [Fact]
    public void A_refused_packet_changes_no_timer()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance());
        MonotonicInstant before = m.First.MasterDownAt;
        m.Driver.Advance(1);
        m.Deliver(NodeEvent.PacketRefused(0, DecodeError.WrongPassword, TestConfig.AddressOf('a')));
        Assert.Equal(before, m.First.MasterDownAt);
        Assert.Equal("", m.Seen);
    }

    // keepalived: a change of priority shifts the running timer by the difference of the skews, and never into the past.
    [Fact]
    public void A_change_of_priority_shifts_the_running_timer()
    {
        NodeConfig config = TestConfig.Node(TestConfig.Instance(2) with { TrackLinks = [new(0, 0, false), new(1, 250, false)] }) with { Links = ["eth0", "eth1"] };
        SimulatedNode m = MachineDriver.Alone(config);
        MonotonicInstant before = m.First.MasterDownAt;
        m.Deliver(NodeEvent.LinkChanged(1, true));
        Assert.Equal(252, m.First.Priority);
        Assert.Equal(before - TimeSpan.FromTicks(250L * 10_000_000 / 256), m.First.MasterDownAt);
        m.Deliver(NodeEvent.LinkChanged(1, false));
        m.Driver.Advance(3.5);
        m.Deliver(NodeEvent.LinkChanged(1, true));
        Assert.Equal(m.Driver.Now, m.First.MasterDownAt);
        m.Driver.Advance(0.001);
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // G9: a backup that did not run while its timer fired has not listened either; it listens anew before it concludes anything.
    [Fact]
    public void A_backup_that_was_suspended_listens_anew()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("a")));
        m.Hear('a', 150);
        m.Driver.Suspend(3600);
        m.Driver.Advance(0.001);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Empty(m.OpenSteps);
        m.Driver.Advance(3.7);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
    }

    private static void Repeat(SimulatedNode m, char sender, byte priority, int count)
    {
        for (int i = 0; i < count; i++)
        {
            m.Hear(sender, priority);
            m.Driver.Advance(1);
        }
    }
}
