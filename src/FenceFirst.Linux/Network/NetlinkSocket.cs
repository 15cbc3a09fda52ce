using FenceFirst.Linux.Native;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.Linux.Network;

/// <summary>A netlink socket, for routes unless another protocol is named: datagrams in, datagrams out. What they mean is the caller's.</summary>
internal sealed unsafe class NetlinkSocket : IDisposable
{
    private int _descriptor;

    internal NetlinkSocket(int receiveBufferBytes, int protocol = LibC.NETLINK_ROUTE)
    {
        _descriptor = SocketOptions.Open(LibC.AF_NETLINK, LibC.SOCK_RAW, protocol, "netlink");
        SocketOptions.SetReceiveBuffer(_descriptor, receiveBufferBytes);
        SocketAddressNetlink address = new() { Family = LibC.AF_NETLINK };
        if (LibC.bind(_descriptor, &address, (uint)sizeof(SocketAddressNetlink)) != 0)
        {
            int errno = LibC.Errno;
            Dispose();
            throw new LinuxException("bind", errno, "netlink");
        }

        // Explanations in words where the kernel has them, without a copy of the request.
        _ = SocketOptions.TrySet(_descriptor, LibC.SOL_NETLINK, LibC.NETLINK_CAP_ACK, 1);
        _ = SocketOptions.TrySet(_descriptor, LibC.SOL_NETLINK, LibC.NETLINK_EXT_ACK, 1);
    }

    internal int Descriptor => _descriptor;

    /// <summary>The address that the kernel gave to this socket; it stands in every message that we cause.</summary>
    internal uint PortId
    {
        get
        {
            SocketAddressNetlink address = default;
            uint length = (uint)sizeof(SocketAddressNetlink);
            LinuxException.Check(LibC.getsockname(_descriptor, &address, &length), "getsockname", "netlink");
            return address.PortId;
        }
    }

    internal void Join(int group) =>
        SocketOptions.Set(_descriptor, LibC.SOL_NETLINK, LibC.NETLINK_ADD_MEMBERSHIP, group, $"NETLINK_ADD_MEMBERSHIP {group}");

    /// <summary>Sends to the kernel; returns 0 or the error number.</summary>
    internal int Send(ReadOnlySpan<byte> bytes)
    {
        SocketAddressNetlink kernel = new() { Family = LibC.AF_NETLINK };
        fixed (byte* first = bytes)
        {
            return LibC.sendto(_descriptor, first, (nuint)bytes.Length, LibC.MSG_NOSIGNAL, &kernel, (uint)sizeof(SocketAddressNetlink)) >= 0
                ? 0
                : LibC.Errno;
        }
    }

    /// <summary>Takes one datagram of the kernel; returns its length, 0 when there is none, or the negative error number.</summary>
    /// <remarks>Datagrams of other processes, which may write to our port, are dropped here. One longer than the buffer counts as lost.</remarks>
    internal int Receive(Span<byte> buffer)
    {
        const int ForeignMax = 64;
        for (int foreign = 0; foreign < ForeignMax; foreign++)
        {
            SocketAddressNetlink sender = default;
            uint senderLength = (uint)sizeof(SocketAddressNetlink);
            nint length;
            fixed (byte* first = buffer)
            {
                length = LibC.recvfrom(_descriptor, first, (nuint)buffer.Length, LibC.MSG_DONTWAIT | LibC.MSG_TRUNC, &sender, &senderLength);
            }

            if (length < 0)
            {
                int errno = LibC.Errno;
                return errno is LibC.EAGAIN or LibC.EINTR ? 0 : -errno;
            }

            if (sender.PortId == 0)
            {
                return length > buffer.Length ? -LibC.ENOBUFS : (int)length;
            }
        }

        return 0;
    }

    public void Dispose()
    {
        if (_descriptor >= 0)
        {
            _ = LibC.close(_descriptor);
            _descriptor = -1;
        }
    }
}
