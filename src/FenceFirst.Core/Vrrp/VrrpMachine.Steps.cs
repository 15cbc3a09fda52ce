using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;

namespace FenceFirst.Core.Vrrp;

/// <content>The steps of a promotion, one after the other: docs/promotion.md 3.</content>
public ref partial struct VrrpMachine
{
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
    /// we followed more than one, the last may never have held the addresses, and nobody is skipped. Nor is anybody when the master that we lost is no target of
    /// any fence: then the file does not tell who it is, and without this the addresses would come without any fence.
    /// </summary>
    private readonly bool IsSkipped(PromotionPlan plan, PromotionStep step)
    {
        if (step.Kind != StepKind.Fence || plan.Scope != FenceScope.LastMaster)
        {
            return false;
        }

        // In a sync group every member may have lost somebody else, or the same station under an address of another family.
        bool isTargetLost = false;
        for (int i = 0; i < GroupSize; i++)
        {
            VrrpMachine member = Member(i);
            if (!member.IsAnothersFence(step))
            {
                return false;
            }

            isTargetLost |= plan.IndexOfTarget(member._state.Steps.OldMaster) >= 0;
        }

        return isTargetLost;
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

    private readonly void KillAttempt() =>
        _effects.Add(new NodeEffect { Kind = NodeEffectKind.KillStep, Index = _index, Attempt = _state.Steps.Attempt });

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
