using FenceFirst.Core;
using FenceFirst.Core.Wire;
using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Sockets;

/// <summary>Sends echo requests of one family and receives the answers to them.</summary>
/// <remarks>
/// A raw socket, which needs CAP_NET_RAW as our other ones do: the kernel's unprivileged one (SOCK_DGRAM) depends on net.ipv4.ping_group_range, which
/// binds root as well. A filter passes only answers with our identifier, so the pings of other programs are not copied.
/// </remarks>
public sealed unsafe class EchoSocket : IDisposable
{
    private readonly bool _isIPv6;
    private readonly ushort _identifier;
    private readonly ulong _cookie;
    private int _descriptor;

    /// <summary>Opens the socket.</summary>
    /// <param name="isIPv6">ICMPv6 instead of ICMP.</param>
    /// <param name="linkIndex">The interface it is tied to; 0 = none.</param>
    /// <param name="identifier">In every request and every answer.</param>
    /// <param name="cookie">In every request and every answer; by chance, so that nobody can guess it.</param>
    /// <exception cref="LinuxException">A privilege is missing, the interface is gone, or there are too many descriptors.</exception>
    public EchoSocket(bool isIPv6, int linkIndex, ushort identifier, ulong cookie)
    {
        _isIPv6 = isIPv6;
        _identifier = identifier;
        _cookie = cookie;
        _descriptor = isIPv6
            ? SocketOptions.Open(LibC.AF_INET6, LibC.SOCK_RAW, LibC.IPPROTO_ICMPV6, "raw, ICMPv6")
            : SocketOptions.Open(LibC.AF_INET, LibC.SOCK_RAW, LibC.IPPROTO_ICMP, "raw, ICMP");
        try
        {
            SocketOptions.AttachFilter(_descriptor, SocketFilter.ForEchoReplies(identifier, isIPv6));
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
    }

    /// <summary>The descriptor to watch for reading.</summary>
    public int Descriptor => _descriptor;

    /// <summary>Sends one request; returns 0 or the error number.</summary>
    /// <param name="target">Who shall answer; of the socket's family.</param>
    /// <param name="sequence">Number of the request.</param>
    /// <param name="linkIndex">Interface of a link-local target.</param>
    public int Send(InternetAddress target, ushort sequence, int linkIndex)
    {
        byte* message = stackalloc byte[EchoMessage.Length];
        int length = EchoMessage.Write(new Span<byte>(message, EchoMessage.Length), _isIPv6, _identifier, sequence, _cookie);
        byte* address = stackalloc byte[SocketAddresses.BytesMax];
        uint addressLength = SocketAddresses.Write(address, target, 0, linkIndex);
        return LibC.sendto(_descriptor, message, (nuint)length, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL, address, addressLength) >= 0 ? 0 : LibC.Errno;
    }

    /// <summary>Takes one packet; false when there is none. <paramref name="source"/> is absent when it answers none of our requests.</summary>
    public bool TryReceive(out InternetAddress source)
    {
        // An IPv4 header of up to 60 bytes, and the message; what is longer is cut.
        const int bytesMax = 60 + EchoMessage.Length;
        byte* buffer = stackalloc byte[bytesMax];
        byte* address = stackalloc byte[SocketAddresses.BytesMax];
        uint addressLength = SocketAddresses.BytesMax;
        source = InternetAddress.None;
        nint length = LibC.recvfrom(_descriptor, buffer, bytesMax, LibC.MSG_DONTWAIT, address, &addressLength);
        if (length < 0)
        {
            // An error that the network has told of (EHOSTUNREACH and the like) is taken with this call; what is behind it comes next time.
            return LibC.Errno is not (LibC.EAGAIN or LibC.EINTR);
        }

        ReadOnlySpan<byte> bytes = new(buffer, (int)length);
        int header = _isIPv6 || bytes.IsEmpty ? 0 : (bytes[0] & 0x0f) * 4;
        if (header <= bytes.Length && EchoMessage.IsReply(bytes[header..], _isIPv6, _identifier, _cookie))
        {
            source = SocketAddresses.Read(address);
        }

        return true;
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
