using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Daemon.Steps;
using FenceFirst.Tests.Machine;

namespace FenceFirst.Tests.Daemon;

/// <summary>What a test of a fence device, or a question for its status, has come to.</summary>
public sealed class DeviceRunTests
{
    private static readonly StepOutcome On = StepOutcome.Success;
    private static readonly StepOutcome Off = new(StepOutcomeKind.Exited, 2);
    private static readonly StepOutcome Bad = new(StepOutcomeKind.Exited, 1);

    [Fact]
    public void A_question_is_one_program_and_switches_nothing()
    {
        AgentSequence question = new(new FenceAgent { Action = FenceAction.Reboot }, isQuestion: true);
        Assert.Equal("status", question.Begin().Action);
        AgentMove end = question.ProgramEnded(Off);
        Assert.Equal((AgentMoveKind.End, Off), (end.Kind, end.Outcome));
        Assert.Equal("monitor", new AgentSequence(new FenceAgent { IsVerified = false }, isQuestion: true).Begin().Action);
    }

    // FenceAgentAPI.md: exit status 0 of `status` is on, 2 is off, anything else is no answer. `monitor` has only 0.
    [Theory]
    [InlineData(0, true, true, "the target is on")]
    [InlineData(2, true, true, "the target is off")]
    [InlineData(1, true, false, "exited with status 1")]
    [InlineData(0, false, true, "the device answers")]
    [InlineData(2, false, false, "exited with status 2")]
    public void An_answer_is_on_or_off_and_everything_else_is_none(int status, bool isVerified, bool isGood, string words)
    {
        DeviceRun run = Run(new FenceAgent { IsVerified = isVerified }, isQuestion: true, new StepOutcome(StepOutcomeKind.Exited, status));
        Assert.Equal(isGood, run.IsGood);
        Assert.Contains(words, run.Words, StringComparison.Ordinal);
    }

    // Shown: a whole test is good with exit status 0 only, and says what nobody has looked at.
    [Fact]
    public void A_test_is_good_when_the_fence_is()
    {
        Assert.True(Run(new FenceAgent(), isQuestion: false, On).IsGood);
        Assert.False(Run(new FenceAgent(), isQuestion: false, Off).IsGood);
        Assert.False(Run(null, isQuestion: false, Bad).IsGood);
        Assert.False(Run(null, isQuestion: false, new StepOutcome(StepOutcomeKind.TimedOut)).IsGood);
        Assert.Contains("its status says off", Run(new FenceAgent(), isQuestion: false, On).Words, StringComparison.Ordinal);
        Assert.Contains("nobody has asked for the status", Run(new FenceAgent { IsVerified = false }, isQuestion: false, On).Words, StringComparison.Ordinal);
        Assert.Contains("the script has succeeded", Run(null, isQuestion: false, On).Words, StringComparison.Ordinal);
    }

    // Shown: what is kept of the way is bounded.
    [Fact]
    public void What_is_told_is_bounded()
    {
        DeviceRun run = Run(null, isQuestion: false, On);
        for (int i = 0; i < 1000; i++)
        {
            run.Tell($"line {i}");
        }

        Assert.Equal(20, run.Lines.Count);
    }

    private static DeviceRun Run(FenceAgent? agent, bool isQuestion, StepOutcome outcome) =>
        new(new FenceDeviceConfig(TestConfig.Fence("z") with { Agent = agent }), isQuestion, 1, MonotonicInstant.Zero) { Outcome = outcome };
}
