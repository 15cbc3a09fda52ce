namespace FenceFirst.Demo;

/// <summary>How this very program is started again: as native code, or as an assembly that dotnet runs.</summary>
internal static class OwnProgram
{
    /// <summary>The command with the given arguments, its first word an absolute path.</summary>
    public static List<string> Command(params ReadOnlySpan<string> arguments)
    {
        string program = Environment.ProcessPath ?? throw new InvalidOperationException("a process has a path as long as /proc is mounted");
        List<string> command = [program];
        if (Path.GetFileName(program) == "dotnet")
        {
            command.Add(Path.GetFullPath(Environment.GetCommandLineArgs()[0]));
        }

        command.AddRange(arguments);
        return command;
    }

    /// <summary>The same command as one line for a shell.</summary>
    public static string ShellCommand(params ReadOnlySpan<string> arguments) => string.Join(' ', Command(arguments).ConvertAll(Quote));

    /// <summary>A word that a POSIX shell takes as it is.</summary>
    public static string Quote(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
