using System.Text;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Daemon.Steps;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Daemon.Notify;

/// <summary>Mails about changes (smtp_alert): Core says which, <c>fencefirst-mail</c> sends them, one process for each try.</summary>
/// <remarks>The daemon itself opens no connection and resolves no name for it, and waits for none of it but at its end, for a bounded time.</remarks>
internal sealed class Mailer : IDisposable
{
    /// <summary>Name of the program.</summary>
    public const string ProgramName = "fencefirst-mail";

    /// <summary>How long the end of the daemon waits for mails that have not been sent.</summary>
    public static readonly TimeSpan StopBound = TimeSpan.FromSeconds(4);

    /// <summary>How often the same alarm of an instance is mailed at most.</summary>
    private static readonly TimeSpan AlarmPause = TimeSpan.FromHours(1);

    /// <summary>What the program has beyond its own bound before it is told to end.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private const int OutputBytesMax = 16 * 1024;

    private readonly ProcessRunner _processes;
    private readonly StepEnvironment _environment;
    private readonly LogWriter _log;
    private readonly Func<long> _nextTag;
    private readonly DeadlineTimer _timer = new();
    private readonly MailQueue _queue = new();
    private readonly Dictionary<(bool IsGroup, string Name), Notification> _told = [];
    private readonly Dictionary<(string Name, TimelineKind Kind), MonotonicInstant> _alarms = [];
    private NodeConfig _config = new();
    private long _tag;
    private MonotonicInstant _endBy = MonotonicInstant.Never;

    /// <summary>Prepares; nothing is sent before <see cref="Configure"/>.</summary>
    /// <param name="processes">Child processes.</param>
    /// <param name="environment">What they are told.</param>
    /// <param name="log">The log.</param>
    /// <param name="nextTag">A tag that no other program has.</param>
    public Mailer(ProcessRunner processes, StepEnvironment environment, LogWriter log, Func<long> nextTag) =>
        (_processes, _environment, _log, _nextTag) = (processes, environment, log, nextTag);

    /// <summary>Readable when <see cref="Read"/> has something to do.</summary>
    public int Descriptor => _timer.Descriptor;

    /// <summary>Whether no mail waits or is being sent.</summary>
    public bool IsIdle => _queue.Count == 0;

    /// <summary>Takes a configuration; what waits goes where it says, at once where that is somewhere else than before.</summary>
    public void Configure(NodeConfig config)
    {
        bool isElsewhere = config.Mail != _config.Mail;
        _config = config;
        if (!config.Mail.IsComplete && _queue.Sending is null && _queue.Clear() is > 0 and int count)
        {
            _log.Write(TimelineLevel.Warning, $"{count} mails are not sent: the configuration names no smtp_server or no notification_email any more");
        }

        if (isElsewhere)
        {
            _queue.TryAgain();
            Advance();
        }
    }

    /// <summary>An instance has changed.</summary>
    public void Tell(VrrpConfig instance, Notification notification)
    {
        Notification? last = _told.TryGetValue((false, instance.Name), out Notification told) ? told : null;
        if (MailRules.OfInstance(_config, instance, notification, last) is { } mail)
        {
            _told[(false, instance.Name)] = notification;
            Add(mail);
        }
    }

    /// <summary>A sync group has changed.</summary>
    public void Tell(SyncGroupConfig group, Notification notification)
    {
        Notification? last = _told.TryGetValue((true, group.Name), out Notification told) ? told : null;
        if (MailRules.OfGroup(_config, group, notification, last) is { } mail)
        {
            _told[(true, group.Name)] = notification;
            Add(mail);
        }
    }

    /// <summary>Something was decided that may need a person.</summary>
    /// <param name="config">The configuration that its index belongs to.</param>
    /// <param name="entry">The decision.</param>
    public void Alarm(NodeConfig config, in TimelineEntry entry)
    {
        if (MailRules.OfAlarm(config, entry) is not { } mail)
        {
            return;
        }

        MonotonicInstant now = MonotonicClock.Now;
        (string, TimelineKind) alarm = (config.Instances[entry.Index].Name, entry.Kind);
        if (_alarms.TryGetValue(alarm, out MonotonicInstant last) && now < last + AlarmPause)
        {
            return;
        }

        _alarms[alarm] = now;
        Add(mail);
    }

    /// <summary>A pause is over, or the program has had its time.</summary>
    public void Read()
    {
        _timer.Acknowledge();
        if (_endBy <= MonotonicClock.Now)
        {
            _endBy = MonotonicInstant.Never;
            _processes.Terminate(_tag);
        }

        Advance();
    }

    /// <summary>Whether the program that has ended was ours.</summary>
    public bool Completed(in ProcessCompletion completion)
    {
        if (_queue.Sending is null || completion.Tag != _tag)
        {
            return false;
        }

        string output = Encoding.UTF8.GetString(completion.Output.Span);
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] later = [.. lines.Where(line => line.StartsWith(MailStatus.LaterWord, StringComparison.Ordinal)).Select(line => line[MailStatus.LaterWord.Length..])];
        string words = lines.LastOrDefault(line => !line.StartsWith(MailStatus.LaterWord, StringComparison.Ordinal)) ?? "";
        bool isSpeaking = completion.End == ProcessEnd.Exited && completion.Value is MailStatus.Sent or MailStatus.Refused or MailStatus.Later;
        if (!isSpeaking)
        {
            words = $"{ProgramName} {TimelineText.Outcome(ProgramOutput.OutcomeOf(completion))}{(words.Length > 0 ? $": {words}" : "")}";
        }

