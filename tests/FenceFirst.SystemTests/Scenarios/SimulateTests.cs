using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>`fencefirst simulate` as it is installed: the verb becomes the program beside it (docs/decisions/055-the-simulator-is-a-program-of-its-own.md).</summary>
public sealed class SimulateTests(ITestOutputHelper output)
{
    [NeedsFact("fencefirst")]
    public async Task The_verb_runs_the_program_beside_it_or_says_that_there_is_none()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a");
        string from = Path.GetDirectoryName(Needs.FenceFirst)!; // out/
        string program = Path.Combine(lab.Folder, "bin", "fencefirst"), simulator = InstallWithoutSimulator(from, Path.GetDirectoryName(program)!);
        string scenarios = Path.Combine(Needs.Repository, "packaging", "scenarios");
        string[] words =
        [
            "simulate", "-f", Path.Combine(scenarios, "a.conf"), "-f", Path.Combine(scenarios, "b.conf"), "--scenario", Path.Combine(scenarios, "switch-dies.scenario"),
        ];

        (int status, string told) = await lab.TryRunAsync(program, words);
        Assert.Equal((2, $"fencefirst: there is no {simulator}: the simulator is a program of its own and has to be installed beside fencefirst\n"), (status, told));

        File.WriteAllText(simulator, "no program\n");
        (status, told) = await lab.TryRunAsync(program, words);
        Assert.Equal(2, status);
        Assert.Contains(simulator, told);
        File.Delete(simulator);

        (status, told) = await lab.TryRunAsync(Needs.FenceFirst, words);
        Assert.True(status == 0, told);
        Assert.Contains("--> link-down a", told);
        Assert.Contains("(VI_1) Entering MASTER STATE", told);
    }

    /// <summary>Copies the daemon's program, native or portable, and nothing of the simulator; returns where that would be.</summary>
    private static string InstallWithoutSimulator(string from, string to)
    {
        const string simulator = "fencefirst-simulate";
        Directory.CreateDirectory(to);
        ProgramFile.Copy(Path.Combine(from, "fencefirst"), Path.Combine(to, "fencefirst"));
        bool isPortable = !File.Exists(Path.Combine(from, simulator));
        if (!isPortable)
        {
            return Path.Combine(to, simulator);
        }

        string portable = Path.Combine(to, "portable");
        Directory.CreateDirectory(portable);
        foreach (string file in Directory.GetFiles(Path.Combine(from, "portable")).Where(file => Path.GetFileName(file) != simulator + ".dll"))
        {
            File.Copy(file, Path.Combine(portable, Path.GetFileName(file)));
        }

        return Path.Combine(portable, simulator + ".dll");
    }
}
