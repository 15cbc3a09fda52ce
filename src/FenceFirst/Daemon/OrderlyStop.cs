using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Daemon.Notify;
using FenceFirst.Daemon.Steps;
using FenceFirst.Linux.Files;

namespace FenceFirst.Daemon;

/// <summary>The end that a signal asks for: every instance comes to rest first, and notify scripts and mails get a bounded time after that.</summary>
internal sealed class OrderlyStop(EventLoop loop, Notifications notifications, FenceChecks checks, LogWriter log)
{
    /// <summary>How long a killed program of a fence test is awaited; longer than SIGTERM to SIGKILL. What hangs in the kernel is the next life's to find (G3).</summary>
    private static readonly TimeSpan TestBound = TimeSpan.FromSeconds(5);

    private MonotonicInstant _testsDue = MonotonicInstant.Never;
    private MonotonicInstant _scriptsDue = MonotonicInstant.Never;
    private MonotonicInstant _mailDue = MonotonicInstant.Never;
    private bool _areTestsDone;
    private bool _areMailsHurried;
    private bool _isAbandoned;

    /// <summary>Whether the end has been asked for.</summary>
    public bool IsRequested { get; private set; }

    /// <summary>When <see cref="IsFinished"/> has to be asked again although nothing happens; Never = then it need not be.</summary>
    public MonotonicInstant Due => MonotonicInstant.Earlier(MonotonicInstant.Earlier(_scriptsDue, _mailDue), _testsDue);

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
        _testsDue = loop.Now + TestBound;
        checks.Stop();
        loop.Enqueue(NodeEvent.StopRequested());
    }

    /// <summary>Whether the loop may end.</summary>
    public bool IsFinished()
    {
        if (!IsRequested || !AreTestsDone() || !loop.State.IsStopped)
        {
            return false;
        }

        bool areMailsDone = AreMailsDone();
        return AreScriptsDone() && notifications.IsClosed(loop.Now) && areMailsDone;
    }

    private bool AreTestsDone()
    {
        if (_areTestsDone || (checks.IsBusy && loop.Now < _testsDue))
        {
            return _areTestsDone;
        }

        if (checks.IsBusy)
        {
            log.Write(TimelineLevel.Error, $"a program of a fence device does not die although it was killed; after {TimelineText.Duration(TestBound)} it is left behind");
        }

        _testsDue = MonotonicInstant.Never;
        _areTestsDone = true;
        return true;
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
