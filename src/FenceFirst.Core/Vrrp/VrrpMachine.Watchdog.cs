using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;

namespace FenceFirst.Core.Vrrp;

/// <content>A promotion begins with the watchdog: nobody is fenced by a node that could not hold the addresses afterwards (docs/self-fencing.md).</content>
public ref partial struct VrrpMachine
{
    /// <summary>ETIMEDOUT, for a driver that does not answer.</summary>
    private const int TimedOutErrno = 110;

    /// <summary>Bound on arming; some drivers talk to a board that is slow. No answer by then = it could not be armed (G2).</summary>
    private static readonly TimeSpan ArmBound = TimeSpan.FromSeconds(5);

    /// <summary>Has the watchdog armed if there is one; true = the answer is awaited, and the promotion goes on with it.</summary>
    private bool AwaitWatchdog()
    {
        if (_nodeConfig.Watchdog is null || _node.Watchdog == WatchdogPhase.Armed)
        {
            return false;
        }

        _state.Steps.IsArming = true;
        _state.Steps.DeadlineAt = _now + ArmBound;
        WatchdogRules.Arm(_nodeConfig, _node, _effects);
        return true;
    }

    /// <summary>The watchdog is armed (errno 0), or cannot be.</summary>
    internal void WatchdogAnswered(int errno)
    {
        ReleaseAfterStall();
        bool isRefused = errno != 0 && _nodeConfig.Watchdog is { IsRequired: true };
        if (_state.Phase == VrrpPhase.Promoting && _state.Steps.IsArming)
        {
            _state.Steps.IsArming = false;
            _state.Steps.DeadlineAt = MonotonicInstant.Never;
            if (isRefused)
            {
                FailPromotion(new TimelineEntry { Kind = TimelineKind.WatchdogRefused, First = errno });
                return;
            }

            if (errno != 0)
            {
                Record(new TimelineEntry { Kind = TimelineKind.WatchdogMissing, First = errno });
            }

            GoOnPromoting();
        }
        else if (_state.Phase == VrrpPhase.Master && isRefused)
        {
            // A reload has asked for it while we are Master.
            Record(new TimelineEntry { Kind = TimelineKind.WatchdogRefused, First = errno, Duration = CountFailure() });
            BeginLeaving(Transition.Release);
        }
        else if (_state.Phase == VrrpPhase.Master && errno != 0)
        {
            Record(new TimelineEntry { Kind = TimelineKind.WatchdogMissing, First = errno });
        }
    }

    private void WatchdogDeadlineReached()
    {
        // Whatever the driver still does, it is told to stop.
        WatchdogRules.Disarm(_node, _effects);
        WatchdogAnswered(TimedOutErrno);
    }
}
