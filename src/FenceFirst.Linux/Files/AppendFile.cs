using FenceFirst.Linux.Native;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.Linux.Files;

/// <summary>A file that only grows: each write is one call at the end of the file (O_APPEND), whoever else writes. Failures are error numbers.</summary>
public sealed unsafe class AppendFile : IDisposable
{
    private readonly string _path;
    private int _descriptor;

    private AppendFile(string path, int descriptor, long length)
    {
        _path = path;
        _descriptor = descriptor;
        Length = length;
    }

    /// <summary>Bytes in the file, as far as we wrote them.</summary>
    public long Length { get; private set; }

    /// <summary>Opens or creates the file with mode 0640; null with the error number when that fails.</summary>
    public static AppendFile? TryOpen(string path, out int errno)
    {
        int descriptor;
        fixed (byte* text = SocketOptions.CString(path))
        {
            descriptor = LibC.open(text, LibC.O_RDWR | LibC.O_APPEND | LibC.O_CREAT | LibC.O_CLOEXEC, 0x1a0);
        }

        errno = descriptor < 0 ? LibC.Errno : 0;
        return descriptor < 0 ? null : new AppendFile(path, descriptor, LibC.lseek(descriptor, 0, LibC.SEEK_END));
    }

    /// <summary>Whether the last line was cut off by a crash: the file is not empty and does not end with a line feed.</summary>
    public bool IsTorn
    {
        get
        {
            byte last = (byte)'\n';
            return Length > 0
                && LibC.lseek(_descriptor, -1, LibC.SEEK_END) >= 0
                && LibC.read(_descriptor, &last, 1) == 1
                && last != (byte)'\n';
        }
    }

    /// <summary>Whether it is still the file at its path: somebody may have removed or renamed it, and what is written to it then is read by nobody.</summary>
    public bool IsInPlace => FileStatus.IsSame(_path, _descriptor);

    /// <summary>Appends; returns 0 or the error number. A disk that takes only a part of it is full (ENOSPC).</summary>
    public int Write(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* first = bytes)
        {
            nint written = LibC.write(_descriptor, first, (nuint)bytes.Length);
            if (written < 0)
            {
                return LibC.Errno;
            }

            Length += written;
            return written == bytes.Length ? 0 : LibC.ENOSPC;
        }
    }

    /// <summary>Waits until what was written is on the disk; returns 0 or the error number.</summary>
    public int Synchronize() => LibC.fdatasync(_descriptor) == 0 ? 0 : LibC.Errno;

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
