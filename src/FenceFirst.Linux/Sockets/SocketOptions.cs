using System.Text;
using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Sockets;

/// <summary>Socket options by name, with failures that say which option was refused.</summary>
internal static unsafe class SocketOptions
{
    internal static int Open(int domain, int type, int protocol, string argument) => LinuxException.Check(
        LibC.socket(domain, type | LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC, protocol), "socket", argument);

    internal static void Set(int socket, int level, int name, int value, string what)
    {
        if (LibC.setsockopt(socket, level, name, &value, sizeof(int)) != 0)
        {
            throw new LinuxException("setsockopt", LibC.Errno, what);
        }
    }

    internal static void Set<T>(int socket, int level, int name, T value, string what)
        where T : unmanaged
    {
        if (LibC.setsockopt(socket, level, name, &value, (uint)sizeof(T)) != 0)
        {
            throw new LinuxException("setsockopt", LibC.Errno, what);
        }
    }

    /// <summary>Sets an option that a kernel may lack or refuse; we work without it.</summary>
    internal static bool TrySet(int socket, int level, int name, int value) =>
        LibC.setsockopt(socket, level, name, &value, sizeof(int)) == 0;

    /// <summary>Asks for a receive buffer: above the system's limit where we may, else up to it.</summary>
    internal static void SetReceiveBuffer(int socket, int bytes)
    {
        if (!TrySet(socket, LibC.SOL_SOCKET, LibC.SO_RCVBUFFORCE, bytes))
        {
            _ = TrySet(socket, LibC.SOL_SOCKET, LibC.SO_RCVBUF, bytes);
        }
    }

    internal static void AttachFilter(int socket, ReadOnlySpan<FilterInstruction> instructions)
    {
        fixed (FilterInstruction* first = instructions)
        {
            FilterProgram program = new() { Length = (ushort)instructions.Length, Instructions = first };
            if (LibC.setsockopt(socket, LibC.SOL_SOCKET, LibC.SO_ATTACH_FILTER, &program, (uint)sizeof(FilterProgram)) != 0)
            {
                throw new LinuxException("setsockopt", LibC.Errno, "SO_ATTACH_FILTER");
            }
        }
    }

    /// <summary>Ties the socket to one interface. By index where the kernel can (5.0 and later): a rename meanwhile does no harm.</summary>
    internal static void BindToLink(int socket, int linkIndex)
    {
        // The kernel accepts an index that does not exist, and the socket would be deaf.
        byte* name = stackalloc byte[16];
        if (LibC.if_indextoname((uint)linkIndex, name) == null)
        {
            throw new LinuxException("setsockopt", LibC.ENODEV, $"SO_BINDTODEVICE, interface {linkIndex}");
        }

        if (TrySet(socket, LibC.SOL_SOCKET, LibC.SO_BINDTOIFINDEX, linkIndex))
        {
            return;
        }

        int errno = LibC.Errno;
        if (errno == LibC.ENOPROTOOPT)
        {
            if (LibC.setsockopt(socket, LibC.SOL_SOCKET, LibC.SO_BINDTODEVICE, name, 16) == 0)
            {
                return;
            }

            errno = LibC.Errno;
        }

        throw new LinuxException("setsockopt", errno, $"SO_BINDTODEVICE, interface {linkIndex}");
    }

    /// <summary>A path or name as a C string.</summary>
    internal static byte[] CString(string text)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }
}
