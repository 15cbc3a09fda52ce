using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;
using FenceFirst.Daemon.Links;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Daemon.Steps;

/// <summary>The programs that Core waits for: steps and tracked scripts. Each is answered once, under Core's attempt number, also when it was never started.</summary>
internal sealed class StepRuns : IDisposable
{
    /// <summary>Output of one awaited program that is kept and logged; the rest is read and counted.</summary>
    private const int OutputBytesMax = 16 * 1024;

    /// <summary>ECANCELED: a step that was taken back before it was started.</summary>
    private const int Cancelled = 125;

    /// <summary>EAGAIN: too many programs run.</summary>
    private const int TooMany = 11;

    private readonly EventLoop _loop;
    private readonly LogWriter _log;
    private readonly ProcessRunner _processes;
    private readonly StepEnvironment _environment;
    private readonly FenceChecks _checks;
    private readonly Dictionary<long, Job> _jobs = [];

    /// <summary>Nothing runs yet.</summary>
    /// <param name="loop">Gets the answers.</param>
    /// <param name="links">Interfaces, for built-in checks.</param>
    /// <param name="log">Gets the output of programs.</param>
    /// <param name="processes">Runs them.</param>
    /// <param name="environment">What they are told.</param>
    /// <param name="checks">Yields a fence device to a fence.</param>
    /// <param name="poll">Told of the sockets of built-in checks.</param>
    /// <param name="reachTokenBase">Every token from here on is a built-in check's.</param>
    public StepRuns(
        EventLoop loop, LinkTable links, LogWriter log, ProcessRunner processes, StepEnvironment environment, FenceChecks checks, EventPoll poll, long reachTokenBase)
    {
        _loop = loop;
        _log = log;
        _processes = processes;
        _environment = environment;
        _checks = checks;
        Agents = new AgentRuns(processes, log, StepEnded);
        Reach = new ReachRuns(links, poll, reachTokenBase, StepEnded);
    }

    /// <summary>Fence agents.</summary>
    public AgentRuns Agents { get; }

    /// <summary>Built-in checks.</summary>
    public ReachRuns Reach { get; }

    /// <summary>Starts a step, a fence agent or a built-in check; a fence or run after it is on the disk (G3).</summary>
    public void Start(VrrpConfig config, in NodeEffect effect, MonotonicInstant now)
    {
        EquatableArray<PromotionStep> steps = effect.IsDemotion ? config.Demotion!.Steps : config.Promotion!.Steps;
        PromotionStep step = steps[effect.Step].Device(effect.Level, effect.Device);
        if (step.Kind == StepKind.Fence)
        {
            _checks.Yield(step.Targets);
        }

        Job job = new(effect.Index, IsScript: false, step.Command.Arguments[0]);
        if (step.Reach is { } reach)
        {
            _jobs[effect.Attempt] = job;
            Reach.Start(effect.Attempt, step, reach, config.Link, now);
            return;
        }

        string[] environment = _environment.ForStep(config, _loop.Config.GroupNameOf(config), _loop.State.Instances[effect.Index], step, effect.Attempt);
        bool isPromised = step.Kind != StepKind.Check;
        ProcessRequest request = new(step.Command.Arguments.AsArray(), effect.Attempt)
        {
            Environment = isPromised ? [.. environment, $"{StepEnvironment.RunVariable}={_loop.Keeper.RunOf(effect.Attempt)}"] : environment,
            IsIdentified = isPromised,
            UserId = step.Command.UserId,
            GroupId = step.Command.GroupId,
            SupplementaryGroups = step.Command.SupplementaryGroups.AsArray(),
            OutputBytesMax = OutputBytesMax,
        };
        if (!isPromised)
        {
            Start(job, request);
            return;
        }

        // G3: on the disk before the process exists; the loop goes on meanwhile.
        _jobs[request.Tag] = job;
        AttemptMemory memory = new(config.Name, effect.Attempt) { Kind = step.Kind, Step = effect.Step, IsDemotion = effect.IsDemotion, Targets = step.Targets };
        _loop.Keeper.Promise(memory, step.Command.Arguments[0], () => StartPromised(request, step, config.Name));
    }

    /// <summary>Has the disk remember what Core wants remembered, and answers when it is there.</summary>
    public void KeepMemory(VrrpConfig config, in NodeEffect effect)
    {
        uint attempt = effect.Attempt;
        _jobs[attempt] = new Job(effect.Index, IsScript: false, config.Name);
        _loop.Keeper.Keep(config.Name, () =>
        {
            // A reload may have given the instance another index, or taken it away.
            if (_jobs.Remove(attempt, out Job job))
            {
                _loop.Enqueue(NodeEvent.MemoryKept(job.Index, attempt));
            }
        });
    }

