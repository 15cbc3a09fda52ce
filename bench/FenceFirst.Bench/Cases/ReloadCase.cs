namespace FenceFirst.Bench.Cases;

/// <summary>What a reload in which one of 250 masters changes does to the adverts of the others, by the kernel's receive time stamps in the peer's namespace.</summary>
/// <remarks>
/// The reloads are 1.37 s apart, so that they fall on every part of the second in which the adverts leave together. Trap: an advert that is
/// late makes one interval too long and the next too short; both are counted, and neither is longer than the delay.
/// </remarks>
internal static class ReloadCase
{
    private const double BoundMs = 5;
    private const int ChangingVrid = 125;
    private const long IntervalNanoseconds = 1_370_000_000;

    public static IEnumerable<Row> Run(RunLength length)
    {
        Conf conf = new() { Instances = 250 };
        Evenness[] during = [new(conf), new(conf)], without = [new(conf), new(conf)];
        int reloads = 0;
        for (int round = 0; round < length.Rounds; round++)
        {
            for (int s = 0; s < during.Length; s++)
            {
                reloads = Measured.AsMaster(Measured.Subjects[s], conf, (daemon, lab) =>
                {
                    without[s].Add(Others(lab, () => Native.SleepUntil(Native.MonotonicNanoseconds + (length.WindowSeconds * 1_000_000_000L))));
                    int count = 0;
                    during[s].Add(Others(lab, () => count = ReloadAgainAndAgain(daemon, conf, length.WindowSeconds)));
                    return count;
                });
            }
        }

        double ours = during[0].Max, peer = during[1].Max;
        yield return new Row(
            "reload",
            $"reload of 250 masters of which one changes, {reloads} times {length.Rounds}: adverts of the others, n = {during[0].Count}: deviation, max [p99, max without]",
            Describe(during[0], without[0]),
            Describe(during[1], without[1]),
            ours / peer,
            $"max ≤ {BoundMs} ms",
            ours <= BoundMs);
    }

    private static string Describe(Evenness during, Evenness without) => $"{Row.Text(during.Max)} [{Row.Text(during.Percentile(0.99))}, {Row.Text(without.Max)}] ms";

    private static IReadOnlyList<SeenAdvert> Others(Lab lab, Action wait)
    {
        using WireTap tap = new(lab.There);
        wait();
        return [.. tap.Adverts.Where(each => each.Vrid != ChangingVrid)];
    }

    private static int ReloadAgainAndAgain(Daemon daemon, Conf conf, int windowSeconds)
    {
        const string complete = "reload complete";
        long start = Native.MonotonicNanoseconds;
        int count = 0;
        for (; count * IntervalNanoseconds < windowSeconds * 1_000_000_000L; count++)
        {
            Native.SleepUntil(start + (count * IntervalNanoseconds));
            daemon.Rewrite(conf with { Priority = 255, SlowVrid = count % 2 == 0 ? ChangingVrid : 0 });
            Native.Kill(daemon.ProcessId, Native.SignalHangUp);
        }

        // Adverts after the last one count as well.
        Native.SleepUntil(start + ((count + 1) * IntervalNanoseconds));
        int done = daemon.Log.Split(complete).Length - 1;
        return daemon.Subject == Subject.Keepalived || Programs.IsSelfComparison || done == count
            ? count
            : throw new InvalidOperationException($"{done} of {count} reloads are complete; the log of the daemon:\n{daemon.Log}");
    }
}
