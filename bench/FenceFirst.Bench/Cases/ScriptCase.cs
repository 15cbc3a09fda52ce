namespace FenceFirst.Bench.Cases;

/// <summary>Processor time of 100 check scripts that run every second, beside one virtual router that tracks them all.</summary>
/// <remarks>
/// Trap: a script is a process, and whoever makes it pays for a part of it in the daemon and for a part between fork and exec in the child; which part is where
/// depends on the way. So the bound is on everything, with the script's own time, which is the same for both; the daemon alone stands in a row of its own.
/// </remarks>
internal static class ScriptCase
{
    private const double Bound = 0.7;
    private const int Scripts = 100;

    public static IEnumerable<Row> Run(RunLength length)
    {
        Conf conf = new() { Scripts = Scripts };
        List<Use>[] uses = [[], []];
        for (int round = 0; round < length.Rounds; round++)
        {
            for (int s = 0; s < uses.Length; s++)
            {
                uses[s].Add(Measured.AsMaster(Measured.Subjects[s], conf, (daemon, _) => PerMinute(daemon, length.WindowSeconds)));
            }
        }

        string what = $"CPU seconds per minute, {Scripts} scripts every second";
        yield return Row.OfRatio("scripts", $"{what}: with the scripts", "s", uses[0].Average(use => use.Own + use.Children), uses[1].Average(use => use.Own + use.Children), Bound);
        yield return Row.Informing("scripts-own", $"{what}: the daemon alone", "s", uses[0].Average(use => use.Own), uses[1].Average(use => use.Own));
        foreach ((List<Use> use, Subject subject) in uses.Zip(Measured.Subjects))
        {
            if (use.Any(each => each.Children < 0.01))
            {
                throw new InvalidOperationException($"{subject} ran no scripts");
            }
        }
    }

    /// <summary>What the threads used that live through the window, and what its children used that ended in it; in seconds per minute.</summary>
    internal static Use PerMinute(Daemon daemon, int windowSeconds)
    {
        const double ticksPerSecond = 100;
        Dictionary<int, long> before = daemon.ProcessorTime();
        long ticks = daemon.ChildTicks();
        long start = Native.MonotonicNanoseconds;
        Native.SleepUntil(start + (windowSeconds * 1_000_000_000L));
        double minutes = (Native.MonotonicNanoseconds - start) / 60e9;
        Dictionary<int, long> after = daemon.ProcessorTime();
        long used = after.Where(each => before.ContainsKey(each.Key)).Sum(each => each.Value - before[each.Key]);
        return new Use(used / 1e9 / minutes, (daemon.ChildTicks() - ticks) / ticksPerSecond / minutes);
    }

    /// <summary>Seconds per minute.</summary>
    internal readonly record struct Use(double Own, double Children);
}
