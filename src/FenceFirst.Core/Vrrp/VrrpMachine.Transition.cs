using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Wire;

namespace FenceFirst.Core.Vrrp;

/// <content>Walks the tables of <see cref="TransitionOrder"/>; nothing later starts before the earlier was acknowledged (G5).</content>
public ref partial struct VrrpMachine
{
    private void BeginTransition(Transition transition)
    {
        if (_state.KernelAttempt != 0)
        {
            // A stall, a fault or a stop leaves no time for the answer to what was asked last; the story needs it all the same (G8).
            _state.OvertakenAttempt = _state.KernelAttempt;
            _state.OvertakenEffect = TransitionOrder.Of(_state.Transition)[_state.Position - 1];
        }

        _state.Transition = transition;
        _state.Position = 0;
        _state.KernelAttempt = 0;
        Continue();
    }

    private void Continue()
    {
        while (_state.Transition != Transition.None)
        {
            ReadOnlySpan<SideEffect> order = TransitionOrder.Of(_state.Transition);
            if (_state.Position == order.Length)
            {
                EndTransition();
                return;
            }

            SideEffect effect = order[_state.Position++];
            if (effect == SideEffect.Demote)
            {
                if (InsistOnRemoval())
                {
                    _state.Position--;
                    return;
                }

                NoteAddressesGone();
                if (IsGrouped)
                {
                    // Nobody is demoted before everything of all members is gone.
                    _state.IsAwaitingGroup = true;
                    return;
                }
            }

            if (!IsEmpty(effect) && !Perform(_state.Transition, effect))
            {
                return;
            }
        }
    }

    /// <summary>Walks an order that has nothing to wait for; Raise, Release, Yield or Restore may be under way meanwhile.</summary>
    private void Walk(Transition transition)
    {
        foreach (SideEffect effect in TransitionOrder.Of(transition))
        {
            if (!IsLeftOut(transition, effect))
            {
                Perform(transition, effect);
            }
        }
    }

    /// <summary>Whether the configuration wants nothing of this.</summary>
    private readonly bool IsLeftOut(Transition transition, SideEffect effect) => effect switch
    {
        SideEffect.Advertise => transition == Transition.Assert && _config.IsLowerPriorityUnanswered,
        SideEffect.AnnounceOwn => !_config.IsUnicast || _config.Link < 0 || _state.Source.IsNone,
        SideEffect.Announce => transition == Transition.Assert && (_state.Transition != Transition.None || _config.Gratuitous.LowerPriorityRepeat == 0),
        SideEffect.AddAddresses or SideEffect.RemoveAddresses or SideEffect.AddExcluded or SideEffect.RemoveExcluded or SideEffect.AddRoutes
            or SideEffect.RemoveRoutes or SideEffect.AddRules or SideEffect.RemoveRules or SideEffect.Demote or SideEffect.Release or SideEffect.Notify
            or SideEffect.Enter => false,
    };

    /// <summary>Whether the configuration has nothing for this side effect.</summary>
    private readonly bool IsEmpty(SideEffect effect) => effect switch
    {
        SideEffect.AddAddresses or SideEffect.RemoveAddresses => _config.Addresses.IsEmpty,
        SideEffect.AddExcluded or SideEffect.RemoveExcluded => _config.ExcludedAddresses.IsEmpty,
        SideEffect.AddRoutes or SideEffect.RemoveRoutes => _config.Routes.IsEmpty,
        SideEffect.AddRules or SideEffect.RemoveRules => _config.Rules.IsEmpty,
        SideEffect.Demote => _config.Demotion is null || _config.Demotion.Steps.IsEmpty,
        SideEffect.Advertise or SideEffect.Announce or SideEffect.AnnounceOwn or SideEffect.Release or SideEffect.Notify or SideEffect.Enter => false,
    };

    /// <summary>Starts one side effect; false = its answer is awaited.</summary>
    private bool Perform(Transition transition, SideEffect effect)
    {
        switch (effect)
        {
            case SideEffect.Advertise:
                SendAdvert();

                // The grid of a master, or of a candidate that has been advertising, goes on; otherwise it starts here.
                if (_state.AdvertAt.IsNever)
                {
                    _state.AdvertAt = _now + _config.AdvertInterval;
                }

                return true;
            case SideEffect.AddAddresses:
            case SideEffect.AddExcluded:
            case SideEffect.AddRoutes:
            case SideEffect.AddRules:
            case SideEffect.RemoveRules:
            case SideEffect.RemoveRoutes:
            case SideEffect.RemoveExcluded:
            case SideEffect.RemoveAddresses:
                AskKernel(effect);
                return false;
            case SideEffect.Announce:
                AnnounceFor(transition);
                return true;
            case SideEffect.AnnounceOwn:
                AnnounceOwn();
                return true;
            case SideEffect.Demote:
                BeginDemotionStep();
                return false;
            case SideEffect.Release:
                ReleaseIfTrue();
                return true;
            case SideEffect.Notify:
                Notify(transition == Transition.Assert ? Notification.MasterHeardLower : ToldOf);
                return true;
            case SideEffect.Enter:
                Enter(transition);
                return true;
        }

        return true;
    }

    private void Enter(Transition transition)
    {
        switch (transition)
        {
            case Transition.Raise:
                EnterMaster();
                break;
            case Transition.Start:
                EnterBackup(isStart: true);
                break;
            case Transition.Recover:
                EnterBackup(isStart: false);
                break;
            case Transition.Fail:
                EnterFault();
                break;
            case Transition.Stop:
            case Transition.Delete:
                ComeToRest();
                break;
            case Transition.Release:
            case Transition.Yield:
            case Transition.Withdraw:
                SettleAfterLeaving();
                break;
            case Transition.None:
            case Transition.Restore:
            case Transition.Assert:
            case Transition.Answer:
            case Transition.Reassert:
                // They stay what they are.
                break;
        }
    }

    /// <summary>What the present state is called to notify scripts.</summary>
    private readonly Notification ToldOf => _state.Phase switch
    {
        VrrpPhase.Master => Notification.Master,
        VrrpPhase.Fault => Notification.Fault,
        VrrpPhase.Initialize => !_state.IsDeleted ? Notification.Stop : _config.Notify.IsDeletedTold ? Notification.Deleted : Notification.Fault,
        VrrpPhase.Backup or VrrpPhase.Promoting or VrrpPhase.Demoting => Notification.Backup,
    };

    private void AnnounceFor(Transition transition)
    {
        GratuitousSchedule schedule = _config.Gratuitous;
        if (transition != Transition.Assert)
        {
            Announce(schedule.MasterRepeat);
            if (transition != Transition.Reassert)
            {
                ArmSecondBurst();
            }

            return;
        }

        Announce(schedule.LowerPriorityRepeat);
        if (schedule.LowerPriorityDelay > TimeSpan.Zero)
        {
            // After the last advert: each has its first burst at once. keepalived sends a second one for each.
            _state.LowerBurstAt = _now + schedule.LowerPriorityDelay;
        }
    }

    /// <summary>
    /// A master that has lost us from its neighbour table could not send to us before it has asked for us, and we would take that for silence
    /// (keepalived: vrrp_scheduler.c, try_up_instance).
    /// </summary>
    private readonly void AnnounceOwn()
    {
        Record(new TimelineEntry { Kind = TimelineKind.OwnAnnounced, Address = _state.Source });
        _effects.Add(new NodeEffect { Kind = NodeEffectKind.AnnounceOwn, Index = _index });
    }

    private void AskKernel(SideEffect effect)
    {
        _state.KernelAttempt = ++_node.LastAttempt;
        NodeEffect request = new() { Kind = NodeEffectKind.AskKernel, Index = _index, Attempt = _state.KernelAttempt, Effect = effect };
        TimelineEntry entry = new() { Kind = TimelineKind.KernelAsked, Effect = effect };

        // G8: nothing is held before it has been told. G7: what has to go goes first, and is told afterwards.
        if (_state.Transition is Transition.Raise or Transition.Restore)
        {
            Record(entry);
            _effects.Add(request);
        }
        else
        {
            _effects.Add(request);
            Record(entry);
        }
    }

    private void ArmSecondBurst()
    {
        GratuitousSchedule schedule = _config.Gratuitous;
        if (schedule.MasterDelay > TimeSpan.Zero)
        {
            _state.GratuitousAt = _now + schedule.MasterDelay;
            _state.GratuitousRepeat = schedule.MasterRepeat;
        }
        else if (schedule.Refresh > TimeSpan.Zero)
        {
            _state.GratuitousAt = _now + schedule.Refresh;
            _state.GratuitousRepeat = schedule.RefreshRepeat;
        }
    }

    /// <summary>The kernel has answered the request under way; answers to older requests change nothing, but a refusal is told.</summary>
    internal void KernelAnswered(uint attempt, int errno)
    {
        ReleaseAfterStall();
        if (attempt != 0 && attempt == _state.OvertakenAttempt)
        {
            RecordRefusal(_state.OvertakenEffect, errno);
            _state.OvertakenAttempt = 0;
            _state.OvertakenEffect = default;
            return;
        }

        bool isRepeated = attempt != 0 && attempt == _state.RemovalAttempt;
        if (!isRepeated && (attempt == 0 || attempt != _state.KernelAttempt))
        {
            return;
        }

        SideEffect effect = isRepeated ? _state.RemovalAsked : TransitionOrder.Of(_state.Transition)[_state.Position - 1];
        RecordRefusal(effect, errno);
        if (isRepeated)
        {
            RemovalAnswered(errno);
            return;
        }

        _state.KernelAttempt = 0;
        if (errno != 0)
        {
            if (_state.Phase == VrrpPhase.Master)
            {
                // An address that cannot be added is a failed promotion, not a Master without an address (keepalived goes on).
                CountFailure();
                BeginLeaving(Transition.Release);
                return;
            }

            NoteRemoval(effect, errno);
        }

        Continue();
    }

    private void RecordRefusal(SideEffect effect, int errno)
    {
        if (errno != 0)
        {
            Record(new TimelineEntry { Kind = TimelineKind.KernelRefused, Effect = effect, First = errno });
        }
    }

    private void EndTransition()
    {
        Transition ended = _state.Transition;
        _state.Transition = Transition.None;
        switch (ended)
        {
            case Transition.None:
            case Transition.Release:
            case Transition.Yield:
            case Transition.Start:
            case Transition.Fail:
            case Transition.Recover:
            case Transition.Withdraw:
            case Transition.Stop:
            case Transition.Delete:
            case Transition.Assert:
            case Transition.Answer:
            case Transition.Reassert:
                break;
            case Transition.Raise:
            case Transition.Restore:
                // Everything is held: only now has the promotion succeeded.
                _state.FailedPromotions = 0;
                _state.RetryAt = MonotonicInstant.Zero;
                BeginLease();
                if (_state.IsRestoreWanted)
                {
                    Restore();
                }

                break;
        }
    }

    /// <summary>Holds nothing any more: Backup, Fault or rest, as things stand now.</summary>
    private void SettleAfterLeaving()
    {
        bool isDemoted = _state.Phase == VrrpPhase.Demoting;
        InternetAddress winner = isDemoted ? _state.Master : InternetAddress.None;
        byte winnerPriority = _state.MasterPriority;
        TimeSpan winnerInterval = _state.MasterAdvertInterval;
        if (_state.IsStopping)
        {
            ComeToRest();
            return;
        }

        if (_state.Faults != FaultCauses.None)
        {
            EnterFault();
            return;
        }

        // After a promotion that came to nothing the master that we lost is still the one that the next promotion is about.
        bool isMasterLost = !isDemoted && _state.Steps.Reason != PromotionReason.Preempt;
        InternetAddress lost = isMasterLost ? _state.Steps.OldMaster : InternetAddress.None;
        bool hasMasterChanged = !isDemoted && _state.HasMasterChanged;
        SilenceTimers();
        ForgetMaster();
        _state.Master = lost;
        _state.HasMasterChanged = hasMasterChanged;
        _state.Phase = VrrpPhase.Backup;
        _state.MasterAdvertInterval = _config.AdvertInterval;
        if (!winner.IsNone)
        {
            _state.Master = winner;
            _state.MasterPriority = winnerPriority;
            _state.MasterAdvertInterval = winnerInterval;
        }

        _state.MasterDownAt = _now + MasterDownInterval;
        Record(new TimelineEntry { Kind = TimelineKind.EnteredBackup, Address = winner });
        BeginHandoverWait();
    }

    /// <summary>
    /// Priority 0 means "I hold nothing and my demotion succeeded" (docs/promotion.md 4). It is withheld when that would not be true, and a plain
    /// VRRP instance that yields to a better one says nothing (RFC 9568 section 6.4.3).
    /// </summary>
    private void ReleaseIfTrue()
    {
        bool isManaged = _config.Promotion is not null || _config.Demotion is not null;
        if (_state.Transition == Transition.Yield && !isManaged)
        {
            return;
        }

        _state.IsDemotionDoubtful = IsFollower
            ? Leader._state.IsDemotionDoubtful
            : _state.Steps.HasFailed && _config.Demotion?.IsReleasedOnFailure != true;
        bool isRemovalDoubtful = IsRemovalDoubtful;
        if (isRemovalDoubtful || _state.IsDemotionDoubtful)
        {
            Record(new TimelineEntry { Kind = TimelineKind.ReleaseWithheld, First = isRemovalDoubtful ? 1 : 0 });
            return;
        }

        // Twice, back to back: a lost one costs a fence.
        SendRelease(count: 2);
    }

    /// <summary>Whether something of this instance, or of another member of its sync group, could not be removed.</summary>
    private readonly bool IsRemovalDoubtful
    {
        get
        {
            for (int i = 0; i < GroupSize; i++)
            {
                if (Member(i)._state.IsRemovalDoubtful)
                {
                    return true;
                }
            }

            return false;
        }
    }

    private void SendRelease(int count)
    {
        _state.AdvertAt = MonotonicInstant.Never;
        for (int i = 0; i < count; i++)
        {
            SendAdvert(priority: 0);
        }

        // Whoever believes it may take over: what we knew of the others is void.
        ForgetReleases();
        KeepReleaseTrue();
        Record(new TimelineEntry { Kind = TimelineKind.ReleaseSent });
    }

    private void BeginDemotionStep()
    {
        DemotionPlan plan = _config.Demotion!;
        if (_state.Steps.Index < plan.Steps.Count)
        {
            StartAttempt(plan.Steps[_state.Steps.Index], isDemotion: true);
        }
        else
        {
            Continue();
        }
    }

    private void DemotionStepEnded(StepOutcome outcome)
    {
        PromotionStep step = _config.Demotion!.Steps[_state.Steps.Index];
        if (!outcome.IsSuccess && _state.Steps.Tries < step.Attempts)
        {
            _state.Steps.DeadlineAt = _now + step.RetryInterval;
            Record(StepEntry(TimelineKind.StepDelayed, step.RetryInterval) with { Second = _state.Steps.Tries + 1 });
            return;
        }

        // A failed step is remembered, and the later ones still run: each makes the others safer.
        _state.Steps.HasFailed |= !outcome.IsSuccess;
        _state.Steps.Index++;
        _state.Steps.Tries = 0;
        BeginDemotionStep();
    }

    private void DemotingHeard(in VrrpAdvert advert, InternetAddress source)
    {
        if (advert.Priority != 0 && IsBetter(advert.Priority, source))
        {
            // Somebody better has taken over while we are still at it: no more adverts, the rest goes on.
            _state.AdvertAt = MonotonicInstant.Never;
            _state.Master = source;
            _state.MasterPriority = advert.Priority;
            LearnInterval(advert);
            HandoverHeard(advert.Priority, source);
        }
    }
}
