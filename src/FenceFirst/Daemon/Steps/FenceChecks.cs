using System.Text.Json;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Daemon.Operator;
using FenceFirst.Daemon.Records;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Daemon.Steps;

/// <summary>Keeps an eye on the fence devices: asks those with a monitor_interval for their status, and tests one when an operator wants it.</summary>
/// <remarks>
/// A real fence comes first. While a target is being fenced its devices are neither asked nor tested, and a question that is under way is ended when a
/// fence of the target begins. A test is told to Core, so that no promotion fences the same target meanwhile (G3).
/// </remarks>
internal sealed class FenceChecks : IDisposable
{
    /// <summary>First question after the start: one device after the other, not all at once.</summary>
    private static readonly TimeSpan FirstAfter = TimeSpan.FromSeconds(2);

    /// <summary>A question that was not asked, or was ended, because of a fence is asked again after this.</summary>
    private static readonly TimeSpan Postponed = TimeSpan.FromSeconds(10);

    /// <summary>A device that goes on failing is told of again after this.</summary>
    private static readonly TimeSpan AlarmInterval = TimeSpan.FromHours(1);

    private readonly EventLoop _loop;
    private readonly LogWriter _log;
    private readonly StepEnvironment _environment;
    private readonly DeviceRuns _runs;
    private readonly Dictionary<string, Watched> _watched = [];
    private DeviceRun? _test;
    private Operation? _testOperation;
    private uint _tests;

    /// <summary>Nothing is asked before the first question is due.</summary>
    public FenceChecks(EventLoop loop, ProcessRunner processes, StepEnvironment environment, LogWriter log)
    {
        _loop = loop;
        _log = log;
        _environment = environment;
        _runs = new DeviceRuns(processes, Ended);
    }

    /// <summary>Whether anything still runs.</summary>
    public bool IsBusy => _runs.Running.Count > 0;

    /// <summary>The descriptor to watch for reading; then call <see cref="TakeTimer"/>.</summary>
    public int Descriptor => _runs.Descriptor;

    /// <summary>When <see cref="Advance"/> has something to do.</summary>
    public MonotonicInstant Due { get; private set; } = MonotonicInstant.Never;

    /// <summary>Takes the devices of the configuration: what is known of one is kept as long as its name is.</summary>
    public void Reconfigure(MonotonicInstant now)
    {
        foreach (string name in _watched.Keys.Where(name => !_loop.Config.FenceDevices.Any(device => device.Name == name)).ToArray())
        {
            _watched.Remove(name);
        }

        TimeSpan after = FirstAfter;
        foreach (FenceDeviceConfig device in _loop.Config.FenceDevices)
        {
            if (!_watched.TryGetValue(device.Name, out Watched? watched))
            {
                _watched[device.Name] = watched = new Watched();
            }

            bool isWatched = device.MonitorInterval > TimeSpan.Zero;
            if (isWatched && watched.NextAt.IsNever)
            {
                watched.NextAt = now + after;
                after += FirstAfter;
            }
            else if (!isWatched)
            {
                _watched[device.Name] = new Watched();
            }
        }

        Settle();
    }

    /// <summary>Asks what is due and ends what has used up its time.</summary>
    public void Advance(MonotonicInstant now)
    {
        _runs.Advance(now);
        foreach (FenceDeviceConfig device in _loop.IsStopping ? default : _loop.Config.FenceDevices)
        {
            if (_watched.TryGetValue(device.Name, out Watched? watched) && watched.NextAt <= now)
            {
                bool isBusy = IsRunning(device) || OperatorRules.IsFencing(_loop.Config, _loop.State, device.Step.Targets);
                watched.NextAt = now + (isBusy ? Postponed : device.MonitorInterval);
                if (!isBusy)
                {
                    _runs.Start(device, isQuestion: true, _environment.ForDevice(device), now, _ => { });
                }
            }
        }

        Settle();
    }

    /// <summary>Goes on with what has waited.</summary>
    public void TakeTimer() => _runs.TakeTimer();

    /// <summary>Takes the end of a program; false when it is none of ours.</summary>
    public bool Completed(in ProcessCompletion completion) => _runs.Completed(completion);

