using FenceFirst.Linux.Native;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.Linux.Files;

/// <summary>The writing end of a named pipe. It is also open for reading: opening does not wait for a reader, and a reader that leaves ends nothing.</summary>
public sealed unsafe class NamedPipe : IDisposable
{
    private const uint OwnerOnly = 0x180;

    private readonly string _path;
    private readonly FileIdentity _identity;
    private int _descriptor;

    private NamedPipe(string path, int descriptor, FileIdentity identity, bool isMade)
    {
        _path = path;
        _descriptor = descriptor;
        _identity = identity;
        IsMade = isMade;
    }

    /// <summary>The descriptor, to watch for writing.</summary>
    public int Descriptor => _descriptor;

    /// <summary>Whether we made it.</summary>
    public bool IsMade { get; }

    /// <summary>Whether the path still leads to this pipe: it was not deleted or replaced.</summary>
    public bool IsInPlace => FileStatus.TryIdentify(_path, out FileIdentity there) && there.Number == _identity.Number && there.Device == _identity.Device;

    /// <summary>Opens the pipe, making it with mode 0600 where there is none; null with the reason in words when that is not possible.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="userId">Owner of a pipe that is made; one that is there must belong to this user or to us.</param>
    /// <param name="groupId">Group of a pipe that is made.</param>
    /// <param name="problem">Why there is none.</param>
    public static NamedPipe? TryOpen(string path, uint userId, uint groupId, out string problem)
    {
        bool isMade = false;
        problem = "";
        if (!FileStatus.TryIdentify(path, out FileIdentity before))
        {
            fixed (byte* text = SocketOptions.CString(path))
            {
                isMade = LibC.mkfifo(text, OwnerOnly) == 0;
            }

            if (!isMade)
            {
                problem = $"cannot be made ({ErrorNumber.Name(LibC.Errno)})";
                return null;
            }

            _ = FileStatus.TryIdentify(path, out before);
        }

        if (!before.IsPipe)
        {
            problem = "is not a named pipe";
            return null;
        }

        if (before.UserId != LibC.geteuid() && before.UserId != userId)
        {
            problem = $"belongs to user {before.UserId}, who could replace it";
            return null;
        }

        int descriptor;
        fixed (byte* text = SocketOptions.CString(path))
        {
            descriptor = LibC.open(text, LibC.O_RDWR | LibC.O_NONBLOCK | LibC.O_CLOEXEC, 0);
        }

        if (descriptor < 0)
        {
            problem = $"cannot be opened ({ErrorNumber.Name(LibC.Errno)})";
            return null;
        }

        // It may have been exchanged between looking and opening.
        FileIdentity identity = FileStatus.Identify(descriptor);
        if (identity.Number != before.Number || identity.Device != before.Device)
        {
            _ = LibC.close(descriptor);
            problem = "was exchanged while it was opened";
            return null;
        }

        if (isMade && (userId != LibC.geteuid() || groupId != LibC.getegid()))
        {
            _ = LibC.fchown(descriptor, userId, groupId);
        }

        return new NamedPipe(path, descriptor, identity, isMade);
    }

    /// <summary>Writes a line, all of it or nothing; false = the pipe is full. At most 4096 bytes (PIPE_BUF).</summary>
    public bool TryWrite(ReadOnlySpan<byte> line)
    {
        fixed (byte* first = line)
        {
            return LibC.write(_descriptor, first, (nuint)line.Length) == line.Length;
        }
    }

    /// <summary>Removes it from its directory if it is still the one there; readers that have it open read it to its end.</summary>
    public void Remove()
    {
        if (IsInPlace)
        {
            fixed (byte* text = SocketOptions.CString(_path))
            {
                _ = LibC.unlink(text);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_descriptor >= 0)
        {
            _ = LibC.close(_descriptor);
            _descriptor = -1;
        }
    }
}
