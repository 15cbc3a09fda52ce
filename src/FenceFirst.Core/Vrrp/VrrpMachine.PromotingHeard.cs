using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Wire;

namespace FenceFirst.Core.Vrrp;

/// <content>What is heard while a promotion runs: docs/promotion.md 5 and 6.</content>
public ref partial struct VrrpMachine
{
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
}
