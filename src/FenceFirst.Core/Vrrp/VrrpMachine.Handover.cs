using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;

namespace FenceFirst.Core.Vrrp;

/// <content>A planned switchover: leave in order, release, and wait for another master (docs/promotion.md 7).</content>
public ref partial struct VrrpMachine
{
    private readonly bool IsHandingOver => _state.Handover.Number != 0;

    /// <summary><c>fencefirst handover</c>: leaves Master in order and holds itself back until another master is there.</summary>
    internal void OperatorHandover(TimeSpan within)
    {
        ReleaseAfterStall();
        HandoverVerdict verdict = OperatorRules.JudgeHandover(_nodeConfig, _node, _index);
        uint number = verdict == HandoverVerdict.Accepted ? ++_node.LastAttempt : 0;
        Record(new TimelineEntry { Kind = TimelineKind.HandoverStarted, First = (int)verdict, Attempt = number, Duration = within });
        if (verdict != HandoverVerdict.Accepted)
        {
            return;
        }

        _state.Handover = HandoverProgress.None with { Number = number, Within = within };

        // Otherwise the better priority would take the addresses straight back from whoever has been given them.
        _state.IsPreemptGivenUp = true;
        BeginLeaving(Transition.Release);
    }

    /// <summary>
    /// The kernel has removed everything: from now on the addresses are missing. With a promotion the peers have one too, and a candidate advertises as a
    /// master does; so it is the link that tells who has the addresses.
    /// </summary>
    private void NoteAddressesGone()
    {
        if (!IsHandingOver)
        {
            return;
        }

        _state.Handover.GoneAt = _state.IsRemovalDoubtful ? MonotonicInstant.Never : _now;
        if (_config.Promotion is not null)
        {
            _state.Handover.IsWatching = true;
            _effects.Add(new NodeEffect { Kind = NodeEffectKind.WatchAddresses, Index = _index, Attempt = _state.Handover.Number });
        }
    }

    /// <summary>The demotion is done: from now on the others may take over, and this instance waits for them.</summary>
    private void BeginHandoverWait()
    {
        if (!IsHandingOver)
        {
            return;
        }

        _state.Handover.Until = _now + _state.Handover.Within;
        Record(new TimelineEntry { Kind = TimelineKind.HandoverWaiting, Attempt = _state.Handover.Number, Duration = _state.Handover.Within });
        EndHandoverIfTaken();
    }

    /// <summary>Another master is heard, as Backup or while still demoting.</summary>
    private void HandoverHeard(byte priority, InternetAddress source)
    {
        if (!IsHandingOver)
        {
            return;
        }

        if (_state.Handover.By.IsNone)
        {
            _state.Handover.HeardAt = _now;
        }

        _state.Handover.By = source;
        _state.Handover.ByPriority = priority;
        EndHandoverIfTaken();
    }

    /// <summary>Who was heard holds nothing after all, or has gone silent: a candidate that gave up.</summary>
    private void HandoverLost(InternetAddress source)
    {
        if (IsHandingOver && source == _state.Handover.By)
        {
            _state.Handover.By = InternetAddress.None;
            _state.Handover.HeardAt = MonotonicInstant.Never;
        }
    }

    /// <summary>The watch has seen somebody claim an address, or cannot see; false = the answer is to no watch of ours.</summary>
    private bool HandoverClaimed(uint attempt, InternetAddress claimed)
    {
        if (!IsHandingOver || attempt != _state.Handover.Number)
        {
            return false;
        }

        _state.Handover.IsWatching = false;
        if (!claimed.IsNone)
        {
            _state.Handover.ClaimedAt = _now;
        }

        EndHandoverIfTaken();
        return true;
    }

    private void EndHandoverIfTaken()
    {
        HandoverProgress handover = _state.Handover;
        if (handover.Until.IsNever || handover.By.IsNone || handover.IsWatching)
        {
            return;
        }

        // A claim is the moment at which the addresses are back; without a watch it is the first advert.
        MonotonicInstant backAt = handover.ClaimedAt.IsNever ? handover.HeardAt : handover.ClaimedAt;
        EndHandover(new TimelineEntry
        {
            Kind = TimelineKind.HandoverTaken,
            Address = handover.By,
            First = handover.ByPriority,
            Second = handover.ClaimedAt.IsNever ? 0 : 1,
            Duration = backAt > handover.GoneAt ? backAt - handover.GoneAt : TimeSpan.Zero,
        });
    }

    /// <summary>The waiting is over and nobody has taken over: the instance may become Master again, through its promotion.</summary>
    internal void HandoverExpired()
    {
        if (IsHandingOver && _state.Handover.Until <= _now)
        {
            EndHandover(new TimelineEntry { Kind = TimelineKind.HandoverExpired, Address = _state.Handover.By, Duration = _state.Handover.Within });
        }
    }

    /// <summary>A stop, a fault, an operator or a promotion of ours ends the waiting.</summary>
    private void AbandonHandover()
    {
        if (IsHandingOver)
        {
            EndHandover(new TimelineEntry { Kind = TimelineKind.HandoverAbandoned, Faults = _state.Faults, First = _state.IsStopping ? 1 : 0 });
        }
    }

    private void EndHandover(in TimelineEntry result)
    {
        if (_state.Handover.IsWatching)
        {
            _effects.Add(new NodeEffect { Kind = NodeEffectKind.WatchAddresses, Index = _index, Attempt = 0 });
        }

        uint number = _state.Handover.Number;
        _state.Handover = HandoverProgress.None;
        Record(result with { Attempt = number });
    }
}
