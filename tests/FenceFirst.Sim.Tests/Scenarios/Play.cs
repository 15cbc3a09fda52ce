using FenceFirst.Config.Binding;
using FenceFirst.Simulate;

namespace FenceFirst.Sim.Tests;

/// <summary>Runs the simulator on files that are texts, or on shipped ones.</summary>
internal sealed class Play
{
    private readonly Dictionary<string, string> _files = [];

    /// <summary>The root of the repository.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Where the shipped scenarios are.</summary>
    public static string Shipped { get; } = Path.Combine(Root, "packaging", "scenarios");

    /// <summary>What was written to standard output.</summary>
    public string Output { get; private set; } = "";

    /// <summary>What was written to standard error.</summary>
    public string Error { get; private set; } = "";

    /// <summary>A pair of nodes with a fence for each other, and what is changed in each file.</summary>
    public static Play Pair(Func<string, string>? edit = null)
    {
        Play play = new();
        foreach (string name in (string[])["a.conf", "b.conf"])
        {
            string text = File.ReadAllText(Path.Combine(Shipped, name));
            play._files["/" + name] = edit is null ? text : edit(text);
        }

        return play;
    }

    /// <summary>Two nodes with these files.</summary>
    public static Play Files(string a, string b)
    {
        Play play = new();
        play._files["/a.conf"] = a;
        play._files["/b.conf"] = b;
        return play;
    }

    /// <summary>Runs <c>fencefirst simulate</c>; returns the exit status.</summary>
    public int Run(string? scenario, SimulateRequest? request = null)
    {
        if (scenario is not null)
        {
            _files["/test.scenario"] = scenario;
        }

        StringWriter output = new();
        StringWriter error = new();
        int status = SimulateVerb.Run(
            (request ?? new SimulateRequest()) with { Files = ["/a.conf", "/b.conf"], Scenario = scenario is null ? null : "/test.scenario" }, Facts(), output, error);
        Output = output.ToString();
        Error = error.ToString();
        return status;
    }

    /// <summary>The file system that holds the texts.</summary>
    public MachineFacts Facts() => FilesElsewhere.Create() with { ReadFile = path => _files.GetValueOrDefault(path), Inspect = path => _files.ContainsKey(path) ? new FileFacts(FileKind.Regular, 0x180, 0, 0) : null };

    private static string FindRoot()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "FenceFirst.slnx")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("the tests run inside the repository");
        }

        return folder;
    }
}
