using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Wire;

namespace FenceFirst.Core.Vrrp;

/// <content>release_is_enough: when a priority 0 replaces a fence, and what makes ours worth as much (docs/promotion.md 4).</content>
public ref partial struct VrrpMachine
{
    /// <summary>After this time no advert sent before can be accepted any more; zero when adverts do not say so themselves.</summary>
    private readonly TimeSpan ReplayWindow =>
        _config.Hmac is { IsReleaseTrustworthy: true } hmac ? TimeSpan.FromSeconds(HmacReceiverState.ReplaySeconds(hmac)) : TimeSpan.Zero;

    private readonly bool IsReleaseEnough => _config.Promotion is { IsReleaseEnough: true } && ReplayWindow > TimeSpan.Zero;

    /// <summary>
    /// As Backup: the station has sent priority 0. It is remembered if it is the master that we have followed without a break for the replay window: every
    /// packet of an older story is stale by then, and what is newer than its last advert is its last word.
    /// </summary>
    private void NoteRelease(InternetAddress source)
    {
        ulong target = IsReleaseEnough ? TargetBit(source) : 0;
        if (target == 0 || (_state.ReleasedTargets & target) != 0)
        {
            return;
        }

        // A master whose silence has outlasted the timer was not followed without a break, whether or not the timer has been noticed yet.
        bool isFollowed = source == _state.Master && !_state.FollowedSince.IsNever && _now <= _state.MasterDownAt;
        TimeSpan followed = isFollowed ? _now - _state.FollowedSince : TimeSpan.Zero;
        _state.FollowedSince = MonotonicInstant.Never;
        if (isFollowed && followed >= ReplayWindow)
        {
            _state.ReleasedTargets |= target;
            return;
        }

        Record(new TimelineEntry { Kind = TimelineKind.ReleaseDoubted, Address = source, First = (int)ReplayWindow.TotalSeconds, Duration = followed });
    }

    /// <summary>Whoever advertises may hold the addresses again.</summary>
    private void ForgetRelease(InternetAddress source) => _state.ReleasedTargets &= ~TargetBit(source);

    /// <summary>What we know of releases is void, and following is counted anew: we have been Master, have released ourselves, or were not listening.</summary>
    private void ForgetReleases()
    {
        _state.ReleasedTargets = 0;
        _state.FollowedSince = MonotonicInstant.Never;
    }

    /// <summary>auth_hmac: our clock was set back, so an advert of an older story could pass for a new one.</summary>
    internal void ReplayMarkForgotten()
    {
        ReleaseAfterStall();
        ForgetReleases();
    }

    /// <summary>The bit of a fence target in <see cref="VrrpState.ReleasedTargets"/>; 0 = it is none, or the set has no room for it.</summary>
    private readonly ulong TargetBit(InternetAddress target) => _config.Promotion is { } plan ? OperatorRules.TargetBit(plan, target) : 0;

    /// <summary>Whether every target of a fence has released. One that has not would stay unfenced, so then the device is used for all of them.</summary>
    private readonly bool IsReplacedByRelease(PromotionPlan plan, PromotionStep step)
    {
        if (step.Kind != StepKind.Fence || !plan.IsReleaseEnough || _state.ReleasedTargets == 0 || _state.Steps.Index >= PromotionPlan.StepsMax)
        {
            return false;
        }

        foreach (ref readonly InternetAddress target in step.Targets.Span)
        {
            if ((_state.ReleasedTargets & TargetBit(target)) == 0)
            {
                return false;
            }
        }

        return true;
    }

    private void PassReleasedStep(PromotionStep step)
    {
        _state.Steps.Released |= 1UL << _state.Steps.Index;
        Record(StepEntry(TimelineKind.StepReleased, TimeSpan.Zero) with { Address = step.Targets[0] });
    }

    /// <summary>
    /// A station advertises whose release has replaced its fence in this promotion: the promotion ends, and the next one fences it. No grace as for a
    /// device: what it sent before its release is older than that, and refused.
    /// </summary>
    private bool IsReleaseRefuted(in VrrpAdvert advert, InternetAddress source)
    {
        if (advert.Priority == 0 || _state.Steps.Released == 0 || !IsPassedByRelease(source))
        {
            return false;
        }

        if (!_state.Steps.IsQuitting)
        {
            Record(new TimelineEntry { Kind = TimelineKind.ReleaseVoid, Address = source, First = advert.Priority, Attempt = _state.Steps.Attempt });
        }

        LeaveForLivingMaster();
        if (_state.Phase == VrrpPhase.Backup)
        {
            BackupHeard(advert, source);
        }

        return true;
    }

    private readonly bool IsPassedByRelease(InternetAddress source)
    {
        for (int i = 0; i < _state.Steps.Index && i < PromotionPlan.StepsMax; i++)
        {
            if ((_state.Steps.Released & (1UL << i)) != 0 && _config.Promotion!.Steps[i].Targets.Span.Contains(source))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Our priority 0 says "I hold nothing, and will not while this may still be under way"; returns whether that has to be waited for.</summary>
    private bool BeginOutlivingRelease()
    {
        if (!IsReleaseEnough || _now >= _state.MasterNotBefore)
        {
            return false;
        }

        _state.Steps.IsOutlivingRelease = true;
        _state.Steps.DeadlineAt = _state.MasterNotBefore;
        Record(new TimelineEntry { Kind = TimelineKind.OutlivingRelease, Duration = _state.MasterNotBefore - _now });
        return true;
    }

    /// <summary>
    /// A silent candidate (advertise no) waits before its first fence or run: nobody hears that it is about to take over, and two nodes that come up together would
    /// each be shot in that wait again and again.
    /// </summary>
    private bool BeginOutlivingReleaseUnheard() => !_config.Promotion!.IsAdvertising && BeginOutlivingRelease();

    /// <summary>From here on a release of ours may be under way: one that is sent now, or one of an earlier life of the daemon.</summary>
    private void KeepReleaseTrue()
    {
        if (IsReleaseEnough)
        {
            _state.MasterNotBefore = _now + ReplayWindow;
        }
    }
}