        End(completion.IsSuccess, isSpeaking && completion.Value == MailStatus.Refused, later, ProgramOutput.Printable(words));
        Advance();
        return true;
    }

    /// <summary>The daemon stops: every mail has one more try, without a pause before it.</summary>
    public void Hurry()
    {
        _queue.Hurry();
        Advance();
    }

    /// <summary>Ends what runs and says what is not sent; for the end of the daemon.</summary>
    public void Abandon()
    {
        bool isRunning = _queue.Sending is not null;
        if (_queue.Clear() is > 0 and int count)
        {
            _log.Write(TimelineLevel.Warning, $"{count} mail{(count == 1 ? " is" : "s are")} not sent: the daemon ends");
        }

        if (isRunning)
        {
            _processes.Kill(_tag);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Add(MailText mail)
    {
        if (_queue.Add(mail, MonotonicClock.WallNow.ToUnixTimeMilliseconds(), MonotonicClock.Now) is { } dropped)
        {
            _log.Write(TimelineLevel.Warning, $"mail dropped, {MailQueue.MailsMax} newer ones wait: {dropped.Text.Subject}");
        }

        Advance();
    }

    /// <summary>Begins whatever is due, and sees to it that the timer fires for what is not.</summary>
    private void Advance()
    {
        while (_queue.Take(MonotonicClock.Now) is { } mail)
        {
            if (Start(mail, out bool isFinal) is { Length: > 0 } problem)
            {
                End(isSent: false, isRefused: isFinal, [], problem);
            }
        }

        _timer.Arm(MonotonicInstant.Earlier(_queue.Due, _endBy));
    }

    /// <summary>Starts the program; returns why not, or nothing.</summary>
    /// <param name="mail">What to send.</param>
    /// <param name="isFinal">Whether another try would find the same.</param>
    private string Start(QueuedMail mail, out bool isFinal)
    {
        MailConfig config = _config.Mail;
        IReadOnlyList<string> wanted = mail.Wanted(config.Recipients);
        isFinal = !config.IsComplete || wanted.Count == 0;
        if (!config.IsComplete)
        {
            return "the configuration names no smtp_server or no notification_email any more";
        }

        if (wanted.Count == 0)
        {
            return $"notification_email does not name {string.Join(", ", mail.Remaining)} any more, and nobody else is without it";
        }

        (string user, string password) = ("", "");
        if (config.LoginFile.Length > 0)
        {
            byte[]? login = PrivateFile.Read(config.LoginFile, out string why, out _);
            string[] lines = login is null ? [] : Encoding.UTF8.GetString(login).Split('\n');
            if (lines is not [{ Length: > 0 }, { Length: > 0 }, ..])
            {
                return $"smtp_login_file {config.LoginFile} {(login is null ? why : "has not two lines, user and password")}";
            }

            (user, password) = (lines[0].TrimEnd('\r'), lines[1].TrimEnd('\r'));
        }

        MailJob job = new()
        {
            Server = config.Server,
            Port = config.Port,
            HeloName = config.HeloName,
            Sender = config.Sender,
            Recipients = config.Recipients,
            Remaining = [.. wanted],
            Subject = mail.Text.Subject,
            Body = mail.Text.Body,
            WallMilliseconds = mail.WallMilliseconds,
            Id = $"{mail.WallMilliseconds}.{Environment.ProcessId}.{mail.Number}",
            TimeoutSeconds = (int)config.ConnectTimeout.TotalSeconds,
            User = user,
            Password = password,
        };
        string[] command = SiblingProgram.Command(ProgramName);
        if (!File.Exists(command[^1]))
        {
            return $"there is no {command[^1]}: the program that sends mails has to be installed beside fencefirst";
        }

        _tag = _nextTag();
        ProcessRequest request = new(command, _tag)
        {
            Environment = _environment.Plain,
            OutputBytesMax = OutputBytesMax,
            StandardInput = Encoding.UTF8.GetBytes(job.Format()),
        };
        if (!_processes.Start(request))
        {
            return "too many programs are running";
        }

        _endBy = MonotonicClock.Now + job.Bound + Grace;
        return "";
    }

    private void End(bool isSent, bool isRefused, string[] later, string words)
    {
        _endBy = MonotonicInstant.Never;
        QueuedMail mail = _queue.Sending!; // Who calls this has seen it.
        TimeSpan? pause = _queue.Ended(isSent || isRefused, later, MonotonicClock.Now);
        string subject = mail.Text.Subject;
        if (isSent)
        {
            _log.Write(TimelineLevel.Detail, $"mail sent: {subject} ({words})");
        }
        else if (pause is { } wait)
        {
            _log.Write(TimelineLevel.Warning, $"mail not sent yet: {subject}: {words}; next try in {TimelineText.Duration(wait)}");
        }
        else
        {
            _log.Write(TimelineLevel.Error, $"mail not sent, given up after {mail.Tries} {(mail.Tries == 1 ? "try" : "tries")}: {subject}: {words}");
        }
    }
}
