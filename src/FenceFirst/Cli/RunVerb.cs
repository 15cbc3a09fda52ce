using FenceFirst.Config;
using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Daemon;
using FenceFirst.Daemon.Notify;
using FenceFirst.Daemon.Records;
using FenceFirst.Daemon.Reload;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Files;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Cli;

/// <summary>How the daemon is started.</summary>
internal sealed record RunOptions
{
    /// <summary>Configuration file.</summary>
    public required string File { get; init; }

    /// <summary>Config id for @ID lines; null = host name.</summary>
    public string? ConfigId { get; init; }

    /// <summary>Where what must survive is kept.</summary>
    public string StateDirectory { get; init; } = "/var/lib/fencefirst";

    /// <summary>Control socket.</summary>
    public string Socket { get; init; } = "/run/fencefirst.sock";

    /// <summary>Where dumps are written that the configuration gives no path.</summary>
    public string DumpDirectory { get; init; } = "/run/fencefirst";

    /// <summary>Process id file; null = none.</summary>
    public string? PidFile { get; init; }

    /// <summary>Whether standard error gets the log.</summary>
    public bool IsLoggingToConsole { get; init; } = true;

    /// <summary>Whether syslog gets the log.</summary>
    public bool IsLoggingToSyslog { get; init; }

    /// <summary>Syslog facility, 0..23; 3 = daemon.</summary>
    public int SyslogFacility { get; init; } = 3;

    /// <summary>How lines look; null = key=value under journald, text otherwise.</summary>
    public LogFormat? Format { get; init; }

    /// <summary>Whether details are logged (keepalived -D).</summary>
    public bool IsDetailed { get; init; }

    /// <summary>Where every event is recorded; null = nowhere.</summary>
    public string? Record { get; init; }
}

/// <summary><c>fencefirst run</c>: the daemon in the foreground.</summary>
internal static class RunVerb
{
    /// <summary>Exit statuses as keepalived's: 0 good, 1 failed, 2 configuration, 4 permission.</summary>
    public const int ExitFailed = 1;

    /// <summary>The configuration was refused.</summary>
    public const int ExitConfiguration = 2;

    /// <summary>A capability is missing.</summary>
    public const int ExitPermission = 4;

    /// <summary>Something in FenceFirst itself is wrong (sysexits: EX_SOFTWARE).</summary>
    public const int ExitBug = 70;

    /// <summary>A killed daemon may hold the lock for a moment longer: until a program that it was about to start has become itself.</summary>
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(1);

    /// <summary>Runs the daemon until a signal ends it.</summary>
    public static int Run(RunOptions options, TextWriter error)
    {
        ulong salt = options.Record is null ? 0 : EventRecorder.Salt();
        LoadedConfig loaded = Load(options, salt);
        error.Write(loaded.Diagnostics);
        if (loaded.Config is not { } config)
        {
            return ExitConfiguration;
        }

        if (Capabilities.Missing() is { Count: > 0 } missing)
        {
            error.WriteLine(
                $"fencefirst: missing {string.Join(" and ", missing)}: run as root, or give the program the capability with "
                + $"'setcap {string.Join(',', missing).ToLowerInvariant()}+ep {Environment.ProcessPath}' (systemd: AmbientCapabilities=)");
            return ExitPermission;
        }

        ProcessTuning.ShareHeap();
        using Signals signals = new();
        using LockFile? directoryLock = TakeDirectory(options.StateDirectory, out string directoryProblem);
        if (directoryProblem.Length > 0)
        {
            error.WriteLine($"fencefirst: {directoryProblem}");
            return ExitFailed;
        }

        using LogWriter log = OpenLog(options, config.RouterId);
        using PidFile? pidFile = options.PidFile is null ? null : PidFile.TryCreate(options.PidFile, out string pidProblem) ?? Refused<PidFile>(pidProblem);
        if (options.PidFile is not null && pidFile is null)
        {
            return ExitFailed;
        }

        using EventRecorder? recorder = options.Record is null ? null : EventRecorder.TryCreate(options.Record, log, out string recordProblem) ?? Refused<EventRecorder>(recordProblem);
        if (options.Record is not null && recorder is null)
        {
            return ExitFailed;
        }

        log.Write(TimelineLevel.Notice, $"Starting FenceFirst {ProgramVersion.Text}, configuration {options.File}, pid {Environment.ProcessId}");
        Tune(config.Process, log);
        LifecycleScript.Run(config.Process.StartupScript, config.Process.StartupTimeout, "startup_script", signals, log);
        ulong epochBase = EpochFile.Reserve(options.StateDirectory, log);
        ProcessConfig process = config.Process;
        using StateKeeper keeper = new(options.StateDirectory, epochBase, log);
        log.Write(new JournalEntry(MonotonicClock.WallNow, MonotonicClock.Now, "", "Started", $"FenceFirst {ProgramVersion.Text} started, pid {Environment.ProcessId}"));
        try
        {
            using EventLoop loop = new(loaded, epochBase, keeper, log, signals, () => Load(options, salt), options.DumpDirectory, recorder);
            if (!loop.TryListen(options.Socket, out string problem))
            {
                error.WriteLine($"fencefirst: {problem}");
                return ExitFailed;
            }

            try
            {
                loop.Run();
            }
            catch (Exception exception)
            {
                // Better no address than one that nobody answers for.
                loop.RemoveEverything();
                if (exception is LinuxException)
                {
                    throw;
                }

                log.Write(TimelineLevel.Error, $"stopped by a bug in FenceFirst, all addresses removed; please report it: {exception}");
                return ExitBug;
            }

            process = loop.Config.Process;
        }
        catch (LinuxException exception)
        {
            error.WriteLine($"fencefirst: {exception.Message}");
            return ExitFailed;
        }

        LifecycleScript.Run(process.ShutdownScript, process.ShutdownTimeout, "shutdown_script", signals: null, log);
        log.Write(TimelineLevel.Notice, "Stopped");
        return 0;

        T? Refused<T>(string reason)
            where T : class
        {
            error.WriteLine($"fencefirst: {reason}");
            return null;
        }
    }

