using System.Globalization;
using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Processes;

/// <summary>What came of a wish to the scheduler or the memory manager: a value for the log, never a reason to stop.</summary>
/// <param name="IsApplied">Whether it holds now.</param>
/// <param name="Explanation">One sentence for the operator.</param>
public readonly record struct TuningResult(bool IsApplied, string Explanation);

/// <summary>Real-time scheduling, niceness and locked memory for the whole process.</summary>
/// <remarks>
/// Every thread is changed, not the loop's alone: a garbage collection begun by a thread without real-time priority would stop the loop
/// for as long as other programs keep that thread from its processor.
/// </remarks>
public static unsafe class ProcessTuning
{
    /// <summary>Rounds over the thread list; threads that appear meanwhile inherit from those changed already.</summary>
    private const int RoundsMax = 5;

    /// <summary>Puts every thread under SCHED_RR with the priority, 1..99.</summary>
    public static TuningResult SetRealTime(int priority) =>
        ForEveryThread(thread => SetRealTime(thread, priority), "sched_setscheduler", $"SCHED_RR {priority}");

    /// <summary>Puts the calling thread alone under SCHED_RR with the priority, 1..99; false when we may not. For a thread that never works for long.</summary>
    public static bool TrySetRealTimeOfThisThread(int priority) => SetRealTime(0, priority) == 0;

    /// <summary>Sets the niceness of every thread, -20..19.</summary>
    public static TuningResult SetNice(int nice) => ForEveryThread(
        thread => LibC.setpriority(LibC.PRIO_PROCESS, (uint)thread, nice) == 0 ? 0 : LibC.Errno, "setpriority", $"nice {nice}");

    /// <summary>Keeps pages in memory once they are touched, present and future ones.</summary>
    /// <remarks>Without MCL_ONFAULT the garbage collector's reserved address space would count, which is hundreds of gigabytes.</remarks>
    public static TuningResult LockMemory()
    {
        if (LibC.mlockall(LibC.MCL_CURRENT_FUTURE_ONFAULT) == 0)
        {
            return new TuningResult(true, "memory is locked");
        }

        int errno = LibC.Errno;
        string hint = errno == LibC.ENOMEM ? "; missing CAP_IPC_LOCK (the limit LimitMEMLOCK is too low)" : ErrorNumber.Hint("mlockall", errno);
        return new TuningResult(false, $"memory is not locked: mlockall: {ErrorNumber.Name(errno)}{hint}");
    }

    /// <summary>One heap of the C library for all threads, which hardly use it, instead of one for each; before threads are started.</summary>
    public static void ShareHeap()
    {
        try
        {
            _ = LibC.mallopt(LibC.MALLOC_ARENA_MAX, 1);
        }
        catch (EntryPointNotFoundException)
        {
            // Not glibc: it has no such heaps.
        }
    }

    /// <summary>
    /// Program code and constants that can be let go of: their pages stay in the file cache and come back when they are used again.
    /// Only what is mapped without write permission and has never been changed, so that nothing is lost.
    /// </summary>
    /// <returns>Begin and length of each mapping; none when there is no /proc.</returns>
    public static IReadOnlyList<(nuint Begin, nuint Length)> FindProgramCode()
    {
        List<(nuint Begin, nuint Length)> found = [];
        try
        {
            nuint from = 0;
            nuint to = 0;
            foreach (string line in File.ReadLines("/proc/self/smaps"))
            {
                if (TryReadMapping(line, out nuint start, out nuint end))
                {
                    // Anything but code and constants from a file is passed over.
                    bool isConstant = line.Contains('/') && (line.Contains(" r-xp ") || line.Contains(" r--p "));
                    (from, to) = isConstant ? (start, end) : (0, 0);
                }
                else if (from != 0 && line.StartsWith("Anonymous:", StringComparison.Ordinal))
                {
                    // Relocated data that was made read-only afterwards shows here: dropped, it would come back unrelocated.
                    if (line.AsSpan(10).Trim() is "0 kB")
                    {
                        found.Add((from, to - from));
                    }

                    from = 0;
                }
            }
        }
        catch (IOException)
        {
            // The pages stay, which costs memory and nothing else.
        }

        return found;
    }

    /// <summary>Lets go of them; locked memory stays. Nothing else is called here: what comes after this counts again.</summary>
    public static void Release(IReadOnlyList<(nuint Begin, nuint Length)> code)
    {
        for (int i = 0; i < code.Count; i++)
        {
            _ = LibC.madvise((void*)code[i].Begin, code[i].Length, LibC.MADV_DONTNEED);
        }
    }

    private static bool TryReadMapping(string line, out nuint start, out nuint end)
    {
        start = 0;
        end = 0;
        int dash = line.IndexOf('-');
        int blank = line.IndexOf(' ');
        return dash > 0
            && blank > dash
            && nuint.TryParse(line.AsSpan(0, dash), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out start)
            && nuint.TryParse(line.AsSpan(dash + 1, blank - dash - 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out end);
    }

    private static int SetRealTime(int thread, int priority) =>
        LibC.sched_setscheduler(thread, LibC.SCHED_RR, &priority) == 0 ? 0 : LibC.Errno;

    private static TuningResult ForEveryThread(Func<int, int> change, string systemCall, string what)
    {
        HashSet<int> done = [];
        for (int round = 0; round < RoundsMax; round++)
        {
            int before = done.Count;
            foreach (string path in Directory.GetDirectories("/proc/self/task"))
            {
                int thread = int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture);
                if (!done.Add(thread))
                {
                    continue;
                }

                int errno = change(thread);
                if (errno != 0 && errno != LibC.ESRCH)
                {
                    return new TuningResult(
                        false, $"{what} is not set: {systemCall}: {ErrorNumber.Name(errno)}{ErrorNumber.Hint(systemCall, errno)}");
                }
            }

            if (done.Count == before)
            {
                break;
            }
        }

        return new TuningResult(true, $"{what} on {done.Count} threads");
    }
}

/// <summary>The capabilities that the daemon cannot do without.</summary>
public static class Capabilities
{
    private const int NetworkAdministration = 12;
    private const int NetworkRaw = 13;

    /// <summary>Which of CAP_NET_ADMIN and CAP_NET_RAW the process lacks; empty = none.</summary>
    public static IReadOnlyList<string> Missing() => MissingFrom(File.ReadAllText("/proc/self/status"));

    /// <summary>The same from the text of a status file; without its line everything counts as missing.</summary>
    internal static IReadOnlyList<string> MissingFrom(string status)
    {
        const string Label = "CapEff:";
        ulong effective = 0;
        foreach (ReadOnlySpan<char> line in status.AsSpan().EnumerateLines())
        {
            if (line.StartsWith(Label)
                && ulong.TryParse(line[Label.Length..].Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value))
            {
                effective = value;
            }
        }

        List<string> missing = [];
        if ((effective & (1UL << NetworkAdministration)) == 0)
        {
            missing.Add("CAP_NET_ADMIN");
        }

        if ((effective & (1UL << NetworkRaw)) == 0)
        {
            missing.Add("CAP_NET_RAW");
        }

        return missing;
    }
}
