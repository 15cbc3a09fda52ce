using System.Diagnostics;

namespace FenceFirst.Mutants;

/// <summary>Something that can notice a bug: programs, one after the other, up to the first that fails.</summary>
internal sealed class Stage(string name, string[][] commands)
{
    /// <summary>A program that hangs costs its bound: so many times what it takes without a bug, and no less than this.</summary>
    private static readonly TimeSpan BoundMin = TimeSpan.FromSeconds(45);
    private const int BoundFactor = 5;

    /// <summary>Name in the report.</summary>
    public string Name { get; } = name;

    /// <summary>Whether it is worth while for a bug in this file.</summary>
    public Func<string, bool> Files { get; init; } = _ => true;

    /// <summary>How long it takes when there is no bug.</summary>
    public TimeSpan Usual { get; private set; }

    /// <summary>What was noticed, in a line; empty = nothing. The first run is without a bug and sets the bound for a hang.</summary>
    public string Run()
    {
        bool isFirst = Usual == TimeSpan.Zero;
        TimeSpan bound = isFirst ? TimeSpan.FromMinutes(15) : Usual * BoundFactor > BoundMin ? Usual * BoundFactor : BoundMin;
        Stopwatch whole = Stopwatch.StartNew();
        foreach (string[] command in commands)
        {
            (int status, string output) = Programs.Run(command, bound);
            if (status != 0)
            {
                return status < 0 ? $"does not end within {bound.TotalSeconds:0} s" : Evidence(output);
            }
        }

        Usual = isFirst ? whole.Elapsed : Usual;
        return "";
    }

    /// <summary>The line of a report that says what went wrong.</summary>
    private static string Evidence(string output)
    {
        string[] lines = [.. output.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0)];
        string[] signs = ["[FAIL]", "Failed FenceFirst", "seed ", "TWO OWNERS", "Unhandled exception", "Failed "];
        string line = signs.Select(sign => Array.Find(lines, line => line.Contains(sign, StringComparison.Ordinal))).FirstOrDefault(line => line is not null)
            ?? lines.LastOrDefault() ?? "failed without a word";
        return line.Length > 160 ? line[..160] + "..." : line;
    }
}

/// <summary>Runs programs with a bound.</summary>
internal static class Programs
{
    /// <summary>Runs one; its exit status, or -1 when it had to be killed, and what it wrote.</summary>
    public static (int Status, string Output) Run(string[] command, TimeSpan bound)
    {
        ProcessStartInfo start = new(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };

        // The test host must not take the settings of the program that runs it.
        start.Environment.Remove("MSBUILD_EXE_PATH");
        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"{command[0]} cannot be started");
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(bound))
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            return (-1, "");
        }

        return (process.ExitCode, output.Result + "\n" + error.Result);
    }
}
