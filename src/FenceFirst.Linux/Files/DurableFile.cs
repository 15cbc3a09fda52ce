using FenceFirst.Linux.Native;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.Linux.Files;

/// <summary>Files that are replaced as a whole and survive a power cut: after any crash the old text is there or the new one, never a part of either.</summary>
public static unsafe class DurableFile
{
    private const int OwnerMayReadAndWrite = 0x180;

    /// <summary>Writes beside the file (with ".new"), waits for the disk, renames, and waits for the directory; the caller waits for all of it.</summary>
    /// <returns>0, or the error number of what failed first; the old file is then as it was.</returns>
    public static int Replace(string path, ReadOnlySpan<byte> bytes)
    {
        string next = path + ".new";
        int errno = Write(next, bytes);
        if (errno != 0)
        {
            // A part of a file takes the room that a full disk no longer has.
            fixed (byte* text = SocketOptions.CString(next))
            {
                _ = LibC.unlink(text);
            }

            return errno;
        }

        fixed (byte* from = SocketOptions.CString(next))
        fixed (byte* to = SocketOptions.CString(path))
        {
            if (LibC.rename(from, to) != 0)
            {
                return LibC.Errno;
            }
        }

        return SynchronizeDirectory(Path.GetDirectoryName(path) is { Length: > 0 } directory ? directory : "/");
    }

    private static int Write(string path, ReadOnlySpan<byte> bytes)
    {
        int descriptor;
        fixed (byte* text = SocketOptions.CString(path))
        {
            descriptor = LibC.open(text, LibC.O_WRONLY | LibC.O_CREAT | LibC.O_TRUNC | LibC.O_CLOEXEC, OwnerMayReadAndWrite);
        }

        if (descriptor < 0)
        {
            return LibC.Errno;
        }

        int errno = 0;
        fixed (byte* first = bytes)
        {
            nint written = LibC.write(descriptor, first, (nuint)bytes.Length);
            if (written != bytes.Length)
            {
                // A disk that takes only a part of it is full.
                errno = written < 0 ? LibC.Errno : LibC.ENOSPC;
            }
        }

        if (errno == 0 && LibC.fsync(descriptor) != 0)
        {
            errno = LibC.Errno;
        }

        _ = LibC.close(descriptor);
        return errno;
    }

    private static int SynchronizeDirectory(string path)
    {
        int descriptor;
        fixed (byte* text = SocketOptions.CString(path))
        {
            descriptor = LibC.open(text, LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_CLOEXEC, 0);
        }

        if (descriptor < 0)
        {
            return LibC.Errno;
        }

        int errno = LibC.fsync(descriptor) == 0 ? 0 : LibC.Errno;
        _ = LibC.close(descriptor);
        return errno;
    }
}
