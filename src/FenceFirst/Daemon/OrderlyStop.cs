using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Daemon.Notify;
using FenceFirst.Linux.Files;

namespace FenceFirst.Daemon;

/// <summary>The end that a signal asks for: every instance comes to rest first, and notify scripts and mails get a bounded time after that.</summary>
internal sealed class OrderlyStop(EventLoop loop, Notifications notifications, LogWriter log)
{
    private MonotonicInstant _scriptsDue = MonotonicInstant.Never;
    private MonotonicInstant _mailDue = MonotonicInstant.Never;
    private bool _areMailsHurried;
    private bool _isAbandoned;

    /// <summary>Whether the end has been asked for.</summary>
    public bool IsRequested { get; private set; }

    /// <summary>When <see cref="IsFinished"/> has to be asked again although nothing happens; Never = then it need not be.</summary>
    public MonotonicInstant Due => MonotonicInstant.Earlier(_scriptsDue, _mailDue);

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

        bool areMailsDone = AreMailsDone();
        return AreScriptsDone() && notifications.IsClosed(loop.Now) && areMailsDone;
    }

    private bool AreMailsDone()
    {
        if (_areMailsHurried && notifications.Mail.IsIdle)
        {
            _mailDue = MonotonicInstant.Never;
            return true;
        }

        if (!_areMailsHurried)
        {
            _areMailsHurried = true;
            _mailDue = loop.Now + Mailer.StopBound;
            notifications.Mail.Hurry();
        }
        else if (loop.Now >= _mailDue)
        {
            _mailDue = MonotonicInstant.Never;
            notifications.Mail.Abandon();
        }

        return notifications.Mail.IsIdle;
    }

    private bool AreScriptsDone()
    {
        if (_isAbandoned || !notifications.IsBusy)
        {
            _scriptsDue = MonotonicInstant.Never;
            return true;
        }

        TimeSpan bound = loop.Config.Notify.StopTimeout;
        if (_scriptsDue.IsNever)
        {
            _scriptsDue = loop.Now + bound;
            notifications.Hurry(bound / 2);
        }
        else if (loop.Now >= _scriptsDue)
        {
            log.Write(TimelineLevel.Warning, $"notify scripts still run after {TimelineText.Duration(bound)} (notify_stop_timeout); they are killed");
            notifications.Abandon();
            _scriptsDue = MonotonicInstant.Never;
            _isAbandoned = true;
            return true;
        }

        return false;
    }
}
