using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Sim;

/// <content>The lives of the daemon: how one begins, halts, goes on and ends.</content>
internal sealed partial class SimHost
{
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
}