    /// <summary>Starts a tracked script.</summary>
    public void StartScript(ScriptTracker script, in NodeEffect effect) =>
        Start(new Job(effect.Index, IsScript: true, script.Name), new ProcessRequest(script.Command.Arguments.AsArray(), effect.Attempt)
        {
            Environment = _environment.Plain,
            UserId = script.Command.UserId,
            GroupId = script.Command.GroupId,
            SupplementaryGroups = script.Command.SupplementaryGroups.AsArray(),
            OutputBytesMax = 0,
        });

    /// <summary>Ends what runs under the tag, or takes it back before it is started.</summary>
    public void Terminate(long tag)
    {
        if (_loop.Keeper.Cancel(tag))
        {
            // Nothing of it was started. After a reload there may be nobody left to be answered.
            _loop.Keeper.Settled(tag);
            if (_jobs.Remove(tag, out Job job))
            {
                _loop.Enqueue(NodeEvent.StepEnded(job.Index, (uint)tag, new StepOutcome(StepOutcomeKind.CouldNotStart, Cancelled)));
            }
        }
        else if (!Agents.Stop(tag) && !Reach.Stop(tag))
        {
            _processes.Terminate(tag);
        }
    }

    /// <summary>Takes the answer of a child process that has ended; false = it is not one of ours.</summary>
    public bool Completed(in ProcessCompletion completion)
    {
        if (Agents.Completed(completion))
        {
            return true;
        }

        if (!_jobs.Remove(completion.Tag, out Job job))
        {
            return false;
        }

        uint attempt = (uint)completion.Tag;
        if (job.IsScript)
        {
            _loop.Enqueue(NodeEvent.ScriptEnded(job.Index, attempt, ProgramOutput.OutcomeOf(completion)));
        }
        else if (job.Index >= 0)
        {
            ProgramOutput.Log(_log, _loop.Config.Instances[job.Index].Name, job.Program, completion);
            EndStep(job.Index, attempt, ProgramOutput.OutcomeOf(completion));
        }

        return true;
    }

    /// <summary>Turns the indexes of the old configuration into those of the new one; who runs for something that is gone answers to nobody.</summary>
    public void Reconfigured(Func<int, bool, int> newIndex)
    {
        foreach (long tag in _jobs.Keys.ToArray())
        {
            Job job = _jobs[tag];
            int index = newIndex(job.Index, job.IsScript);
            if (index >= 0)
            {
                _jobs[tag] = job with { Index = index };
            }
            else
            {
                _jobs.Remove(tag);
                Terminate(tag);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Agents.Dispose();
        Reach.Dispose();
    }

    private void StartPromised(ProcessRequest request, PromotionStep step, string instance)
    {
        if (step.Agent is not null)
        {
            Agents.Start(request, step, step.Agent, instance);
        }
        else if (_jobs.TryGetValue(request.Tag, out Job job))
        {
            Start(job, request);
        }
    }

    private void StepEnded(long tag, StepOutcome outcome)
    {
        if (_jobs.Remove(tag, out Job job))
        {
            EndStep(job.Index, (uint)tag, outcome);
        }
    }

    /// <summary>The outcome is known: nothing has to be remembered of the attempt any more.</summary>
    private void EndStep(int instance, uint attempt, StepOutcome outcome)
    {
        _loop.Keeper.Settled(attempt);
        _loop.Enqueue(NodeEvent.StepEnded(instance, attempt, outcome));
    }

    private void Start(Job job, ProcessRequest request)
    {
        _jobs[request.Tag] = job;
        if (_processes.Start(request))
        {
            return;
        }

        // Too many programs run: that is a failure like any other.
        _jobs.Remove(request.Tag);
        StepOutcome outcome = new(StepOutcomeKind.CouldNotStart, 11);
        if (job.IsScript)
        {
            _loop.Enqueue(NodeEvent.ScriptEnded(job.Index, (uint)request.Tag, outcome));
        }
        else
        {
            EndStep(job.Index, (uint)request.Tag, outcome);
        }
    }

    /// <summary>What a running program is for; its tag is Core's attempt number, which is used once in a life of the daemon.</summary>
    private readonly record struct Job(int Index, bool IsScript, string Program);
}
