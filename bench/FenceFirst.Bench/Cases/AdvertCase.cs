namespace FenceFirst.Bench.Cases;

/// <summary>How even the adverts of a master are, by the kernel's receive time stamps in the peer's namespace.</summary>
/// <remarks>
/// The mean interval of a virtual router is (last − first) / (count − 1); the mean over all of them is given. A deviation is the absolute
/// difference between one interval and the nominal one.
/// </remarks>
internal static class AdvertCase
{
    private const double BoundPercent = 0.01;

    public static IEnumerable<Row> Run(RunLength length)
    {
        Conf[] confs =
        [
            new() { Instances = 250, Version = 2, IntervalSeconds = 1 },
            new() { Instances = 1, Version = 3, IntervalSeconds = 0.1 },
            new() { Instances = 1, Version = 3, IntervalSeconds = 0.01 },
        ];
        foreach (Conf conf in confs)
        {
            Evenness[] all = [new Evenness(conf), new Evenness(conf)];
            for (int round = 0; round < length.Rounds; round++)
            {
                for (int s = 0; s < all.Length; s++)
                {
                    all[s].Add(Measured.AsMaster(Measured.Subjects[s], conf, (_, lab) => Listen(lab, length.WindowSeconds)));
                }
            }

            string key = $"adverts-{conf.IntervalText}", what = $"adverts, {conf.Instances} × {conf.IntervalText} s, n = {all[0].Count}";
            yield return new Row(key + "-mean", $"{what}: mean interval against nominal", all[0].MeanText, all[1].MeanText, double.NaN,
                $"within {BoundPercent} %", Math.Abs(all[0].MeanErrorPercent) <= BoundPercent);
            double ours = all[0].Percentile(0.99), peer = all[1].Percentile(0.99);
            yield return new Row(key + "-p99", $"{what}: deviation, p99 [p50, max]", all[0].DeviationText, all[1].DeviationText, ours / peer, "≤ keepalived", ours <= peer);
        }
    }

    private static IReadOnlyList<SeenAdvert> Listen(Lab lab, int windowSeconds)
    {
        using WireTap tap = new(lab.There);
        Native.SleepUntil(Native.MonotonicNanoseconds + (windowSeconds * 1_000_000_000L));
        return tap.Adverts;
    }
}
