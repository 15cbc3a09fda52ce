using System.Diagnostics;

namespace FenceFirst.SystemTests;

/// <summary>Programs that a test puts somewhere and starts.</summary>
internal static class ProgramFile
{
    /// <summary>Copies a program, which can then be started.</summary>
    /// <remarks>Done by cp: a file that this process has written may be open in a child that another test is just starting, and is "busy" until that one's exec.</remarks>
    public static void Copy(string from, string to)
    {
        using Process copy = Process.Start("cp", ["--", from, to]);
        copy.WaitForExit();
        Assert.Equal(0, copy.ExitCode);
    }
}
