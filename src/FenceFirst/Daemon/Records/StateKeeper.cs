using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Daemon.Steps;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Files;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Daemon.Records;

/// <summary>Keeps on disk what has to survive the daemon (docs/promotion.md 9). A fence or run is written down before it starts (G3); everything else follows.</summary>
/// <remarks>
/// For the loop's thread. A step whose promise is on its way to the disk waits without holding the loop; a disk that fails, or does not answer in
/// <see cref="PromiseBound"/>, is told of, and the step runs all the same (docs/decisions/046-a-step-runs-though-the-disk-fails.md).
/// </remarks>
internal sealed class StateKeeper : IDisposable
{
    /// <summary>How long a step waits for the disk.</summary>
    private static readonly TimeSpan PromiseBound = TimeSpan.FromSeconds(2);

    /// <summary>Attempt numbers reserved at once: the file need not be written for each. The next block is asked for when half of one is left.</summary>
    private const uint AttemptBlock = 10_000;

    /// <summary>Numbers that a life is taken to have used when nothing is known about it: epochs count the lives.</summary>
    private const uint AttemptsPerUnknownLife = 100_000;

    /// <summary>Beyond this the numbers begin anew: two thousand million attempts later nobody confuses them.</summary>
    private const uint AttemptsMax = uint.MaxValue / 2;

    private readonly StateWriter _writer;
    private readonly LogWriter _log;
    private readonly string _path;
    private readonly string _bootId = ProcessIdentity.BootId;
    private readonly ulong _lives;
    private readonly DeadlineTimer _timer = new();
    private readonly Dictionary<long, PromisedAttempt> _attempts = [];
    private readonly List<Waiting> _waiting = [];
    private InstanceMemory[] _instances = [];
    private EquatableArray<MaintenanceMemory> _maintenance;
    private uint _reserved;
    private long _posted;
    private bool _isDirty;
    private bool _isFailing;

    /// <summary>Reads what the last life left and starts the writer.</summary>
    /// <param name="directory">The state directory.</param>
    /// <param name="epochBase">The highest epoch of earlier lives.</param>
    /// <param name="log">The log.</param>
    public StateKeeper(string directory, ulong epochBase, LogWriter log)
    {
        _log = log;
        _lives = epochBase / EpochFile.Block;
        Mark = FileStatus.IdentityOf(directory);
        _path = Path.Combine(directory, StateFile.FileName);
        Former = StateFile.Load(directory, log);
        _writer = new StateWriter(_path);
    }

    /// <summary>What the last life left; null = it cannot be read.</summary>
    public KeptState? Former { get; }

    /// <summary>What FENCEFIRST_RUN begins with in all lives of this state directory; empty when the directory cannot be reached.</summary>
    public string Mark { get; }

    /// <summary>Whether what the last life left speaks of this boot of the machine.</summary>
    public bool IsSameBoot => Former is not null && _bootId.Length > 0 && Former.BootId == _bootId;

    /// <summary>Readable when <see cref="Take"/> has something to do.</summary>
    public int Descriptor => _writer.Descriptor;

    /// <summary>Readable when <see cref="TakeTimer"/> has something to do.</summary>
    public int TimerDescriptor => _timer.Descriptor;

    /// <summary>Finds and ends what lives of an earlier life, and says in Core's words what that left.</summary>
    /// <param name="leftovers">Living processes.</param>
    /// <param name="config">The configuration.</param>
    public NodeMemory Recall(Leftovers leftovers, NodeConfig config)
    {
        MonotonicInstant now = MonotonicClock.Now;
        DateTimeOffset wallNow = MonotonicClock.WallNow;
        foreach (PromisedAttempt attempt in leftovers.Begin(this, config).Concat(Former?.Attempts ?? default))
        {
            _attempts[attempt.Memory.Attempt] = attempt with { Memory = attempt.Memory with { IsAlive = leftovers.IsLiving(attempt.Memory.Attempt) } };
        }

        uint last = Former is { LastAttempt: > 0 } ? Former.LastAttempt : (uint)Math.Min(_lives * AttemptsPerUnknownLife, AttemptsMax);
        return new NodeMemory
        {
            IsDamaged = Former is null,
            LastAttempt = last < AttemptsMax ? last : 0,
            Instances = (Former?.Instances ?? default).Select(instance => IsSameBoot ? instance : instance.AfterBoot()).ToEquatableArray(),
            Attempts = _attempts.Values.Select(attempt => attempt.Memory).ToEquatableArray(),
            Maintenance = (Former?.Maintenance ?? default).Select(each => IsSameBoot ? each.Memory : each.AfterBoot(now, wallNow)).ToEquatableArray(),
        };
    }

