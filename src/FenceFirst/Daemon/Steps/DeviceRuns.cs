using System.Text;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Daemon.Steps;

/// <summary>One use of a fence device outside of any promotion: a test, or a question for its status.</summary>
internal sealed class DeviceRun(FenceDeviceConfig device, bool isQuestion, long tag, MonotonicInstant startedAt)
{
    private const int LinesMax = 20;
    private const int StatusOff = 2;

    private readonly List<string> _lines = [];

    /// <summary>The device.</summary>
    public FenceDeviceConfig Device { get; } = device;

    /// <summary>Whether it is only asked, and nothing is switched.</summary>
    public bool IsQuestion { get; } = isQuestion;

    /// <summary>Tag of its programs.</summary>
    public long Tag { get; } = tag;

    /// <summary>When it was started.</summary>
    public MonotonicInstant StartedAt { get; } = startedAt;

    /// <summary>When its time is over; Never = it is over, and its end is awaited.</summary>
    public MonotonicInstant DeadlineAt { get; set; } = startedAt + device.Step.Timeout;

    /// <summary>Whether it was ended because its time was over.</summary>
    public bool IsTimedOut { get; set; }

    /// <summary>Whether it was ended in favour of something more important, so that its end says nothing about the device.</summary>
    public bool IsGivenUp { get; set; }

    /// <summary>Whether it was ended because whoever wanted to know is about to go: what it would have come to is not known.</summary>
    public bool IsStopped { get; set; }

    /// <summary>How it ended; meaningful afterwards.</summary>
    public StepOutcome Outcome { get; set; }

    /// <summary>What it printed and what was seen on the way.</summary>
    public IReadOnlyList<string> Lines => _lines;

    /// <summary>Whether the device has done what it was asked for. Of a question: whether there is an answer.</summary>
    public bool IsGood => !IsStopped && IsAnswered;

    private bool IsAnswered => Outcome.IsSuccess || (IsQuestion && Device.Step.Agent is { IsVerified: true } && Outcome is { Kind: StepOutcomeKind.Exited, Code: StatusOff });

    /// <summary>What came out, as a clause.</summary>
    public string Words
    {
        get
        {
            FenceAgent? agent = Device.Step.Agent;
            if (IsQuestion && IsGood)
            {
                return agent is not { IsVerified: true } ? "the device answers" : Outcome.IsSuccess ? "the device answers: the target is on" : "the device answers: the target is off";
            }

            string did = agent is null ? "the script has succeeded"
                : !agent.IsVerified ? $"the agent says that `{(agent.Action == FenceAction.Reboot ? "reboot" : "off")}` has succeeded; nobody has asked for the status (verify no)"
                : agent.Action == FenceAction.Reboot ? "the target was switched off, its status said off, and it was switched on again"
                : "the target was switched off, and its status says off";
            return IsGood ? did : $"the {(agent is null ? "script" : "agent")} {TimelineText.Outcome(Outcome)}";
        }
    }

    /// <summary>The result in one line.</summary>
    public string Summary(TimeSpan took) => IsStopped
        ? $"fence_device {Device.Name}: the {(IsQuestion ? "question" : "test")} was ended after {TimelineText.Duration(took)}, before the device had answered{(IsQuestion ? "" : ": whether the target is off is not known, so look at it")}"
        : $"fence_device {Device.Name}: {(IsQuestion ? "status" : "test")} {(IsGood ? "good" : "FAILED")} after {TimelineText.Duration(took)}: {Words}";

    /// <summary>Something seen on the way.</summary>
    public void Tell(string line)
    {
        if (_lines.Count < LinesMax)
        {
            _lines.Add(line);
        }
    }

    /// <summary>What a program of it has printed.</summary>
    public void TakeOutput(in ProcessCompletion completion)
    {
        foreach (string line in Encoding.UTF8.GetString(completion.Output.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Tell(ProgramOutput.Printable(line));
        }
    }
}

/// <summary>Runs fence devices outside of promotions, each within its time bound. Knows nothing of the daemon, so that the command line can do it alone.</summary>
/// <param name="processes">Child processes.</param>
/// <param name="ended">Called exactly once for each run.</param>
internal sealed class DeviceRuns(ProcessRunner processes, Action<DeviceRun> ended) : IDisposable
{
    private const int OutputBytesMax = 16 * 1024;
    private const int TooManyPrograms = 11;

