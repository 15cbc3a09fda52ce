using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;

namespace FenceFirst.Sim;

/// <content>What survives the daemon: the state file, as far as it was on the disk, and the programs of an earlier life.</content>
/// <remarks>
/// As the daemon does it: what has changed is given to a writer once per turn; the writer has one write under way and keeps only the newest state beside it; a fence
/// or run starts, and an instance goes on, when its promise is on the disk, could not be written, or has waited for two seconds. What was not on the disk when the daemon or the power went
/// is lost.
/// </remarks>
internal sealed partial class SimHost
{
    private const uint AttemptBlock = 10_000;
    private const uint AttemptsPerUnknownLife = 100_000;
    private const long PromiseBound = 2 * Nano.Second;
    private const long WriteRetry = 10 * Nano.Second;
    private const int Cancelled = 125;

    private readonly InstanceMemory[] _known;
    private readonly List<AttemptMemory> _attempts = [];
    private readonly List<Waiting> _waiting = [];
    private readonly List<AskedToKeep> _asked = [];
    private Kept? _onDisk;
    private Kept? _writing;
    private Kept? _next;
    private Kept? _failed;
    private EquatableArray<MaintenanceMemory> _maintenance;
    private bool _isDirty;
    private bool _isLost;
    private bool _isDiskTroubled;
    private uint _reserved;
    private uint _posted;
    private uint _settled;
    private uint _writer;

    /// <summary>The file, and which attempts have a living program; those are told to end, as the daemon does.</summary>
    private void Recall()
    {
        bool isDamaged = _onDisk is not null && HasDiskTrouble(30);
        Kept? former = isDamaged ? null : _onDisk;
        bool isSameBoot = former?.Boot == _boot;
        if (_isLost)
        {
            See(SightingKind.MemoryLost, number: _isDiskTroubled ? 1 : 0);
        }

        _isLost = false;
        _isDiskTroubled = false;
        _attempts.Clear();
        foreach (AttemptMemory attempt in former?.Attempts ?? default)
        {
            _attempts.Add(attempt with { IsAlive = isSameBoot && FindProgram(attempt.Attempt) >= 0 });
        }

        // A fence that the file does not know is found by its process.
        foreach (ref readonly Program program in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_programs))
        {
            uint number = program.Attempt;
            if (!program.IsScript && StepOf(program).Kind == StepKind.Fence && !_attempts.Exists(attempt => attempt.Attempt == number))
            {
                _attempts.Add(MemoryOf(program) with { IsAlive = true });
            }
        }

        NodeMemory memory = new()
        {
            IsDamaged = isDamaged,
            LastAttempt = former?.LastAttempt ?? (uint)(Life - 1) * AttemptsPerUnknownLife,
            Instances = former is null ? default : former.Instances.Where(instance => !instance.IsEmpty).Select(instance => isSameBoot ? instance : instance.AfterBoot()).ToEquatableArray(),
            Attempts = _attempts.ToEquatableArray(),
            Maintenance = former is null ? default : former.Maintenance.Select(kept => isSameBoot ? kept.Memory : AfterBoot(kept)).ToEquatableArray(),
        };
        _effects.Clear();
        _effectAt = 0;
        NodeRecall.Apply(Config, State, memory, new MonotonicInstant(Clock), _effects);
        foreach (ref readonly NodeEffect effect in _effects.Span)
        {
            CarryOut(effect);
        }

        _effects.Clear();

        // Counted as failed, and remembered as that from now on. The first write is waited for.
        _attempts.RemoveAll(attempt => !attempt.IsAlive);
        _reserved = State.LastAttempt + AttemptBlock;
        _known.AsSpan().Clear();
        _maintenance = default;
        Look();
        Kept begun = Snapshot();
        _isDirty = false;
        _onDisk = HasDiskTrouble(8) ? _onDisk : begun;
        _isLost = _onDisk != begun;
        _isDiskTroubled = _isLost;
        if (_isLost)
        {
            _failed = begun;
            RetryWriting();
        }