    /// <summary>A fence of these targets begins: no question may keep its device busy.</summary>
    public void Yield(in EquatableArray<InternetAddress> targets)
    {
        foreach (DeviceRun run in _runs.Running.ToArray())
        {
            // A test that fences is waited for (G3); everything else only asks, an operator's question included.
            if (run.IsQuestion && Overlap(run.Device.Step.Targets, targets))
            {
                if (_watched.TryGetValue(run.Device.Name, out Watched? watched))
                {
                    watched.NextAt = _loop.Now + Postponed;
                }

                _runs.GiveUp(run);
            }
        }

        Settle();
    }

    /// <summary>The daemon stops: as with steps, what runs is asked to end, and its end is awaited (G3). Nothing is asked any more.</summary>
    public void Stop()
    {
        foreach (Watched watched in _watched.Values)
        {
            watched.NextAt = MonotonicInstant.Never;
        }

        foreach (DeviceRun run in _runs.Running.ToArray())
        {
            _runs.Stop(run);
        }

        Settle();
    }

    /// <summary>Begins a test, or refuses it.</summary>
    public Operation? TryTest(string name, bool isQuestion, out string problem)
    {
        FenceDeviceConfig? device = _loop.Config.FenceDevices.FirstOrDefault(each => each.Name == name);
        problem = device is null ? Unknown(name) : Refusal(device, isQuestion);
        if (device is null || problem.Length > 0)
        {
            return null;
        }

        Yield(device.Step.Targets);
        if (!isQuestion)
        {
            _loop.Deliver(NodeEvent.FenceTestChanged(device.Step.Targets));
        }

        Operation operation = _loop.Operations.Begin("fence_test", name, _loop.Now);
        operation.Report(isQuestion ? $"asking for the status, at most {TimelineText.Duration(device.Step.Timeout)}" : $"fencing, at most {TimelineText.Duration(device.Step.Timeout)}");
        _testOperation = operation;
        string[] environment = _environment.ForDevice(device);
        _runs.Start(device, isQuestion, isQuestion ? environment : [.. environment, NextRun()], _loop.Now, run => _test = run);
        Settle();
        return operation;
    }

