using FenceFirst.Core;
using FenceFirst.Core.Node;

namespace FenceFirst.Sim;

/// <content>The turns of the event loop: what wakes it, in which order it takes what there is, and its timers.</content>
internal sealed partial class SimHost
{
    /// <summary>Packets that a socket holds for a daemon that does not run.</summary>
    private const int InboxMax = 512;

    private readonly EffectBuffer _effects = new();
    private readonly Queue<NodeEvent> _queue = new();
    private readonly MonotonicInstant[] _timers;
    private List<SimItem> _inbox = [];
    private List<SimItem> _batch = [];
    private int _batchAt;
    private int _effectAt;
    private int _timerBound;
    private bool _isTurning;
    private MonotonicInstant _turnClock;
    private int _endIn = -1;
    private EndKind _endKind;
    private long _wakeAt = Nano.Never;

    private enum EndKind
    {
        Halt,
        FrozenHalt,
        DaemonDies,
        PowerGoes,
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
        if (IsLinkUpFor(item.Instance) && IsDaemonUp && _inbox.Count < InboxMax)
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
}
