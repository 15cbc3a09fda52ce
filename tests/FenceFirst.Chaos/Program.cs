using System.Diagnostics;
using System.Globalization;
using FenceFirst.SystemTests;
using Xunit.Abstractions;

// Chaos on the real kernel, by hand and by the hundred; started by ./chaos. docs/testing.md explains it.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
const int perBout = 10, eventsPerBout = 25;
int wanted = 100, seed = Environment.TickCount & 0xffffff, lanes = 2;
bool isKeepalived = false, isMixed = false;
for (int i = 0; i < args.Length; i++)
{
    bool isGood = args[i] switch
    {
        "--seed" => i + 1 < args.Length && int.TryParse(args[++i], out seed),
        "--lanes" => i + 1 < args.Length && int.TryParse(args[++i], out lanes) && lanes > 0,
        "--with-keepalived" => isKeepalived = true,
        "--mixed" => isMixed = true,
        _ => int.TryParse(args[i], out wanted) && wanted > 0,
    };
    if (!isGood)
    {
        Console.Error.WriteLine("usage: chaos [FAILOVERS] [--seed N] [--lanes N] [--with-keepalived]\n       chaos --mixed [EVENTS] [--seed N] [--lanes N]");
        return 2;
    }
}

string program = isMixed ? "mixed" : isKeepalived ? "keepalived" : "fencefirst";
string[] needed = isMixed ? ["keepalived", "fencefirst"] : [program];
if (Needs.Missing(needed) is { } missing)
{
    Console.Error.WriteLine(missing);
    return 2;
}

Console.WriteLine($"{program}: {wanted} {(isMixed ? "events" : "failovers")} from seed {seed} on, {lanes} laboratories beside each other");
Stopwatch clock = Stopwatch.StartNew();
List<ChaosResult> results = [];
int bout = -1;
await Task.WhenAll(Enumerable.Range(0, lanes).Select(_ => Task.Run(async () =>
{
    while (true)
    {
        int number, left;
        lock (results)
        {
            number = ++bout;
            left = wanted - (isMixed ? number * eventsPerBout : results.Sum(result => result.Failovers));
        }
        if (left <= 0)
        {
            return;
        }

        ChaosResult result = isMixed
            ? await MixedBout.RunAsync(seed + number, Math.Min(eventsPerBout, left), new Silence())
            : await ChaosBout.RunAsync(seed + number, Math.Min(perBout, left), isKeepalived, new Silence());
        lock (results)
        {
            results.Add(result);
            Console.WriteLine(
                $"{clock.Elapsed.TotalSeconds,6:0} s  seed {result.Seed}: {result.Failovers} failovers in {result.Seconds:0} s, held twice for {result.HeldTwice.TotalSeconds:0.000} s"
                + $" | {results.Sum(each => each.Failovers)} of {(isMixed ? $"{results.Count} bouts" : wanted)}");
            foreach (string violation in result.Violations)
            {
                Console.WriteLine("VIOLATION " + violation);
            }
            if (result.Story.Length > 0)
            {
                string file = Path.Combine(Path.GetTempPath(), $"chaos-{program}-{result.Seed}.txt");
                File.WriteAllText(file, string.Join('\n', result.Violations) + "\n" + result.Story);
                Console.WriteLine("the story is in " + file);
            }
        }
    }
})));

TimeSpan[] gaps = [.. results.SelectMany(result => result.Gaps).Order()];
double Gap(double part) => gaps.Length == 0 ? 0 : gaps[(int)(part * (gaps.Length - 1))].TotalSeconds;
double twice = results.Sum(result => result.HeldTwice.TotalSeconds), all = results.Sum(result => result.Seconds);
int violations = results.Sum(result => result.Violations.Count), doubled = results.Count(result => result.HeldTwice > TimeSpan.Zero);
Console.WriteLine(
    $"{program}: {results.Sum(result => result.Failovers)} failovers in {results.Count} bouts, {all:0} s of chaos; held twice for {twice:0.000} s, in {doubled} bouts; "
    + (isMixed ? $"at most {results.Max(result => result.LongestUnexcused).TotalSeconds:0.000} s at once that nothing excused; " : "")
    + $"nobody had the address for {Gap(0.5):0.00} s (median), {Gap(0.95):0.00} s (95 %); {violations} violations; seeds {seed} to {seed + results.Count - 1}");
return violations == 0 ? 0 : 1;

internal sealed class Silence : ITestOutputHelper
{
    public void WriteLine(string message)
    {
    }

    public void WriteLine(string format, params object[] args)
    {
    }
}
