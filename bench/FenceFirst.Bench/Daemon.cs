using System.Globalization;

namespace FenceFirst.Bench;

/// <summary>Which program is measured.</summary>
internal enum Subject
{
    FenceFirst,
    Keepalived,
}

/// <summary>A daemon started on a node, with everything that descends from it.</summary>
internal sealed class Daemon : IDisposable
{
    private static readonly List<Daemon> Alive = [];
    private readonly string _folder;
    private bool _hasEnded;

    private Daemon(Subject subject, string folder, int processId, long startedAt)
    {
        Subject = subject;
        _folder = folder;
        ProcessId = processId;
        StartedAt = startedAt;
    }

    public Subject Subject { get; }

    public int ProcessId { get; }

    /// <summary>Wall time just before the fork, in nanoseconds since 1970.</summary>
    public long StartedAt { get; }

    /// <summary>Where FenceFirst listens for questions.</summary>
    public string SocketPath => Path.Combine(_folder, "socket");

    public string Log => File.ReadAllText(Path.Combine(_folder, "log"));

    /// <summary>Starts a daemon on a configuration; both write their log without details to a file.</summary>
    public static Daemon Start(Subject subject, Node node, Conf conf) => subject == Subject.FenceFirst && !Programs.IsSelfComparison
        ? Launch(subject, node, conf, folder => [Programs.FenceFirst, "run", "-f", Path.Combine(folder, "conf"),
            "--state-dir", Path.Combine(folder, "state"), "--socket", Path.Combine(folder, "socket"), "--pid-file", Path.Combine(folder, "pid")])
        : Launch(subject, node, conf, folder => [Programs.Keepalived, "-n", "-l", "-P", "-f", Path.Combine(folder, "conf"),
            "-p", Path.Combine(folder, "pid"), "-r", Path.Combine(folder, "vrrp.pid")]);

