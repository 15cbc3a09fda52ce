using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Sim;

/// <summary>A machine with its power, clock, kernel and daemon. The daemon's decisions are Core's; what the host does with them is the daemon's way.</summary>
/// <remarks>
/// A turn is one wake-up of the daemon's event loop: the clock is read once; packets are delivered, other news queued; the queue is drained; timers
/// fire. A halt or a death may come between any two effects; what was decided then is carried out later, or never.
/// </remarks>
internal sealed partial class SimHost
{
    /// <summary>Packets that a socket holds for a daemon that does not run.</summary>
    private const int InboxMax = 512;

    private readonly SimWorld _world;
    private readonly VrrpAdvert[] _adverts;
    private readonly EffectBuffer _effects = new();
    private readonly Queue<NodeEvent> _queue = new();
    private readonly MonotonicInstant[] _timers;
    private List<SimItem> _inbox = [];
    private List<SimItem> _batch = [];
    private int _batchAt;
    private int _effectAt;
    private int _timerBound;
    private bool _isTurning;
    private bool _isStopping;
    private MonotonicInstant _turnClock;
    private int _endIn = -1;
    private EndKind _endKind;
    private long _wakeAt = Nano.Never;
    private long _haltedUntil;
    private uint _halt;
    private bool _isClockStopped;
    private long _clockBase;
    private long _simBase;
    private readonly long _partsPerMillion;
    private long _wallOffset;
    private uint _boot;
    private readonly uint[] _suppliesOff = new uint[FenceLevel.DevicesMax + 1];
    private bool _isWatchdogArmed;
    private uint _watchdog;

    /// <summary>Switched off.</summary>
    public SimHost(SimWorld world, int index, NodeConfig config)
    {
        _world = world;
        Index = index;
        Config = config;
        Address = AddressOf(config, index);
        State = new NodeState(config, 0);
        _timers = new MonotonicInstant[State.Armed.Length];
        _timers.AsSpan().Fill(MonotonicInstant.Never);
        _things = new Thing[config.Instances.Count];
        _expiresAt = new long[config.Instances.Count];
        _isExpiryQueued = new bool[config.Instances.Count];
        _inquiries = new Inquiry[config.Instances.Count];
        _watches = new uint[config.Instances.Count];
        _known = new InstanceMemory[config.Instances.Count];
        _hmacSent = new HmacSenderState[config.Instances.Count];
        _hmacHeard = new HmacReceiverState[config.Instances.Count];
        _isScriptBad = new bool[config.Scripts.Count];
        _adverts = [.. config.Instances.Select(instance => new VrrpAdvert(
            instance.Version, instance.Vrid, 0, (byte)instance.Addresses.Count, instance.AdvertInterval, instance.Authentication))];
        _clockBase = (10 * Nano.Second) + world.Chance.Between(0, 1000 * Nano.Second);
        _partsPerMillion = world.Has(SimFaults.Drift) ? world.Chance.Between(-10_000, 10_000) : 0;
        _wallOffset = world.Has(SimFaults.WallClock) ? world.Chance.Between(-2 * Nano.Second, 2 * Nano.Second) : 0;
    }

    private enum EndKind
    {
        Halt,
        FrozenHalt,
        DaemonDies,
        PowerGoes,
    }

    /// <summary>Position in the world.</summary>
    public int Index { get; }

    /// <summary>What the daemon is configured to do.</summary>
    public NodeConfig Config { get; }

    /// <summary>Where its adverts come from.</summary>
    public InternetAddress Address { get; }

    /// <summary>Core's state of the present life of the daemon.</summary>
    public NodeState State { get; private set; }

    /// <summary>Whether the machine has power.</summary>
    public bool IsPowered { get; private set; }

    /// <summary>Whether the daemon lives, running or halted.</summary>
    public bool IsDaemonUp { get; private set; }

    /// <summary>Whether the daemon does not run at the moment.</summary>
    public bool IsHalted => _haltedUntil > _world.Now;

