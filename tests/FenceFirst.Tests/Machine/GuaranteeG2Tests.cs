using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>G2 Unknown is no: exit status 0 within the bound is the only success.</summary>
public class GuaranteeG2Tests
{
    // Shown: every other outcome leaves the address unadded.
    [Theory]
    [InlineData(StepOutcomeKind.Exited, 1)]
    [InlineData(StepOutcomeKind.Exited, 255)]
    [InlineData(StepOutcomeKind.Signalled, 0)]
    [InlineData(StepOutcomeKind.Signalled, 9)]
    [InlineData(StepOutcomeKind.CouldNotStart, 0)]
    [InlineData(StepOutcomeKind.CouldNotStart, 2)]
    [InlineData(StepOutcomeKind.TimedOut, 0)]
    [InlineData(StepOutcomeKind.NotReached, 0)]
    [InlineData(StepOutcomeKind.NotReached, 1)]
    public void Everything_but_exit_status_zero_is_failure(StepOutcomeKind kind, int code)
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("z")));
        m.Driver.Advance(4);
        m.Answer(new StepOutcome(kind, code));
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.False(m.Holds());
    }

    // Shown: a loop that was late takes the answer before the timer; the bound has passed all the same.
    [Fact]
    public void An_answer_after_the_bound_is_none()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("z") with { Timeout = TimeSpan.FromSeconds(2) }));
        m.Driver.AdvanceTo(m.First.MasterDownAt);
        m.Driver.Suspend(2.1);
        m.Answer(StepOutcome.Success);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Equal(StepOutcomeKind.TimedOut, m.Entries.Single(entry => entry.Kind == TimelineKind.PromotionFailed).Outcome.Kind);
    }

    // Shown: the node dies while the fence runs; the next life counts a failure, and after its pause starts a fence of its own.
    [Fact]
    public void A_step_that_ran_when_the_daemon_died_has_not_succeeded()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("z")));
        m.Driver.Advance(4);
        m.Crash();
        m.Boot();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        m.Driver.Advance(29);
        Assert.Empty(m.OpenSteps);
        m.Driver.Advance(4);
        Assert.Single(m.OpenSteps);
        Assert.Equal(2ul, m.First.Steps.Epoch);
    }
}
