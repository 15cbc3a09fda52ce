using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Linux;

namespace FenceFirst.Daemon;

/// <summary>The end that a signal asks for: every instance comes to rest first, and notify scripts get a bounded time after that.</summary>
internal sealed class OrderlyStop(EventLoop loop, Notifications notifications, LogWriter log)
{
    private bool _isAbandoned;

    /// <summary>Whether the end has been asked for.</summary>
    public bool IsRequested { get; private set; }

    /// <summary>When <see cref="IsFinished"/> has to be asked again although nothing happens; Never = then it need not be.</summary>
    public MonotonicInstant Due { get; private set; } = MonotonicInstant.Never;

    /// <summary>Begins to stop; further requests change nothing.</summary>
    public void Request()
    {
        if (IsRequested)
        {
            return;
        }

        IsRequested = true;
        SystemdNotify.Send("STOPPING=1");
        log.Write(TimelineLevel.Notice, "Stopping");
        loop.Enqueue(NodeEvent.StopRequested());
    }

    /// <summary>Whether the loop may end.</summary>
    public bool IsFinished()
    {
        if (!IsRequested || !loop.State.IsStopped)
        {
            return false;
        }

        if (_isAbandoned || !notifications.IsBusy)
        {
            return notifications.IsClosed(loop.Now);
        }

        TimeSpan bound = loop.Config.Notify.StopTimeout;
        if (Due.IsNever)
        {
            Due = loop.Now + bound;
            notifications.Hurry(bound / 2);
        }
        else if (loop.Now >= Due)
        {
            log.Write(TimelineLevel.Warning, $"notify scripts still run after {TimelineText.Duration(bound)} (notify_stop_timeout); they are killed");
            notifications.Abandon();
            Due = MonotonicInstant.Never;
            _isAbandoned = true;
            return notifications.IsClosed(loop.Now);
        }

        return false;
    }
}
