using System.Globalization;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Daemon.Records;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Daemon.Steps;

/// <summary>Programs of fences and runs that an earlier life of the daemon started and that live on: found, ended, and awaited (G3).</summary>
/// <remarks>
/// Their outcome can no longer be known, so nothing is gained by letting them go on; a stop of the daemon ends its steps as well. What such a
/// program has started in turn and left behind as a server of its own is not touched once the program itself has ended.
/// </remarks>
internal sealed class Leftovers : IDisposable
{
    /// <summary>From SIGTERM to SIGKILL, as for every step.</summary>
    private static readonly TimeSpan KillDelay = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan KillRepeat = TimeSpan.FromSeconds(10);

    private readonly EventLoop _loop;
    private readonly LogWriter _log;
    private readonly EventPoll _poll = new();
    private readonly DeadlineTimer _timer = new();
    private readonly List<Leftover> _living = [];
    private bool _isKilling;

    /// <summary>Nothing is looked for yet.</summary>
    public Leftovers(EventLoop loop, LogWriter log)
    {
        _loop = loop;
        _log = log;
        _poll.Add(_timer.Descriptor, PollEvents.Readable, -1);
    }

    /// <summary>Readable when <see cref="Take"/> has something to do.</summary>
    public int Descriptor => _poll.Descriptor;

    /// <summary>Finds what lives of an earlier life and asks it to end; returns the attempts, those first that the file does not know.</summary>
    /// <param name="keeper">What the file says.</param>
    /// <param name="config">The configuration: its programs.</param>
    public List<PromisedAttempt> Begin(StateKeeper keeper, NodeConfig config)
    {
        List<PromisedAttempt> unknown = [];
        List<SessionLeader> leaders = keeper.Mark.Length == 0 ? [] : ProcessIdentity.FindSessionLeaders($"{StepEnvironment.RunVariable}={keeper.Mark}-");
        EquatableArray<PromisedAttempt> former = keeper.IsSameBoot ? keeper.Former!.Attempts : default;
        foreach (PromisedAttempt attempt in former)
        {
            // Written down without its process: it died with the ink wet. Then the program's own environment and name tell.
            ProcessIdentity? process = attempt.Process
                ?? leaders.FirstOrDefault(leader => leader.Variable(StepEnvironment.RunVariable) == attempt.Run && leader.Arguments.Contains(attempt.Program))?.Identity;
            Follow(attempt.Memory, process);
        }

        foreach (SessionLeader leader in leaders)
        {
            // A fence that the file does not know: it was damaged, or could not be written.
            if (FenceOf(leader, config) is { } attempt && former.All(known => known.Run != attempt.Run))
            {
                Follow(attempt.Memory, leader.Identity);
                unknown.Add(attempt);
            }
        }

        foreach (Leftover leftover in _living)
        {
            leftover.Process.Terminate();
        }

        if (_living.Count > 0)
        {
            _timer.Arm(MonotonicClock.Now + KillDelay);
        }

        return unknown;
    }

    /// <summary>Whether an attempt has a living process.</summary>
    public bool IsLiving(uint attempt) => _living.Exists(leftover => leftover.Attempt == attempt);

    /// <summary>Takes the end of processes, and ends those that did not want to.</summary>
    public void Take()
    {
        Span<EpollEvent> ready = new EpollEvent[EventPoll.ReadyMax];
        int count = _poll.Wait(ready, 0);
        for (int i = 0; i < count; i++)
        {
            long token = ready[i].Token;
            if (token < 0)
            {
                KillOverdue();
            }
            else if (_living.Find(leftover => leftover.Attempt == token) is { } ended)
            {
                _living.Remove(ended);
                ended.Process.Dispose();
                _loop.LeftoverEnded((uint)token);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Leftover leftover in _living)
        {
            leftover.Process.Dispose();
        }

        _timer.Dispose();
        _poll.Dispose();
    }

    /// <summary>What a process says in its environment about the fence that it was started for; null when it is none of a configured device.</summary>
    private static PromisedAttempt? FenceOf(SessionLeader leader, NodeConfig config)
    {
        string run = leader.Variable(StepEnvironment.RunVariable);
        string[] words = leader.Variable("FENCEFIRST_TARGETS").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        List<InternetAddress> targets = [];
        foreach (string word in words)
        {
            if (InternetAddress.TryParse(word, out InternetAddress target))
            {
                targets.Add(target);
            }
        }

        if (targets.Count == 0
            || !uint.TryParse(run.AsSpan(run.LastIndexOf('-') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out uint number)
            || !IsFenceProgram(leader, config))
        {
            return null;
        }

        AttemptMemory memory = new(leader.Variable("FENCEFIRST_INSTANCE"), number) { Targets = targets.ToEquatableArray(), IsAlive = true };
        return new PromisedAttempt(memory, run) { Process = leader.Identity };
    }

    private static bool IsFenceProgram(SessionLeader leader, NodeConfig config)
    {
        foreach (FenceDeviceConfig device in config.FenceDevices)
        {
            if (leader.Arguments.Contains(device.Step.Command.Arguments[0]))
            {
                return true;
            }
        }

        return false;
    }

    private void Follow(AttemptMemory attempt, ProcessIdentity? process)
    {
        if (process is not { } identity || ForeignProcess.TryFollow(identity) is not { } living)
        {
            return;
        }

        _log.Write(
            TimelineLevel.Warning,
            attempt.Instance,
            "leftover",
            $"({attempt.Instance}) process {identity.ProcessId} of attempt {attempt.Attempt}, which an earlier run of the daemon started, still runs: it is ended before anything else is started in its place");
        _living.Add(new Leftover(attempt.Attempt, living));
        _poll.Add(living.Descriptor, PollEvents.Readable, attempt.Attempt);
    }

    private void KillOverdue()
    {
        _timer.Acknowledge();
        foreach (Leftover leftover in _living)
        {
            if (_isKilling)
            {
                _log.Write(TimelineLevel.Error, $"process {leftover.Process.ProcessId} of an earlier run does not die although it was killed: it hangs in the kernel");
            }

            leftover.Process.Kill();
        }

        _isKilling = true;
        if (_living.Count > 0)
        {
            _timer.Arm(MonotonicClock.Now + KillRepeat);
        }
    }

    private sealed record Leftover(uint Attempt, ForeignProcess Process);
}
