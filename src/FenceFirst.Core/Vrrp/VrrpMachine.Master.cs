using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Wire;

namespace FenceFirst.Core.Vrrp;

/// <content>Master: RFC 9568 section 6.4.3 (Active).</content>
public ref partial struct VrrpMachine
{
    private void BecomeMaster()
    {
        Invariant.Check(_state.Phase == VrrpPhase.Promoting && _state.Steps.Attempt == 0, "Master is entered from Promoting, with no step under way (G1)");
        BeginTransition(Transition.Raise);
    }

    private void EnterMaster()
    {
        _state.Phase = VrrpPhase.Master;
        _state.IsPreemptGivenUp = false;
        _state.IsRestoreWanted = false;
        ForgetRefusedRemovals();
        ForgetMaster();
        Record(new TimelineEntry { Kind = TimelineKind.EnteredMaster, Second = _state.Priority });
    }

    private void MasterHeard(in VrrpAdvert advert, InternetAddress source)
    {
        if (advert.Priority == 0)
        {
            // RFC 9568 section 6.4.3: answer priority zero with an advert at once. The grid stays where it is: what is heard never delays us.
            Record(new TimelineEntry { Kind = TimelineKind.ReleaseHeardAsMaster, Address = source });
            Walk(Transition.Answer);
            if (_config.IsReasserting)
            {
                // Only who was master, or was about to be, releases; its adverts may not have reached us.
                _state.ConflictWith = source;
                ConflictWon();
            }
        }
        else if (IsBetter(advert.Priority, source))
        {
            Record(new TimelineEntry { Kind = TimelineKind.BetterAdvertHeard, Address = source, First = advert.Priority, Second = _state.Priority });
            if (_config.IsHigherPriorityAnswered)
            {
                SendAdvert();
            }

            YieldTo(advert, source);
        }
        else if (advert.Priority == _state.Priority && source == _state.Source)
        {
            Record(new TimelineEntry { Kind = TimelineKind.OwnAddressHeard, Address = source, First = advert.Priority });
        }
        else
        {
            LowerAdvertHeard(advert, source);
        }
    }

    private void LowerAdvertHeard(in VrrpAdvert advert, InternetAddress source)
    {
        Record(new TimelineEntry { Kind = TimelineKind.LowerAdvertHeard, Address = source, First = advert.Priority, Second = _state.Priority });

        // RFC 9568 section 6.4.3: a lower priority is answered at once, to assert the state to bridges and to the sender.
        Walk(Transition.Assert);
        for (int i = 0; i < GroupSize; i++)
        {
            Member(i).AnnounceBeside(_index);
        }

        NoteConflict(source);
    }

    /// <summary>Another member of the group has heard a lower priority: its sender may have announced the addresses of all of them (keepalived: vrrp.c, vrrp_state_master_rx).</summary>
    private void AnnounceBeside(int hearing)
    {
        if (_index != hearing && _state.Phase == VrrpPhase.Master && !IsLeftOut(Transition.Assert, SideEffect.Announce))
        {
            AnnounceFor(Transition.Assert);
        }
    }

    private void YieldTo(in VrrpAdvert advert, InternetAddress source)
    {
        _state.Master = source;
        _state.MasterPriority = advert.Priority;

        // RFC 9568 section 6.4.3: adopt the winner's interval.
        LearnInterval(advert);
        BeginLeaving(Transition.Yield);
    }

    private void GratuitousDue()
    {
        Announce(_state.GratuitousRepeat);
        if (_config.Gratuitous.Refresh > TimeSpan.Zero)
        {
            _state.GratuitousAt = NodeMachine.NextOnGrid(_state.GratuitousAt, _config.Gratuitous.Refresh, _now);
            _state.GratuitousRepeat = _config.Gratuitous.RefreshRepeat;
        }
        else
        {
            _state.GratuitousAt = MonotonicInstant.Never;
        }
    }

    private void LowerBurstDue()
    {
        Announce(_config.Gratuitous.LowerPriorityRepeat);
        _state.LowerBurstAt = MonotonicInstant.Never;
    }

    private void EndAnnouncements()
    {
        _state.GratuitousAt = MonotonicInstant.Never;
        _state.LowerBurstAt = MonotonicInstant.Never;
    }

    private readonly void Announce(int count)
    {
        Record(new TimelineEntry { Kind = TimelineKind.Announced, First = count });
        _effects.Add(new NodeEffect { Kind = NodeEffectKind.Announce, Index = _index, Count = count });
    }

    /// <summary>Somebody else removed an address, route or rule: put back without leaving Master (keepalived goes to Backup and back).</summary>
    internal void AddressLost()
    {
        ReleaseAfterStall();
        if (_state.Phase != VrrpPhase.Master)
        {
            return;
        }

        if (_state.Transition != Transition.None)
        {
            // It may have been the one just added: put back as soon as the transition under way has ended.
            _state.IsRestoreWanted = true;
            return;
        }

        Restore();
    }

    private void Restore()
    {
        Record(new TimelineEntry { Kind = _state.IsHoldingChanged ? TimelineKind.HoldingChanged : TimelineKind.AddressesRestored });
        _state.IsRestoreWanted = false;
        _state.IsHoldingChanged = false;
        BeginTransition(Transition.Restore);
    }

    /// <summary>The daemon has taken over another configuration; what it dropped is removed already, what it brought is added (what is there stays).</summary>
    internal void Reconfigured()
    {
        TrackersChanged();
        if (_state.IsHoldingChanged && _state.Phase == VrrpPhase.Master && _state.Transition == Transition.None)
        {
            Restore();
        }

        _state.IsHoldingChanged = false;
    }

    /// <summary>
    /// G7: a master that has not run for longer than its own Master_Down_Interval has been replaced in the eyes of its peers. It removes its
    /// addresses before it does anything else. A candidate in the same position stands down.
    /// </summary>
    internal void ReleaseAfterStall()
    {
        if (_state.AdvertAt.IsNever || _state.AdvertSentAt.IsNever || _now - _state.AdvertSentAt <= OwnMasterDownInterval)
        {
            return;
        }

        TimeSpan gap = _now - _state.AdvertSentAt;
        switch (_state.Phase)
        {
            case VrrpPhase.Master:
                Record(new TimelineEntry { Kind = TimelineKind.Stalled, Duration = gap });
                BeginLeaving(Transition.Yield);
                break;
            case VrrpPhase.Promoting:
                _state.AdvertAt = MonotonicInstant.Never;
                Record(new TimelineEntry { Kind = TimelineKind.Stalled, Duration = gap });
                EndPromotion();

                // The bound of a step that is awaited may have passed meanwhile: it is due now.
                _state.Steps.DeadlineAt = MonotonicInstant.Later(_state.Steps.DeadlineAt, _now);
                break;
            case VrrpPhase.Demoting:
                _state.AdvertAt = MonotonicInstant.Never;
                break;
            case VrrpPhase.Initialize:
            case VrrpPhase.Backup:
            case VrrpPhase.Fault:
                break;
        }
    }

    private void BeginLeaving(Transition transition)
    {
        Invariant.Check(_state.Phase == VrrpPhase.Master, "only a Master leaves Master");
        _state.Phase = VrrpPhase.Demoting;
        EndAnnouncements();
        _state.IsLeased = false;
        _state.ConflictUntil = MonotonicInstant.Never;
        _state.Steps = StepProgress.Idle with { Epoch = _state.Steps.Epoch };
        ForgetRefusedRemovals();
        if (transition == Transition.Yield)
        {
            // docs/promotion.md 4: silent at once, so that the better station is not contradicted.
            _state.AdvertAt = MonotonicInstant.Never;
        }

        BeginTransition(transition);
    }
}
