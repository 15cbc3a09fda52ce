using FenceFirst.Core;

namespace FenceFirst.Bench.Cases;

/// <summary>From the last advert of a master that dies to its address on the backup, minus what the protocol says: 3 × advert_int + skew.</summary>
/// <remarks>
/// The master is an advert sender in this program, so that both daemons hear the same. Begin: the kernel's receive time stamp of the last
/// advert in the daemon's namespace. End: when the kernel's message about the new address was read there.
/// </remarks>
internal static class FailoverCase
{
    private const double BoundMilliseconds = 0.5;
    private const int Priority = 100;

    public static IEnumerable<Row> Run(RunLength length)
    {
        yield return Compare(new Conf { Version = 2, IntervalSeconds = 1, Priority = Priority }, length.SlowFailovers);
        yield return Compare(new Conf { Version = 3, IntervalSeconds = 0.1, Priority = Priority }, length.FastFailovers);
        yield return Compare(new Conf { Version = 3, IntervalSeconds = 0.01, Priority = Priority }, length.FastFailovers);
    }

    private static Row Compare(Conf conf, int samples)
    {
        List<double>[] late = [[], []];
        for (int i = 0; i < samples; i++)
        {
            for (int s = 0; s < late.Length; s++)
            {
                late[s].Add(Late(Measured.Subjects[s], conf));
            }
        }

        double ours = Statistics.Median(late[0]), peer = Statistics.Median(late[1]);
        string text = $"address up − (3 × advert_int + skew), v{conf.Version} {conf.IntervalText} s, median [min..max]";
        return new Row($"failover-{conf.IntervalText}", text, Text(late[0]), Text(late[1]), ours / peer, $"≤ {BoundMilliseconds} ms", ours <= BoundMilliseconds);
    }

    private static string Text(List<double> values) =>
        $"{Row.Text(Statistics.Median(values))} [{Row.Text(values.Min())}..{Row.Text(values.Max())}] ms";

    /// <summary>Milliseconds after the theoretical instant. A daemon that took over while the sender still lived (the machine paused) is asked again.</summary>
    private static double Late(Subject subject, Conf conf)
    {
        const int attempts = 5;
        // RFC 3768 section 6.1 for version 2, RFC 9568 section 6.1 for version 3; advert_int drops out of the first because it is one second.
        double theory = (3 * conf.IntervalSeconds) + (conf.IntervalSeconds * (256 - Priority) / 256);
        for (int i = 0; i < attempts; i++)
        {
            if (TrySample(subject, conf, theory, out double late))
            {
                return late;
            }
        }

        throw new InvalidOperationException($"{subject} took over before the master was dead, {attempts} times in a row: this machine is too busy for {conf.IntervalText} s");
    }

    private static bool TrySample(Subject subject, Conf conf, double theorySeconds, out double lateMilliseconds)
    {
        // Long enough for the daemon to be up and to have heard several adverts.
        int count = Math.Max(3, (int)(1.0 / conf.IntervalSeconds));
        using Lab lab = new();
        using WireTap tap = new(lab.Here);
        using AddressWatch watch = new(lab.Here);
        using Daemon daemon = Daemon.Start(subject, lab.Here, conf);
        AdvertSender.Send(lab.There, conf, count);
        long added = watch.WaitForAdded(InternetAddress.Parse("10.99.1.1"), TimeSpan.FromSeconds(theorySeconds + 2));
        IReadOnlyList<SeenAdvert> adverts = tap.Adverts;
        if (added == 0 || adverts.Count != count)
        {
            throw new InvalidOperationException($"{subject} heard {adverts.Count} of {count} adverts and did {(added == 0 ? "not " : "")}take over; its log:\n{daemon.Log}");
        }

        lateMilliseconds = ((added - adverts[^1].At) / 1e6) - (theorySeconds * 1e3);
        daemon.Stop();
        return added > adverts[^1].At;
    }
}
