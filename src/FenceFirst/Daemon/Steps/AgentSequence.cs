using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;

namespace FenceFirst.Daemon.Steps;

/// <summary>What happens next in a sequence.</summary>
internal enum AgentMoveKind : byte
{
    /// <summary>The agent is run with an action.</summary>
    Run = 0,

    /// <summary>Nothing for <see cref="AgentSequence.Pause"/>.</summary>
    Wait,

    /// <summary>The sequence is over; Core gets the outcome.</summary>
    End,
}

/// <summary>The next thing to do, and what an operator should know about it.</summary>
/// <param name="Kind">What happens.</param>
/// <param name="Action">What the agent is asked to do.</param>
/// <param name="Outcome">What Core is told at the end.</param>
/// <param name="Note">A line for the log; empty = none.</param>
/// <param name="Level">How much attention the line deserves.</param>
internal readonly record struct AgentMove(
    AgentMoveKind Kind, string Action = "", StepOutcome Outcome = default, string Note = "", TimelineLevel Level = TimelineLevel.Notice);

/// <summary>One attempt with a fence agent as a sequence of programs: which one comes next, and what the attempt has come to.</summary>
/// <remarks>
/// Phases: Acting (the agent is asked to switch off), Asking (its status is asked until it says off), SwitchingOn (verified off, only after
/// reboot of a device of its own: devices that reboot together are off, off, on, on, each an attempt). The attempt succeeds only from Acting without verify, or by a status that says off. ClusterLabs' FenceAgentAPI.md: exit status 0
/// of `status` is on, 2 is off, anything else is no answer. Nothing here ends by itself: Core's time bound does.
/// </remarks>
/// <param name="agent">The agent.</param>
/// <param name="isQuestion">Whether it is only asked, so that nothing is switched: one program, whose outcome is that of the sequence.</param>
internal sealed class AgentSequence(FenceAgent agent, bool isQuestion = false)
{
    /// <summary>Between two questions for the status.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private const int StatusOff = 2;

    private Phase _phase = Phase.Acting;
    private string _lastNote = "";

    private enum Phase : byte
    {
        Acting = 0,
        Asking,
        SwitchingOn,
        Ended,
    }

    /// <summary>Whether the target is known to be off and only its power is being restored: then the fence has succeeded whatever comes.</summary>
    public bool IsVerifiedOff => _phase == Phase.SwitchingOn;

    /// <summary>The first program.</summary>
    public AgentMove Begin() => new(AgentMoveKind.Run, isQuestion ? agent.Question : agent.Action switch
    {
        FenceAction.Off => "off",
        FenceAction.Reboot => agent.IsVerified ? "off" : "reboot",
        FenceAction.On => "on",
    });

    /// <summary>A program of the sequence has ended.</summary>
    public AgentMove ProgramEnded(StepOutcome outcome) => _phase switch
    {
        Phase.Acting => Acted(outcome),
        Phase.Asking => Answered(outcome),
        Phase.SwitchingOn => SwitchedOn(outcome),
        Phase.Ended => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>The pause is over.</summary>
    public static AgentMove Waited() => new(AgentMoveKind.Run, "status");

    /// <summary>The time bound is near and the target is being switched on: the fence must not fail for that.</summary>
    public AgentMove OutOfTime()
    {
        _phase = Phase.Ended;
        return new AgentMove(AgentMoveKind.End, "", StepOutcome.Success, "the target is off, and was not switched on again in time: do that by hand", TimelineLevel.Error);
    }

    private AgentMove Acted(StepOutcome outcome)
    {
        if (isQuestion || !outcome.IsSuccess || !agent.IsVerified || agent.Action == FenceAction.On)
        {
            _phase = Phase.Ended;
            return new AgentMove(AgentMoveKind.End, "", outcome);
        }

        _phase = Phase.Asking;
        return new AgentMove(AgentMoveKind.Run, "status");
    }

    private AgentMove Answered(StepOutcome outcome)
    {
        if (outcome is not { Kind: StepOutcomeKind.Exited, Code: StatusOff })
        {
            string note = outcome.IsSuccess
                ? "the agent has reported success, but the status says that the target is still on; asking again"
                : $"no status: the agent {TimelineText.Outcome(outcome)}; asking again";
            bool isNew = note != _lastNote;
            _lastNote = note;
            return new AgentMove(AgentMoveKind.Wait, Note: isNew ? note : "", Level: TimelineLevel.Warning);
        }

        if (agent.Action == FenceAction.Reboot)
        {
            _phase = Phase.SwitchingOn;
            return new AgentMove(AgentMoveKind.Run, "on", Note: "the status says off; switching the target on again");
        }

        _phase = Phase.Ended;
        return new AgentMove(AgentMoveKind.End, "", StepOutcome.Success, "the status says off");
    }

    private AgentMove SwitchedOn(StepOutcome outcome)
    {
        _phase = Phase.Ended;
        return new AgentMove(
            AgentMoveKind.End,
            "",
            StepOutcome.Success,
            outcome.IsSuccess ? "" : $"the target is off, and could not be switched on again: the agent {TimelineText.Outcome(outcome)}; do that by hand",
            TimelineLevel.Error);
    }
}
