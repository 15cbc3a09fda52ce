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

    /// <summary><c>fencefirst confirm</c>: this target counts as down, for this one promotion. A fence all of whose targets do has succeeded.</summary>
    internal void OperatorConfirmed(InternetAddress target)
    {
        ReleaseAfterStall();
        ConfirmVerdict verdict = OperatorRules.JudgeConfirm(_nodeConfig, _node, _index, target, _now);
        Record(new TimelineEntry { Kind = TimelineKind.OperatorConfirmed, Address = target, First = (int)verdict });
        if (verdict != ConfirmVerdict.Accepted)
        {
            return;
        }

        if (_state.Phase == VrrpPhase.Backup)
        {
            BeginPromotion(PromotionReason.Operator, _state.Master, TargetBit(target));
            return;
        }

        _state.Steps.Confirmed |= TargetBit(target);
        if (IsConfirmed && _state.Steps.Attempt == 0 && !_state.Steps.IsQueued && !_state.Steps.IsArming && !IsGroupAwaitingRelease)
        {
            // The step waits for its first or its next attempt. An attempt under way is awaited, whatever it still does (G3).
            BeginStep();
        }
    }

    /// <summary>Whether an operator answers for every target of the present step. One that nobody has looked at may hold the addresses.</summary>
    private readonly bool IsConfirmed
    {
        get
        {
            if (_state.Steps.Confirmed == 0
                || _config.Promotion is not { } plan
                || _state.Steps.Index >= Math.Min(plan.Steps.Count, PromotionPlan.StepsMax)
                || plan.Steps[_state.Steps.Index].Kind != StepKind.Fence)
            {
                return false;
            }

            foreach (ref readonly InternetAddress target in plan.Steps[_state.Steps.Index].Targets.Span)
            {
                if ((_state.Steps.Confirmed & TargetBit(target)) == 0)
                {
                    return false;
                }
            }

            return true;
        }
    }

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
        _state.Steps.PassedByConfirmation |= 1UL << _state.Steps.Index;
        Record(StepEntry(TimelineKind.StepConfirmed, TimeSpan.Zero) with { Address = step.Targets[0] });
        return true;
    }

    /// <summary>
    /// A confirmed target speaks: the confirmation was a mistake. Before its step has been passed it is only void; afterwards the promotion fails, and
    /// true is returned. No grace as for a device: nothing was switched off whose last packets could be under way.
    /// </summary>
    private bool IsConfirmationRefuted(InternetAddress source)
    {
        ulong spoken = _state.Steps.Confirmed == 0 ? 0 : _state.Steps.Confirmed & TargetBit(source);
        if (spoken == 0 || _state.Steps.IsRefuted)
        {
            return false;
        }

        _state.Steps.Confirmed &= ~spoken;
        Record(new TimelineEntry { Kind = TimelineKind.ConfirmationVoid, Address = source });
        ulong passed = _state.Steps.PassedByConfirmation & OperatorRules.StepsOf(_config, source);
        for (int i = 0; i < _state.Steps.Index && i < PromotionPlan.StepsMax; i++)
        {
            if ((passed & (1UL << i)) != 0)
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
