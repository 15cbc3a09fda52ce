namespace FenceFirst.Bench.Cases;

/// <summary>From just before the fork to the kernel's time stamp on the first advert in the peer's namespace; an address owner waits for no timer.</summary>
internal static class StartCase
{
    public static IEnumerable<Row> Run(RunLength length)
    {
        foreach (int instances in (int[])[1, 250])
        {
            Conf conf = new() { Instances = instances, Priority = 255 };
            List<double>[] times = [[], []];
            // The first pair fills the caches and is not counted.
            for (int i = -1; i < length.Starts; i++)
            {
                for (int s = 0; s < times.Length; s++)
                {
                    double time = Milliseconds(Measured.Subjects[s], conf);
                    if (i >= 0)
                    {
                        times[s].Add(time);
                    }
                }
            }

            double ours = Statistics.Median(times[0]), peer = Statistics.Median(times[1]);
            yield return new Row($"start-{instances}", $"start to first advert, {instances} instance{(instances == 1 ? "" : "s")}, median [min]",
                $"{Row.Text(ours)} [{Row.Text(times[0].Min())}] ms", $"{Row.Text(peer)} [{Row.Text(times[1].Min())}] ms", ours / peer, "≤ keepalived", ours <= peer);
        }
    }

    private static double Milliseconds(Subject subject, Conf conf)
    {
        using Lab lab = new();
        using WireTap tap = new(lab.There);
        using Daemon daemon = Daemon.Start(subject, lab.Here, conf);
        long first = tap.WaitForFirst(TimeSpan.FromSeconds(10), daemon).At;
        daemon.Stop();
        return (first - daemon.StartedAt) / 1e6;
    }
}
