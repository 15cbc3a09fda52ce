namespace FenceFirst.Linux.Processes;

/// <summary>A program to run: directly, never through a shell, in a session of its own.</summary>
/// <param name="Arguments">argv; the first is the absolute path of the program.</param>
/// <param name="Tag">The caller's number for this run; comes back with its completion. No two running processes have the same.</param>
public sealed record ProcessRequest(IReadOnlyList<string> Arguments, long Tag)
{
    /// <summary>Environment as NAME=value; LD_PRELOAD, LD_LIBRARY_PATH and IFS are left out whatever this says.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>User it runs as; default 0.</summary>
    public uint UserId { get; init; }

    /// <summary>Group it runs as; default 0.</summary>
    public uint GroupId { get; init; }

    /// <summary>Most supplementary groups; more are left out.</summary>
    public const int SupplementaryGroupsMax = 255;

    /// <summary>Groups besides <see cref="GroupId"/>; empty = none, or ours when user and group are ours too.</summary>
    public IReadOnlyList<uint> SupplementaryGroups { get; init; } = [];

    /// <summary>Working directory.</summary>
    public string WorkingDirectory { get; init; } = "/";

    /// <summary>Bytes of standard output and error kept, 0..16 MiB; default 4096. What comes after is read, counted and dropped.</summary>
    public int OutputBytesMax { get; init; } = 4096;

    /// <summary>Whether <see cref="ProcessRunner.Started"/> is told which process it became.</summary>
    public bool IsIdentified { get; init; }

    /// <summary>What the program reads from standard input, up to 1 MiB; empty = /dev/null.</summary>
    public ReadOnlyMemory<byte> StandardInput { get; init; }
}

/// <summary>How a process ended.</summary>
public enum ProcessEnd
{
    /// <summary>It exited; the value is the exit code.</summary>
    Exited,

    /// <summary>A signal ended it; the value is the signal.</summary>
    Signalled,

    /// <summary>It never ran; the value is the error number (ENOENT, EACCES, ENOEXEC, EPERM, ECANCELED).</summary>
    CouldNotStart,

    /// <summary>A report, not an end: SIGKILL was sent and it still lives (stuck in the kernel); the value is the signal.</summary>
    StillAlive,
}

/// <summary>The end of a process, or a report about one that does not end.</summary>
/// <param name="Tag">The caller's number.</param>
/// <param name="End">How it ended.</param>
/// <param name="Value">Exit code, signal or error number.</param>
/// <param name="ProcessId">Its process id; 0 when it never ran.</param>
/// <param name="Output">The beginning of standard output and error together.</param>
/// <param name="OutputBytes">How many bytes it wrote in all, as far as they were read.</param>
/// <param name="RunTime">From the start of the program to its end.</param>
/// <param name="IsTerminated">Whether we had asked it to end.</param>
public readonly record struct ProcessCompletion(
    long Tag, ProcessEnd End, int Value, int ProcessId, ReadOnlyMemory<byte> Output, long OutputBytes, TimeSpan RunTime, bool IsTerminated)
{
    /// <summary>Whether it ran and exited with code 0.</summary>
    public bool IsSuccess => End == ProcessEnd.Exited && Value == 0;
}
