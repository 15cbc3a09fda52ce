using System.Diagnostics;
using FenceFirst.Sim;

namespace FenceFirst.Bench.Cases;

/// <summary>How fast seeds run: two nodes, one instance, the default mix of faults, every checker on.</summary>
/// <remarks>Processor time of the whole process, so what the garbage collector and the compiler do is in it. The first seeds, while the code is compiled, are not counted.</remarks>
internal static class SimulatorCase
{
    private const double BoundPerSecond = 1_000_000;
    private const ulong WarmUpSeeds = 1000;

    public static IEnumerable<Row> Run(RunLength length)
    {
        if (Programs.IsSelfComparison)
        {
            yield break;
        }

        ulong seed = 1;
        for (; seed <= WarmUpSeeds; seed++)
        {
            RunSeed(seed);
        }

        long nodeTime = 0;
        long failovers = 0;
        long items = 0;
        TimeSpan before = ProcessorTime();
        TimeSpan spent = TimeSpan.Zero;
        while (spent < TimeSpan.FromSeconds(length.WindowSeconds))
        {
            for (ulong end = seed + 100; seed < end; seed++)
            {
                SimResult result = RunSeed(seed);
                nodeTime += result.NodeTime;
                failovers += result.Failovers;
                items += result.Items;
            }

            spent = ProcessorTime() - before;
        }

        double perSecond = nodeTime / 1e9 / spent.TotalSeconds;
        yield return new Row(
            "simulator",
            $"simulator, 2 nodes, 1 instance, all checkers, seeds {WarmUpSeeds + 1} to {seed - 1}: simulated node-seconds per CPU second",
            Row.Text(perSecond),
            "",
            double.NaN,
            $"≥ {BoundPerSecond:0}",
            perSecond >= BoundPerSecond);
        yield return new Row(
            "simulator-failovers", "simulator, the same runs: failovers and events per CPU second",
            $"{Row.Text(failovers / spent.TotalSeconds)} and {Row.Text(items / spent.TotalSeconds)}", "", double.NaN, "", true);
    }

    private static SimResult RunSeed(ulong seed)
    {
        SimResult result = SimRun.Run(SimCluster.FromSeed(seed, nodes: 2, instances: 1));
        return result.Violation is null ? result : throw new InvalidOperationException($"seed {seed} with two nodes and one instance: {result.Violation}");
    }

    private static TimeSpan ProcessorTime() => Process.GetCurrentProcess().TotalProcessorTime;
}
