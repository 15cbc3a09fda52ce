using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>docs/self-fencing.md: the watchdog is armed before anybody is fenced and anything is held, and disarmed when nothing is any more.</summary>
public class WatchdogTests
{
    private const int NoSuchDevice = 19;

    // Shown: armed before the fence starts, disarmed by an orderly stop after the addresses are gone.
    [Fact]
    public void Armed_before_the_fence_and_disarmed_after_the_removal()
    {
        SimulatedNode m = MachineDriver.Alone(Guarded(isRequired: true, TestConfig.Instance().Promote(TestConfig.Fence("z"))));
        Assert.False(m.IsWatchdogArmed);
        m.Driver.Advance(4);
        Assert.True(m.IsWatchdogArmed);
        Assert.Single(m.OpenSteps);
        m.Succeed();
        Assert.Equal(VrrpPhase.Master, m.Phase);
        m.Driver.Kernel = (_, _) => null;
        m.Deliver(NodeEvent.StopRequested());
        Assert.True(m.IsWatchdogArmed, "the address is still there");
        m.AnswerKernel();
        Assert.False(m.IsWatchdogArmed);
    }

    // Shown: required and absent: no fence, no advert, no address, a reason, a pause, and another try after it.
    [Fact]
    public void Required_and_absent_nobody_is_fenced_and_nothing_is_added()
    {
        SimulatedNode m = MachineDriver.Alone(Guarded(isRequired: true, TestConfig.Instance().Promote(TestConfig.Fence("z"))));
        m.Driver.Watchdog = _ => NoSuchDevice;
        m.Driver.Advance(30);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Equal(1, m.First.FailedPromotions);
        Assert.Empty(m.Sent);
        TimelineEntry refused = m.Entries.Single(entry => entry.Kind == TimelineKind.WatchdogRefused);
        Assert.Contains("/dev/watchdog is required and cannot be armed: No such device", TimelineText.Describe(m.Config, refused));
        m.Driver.Watchdog = _ => 0;
        m.Driver.Advance(5);
        Assert.Single(m.OpenSteps);
    }

    // Shown: the same without any promotion block: plain VRRP refuses mastership as well.
    [Fact]
    public void Plain_VRRP_refuses_mastership_without_a_required_watchdog()
    {
        SimulatedNode m = MachineDriver.Alone(Guarded(isRequired: true, TestConfig.Instance()));
        m.Driver.Watchdog = _ => NoSuchDevice;
        m.Driver.Advance(100);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.DoesNotContain(m.Entries, entry => entry.Kind == TimelineKind.EnteredMaster);
        Assert.Empty(m.Sent);
    }

    // Shown: not required and absent: told of, and the promotion goes on.
    [Fact]
    public void Not_required_and_absent_it_goes_on()
    {
        SimulatedNode m = MachineDriver.Alone(Guarded(isRequired: false, TestConfig.Instance()));
        m.Driver.Watchdog = _ => NoSuchDevice;
        m.Driver.Advance(5);
        Assert.Equal(VrrpPhase.Master, m.Phase);
        Assert.True(m.Recorded(TimelineKind.WatchdogMissing));
    }

    // Shown: a driver that does not answer in 5 s counts as absent and is told to stop; its late answer changes nothing.
    [Fact]
    public void A_driver_that_does_not_answer_is_absent()
    {
        SimulatedNode m = MachineDriver.Alone(Guarded(isRequired: true, TestConfig.Instance()));
        m.Driver.Watchdog = _ => null;
        m.Driver.Advance(4);
        Assert.True(m.First.Steps.IsArming);
        uint attempt = m.State.WatchdogAttempt;
        m.Driver.Advance(5);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.False(m.IsWatchdogArmed);
        m.Deliver(NodeEvent.WatchdogAnswered(attempt, 0));
        Assert.Equal(WatchdogPhase.Off, m.State.Watchdog);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // Shown: while it is being armed, whatever ends a promotion ends this one at once.
    [Theory]
    [InlineData("better")]
    [InlineData("fault")]
    [InlineData("stop")]
    public void What_ends_a_promotion_ends_the_arming(string what)
    {
        SimulatedNode m = MachineDriver.Alone(Guarded(isRequired: true, TestConfig.Instance()));
        m.Driver.Watchdog = _ => null;
        m.Driver.Advance(4);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        switch (what)
        {
            case "better":
                m.Hear('z', 200);
                break;
            case "fault":
                m.Deliver(NodeEvent.LinkChanged(0, false));
                break;
            default:
                m.Deliver(NodeEvent.StopRequested());
                break;
        }

        Assert.NotEqual(VrrpPhase.Promoting, m.Phase);
        Assert.False(m.IsWatchdogArmed);
    }

    // Shown: two instances, one watchdog: armed once, disarmed when the second has let go.
    [Fact]
    public void Disarmed_when_the_last_instance_has_let_go()
    {
        SimulatedNode m = MachineDriver.Alone(Guarded(isRequired: true, TestConfig.Instance(), TestConfig.Instance(name: "VI_2", vrid: 52)));
        m.Driver.Advance(5);
        Assert.All(m.State.Instances, each => Assert.Equal(VrrpPhase.Master, each.Phase));
        m.Hear('z', 200);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.True(m.IsWatchdogArmed);
        m.Hear('z', 200, instance: 1);
        Assert.False(m.IsWatchdogArmed);
    }

    // Shown: the timeout is what fits into the adverts that a peer has to miss, and never less than a second.
    [Theory]
    [InlineData(1000, 3, 3)]
    [InlineData(2500, 3, 7)]
    [InlineData(200, 3, 1)]
    [InlineData(500, 3, 1)]
    [InlineData(1000, 5, 5)]
    public void The_timeout_fits_into_the_missed_adverts(int milliseconds, int adverts, int seconds)
    {
        VrrpConfig instance = TestConfig.Instance().Version3(milliseconds) with { DownTimerAdverts = adverts };
        Assert.Equal(TimeSpan.FromSeconds(seconds), WatchdogConfig.TimeoutFor([TestConfig.Instance() with { AdvertInterval = TimeSpan.FromSeconds(10) }, instance]));
    }

    private static NodeConfig Guarded(bool isRequired, params VrrpConfig[] instances) =>
        TestConfig.Node(instances) with { Watchdog = new WatchdogConfig("/dev/watchdog", isRequired, TimeSpan.FromSeconds(3)) };
}
