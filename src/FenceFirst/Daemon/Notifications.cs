using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Linux;

namespace FenceFirst.Daemon;

/// <summary>Runs the notify scripts of every instance one at a time and in order; a newer state supersedes older ones that have not started.</summary>
/// <remarks>keepalived starts all of them at once, so that the script of an older state may end after that of a newer one.</remarks>
internal sealed class Notifications(ProcessRunner processes, StepEnvironment environment, LogWriter log)
{
    private const int OutputBytesMax = 16 * 1024;

    private readonly Dictionary<string, Line> _lines = [];

    /// <summary>Tags of notify scripts are negative, those of Core's attempts positive.</summary>
    private long _lastTag;

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

            return false;
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
    };

    /// <summary>Queues the scripts for a notification: first the one of the state, then the general one.</summary>
    public void Notify(VrrpConfig config, Notification notification, byte priority, ulong epoch)
    {
        NotifyScripts scripts = config.Notify;
        CommandLine? own = notification switch
        {
            Notification.Master => scripts.Master,
            Notification.Backup => scripts.Backup,
            Notification.Fault => scripts.Fault,
            Notification.Stop => scripts.Stop,
            Notification.MasterHeardLower => scripts.MasterHeardLower,
        };
        CommandLine? general = notification == Notification.MasterHeardLower ? null : scripts.Any;
        if (own is null && general is null)
        {
            return;
        }

        if (!_lines.TryGetValue(config.Name, out Line? line))
        {
            _lines[config.Name] = line = new Line();
        }

        if (notification == Notification.MasterHeardLower)
        {
            if (line.Waiting.Count > 0)
            {
                // One that waits says it all; a noisy neighbour must not fill the queue.
                return;
            }
        }
        else
        {
            line.Waiting.Clear();
        }

        string[] variables = environment.ForNotification(config, notification, priority, epoch);
        if (own is not null)
        {
            line.Waiting.Enqueue(new Job(config.Name, own, [.. own.Arguments], variables));
        }

        if (general is not null)
        {
            string[] arguments = [.. general.Arguments, "INSTANCE", config.Name, Word(notification), priority.ToString()];
            line.Waiting.Enqueue(new Job(config.Name, general, arguments, variables));
        }

        StartNext(line);
    }

    /// <summary>A script with one of our tags has ended.</summary>
    public void Completed(in ProcessCompletion completion)
    {
        foreach (Line line in _lines.Values)
        {
            if (line.Running is not { } job || line.Tag != completion.Tag)
            {
                continue;
            }

            line.Running = null;
            if (!EffectRunner.OutcomeOf(completion).IsSuccess)
            {
                log.Write(TimelineLevel.Warning, job.Instance, "notify", $"({job.Instance}) notify script {job.Arguments[0]} {TimelineText.Outcome(EffectRunner.OutcomeOf(completion))}");
            }

            EffectRunner.LogOutput(log, job.Instance, job.Arguments[0], completion);
            StartNext(line);
            return;
        }
    }

    /// <summary>Ends everything that runs and forgets what waits; for the end of the daemon.</summary>
    public void Abandon()
    {
        foreach (Line line in _lines.Values)
        {
            line.Waiting.Clear();
            if (line.Running is not null)
            {
                processes.Kill(line.Tag);
            }
        }
    }

    private void StartNext(Line line)
    {
        if (line.Running is not null || line.Waiting.Count == 0)
        {
            return;
        }

        Job job = line.Waiting.Dequeue();
        line.Running = job;
        line.Tag = --_lastTag;
        bool isStarted = processes.Start(new ProcessRequest(job.Arguments, line.Tag)
        {
            Environment = job.Environment,
            UserId = job.Command.UserId,
            GroupId = job.Command.GroupId,
            OutputBytesMax = OutputBytesMax,
        });
        if (!isStarted)
        {
            line.Running = null;
            log.Write(TimelineLevel.Error, job.Instance, "notify", $"({job.Instance}) notify script {job.Arguments[0]} not started: too many programs are running");
        }
    }

    private sealed record Job(string Instance, CommandLine Command, string[] Arguments, string[] Environment);

    private sealed class Line
    {
        public Job? Running { get; set; }

        public long Tag { get; set; }

        public Queue<Job> Waiting { get; } = new();
    }
}