    /// <summary>Whether the cable is in.</summary>
    public bool IsLinkUp { get; private set; } = true;

    /// <summary>Whether the daemon's loop is late again and again.</summary>
    public bool IsSlow { get; set; }

    /// <summary>Number of the present life of the daemon.</summary>
    public int Life { get; private set; }

    /// <summary>The node's own clock (CLOCK_BOOTTIME) in nanoseconds.</summary>
    public long Clock
    {
        get
        {
            long passed = _world.Now - _simBase;
            return _isClockStopped ? _clockBase : _clockBase + passed + (passed / 1_000_000 * _partsPerMillion);
        }
    }

    private long WallClock => _world.Now + _wallOffset + (1_700_000_000 * Nano.Second);

    /// <summary>The address that node number <paramref name="index"/> sends from.</summary>
    public static InternetAddress AddressOf(NodeConfig config, int index) =>
        config.Instances.Count > 0 && !config.Instances[0].Source.IsNone ? config.Instances[0].Source : SimCluster.AddressOf(index);

    /// <summary>Power at once, the daemon after a while.</summary>
    public void Begin(long daemonAfter)
    {
        IsPowered = true;
        See(SightingKind.PowerOn);
        After(daemonAfter, ItemKind.StartDaemon);
    }

    /// <summary>Nothing goes wrong from now on; what is broken is mended.</summary>
    public void Heal()
    {
        IsSlow = false;
        _endIn = -1;
        SetWallClock(0);
        _isScriptBad.AsSpan().Clear();
        SetLink(isUp: true);
        EndEndlessPrograms();
        if (IsHalted)
        {
            _haltedUntil = _world.Now;
            Resume(new SimItem { Attempt = _halt });
        }

        if (!IsPowered)
        {
            After(_world.Chance.Between(Nano.Second, 5 * Nano.Second), ItemKind.Boot, _boot);
        }
        else if (!IsDaemonUp || _isStopping)
        {
            EndDaemon(isOrderly: false);
            After(_world.Chance.Between(Nano.Second, 3 * Nano.Second), ItemKind.StartDaemon);
        }
        else
        {
            Arrive(new SimItem { Kind = ItemKind.Operator, Node = (byte)Index, Number = (int)OperatorWord.Maintenance, Data = UntilNow });
            for (int i = 0; i < Config.Instances.Count; i++)
            {
                // An operator looks at every node at once, and again when what was hanging has ended.
                SimItem retry = new() { Time = _world.Now + (5 * Nano.Second), Kind = ItemKind.Operator, Node = (byte)Index, Instance = (byte)i, Number = (int)OperatorWord.Retry };
                _world.Queue.Push(retry);
                Arrive(retry);
            }
        }
    }

    /// <summary>The power goes; <paramref name="by"/> is the node that fenced it, or this one for nobody.</summary>
    public void LosePower(int by, bool isRebooted = false)
    {
        if (!IsPowered)
        {
            return;
        }

        EndLife(isOrderly: false);
        _programs.Clear();
        IsPowered = false;
        for (int i = 0; i < _things.Length; i++)
        {
            Vanish(i, _things[i], RemovalCause.Power);
        }

        _boot++;
        _expiresAt.AsSpan().Clear();
        _isExpiryQueued.AsSpan().Clear();
        See(SightingKind.PowerOff, by: by == Index ? -1 : by);
        if (_world.Director is not null && !isRebooted)
        {
            return; // The scenario says when it comes back.
        }

        if (_world.IsHealed || isRebooted || _world.Chance.OneIn(2))
        {
            After(_world.Chance.Between(2 * Nano.Second, _world.IsHealed || isRebooted ? 5 * Nano.Second : 40 * Nano.Second), ItemKind.Boot, _boot);
        }
    }

