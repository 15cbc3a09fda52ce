using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
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
}
