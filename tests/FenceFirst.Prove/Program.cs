using System.Diagnostics;
using System.Globalization;
using FenceFirst.Sim;

// Usage: seeds FROM COUNT [NODES] [INSTANCES] | tell SEED [LINES] | hours HOURS
string verb = args.Length > 0 ? args[0] : "seeds";
ulong Number(int at, ulong otherwise) => args.Length > at ? ulong.Parse(args[at], CultureInfo.InvariantCulture) : otherwise;
switch (verb)
{
    case "tell":
        Console.Write(SimRun.Tell(SimCluster.FromSeed(Number(1, 1), (int)Number(3, 0), (int)Number(4, 0)), (int)Number(2, 120)));
        return 0;
    case "find":
        for (ulong seed = Number(2, 1), found = 0; found < 3 && seed < 1_000_000; seed++)
        {
            if (SimRun.Run(SimCluster.FromSeed(seed)).Checkers.Any(checker => checker.Excuses.Keys.Any(key => key.Contains(args[1], StringComparison.Ordinal))))
            {
                Console.WriteLine(seed);
                found++;
            }
        }

        return 0;
    case "world":
        return Small((int)Number(1, 2), (int)Number(2, 20_000_000), [.. args.Skip(3)]);
    case "seeds":
        return Seeds(Number(1, 1), Number(2, 1000), (int)Number(3, 0), (int)Number(4, 0));
    default:
        Console.Error.WriteLine("usage: seeds FROM COUNT [NODES] [INSTANCES] | tell SEED [LINES]");
        return 2;
}

static int Seeds(ulong from, ulong count, int nodes, int instances)
{
    Stopwatch watch = Stopwatch.StartNew();
    TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
    long nodeTime = 0, items = 0, failovers = 0, failed = 0;
    Dictionary<string, long> excuses = [];
    Dictionary<string, long> judged = [];
    for (ulong seed = from; seed < from + count; seed++)
    {
        SimResult result = SimRun.Run(SimCluster.FromSeed(seed, nodes, instances));
        nodeTime += result.NodeTime;
        items += result.Items;
        failovers += result.Failovers;
        foreach (Checker checker in result.Checkers)
        {
            judged[checker.GetType().Name] = judged.GetValueOrDefault(checker.GetType().Name) + checker.Judged;
            foreach ((string condition, long times) in checker.Excuses)
            {
                string key = $"{checker.Guarantee} {condition}";
                excuses[key] = excuses.GetValueOrDefault(key) + times;
            }
        }

        if (result.Violation is not null)
        {
            failed++;
            if (failed <= 20)
            {
                Console.WriteLine($"seed {seed} at {result.Violation.At / 1e9:0.000}: {result.Violation}");
            }
        }
    }

    double cpu = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds;
    Console.WriteLine($"{count} seeds from {from}, {failovers} failovers, {items} events, {nodeTime / 1e9:0} node-seconds in {watch.Elapsed.TotalSeconds:0.0} s: {nodeTime / 1e9 / cpu:0} node-seconds per CPU second; {failed} violations");
    Console.WriteLine("judged: " + string.Join(", ", judged.Select(pair => $"{pair.Key} {pair.Value}")));
    foreach ((string condition, long times) in excuses.OrderBy(pair => pair.Key, StringComparer.Ordinal))
    {
        Console.WriteLine($"excused: {condition}: {times}");
    }

    return failed == 0 ? 0 : 1;
}

static int Small(int nodes, int statesMax, string[] words)
{
    bool Says(string word) => words.Contains(word);
    SmallOptions options = new(SmallOptions.Cluster(nodes, (instance, i) => instance with
    {
        IsPreempt = !Says("nopreempt"),
        Promotion = Says("plain") ? null : instance.Promotion! with
        {
            Steps = Says("nofence") ? default : instance.Promotion!.Steps,
            IsProbing = Says("probe") || Says("nofence"),
            IsAdvertising = !Says("silent"),
            ListenAfter = Says("listen") ? TimeSpan.FromSeconds(1) : TimeSpan.Zero,
        },
    }))
    {
        StatesMax = statesMax,
        IsReplaying = !Says("once"),
        IsLying = Says("lie"),
        IsKernelRefusing = Says("refuse"),
        Quantum = Says("tick") ? TimeSpan.FromSeconds(0.25) : TimeSpan.Zero,
        Oversleep = Says("ontime") ? TimeSpan.Zero : TimeSpan.FromSeconds(4),
        IsCrashing = !Says("nocrash"),
    };
    Stopwatch watch = Stopwatch.StartNew();
    SmallResult result = new SmallWorld(options).Walk();
    double seconds = watch.Elapsed.TotalSeconds;
    Console.Write(result.Story);
    Console.WriteLine($"{nodes} nodes {string.Join(' ', words)}: {(result.StoryLength > 0 ? $"TWO OWNERS after {result.StoryLength} steps" : result.IsComplete ? "complete, never two owners" : "bounded, never two owners")}; "
        + $"{result.States} states ({result.NodeStates} of single nodes), {result.Transitions} transitions, depth {result.Depth}, {seconds:0.00} s: {result.States / seconds:0} states/s");
    return result.StoryLength > 0 ? 1 : 0;
}