    /// <summary>A fence device switches the machine, or one of its power supplies: the power goes with the last one.</summary>
    public void Strike(in SimItem item)
    {
        int supplies = (int)(item.Data >> 8);
        uint all = (1u << supplies) - 1;
        ref uint off = ref _suppliesOff[supplies % _suppliesOff.Length];
        uint supply = 1u << (int)(item.Data & 0xff);
        if (item.Instance == 1)
        {
            off &= ~supply;
            BootSoon();
            return;
        }

        off |= supply;
        if ((off & all) == all)
        {
            LosePower(item.From, isRebooted: item.Number == 1);
        }
    }

    /// <summary>The watchdog has not been fed in time.</summary>
    public void WatchdogBites(in SimItem item)
    {
        if (item.Attempt == _watchdog && _isWatchdogArmed)
        {
            LosePower(Index, isRebooted: true);
        }
    }

    /// <summary>The power comes back, and with it the daemon.</summary>
    public void Boot(in SimItem item)
    {
        if (IsPowered || item.Attempt != _boot)
        {
            return;
        }

        // Whoever switches it on has put all its supplies back.
        _suppliesOff.AsSpan().Clear();
        _isWatchdogArmed = false;
        IsPowered = true;
        _clockBase = 5 * Nano.Second;
        _simBase = _world.Now;
        _isClockStopped = false;
        See(SightingKind.PowerOn);
        After(_world.Chance.Between(0, 3 * Nano.Second), ItemKind.StartDaemon);
    }

    /// <summary>Boots a machine without power soon, whoever else wants to.</summary>
    public void BootSoon()
    {
        if (!IsPowered)
        {
            After(_world.Chance.Between(0, 2 * Nano.Second), ItemKind.Boot, _boot);
        }
    }

    /// <summary>A life of the daemon begins.</summary>
    public void StartDaemon(in SimItem item)
    {
        if (!IsPowered || IsDaemonUp)
        {
            return;
        }

        Life++;
        IsDaemonUp = true;
        _isStopping = false;
        _haltedUntil = 0;
        _isClockStopped = false;
        ulong epoch = State.Epoch + 1_000_000;
        State = new NodeState(Config, epoch, _world.Chance.Next());
        _timers.AsSpan().Fill(MonotonicInstant.Never);
        for (int i = 0; i < Config.Instances.Count; i++)
        {
            _hmacSent[i] = default;
            _hmacHeard[i] = HmacReceiverState.Create(Config.Instances[i]);
        }

        See(SightingKind.DaemonStarted);
        Recall();
        TellLink();
        for (int i = 0; i < Config.Instances.Count; i++)
        {
            _queue.Enqueue(NodeEvent.SourceChanged(i, Address));
        }

        // What an earlier life has left is removed before anything else.
        for (int i = 0; i < _things.Length; i++)
        {
            Vanish(i, _things[i] & Thing.Rules, RemovalCause.Sweep);
            Vanish(i, _things[i] & Thing.Routes, RemovalCause.Sweep);
            Vanish(i, _things[i], RemovalCause.Sweep);
        }

        BeginTurn();
        DrainQueue();
        if (IsDaemonUp && !IsHalted)
        {
            _queue.Enqueue(NodeEvent.Started());
            Continue();
        }
        else if (IsDaemonUp)
        {
            _queue.Enqueue(NodeEvent.Started());
        }

        SendOperatorToFaults();
    }

    /// <summary>on_failure fault and maintenance last over the daemon's death until an operator has looked, and when the faults are over one does.</summary>
    private void SendOperatorToFaults()
    {
        if (_world.IsHealed)
        {
            _world.Queue.Push(new SimItem { Time = _world.Now + Nano.Second, Kind = ItemKind.Operator, Node = (byte)Index, Number = (int)OperatorWord.Maintenance, Data = UntilNow });
        }

        for (int i = 0; i < Config.Instances.Count; i++)
        {
            if (_world.IsHealed && State.Instances[i].Faults.HasFlag(FaultCauses.Promotion))
            {
                _world.Queue.Push(new SimItem { Time = _world.Now + (5 * Nano.Second), Kind = ItemKind.Operator, Node = (byte)Index, Instance = (byte)i, Number = (int)OperatorWord.Retry });
            }
        }
    }

