using FenceFirst.Cli;
using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Sim;

namespace FenceFirst.Simulate;

/// <summary>What was asked for.</summary>
internal sealed record SimulateRequest
{
    /// <summary>One configuration per node.</summary>
    public string[] Files { get; init; } = [];

    /// <summary>Ids for @ID lines, in the same order.</summary>
    public string[] ConfigIds { get; init; } = [];

    /// <summary>The scenario; null = faults by chance.</summary>
    public string? Scenario { get; init; }

    /// <summary>Where chance begins.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>How many runs.</summary>
    public ulong Runs { get; init; } = 1;

    /// <summary>A record to replay; null = none.</summary>
    public string? Replay { get; init; }

    /// <summary>Whether details are told.</summary>
    public bool IsDetailed { get; init; }

    /// <summary>Whether JSON is printed.</summary>
    public bool IsJson { get; init; }
}

/// <summary><c>fencefirst simulate</c>: a user's own files in simulated time.</summary>
internal static class SimulateVerb
{
    /// <summary>Every guarantee and expectation held.</summary>
    public const int ExitGood = 0;

    /// <summary>One did not.</summary>
    public const int ExitBad = 1;

    /// <summary>Files, scenario, record or command line cannot be used.</summary>
    public const int ExitUnusable = 2;

    private const int NodesMax = 7;

    /// <summary>Does what was asked for; returns the exit status.</summary>
    public static int Run(SimulateRequest request, MachineFacts facts, TextWriter output, TextWriter error)
    {
        if (Problem(request) is { Length: > 0 } problem)
        {
            Refusal.Tell(problem, request.IsJson, output, error);
            return ExitUnusable;
        }

        if (request.Replay is string record)
        {
            return ReplayVerb.Run(record, request.IsDetailed, request.IsJson, output, error);
        }

        DiagnosticBag diagnostics = new();
        (SimOptions Options, Scenario? Scenario)? prepared = Prepare(request, facts, diagnostics);
        error.Write(DiagnosticText.Render(diagnostics));
        if (prepared is not { } ready)
        {
            Refusal.TellProgram("the files are refused; standard error has the reasons", request.IsJson, output);
            return ExitUnusable;
        }

        return request.Runs > 1 ? RunMany(request, ready.Options, ready.Scenario, output, error) : RunOne(request, ready.Options, ready.Scenario, output);
    }

    /// <summary>Reads everything; null = something is refused.</summary>
    internal static (SimOptions Options, Scenario? Scenario)? Prepare(SimulateRequest request, MachineFacts facts, DiagnosticBag diagnostics)
    {
        NodeConfig[]? nodes = ClusterFiles.Load(request.Files, request.ConfigIds, facts, diagnostics);
        InternetAddress[] addresses = new InternetAddress[request.Files.Length];
        Scenario? scenario = null;
        if (request.Scenario is string path)
        {
            if (facts.ReadFile(path) is string text)
            {
                // Behind the configurations in the order of the problems.
                scenario = ScenarioParser.Parse(new SourceText(path, text, 1000), request.Files.Length, nodes, diagnostics, out addresses);
            }
            else
            {
                diagnostics.Add(ScenarioCodes.Unreadable, new SourceSpan(new SourceText(path, "", 1000), 0, 0, 0), "the scenario does not exist or cannot be read");
            }
        }

        if (nodes is null || diagnostics.HasErrors)
        {
            return null;
        }

        nodes = ClusterFiles.Address(nodes, request.Files, addresses, diagnostics);
        if (diagnostics.HasErrors)
        {
            return null;
        }

        return (new SimOptions
        {
            Seed = request.Seed,
            Nodes = nodes,
            RefusalOf = (from, to, instance) => ClusterFiles.RefusalOf(nodes[from], nodes[to], instance),
        }, scenario);
    }

    /// <summary>One run of the request with another seed.</summary>
    internal static ScenarioResult Play(SimOptions options, Scenario? scenario, ulong seed, bool isTold) => scenario is null
        ? ScenarioRun.RunFaults(options with { Seed = seed, Faults = SimCluster.FaultsOf(seed) }, isTold)
        : ScenarioRun.Run(options with { Seed = seed }, scenario, isTold);

    /// <summary>The command that tells a seed again.</summary>
    internal static string Command(SimulateRequest request, ulong seed)
    {
        List<string> words = ["fencefirst simulate", .. request.Files.Select(file => $"-f {Quote(file)}"), .. request.ConfigIds.Select(id => $"-i {Quote(id)}")];
        if (request.Scenario is string scenario)
        {
            words.Add($"-s {Quote(scenario)}");
        }

        words.Add($"--seed {seed}");
        return string.Join(' ', words);
    }

    private static string Quote(string word) => word.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-') ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static string Problem(SimulateRequest request) => request switch
    {
        { Replay: not null } when request.Files.Length + request.ConfigIds.Length > 0 || request.Scenario is not null || request.Runs != 1 =>
            "--replay stands alone: the record holds its configuration and its chance",
        { Replay: not null } => "",
        { Files.Length: 0 } => "which nodes? Give the configuration of each with -f FILE, or a record with --replay FILE",
        { Files.Length: 1 } => "a simulation needs two nodes or more: give the configuration of each with -f FILE",
        { Files.Length: > NodesMax } => $"at most {NodesMax} nodes can be simulated together",
        { Runs: 0 } => "--runs 0: say 1 or more",
        _ when request.ConfigIds.Length > request.Files.Length => "there are more --config-id than --file",
        _ => "",
    };

    private static int RunOne(SimulateRequest request, SimOptions options, Scenario? scenario, TextWriter output)
    {
        ScenarioResult result = Play(options, scenario, request.Seed, isTold: true);
        if (request.IsJson)
        {
            output.WriteLine(SimulateJson.One(request, options, scenario, result));
        }
        else
        {
            SimulateText.WriteOne(request, options, scenario, result, output);
        }

        return result.IsGood ? ExitGood : ExitBad;
    }

    private static int RunMany(SimulateRequest request, SimOptions options, Scenario? scenario, TextWriter output, TextWriter error)
    {
        RunsSum sum = new();
        ProgressLine progress = new(error);
        for (ulong i = 0; i < request.Runs; i++)
        {
            sum.Add(Play(options, scenario, request.Seed + i, isTold: false));
            progress.Show($"{i + 1} of {request.Runs} runs, {sum.Failovers} failovers, {sum.Failed.Count} failed");
        }

        progress.Clear();
        output.Write(request.IsJson ? SimulateJson.Many(request, sum) + "\n" : sum.Text(request));
        return sum.Failed.Count == 0 ? ExitGood : ExitBad;
    }
}
