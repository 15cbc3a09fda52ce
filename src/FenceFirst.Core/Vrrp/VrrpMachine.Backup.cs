using FenceFirst.Core.Timeline;
using FenceFirst.Core.Wire;

namespace FenceFirst.Core.Vrrp;

/// <content>Backup: RFC 9568 section 6.4.2.</content>
public ref partial struct VrrpMachine
{
    /// <summary>An advert heard as Backup.</summary>
    /// <param name="advert">What it says.</param>
    /// <param name="source">Who sent it.</param>
    /// <param name="waited">How long ago it was received: the timer runs from then, so that whoever hears late does not take over late.</param>
    private void BackupHeard(in VrrpAdvert advert, InternetAddress source, TimeSpan waited = default)
    {
        if (advert.Priority == 0)
        {
            HandoverLost(source);
            bool isLowerGone = source == _state.LowerMaster;
            if (isLowerGone)
            {
                // There is nobody any more to preempt and to wait for.
                _state.LowerMaster = InternetAddress.None;
                _state.LowerHeardAt = MonotonicInstant.Never;
            }

            if (_config.Promotion is not null && !_state.Master.IsNone && source != _state.Master)
            {
                // DEVIATION: RFC 9568 section 6.4.2 shortens the timer for anybody's priority zero. A candidate that gives up says nothing about the
                // master that we follow, and taking over early could fence it in good health. With a promotion only its own word counts.
                return;
            }

            NoteRelease(source);
            _state.Master = isLowerGone ? source : _state.Master;

            // RFC 9568 section 6.4.2: priority zero sets Active_Down_Timer to Skew_Time.
            MonotonicInstant releasedAt = _now - VrrpTimers.Waited(waited, _state.MasterAdvertInterval);
            _state.MasterDownAt = MonotonicInstant.Later(_now, releasedAt + VrrpTimers.Skew(_config.Version, _state.Priority, _state.MasterAdvertInterval));
            _state.IsMasterReleased = true;
            Record(new TimelineEntry { Kind = TimelineKind.MasterReleased, Address = source });
            return;
        }

        bool isLower = advert.Priority < _state.Priority;
        if (isLower && IsPreempting && !_state.IsPreemptGivenUp && IsPreemptDelayOver(advert))
        {
            // RFC 9568 section 6.4.2: preempting, a lower priority is discarded and the timer keeps running.
            if (_state.LowerMaster != source)
            {
                Record(new TimelineEntry { Kind = TimelineKind.LowerAdvertDiscarded, Address = source, First = advert.Priority, Second = _state.Priority });
            }

            _state.HasMasterChanged |= !_state.Master.IsNone && _state.Master != source;
            _state.LowerMaster = source;
            _state.LowerHeardAt = _now;
            return;
        }

        if (!isLower)
        {
            _state.PreemptAt = MonotonicInstant.Never;
            _state.LowerMaster = InternetAddress.None;
            _state.IsPreemptGivenUp = false;
        }

        Follow(advert, source, waited);
    }

    /// <summary>RFC 9568 section 6.1 (Preempt_Mode): the address owner preempts whatever the mode says.</summary>
    private readonly bool IsPreempting => _config.IsPreempt || _config.IsOwner;

    private void Follow(in VrrpAdvert advert, InternetAddress source, TimeSpan waited)
    {
        if (_state.Master != source || _state.IsMasterReleased || _state.FollowedSince.IsNever || _now > _state.MasterDownAt)
        {
            _state.FollowedSince = _now;
        }

        if (_state.Master != source || _state.IsMasterReleased)
        {
            Record(new TimelineEntry { Kind = TimelineKind.MasterChanged, Address = source, First = advert.Priority, Second = _state.Priority });
            _state.HasMasterChanged |= !_state.Master.IsNone && _state.Master != source;
        }

        // RFC 9568 section 6.4.2: learn the interval, recompute and restart Active_Down_Timer.
        _state.Master = source;
        _state.MasterPriority = advert.Priority;
        _state.IsMasterReleased = false;
        LearnInterval(advert);
        _state.MasterDownAt = _now - VrrpTimers.Waited(waited, _state.MasterAdvertInterval) + MasterDownInterval;
        _state.IsPromotionHeldBack = false;
        _state.IsWantingMaster = false;
        HandoverHeard(advert.Priority, source);
    }

    /// <summary>Version 3 learns the interval of the master. Zero is not an interval: learned, it would make every timer fire at once.</summary>
    private void LearnInterval(in VrrpAdvert advert)
    {
        if (_config.Version == 3 && advert.AdvertInterval > TimeSpan.Zero)
        {
            _state.MasterAdvertInterval = advert.AdvertInterval;
        }
    }

    /// <summary>keepalived's preempt_delay: it starts with the first lower-priority advert and holds us back until it is over.</summary>
    private bool IsPreemptDelayOver(in VrrpAdvert advert)
    {
        if (_config.PreemptDelay <= TimeSpan.Zero)
        {
            return true;
        }

        if (_state.PreemptAt.IsNever)
        {
            _state.PreemptAt = _now + _config.PreemptDelay;
            Record(new TimelineEntry { Kind = TimelineKind.PreemptDelayStarted, First = advert.Priority, Duration = _config.PreemptDelay });
        }

        return _now >= _state.PreemptAt;
    }

    /// <summary>RFC 9568 section 6.4.2: Active_Down_Timer fires. Silence proves nothing (G9): the promotion has to find out.</summary>
    private void MasterDownTimerFired()
    {
        Invariant.Check(_state.Phase == VrrpPhase.Backup, "Master_Down_Timer runs in Backup only");
        TimeSpan late = _now - _state.MasterDownAt;
        if (late > _state.MasterAdvertInterval)
        {
            // We have not run, so we have not listened either: that is no silence of the master. Listen anew before a fence is asked for.
            Record(new TimelineEntry { Kind = TimelineKind.Stalled, Duration = late });
            ForgetReleases();
            _state.IsWantingMaster = false;
            _state.MasterDownAt = _now + MasterDownInterval;
            return;
        }

        if (IsHandingOver)
        {
            // Nobody is heard, or not any more: the others still have the time that they were given.
            HandoverLost(_state.Handover.By);
            _state.MasterDownAt = _state.Handover.Until;
            return;
        }

        if (IsInMaintenance)
        {
            HoldPromotionBack();
            return;
        }

        if (_now < _state.RetryAt)
        {
            Record(new TimelineEntry { Kind = TimelineKind.PromotionPostponed, Duration = _state.RetryAt - _now });
            _state.FollowedSince = MonotonicInstant.Never;
            _state.MasterDownAt = _state.RetryAt;
            return;
        }

        PromotionReason reason = CauseOfPromotion(out InternetAddress oldMaster);
        if (IsGrouped)
        {
            WantMaster(reason, oldMaster);
            return;
        }

        Record(new TimelineEntry { Kind = TimelineKind.MasterLost, Address = oldMaster, Reason = reason, Duration = MasterDownInterval });
        BeginPromotion(reason, oldMaster);
    }

    /// <summary>Why a promotion would begin now, and whose place is taken.</summary>
    private readonly PromotionReason CauseOfPromotion(out InternetAddress oldMaster)
    {
        bool isLowerAlive = !_state.LowerMaster.IsNone && _now - _state.LowerHeardAt < MasterDownInterval;
        oldMaster = isLowerAlive ? _state.LowerMaster : _state.Master;
        return isLowerAlive ? PromotionReason.Preempt
            : _state.IsMasterReleased ? PromotionReason.Released
            : oldMaster.IsNone ? PromotionReason.Startup
            : PromotionReason.MasterDown;
    }
}