    /// <summary>Writes the state in which a life begins, and waits for it: nothing has been sent or started yet.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="state">With what was recalled.</param>
    public void Begin(NodeConfig config, NodeState state)
    {
        foreach (PromisedAttempt attempt in _attempts.Values.Where(attempt => !attempt.Memory.IsAlive).ToArray())
        {
            // It has been counted as failed; that is what is remembered of it from now on.
            _attempts.Remove(attempt.Memory.Attempt);
        }

        Reserve(state.LastAttempt);
        LookAtAll(config, state);
        LookAtMaintenance(config, state);
        Flush();
        _writer.Wait();
        Take();
    }

    /// <summary>FENCEFIRST_RUN of an attempt.</summary>
    public string RunOf(uint attempt) => $"{Mark}-{attempt}";

    /// <summary>Looks for changes that have to be kept after an event; costs a comparison or two for the frequent ones.</summary>
    public void Look(NodeConfig config, NodeState state, in NodeEvent nodeEvent)
    {
        bool isOfOne = nodeEvent.Kind is NodeEventKind.AdvertReceived or NodeEventKind.PacketRefused or NodeEventKind.KernelAnswered or NodeEventKind.DeadlineReached;
        if (isOfOne && nodeEvent.Index >= 0 && nodeEvent.Index < state.Instances.Length && _instances.Length == state.Instances.Length)
        {
            LookAt(config, state, nodeEvent.Index);
        }
        else
        {
            LookAtAll(config, state);
            LookAtMaintenance(config, state);
        }

        if (state.LastAttempt + (AttemptBlock / 2) >= _reserved)
        {
            Reserve(state.LastAttempt);
        }
    }

    /// <summary>The instances are those of another configuration now.</summary>
    public void Reconfigured(NodeConfig config, NodeState state)
    {
        _instances = [];
        _isDirty = true;
        LookAtAll(config, state);
    }

    /// <summary>Promises an attempt; it is started when the promise is on the disk.</summary>
    /// <param name="memory">What is promised.</param>
    /// <param name="program">The program.</param>
    /// <param name="start">Starts it; called from <see cref="Take"/> or <see cref="TakeTimer"/>, once, unless it is cancelled.</param>
    public void Promise(AttemptMemory memory, string program, Action start)
    {
        _attempts[memory.Attempt] = new PromisedAttempt(memory, RunOf(memory.Attempt), program);
        Await(memory.Instance, memory.Attempt, $"attempt {memory.Attempt} is started although it is not written down", start);
    }

    /// <summary>Has the state at the end of this turn written.</summary>
    /// <param name="instance">Name of the instance that asks.</param>
    /// <param name="goOn">Called as with <see cref="Promise"/>, once.</param>
    public void Keep(string instance, Action goOn) => Await(instance, attempt: 0, "the promotion goes on although it is not written down that its demotion will be due", goOn);

    /// <summary>Takes back a step that has not been started; false when it was, or is none that waits.</summary>
    public bool Cancel(long attempt) => attempt != 0 && _waiting.RemoveAll(waiting => waiting.Attempt == attempt) > 0;

    /// <summary>A program of an attempt runs.</summary>
    public void Started(long attempt, ProcessIdentity process)
    {
        if (_attempts.TryGetValue(attempt, out PromisedAttempt? promised))
        {
            _attempts[attempt] = promised with { Process = process };
            _isDirty = true;
        }
    }

    /// <summary>The outcome of an attempt is known, or nothing of it lives any more.</summary>
    public void Settled(long attempt) => _isDirty |= _attempts.Remove(attempt);

