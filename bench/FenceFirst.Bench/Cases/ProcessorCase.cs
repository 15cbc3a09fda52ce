namespace FenceFirst.Bench.Cases;

/// <summary>Processor time of 250 virtual routers in the steady state. A veth pair bills the receiver's part of a packet to its sender, for both daemons alike.</summary>
internal static class ProcessorCase
{
    private const double Bound = 0.8;

    public static IEnumerable<Row> Run(RunLength length)
    {
        Conf conf = new() { Instances = 250 };
        foreach (bool isMaster in (bool[])[true, false])
        {
            List<double>[] perMinute = [[], []];
            for (int round = 0; round < length.Rounds; round++)
            {
                for (int s = 0; s < perMinute.Length; s++)
                {
                    double Measure(Daemon daemon, Lab lab) => SecondsPerMinute(daemon, length.WindowSeconds);
                    perMinute[s].Add(isMaster ? Measured.AsMaster(Measured.Subjects[s], conf, Measure) : Measured.AsBackup(Measured.Subjects[s], conf, Measure));
                }
            }

            string role = isMaster ? "master" : "backup";
            yield return Row.OfRatio($"cpu-{role}", $"CPU seconds per minute, 250 instances, 1 s, {role}", "s", perMinute[0].Average(), perMinute[1].Average(), Bound);
        }
    }

    internal static double SecondsPerMinute(Daemon daemon, int windowSeconds)
    {
        Dictionary<int, long> before = daemon.ProcessorTime();
        long ticks = daemon.ChildTicks();
        long start = Native.MonotonicNanoseconds;
        Native.SleepUntil(start + (windowSeconds * 1_000_000_000L));
        long end = Native.MonotonicNanoseconds;
        Dictionary<int, long> after = daemon.ProcessorTime();
        if (daemon.ChildTicks() != ticks || !after.Keys.ToHashSet().SetEquals(before.Keys))
        {
            throw new InvalidOperationException($"{daemon.Subject} started or ended threads or programs in its steady state: its processor time is not covered");
        }

        long used = after.Sum(each => each.Value - before[each.Key]);
        return used / 1e9 * 60e9 / (end - start);
    }
}