    /// <summary>The daemon ends; what it has in the kernel stays there.</summary>
    public void KillDaemon()
    {
        if (IsDaemonUp)
        {
            EndDaemon(isOrderly: false);
        }
    }

    /// <summary>The daemon does not run for a while.</summary>
    public void Halt(long duration, bool isClockStopped, bool isMidTurn = false)
    {
        if (!IsDaemonUp || IsHalted)
        {
            return;
        }

        _haltedUntil = _world.Now + duration;
        if (isClockStopped)
        {
            _clockBase = Clock;
            _isClockStopped = true;
        }
        else
        {
            // Fed four times per timeout, so the last food may be a quarter old.
            StarveWatchdog(duration);
        }

        See(SightingKind.Halted, number: isClockStopped ? 1 : 0, attempt: isMidTurn ? 1u : 0);
        After(duration, ItemKind.Resume, ++_halt);
    }

    /// <summary>The daemon runs again: first what it was about to do, then what has happened meanwhile.</summary>
    public void Resume(in SimItem item)
    {
        if (!IsDaemonUp || item.Attempt != _halt || _haltedUntil == 0)
        {
            return;
        }

        _haltedUntil = 0;
        _watchdog++;
        bool wasClockStopped = _isClockStopped;
        if (_isClockStopped)
        {
            _isClockStopped = false;
            _simBase = _world.Now;
            QueueExpiries();
        }

        See(SightingKind.Resumed, number: wasClockStopped ? 1 : 0);
        if (_isTurning)
        {
            Continue();
        }

        if (IsDaemonUp && !IsHalted)
        {
            Turn();
        }
    }

    /// <summary>A timer may be due.</summary>
    public void Wake(in SimItem item)
    {
        if (item.Time == _wakeAt)
        {
            _wakeAt = Nano.Never;
        }

        if (!IsDaemonUp || IsHalted)
        {
            return;
        }

        if (Earliest.Nanoseconds > Clock)
        {
            ArmWake();
            return;
        }

        if (IsLate())
        {
            return;
        }

        Turn();
    }

    /// <summary>A frame arrives at the interface.</summary>
    public void FrameArrives(in SimItem item)
    {
        if (IsLinkUp && IsDaemonUp && _inbox.Count < InboxMax)
        {
            Arrive(item);
        }
    }

    /// <summary>News for the daemon: it wakes up if it can.</summary>
    public void Arrive(in SimItem item)
    {
        if (!IsDaemonUp)
        {
            return;
        }

        _inbox.Add(item);
        if (!IsHalted && !_isTurning && !IsLate())
        {
            Turn();
        }
    }

    /// <summary>The daemon, or the whole machine, ends or halts after so many further effects, in the middle of a decision.</summary>
    public void EndInside(int effects, bool isPower, bool isHalt)
    {
        _endIn = effects;
        _endKind = isHalt ? (isPower ? EndKind.FrozenHalt : EndKind.Halt) : isPower ? EndKind.PowerGoes : EndKind.DaemonDies;
    }

    /// <summary>Sets the wall clock off by so much.</summary>
    public void SetWallClock(long offset)
    {
        See(SightingKind.WallClockSet);
        _wallOffset = offset;
    }

    /// <summary>The cable is pulled or put back.</summary>
    public void SetLink(bool isUp)
    {
        if (IsLinkUp == isUp)
        {
            return;
        }

        IsLinkUp = isUp;
        See(SightingKind.LinkChanged, number: isUp ? 1 : 0);
        Arrive(new SimItem { Kind = ItemKind.LinkNews, Node = (byte)Index });
    }

    private MonotonicInstant Earliest
    {
        get
        {
            MonotonicInstant earliest = _timers.Length == 0 ? MonotonicInstant.Never : _timers[0];
            for (int i = 1; i < _timers.Length; i++)
            {
                earliest = MonotonicInstant.Earlier(earliest, _timers[i]);
            }

            return earliest;
        }
    }

