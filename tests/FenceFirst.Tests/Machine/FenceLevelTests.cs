using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>docs/promotion.md section 2: `fence a then b`, `fence a and b`, sentence by sentence.</summary>
public class FenceLevelTests
{
    // 2: the next level begins when the one before has failed for the last time; its success is the fence's.
    [Fact]
    public void A_level_is_tried_when_the_one_before_has_failed_for_the_last_time()
    {
        SimulatedNode m = Lost(TestConfig.Levels("a then b", device => device with { Attempts = device.Name == "a" ? 2 : 1 }));
        Assert.Equal("a", Running(m));
        m.Fail();
        m.Driver.Advance(1);
        Assert.Equal("a", Running(m));
        m.Fail();
        Assert.Equal("step:0/1.0", m.Seen);
        Assert.Equal("b", Running(m));
        Assert.True(m.Recorded(TimelineKind.FenceLevelFailed));
        m.Succeed();
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // 2: all devices of a level have to succeed, one after the other.
    [Fact]
    public void Every_device_of_a_level_has_to_succeed()
    {
        SimulatedNode m = Lost(TestConfig.Levels("a and b"));
        m.Succeed();
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        Assert.Equal("b", Running(m));
        m.Succeed();
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // 2: a level fails as soon as one of its devices has; the others of it are not tried, and the next level begins from its first device.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_level_fails_as_soon_as_one_device_has_failed(bool isFirstGood)
    {
        SimulatedNode m = Lost(TestConfig.Levels("a and b then c and d"));
        if (isFirstGood)
        {
            m.Succeed();
        }

        m.Fail();
        Assert.Equal("c", Running(m));
        m.Succeed();
        Assert.Equal("d", Running(m));
    }

    // 2: the fence has failed when its last level has; the failure names the last device, and the promotion fails once.
    [Fact]
    public void The_fence_fails_with_its_last_level()
    {
        SimulatedNode m = Lost(TestConfig.Levels("a and b then c"));
        m.Fail();
        m.Fail();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Equal(1, m.First.FailedPromotions);
        string text = TimelineText.Describe(m.Config, m.Entries.Single(entry => entry.Kind == TimelineKind.PromotionFailed));
        Assert.Contains("failed at fence a and b then c: its last level failed at fence c (level 2 of 2), which exited with status 1", text);
        Assert.Contains("/c", text);
        m.Driver.Advance(31);
        Assert.Equal("a", Running(m));
    }

    // 2: every device has its own attempts, time bound, pause and delay.
    [Fact]
    public void Every_device_has_its_own_bounds()
    {
        SimulatedNode m = Lost(TestConfig.Levels("a then b", device => device.Name == "a"
            ? device with { Timeout = TimeSpan.FromSeconds(3) }
            : device with { Timeout = TimeSpan.FromSeconds(7), Attempts = 2, RetryInterval = TimeSpan.FromSeconds(4), Delay = TimeSpan.FromSeconds(2) }));
        m.Driver.Advance(3.1);
        Assert.Single(m.Killed);
        m.Fail();
        Assert.Empty(m.OpenSteps);
        m.Driver.Advance(1.9);
        Assert.Empty(m.OpenSteps);
        m.Driver.Advance(0.2);
        Assert.Equal("b", Running(m));
        m.Driver.Advance(6.8);
        Assert.Single(m.Killed);
        m.Driver.Advance(0.3);
        Assert.Equal(2, m.Killed.Count);
        m.Fail();
        m.Driver.Advance(3.9);
        Assert.Empty(m.OpenSteps);
        m.Driver.Advance(0.2);
        Assert.Equal("b", Running(m));
    }

    // 2, G3: an attempt under way is awaited before the next level begins, also when it has been killed.
    [Fact]
    public void A_killed_attempt_is_awaited_before_the_next_level()
    {
        SimulatedNode m = Lost(TestConfig.Levels("a then b", device => device with { Timeout = TimeSpan.FromSeconds(3) }));
        uint first = m.OpenSteps.Single().Attempt;
        m.Driver.Advance(9);
        Assert.Equal("a", Running(m));
        m.Succeed();
        Assert.Equal("b", Running(m));
        m.Deliver(NodeEvent.StepEnded(0, first, StepOutcome.Success));
        Assert.Equal("b", Running(m));
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
    }

    // 2: one entry per attempt, with the name of the device and of its level.
    [Fact]
    public void Every_attempt_is_told_with_its_device_and_level()
    {
        SimulatedNode m = Lost(TestConfig.Levels("a and b then c", device => device with { Attempts = 2 }));
        m.Fail();
        m.Driver.Advance(1);
        m.Succeed();
        m.Fail();
        m.Driver.Advance(1);
        m.Fail();
        m.Succeed();
        TimelineEntry[] ends = [.. m.Entries.Where(entry => entry.Kind == TimelineKind.StepEnded)];
        string[] told = [.. ends.Select(entry => $"{TimelineText.DeviceName(m.Config, entry)} {entry.Level} {entry.Device} {entry.Second}")];
        Assert.Equal(["a 0 0 1", "a 0 0 2", "b 0 1 1", "b 0 1 2", "c 1 0 1"], told);
        Assert.Contains("fence b (level 1 of 2) exited with status 1", TimelineText.Describe(m.Config, ends[2]));
        Assert.Contains("level 1 of fence a and b then c has failed at fence b (level 1 of 2); level 2 begins", TimelineText.Describe(m.Config, m.Entries.Single(entry => entry.Kind == TimelineKind.FenceLevelFailed)));
    }

    // 2: half a level is no proof: what the target sends meanwhile is expected, and no fence has lied.
    [Fact]
    public void A_target_that_is_heard_between_two_devices_has_refuted_nothing()
    {
        SimulatedNode m = Lost(TestConfig.Levels("a and b"));
        m.Succeed();
        m.Driver.Advance(1);
        m.Hear('z', 200);
        Assert.Equal("b", Running(m));
        Assert.False(m.Recorded(TimelineKind.FenceLied));
        m.Succeed();
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // 2, 3: after the whole fence it has lied, whichever device it was.
    [Fact]
    public void A_target_that_is_heard_after_its_last_device_proves_the_lie()
    {
        SimulatedNode m = Lost(TestConfig.Levels("a then b"), TestConfig.Run());
        m.Fail();
        m.Succeed();
        m.Driver.Advance(1);
        m.Hear('z', 200);
        m.Succeed();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        string text = TimelineText.Describe(m.Config, m.Entries.Single(entry => entry.Kind == TimelineKind.PromotionFailed));
        Assert.Contains("failed at fence a then b, which reported success although its target goes on advertising (a fence that lies)", text);
    }

    // 2, 3: somebody better ends it; the attempt under way is awaited, no further device is started.
    [Fact]
    public void A_better_station_ends_the_fence_at_the_device_under_way()
    {
        SimulatedNode m = Lost(TestConfig.Levels("a and b then c"));
        m.Hear('y', 200);
        Assert.Equal("a", Running(m));
        m.Fail();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Empty(m.OpenSteps);
    }

    // 2, 3: an operator's word is one for the whole fence: what is under way is awaited, the rest is not tried.
    [Fact]
    public void A_confirmation_answers_for_all_levels()
    {
        SimulatedNode m = Lost(TestConfig.Levels("a and b then c"), TestConfig.Run());
        m.Succeed();
        m.Deliver(NodeEvent.OperatorConfirmed(0, TestConfig.AddressOf('z')));
        Assert.Equal("b", Running(m));
        m.Fail();
        Assert.Equal("promote", Running(m));
        Assert.Equal((0, 0, 1), (m.First.Steps.Level, m.First.Steps.Device, m.First.Steps.Tries));
    }

    // 2: with fence_scope last_master all devices of another target are skipped together.
    [Fact]
    public void A_fence_is_skipped_as_a_whole()
    {
        VrrpConfig config = TestConfig.Instance().Promote(TestConfig.Levels("a and b then c"), TestConfig.Fence("y")).Plan(plan => plan with { Scope = FenceScope.LastMaster });
        SimulatedNode m = MachineDriver.Alone(config);
        m.Hear('y', 200);
        m.Driver.Advance(4);
        Assert.Equal("fence_y", Running(m));
    }

    // 2: both supplies are off before one is switched on again, and that it is does not decide anything.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_restores_the_power_decides_nothing(bool isRestored)
    {
        PromotionStep fence = TestConfig.Levels("a and b");
        fence = fence with { Levels = [new FenceLevel([.. (IEnumerable<PromotionStep>)fence.Levels[0].Devices, TestConfig.On("a"), TestConfig.On("b")])] };
        SimulatedNode m = Lost(fence);
        m.Succeed();
        Assert.True(m.First.Steps.FencedAt.IsNever);
        m.Succeed();
        MonotonicInstant fencedAt = m.Driver.Now;
        Assert.Equal(fencedAt, m.First.Steps.FencedAt);
        Assert.Equal(("a", true), (Running(m), m.OpenSteps.Single().Step.IsRestoring));
        m.Driver.Advance(2);
        m.Answer(isRestored ? StepOutcome.Success : new StepOutcome(StepOutcomeKind.Exited, 1));
        Assert.Equal("b", Running(m));
        Assert.Equal(fencedAt, m.First.Steps.FencedAt);
        m.Answer(isRestored ? StepOutcome.Success : new StepOutcome(StepOutcomeKind.Exited, 1));
        Assert.Equal(VrrpPhase.Master, m.Phase);
        Assert.Equal(!isRestored, m.Recorded(TimelineKind.PowerNotRestored));
    }

    // 2: a device that cannot switch off fails its level before anything is switched on.
    [Fact]
    public void Nothing_is_switched_on_when_not_everything_is_off()
    {
        PromotionStep fence = TestConfig.Levels("a and b");
        fence = fence with { Levels = [new FenceLevel([.. (IEnumerable<PromotionStep>)fence.Levels[0].Devices, TestConfig.On("a"), TestConfig.On("b")])] };
        SimulatedNode m = Lost(fence);
        m.Succeed();
        m.Fail();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Empty(m.OpenSteps);
    }

    // G3: between two devices of a level no other instance touches the target; when the fence is left in the middle, the other one goes on.
    [Theory]
    [InlineData("succeeds")]
    [InlineData("master")]
    [InlineData("fault")]
    [InlineData("stop")]
    public void Between_two_devices_of_a_level_no_other_instance_fences_the_target(string end)
    {
        VrrpConfig first = TestConfig.Instance().Promote(TestConfig.Levels("a and b", device => device with { Delay = TimeSpan.FromSeconds(device.Name == "b" ? 5 : 0) }));
        VrrpConfig second = TestConfig.Instance(name: "VI_2", vrid: 52).Promote(TestConfig.Fence("z") with { Timeout = TimeSpan.FromSeconds(1000) });
        SimulatedNode m = MachineDriver.Alone(TestConfig.Node(first, second) with { Links = ["eth0", "eth1"] });
        m.Driver.Advance(4);
        Assert.True(m.State.Instances[1].Steps.IsQueued);
        m.Succeed();
        m.Driver.Advance(4.9);
        Assert.Empty(m.OpenSteps);
        switch (end)
        {
            case "succeeds":
                m.Driver.Advance(0.2);
                Assert.Equal("b", Running(m));
                m.Succeed();
                break;
            case "master":
                m.Hear('y', 200);
                break;
            case "fault":
                m.Deliver(NodeEvent.SourceChanged(0, InternetAddress.None));
                break;
            default:
                m.Deliver(NodeEvent.StopRequested(0));
                break;
        }

        Assert.Equal(1, m.OpenSteps.Single().Instance);
    }

    // 2: random delays are drawn per device, and a better priority waits less: (256 - priority) / 256, as Skew_Time.
    [Theory]
    [InlineData(255, 5.1)]
    [InlineData(150, 15.6)]
    [InlineData(100, 20.6)]
    [InlineData(1, 30.5)]
    public void A_better_priority_waits_less(byte priority, double seconds)
    {
        PromotionStep fence = TestConfig.Fence("z") with { Delay = TimeSpan.FromSeconds(5), PriorityDelay = TimeSpan.FromSeconds(25.6) };
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance(priority).Promote(fence));
        m.Driver.AdvanceTo(m.First.MasterDownAt);
        m.Driver.Advance(seconds - 0.01);
        Assert.Empty(m.OpenSteps);
        m.Driver.Advance(0.02);
        Assert.Single(m.OpenSteps);
    }

    // 2: it is the configured priority, so that a tracker cannot make the delays of two nodes equal.
    [Fact]
    public void A_tracker_does_not_change_the_delay()
    {
        PromotionStep fence = TestConfig.Fence("z") with { PriorityDelay = TimeSpan.FromSeconds(25.6) };
        SimulatedNode m = MachineDriver.Alone(TestConfig.Node(TestConfig.Instance(156).Promote(fence) with { TrackLinks = [new TrackReference(0, 0, false), new TrackReference(1, -100, false)] }) with { Links = ["eth0", "eth1"] });
        Assert.Equal(56, m.First.Priority);
        m.Driver.AdvanceTo(m.First.MasterDownAt);
        m.Driver.Advance(10.01);
        Assert.Single(m.OpenSteps);
    }

    private static string Running(SimulatedNode m) => m.OpenSteps.Single().Step.Name;

    private static SimulatedNode Lost(params PromotionStep[] steps)
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(steps));
        m.Hear('z', 200);
        m.Driver.AdvanceTo(m.First.MasterDownAt);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        return m;
    }
}
