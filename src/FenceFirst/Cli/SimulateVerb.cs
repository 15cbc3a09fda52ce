using FenceFirst.Linux.Native;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Cli;

/// <summary><c>fencefirst simulate</c>: becomes the program that does it, which is installed beside this one (docs/decisions/055).</summary>
internal static class SimulateVerb
{
    /// <summary>Name of the program.</summary>
    public const string ProgramName = "fencefirst-simulate";

    private const int ExitUnusable = 2;

    /// <summary>Does not return when it succeeds.</summary>
    /// <param name="arguments">Everything behind the verb.</param>
    /// <param name="error">Where the problem goes.</param>
    public static int Run(IReadOnlyList<string> arguments, TextWriter error)
    {
        List<string> command = [.. SiblingProgram.Command(ProgramName)];
        string program = command[^1];
        if (!File.Exists(program))
        {
            error.WriteLine($"fencefirst: there is no {program}: the simulator is a program of its own and has to be installed beside fencefirst");
            return ExitUnusable;
        }

        command.AddRange(arguments);
        int errno = ProgramImage.Replace(command);
        error.WriteLine($"fencefirst: {program} cannot be executed: {ErrorNumber.Text(errno)}");
        return ExitUnusable;
    }
}