    private void EndDaemon(bool isOrderly)
    {
        bool wasUp = IsDaemonUp;
        EndLife(isOrderly);
        if (wasUp)
        {
            StarveWatchdog(Nano.Never);
            See(SightingKind.DaemonEnded, number: isOrderly ? 1 : 0);
        }
    }

    /// <summary>The device is not fed for so long; one that is closed without being disarmed goes on counting.</summary>
    private void StarveWatchdog(long duration)
    {
        if (!_isWatchdogArmed || Config.Watchdog is not { } watchdog)
        {
            return;
        }

        long timeout = Nano.Of(watchdog.Timeout);
        long bites = _world.Chance.Between(timeout - (timeout / 4), timeout);
        if (bites < duration)
        {
            After(bites, ItemKind.WatchdogBites, ++_watchdog);
        }
    }

    private void EndLife(bool isOrderly)
    {
        StopWriting(isOrderly);
        IsDaemonUp = false;
        _isTurning = false;
        _isStopping = false;
        _endIn = -1;
        _haltedUntil = 0;
        if (_isClockStopped)
        {
            _isClockStopped = false;
            _simBase = _world.Now;
            QueueExpiries();
        }

        _halt++;
        _inbox.Clear();
        _batch.Clear();
        _batchAt = 0;
        _effects.Clear();
        _effectAt = 0;
        _queue.Clear();
        _wakeAt = Nano.Never;
        _inquiries.AsSpan().Clear();
        _watches.AsSpan().Clear();
    }

    /// <summary>Whether the loop is late this time; what waits is then taken later.</summary>
    private bool IsLate()
    {
        if (!IsSlow || !_world.Chance.OneIn(3))
        {
            return false;
        }

        Halt(_world.Chance.Between(Nano.Millisecond, Nano.Second), isClockStopped: false);
        return true;
    }

    private void Turn()
    {
        if (_isTurning)
        {
            return;
        }

        BeginTurn();
        Continue();
    }

    private void BeginTurn()
    {
        _isTurning = true;
        _turnClock = new MonotonicInstant(Clock);
        (_inbox, _batch) = (_batch, _inbox);
        _inbox.Clear();
        _batchAt = 0;
        if (_batch.Count > 1)
        {
            OrderBatch();
        }

        _timerBound = (2 * _timers.Length) + 16;
    }

    /// <summary>epoll names descriptors in no particular order; what comes from one of them keeps its own.</summary>
    private void OrderBatch()
    {
        int first = _world.Chance.Below(6);
        _batch.Sort((a, b) =>
        {
            int order = ((DescriptorOf(a.Kind) + first) % 6).CompareTo((DescriptorOf(b.Kind) + first) % 6);
            return order != 0 ? order : a.Time != b.Time ? a.Time.CompareTo(b.Time) : a.Sequence.CompareTo(b.Sequence);
        });
    }

    private static int DescriptorOf(ItemKind kind) => kind switch
    {
        ItemKind.Packet or ItemKind.Refused => 0,
        ItemKind.StepEnds or ItemKind.ScriptEnds or ItemKind.LeftoverEnds => 1,
        ItemKind.LinkNews or ItemKind.AddressNews => 2,
        ItemKind.ProbeDue or ItemKind.ProbeAnswer => 3,
        ItemKind.DiskAnswers => 4,
        _ => 5,
    };

    private void DrainQueue()
    {
        int bound = _timerBound;
        _timerBound = 0;
        Continue(isEnding: false);
        _timerBound = bound;
    }

    /// <summary>Goes on with the turn, from wherever it was.</summary>
    private void Continue(bool isEnding = true)
    {
        while (true)
        {
            if (_effectAt < _effects.Count)
            {
                if (_endIn >= 0 && _endIn-- == 0)
                {
                    EndNow();
                    return;
                }

                CarryOut(_effects[_effectAt++]);
            }
            else if (_batchAt < _batch.Count)
            {
                Dispatch(_batch[_batchAt++]);
            }
            else if (_queue.TryDequeue(out NodeEvent nodeEvent))
            {
                Deliver(nodeEvent);
            }
            else if (_timerBound-- > 0 && TryTakeDue(out int timer))
            {
                State.Armed[timer] = MonotonicInstant.Never;
                Deliver(NodeEvent.DeadlineReached(timer));
            }
            else
            {
                break;
            }
        }

        if (isEnding)
        {
            EndTurn();
        }
    }