    /// <summary>Puts another configuration in the place of the one it was started with, in one step.</summary>
    public void Rewrite(Conf conf)
    {
        string path = Path.Combine(_folder, "conf");
        File.WriteAllText(path + ".new", conf.ToString());
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>Starts any program on a node, in a folder of its own that holds the configuration as `conf`.</summary>
    public static Daemon Launch(Subject subject, Node node, Conf conf, Func<string, string[]> command)
    {
        string folder = Directory.CreateTempSubdirectory("fencefirst-bench-").FullName;
        File.WriteAllText(Path.Combine(folder, "conf"), conf.ToString());
        string[] arguments = command(folder);
        (int processId, long startedAt) = Lab.Run(node, () => (Native.Spawn(arguments, Path.Combine(folder, "log"), out long at), at));
        Daemon daemon = new(subject, folder, processId, startedAt);
        lock (Alive)
        {
            Alive.Add(daemon);
        }

        return daemon;
    }

    /// <summary>Ends whatever still runs, for an interrupted run.</summary>
    public static void EndAll()
    {
        lock (Alive)
        {
            foreach (Daemon daemon in Alive)
            {
                daemon.KillFamily();
            }
        }
    }

    /// <summary>Fails when the program has ended although nobody asked it to.</summary>
    public void CheckAlive()
    {
        if (HasEnded())
        {
            throw new InvalidOperationException($"{Subject} has ended by itself; its log:\n{Log}");
        }
    }

    /// <summary>Resident memory of all its processes, in kB, from /proc/PID/smaps_rollup.</summary>
    public MemoryUse Memory()
    {
        MemoryUse total = default;
        foreach (int each in Family())
        {
            foreach (string line in LinesOf($"/proc/{each}/smaps_rollup"))
            {
                string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                long kilobytes = words.Length == 3 && words[2] == "kB" ? long.Parse(words[1], CultureInfo.InvariantCulture) : 0;
                total = words[0] switch
                {
                    "Rss:" => total with { Resident = total.Resident + kilobytes },
                    "Pss:" => total with { Proportional = total.Proportional + kilobytes },
                    "Private_Clean:" or "Private_Dirty:" => total with { Private = total.Private + kilobytes },
                    _ => total,
                };
            }
        }

        return total;
    }

    /// <summary>Processor time used so far by each thread of all its processes, in nanoseconds: the first number of /proc/PID/task/TID/schedstat.</summary>
    /// <remarks>The scheduler's own account, user and system together, exact for a thread that is not running; clock ticks would be 10 ms coarse.</remarks>
    public Dictionary<int, long> ProcessorTime()
    {
        Dictionary<int, long> times = [];
        foreach (int process in Family())
        {
            foreach (string thread in ThreadsOf(process))
            {
                if (LinesOf(Path.Combine(thread, "schedstat")) is [{ } numbers, ..])
                {
                    times[int.Parse(Path.GetFileName(thread), CultureInfo.InvariantCulture)] = long.Parse(numbers.Split(' ')[0], CultureInfo.InvariantCulture);
                }
            }
        }

        return times;
    }

    /// <summary>Clock ticks of everything it started and waited for: scripts and helpers; 0 in these configurations.</summary>
    public long ChildTicks() => Family().Sum(each => StatFields(each) is { } fields
        ? long.Parse(fields[13], CultureInfo.InvariantCulture) + long.Parse(fields[14], CultureInfo.InvariantCulture)
        : 0);

    /// <summary>Sends a signal to all its processes, children first: a parent would start a killed child again.</summary>
    public void Signal(int signal)
    {
        foreach (int each in Enumerable.Reverse(Family()))
        {
            Native.Kill(each, signal);
        }
    }

    /// <summary>Lets a stopped daemon go on; returns the wall time at which it had a processor again, late by 0.1 ms at most. 0 = it got none within five seconds.</summary>
    /// <remarks>How long it had to wait for one is the load of the machine. The third number of schedstat counts how often a thread got a processor.</remarks>
    public long Continue()
    {
        int process = Family()[^1];
        long runsAt = 0;
        Thread watcher = new(() =>
        {
            _ = Native.TryBecomeRealTime();
            string before = TimesOnProcessor(process);
            long until = Native.MonotonicNanoseconds + 5_000_000_000;
            Signal(Native.SignalContinue);
            while (runsAt == 0 && Native.MonotonicNanoseconds < until)
            {
                if (TimesOnProcessor(process) != before)
                {
                    runsAt = Native.WallNanoseconds;
                }
                else
                {
                    Native.SleepUntil(Native.MonotonicNanoseconds + 50_000);
                }
            }
        });
        watcher.Start();
        watcher.Join();
        return runsAt;

        static string TimesOnProcessor(int process) => File.ReadAllText($"/proc/{process}/task/{process}/schedstat").Split(' ')[2];
    }

    /// <summary>Stops it in order (SIGTERM) and waits; after ten seconds it is killed, which is an error.</summary>
    public void Stop()
    {
        Native.Kill(ProcessId, Native.SignalTerminate);
        WaitForEnd(TimeSpan.FromSeconds(10));
    }

    /// <summary>Waits until it has ended; fails when that takes longer than the bound.</summary>
    public void WaitForEnd(TimeSpan bound)
    {
        long until = Native.MonotonicNanoseconds + (bound.Ticks * 100);
        while (!HasEnded())
        {
            if (Native.MonotonicNanoseconds > until)
            {
                throw new InvalidOperationException($"{Subject} did not end; its log:\n{Log}");
            }

            Thread.Sleep(5);
        }
    }

    public void Dispose()
    {
        KillFamily();
        lock (Alive)
        {
            Alive.Remove(this);
        }

        Directory.Delete(_folder, recursive: true);
    }

    private void KillFamily()
    {
        if (HasEnded())
        {
            return;
        }

        // Children first, so that none outlives its parent unseen.
        foreach (int each in Enumerable.Reverse(Family()))
        {
            Native.Kill(each, Native.SignalKill);
        }

        for (int i = 0; i < 200 && !HasEnded(); i++)
        {
            Thread.Sleep(5);
        }
    }

    private bool HasEnded() => _hasEnded = _hasEnded || Native.HasEnded(ProcessId);

    /// <summary>The process and what descends from it, parents first.</summary>
    private List<int> Family()
    {
        List<(int Process, int Parent)> all = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out int process) && StatFields(process) is { } fields)
            {
                all.Add((process, int.Parse(fields[1], CultureInfo.InvariantCulture)));
            }
        }

        List<int> family = [ProcessId];
        for (int i = 0; i < family.Count; i++)
        {
            family.AddRange(all.Where(each => each.Parent == family[i] && !family.Contains(each.Process)).Select(each => each.Process));
        }

        return family;
    }

    /// <summary>Nothing for a script that has ended meanwhile.</summary>
    private static string[] LinesOf(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static string[] ThreadsOf(int process)
    {
        try
        {
            return Directory.GetDirectories($"/proc/{process}/task");
        }
        catch (IOException)
        {
            return [];
        }
    }

    // From the state on: state, parent, ...; the name before it may hold blanks and brackets.
    private static string[]? StatFields(int process)
    {
        try
        {
            string text = File.ReadAllText($"/proc/{process}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }
}

/// <summary>Memory in kB: resident, proportional (shared pages divided among their users), private.</summary>
internal readonly record struct MemoryUse(long Resident, long Proportional, long Private);
