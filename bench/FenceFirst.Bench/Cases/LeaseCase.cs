using FenceFirst.Core;

namespace FenceFirst.Bench.Cases;

/// <summary>Leased addresses: what they cost, and how long an address outlives a daemon that is killed, stopped or stalled. keepalived keeps it.</summary>
/// <remarks>
/// Runs are made in parallel, each in namespaces of its own and begun at different moments, so that they meet every phase of the kernel's timers.
/// Trap: the kernel looks for expired addresses per namespace, so nothing else may have a lifetime in there.
/// </remarks>
internal static class LeaseCase
{
    private const double CostBound = 1.3;
    private const int UsualLeaseSeconds = 3;
    private const int LeaseSeconds = 2;
    private const double GoneBoundSeconds = 2.3;
    private const double StallBoundMilliseconds = 20;
    private const int Parallel = 10;
    private static readonly TimeSpan Stall = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly InternetAddress Address4 = InternetAddress.Parse("10.99.1.1");
    private static readonly InternetAddress Address6 = InternetAddress.Parse("fd99::1");

    public static IEnumerable<Row> Run(RunLength length)
    {
        foreach (Row row in Costs(length))
        {
            yield return row;
        }

        yield return Gone("SIGKILL", Native.SignalKill, length.Deaths);
        yield return Gone("SIGSTOP", Native.SignalStop, length.Deaths);
        yield return Stalled(length.Deaths);
    }

    /// <summary>With the lease of the README's example, and with the shortest one that goes without a warning.</summary>
    private static IEnumerable<Row> Costs(RunLength length)
    {
        Conf conf = new() { Instances = 250 };
        List<double> without = [], usual = [], shortest = [];
        for (int round = 0; round < length.Rounds; round++)
        {
            double Measure(Daemon daemon, Lab lab) => ProcessorCase.SecondsPerMinute(daemon, length.WindowSeconds);
            without.Add(Measured.AsMaster(Subject.FenceFirst, conf, Measure));
            usual.Add(Measured.AsMaster(Subject.FenceFirst, conf with { LeaseSeconds = UsualLeaseSeconds }, Measure));
            shortest.Add(Measured.AsMaster(Subject.FenceFirst, conf with { LeaseSeconds = LeaseSeconds }, Measure));
        }

        yield return Cost("lease-cpu", UsualLeaseSeconds, usual.Average(), without.Average());
        yield return Cost("lease-cpu-shortest", LeaseSeconds, shortest.Average(), without.Average());
    }

    private static Row Cost(string name, int lease, double with, double without) => new(
        name,
        $"CPU seconds per minute, 250 instances, 1 s, master, vip_lease {lease} [without]",
        $"{Row.Text(with)} [{Row.Text(without)}] s",
        "",
        with / without,
        $"≤ {CostBound} × without",
        with / without <= CostBound);

    private static Row Gone(string name, int signal, int runs)
    {
        Conf conf = new() { Priority = 255, LeaseSeconds = LeaseSeconds, IsDualStack = true };
        double[] ours = Repeat(runs, run => OutlivedSeconds(Subject.FenceFirst, conf, signal, run));
        double[] peer = Repeat(runs, run => OutlivedSeconds(Subject.Keepalived, conf, signal, run));
        int within = ours.Count(each => each <= GoneBoundSeconds);
        return new Row(
            $"lease-{name.ToLowerInvariant()}",
            $"{name}, vip_lease {LeaseSeconds}: last renewal to address gone, median [max], runs within {GoneBoundSeconds} s",
            $"{Statistics.Median(ours):0.000} [{ours.Max():0.000}] s, {within} of {runs}",
            $"kept in {peer.Count(double.IsInfinity)} of {runs}",
            double.NaN,
            $"≤ {GoneBoundSeconds} s in all",
            within == runs);
    }

