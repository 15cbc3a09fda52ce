using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Processes;

/// <summary>A process that is not our child, followed by pidfd: readable when it has ended. How it ended cannot be known.</summary>
public sealed unsafe class ForeignProcess : IDisposable
{
    private readonly ProcessIdentity _identity;
    private int _descriptor;

    private ForeignProcess(ProcessIdentity identity, int descriptor)
    {
        _identity = identity;
        _descriptor = descriptor;
    }

    /// <summary>Readable when the process has ended.</summary>
    public int Descriptor => _descriptor;

    /// <summary>Its id.</summary>
    public int ProcessId => _identity.ProcessId;

    /// <summary>Whether it lives.</summary>
    public bool IsAlive => _identity.IsAlive;

    /// <summary>Follows a process; null when it has ended.</summary>
    /// <exception cref="LinuxException">It lives and cannot be followed.</exception>
    public static ForeignProcess? TryFollow(ProcessIdentity identity)
    {
        int descriptor = (int)LibC.syscall(LibC.SYS_pidfd_open, identity.ProcessId, 0, 0);
        if (descriptor < 0)
        {
            int errno = LibC.Errno;
            return errno == LibC.ESRCH || !identity.IsAlive ? null : throw new LinuxException("pidfd_open", errno, $"process {identity.ProcessId}");
        }

        // Looked at after the descriptor holds it: were the id another process's by now, its start time would be another one.
        if (identity.IsAlive)
        {
            return new ForeignProcess(identity, descriptor);
        }

        _ = LibC.close(descriptor);
        return null;
    }

    /// <summary>Asks it and its process group to end: every program of ours leads a group.</summary>
    public void Terminate() => Signal(LibC.SIGTERM);

    /// <summary>Ends it and its process group.</summary>
    public void Kill() => Signal(LibC.SIGKILL);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_descriptor >= 0)
        {
            _ = LibC.close(_descriptor);
            _descriptor = -1;
        }
    }

    /// <summary>The group's number is its leader's id, which nobody else can have while the leader lives.</summary>
    private void Signal(int signal)
    {
        if (_identity.IsAlive)
        {
            _ = LibC.kill(-_identity.ProcessId, signal);
        }
    }
}
