using FenceFirst.Core;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Daemon.Steps;

/// <summary>Runs fence agents: one attempt of Core is one sequence of programs, of which one runs at a time, all under the attempt's own number.</summary>
/// <param name="processes">Child processes.</param>
/// <param name="log">The log; null = every attempt has a listener.</param>
/// <param name="ended">Takes the one outcome of an attempt; called exactly once for each.</param>
internal sealed class AgentRuns(ProcessRunner processes, LogWriter? log, Action<long, StepOutcome> ended) : IDisposable
{
    private const int TooManyPrograms = 11;
    private const int Terminated = 15;

    /// <summary>How long before the step's time bound an unfinished `on` is given up.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(500);

    private readonly Dictionary<long, Run> _runs = [];
    private readonly DeadlineTimer _timer = new();

    /// <summary>Readable when <see cref="TakeTimer"/> has something to do.</summary>
    public int Descriptor => _timer.Descriptor;

    /// <summary>Begins an attempt.</summary>
    /// <param name="template">Program, environment and identity; its tag is the attempt's number.</param>
    /// <param name="step">The step.</param>
    /// <param name="agent">The step's agent.</param>
    /// <param name="instance">For the log.</param>
    /// <param name="listener">Gets what is said about it in place of the log; null = the log does.</param>
    public void Start(ProcessRequest template, PromotionStep step, FenceAgent agent, string instance, DeviceRun? listener = null)
    {
        MonotonicInstant giveUpAt = step.Timeout == TimeSpan.MaxValue ? MonotonicInstant.Never : MonotonicClock.Now + (step.Timeout - Margin);
        Run run = new(template, agent, instance, step.Name, giveUpAt, listener);
        _runs.Add(template.Tag, run);
        Carry(run, run.Sequence.Begin());
    }

    /// <summary>Ends an attempt: the program that runs is asked to end, and no further one is started.</summary>
    /// <returns>False when the attempt is none of an agent.</returns>
    public bool Stop(long tag)
    {
        if (!_runs.TryGetValue(tag, out Run? run))
        {
            return false;
        }

        run.IsStopped = true;
        if (!processes.Terminate(tag))
        {
            End(run, new StepOutcome(StepOutcomeKind.Signalled, Terminated));
        }

        return true;
    }

    /// <summary>Takes the end of a program; false when it is none of an agent.</summary>
    public bool Completed(in ProcessCompletion completion)
    {
        if (!_runs.TryGetValue(completion.Tag, out Run? run))
        {
            return false;
        }

        LogOutput(run, completion);
        StepOutcome outcome = ProgramOutput.OutcomeOf(completion);
        if (run.IsStopped)
        {
            // A program that ended well after it was told to stop leaves the sequence unfinished all the same.
            End(run, outcome.IsSuccess ? new StepOutcome(StepOutcomeKind.Signalled, Terminated) : outcome);
        }
        else
        {
            Carry(run, run.Sequence.ProgramEnded(outcome));
        }

        return true;
    }

    /// <summary>Goes on with the attempts whose pause is over.</summary>
    public void TakeTimer()
    {
        _timer.Acknowledge();
        MonotonicInstant now = MonotonicClock.Now;
        foreach (Run run in _runs.Values.Where(each => each.WakeAt <= now).ToArray())
        {
            run.WakeAt = MonotonicInstant.Never;
            if (run.Sequence.IsVerifiedOff)
            {
                Carry(run, run.Sequence.OutOfTime());
                processes.Terminate(run.Template.Tag);
            }
            else
            {
                Carry(run, AgentSequence.Waited());
            }
        }

        ArmTimer();
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Carry(Run run, AgentMove move)
    {
        if (move.Note.Length > 0)
        {
            Write(run, move.Level, move.Note);
        }

        switch (move.Kind)
        {
            case AgentMoveKind.Run:
                StartProgram(run, move.Action);
                break;
            case AgentMoveKind.Wait:
                run.WakeAt = MonotonicClock.Now + AgentSequence.Pause;
                ArmTimer();
                break;
            case AgentMoveKind.End:
                End(run, move.Outcome);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private void StartProgram(Run run, string action)
    {
        run.Action = action;
        run.Input = AgentInput.Build(run.Agent, action, out string problem, out int errno);
        if (run.Input is null)
        {
            Write(run, TimelineLevel.Error, problem);
            Carry(run, run.Sequence.ProgramEnded(new StepOutcome(StepOutcomeKind.CouldNotStart, errno)));
            return;
        }

        if (!processes.Start(run.Template with { StandardInput = run.Input.Bytes }))
        {
            Carry(run, run.Sequence.ProgramEnded(new StepOutcome(StepOutcomeKind.CouldNotStart, TooManyPrograms)));
            return;
        }

        if (run.Sequence.IsVerifiedOff)
        {
            run.WakeAt = run.GiveUpAt;
            ArmTimer();
        }
    }

    private void End(Run run, StepOutcome outcome)
    {
        _runs.Remove(run.Template.Tag);
        ended(run.Template.Tag, outcome);
    }

    /// <summary>The status is asked every second: the same answer is written once.</summary>
    private void LogOutput(Run run, in ProcessCompletion completion)
    {
        if (run.Input is null || (run.Action == run.LoggedAction && completion.Output.Span.SequenceEqual(run.LoggedOutput.Span)))
        {
            return;
        }

        run.LoggedAction = run.Action;
        run.LoggedOutput = completion.Output;
        if (run.Listener is not null)
        {
            run.Listener.TakeOutput(run.Input.Masked(completion));
            return;
        }

        ProgramOutput.Log(log!, run.Instance, $"{run.Template.Arguments[0]} {run.Action}", run.Input.Masked(completion));
    }

    private void Write(Run run, TimelineLevel level, string text)
    {
        if (run.Listener is not null)
        {
            run.Listener.Tell(text);
            return;
        }

        log!.Write(level, run.Instance, "agent", $"({run.Instance}) fence {run.Name}: {text}");
    }

    private void ArmTimer()
    {
        MonotonicInstant next = MonotonicInstant.Never;
        foreach (Run run in _runs.Values)
        {
            next = MonotonicInstant.Earlier(next, run.WakeAt);
        }

        _timer.Arm(next);
    }

    /// <summary>One attempt.</summary>
    private sealed class Run(ProcessRequest template, FenceAgent agent, string instance, string name, MonotonicInstant giveUpAt, DeviceRun? listener)
    {
        internal ProcessRequest Template { get; } = template;

        internal FenceAgent Agent { get; } = agent;

        internal AgentSequence Sequence { get; } = new(agent, listener is { IsQuestion: true });

        internal DeviceRun? Listener { get; } = listener;

        internal string Instance { get; } = instance;

        internal string Name { get; } = name;

        internal MonotonicInstant GiveUpAt { get; } = giveUpAt;

        /// <summary>When the pause is over, or the switching on is given up.</summary>
        internal MonotonicInstant WakeAt { get; set; } = MonotonicInstant.Never;

        internal bool IsStopped { get; set; }

        internal string Action { get; set; } = "";

        internal AgentInput? Input { get; set; }

        internal string LoggedAction { get; set; } = "";

        internal ReadOnlyMemory<byte> LoggedOutput { get; set; }
    }
}
