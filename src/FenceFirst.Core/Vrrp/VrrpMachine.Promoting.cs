using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Wire;

namespace FenceFirst.Core.Vrrp;

/// <content>Promoting: ours. Nothing is held; the steps run one after the other; a living master ends it (docs/promotion.md).</content>
public ref partial struct VrrpMachine
{
    /// <summary>retry_after grows up to this multiple of itself (docs/promotion.md 3).</summary>
    private const int MaxRetryFactor = 10;

    /// <summary>How long a killed step may take to die before our adverts stop holding the others back; longer than SIGTERM to SIGKILL.</summary>
    private static readonly TimeSpan KillGrace = TimeSpan.FromSeconds(10);

    private static readonly PromotionPlan PlainPlan = new();

    private void BeginPromotion(PromotionReason reason, InternetAddress oldMaster, ulong confirmed = 0)
    {
        AbandonHandover();
        _state.MasterDownAt = MonotonicInstant.Never;
        _state.FollowedSince = MonotonicInstant.Never;
        _state.IsWantingMaster = false;
        _state.Phase = VrrpPhase.Promoting;
        _state.Steps = StepProgress.Idle with { Epoch = ++_node.Epoch, Reason = reason, OldMaster = oldMaster, StartedAt = _now, Confirmed = confirmed };
        JoinFollowers(_node.Epoch);
        KeepDemotionDue();
        if (!AwaitWatchdog())
        {
            GoOnPromoting();
        }
    }

    private void GoOnPromoting()
    {
        PromotionReason reason = _state.Steps.Reason;
        InternetAddress oldMaster = _state.Steps.OldMaster;
        if (_config.Promotion is not { } plan || plan.IsEmpty)
        {
            // G1: no promotion block means no steps, which is plain VRRP.
            if (!BeginAwaitingDisk())
            {
                BecomeMaster();
            }

            return;
        }

        Record(new TimelineEntry { Kind = TimelineKind.PromotionStarted, Reason = reason, Address = oldMaster, First = plan.Steps.Count });
        if (plan.IsAdvertising)
        {
            AdvertiseAsCandidates();
        }

        if (!plan.HasFence || !BeginAwaitingRelease(plan.PreemptWait))
        {
            BeginStep();
        }
    }

    /// <summary>Prepares the step at the present index: skips it, delays it or starts it. After the last one the instance becomes Master.</summary>
    private void BeginStep()
    {
        PromotionPlan plan = _config.Promotion!;
        while (_state.Steps.Index < plan.Steps.Count)
        {
            PromotionStep step = plan.Steps[_state.Steps.Index];
            if (IsSkipped(plan, step))
            {
                Record(StepEntry(TimelineKind.StepSkipped, TimeSpan.Zero) with { Address = _state.Steps.OldMaster });
            }
            else if (IsConfirmed)
            {
                if (!TryPassConfirmedStep(step))
                {
                    return;
                }
            }
            else if (IsReplacedByRelease(plan, step))
            {
                PassReleasedStep(step);
            }
            else
            {
                if (step.Kind != StepKind.Run || !BeginListening())
                {
                    BeginDevice();
                }

                return;
            }

            EndStep();
        }

        if (BeginListening())
        {
            return;
        }

        if (!plan.Steps.IsEmpty)
        {
            Record(new TimelineEntry { Kind = TimelineKind.PromotionSucceeded, First = plan.Steps.Count });
        }

        BeginLastLook();
    }

    /// <summary>
    /// fence_scope last_master: only the master we lost; when we know none, everybody (docs/promotion.md 2). A candidate advertises as a master does: when
    /// we followed more than one, the last may never have held the addresses, and nobody is skipped.
    /// </summary>
    private readonly bool IsSkipped(PromotionPlan plan, PromotionStep step)
    {
        if (step.Kind != StepKind.Fence || plan.Scope != FenceScope.LastMaster)
        {
            return false;
        }

        // In a sync group every member may have lost somebody else.
        for (int i = 0; i < GroupSize; i++)
        {
            if (!Member(i).IsAnothersFence(step))
            {
                return false;
            }
        }

        return true;
    }

    private readonly bool IsAnothersFence(PromotionStep step) =>
        !_state.Steps.OldMaster.IsNone && !_state.HasMasterChanged && !step.Targets.Span.Contains(_state.Steps.OldMaster);

    /// <summary>The present step is done with: the next one has not begun.</summary>
    private void EndStep()
    {
        _state.Steps.Index++;
        _state.Steps.Level = 0;
        _state.Steps.Device = 0;
        _state.Steps.Tries = 0;
    }

    private void StartTry()
    {
        PromotionStep step = _config.Promotion!.Steps[_state.Steps.Index];
        Invariant.Check(_state.Steps.Attempt == 0, "one attempt at a time (G3)");
        _state.Steps.DeadlineAt = MonotonicInstant.Never;
        if (step.Kind != StepKind.Check && !_state.Steps.IsCommitted && (BeginOutlivingReleaseUnheard() || BeginHold()))
        {
            return;
        }

        if (step.Kind != StepKind.Check && IsInTheWay(step))
        {
            return;
        }

        _state.Steps.IsCommitted |= step.Kind != StepKind.Check;
        StartAttempt(PresentDevice, isDemotion: false);
    }

    /// <summary>G3: no second attempt on the same target until the outcome of the first is known; the first may be an earlier life's. True = the step is queued.</summary>
    private bool IsInTheWay(PromotionStep step)
    {
        uint leftover = _node.LeftoverInTheWay(_config.Name, step.Targets);
        if (leftover == 0 && !_node.IsFencing(_nodeConfig, _index, step.Targets))
        {
            return false;
        }

        _state.Steps.IsQueued = true;
        Record(StepEntry(TimelineKind.StepQueued, TimeSpan.Zero) with { Attempt = leftover });
        return true;
    }

    private void StartAttempt(PromotionStep step, bool isDemotion)
    {
        _state.Steps.IsQueued = false;
        _state.Steps.IsTimedOut = false;
        _state.Steps.Tries++;
        _state.Steps.Attempt = ++_node.LastAttempt;
        _state.Steps.StartedAt = _now;
        _state.Steps.DeadlineAt = _now + step.Timeout;
        Record(StepEntry(TimelineKind.StepStarted, step.Timeout) with { Second = _state.Steps.Tries });
        _effects.Add(new NodeEffect
        {
            Kind = NodeEffectKind.StartStep,
            Index = _index,
            Attempt = _state.Steps.Attempt,
            Step = _state.Steps.Index,
            Level = _state.Steps.Level,
            Device = _state.Steps.Device,
            IsDemotion = isDemotion,
        });
    }

    /// <summary>What was in the way of a queued step may be gone: another instance's fence has answered, or an earlier life's has ended.</summary>
    internal void ContinueQueuedStep()
    {
        ReleaseAfterStall();
        if (_state.Phase != VrrpPhase.Promoting || !_state.Steps.IsQueued)
        {
            return;
        }

        PromotionStep step = _config.Promotion!.Steps[_state.Steps.Index];
        if (_node.LeftoverInTheWay(_config.Name, step.Targets) == 0 && !_node.IsFencing(_nodeConfig, _index, step.Targets))
        {
            _state.Steps.IsQueued = false;
            if (IsConfirmed)
            {
                BeginStep();
            }
            else
            {
                StartTry();
            }
        }
    }

    private void StepDeadlineReached()
    {
        MonotonicInstant due = _state.Steps.DeadlineAt;
        _state.Steps.DeadlineAt = MonotonicInstant.Never;
        if (_state.Steps.IsListening || _state.Steps.IsHeld || _state.Steps.IsOutlivingRelease || _state.Steps.IsProbing)
        {
            LastLookDeadlineReached(due);
        }
        else if (_state.Steps.IsArming)
        {
            WatchdogDeadlineReached();
        }
        else if (_state.Steps.IsAwaitingDisk)
        {
            EndAwaitingDisk();
        }
        else if (IsGroupAwaitingRelease)
        {
            EndAwaitingRelease(due);
        }
        else if (_state.Steps.Attempt != 0 && _state.Steps.IsTimedOut)
        {
            FallSilent();
        }
        else if (_state.Steps.Attempt != 0)
        {
            // G2: the bound has passed, so it has not succeeded, whatever it may still answer.
            _state.Steps.IsTimedOut = true;
            _state.Steps.DeadlineAt = _now + KillGrace;
            Record(StepEntry(TimelineKind.StepTimedOut, _now - _state.Steps.StartedAt));
            KillAttempt();
        }
        else if (_state.Phase == VrrpPhase.Promoting)
        {
            StartTry();
        }
        else
        {
            StartAttempt(_config.Demotion!.Steps[_state.Steps.Index], isDemotion: true);
        }
    }

    /// <summary>docs/promotion.md 5: a living master that did not release stays master and we stand down; one that has gone silent meanwhile is lost.</summary>
    private void EndAwaitingRelease(MonotonicInstant due)
    {
        // Whoever has not run at the end has not listened either.
        bool hasListened = _now - due <= _state.MasterAdvertInterval;
        bool isLost = true;
        for (int i = 0; i < GroupSize; i++)
        {
            isLost &= Member(i).IsAwaitedMasterLost(hasListened);
        }

        if (isLost)
        {
            BeginStep();
            return;
        }

        for (int i = 0; i < GroupSize; i++)
        {
            Member(i).GivePreemptUp();
        }

        StandDown();
    }

    /// <summary>
    /// A killed step that does not die (uninterruptible sleep) still has to be awaited (G3), but our adverts must not hold the others back
    /// meanwhile. A candidate holds nothing and says so; a demotion that has not ended says nothing.
    /// </summary>
    private void FallSilent()
    {
        Record(StepEntry(TimelineKind.StepStuck, _now - _state.Steps.StartedAt));
        if (_state.Phase == VrrpPhase.Promoting && !_state.AdvertAt.IsNever)
        {
            // Whoever believes that release may hold the addresses before the step has answered.
            ReleaseAsCandidate();
            _state.Steps.HasReleased = true;
        }

        _state.AdvertAt = MonotonicInstant.Never;
        _state.AdvertSentAt = MonotonicInstant.Never;
    }

    /// <summary>A step has answered. Answers to any attempt but the one under way change nothing (G3).</summary>
    internal void StepEnded(uint attempt, StepOutcome outcome)
    {
        ReleaseAfterStall();
        if (attempt == 0 || attempt != _state.Steps.Attempt)
        {
            return;
        }

        // G2: an answer that is read after the bound came too late, also when the timer has not had its turn yet: nobody knows when it was given.
        if ((_state.Steps.IsTimedOut || _now > _state.Steps.DeadlineAt) && outcome.Kind != StepOutcomeKind.NotReached)
        {
            outcome = new StepOutcome(StepOutcomeKind.TimedOut);
        }

        _state.Steps.Attempt = 0;
        _state.Steps.IsTimedOut = false;
        _state.Steps.DeadlineAt = MonotonicInstant.Never;
        Record(StepEntry(TimelineKind.StepEnded, _now - _state.Steps.StartedAt) with
        {
            Second = _state.Steps.Tries,
            Attempt = attempt,
            Outcome = outcome,
        });
        if (_state.Phase == VrrpPhase.Demoting)
        {
            DemotionStepEnded(outcome);
            return;
        }

        Invariant.Check(_state.Phase == VrrpPhase.Promoting, "steps run in Promoting and Demoting only");
        if (outcome.IsSuccess)
        {
            NoteFenced();
        }

        if (_state.Steps.IsRefuted)
        {
            FailRefuted();
        }
        else if (_state.Steps.IsQuitting)
        {
            StandDown();
        }
        else if (_state.Steps.HasReleased)
        {
            FailPromotion(outcome);
        }
        else if (outcome.IsSuccess)
        {
            GoOnAfterDevice();
        }
        else if (IsConfirmed)
        {
            BeginStep();
        }
        else
        {
            DeviceFailed(outcome);
        }
    }

    /// <summary>Priority 0 so that another backup may try at once, then Backup (or Fault) with a pause that doubles up to ten times its length.</summary>
    private void FailPromotion(StepOutcome outcome) => FailPromotion(new TimelineEntry
    {
        Kind = TimelineKind.PromotionFailed,
        First = _state.Steps.Index,
        Level = _state.Steps.Level,
        Device = _state.Steps.Device,
        Outcome = outcome,
        Address = _state.Steps.OldMaster,
    });

    private void FailPromotion(in TimelineEntry reason)
    {
        TimeSpan pause = CountFailure();
        Record(reason with { Second = _state.FailedPromotions, Duration = pause });
        StandDown();
    }

    /// <summary>Counts a failed promotion and returns the pause that follows: doubled for each failure in a row, up to ten times its length.</summary>
    private TimeSpan CountFailure()
    {
        PromotionPlan plan = _config.Promotion ?? PlainPlan;
        if (_now - _state.RetryAt > plan.RetryAfter * MaxRetryFactor)
        {
            // Long ago is not in a row. (Somebody heard in between proves nothing: candidates advertise as well.)
            _state.FailedPromotions = 0;
        }

        TimeSpan pause = plan.RetryAfter * Math.Min(MaxRetryFactor, 1 << Math.Min(4, _state.FailedPromotions));
        _state.FailedPromotions++;
        _state.RetryAt = _now + pause;
        if (!plan.IsFaultOnFailure)
        {
            return pause;
        }

        _state.Faults |= FaultCauses.Promotion;
        return TimeSpan.MaxValue;
    }

    private void FailRefuted()
    {
        _state.Steps.Index = _state.Steps.RefutedStep;
        _state.Steps.Level = 0;
        _state.Steps.Device = 0;
        FailPromotion(new StepOutcome(StepOutcomeKind.Refuted, (int)_state.Steps.Refuted));
    }

    /// <summary>Leaves Promoting without having held anything.</summary>
    private void StandDown()
    {
        if (!_state.AdvertSentAt.IsNever)
        {
            // We have been advertising: the others may go on at once, we hold nothing. A better candidate waits for this word (docs/promotion.md 5).
            ReleaseAsCandidate();
        }

        Walk(
            _state.IsStopping ? (_state.IsDeleted ? Transition.Delete : Transition.Stop)
            : _state.Faults != FaultCauses.None ? Transition.Fail
            : Transition.Withdraw);
    }

    /// <summary>"I hold nothing and my demotion succeeded" is not said while either was not true when Master was last left.</summary>
    private void ReleaseAsCandidate()
    {
        if (IsGroupHolding)
        {
            // Another member, which was raised before this one, still holds its addresses: whoever believed this word would not get them.
            return;
        }

        // The demotion of a sync group is its leader's: a member that was never raised since knows of it by that.
        bool isRemovalDoubtful = IsRemovalDoubtful;
        if (isRemovalDoubtful || Leader._state.IsDemotionDoubtful)
        {
            Record(new TimelineEntry { Kind = TimelineKind.ReleaseWithheld, First = isRemovalDoubtful ? 1 : 0 });
            return;
        }

        SendRelease(count: 1);
    }

    /// <summary>A fault, a stop or a stall ends the promotion; a fence or run under way is awaited first.</summary>
    private void EndPromotion()
    {
        if (IsFollower)
        {
            EndPromotionOfGroup();
            return;
        }

        if (_state.Steps.Attempt == 0)
        {
            Record(new TimelineEntry { Kind = TimelineKind.PromotionEnded, Faults = _state.Faults });
            StandDown();
            return;
        }

        if (_state.Steps.IsQuitting && !_state.IsStopping)
        {
            return;
        }

        bool isCheck = _config.Promotion!.Steps[_state.Steps.Index].Kind == StepKind.Check;
        _state.Steps.IsQuitting = true;
        Record(StepEntry(TimelineKind.PromotionEnding, TimeSpan.Zero) with { Faults = _state.Faults });
        if (isCheck || _state.IsStopping)
        {
            _state.Steps.DeadlineAt = MonotonicInstant.Earlier(_state.Steps.DeadlineAt, _now + KillGrace);
            KillAttempt();
        }
    }

    private readonly void KillAttempt() =>
        _effects.Add(new NodeEffect { Kind = NodeEffectKind.KillStep, Index = _index, Attempt = _state.Steps.Attempt });

    private void PromotingHeard(in VrrpAdvert advert, InternetAddress source)
    {
        VrrpMachine leader = Leader;
        bool isLeading = leader._state.Phase == VrrpPhase.Promoting;
        if (isLeading && (leader.IsConfirmationRefuted(source) || IsReleaseRefuted(advert, source)))
        {
            return;
        }

        if (advert.Priority == 0)
        {
            PromotingHeardRelease(source);
            return;
        }

        if (_state.Steps.IsAwaitingRelease && source == _state.Steps.OldMaster)
        {
            _state.LowerHeardAt = _now;
            LearnInterval(advert);
        }

        PromotionPlan plan = _config.Promotion ?? PlainPlan;
        if (leader.IsTargetUnderFence(plan, source))
        {
            // docs/promotion.md 3: adverts from a target while its own fence is running are expected and change nothing.
            return;
        }

        int fenced = leader.FencedStep(plan, source);
        if (fenced >= 0)
        {
            if (_now - leader._state.Steps.FencedAt < LieGrace || leader._state.Steps.IsRefuted)
            {
                return;
            }

            leader._state.Steps.Refuted = Refutation.Fence;
            leader._state.Steps.RefutedStep = (byte)fenced;
            Record(new TimelineEntry { Kind = TimelineKind.FenceLied, Address = source, First = advert.Priority });
            LeaveForLivingMasterTogether();
            return;
        }

        bool isLostMaster = _state.Steps.OldMaster.IsNone ? !IsPreempting : source == _state.Steps.OldMaster;
        if (!IsBetter(advert.Priority, source) && (!isLostMaster || _state.Steps.Reason == PromotionReason.Preempt))
        {
            // A lower candidate or a lower master: it sees our adverts and gives way.
            return;
        }

        if (IsGivenTimeToGiveWay(advert, source))
        {
            return;
        }

        if (!leader._state.Steps.IsQuitting)
        {
            Record(new TimelineEntry
            {
                Kind = TimelineKind.PromotionEndedByMaster,
                Address = source,
                First = advert.Priority,
                Second = _state.Priority,
                Attempt = leader._state.Steps.Attempt,
            });
        }

        // The better station will speak for itself; we go silent at once.
        _state.AdvertAt = MonotonicInstant.Never;
        LeaveForLivingMasterTogether();
        if (_state.Phase == VrrpPhase.Backup)
        {
            BackupHeard(advert, source);
        }
    }

    private void PromotingHeardRelease(InternetAddress source)
    {
        if (!_state.AdvertAt.IsNever)
        {
            // RFC 9568 section 6.4.3 does so as Active: others have just set their timers to Skew_Time.
            SendAdvert();
        }

        VrrpMachine leader = Leader;
        if (leader._state.Steps.IsHeld && source == _state.Steps.Rival)
        {
            leader.HoldDeadlineReached();
        }

        if (_state.Steps.IsAwaitingRelease && source == _state.Steps.OldMaster)
        {
            Record(new TimelineEntry { Kind = TimelineKind.MasterReleased, Address = source });
            _state.Steps.IsAwaitingRelease = false;
            leader.GoOnAfterRelease();
        }
    }

    private void LeaveForLivingMaster()
    {
        if (_state.Steps.Attempt != 0 && _config.Promotion!.Steps[_state.Steps.Index].Kind != StepKind.Check)
        {
            _state.Steps.IsQuitting = true;
            return;
        }

        if (_state.Steps.Attempt != 0)
        {
            // A check changes nothing and may be given up; its late answer is recognised by its number.
            KillAttempt();
            _state.Steps.Attempt = 0;
        }

        if (_state.Steps.IsRefuted)
        {
            FailRefuted();
        }
        else
        {
            StandDown();
        }
    }

    private readonly bool IsTargetUnderFence(PromotionPlan plan, InternetAddress source) =>
        _state.Steps.Attempt != 0
        && plan.Steps[_state.Steps.Index].Kind == StepKind.Fence
        && plan.Steps[_state.Steps.Index].Targets.Span.Contains(source);

    /// <summary>Index of the fence that has reported this station down in this promotion (or was confirmed); -1 = none.</summary>
    private readonly int FencedStep(PromotionPlan plan, InternetAddress source)
    {
        if (_state.Steps.FencedAt.IsNever)
        {
            return -1;
        }

        for (int i = 0; i < _state.Steps.Index; i++)
        {
            PromotionStep step = plan.Steps[i];
            bool isReleased = (_state.Steps.Released & (1UL << i)) != 0;
            if (step.Kind == StepKind.Fence && !isReleased && !IsSkipped(plan, step) && step.Targets.Span.Contains(source))
            {
                return i;
            }
        }

        return -1;
    }

    private readonly TimelineEntry StepEntry(TimelineKind kind, TimeSpan duration) => new()
    {
        Kind = kind,
        First = _state.Steps.Index,
        Level = _state.Steps.Level,
        Device = _state.Steps.Device,
        Attempt = _state.Steps.Attempt,
        Duration = duration,
    };
}