    /// <summary>Takes the state directory for this daemon alone; a directory that cannot be written is nobody's, and the log will say so.</summary>
    private static LockFile? TakeDirectory(string directory, out string problem)
    {
        problem = "";
        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        LockFile? taken = LockFile.TryTake(Path.Combine(directory, "lock"), LockPatience, out string owner, out int errno);
        if (errno == ErrorNumber.WouldBlock)
        {
            problem = $"the state directory {directory} is used by another daemon{(owner.Length > 0 ? $", process {owner}" : "")}; two would spoil each other's journal and memory: "
                + "give this one its own with --state-dir";
        }

        return taken;
    }

    private static LoadedConfig Load(RunOptions options, ulong salt)
    {
        MachineFacts facts = RealMachineFacts.Create();
        FactsRecord? record = options.Record is null ? null : new FactsRecord(facts, salt);
        (NodeConfig? config, DiagnosticBag diagnostics) = ConfigLoader.Load(options.File, options.ConfigId, record?.Facts ?? facts);
        string text = diagnostics.ErrorCount + diagnostics.WarningCount > 0 ? DiagnosticText.Render(diagnostics) : "";
        return new LoadedConfig(diagnostics.HasErrors ? null : config, text, diagnostics.ErrorCount) { Facts = record?.Text(options.File, options.ConfigId) ?? "" };
    }

    private static LogWriter OpenLog(RunOptions options, string node)
    {
        bool isJournal = Environment.GetEnvironmentVariable("JOURNAL_STREAM") is not null;
        LogFormat format = options.Format ?? (isJournal ? LogFormat.KeyValue : LogFormat.Text);
        return new LogWriter(
            options.IsLoggingToConsole ? Console.OpenStandardError() : null,
            options.IsLoggingToSyslog ? new UnixLog("fencefirst", options.SyslogFacility) : null,
            format,
            options.IsDetailed ? TimelineLevel.Detail : TimelineLevel.Notice,
            new Journal(options.StateDirectory, node));
    }

    private static void Tune(ProcessConfig process, LogWriter log)
    {
        if (process.RealTimePriority > 0)
        {
            Report("vrrp_rt_priority", ProcessTuning.SetRealTime(process.RealTimePriority));
        }

        if (process.Nice != 0)
        {
            Report("vrrp_priority", ProcessTuning.SetNice(process.Nice));
        }

        if (process.IsMemoryLocked)
        {
            Report("vrrp_no_swap", ProcessTuning.LockMemory());
        }

        void Report(string keyword, TuningResult result)
        {
            if (!result.IsApplied)
            {
                log.Write(TimelineLevel.Warning, $"{keyword}: {result.Explanation}; the daemon goes on without it");
            }
        }
    }
}
