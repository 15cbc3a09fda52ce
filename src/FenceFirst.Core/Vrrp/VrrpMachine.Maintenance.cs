using FenceFirst.Core.Timeline;
using FenceFirst.Core.Tracking;

namespace FenceFirst.Core.Vrrp;

/// <content>Maintenance: no promotion starts, and trackers demote nobody (docs/promotion.md 8).</content>
public ref partial struct VrrpMachine
{
    private readonly bool IsInMaintenance => _now < _state.MaintenanceUntil;

    /// <summary>Begins maintenance, or moves its end.</summary>
    internal void BeginMaintenance(MonotonicInstant until)
    {
        _state.MaintenanceUntil = until;
        _state.IsWantingMaster = false;
        if (_state.Phase == VrrpPhase.Promoting && !_state.Steps.IsQuitting)
        {
            EndPromotion();
        }
    }

    /// <summary>Ends maintenance: trackers count again at once, and a silence that was not acted on is waited for anew.</summary>
    internal void EndMaintenance()
    {
        _state.MaintenanceUntil = MonotonicInstant.Zero;
        if (_state.IsPromotionHeldBack && _state.Phase == VrrpPhase.Backup)
        {
            _state.MasterDownAt = _now + MasterDownInterval;
        }

        _state.IsPromotionHeldBack = false;
        TrackersChanged();
    }

    /// <summary>Master_Down_Timer has fired, or an owner starts: told once, and nothing else is done until maintenance ends or a master is heard.</summary>
    private void HoldPromotionBack()
    {
        if (!_state.IsPromotionHeldBack)
        {
            TimeSpan left = _state.MaintenanceUntil.IsNever ? TimeSpan.MaxValue : _state.MaintenanceUntil - _now;
            Record(new TimelineEntry { Kind = TimelineKind.PromotionHeldBack, Address = _state.Master, Duration = left });
        }

        _state.IsPromotionHeldBack = true;
        _state.MasterDownAt = MonotonicInstant.Never;
    }

    /// <summary>
    /// What trackers may change while maintenance lasts: a cause of fault may end, but only the instance's own interface may begin one. Without it no advert
    /// leaves this node, and a peer takes over whatever we do.
    /// </summary>
    private readonly TrackingResult WithoutTrackers(TrackingResult live)
    {
        FaultCauses allowed = _state.Faults | (IsOwnLinkDown ? FaultCauses.Link : FaultCauses.None);
        return live with { Priority = _state.Priority, Faults = live.Faults & allowed };
    }

    private readonly bool IsOwnLinkDown
    {
        get
        {
            foreach (ref readonly TrackReference reference in _config.TrackLinks.Span)
            {
                if (_config.IsOwnLink(reference.Index) && reference.Weight == 0 && _node.LinksUp[reference.Index] == reference.IsReversed)
                {
                    return true;
                }
            }

            return false;
        }
    }
}