        foreach (AttemptMemory attempt in _attempts)
        {
            Kill(attempt.Attempt);
        }
    }

    /// <summary>Promises a fence or run; it starts when the promise is on the disk.</summary>
    private void Promise(in Program program)
    {
        _attempts.Add(MemoryOf(program));
        _isDirty = true;
        _waiting.Add(new Waiting(program, _posted + 1, Clock + PromiseBound));
        BoundPromise();
    }

    /// <summary>Has everything written down for an instance, and answers when it is.</summary>
    private void KeepMemory(int instance, uint attempt)
    {
        _isDirty = true;
        _asked.Add(new AskedToKeep(instance, attempt, _posted + 1, Clock + PromiseBound));
        BoundPromise();
    }

    private void BoundPromise()
    {
        if (_world.Has(SimFaults.Disk))
        {
            _world.Queue.Push(new SimItem { Time = WorldTime(Clock + PromiseBound), Kind = ItemKind.DiskAnswers, Node = (byte)Index, Attempt = _writer });
        }
    }

    /// <summary>Takes back a step that has not been started.</summary>
    private bool Cancel(uint attempt)
    {
        int at = _waiting.FindIndex(waiting => waiting.Program.Attempt == attempt);
        if (at < 0)
        {
            return false;
        }

        Program program = _waiting[at].Program;
        StepOutcome outcome = new(StepOutcomeKind.CouldNotStart, Cancelled);
        _waiting.RemoveAt(at);
        Settle(attempt);
        SeeStep(SightingKind.StepEnded, program, outcome);
        _queue.Enqueue(NodeEvent.StepEnded(program.Instance, attempt, outcome));
        return true;
    }

    private void Settle(uint attempt) => _isDirty |= _attempts.RemoveAll(known => known.Attempt == attempt) > 0;

    /// <summary>Looks for changes that have to be kept.</summary>
    private void Look()
    {
        for (int i = 0; i < _known.Length; i++)
        {
            InstanceMemory now = InstanceMemory.Of(Config.Instances[i].Name, State.Instances[i]);
            if (_known[i] != now)
            {
                _isDirty |= !(_known[i].IsEmpty && now.IsEmpty);
                _known[i] = now;
            }
        }

        EquatableArray<MaintenanceMemory> maintenance = MaintenanceMemory.Of(Config, State);
        _isDirty |= maintenance != _maintenance;
        _maintenance = maintenance;
        if (State.LastAttempt + (AttemptBlock / 2) >= _reserved)
        {
            _reserved = State.LastAttempt + AttemptBlock;
            _isDirty = true;
        }
    }

    /// <summary>Gives what has changed to the writer; once per turn.</summary>
    private void Keep()
    {
        Look();
        if (_isDirty)
        {
            _isDirty = false;
            _isLost = true;
            _next = Snapshot();
            _posted++;
            if (_writing is null)
            {
                BeginWriting();
            }
        }
    }

    private void BeginWriting()
    {
        (_writing, _next) = (_next, null);
        bool isSlow = HasDiskTrouble(6);
        After(_world.Chance.Between(50 * Nano.Microsecond, isSlow ? 6 * Nano.Second : 2 * Nano.Millisecond), ItemKind.WriteEnds, _writer);
    }

    /// <summary>The disk has answered the writer, or a failed write is tried again.</summary>
    public void WriteEnds(in SimItem item)
    {
        if (item.Attempt != _writer)
        {
            return;
        }

        if (item.Number == 1)
        {
            _next ??= _failed;
            _failed = null;
            if (_writing is null && _next is not null)
            {
                BeginWriting();
            }

            return;
        }

        bool hasFailed = HasDiskTrouble(6);
        _isDiskTroubled = hasFailed || (_isDiskTroubled && _next is not null);
        _onDisk = hasFailed ? _onDisk : _writing;
        _isLost = hasFailed || _next is not null;
        _failed = hasFailed ? _writing : null;
        _writing = null;
        _settled = _next is null ? _posted : _posted - 1;
        if (hasFailed)
        {
            RetryWriting();
        }

        if (_next is not null)
        {
            BeginWriting();
        }

        if (_waiting.Count + _asked.Count > 0)
        {
            Arrive(new SimItem { Kind = ItemKind.DiskAnswers, Node = (byte)Index, Attempt = _writer });
        }
    }

    private void RetryWriting() =>
        _world.Queue.Push(new SimItem { Time = _world.Now + WriteRetry, Kind = ItemKind.WriteEnds, Node = (byte)Index, Attempt = _writer, Number = 1 });

    /// <summary>A promise may have waited long enough.</summary>
    public void PromiseIsDue(in SimItem item)
    {
        if (item.Attempt == _writer && _waiting.Count + _asked.Count > 0)
        {
            Arrive(item);
        }
    }

    /// <summary>Starts what has waited for the disk: written or refused, both settle a number; or for too long.</summary>
    private void StartWaiting()
    {
        for (int i = 0; i < _waiting.Count;)
        {
            Waiting waiting = _waiting[i];
            if (IsAwaited(waiting.Number, waiting.GiveUpAt))
            {
                i++;
                continue;
            }

            _waiting.RemoveAt(i);
            StartProgram(waiting.Program);
        }

        for (int i = 0; i < _asked.Count;)
        {
            AskedToKeep asked = _asked[i];
            if (IsAwaited(asked.Number, asked.GiveUpAt))
            {
                i++;
                continue;
            }

            _asked.RemoveAt(i);
            _queue.Enqueue(NodeEvent.MemoryKept(asked.Instance, asked.Attempt));
        }
    }

    /// <summary>Whether the disk may still answer for a write; what is not waited for any longer is a trouble.</summary>
    private bool IsAwaited(uint number, long giveUpAt)
    {
        bool isUnsettled = number > _settled;
        _isDiskTroubled |= isUnsettled && giveUpAt <= Clock;
        return isUnsettled && giveUpAt > Clock;
    }

    /// <summary>The writer ends with its daemon: what was under way is on the disk or is not. A daemon that ends in order waits for it.</summary>
    private void StopWriting(bool isOrderly)
    {
        bool isTroubled = isOrderly && HasDiskTrouble(6);
        _isDiskTroubled |= isTroubled;
        if (isOrderly && !isTroubled)
        {
            _onDisk = Snapshot();
            _isLost = false;
            _isDirty = false;
            _writing = null;
            _next = null;
        }

        if (_writing is not null && _world.Chance.OneIn(2))
        {
            _onDisk = _writing;
            _isLost = _next is not null;
        }

        _isLost |= _isDirty;
        _writer++;
        _writing = null;
        _next = null;
        _failed = null;
        _isDirty = false;
        _waiting.Clear();
        _asked.Clear();
    }

    private bool HasDiskTrouble(int times) => !_world.IsHealed && _world.Has(SimFaults.Disk) && _world.Chance.OneIn(times);

    private Kept Snapshot() => new(
        _boot, _reserved, _known.ToEquatableArray(), _attempts.ToEquatableArray(), _maintenance.Select(on => new KeptMaintenance(on, on.Until.Nanoseconds - Clock, WallClock)).ToEquatableArray());

    /// <summary>What the wall clock says is left, never more than was left when it was written (docs/decisions/045-after-a-boot-the-wall-clock-ends-maintenance.md).</summary>
    private MaintenanceMemory AfterBoot(KeptMaintenance kept)
    {
        bool isEndless = kept.Memory.Until.IsNever || kept.Memory.Until == MonotonicInstant.Zero;
        long left = Math.Clamp(kept.Left - (WallClock - kept.WrittenAt), 0, Math.Max(0, kept.Left));
        return isEndless ? kept.Memory : kept.Memory with { Until = new MonotonicInstant(Clock + left) };
    }

    private AttemptMemory MemoryOf(in Program program)
    {
        PromotionStep step = StepOf(program);
        return new AttemptMemory(Config.Instances[program.Instance].Name, program.Attempt)
        {
            Kind = step.Kind,
            Step = program.Step,
            IsDemotion = program.IsDemotion,
            Targets = step.Targets,
        };
    }

    private void LeftoverEnds(in Program program, in SimItem item)
    {
        See(SightingKind.LeftoverEnded, program.Instance, attempt: program.Attempt);
        foreach (AttemptMemory known in State.Leftovers)
        {
            if (IsDaemonUp && known.Attempt == program.Attempt)
            {
                Arrive(item with { Kind = ItemKind.LeftoverEnds });
                return;
            }
        }
    }

    /// <summary>The state file.</summary>
    private sealed record Kept(uint Boot, uint LastAttempt, EquatableArray<InstanceMemory> Instances, EquatableArray<AttemptMemory> Attempts, EquatableArray<KeptMaintenance> Maintenance);

    /// <summary>Maintenance as it is kept: how much was left of it when it was written, and the wall clock then, both in nanoseconds.</summary>
    private readonly record struct KeptMaintenance(MaintenanceMemory Memory, long Left, long WrittenAt);

    /// <summary>An instance that waits for the disk, likewise.</summary>
    private readonly record struct AskedToKeep(int Instance, uint Attempt, uint Number, long GiveUpAt);

    /// <summary>A step that waits for the disk: for the write of this number, or until its bound.</summary>
    private readonly record struct Waiting(Program Program, uint Number, long GiveUpAt);
}