    /// <summary>The devices for the status.</summary>
    public void Write(Utf8JsonWriter json, Func<MonotonicInstant, DateTimeOffset> wall)
    {
        json.WriteStartArray("fence_devices");
        foreach (FenceDeviceConfig device in _loop.Config.FenceDevices)
        {
            json.WriteStartObject();
            json.WriteString("name", device.Name);
            json.WriteString("kind", device.Step.Agent is null ? "script" : "agent");
            json.WriteStartArray("targets");
            foreach (InternetAddress target in device.Step.Targets)
            {
                json.WriteStringValue(target.ToString());
            }

            json.WriteEndArray();
            json.WriteNumber("monitor_interval", device.MonitorInterval.TotalSeconds);
            if (_watched.TryGetValue(device.Name, out Watched? watched) && watched.IsGood is { } isGood)
            {
                json.WriteBoolean("good", isGood);
                json.WriteString("text", watched.Text);
                json.WriteString("asked", wall(watched.AskedAt));
                json.WriteString("since", wall(watched.Since));
            }

            json.WriteBoolean("testing", _test is not null && _test.Device.Name == device.Name);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <inheritdoc/>
    public void Dispose() => _runs.Dispose();

    private static bool Overlap(in EquatableArray<InternetAddress> some, in EquatableArray<InternetAddress> others)
    {
        foreach (InternetAddress address in some)
        {
            if (others.Span.Contains(address))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Names a test, so that the next life of the daemon finds its program: no file tells of tests, and no attempt of Core has so great a number.</summary>
    private string NextRun() => $"{StepEnvironment.RunVariable}={_loop.Keeper.RunOf(uint.MaxValue - ++_tests)}";

    private string Unknown(string name)
    {
        string known = string.Join(", ", _loop.Config.FenceDevices.Select(each => each.Name));
        return $"there is no fence_device of that name ({name}); there {(known.Length == 0 ? "is none at all" : "are " + known)}";
    }

    private string Refusal(FenceDeviceConfig device, bool isQuestion)
    {
        if (_loop.IsStopping)
        {
            return "the daemon is stopping";
        }

        if (isQuestion && device.Step.Agent is null)
        {
            return $"{device.Name} is a script, which cannot be asked for its status; only a whole test shows whether it works";
        }

        if (_test is not null)
        {
            return $"a test of {_test.Device.Name} is under way; one at a time";
        }

        if (OperatorRules.IsFencing(_loop.Config, _loop.State, device.Step.Targets))
        {
            return $"a target of {device.Name} is being fenced just now (see 'fencefirst status'); a second fence beside it could undo it";
        }

        foreach (ref readonly VrrpState instance in _loop.State.Instances.AsSpan())
        {
            if (!isQuestion && device.Step.Targets.Span.Contains(instance.Source))
            {
                return $"{device.Name} fences {instance.Source}, which is this node";
            }
        }

        return "";
    }

    private bool IsRunning(FenceDeviceConfig device)
    {
        foreach (DeviceRun run in _runs.Running)
        {
            if (Overlap(run.Device.Step.Targets, device.Step.Targets))
            {
                return true;
            }
        }

        return false;
    }

    private void Ended(DeviceRun run)
    {
        if (run == _test)
        {
            TestEnded(run);
        }

        if (run.IsQuestion && !run.IsGivenUp && !run.IsStopped)
        {
            Answered(run);
        }

        Settle();
    }

    private void TestEnded(DeviceRun run)
    {
        _test = null;
        if (!run.IsQuestion)
        {
            _loop.Deliver(NodeEvent.FenceTestChanged([]));
        }

        foreach (string line in run.Lines)
        {
            _testOperation?.Add(line);
        }

        string text = run.IsGivenUp
            ? $"fence_device {run.Device.Name}: the question was given up: a target is being fenced, and the board must not be kept busy"
            : run.Summary(MonotonicClock.Now - run.StartedAt);
        bool isGood = run.IsGood && !run.IsGivenUp;
        _testOperation?.End(isGood, text, MonotonicClock.Now);
        _testOperation = null;
        Write(isGood ? TimelineLevel.Notice : run.IsGivenUp || run.IsStopped ? TimelineLevel.Warning : TimelineLevel.Error, "FenceTest", text);
        foreach (string line in run.Lines)
        {
            _log.Write(TimelineLevel.Notice, "", "output", $"fence_device {run.Device.Name}: {line}");
        }
    }

    /// <summary>A device has answered, or has not: told when that is new, and once an hour while it fails.</summary>
    private void Answered(DeviceRun run)
    {
        if (!_watched.TryGetValue(run.Device.Name, out Watched? watched) || (watched.NextAt.IsNever && watched.IsGood is null))
        {
            return;
        }

        bool isNew = watched.IsGood != run.IsGood;
        bool wasKnown = watched.IsGood is not null;
        watched.AskedAt = MonotonicClock.Now;
        watched.Text = run.IsGood || run.Lines.Count == 0 ? run.Words : $"{run.Words}: {run.Lines[^1]}";
        watched.IsGood = run.IsGood;
        if (isNew)
        {
            watched.Since = watched.AskedAt;
        }

        if (!run.IsGood && (isNew || watched.AskedAt - watched.ToldAt >= AlarmInterval))
        {
            watched.ToldAt = watched.AskedAt;
            Write(TimelineLevel.Error, "FenceMonitorFailed", $"ALARM: fence_device {run.Device.Name} does not answer: {watched.Text}. A promotion that needs it would fail: mend it before it is needed");
        }
        else if (run.IsGood && isNew)
        {
            Write(TimelineLevel.Notice, "FenceMonitorGood", $"fence_device {run.Device.Name}: {watched.Text}{(wasKnown ? " again" : "")}");
        }
    }

    private void Write(TimelineLevel level, string kind, string text)
    {
        _log.Write(level, "", kind, text);
        _log.Write(new JournalEntry(MonotonicClock.WallNow, MonotonicClock.Now, "", kind, text));
    }

    private void Settle()
    {
        MonotonicInstant due = _runs.Due;
        foreach (Watched watched in _watched.Values)
        {
            due = MonotonicInstant.Earlier(due, watched.NextAt);
        }

        Due = due;
    }

    /// <summary>What is known of one device.</summary>
    private sealed class Watched
    {
        public MonotonicInstant NextAt { get; set; } = MonotonicInstant.Never;

        public bool? IsGood { get; set; }

        public string Text { get; set; } = "";

        public MonotonicInstant AskedAt { get; set; }

        public MonotonicInstant Since { get; set; }

        public MonotonicInstant ToldAt { get; set; }
    }
}
