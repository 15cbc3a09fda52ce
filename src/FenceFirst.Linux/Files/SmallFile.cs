using FenceFirst.Linux.Native;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.Linux.Files;

/// <summary>The beginning of a regular file; other kinds are refused, so that nothing waits for a pipe or a device.</summary>
public static unsafe class SmallFile
{
    private const int Exclusive = 0x80;

    /// <summary>Reads up to the buffer's length; returns 0 or the error number, EINVAL for what is no regular file.</summary>
    public static int TryRead(string path, Span<byte> buffer, out int length)
    {
        length = 0;
        int descriptor = Open(path, LibC.O_RDONLY);
        if (descriptor < 0)
        {
            return LibC.Errno;
        }

        int errno = FileStatus.Identify(descriptor).IsRegular ? 0 : ErrorNumber.InvalidArgument;
        if (errno == 0)
        {
            fixed (byte* first = buffer)
            {
                nint count = LibC.read(descriptor, first, (nuint)buffer.Length);
                errno = count < 0 ? LibC.Errno : 0;
                length = (int)Math.Max(0, count);
            }
        }

        _ = LibC.close(descriptor);
        return errno;
    }

    /// <summary>Writes a file, mode 0644; returns 0 or the error number (EEXIST when it may not be overwritten).</summary>
    public static int TryWrite(string path, ReadOnlySpan<byte> bytes, bool isOverwritten)
    {
        bool exists = FileStatus.TryIdentify(path, out FileIdentity identity);
        if (exists && (!isOverwritten || !identity.IsRegular))
        {
            return isOverwritten ? ErrorNumber.InvalidArgument : ErrorNumber.AlreadyExists;
        }

        // A new file is made by us or not at all: nobody can put a link in our way.
        int descriptor = Open(path, LibC.O_RDWR | (exists ? 0 : LibC.O_CREAT | Exclusive));
        if (descriptor < 0)
        {
            return LibC.Errno;
        }

        int errno = 0;
        if (exists && (FileStatus.Identify(descriptor).Number != identity.Number || LibC.ftruncate(descriptor, 0) != 0))
        {
            errno = ErrorNumber.InvalidArgument;
        }

        fixed (byte* first = bytes)
        {
            errno = errno != 0 || LibC.write(descriptor, first, (nuint)bytes.Length) == bytes.Length ? errno : LibC.ENOSPC;
        }

        _ = LibC.close(descriptor);
        return errno;
    }

    private static int Open(string path, int flags)
    {
        const int ReadableByAll = 0x1a4;
        fixed (byte* text = SocketOptions.CString(path))
        {
            return LibC.open(text, flags | LibC.O_NONBLOCK | LibC.O_CLOEXEC, ReadableByAll);
        }
    }
}
