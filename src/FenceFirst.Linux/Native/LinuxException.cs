namespace FenceFirst.Linux.Native;

/// <summary>A system call failed where we cannot go on without it; the caller turns this into an event.</summary>
public sealed class LinuxException : Exception
{
    /// <summary>Describes the failure in one sentence, with the missing capability when that is the reason.</summary>
    public LinuxException(string systemCall, int errno, string argument)
        : base($"{systemCall}({argument}): {ErrorNumber.Name(errno)} ({ErrorNumber.Text(errno)}){ErrorNumber.Hint(systemCall, errno)}")
    {
        SystemCall = systemCall;
        Errno = errno;
        Argument = argument;
    }

    /// <summary>Name of the system call.</summary>
    public string SystemCall { get; }

    /// <summary>The error number.</summary>
    public int Errno { get; }

    /// <summary>What the call was about.</summary>
    public string Argument { get; }

    /// <summary>Returns the result of a call that gives -1 on failure, or throws.</summary>
    internal static int Check(int result, string systemCall, string argument) =>
        result >= 0 ? result : throw new LinuxException(systemCall, LibC.Errno, argument);
}
