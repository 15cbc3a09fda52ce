using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Tracking;
using FenceFirst.Core.Wire;

namespace FenceFirst.Core.Vrrp;

/// <summary>The state machine of one virtual router: RFC 9568 section 6.4 with two phases more, Promoting and Demoting.</summary>
/// <remarks>
/// <para>
/// Theory. Backup listens. When the master's silence lasts longer than Master_Down_Interval (or it releases with priority 0) the instance
/// becomes Promoting and runs its steps one after the other; it holds nothing. Only when every step has succeeded does it become Master, and
/// only as Master are addresses added (G1). It leaves Master through Demoting, where the addresses are removed and acknowledged before
/// anything else is done (G5). Fault is entered from Backup at once and from Master through Demoting.
/// </para>
/// <para>
/// What must be true inside: in Backup, Fault and Initialize nothing is held and no transition is under way; in Promoting nothing is held and at
/// most one attempt is under way; in Master either Raise or Restore is under way or everything is held; in Demoting Release or Yield is under way.
/// A started fence or run step is never abandoned: its outcome is awaited, whatever else happens (G3).
/// </para>
/// </remarks>
public ref partial struct VrrpMachine
{
    /// <summary>Adverts of a fenced target that were under way when its power went are no proof that the device lied; 200 ms covers any queue.</summary>
    private static readonly TimeSpan LieGrace = TimeSpan.FromMilliseconds(200);

    private readonly NodeState _node;
    private readonly NodeConfig _nodeConfig;
    private readonly VrrpConfig _config;
    private readonly int _index;
    private readonly MonotonicInstant _now;
    private readonly EffectBuffer _effects;
    private readonly ref VrrpState _state;

    /// <summary>The machine of one instance for the length of one event.</summary>
    internal VrrpMachine(NodeConfig nodeConfig, NodeState node, int index, MonotonicInstant now, EffectBuffer effects)
    {
        _nodeConfig = nodeConfig;
        _node = node;
        _index = index;
        _config = nodeConfig.Instances[index];
        _now = now;
        _effects = effects;
        _state = ref node.Instances[index];
    }

    private readonly TimeSpan MasterDownInterval =>
        VrrpTimers.MasterDown(_config.Version, _state.Priority, _state.MasterAdvertInterval, _config.DownTimerAdverts);

    private readonly TimeSpan OwnMasterDownInterval =>
        VrrpTimers.MasterDown(_config.Version, _state.Priority, _config.AdvertInterval, _config.DownTimerAdverts);

    /// <summary>RFC 9568 section 6.4.1 (Initialize): the start-up event.</summary>
    internal void Started()
    {
        if (_state.IsStopping || _state.Phase != VrrpPhase.Initialize)
        {
            return;
        }

        KeepReleaseTrue();
        ApplyTracking();
        LeaveInitialize();
    }

    /// <summary>A tracker, a link or the source address changed.</summary>
    internal void TrackersChanged()
    {
        ReleaseAfterStall();
        FaultCauses before = _state.Faults;
        ApplyTracking();
        if (!_node.IsStarted || _state.IsStopping)
        {
            return;
        }

        switch (_state.Phase)
        {
            case VrrpPhase.Initialize:
                LeaveInitialize();
                break;
            case VrrpPhase.Backup:
                if (_state.Faults != FaultCauses.None)
                {
                    Walk(Transition.Fail);
                }

                break;
            case VrrpPhase.Promoting:
                if (_state.Faults != FaultCauses.None)
                {
                    EndPromotion();
                }

                break;
            case VrrpPhase.Master:
                if (_state.Faults != FaultCauses.None)
                {
                    BeginLeaving(Transition.Release);
                }

                break;
            case VrrpPhase.Demoting:
                // Where it comes to rest is decided when the demotion has ended.
                break;
            case VrrpPhase.Fault:
                if (_state.Faults == FaultCauses.None)
                {
                    if (!_state.IsAwaitingScripts)
                    {
                        Walk(Transition.Recover);
                    }
                }
                else if (_state.Faults != before)
                {
                    Record(new TimelineEntry { Kind = TimelineKind.EnteredFault, Faults = _state.Faults });
                }

                break;
        }
    }

    /// <summary>The earliest armed deadline of the instance has been reached (or passed).</summary>
    internal void DeadlineReached()
    {
        // What is due besides is due after a stall as well: the bound of a step, for example.
        ReleaseAfterStall();
        if (_state.AdvertAt <= _now)
        {
            SendAdvert();
            _state.AdvertAt = NodeMachine.NextOnGrid(_state.AdvertAt, _config.AdvertInterval, _now);
        }

        if (_state.GratuitousAt <= _now)
        {
            GratuitousDue();
        }

        if (_state.LowerBurstAt <= _now)
        {
            LowerBurstDue();
        }

        if (_state.Steps.DeadlineAt <= _now)
        {
            StepDeadlineReached();
        }

        if (_state.RemovalAt <= _now)
        {
            RemovalDue();
        }

        if (_state.ConflictUntil <= _now)
        {
            ConflictWon();
        }

        if (_state.MasterDownAt <= _now)
        {
            MasterDownTimerFired();
        }
    }

    /// <summary>An accepted advert, received <paramref name="waited"/> ago; RFC 9568 section 6.4.</summary>
    internal void AdvertReceived(in VrrpAdvert advert, InternetAddress source, TimeSpan waited)
    {
        // After a stall we have lost mastership in the eyes of our peers; the advert is then heard in the phase that follows.
        ReleaseAfterStall();
        if (source == _state.RefusedFrom)
        {
            // It is understood again, so its adverts speak for it.
            _state.RefusedAt = MonotonicInstant.Never;
        }

        if (advert.Priority != 0 && _state.ReleasedTargets != 0)
        {
            ForgetRelease(source);
        }

        switch (_state.Phase)
        {
            case VrrpPhase.Initialize:
            case VrrpPhase.Fault:
                // RFC 9568 section 6.4.1: adverts mean nothing before start-up.
                break;
            case VrrpPhase.Backup:
                BackupHeard(advert, source, waited);
                break;
            case VrrpPhase.Promoting:
                PromotingHeard(advert, source);
                break;
            case VrrpPhase.Master:
                MasterHeard(advert, source);
                break;
            case VrrpPhase.Demoting:
                DemotingHeard(advert, source);
                break;
        }
    }

    /// <summary>
    /// A packet for our Vrid was refused: it changes no timer (RFC 9568 section 7.1: MUST discard). With a promotion it is remembered as evidence that
    /// somebody is alive (docs/promotion.md 6.1).
    /// </summary>
    /// <param name="error">Why.</param>
    /// <param name="source">Who sent it.</param>
    /// <param name="isOvertaken">Whether a newer advert of the sender was heard, or this one itself: then it is no evidence.</param>
    internal void PacketRefused(DecodeError error, InternetAddress source, bool isOvertaken)
    {
        Record(new TimelineEntry { Kind = TimelineKind.PacketRefused, Error = error, Address = source, First = isOvertaken ? 1 : 0 });
        if (!isOvertaken)
        {
            NoteRefused(error, source);
        }
    }

    /// <summary>The daemon stops, or a reload removes this instance.</summary>
    /// <param name="isDeleted">Whether a reload has removed it.</param>
    internal void StopRequested(bool isDeleted = false)
    {
        if (_state.IsStopping)
        {
            return;
        }

        ReleaseAfterStall();
        _state.IsStopping = true;
        _state.IsDeleted = isDeleted;
        switch (_state.Phase)
        {
            case VrrpPhase.Initialize:
            case VrrpPhase.Backup:
            case VrrpPhase.Fault:
                Walk(isDeleted ? Transition.Delete : Transition.Stop);
                break;
            case VrrpPhase.Promoting:
                EndPromotion();
                break;
            case VrrpPhase.Master:
                BeginLeaving(Transition.Release);
                break;
            case VrrpPhase.Demoting:
                break;
        }
    }

    private void ApplyTracking()
    {
        TrackingResult result = TrackingRules.Evaluate(_config, _node);
        if (IsInMaintenance)
        {
            result = WithoutTrackers(result);
        }

        FaultCauses kept = _state.Faults & FaultCauses.Promotion;
        _state.Faults = result.Faults | kept | (_state.Source.IsNone ? FaultCauses.NoSource : FaultCauses.None) | GroupFault;
        _state.IsAwaitingScripts = result.IsAwaitingScripts || IsGroupAwaitingScripts;
        if (result.Priority == _state.Priority)
        {
            return;
        }

        TimeSpan before = MasterDownInterval;
        if (_node.IsStarted)
        {
            Record(new TimelineEntry { Kind = TimelineKind.PriorityChanged, First = _state.Priority, Second = result.Priority });
        }

        _state.Priority = result.Priority;
        NotifyPriority();
        if (_state.Phase == VrrpPhase.Backup)
        {
            // The running timer is shifted by the difference of the skews, not started anew (keepalived: vrrp_set_effective_priority).
            // A deadline that would lie in the past is now.
            _state.MasterDownAt = MonotonicInstant.Later(_now, _state.MasterDownAt + (MasterDownInterval - before));
        }
    }

    private void LeaveInitialize()
    {
        if (_state.Faults != FaultCauses.None)
        {
            Walk(Transition.Fail);
        }
        else if (_state.IsAwaitingScripts)
        {
            Record(new TimelineEntry { Kind = TimelineKind.AwaitingScripts });
        }
        else if (_config.IsOwner && _config.IsStateMaster && !IsInMaintenance && _state.RetryAt <= _now && (!IsGrouped || IsGroupOfOwners))
        {
            // RFC 9568 section 6.4.1: an owner takes over at once; here that means its promotion steps start at once (G1).
            // DEVIATION: An owner with "state BACKUP" waits as every other router, as keepalived does.
            if (IsGrouped)
            {
                WantMasterAtStart();
            }
            else
            {
                BeginPromotion(PromotionReason.Startup, InternetAddress.None);
            }
        }
        else
        {
            Walk(Transition.Start);
        }
    }

    /// <summary>RFC 9568 section 6.4.1: set Active_Adver_Interval and Active_Down_Timer, become Backup.</summary>
    private void EnterBackup(bool isStart)
    {
        _state.Phase = VrrpPhase.Backup;
        _state.AdvertAt = MonotonicInstant.Never;
        _state.AdvertSentAt = MonotonicInstant.Never;
        EndAnnouncements();
        _state.MasterAdvertInterval = _config.AdvertInterval;
        _state.Steps = StepProgress.Idle with { Epoch = _state.Steps.Epoch };
        _state.Transition = Transition.None;
        ForgetMaster();
        _state.MasterDownAt = _now + MasterDownInterval;
        Record(new TimelineEntry { Kind = TimelineKind.EnteredBackup, First = isStart ? 1 : 0 });
    }

    private void EnterFault()
    {
        AbandonHandover();
        SilenceTimers();
        ForgetMaster();
        _state.Phase = VrrpPhase.Fault;
        _state.MasterAdvertInterval = _config.AdvertInterval;
        Record(new TimelineEntry { Kind = TimelineKind.EnteredFault, Faults = _state.Faults });
    }

    private void ComeToRest()
    {
        AbandonHandover();
        SilenceTimers();
        TellWhatIsLeft(isOnce: false);
        _state.RemovalAt = MonotonicInstant.Never;
        _state.Phase = VrrpPhase.Initialize;
        _state.IsStopped = true;
        Record(new TimelineEntry { Kind = TimelineKind.Stopped });
    }

    private void SilenceTimers()
    {
        _state.MasterDownAt = MonotonicInstant.Never;
        _state.AdvertAt = MonotonicInstant.Never;
        _state.AdvertSentAt = MonotonicInstant.Never;
        EndAnnouncements();
        _state.PreemptAt = MonotonicInstant.Never;
        _state.ConflictUntil = MonotonicInstant.Never;
        _state.IsWantingMaster = false;
        _state.IsAwaitingGroup = false;
        _state.Steps = StepProgress.Idle with { Epoch = _state.Steps.Epoch };
    }

    private void ForgetMaster()
    {
        _state.Master = InternetAddress.None;
        _state.MasterPriority = 0;
        _state.LowerMaster = InternetAddress.None;
        _state.LowerHeardAt = MonotonicInstant.Never;
        _state.PreemptAt = MonotonicInstant.Never;
        _state.IsMasterReleased = false;
        _state.HasMasterChanged = false;
        _state.IsWantingMaster = false;
        ForgetReleases();
    }

    /// <summary>An advert with our priority; held back by a candidate while refused packets come.</summary>
    private void SendAdvert()
    {
        if (_state.Phase == VrrpPhase.Promoting && IsRefusedAlive && _state.RefusedError != DecodeError.None)
        {
            // docs/promotion.md 6.1: keepalived restarts its Adver_Timer at every packet of its Vrid, refused ones too. Our adverts would silence a master
            // that we do not understand, and its silence would end the hold. The grid goes on, and shows that we run (G7).
            _state.AdvertSentAt = _state.AdvertSentAt.IsNever ? MonotonicInstant.Never : _now;
            return;
        }

        SendAdvert(_state.Priority);
    }

    private void SendAdvert(byte priority)
    {
        // docs/promotion.md 3: with the virtual MAC address, switches would send a candidate what is for the master.
        bool isOfMaster = _state.Phase is VrrpPhase.Master or VrrpPhase.Demoting;
        _effects.Add(new NodeEffect { Kind = NodeEffectKind.SendAdvert, Index = _index, Priority = priority, IsOfMaster = isOfMaster });
        if (priority != 0)
        {
            _state.AdvertSentAt = _now;
        }
    }

    /// <summary>RFC 9568 section 6.4.3: better means higher priority, or equal priority and a greater source address.</summary>
    private readonly bool IsBetter(byte priority, InternetAddress source) =>
        priority > _state.Priority || (priority == _state.Priority && source > _state.Source);

    private readonly void Notify(Notification notification) =>
        _effects.Add(new NodeEffect { Kind = NodeEffectKind.Notify, Index = _index, Notification = notification, Priority = _state.Priority });

    private readonly void Record(in TimelineEntry entry) => _effects.Add(new NodeEffect
    {
        Kind = NodeEffectKind.Record,
        Index = _index,
        Entry = entry with { Index = _index, Phase = _state.Phase },
    });
}
