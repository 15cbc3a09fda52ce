using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;

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
}
