using FenceFirst.Core.Timeline;
using FenceFirst.Sim;

namespace FenceFirst.Simulate;

/// <summary>One run for people: the timeline, who held what, and the verdict.</summary>
internal static class SimulateText
{
    /// <summary>Writes it.</summary>
    public static void WriteOne(SimulateRequest request, SimOptions options, Scenario? scenario, ScenarioResult result, TextWriter output)
    {
        for (int i = 0; i < options.Nodes.Length; i++)
        {
            output.WriteLine($"{SimCluster.NameOf(i)} is {request.Files[i]} ({options.Nodes[i].Instances[0].Source})");
        }

        if (scenario is null)
        {
            output.WriteLine($"faults by chance, seed {request.Seed}: {options.Faults | SimCluster.FaultsOf(request.Seed)}");
        }

        output.WriteLine();
        foreach (TimelineLine line in result.Timeline)
        {
            if (line.At >= result.Zero && (request.IsDetailed || line.Level > TimelineLevel.Detail))
            {
                output.WriteLine(Line(line, result.Zero));
            }
        }

        output.WriteLine();
        for (int instance = 0; instance < options.Nodes[0].Instances.Count; instance++)
        {
            WriteHoldings(options, result, instance, output);
        }

        WriteVerdict(result, output);
    }

    /// <summary>A line of the timeline: seconds, whose it is, and the words of the daemon's log; * before what only an onlooker sees.</summary>
    public static string Line(TimelineLine line, long zero)
    {
        string level = line.Level >= TimelineLevel.Warning ? $"{line.Level.ToString().ToLowerInvariant()}: " : "";
        string who = line.Source == LineSource.Scenario ? "-->" : $"{SimCluster.NameOf(line.Node)} {(line.Source == LineSource.Outside ? '*' : ' ')}";
        return $"{Nano.Text(line.At - zero),9} {who} {level}{line.Text}";
    }

    private static void WriteHoldings(SimOptions options, ScenarioResult result, int instance, TextWriter output)
    {
        string name = options.Nodes[0].Instances[instance].Name;
        IEnumerable<string> held = result.Holdings.All
            .Where(holding => holding.Instance == instance && holding.To > result.Zero)
            .Select(holding => $"{SimCluster.NameOf(holding.Node)} {Nano.Text(Math.Max(0, holding.From - result.Zero))} to {Nano.Text(holding.To - result.Zero)}");
        string list = string.Join(", ", held);
        (long nobody, long twice) = result.Holdings.Sum(instance, result.Zero, result.End);
        output.WriteLine($"{name} held by: {(list.Length > 0 ? list : "nobody")}; nobody for {Nano.Text(nobody)} s, {(twice > 0 ? $"TWO OWNERS for {Nano.Text(twice)} s" : "never two owners")}");
    }

    private static void WriteVerdict(ScenarioResult result, TextWriter output)
    {
        foreach (Verdict verdict in result.Verdicts)
        {
            output.WriteLine($"{Nano.Text(verdict.At),9} {(verdict.IsHeld ? "held    " : "NOT HELD")} {verdict.Claim.Text} (line {verdict.Claim.Line}){(verdict.Seen.Length > 0 ? $": {verdict.Seen}" : "")}");
        }

        foreach ((string condition, long times) in result.Excuses)
        {
            output.WriteLine($"not guaranteed, {times} times: {condition}");
        }

        if (result.Violation is { } violation)
        {
            output.WriteLine($"GUARANTEE BROKEN at {Nano.Text(violation.At - result.Zero)}: {violation}");
        }

        int failed = result.Verdicts.Count(verdict => !verdict.IsHeld);
        output.WriteLine(
            result.Violation is not null ? "a guarantee was broken: please report it, with the files and the seed"
            : failed > 0 ? $"{failed} of {result.Verdicts.Count} expectations did not hold"
            : !result.IsGood ? "two nodes held the same address"
            : result.Verdicts.Count > 0 ? $"every guarantee and every expectation held ({result.Verdicts.Count})" : "every guarantee held");
    }
}
