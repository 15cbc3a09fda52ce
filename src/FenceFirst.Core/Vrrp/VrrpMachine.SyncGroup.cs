using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Tracking;

namespace FenceFirst.Core.Vrrp;

/// <content>A member of a sync group (docs/sync-groups.md).</content>
/// <remarks>
/// Theory. The first member of a group is its leader: it alone runs the steps of the promotion and of the demotion. The other members are Promoting beside it,
/// hold nothing and advertise as it does; what they hear is judged by the leader's plan. When the leader has become Master they follow one after the other.
/// Nothing here looks at more than one group; what keeps the members together after every event is <see cref="SyncGroupRules"/>.
/// </remarks>
public ref partial struct VrrpMachine
{
    private readonly bool IsGrouped => _config.SyncGroup >= 0;

    private readonly EquatableArray<int> Members => _nodeConfig.Groups[_config.SyncGroup].Members;

    /// <summary>Whether the steps of this instance are run by another one.</summary>
    private readonly bool IsFollower => IsGrouped && Members[0] != _index;

    /// <summary>Who runs the steps: the first member of the group, or this instance alone.</summary>
    private readonly VrrpMachine Leader => IsFollower ? MachineOf(Members[0]) : this;

    /// <summary>How many instances are promoted together: the members of the group, or this instance alone.</summary>
    private readonly int GroupSize => IsGrouped ? Members.Count : 1;

    /// <summary>One of those that are promoted together.</summary>
    private readonly VrrpMachine Member(int position) => IsGrouped && Members[position] != _index ? MachineOf(Members[position]) : this;

    private readonly VrrpMachine MachineOf(int member) => new(_nodeConfig, _node, member, _now, _effects);

    /// <summary>Causes of fault that are its own: not those of the other members.</summary>
    internal readonly FaultCauses OwnFaults => _state.Faults & ~FaultCauses.Group;

    /// <summary>Whether this member stands ready: silence has lasted long enough here, and nothing of its own keeps it from promoting.</summary>
    internal readonly bool IsReadyToPromote =>
        _state.Phase == VrrpPhase.Backup
        && _state.IsWantingMaster
        && _state.Faults == FaultCauses.None
        && !_state.IsStopping
        && !IsInMaintenance
        && !IsHandingOver
        && _now >= _state.RetryAt;

    /// <summary>Whether every member of the group, this one included, is the address owner and starts as Master (keepalived).</summary>
    internal readonly bool IsGroupOfOwners
    {
        get
        {
            foreach (int member in Members)
            {
                if (_nodeConfig.Instances[member] is not { IsOwner: true, IsStateMaster: true })
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>What the other members add to the causes of this one.</summary>
    private readonly FaultCauses GroupFault
    {
        get
        {
            if (IsGrouped)
            {
                foreach (int member in Members)
                {
                    if (member != _index && (_node.Instances[member].Faults & ~FaultCauses.Group) != FaultCauses.None)
                    {
                        return FaultCauses.Group;
                    }
                }
            }

            return FaultCauses.None;
        }
    }

    /// <summary>Whether another member still waits for the first result of a tracker with weight 0.</summary>
    private readonly bool IsGroupAwaitingScripts
    {
        get
        {
            if (IsGrouped)
            {
                foreach (int member in Members)
                {
                    if (member != _index && TrackingRules.Evaluate(_nodeConfig.Instances[member], _node).IsAwaitingScripts)
                    {
                        return true;
                    }
                }
            }

            return false;
        }
    }

    /// <summary>Whether any member still waits for a living lower-priority master to release.</summary>
    private readonly bool IsGroupAwaitingRelease
    {
        get
        {
            for (int i = 0; i < GroupSize; i++)
            {
                if (Member(i)._state.Steps.IsAwaitingRelease)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Whether another member of the group holds anything, or is removing it.</summary>
    private readonly bool IsGroupHolding
    {
        get
        {
            for (int i = 0; i < GroupSize; i++)
            {
                if (Member(i)._state.Phase is VrrpPhase.Master or VrrpPhase.Demoting && Member(i)._index != _index)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>The member whose refused packets count longest; this one when there are none.</summary>
    private readonly VrrpMachine RefusedMember
    {
        get
        {
            VrrpMachine longest = this;
            for (int i = 0; i < GroupSize; i++)
            {
                VrrpMachine other = Member(i);
                if (other.IsRefusedAlive && (!longest.IsRefusedAlive || other.RefusedUntil > longest.RefusedUntil))
                {
                    longest = other;
                }
            }

            return longest;
        }
    }

    /// <summary>Before the start: what the trackers of this member say, so that the group is told of before its members (keepalived).</summary>
    internal void EvaluateBeforeStart()
    {
        if (_state.Phase == VrrpPhase.Initialize && !_state.IsStopping)
        {
            ApplyTracking();
        }
    }

    /// <summary>Brings what comes from other members up to date; what follows from it is as for any other cause. Returns whether anything was not.</summary>
    internal bool SyncFaults()
    {
        bool isFaultStale = _state.Faults.HasFlag(FaultCauses.Group) != (GroupFault != FaultCauses.None);
        bool isWaitOver = _state.IsAwaitingScripts && !TrackingRules.Evaluate(_config, _node).IsAwaitingScripts && !IsGroupAwaitingScripts;
        if (_state.IsStopping || (!isFaultStale && !isWaitOver))
        {
            return false;
        }

        TrackersChanged();
        return true;
    }

    /// <summary>keepalived's veto: silence here is not enough, every other member has to want the same. The timer runs anew meanwhile.</summary>
    private void WantMaster(PromotionReason reason, InternetAddress oldMaster)
    {
        if (!_state.IsWantingMaster)
        {
            Record(new TimelineEntry { Kind = TimelineKind.MasterLost, Address = oldMaster, Reason = reason, Duration = MasterDownInterval });
            int others = 0;
            foreach (int member in Members)
            {
                others += member != _index && !MachineOf(member).IsReadyToPromote ? 1 : 0;
            }

            if (others > 0)
            {
                Record(new TimelineEntry { Kind = TimelineKind.GroupAwaited, First = others });
            }
        }

        _state.IsWantingMaster = true;
        _state.MasterDownAt = _now + MasterDownInterval;
    }

    /// <summary>An owner among owners: as after a silence that has lasted long enough, without being Backup for anybody.</summary>
    private void WantMasterAtStart()
    {
        _state.Phase = VrrpPhase.Backup;
        _state.MasterDownAt = _now + MasterDownInterval;
        _state.IsWantingMaster = true;
    }

    /// <summary>Every member wants it: the leader begins the one promotion of the group.</summary>
    internal void BeginGroupPromotion()
    {
        PromotionReason reason = CauseOfPromotion(out InternetAddress oldMaster);
        BeginPromotion(reason, oldMaster);
    }

    /// <summary>The leader has begun: this member is a candidate beside it.</summary>
    private void JoinPromotion(ulong epoch)
    {
        AbandonHandover();
        PromotionReason reason = CauseOfPromotion(out InternetAddress oldMaster);
        _state.MasterDownAt = MonotonicInstant.Never;
        _state.FollowedSince = MonotonicInstant.Never;
        _state.IsWantingMaster = false;
        _state.Phase = VrrpPhase.Promoting;
        _state.Steps = StepProgress.Idle with { Epoch = epoch, Reason = reason, OldMaster = oldMaster };
    }

    private readonly void JoinFollowers(ulong epoch)
    {
        for (int i = 1; i < GroupSize; i++)
        {
            Member(i).JoinPromotion(epoch);
        }
    }

    /// <summary>Lower backups stay back while we are busy (docs/promotion.md 3), on every virtual router of the group.</summary>
    private void AdvertiseAsCandidates()
    {
        for (int i = 0; i < GroupSize; i++)
        {
            Member(i).AdvertiseAsCandidate();
        }
    }

    private void AdvertiseAsCandidate()
    {
        SendAdvert();
        _state.AdvertAt = _now + _config.AdvertInterval;
    }

    /// <summary>Shooting a healthy master to fail back is wrong: whoever has one is given time (docs/promotion.md 5). Returns whether anybody has.</summary>
    private bool BeginAwaitingRelease(TimeSpan bound)
    {
        for (int i = 0; i < GroupSize; i++)
        {
            Member(i).AwaitRelease(bound);
        }

        if (!IsGroupAwaitingRelease)
        {
            return false;
        }

        _state.Steps.DeadlineAt = _now + bound;
        return true;
    }

    private void AwaitRelease(TimeSpan bound)
    {
        if (_state.Steps.Reason == PromotionReason.Preempt)
        {
            _state.Steps.IsAwaitingRelease = true;
            Record(new TimelineEntry { Kind = TimelineKind.AwaitingRelease, Address = _state.Steps.OldMaster, Duration = bound });
        }
    }

    /// <summary>A living master has released: the steps begin when no member waits for another one.</summary>
    private void GoOnAfterRelease()
    {
        if (_state.Phase == VrrpPhase.Promoting && !IsGroupAwaitingRelease)
        {
            _state.Steps.DeadlineAt = MonotonicInstant.Never;
            BeginStep();
        }
    }

    /// <summary>Whether this member's living master was lost while its release was awaited; true also when there was none.</summary>
    private bool IsAwaitedMasterLost(bool hasListened)
    {
        if (!_state.Steps.IsAwaitingRelease)
        {
            return true;
        }

        if (!hasListened || _now - _state.LowerHeardAt <= MasterDownInterval)
        {
            return false;
        }

        _state.Steps.IsAwaitingRelease = false;
        _state.Steps.Reason = PromotionReason.MasterDown;
        Record(new TimelineEntry
        {
            Kind = TimelineKind.MasterLost,
            Address = _state.Steps.OldMaster,
            Reason = PromotionReason.MasterDown,
            Duration = _now - _state.LowerHeardAt,
        });
        return true;
    }

    private void GivePreemptUp()
    {
        if (_state.Steps.IsAwaitingRelease)
        {
            _state.IsPreemptGivenUp = true;
            Record(new TimelineEntry { Kind = TimelineKind.PreemptGivenUp, Address = _state.Steps.OldMaster });
        }
    }

    /// <summary>A living master was heard by this member: the promotion of the whole group ends, or this member alone when the leader is Master already.</summary>
    private void LeaveForLivingMasterTogether()
    {
        VrrpMachine leader = Leader;
        if (leader._state.Phase == VrrpPhase.Promoting)
        {
            leader.LeaveForLivingMaster();
        }

        if (_state.Phase == VrrpPhase.Promoting && leader._state.Phase != VrrpPhase.Promoting)
        {
            StandDown();
        }
    }

    /// <summary>A fault, a stop or a stall of a member that the leader promotes.</summary>
    private void EndPromotionOfGroup()
    {
        VrrpMachine leader = Leader;
        if (leader._state.Phase == VrrpPhase.Promoting)
        {
            leader.EndPromotion();
        }

        if (leader._state.Phase != VrrpPhase.Promoting)
        {
            StandDown();
        }
    }

    /// <summary>The leader is no candidate any more, and is not Master either.</summary>
    internal void FollowDown() => StandDown();

    /// <summary>The leader's killed step does not die: the adverts of no member hold anybody back meanwhile.</summary>
    internal void FollowIntoSilence()
    {
        if (!_state.AdvertAt.IsNever)
        {
            ReleaseAsCandidate();
        }

        _state.Steps.HasReleased = true;
        _state.AdvertAt = MonotonicInstant.Never;
        _state.AdvertSentAt = MonotonicInstant.Never;
    }

    /// <summary>The leader is Master and everything of the members before this one is held.</summary>
    internal void FollowUp() => BecomeMaster();

    /// <summary>Another member has left Master, or has never become it.</summary>
    internal void LeaveWithGroup(Transition transition) => BeginLeaving(transition);

    /// <summary>A member has left the promotion by itself.</summary>
    internal void EndPromotionWithGroup() => EndPromotion();

    /// <summary>Everything of all members is gone: the leader runs the demotion steps, the others go on when it has.</summary>
    internal void GoOnDemoting()
    {
        _state.IsAwaitingGroup = false;
        if (!IsFollower && _config.Demotion is { Steps.IsEmpty: false })
        {
            BeginDemotionStep();
        }
        else
        {
            Continue();
        }
    }
}
