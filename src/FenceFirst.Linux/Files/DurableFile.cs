using FenceFirst.Linux.Native;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.Linux.Files;

/// <summary>Files that are replaced as a whole and survive a power cut: after any crash the old text is there or the new one, never a part of either.</summary>
public static unsafe class DurableFile
{
    private const int OwnerMayReadAndWrite = 0x180;
    private const int PermissionBits = 0xfff;

    /// <summary>Writes beside the file (with ".new"), waits for the disk, renames, and waits for the directory; the caller waits for all of it.</summary>
    /// <returns>0, or the error number of what failed first; the old file is then as it was.</returns>
    public static int Replace(string path, ReadOnlySpan<byte> bytes) => Replace(path, path + ".new", bytes, OwnerMayReadAndWrite, null);

    /// <summary>As <see cref="Replace(string, ReadOnlySpan{byte})"/> for a file of somebody else: mode, owner and group stay. A symbolic link is not followed.</summary>
    /// <param name="path">A file that exists.</param>
    /// <param name="next">Where the text is written first, in the same directory; what stands there is lost.</param>
    /// <param name="bytes">The new text.</param>
    public static int ReplaceAlike(string path, string next, ReadOnlySpan<byte> bytes) =>
        FileStatus.TryRead(path, out int mode, out uint owner, out uint group)
            ? Replace(path, next, bytes, mode & PermissionBits, (owner, group))
            : LibC.ENOENT;

    private static int Replace(string path, string next, ReadOnlySpan<byte> bytes, int mode, (uint User, uint Group)? owner)
    {
        int errno = Write(next, bytes, mode, owner);
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

        return SynchronizeDirectory(Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/");
    }

    private static int Write(string path, ReadOnlySpan<byte> bytes, int mode, (uint User, uint Group)? owner)
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
        if (owner is { } kept && (LibC.fchown(descriptor, kept.User, kept.Group) != 0 || LibC.fchmod(descriptor, (uint)mode) != 0))
        {
            errno = LibC.Errno;
        }

        fixed (byte* first = bytes)
        {
            nint written = errno != 0 ? 0 : LibC.write(descriptor, first, (nuint)bytes.Length);
            if (errno == 0 && written != bytes.Length)
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