    /// <summary>Gives what has changed to the writer; once per turn of the loop.</summary>
    public void Flush()
    {
        if (!_isDirty)
        {
            return;
        }

        _isDirty = false;
        _posted = _writer.Post(StateFile.Format(new KeptState
        {
            BootId = _bootId,
            LastAttempt = _reserved,
            Instances = _instances.Where(instance => !instance.IsEmpty).ToEquatableArray(),
            Attempts = _attempts.Values.ToEquatableArray(),
            Maintenance = _maintenance.Select(each => KeptMaintenance.Of(each, MonotonicClock.Now, MonotonicClock.WallNow)).ToEquatableArray(),
        }));
    }

    /// <summary>Takes the writer's answer and starts what has waited for it.</summary>
    public void Take()
    {
        (long settled, int errno) = _writer.Take();
        if (errno != 0 && !_isFailing)
        {
            _log.Write(
                TimelineLevel.Error,
                $"{_path} cannot be written: {ErrorNumber.Text(errno)}; the daemon goes on and tries again. If it dies meanwhile, its next start does not know of steps under way and of failed promotions");
        }
        else if (errno == 0 && _isFailing)
        {
            _log.Write(TimelineLevel.Notice, $"{_path} is written again");
        }

        _isFailing = errno != 0;
        StartWaiting(waiting => waiting.Number <= settled, errno == 0 ? "" : ErrorNumber.Text(errno));
    }

    /// <summary>Starts what has waited for the disk long enough.</summary>
    public void TakeTimer()
    {
        _timer.Acknowledge();
        MonotonicInstant now = MonotonicClock.Now;
        StartWaiting(waiting => waiting.GiveUpAt <= now, $"the disk has not answered for {TimelineText.Duration(PromiseBound)}");
        ArmTimer();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Flush();
        _writer.Dispose();
        _timer.Dispose();
    }

    private void Await(string instance, uint attempt, string otherwise, Action goOn)
    {
        _isDirty = true;
        _waiting.Add(new Waiting(instance, attempt, otherwise, _posted + 1, MonotonicClock.Now + PromiseBound, goOn));
        ArmTimer();
    }

    private void StartWaiting(Predicate<Waiting> isReady, string trouble)
    {
        for (int i = 0; i < _waiting.Count;)
        {
            Waiting waiting = _waiting[i];
            if (!isReady(waiting))
            {
                i++;
                continue;
            }

            _waiting.RemoveAt(i);
            if (trouble.Length > 0)
            {
                _log.Write(TimelineLevel.Error, waiting.Instance, "state", $"({waiting.Instance}) {waiting.Otherwise}: {trouble}");
            }

            waiting.GoOn();
        }
    }

    private void LookAtAll(NodeConfig config, NodeState state)
    {
        if (_instances.Length != state.Instances.Length)
        {
            _instances = new InstanceMemory[state.Instances.Length];
        }

        for (int i = 0; i < _instances.Length; i++)
        {
            LookAt(config, state, i);
        }
    }

    private void LookAt(NodeConfig config, NodeState state, int index)
    {
        InstanceMemory now = InstanceMemory.Of(config.Instances[index].Name, state.Instances[index]);
        ref InstanceMemory known = ref _instances[index];
        if (known != now)
        {
            _isDirty |= !(known.IsEmpty && now.IsEmpty);
            known = now;
        }
    }

    private void LookAtMaintenance(NodeConfig config, NodeState state)
    {
        EquatableArray<MaintenanceMemory> now = MaintenanceMemory.Of(config, state);
        _isDirty |= now != _maintenance;
        _maintenance = now;
    }

    private void Reserve(uint last)
    {
        _reserved = last + AttemptBlock;
        _isDirty = true;
    }

    private void ArmTimer()
    {
        MonotonicInstant next = MonotonicInstant.Never;
        foreach (Waiting waiting in _waiting)
        {
            next = MonotonicInstant.Earlier(next, waiting.GiveUpAt);
        }

        _timer.Arm(next);
    }

    /// <summary>A step, or an instance (attempt 0), that waits for the disk, and what is said when it waits no longer.</summary>
    private sealed record Waiting(string Instance, uint Attempt, string Otherwise, long Number, MonotonicInstant GiveUpAt, Action GoOn);
}
