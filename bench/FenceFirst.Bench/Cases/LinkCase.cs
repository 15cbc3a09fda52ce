using System.Text;

namespace FenceFirst.Bench.Cases;

/// <summary>Whether bursts of 500 changes of links leave the right priority behind: one that was missed, or taken twice, would show in it for ever.</summary>
internal static class LinkCase
{
    private const int Links = 250;
    private const int Changes = 500;
    private static readonly TimeSpan Settles = TimeSpan.FromSeconds(2);

    public static IEnumerable<Row> Run(RunLength length)
    {
        Conf conf = new() { Version = 3, IntervalSeconds = 0.1, Priority = 1, Links = [.. Enumerable.Range(1, Links).Select(i => $"d{i}")] };
        int bursts = length.IsQuick ? 5 : 20;
        Burst[][] all = [.. Measured.Subjects.Select(subject => Measure(subject, conf, bursts).ToArray())];
        yield return new Row(
            "links",
            $"bursts of {Changes} link changes, {bursts} of them: afterwards wrong; settled after, median [max]",
            Describe(all[0]),
            Describe(all[1]),
            double.NaN,
            "none wrong",
            all[0].All(burst => burst.IsRight));
    }

    private static string Describe(Burst[] bursts) =>
        $"{bursts.Count(burst => !burst.IsRight)}; {Row.Text(Statistics.Median([.. bursts.Select(burst => burst.SettledMs)]))} [{Row.Text(bursts.Max(burst => burst.SettledMs))}] ms";

    private static IEnumerable<Burst> Measure(Subject subject, Conf conf, int bursts)
    {
        using Lab lab = new();
        string folder = Directory.CreateTempSubdirectory("fencefirst-bench-links-").FullName;
        try
        {
            Batch(lab, folder, string.Concat(conf.Links.Select(link => $"link add {link} type veth peer name {link}p\nlink set {link}p up\nlink set {link} up\n")));
            using Daemon daemon = Daemon.Start(subject, lab.Here, conf);
            using WireTap tap = new(lab.There);
            tap.WaitForFirst(TimeSpan.FromSeconds(10), daemon);
            Thread.Sleep(Settles);
            Random random = new(1);
            for (int burst = 0; burst < bursts; burst++)
            {
                bool[] isUp = [.. Enumerable.Repeat(true, Links)];
                StringBuilder commands = new();
                for (int change = 0; change < Changes; change++)
                {
                    int link = change < Links ? change : random.Next(Links);
                    isUp[link] = !isUp[link];
                    commands.Append($"link set {conf.Links[link]} {(isUp[link] ? "up" : "down")}\n");
                }

                Batch(lab, folder, commands.ToString());
                long done = Native.WallNanoseconds;
                Thread.Sleep(Settles);
                byte right = (byte)(conf.Priority + isUp.Count(each => each));
                SeenAdvert[] seen = [.. tap.Adverts];
                int wrong = Array.FindLastIndex(seen, advert => advert.Priority != right);
                yield return new Burst(wrong < seen.Length - 1, wrong < seen.Length - 1 ? Math.Max(0, (seen[wrong + 1].At - done) / 1e6) : Settles.TotalMilliseconds);
                Batch(lab, folder, string.Concat(conf.Links.Select(link => $"link set {link} up\n")));
                Thread.Sleep(Settles);
            }

            daemon.CheckAlive();
            daemon.Stop();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Many commands of iproute2 in one process, so that they follow each other as fast as the kernel allows.</summary>
    private static void Batch(Lab lab, string folder, string commands)
    {
        string file = Path.Combine(folder, "batch");
        File.WriteAllText(file, commands);
        int process = Lab.Run(lab.Here, () => Native.Spawn(["/usr/bin/env", "ip", "-batch", file], Path.Combine(folder, "log"), out _));
        int status = Native.WaitForEnd(process, out _);
        if (status != 0)
        {
            throw new InvalidOperationException($"ip -batch: status {status}\n{File.ReadAllText(Path.Combine(folder, "log"))}");
        }
    }

    /// <summary>What came of one burst.</summary>
    private readonly record struct Burst(bool IsRight, double SettledMs);
}
