using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Daemon.Steps;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Daemon.Notify;

/// <summary>Tells of changes: lines in named pipes at once, scripts one at a time and in order per instance; a newer state supersedes older ones that have not started. Then mails.</summary>
/// <remarks>
/// keepalived starts all scripts at once, so that the script of an older state may end after that of a newer one; notify_parallel brings that back.
/// A script may run as long as it likes while nothing newer waits for it: some start a server and stay with it.
/// </remarks>
internal sealed class Notifications : IDisposable
{
    private const int OutputBytesMax = 16 * 1024;
    private const long PipeToken = 1;
    private const long TimerToken = 2;
    private const long MailToken = 3;

    private readonly ProcessRunner _processes;
    private readonly StepEnvironment _environment;
    private readonly LogWriter _log;
    private readonly EventPoll _poll = new();
    private readonly EpollEvent[] _ready = new EpollEvent[3];
    private readonly DeadlineTimer _timer = new();
    private readonly NotifyPipes _pipes;
    private readonly Dictionary<string, Line> _lines = [];
    private readonly Dictionary<long, Job> _parallel = [];
    private TimeSpan _scriptTimeout;

    /// <summary>Tags of these programs are negative, those of Core's attempts positive.</summary>
    private long _lastTag;
    private ulong _generation;

    /// <summary>Prepares; nothing is opened or started before <see cref="Configure"/>.</summary>
    /// <param name="processes">Child processes.</param>
    /// <param name="environment">What they are told.</param>
    /// <param name="log">The log.</param>
    /// <param name="generationBase">A number not less than every generation this node has used before.</param>
    public Notifications(ProcessRunner processes, StepEnvironment environment, LogWriter log, ulong generationBase)
    {
        _processes = processes;
        _environment = environment;
        _log = log;
        _generation = generationBase;
        _pipes = new NotifyPipes(processes, environment, log, () => --_lastTag);
        Mail = new Mailer(processes, environment, log, () => --_lastTag);
        _poll.Add(Mail.Descriptor, PollEvents.Readable, MailToken);
        _poll.Add(_pipes.Descriptor, PollEvents.Readable, PipeToken);
        _poll.Add(_timer.Descriptor, PollEvents.Readable, TimerToken);
    }

    /// <summary>Mails.</summary>
    public Mailer Mail { get; }

    /// <summary>Readable when <see cref="Read"/> has something to do.</summary>
    public int Descriptor => _poll.Descriptor;

    /// <summary>Whether any notify script is running or waiting.</summary>
    public bool IsBusy
    {
        get
        {
            foreach (Line line in _lines.Values)
            {
                if (line.Running is not null || line.Waiting.Count > 0)
                {
                    return true;
                }
            }

            return _parallel.Count > 0;
        }
    }

    /// <summary>keepalived's word for what is notified.</summary>
    public static string Word(Notification notification) => notification switch
    {
        Notification.Master => "MASTER",
        Notification.Backup => "BACKUP",
        Notification.Fault => "FAULT",
        Notification.Stop => "STOP",
        Notification.MasterHeardLower => "MASTER_RX_LOWER_PRI",
        Notification.Deleted => "DELETED",
        Notification.MasterPriority => "MASTER_PRIORITY",
        Notification.BackupPriority => "BACKUP_PRIORITY",
    };

    /// <summary>Takes a configuration: opens its pipes and starts their programs.</summary>
    public void Configure(NodeConfig config)
    {
        _scriptTimeout = config.Notify.ScriptTimeout;
        _pipes.Configure(config);
        Mail.Configure(config);
    }

    /// <summary>Writes a line into the pipes and queues the scripts, first the one of the state, then the general one; then the mail.</summary>
    public void Notify(VrrpConfig config, string group, Notification notification, byte priority, ulong epoch)
    {
        WriteLine("INSTANCE", config.Name, Word(notification), priority);
        bool isState = notification is not (Notification.MasterHeardLower or Notification.MasterPriority or Notification.BackupPriority);
        Run(config.Name, config.Notify, notification, isState, ["INSTANCE", config.Name, Word(notification), priority.ToString()], variables: generation =>
            _environment.ForNotification(config.Name, group, notification, priority, epoch, generation));
        Mail.Tell(config, notification);
    }

