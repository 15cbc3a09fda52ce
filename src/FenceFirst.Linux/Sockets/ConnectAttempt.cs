using FenceFirst.Core;
using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Sockets;

/// <summary>One TCP connection that is tried without waiting, and closed as soon as its fate is known.</summary>
public sealed unsafe class ConnectAttempt : IDisposable
{
    private int _descriptor;

    /// <summary>Begins to connect; afterwards <see cref="Errno"/> says how it stands.</summary>
    /// <param name="target">With whom.</param>
    /// <param name="port">1..65535.</param>
    /// <param name="linkIndex">The interface it is tied to; 0 = none.</param>
    /// <param name="scopeLinkIndex">Interface of a link-local target.</param>
    /// <exception cref="LinuxException">A privilege is missing, the interface is gone, or there are too many descriptors.</exception>
    public ConnectAttempt(InternetAddress target, ushort port, int linkIndex, int scopeLinkIndex)
    {
        _descriptor = SocketOptions.Open(target.IsIPv6 ? LibC.AF_INET6 : LibC.AF_INET, LibC.SOCK_STREAM, 0, "stream");
        try
        {
            if (linkIndex != 0)
            {
                SocketOptions.BindToLink(_descriptor, linkIndex);
            }
        }
        catch
        {
            Dispose();
            throw;
        }

        byte* address = stackalloc byte[SocketAddresses.BytesMax];
        uint length = SocketAddresses.Write(address, target, port, scopeLinkIndex);
        Errno = LibC.connect(_descriptor, address, length) == 0 ? 0 : LibC.Errno;
    }

    /// <summary>The descriptor to watch for writing.</summary>
    public int Descriptor => _descriptor;

    /// <summary>0 = it stands; otherwise why it does not.</summary>
    public int Errno { get; private set; }

    /// <summary>Whether its fate is not known yet (EINPROGRESS, EINTR: the kernel goes on by itself).</summary>
    public bool IsUnderWay => Errno is LibC.EINPROGRESS or LibC.EINTR;

    /// <summary>Whether the other end has refused it.</summary>
    public bool IsRefused => Errno == LibC.ECONNREFUSED;

    /// <summary>Asks the kernel for the outcome, once the descriptor is writable.</summary>
    public void Complete()
    {
        int error = 0;
        uint length = sizeof(int);
        Errno = LibC.getsockopt(_descriptor, LibC.SOL_SOCKET, LibC.SO_ERROR, &error, &length) == 0 ? error : LibC.Errno;
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
