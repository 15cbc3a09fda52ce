using System.Globalization;
using System.Text;
using FenceFirst.Sim;

namespace FenceFirst.Simulate;

/// <summary>The sum over many runs.</summary>
internal sealed class RunsSum
{
    /// <summary>Failed seeds that are told one by one.</summary>
    private const int FailedShown = 20;

    private readonly SortedDictionary<string, long> _excuses = new(StringComparer.Ordinal);

    /// <summary>Runs so far.</summary>
    public long Count { get; private set; }

    /// <summary>How often an address was taken.</summary>
    public long Failovers { get; private set; }

    /// <summary>Simulated seconds of all runs.</summary>
    public double Seconds { get; private set; }

    /// <summary>Seconds in which an address was held twice.</summary>
    public double TwiceSeconds { get; private set; }

    /// <summary>Runs in which it was.</summary>
    public long TwiceRuns { get; private set; }

    /// <summary>Seeds whose run was not good, and why.</summary>
    public List<(ulong Seed, string Why)> Failed { get; } = [];

    /// <summary>Guarantees that were broken under a condition under which they are not given.</summary>
    public IReadOnlyDictionary<string, long> Excuses => _excuses;

    /// <summary>One more run.</summary>
    public void Add(ScenarioResult result)
    {
        Count++;
        Failovers += result.Failovers;
        Seconds += (result.End - result.Zero) / 1e9;
        TwiceSeconds += result.Twice / 1e9;
        TwiceRuns += result.Twice > 0 ? 1 : 0;
        foreach ((string condition, long times) in result.Excuses)
        {
            _excuses[condition] = _excuses.GetValueOrDefault(condition) + times;
        }

        if (!result.IsGood)
        {
            Failed.Add((result.Seed, Why(result)));
        }
    }

    /// <summary>The sum in words.</summary>
    public string Text(SimulateRequest request)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{Count} runs, seeds {request.Seed} to {request.Seed + (ulong)Count - 1}: {Failovers} failovers in {Seconds:0} simulated seconds, {Failed.Count} failed\n");
        if (TwiceRuns > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"TWO OWNERS in {TwiceRuns} runs, for {TwiceSeconds:0.0} s together\n");
        }

        foreach ((string condition, long times) in _excuses)
        {
            text.Append(CultureInfo.InvariantCulture, $"not guaranteed, {times} times: {condition}\n");
        }

        foreach ((ulong seed, string why) in Failed.Take(FailedShown))
        {
            text.Append(CultureInfo.InvariantCulture, $"seed {seed}: {why}\n");
        }

        if (Failed.Count > FailedShown)
        {
            text.Append(CultureInfo.InvariantCulture, $"and {Failed.Count - FailedShown} more seeds\n");
        }

        if (Failed.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"to see one: {SimulateVerb.Command(request, Failed[0].Seed)}\n");
        }

        return text.ToString();
    }

    private static string Why(ScenarioResult result) =>
        result.Violation is { } violation ? $"GUARANTEE BROKEN at {Nano.Text(violation.At - result.Zero)}: {violation}"
        : result.Verdicts.FirstOrDefault(verdict => !verdict.IsHeld) is { } verdict ? $"at {Nano.Text(verdict.At)} not held: {verdict.Claim.Text} ({verdict.Seen})"
        : FormattableString.Invariant($"two owners for {result.Twice / 1e9:0.000} s");
}