    /// <summary>Tags of Core's attempts lie below, those of notify scripts are negative.</summary>
    private const long FirstTag = 1L << 40;

    private readonly Dictionary<long, DeviceRun> _runs = [];
    private AgentRuns? _agents;
    private long _lastTag = FirstTag;

    /// <summary>The descriptor to watch for reading; then call <see cref="TakeTimer"/>.</summary>
    public int Descriptor => Agents.Descriptor;

    /// <summary>When <see cref="Advance"/> has something to do; Never = nothing runs.</summary>
    public MonotonicInstant Due
    {
        get
        {
            MonotonicInstant due = MonotonicInstant.Never;
            foreach (DeviceRun run in _runs.Values)
            {
                due = MonotonicInstant.Earlier(due, run.DeadlineAt);
            }

            return due;
        }
    }

    /// <summary>What runs.</summary>
    public IReadOnlyCollection<DeviceRun> Running => _runs.Values;

    private AgentRuns Agents => _agents ??= new AgentRuns(processes, log: null, AgentEnded);

    /// <summary>Starts a run.</summary>
    /// <param name="device">The device; it has an agent when it is a question.</param>
    /// <param name="isQuestion">Whether nothing is switched.</param>
    /// <param name="environment">Of its programs.</param>
    /// <param name="now">Now.</param>
    /// <param name="begun">Called with the run before it can end.</param>
    public void Start(FenceDeviceConfig device, bool isQuestion, string[] environment, MonotonicInstant now, Action<DeviceRun> begun)
    {
        PromotionStep step = device.Step;
        DeviceRun run = new(device, isQuestion, ++_lastTag, now);
        ProcessRequest request = new(step.Command.Arguments.AsArray(), run.Tag)
        {
            Environment = environment,
            UserId = step.Command.UserId,
            GroupId = step.Command.GroupId,
            SupplementaryGroups = step.Command.SupplementaryGroups.AsArray(),
            OutputBytesMax = OutputBytesMax,
        };
        _runs.Add(run.Tag, run);
        begun(run);
        if (step.Agent is not null)
        {
            Agents.Start(request, step, step.Agent, "", run);
        }
        else if (!processes.Start(request))
        {
            End(run, new StepOutcome(StepOutcomeKind.CouldNotStart, TooManyPrograms));
        }
    }

    /// <summary>Ends a question at once, because something more important is to be done with the device.</summary>
    public void GiveUp(DeviceRun run)
    {
        run.IsGivenUp = true;
        if (Agents.Stop(run.Tag))
        {
            processes.Kill(run.Tag);
        }
    }

    /// <summary>Asks a run to end before its time: SIGTERM, then SIGKILL. Its end comes as every other one.</summary>
    public void Stop(DeviceRun run)
    {
        run.IsStopped = true;
        run.DeadlineAt = MonotonicInstant.Never;
        if (!Agents.Stop(run.Tag))
        {
            processes.Terminate(run.Tag);
        }
    }

    /// <summary>Ends what has used up its time.</summary>
    public void Advance(MonotonicInstant now)
    {
        foreach (DeviceRun run in _runs.Values.Where(each => each.DeadlineAt <= now).ToArray())
        {
            run.IsTimedOut = true;
            run.DeadlineAt = MonotonicInstant.Never;
            if (!Agents.Stop(run.Tag))
            {
                processes.Terminate(run.Tag);
            }
        }
    }

    /// <summary>Goes on with what has waited.</summary>
    public void TakeTimer() => Agents.TakeTimer();

    /// <summary>Takes the end of a program; false when it is none of ours.</summary>
    public bool Completed(in ProcessCompletion completion)
    {
        if (Agents.Completed(completion))
        {
            return true;
        }

        if (!_runs.TryGetValue(completion.Tag, out DeviceRun? run))
        {
            return false;
        }

        run.TakeOutput(completion);
        End(run, ProgramOutput.OutcomeOf(completion));
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _agents?.Dispose();

    private void AgentEnded(long tag, StepOutcome outcome)
    {
        if (_runs.TryGetValue(tag, out DeviceRun? run))
        {
            End(run, outcome);
        }
    }

    private void End(DeviceRun run, StepOutcome outcome)
    {
        // G2: a bound that has passed is a failure, whatever was answered later.
        run.Outcome = run.IsTimedOut ? new StepOutcome(StepOutcomeKind.TimedOut) : outcome;
        _runs.Remove(run.Tag);
        ended(run);
    }
}
