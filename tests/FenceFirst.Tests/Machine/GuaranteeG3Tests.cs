using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>G3 A started fence is remembered.</summary>
public class GuaranteeG3Tests
{
    // Shown: the answer to the first try arrives again while the second runs; nothing happens.
    [Fact]
    public void A_late_answer_to_an_older_attempt_changes_nothing()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("z") with { Attempts = 2 }));
        m.Driver.Advance(4);
        uint first = m.OpenSteps.Single().Attempt;
        m.Fail();
        m.Driver.Advance(1);
        Assert.NotEqual(first, m.OpenSteps.Single().Attempt);
        m.Deliver(NodeEvent.StepEnded(0, first, StepOutcome.Success));
        Assert.Equal("", m.Seen);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
    }

    // Shown: a timed out fence is killed, and until it has answered no second attempt starts.
    [Fact]
    public void No_second_attempt_before_the_first_is_known()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("z") with { Attempts = 5, Timeout = TimeSpan.FromSeconds(2) }));
        m.Driver.Advance(12);
        Assert.Single(m.OpenSteps);
        m.Fail();
        m.Driver.Advance(1.1);
        Assert.Equal(2, m.First.Steps.Tries);
    }

    // Shown: a killed fence that does not die makes us say priority 0. Whoever believes it may take over, so this promotion can only fail.
    [Fact]
    public void After_a_release_the_attempt_under_way_cannot_succeed_any_more()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("z") with { Attempts = 5, Timeout = TimeSpan.FromSeconds(2) }));
        m.Driver.Advance(60);
        Assert.Equal(1, m.Releases);
        m.Succeed();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Equal(1, m.First.FailedPromotions);
    }

    // Shown: whatever ends a promotion while a fence runs, the phase is left only when the fence has answered.
    [Theory]
    [InlineData("fault")]
    [InlineData("stop")]
    [InlineData("stall")]
    [InlineData("better")]
    public void A_started_fence_is_awaited_whatever_happens(string what)
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("y")));
        m.Driver.Advance(4);
        switch (what)
        {
            case "fault":
                m.Deliver(NodeEvent.LinkChanged(0, false));
                break;
            case "stop":
                m.Deliver(NodeEvent.StopRequested());
                break;
            case "stall":
                m.Driver.Suspend(30);
                m.Driver.Advance(0.001);
                break;
            default:
                m.Hear('z', 200);
                break;
        }

        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.Succeed();
        Assert.NotEqual(VrrpPhase.Promoting, m.Phase);
        Assert.NotEqual(VrrpPhase.Master, m.Phase);
    }

    // Shown: while an operator tests a device, no promotion fences the same target; it goes on when the test has ended. Another target is not held up.
    [Fact]
    public void A_fence_waits_for_an_operators_test_of_the_same_target()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Node(
            TestConfig.Instance().Promote(TestConfig.Fence("z")), TestConfig.Instance(name: "VI_2", vrid: 52).Promote(TestConfig.Fence("y"))));
        m.Deliver(NodeEvent.FenceTestChanged([TestConfig.AddressOf('z')]));
        m.Driver.Advance(60);
        Assert.Equal(1, m.OpenSteps.Single().Instance);
        Assert.True(m.First.Steps.IsQueued);
        Assert.True(OperatorRules.IsFencing(m.Config, m.State, [TestConfig.AddressOf('y')]));
        m.Deliver(NodeEvent.FenceTestChanged([]));
        Assert.Equal(2, m.OpenSteps.Count);
    }

    // Shown: two instances, one in its pause after a failure. When the other one has fenced the target, the pause is over: after it the target would be back, be fenced
    // again, and with it what it has taken meanwhile (seeds 1364496 and 719726899064). What fences somebody else goes on waiting, and the next pause is longer.
    [Fact]
    public void A_fence_ends_the_pause_of_another_instance_of_the_same_target()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Node(
            TestConfig.Instance().Promote(TestConfig.Fence("z")),
            TestConfig.Instance(name: "VI_2", vrid: 52).Promote(TestConfig.Fence("yz")),
            TestConfig.Instance(name: "VI_3", vrid: 53).Promote(TestConfig.Fence("x"))));
        m.Driver.Advance(4);
        m.Fail(2);
        m.Driver.Advance(0.1);
        m.Succeed(0);
        Assert.Equal(1, m.OpenSteps.Single().Instance);
        m.Fail(1);
        Assert.True(m.Recorded(TimelineKind.PromotionFailed));
        m.Hear('z', 50);
        m.Driver.Advance(0);
        MonotonicInstant failedAt = m.Driver.Now;
        Assert.Equal(VrrpPhase.Master, m.First.Phase);
        Assert.True(m.State.Instances[1].RetryAt > failedAt + TimeSpan.FromSeconds(20));

        // The first one loses its place, and fences z again while the second one still waits.
        m.Hear('z', 200);
        m.Driver.Advance(5);
        m.Succeed(0);
        Assert.True(m.Recorded(TimelineKind.PauseEnded));
        m.Driver.Advance(0.1);
        Assert.Equal([1], m.OpenSteps.Select(open => open.Instance));
        Assert.Equal(VrrpPhase.Backup, m.State.Instances[2].Phase);
        m.Fail(1);
        Assert.Equal(2, m.State.Instances[1].FailedPromotions);
    }
}