    /// <summary>The same for a sync group, in keepalived's words: GROUP, its name, the state and 0.</summary>
    public void NotifyGroup(SyncGroupConfig group, Notification notification, ulong epoch)
    {
        WriteLine("GROUP", group.Name, Word(notification), 0);
        Run($"VRRP_Group {group.Name}", group.Notify, notification, isState: true, ["GROUP", group.Name, Word(notification), "0"], variables: generation =>
            _environment.ForNotification("", group.Name, notification, 0, epoch, generation));
        Mail.Tell(group, notification);
    }

    private void Run(string subject, NotifyScripts scripts, Notification notification, bool isState, string[] arguments, Func<ulong, string[]> variables)
    {
        CommandLine? own = notification switch
        {
            Notification.Master => scripts.Master,
            Notification.Backup => scripts.Backup,
            Notification.Fault => scripts.Fault,
            Notification.Stop => scripts.Stop,
            Notification.MasterHeardLower => scripts.MasterHeardLower,
            Notification.Deleted => scripts.Deleted,
            Notification.MasterPriority or Notification.BackupPriority => null,
        };
        CommandLine? general = isState ? scripts.Any : null;
        if (own is null && general is null)
        {
            return;
        }

        string[] environment = variables(++_generation);
        List<Job> jobs = [];
        if (own is not null)
        {
            jobs.Add(new Job(subject, own, [.. own.Arguments], environment));
        }

        if (general is not null)
        {
            jobs.Add(new Job(subject, general, [.. general.Arguments, .. arguments], environment));
        }

        if (scripts.IsParallel)
        {
            jobs.ForEach(StartBeside);
        }
        else
        {
            Queue(subject, jobs, isState);
        }
    }

    /// <summary>Writes the present state of an instance into the pipes; no script runs.</summary>
    public void WriteState(VrrpConfig config, in VrrpState state)
    {
        string? word = state.Phase switch
        {
            VrrpPhase.Master => "MASTER",
            VrrpPhase.Backup or VrrpPhase.Promoting => "BACKUP",
            VrrpPhase.Fault => "FAULT",
            VrrpPhase.Initialize or VrrpPhase.Demoting => null,
        };
        if (word is not null)
        {
            WriteLine("INSTANCE", config.Name, word, state.Priority);
        }
    }

    /// <summary>Writes the present state of a sync group into the pipes; no script runs.</summary>
    public void WriteState(SyncGroupConfig group, in SyncGroupState state)
    {
        if (state.Told is { } told)
        {
            WriteLine("GROUP", group.Name, Word(told), 0);
        }
    }

    /// <summary>Goes on with pipes that have room again and scripts that have had their time.</summary>
    public void Read()
    {
        int count = _poll.Wait(_ready, 0);
        for (int i = 0; i < count; i++)
        {
            if (_ready[i].Token == TimerToken)
            {
                _timer.Acknowledge();
                EndOverdue();
            }
            else if (_ready[i].Token == MailToken)
            {
                Mail.Read();
            }
            else
            {
                _pipes.Read();
            }
        }
    }

    /// <summary>A program with one of our tags has ended.</summary>
    public void Completed(in ProcessCompletion completion)
    {
        if (_pipes.Completed(completion) || Mail.Completed(completion))
        {
            return;
        }

        if (_parallel.Remove(completion.Tag, out Job? beside))
        {
            LogEnd(beside, completion);
            return;
        }

        foreach (Line line in _lines.Values)
        {
            if (line.Running is not { } job || line.Tag != completion.Tag)
            {
                continue;
            }

            line.Running = null;
            line.EndBy = MonotonicInstant.Never;
            LogEnd(job, completion);
            StartNext(line);
            ArmTimer();
            return;
        }
    }

    /// <summary>The daemon stops: a script that the last ones wait for has only this long.</summary>
    public void Hurry(TimeSpan bound)
    {
        _scriptTimeout = bound < _scriptTimeout ? bound : _scriptTimeout;
        foreach (Line line in _lines.Values)
        {
            if (line.Running is not null && line.Waiting.Count > 0)
            {
                line.EndBy = MonotonicInstant.Earlier(line.EndBy, MonotonicClock.Now + _scriptTimeout);
            }
        }

        ArmTimer();
    }

    /// <summary>At the end of the daemon: whether the pipes are closed and their programs have ended or had their time.</summary>
    public bool IsClosed(MonotonicInstant now) => _pipes.IsClosed(now);

