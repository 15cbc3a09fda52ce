using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;

namespace FenceFirst.Core.Vrrp;

/// <content>What an operator may decide: try again now, and answer for a fence that cannot succeed (docs/promotion.md 3).</content>
public ref partial struct VrrpMachine
{
    /// <summary><c>fencefirst retry</c>: the pause after failures is over, and on_failure fault is taken back.</summary>
    internal void OperatorRetry()
    {
        ReleaseAfterStall();
        bool isPostponed = _state.Phase == VrrpPhase.Backup && _now < _state.RetryAt && _state.MasterDownAt == _state.RetryAt;
        Record(new TimelineEntry { Kind = TimelineKind.OperatorRetried, Faults = _state.Faults & FaultCauses.Promotion });
        _state.RetryAt = MonotonicInstant.Zero;
        _state.FailedPromotions = 0;
        bool wasFailed = _state.Faults.HasFlag(FaultCauses.Promotion);
        _state.Faults &= ~FaultCauses.Promotion;
        if (IsHandingOver && _state.Phase == VrrpPhase.Backup)
        {
            // The operator has changed their mind: whoever is heard stays master, otherwise this node goes on as after any release.
            isPostponed |= _state.MasterDownAt == _state.Handover.Until;
            AbandonHandover();
        }

        if (isPostponed)
        {
            // The silence has lasted long enough already; only the pause was left to wait for.
            _state.MasterDownAt = _now;
        }

        if (!wasFailed || _state.Phase != VrrpPhase.Fault || _state.IsStopping)
        {
            return;
        }

        if (_state.Faults != FaultCauses.None)
        {
            Record(new TimelineEntry { Kind = TimelineKind.EnteredFault, Faults = _state.Faults });
        }
        else if (!_state.IsAwaitingScripts)
        {
            Walk(Transition.Recover);
        }
    }

    /// <summary><c>fencefirst confirm</c>: the fence of this one target counts as succeeded, for this one promotion.</summary>
    internal void OperatorConfirmed(InternetAddress target)
    {
        ReleaseAfterStall();
        ConfirmVerdict verdict = OperatorRules.JudgeConfirm(_nodeConfig, _node, _index, target, _now);
        Record(new TimelineEntry { Kind = TimelineKind.OperatorConfirmed, Address = target, First = (int)verdict });
        if (verdict != ConfirmVerdict.Accepted)
        {
            return;
        }

        ulong steps = OperatorRules.StepsOf(_config, target);
        if (_state.Phase == VrrpPhase.Backup)
        {
            BeginPromotion(PromotionReason.Operator, _state.Master, steps);
            return;
        }

        _state.Steps.Confirmed |= OperatorRules.From(steps, _state.Steps.Index);
        if (IsConfirmed && _state.Steps.Attempt == 0 && !_state.Steps.IsQueued && !_state.Steps.IsArming && !IsGroupAwaitingRelease)
        {
            // The step waits for its first or its next attempt. An attempt under way is awaited, whatever it still does (G3).
            BeginStep();
        }
    }

    /// <summary>Whether an operator answers for the present step.</summary>
    private readonly bool IsConfirmed => IsConfirmedStep(_state.Steps.Index);

    private readonly bool IsConfirmedStep(int index) =>
        index < OperatorRules.ConfirmableStepsMax && (_state.Steps.Confirmed & (1UL << index)) != 0;

    /// <summary>Passes the present step on the operator's word; false = another instance's fence of the same target has to answer first (G3).</summary>
    private bool TryPassConfirmedStep(PromotionStep step)
    {
        _state.Steps.DeadlineAt = MonotonicInstant.Never;
        if (IsInTheWay(step))
        {
            return false;
        }

        // Whatever the step waited for, it is passed.
        _state.Steps.IsQueued = false;
        _state.Steps.IsHeld = false;
        _state.Steps.IsOutlivingRelease = false;
        _state.Steps.FencedAt = _now;
        Record(StepEntry(TimelineKind.StepConfirmed, TimeSpan.Zero) with { Address = step.Targets[0] });
        return true;
    }

    /// <summary>
    /// A confirmed target speaks: the confirmation was a mistake. Before its step has been passed it is only void; afterwards the promotion fails, and
    /// true is returned. No grace as for a device: nothing was switched off whose last packets could be under way.
    /// </summary>
    private bool IsConfirmationRefuted(InternetAddress source)
    {
        ulong spoken = _state.Steps.Confirmed & OperatorRules.StepsOf(_config, source);
        if (spoken == 0 || _state.Steps.IsRefuted)
        {
            return false;
        }

        _state.Steps.Confirmed &= ~spoken;
        Record(new TimelineEntry { Kind = TimelineKind.ConfirmationVoid, Address = source });
        for (int i = 0; i < _state.Steps.Index && i < OperatorRules.ConfirmableStepsMax; i++)
        {
            if ((spoken & (1UL << i)) != 0)
            {
                _state.Steps.Refuted = Refutation.Confirmation;
                _state.Steps.RefutedStep = (byte)i;
                LeaveForLivingMaster();
                return true;
            }
        }

        return false;
    }
}
