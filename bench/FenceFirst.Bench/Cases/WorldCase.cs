using System.Diagnostics;
using FenceFirst.Sim;

namespace FenceFirst.Bench.Cases;

/// <summary>How fast small worlds are walked: the complete world of two nodes that fence each other.</summary>
/// <remarks>Each walk begins with empty tables; the first one, while the code is compiled, is not counted.</remarks>
internal static class WorldCase
{
    private const double BoundPerSecond = 200_000;

    public static IEnumerable<Row> Run(RunLength length)
    {
        if (Programs.IsSelfComparison)
        {
            yield break;
        }

        Walk(out _);
        List<double> rates = [];
        SmallResult result = Walk(out _);
        for (int round = 0; round < 2 * length.Rounds; round++)
        {
            result = Walk(out TimeSpan spent);
            rates.Add(result.States / spent.TotalSeconds);
        }

        double median = Statistics.Median(rates);
        yield return new Row(
            "world",
            $"small world of 2 nodes, complete, {result.States} states, {result.Transitions} transitions, depth {result.Depth}: states per CPU second, median [min]",
            $"{Row.Text(median)} [{Row.Text(rates.Min())}]",
            "",
            double.NaN,
            $"≥ {BoundPerSecond:0}",
            median >= BoundPerSecond);
    }

    private static SmallResult Walk(out TimeSpan spent)
    {
        TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
        SmallResult result = new SmallWorld(new SmallOptions(SmallOptions.Cluster(2))).Walk();
        spent = Process.GetCurrentProcess().TotalProcessorTime - before;
        return result.IsComplete && result.StoryLength == 0 ? result : throw new InvalidOperationException("the world of two nodes is not complete, or has two owners");
    }
}
