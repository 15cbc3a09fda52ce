using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Processes;

/// <summary>What this process executes.</summary>
public static unsafe class ProgramImage
{
    /// <summary>Executes another program in this process, which keeps its id, descriptors and environment. Does not return when it succeeds.</summary>
    /// <param name="command">argv; the first is the absolute path of the program.</param>
    /// <returns>The errno of execve.</returns>
    public static int Replace(IReadOnlyList<string> command)
    {
        using NativeStrings strings = new();
        byte** argv = strings.AddAll(command);
        _ = LibC.execv(argv[0], argv);
        return LibC.Errno;
    }
}