    /// <summary>Ends everything that runs and forgets what waits; for the end of the daemon.</summary>
    public void Abandon()
    {
        foreach (Line line in _lines.Values)
        {
            line.Waiting.Clear();
            if (line.Running is not null)
            {
                _processes.Kill(line.Tag);
            }
        }

        foreach (long tag in _parallel.Keys)
        {
            _processes.Kill(tag);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Mail.Dispose();
        _pipes.Dispose();
        _timer.Dispose();
        _poll.Dispose();
    }

    /// <summary>INSTANCE "NAME" STATE PRIORITY, or GROUP "NAME" STATE 0 (keepalived.conf(5), vrrp_notify_fifo).</summary>
    private void WriteLine(string kind, string name, string word, byte priority) => _pipes.Write($"{kind} \"{name}\" {word} {priority}");

    private void Queue(string instance, List<Job> jobs, bool isState)
    {
        if (!_lines.TryGetValue(instance, out Line? line))
        {
            _lines[instance] = line = new Line();
        }

        if (isState)
        {
            line.Waiting.Clear();
        }
        else if (line.Waiting.Count > 0)
        {
            // One that waits says it all; a noisy neighbour must not fill the queue.
            return;
        }

        jobs.ForEach(line.Waiting.Enqueue);
        StartNext(line);
        if (isState && line.Running is not null && line.Running.Environment != jobs[0].Environment && line.EndBy.IsNever)
        {
            line.EndBy = MonotonicClock.Now + _scriptTimeout;
            ArmTimer();
        }
    }

    private void EndOverdue()
    {
        MonotonicInstant now = MonotonicClock.Now;
        foreach (Line line in _lines.Values)
        {
            if (line.EndBy > now || line.Running is not { } job)
            {
                continue;
            }

            line.EndBy = MonotonicInstant.Never;
            _log.Write(
                TimelineLevel.Warning,
                job.Instance,
                "notify",
                $"({job.Instance}) notify script {job.Arguments[0]} has kept the script of a newer state waiting for {TimelineText.Duration(_scriptTimeout)} (notify_timeout): it is told to end");
            _processes.Terminate(line.Tag);
        }

        ArmTimer();
    }

    private void ArmTimer()
    {
        MonotonicInstant next = MonotonicInstant.Never;
        foreach (Line line in _lines.Values)
        {
            next = MonotonicInstant.Earlier(next, line.EndBy);
        }

        _timer.Arm(next);
    }

    private void LogEnd(Job job, in ProcessCompletion completion)
    {
        if (!ProgramOutput.OutcomeOf(completion).IsSuccess)
        {
            _log.Write(TimelineLevel.Warning, job.Instance, "notify", $"({job.Instance}) notify script {job.Arguments[0]} {TimelineText.Outcome(ProgramOutput.OutcomeOf(completion))}");
        }

        ProgramOutput.Log(_log, job.Instance, job.Arguments[0], completion);
    }

    private void StartBeside(Job job)
    {
        long tag = --_lastTag;
        if (Start(job, tag))
        {
            _parallel.Add(tag, job);
        }
    }

    private void StartNext(Line line)
    {
        while (line.Running is null && line.Waiting.TryDequeue(out Job? job))
        {
            line.Tag = --_lastTag;
            line.Running = Start(job, line.Tag) ? job : null;
        }
    }

    private bool Start(Job job, long tag)
    {
        bool isStarted = _processes.Start(new ProcessRequest(job.Arguments, tag)
        {
            Environment = job.Environment,
            UserId = job.Command.UserId,
            GroupId = job.Command.GroupId,
            SupplementaryGroups = job.Command.SupplementaryGroups.AsArray(),
            OutputBytesMax = OutputBytesMax,
        });
        if (!isStarted)
        {
            _log.Write(TimelineLevel.Error, job.Instance, "notify", $"({job.Instance}) notify script {job.Arguments[0]} not started: too many programs are running");
        }

        return isStarted;
    }

    private sealed record Job(string Instance, CommandLine Command, string[] Arguments, string[] Environment);

    private sealed class Line
    {
        public Job? Running { get; set; }

        public long Tag { get; set; }

        /// <summary>When the running script is told to end, because a newer state waits; Never = nothing waits.</summary>
        public MonotonicInstant EndBy { get; set; } = MonotonicInstant.Never;

        public Queue<Job> Waiting { get; } = new();
    }
}
