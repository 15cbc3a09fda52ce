using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Daemon.Steps;

namespace FenceFirst.Tests.Daemon;

/// <summary>One attempt with a fence agent: only a status that says off makes a verified fence succeed.</summary>
public sealed class AgentSequenceTests
{
    private static readonly StepOutcome Good = StepOutcome.Success;
    private static readonly StepOutcome Off = new(StepOutcomeKind.Exited, 2);
    private static readonly StepOutcome Bad = new(StepOutcomeKind.Exited, 1);

    [Fact]
    public void Off_is_verified_by_a_status_that_says_off()
    {
        AgentSequence sequence = new(new FenceAgent());
        Assert.Equal((AgentMoveKind.Run, "off"), Short(sequence.Begin()));
        Assert.Equal((AgentMoveKind.Run, "status"), Short(sequence.ProgramEnded(Good)));
        AgentMove end = sequence.ProgramEnded(Off);
        Assert.Equal((AgentMoveKind.End, Good), (end.Kind, end.Outcome));
    }

    [Fact]
    public void A_status_that_says_on_or_nothing_is_asked_again_without_end()
    {
        // 0 = on, 1 = error, a signal, a program that could not start: none of them is off, and only a new reason is logged.
        AgentSequence sequence = new(new FenceAgent());
        sequence.Begin();
        sequence.ProgramEnded(Good);
        StepOutcome[] answers = [Good, Bad, new(StepOutcomeKind.Exited, 3), new(StepOutcomeKind.Signalled, 2), new(StepOutcomeKind.CouldNotStart, 2)];
        foreach (StepOutcome answer in answers.Concat(answers))
        {
            AgentMove move = sequence.ProgramEnded(answer);
            Assert.Equal((AgentMoveKind.Wait, TimelineLevel.Warning), (move.Kind, move.Level));
            Assert.NotEqual("", move.Note);
            Assert.Equal((AgentMoveKind.Run, "status"), Short(AgentSequence.Waited()));
            Assert.Equal((AgentMoveKind.Wait, ""), (sequence.ProgramEnded(answer).Kind, sequence.ProgramEnded(answer).Note));
        }

        Assert.False(sequence.IsVerifiedOff);
        Assert.Equal(AgentMoveKind.End, sequence.ProgramEnded(Off).Kind);
    }

    [Theory]
    [InlineData(FenceAction.Off, true)]
    [InlineData(FenceAction.Reboot, true)]
    [InlineData(FenceAction.Off, false)]
    [InlineData(FenceAction.Reboot, false)]
    public void An_agent_that_fails_ends_the_attempt_at_once(FenceAction action, bool isVerified)
    {
        foreach (StepOutcome outcome in (StepOutcome[])[Bad, Off, new(StepOutcomeKind.Signalled, 9), new(StepOutcomeKind.CouldNotStart, 13)])
        {
            AgentSequence sequence = new(new FenceAgent { Action = action, IsVerified = isVerified });
            sequence.Begin();
            AgentMove end = sequence.ProgramEnded(outcome);
            Assert.Equal((AgentMoveKind.End, outcome), (end.Kind, end.Outcome));
        }
    }

    [Theory]
    [InlineData(FenceAction.Off, "off")]
    [InlineData(FenceAction.Reboot, "reboot")]
    public void Without_verify_the_exit_status_decides(FenceAction action, string word)
    {
        AgentSequence sequence = new(new FenceAgent { Action = action, IsVerified = false });
        Assert.Equal((AgentMoveKind.Run, word), Short(sequence.Begin()));
        AgentMove end = sequence.ProgramEnded(Good);
        Assert.Equal((AgentMoveKind.End, Good), (end.Kind, end.Outcome));
    }

    [Fact]
    public void A_verified_reboot_is_off_then_status_then_on()
    {
        AgentSequence sequence = RebootedUntilOff();
        AgentMove end = sequence.ProgramEnded(Good);
        Assert.Equal((AgentMoveKind.End, Good, ""), (end.Kind, end.Outcome, end.Note));
    }

    [Fact]
    public void A_peer_that_is_off_is_fenced_although_it_cannot_be_switched_on_again()
    {
        AgentMove failed = RebootedUntilOff().ProgramEnded(Bad);
        Assert.Equal((AgentMoveKind.End, Good, TimelineLevel.Error), (failed.Kind, failed.Outcome, failed.Level));
        Assert.Contains("do that by hand", failed.Note, StringComparison.Ordinal);
        AgentMove late = RebootedUntilOff().OutOfTime();
        Assert.Equal((AgentMoveKind.End, Good, TimelineLevel.Error), (late.Kind, late.Outcome, late.Level));
    }

    [Fact]
    public void Power_that_is_restored_is_one_program_and_no_question()
    {
        foreach (StepOutcome outcome in (StepOutcome[])[Good, Bad])
        {
            AgentSequence sequence = new(new FenceAgent { Action = FenceAction.On });
            Assert.Equal((AgentMoveKind.Run, "on"), Short(sequence.Begin()));
            AgentMove end = sequence.ProgramEnded(outcome);
            Assert.Equal((AgentMoveKind.End, outcome), (end.Kind, end.Outcome));
        }
    }

    private static AgentSequence RebootedUntilOff()
    {
        AgentSequence sequence = new(new FenceAgent { Action = FenceAction.Reboot });
        Assert.Equal((AgentMoveKind.Run, "off"), Short(sequence.Begin()));
        Assert.Equal((AgentMoveKind.Run, "status"), Short(sequence.ProgramEnded(Good)));
        Assert.False(sequence.IsVerifiedOff);
        Assert.Equal((AgentMoveKind.Run, "on"), Short(sequence.ProgramEnded(Off)));
        Assert.True(sequence.IsVerifiedOff);
        return sequence;
    }

    private static (AgentMoveKind Kind, string Action) Short(AgentMove move) => (move.Kind, move.Action);
}