    private void EndTurn()
    {
        _isTurning = false;
        Keep();
        See(SightingKind.TurnEnded);
        if (_isStopping && State.IsStopped)
        {
            EndDaemon(isOrderly: true);
            return;
        }

        if (_inbox.Count > 0)
        {
            Turn();
            return;
        }

        ArmWake();
    }

    private void EndNow()
    {
        switch (_endKind)
        {
            case EndKind.Halt:
            case EndKind.FrozenHalt:
                Halt(_world.Chance.Between(Nano.Millisecond, 20 * Nano.Second), _endKind == EndKind.FrozenHalt, isMidTurn: true);
                break;
            case EndKind.DaemonDies:
                EndDaemon(isOrderly: false);
                After(_world.Chance.Between(Nano.Second, 20 * Nano.Second), ItemKind.StartDaemon);
                break;
            case EndKind.PowerGoes:
                LosePower(Index);
                break;
        }
    }

    private void Deliver(in NodeEvent nodeEvent, bool isMore = false)
    {
        if (!isMore)
        {
            _effects.Clear();
            _effectAt = 0;
        }

        NodeMachine.Step(Config, State, nodeEvent, _turnClock, _effects);
    }

    private bool TryTakeDue(out int timer)
    {
        timer = -1;
        for (int i = 0; i < _timers.Length; i++)
        {
            if (_timers[i] <= _turnClock && (timer < 0 || _timers[i] < _timers[timer]))
            {
                timer = i;
            }
        }

        if (timer >= 0)
        {
            _timers[timer] = MonotonicInstant.Never;
        }

        return timer >= 0;
    }

    /// <summary>Has the world call when the earliest timer is due. A call that comes too early finds nothing to do and calls again.</summary>
    private void ArmWake()
    {
        MonotonicInstant earliest = Earliest;
        if (earliest.IsNever || _isClockStopped)
        {
            return;
        }

        long at = WorldTime(earliest.Nanoseconds);
        if (at < _wakeAt)
        {
            _wakeAt = at;
            _world.Queue.Push(new SimItem { Time = at, Kind = ItemKind.Wake, Node = (byte)Index });
        }
    }

    /// <summary>The first instant of the world at which the node's clock shows this or more.</summary>
    private long WorldTime(long clock)
    {
        long shown = clock - _clockBase;
        long at = Math.Max(_world.Now, _simBase + shown - (shown / 1_000_000 * _partsPerMillion * 1_000_000 / (1_000_000 + _partsPerMillion)));
        while (true)
        {
            long passed = at - _simBase;
            long missing = clock - (_clockBase + passed + (passed / 1_000_000 * _partsPerMillion));
            if (missing <= 0)
            {
                return at;
            }

            at += missing;
        }
    }

    private void TellLink()
    {
        for (int link = 0; link < Config.Links.Count; link++)
        {
            if (State.LinksUp[link] != IsLinkUp)
            {
                _queue.Enqueue(NodeEvent.LinkChanged(link, IsLinkUp));
            }
        }
    }

    private void After(long delay, ItemKind kind, uint attempt = 0) =>
        _world.Queue.Push(new SimItem { Time = _world.Now + delay, Kind = kind, Node = (byte)Index, From = (byte)Index, Attempt = attempt });

    private void See(SightingKind kind, int instance = 0, Thing thing = Thing.None, int number = 0, uint attempt = 0, int by = -1) => _world.Watch.See(new Sighting
    {
        Kind = kind,
        Node = (byte)Index,
        Instance = (byte)instance,
        Thing = thing,
        Number = number,
        Attempt = attempt,
        By = (sbyte)by,
        At = _world.Now,
        Clock = Clock,
    });
}
