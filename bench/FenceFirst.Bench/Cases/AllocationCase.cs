using System.Globalization;

namespace FenceFirst.Bench.Cases;

/// <summary>Counts the bytes that the daemon's event loop allocates per advert sent and received in the steady state: 250 virtual routers, ten adverts a second each.</summary>
internal static class AllocationCase
{
    private const int SettleSeconds = 8;

    public static IEnumerable<Row> Run(RunLength length)
    {
        Conf conf = new() { Instances = 250, Version = 3, IntervalSeconds = 0.1 };
        int window = length.WindowSeconds;
        yield return Judge("sent", Count(conf with { Priority = 255 }, window, isFed: false));
        yield return Judge("received", Count(conf with { Priority = 100 }, window, isFed: true));
    }

    private static Row Judge(string what, (long Packets, long Bytes) counted) => new(
        $"allocation-{what}", $"bytes allocated by all threads while adverts are {what}", $"{counted.Bytes} B in {counted.Packets} adverts", "",
        double.NaN, "0 B", counted.Bytes == 0);

    private static (long Packets, long Bytes) Count(Conf conf, int windowSeconds, bool isFed)
    {
        using Lab lab = new();
        string self = typeof(AllocationCase).Assembly.Location;
        string[] seconds = [SettleSeconds.ToString(CultureInfo.InvariantCulture), windowSeconds.ToString(CultureInfo.InvariantCulture)];
        using Daemon host = Daemon.Launch(Subject.FenceFirst, lab.Here, conf,
            folder => [Environment.ProcessPath!, self, AllocationHost.Option, Path.Combine(folder, "conf"), .. seconds]);
        int total = SettleSeconds + windowSeconds + 3;
        if (isFed)
        {
            AdvertSender.Send(lab.There, conf, (int)(total / conf.IntervalSeconds));
        }

        host.WaitForEnd(TimeSpan.FromSeconds(total + 15));
        string[] numbers = host.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault()?.Split(' ') ?? [];
        // The counter itself is proved by an allocation on purpose: it must show up, and little else.
        if (numbers.Length != 3 || !long.TryParse(numbers[0], out long packets) || !long.TryParse(numbers[1], out long bytes)
            || !long.TryParse(numbers[2], out long control) || control is < 100_000 or > 101_000)
        {
            throw new InvalidOperationException($"the loop's process did not report as expected:\n{host.Log}");
        }

        long expected = (long)(conf.Instances * windowSeconds / conf.IntervalSeconds);
        return packets >= expected * 0.9
            ? (packets, bytes)
            : throw new InvalidOperationException($"only {packets} of about {expected} adverts went through while allocations were counted");
    }
}
