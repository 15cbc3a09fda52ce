using System.Diagnostics;
using FenceFirst.Sim;

namespace FenceFirst.Prove;

/// <summary>Seed after seed, with a sum at the end.</summary>
internal sealed class SeedRuns(ulong from, bool? isGrouped)
{
    private const int ViolationsShown = 20;

    private readonly SortedDictionary<string, long> _excuses = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _judged = [];
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly TimeSpan _processorBefore = Process.GetCurrentProcess().TotalProcessorTime;
    private ulong _count;
    private long _nodeTime;
    private long _items;
    private long _failovers;
    private long _failed;

    /// <summary>So many seeds; returns the exit status.</summary>
    public int RunCount(ulong count)
    {
        while (_count < count)
        {
            RunOne();
        }

        return Sum();
    }

    /// <summary>Seeds until the time is over; says every minute how far it is.</summary>
    public int RunFor(TimeSpan time)
    {
        Console.WriteLine($"seeds from {from}");
        TimeSpan told = TimeSpan.Zero;
        while (_watch.Elapsed < time)
        {
            RunOne();
            if (_watch.Elapsed - told > TimeSpan.FromMinutes(1))
            {
                told = _watch.Elapsed;
                Console.WriteLine($"{told.TotalMinutes:0} min: {_count} seeds, {_failovers} failovers, {_failed} violations");
            }
        }

        return Sum();
    }

    private void RunOne()
    {
        ulong seed = from + _count++;
        SimResult result = SimRun.Run(SimCluster.FromSeed(seed, isGrouped: isGrouped));
        _nodeTime += result.NodeTime;
        _items += result.Items;
        _failovers += result.Failovers;
        foreach (Checker checker in result.Checkers)
        {
            string name = $"{checker.GetType().Name} ({checker.Guarantee})";
            _judged[name] = _judged.GetValueOrDefault(name) + checker.Judged;
            foreach ((string condition, long times) in checker.Excuses)
            {
                string key = $"{checker.GetType().Name} ({checker.Guarantee}): {condition}";
                _excuses[key] = _excuses.GetValueOrDefault(key) + times;
            }
        }

        if (result.Violation is not null && ++_failed <= ViolationsShown)
        {
            Console.WriteLine($"seed {seed} at {result.Violation.At / 1e9:0.000}: {result.Violation}");
        }
    }

    private int Sum()
    {
        double processor = (Process.GetCurrentProcess().TotalProcessorTime - _processorBefore).TotalSeconds;
        Console.WriteLine($"{_count} seeds from {from}: {_failovers} failovers, {_items} events, {_failed} violations");
        Console.WriteLine($"{_nodeTime / 1e9:0} node-seconds in {processor:0.0} CPU seconds ({_watch.Elapsed.TotalSeconds:0.0} s): {_nodeTime / 1e9 / processor:0} node-seconds per CPU second");
        foreach ((string name, long times) in _judged)
        {
            Console.WriteLine($"judged  {times,12}  {name}");
        }

        foreach ((string condition, long times) in _excuses)
        {
            Console.WriteLine($"excused {times,12}  {condition}");
        }

        return _failed == 0 ? 0 : 1;
    }
}