    private static Row Stalled(int runs)
    {
        Conf conf = new() { Priority = 255 };
        double[] ours = Repeat(runs, run => AfterStallMilliseconds(Subject.FenceFirst, conf, run));
        double[] peer = Repeat(runs, run => AfterStallMilliseconds(Subject.Keepalived, conf, run));
        int within = ours.Count(each => each <= StallBoundMilliseconds);
        return new Row(
            "lease-stall",
            $"stall of {Stall.TotalSeconds} s, no lease: the loop runs again to address gone, median [max], runs within {StallBoundMilliseconds} ms",
            $"{Row.Text(Statistics.Median(ours))} [{Row.Text(ours.Max())}] ms, {within} of {runs}",
            $"kept in {peer.Count(double.IsInfinity)} of {runs}",
            double.NaN,
            $"≤ {StallBoundMilliseconds} ms in all",
            within == runs);
    }

    /// <summary>Seconds from the last renewal of an address to its end; infinity when it stays.</summary>
    private static double OutlivedSeconds(Subject subject, Conf conf, int signal, int run)
    {
        using Lab lab = new();
        using AddressWatch watch = new(lab.Here);
        using Daemon daemon = Daemon.Start(subject, lab.Here, conf);
        InternetAddress[] addresses = [Address4, Address6];
        bool isLeased = subject == Subject.FenceFirst;
        Expect(daemon, addresses.All(each => watch.WaitForAdded(each, Patience) != 0), "did not add its addresses");

        // Two rounds, so that all addresses are renewed ones, and then any moment between two rounds.
        int news = isLeased ? 3 : 1;
        Expect(daemon, AddressWatch.WaitFor(Patience, () => addresses.All(each => watch.NewsOf(each).Count >= news)), "did not renew");
        Thread.Sleep(TimeSpan.FromSeconds(run * 0.618 % 1));
        daemon.Signal(signal);
        bool AreGone() => addresses.All(each => !watch.NewsOf(each)[^1].IsAdded);
        return AddressWatch.WaitFor(isLeased ? Patience : TimeSpan.FromSeconds(2 * LeaseSeconds), AreGone)
            ? addresses.Max(each => (watch.NewsOf(each)[^1].At - watch.NewsOf(each)[^2].At) / 1e9)
            : double.PositiveInfinity;
    }

    /// <summary>Milliseconds from the moment in which a stalled daemon runs again to the removal of the address; infinity when it stays.</summary>
    private static double AfterStallMilliseconds(Subject subject, Conf conf, int run)
    {
        using Lab lab = new();
        using AddressWatch watch = new(lab.Here);
        using Daemon daemon = Daemon.Start(subject, lab.Here, conf);
        Expect(daemon, watch.WaitForAdded(Address4, Patience) != 0, "did not add its address");
        Thread.Sleep(TimeSpan.FromSeconds(1 + (run * 0.618 % 1)));
        daemon.Signal(Native.SignalStop);
        Thread.Sleep(Stall);
        Expect(daemon, watch.NewsOf(Address4).Count == 1, "lost its address while it was stopped");
        long resumed = daemon.Continue();
        Expect(daemon, resumed != 0, "did not run again");
        return AddressWatch.WaitFor(TimeSpan.FromSeconds(2), () => watch.NewsOf(Address4).Count > 1)
            ? (watch.NewsOf(Address4)[1].At - resumed) / 1e6
            : double.PositiveInfinity;
    }

    private static double[] Repeat(int runs, Func<int, double> measure)
    {
        double[] results = new double[runs];
        int next = -1;
        Exception? failure = null;
        Thread[] threads = new Thread[Math.Min(Parallel, runs)];
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(() =>
            {
                try
                {
                    for (int run = Interlocked.Increment(ref next); run < runs; run = Interlocked.Increment(ref next))
                    {
                        results[run] = measure(run);
                    }
                }
                catch (InvalidOperationException exception)
                {
                    failure = exception;
                }
            });
            threads[i].Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        return failure is null ? results : throw failure;
    }

    private static void Expect(Daemon daemon, bool isSo, string complaint)
    {
        if (!isSo)
        {
            throw new InvalidOperationException($"{daemon.Subject} {complaint}; its log:\n{daemon.Log}");
        }
    }
}
