using FenceFirst.Core;

namespace FenceFirst.Sim;

/// <summary>What one run has shown.</summary>
/// <param name="Options">What was run.</param>
/// <param name="Violation">The first guarantee that did not hold; null = all did.</param>
/// <param name="Checkers">Who judged.</param>
/// <param name="NodeTime">Simulated time of all nodes together, nanoseconds.</param>
/// <param name="Items">Happenings.</param>
/// <param name="Failovers">How often an address was taken.</param>
internal sealed record SimResult(SimOptions Options, Violation? Violation, IReadOnlyList<Checker> Checkers, long NodeTime, long Items, long Failovers)
{
    /// <summary>Nanoseconds in which an address was held twice.</summary>
    public long DoubleTime => Checkers.OfType<OneOwner>().Sum(checker => checker.DoubleTime);
}

/// <summary>Runs worlds and tells what was seen.</summary>
internal static class SimRun
{
    /// <summary>A run with every checker on.</summary>
    public static SimResult Run(SimOptions options) => Run(options, transcript: null);

    /// <summary>The same run once more with its transcript: the story of a violation.</summary>
    public static string Tell(SimOptions options, int lines = 120)
    {
        Transcript transcript = new(options.Nodes);
        SimResult result = Run(options, transcript);
        string verdict = result.Violation is null ? "no violation" : result.Violation.ToString();
        return $"seed {options.Seed}, {options.Nodes.Length} nodes, faults: {options.Faults}\n{transcript.Last(lines)}{verdict}\n";
    }

    /// <summary>All checkers for a run.</summary>
    public static Checker[] CheckersFor(SimOptions options)
    {
        Cast cast = Cast.Of(options);
        return
        [
            new OneOwner(cast), new Permission(cast), new Remembered(cast), new NoStarvation(cast), new Order(cast), new Lease(cast), new Stall(cast), new Story(cast),
            new Maintenance(cast), new Together(cast),
            new EventuallyOwned(cast), new NoFlapping(cast, options.SettleTime),
        ];
    }

    private static SimResult Run(SimOptions options, Transcript? transcript)
    {
        Checker[] checkers = CheckersFor(options);
        Watch watch = new(checkers, transcript);
        SimWorld world = new(options, watch);
        Violation? violation = null;
        try
        {
            world.Run();
            violation = watch.Violation;
        }
        catch (Exception bug) when (bug is InvariantException or NullReferenceException or IndexOutOfRangeException or ArgumentException)
        {
            violation = watch.Violation ?? new Violation("Core", "invariant", world.Now, bug.Message);
            transcript?.Write(world.Now, $"*** {violation}\n{bug.StackTrace}");
        }

        return new SimResult(options, violation, checkers, world.Now * world.Hosts.Length, world.Items, watch.Failovers);
    }
}
