using FenceFirst.Core;
using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Sockets;

/// <summary>A raw socket for IP protocol 112, or 51 with auth_type AH, that sends and receives the adverts of one interface and family, or of one unicast source.</summary>
/// <remarks>
/// Until everything is set, a filter drops all packets, so that none from another interface is ever queued. IPv4 packets are handed in
/// and out with their IP header (we build it). For IPv6 the kernel builds the header; the VRRP checksum is left to our codec in both
/// directions (IPV6_CHECKSUM stays off), because the kernel would drop bad checksums without our being able to count them.
/// Sending and receiving allocate nothing and never throw.
/// </remarks>
public sealed unsafe class VrrpSocket : IDisposable
{
    private const int ReceiveBufferBytes = 1 << 20;
    private const int InternetworkControl = 0xc0;

    /// <summary>Above best effort, below what needs CAP_NET_ADMIN (more than 6).</summary>
    private const int QueuePriority = 6;

    private readonly int _linkIndex;
    private readonly bool _isIPv6;
    private readonly bool _hasHeader;
    private int _descriptor;

    private VrrpSocket(bool isIPv6, int linkIndex, bool hasHeader)
    {
        _isIPv6 = isIPv6;
        _linkIndex = linkIndex;
        _hasHeader = hasHeader;
        int protocol = hasHeader ? LibC.IPPROTO_AH : LibC.IPPROTO_VRRP;
        _descriptor = SocketOptions.Open(isIPv6 ? LibC.AF_INET6 : LibC.AF_INET, LibC.SOCK_RAW, protocol, $"raw, protocol {protocol}");
    }

    /// <summary>The descriptor to watch for reading.</summary>
    public int Descriptor => _descriptor;

    /// <summary>Opens a socket that receives only what is sent to the group on the interface.</summary>
    /// <param name="linkIndex">Kernel index of the interface.</param>
    /// <param name="group">224.0.0.18, ff02::12 or what the configuration says; decides the family.</param>
    /// <param name="vrids">Virtual routers whose adverts pass; empty = all, for whoever wants to count unknown ones.</param>
    /// <param name="hasHeader">Whether adverts have an IP authentication header (auth_type AH); IPv4 only.</param>
    /// <exception cref="LinuxException">A privilege is missing or the interface is gone.</exception>
    public static VrrpSocket OpenMulticast(int linkIndex, InternetAddress group, ReadOnlySpan<byte> vrids, bool hasHeader = false)
    {
        VrrpSocket socket = new(group.IsIPv6, linkIndex, hasHeader);
        try
        {
            socket.SetUp();
            SocketOptions.BindToLink(socket._descriptor, linkIndex);
            if (group.IsIPv6)
            {
                socket.JoinIPv6(group);
            }
            else
            {
                socket.JoinIPv4(group);
            }

            // Bound to the group: unicast packets for another socket of ours do not come here.
            socket.Bind(group);
            socket.SetVrids(vrids);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Opens a socket bound to a source address, which need not exist yet, and to an interface unless its index is 0.</summary>
    /// <exception cref="LinuxException">A privilege is missing or the interface is gone.</exception>
    public static VrrpSocket OpenUnicast(InternetAddress source, int linkIndex, ReadOnlySpan<byte> vrids, bool hasHeader = false)
    {
        VrrpSocket socket = new(source.IsIPv6, linkIndex, hasHeader);
        try
        {
            socket.SetUp();
            if (linkIndex != 0)
            {
                SocketOptions.BindToLink(socket._descriptor, linkIndex);
            }

            if (source.IsIPv6)
            {
                SocketOptions.Set(socket._descriptor, LibC.IPPROTO_IPV6, LibC.IPV6_FREEBIND, 1, "IPV6_FREEBIND");
            }
            else
            {
                SocketOptions.Set(socket._descriptor, LibC.IPPROTO_IP, LibC.IP_FREEBIND, 1, "IP_FREEBIND");
            }

            socket.Bind(source);
            socket.SetVrids(vrids);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Replaces the set of virtual routers whose adverts pass the kernel's filter; empty = all.</summary>
    public void SetVrids(ReadOnlySpan<byte> vrids) => SocketOptions.AttachFilter(
        _descriptor, vrids.IsEmpty ? SocketFilter.PassAll : SocketFilter.ForVrids(vrids, _isIPv6, _hasHeader));

    /// <summary>Lets nothing pass: the socket only sends.</summary>
    public void Silence() => SocketOptions.AttachFilter(_descriptor, SocketFilter.DropAll);

    /// <summary>Takes what has arrived, up to one batch, and returns how many; the reason for none is in the batch.</summary>
    public int Receive(PacketBatch batch) => batch.ReceiveFrom(_descriptor);

    /// <summary>Sends one packet; returns 0 or the error number.</summary>
    /// <param name="packet">IPv4: with IP header, whose source and TTL are used. IPv6: the VRRP packet with its checksum.</param>
    /// <param name="destination">The group or a peer.</param>
    /// <param name="source">IPv6: the source address; absent = the kernel chooses. IPv4: not used.</param>
    /// <param name="hopLimit">IPv6 unicast: 0..255, or -1 = the kernel's default (64). Multicast leaves with 255.</param>
    public int Send(ReadOnlySpan<byte> packet, InternetAddress destination, InternetAddress source, int hopLimit = -1)
    {
        int flags = LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL | (destination.IsMulticast ? LibC.MSG_DONTROUTE : 0);
        return _isIPv6 ? SendIPv6(packet, destination, source, hopLimit, flags) : SendIPv4(packet, destination, flags);
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

    private int SendIPv4(ReadOnlySpan<byte> packet, InternetAddress destination, int flags)
    {
        SocketAddressIPv4 address = new() { Family = LibC.AF_INET };
        destination.WriteTo(new Span<byte>(address.Address, 4));
        fixed (byte* bytes = packet)
        {
            return LibC.sendto(_descriptor, bytes, (nuint)packet.Length, flags, &address, (uint)sizeof(SocketAddressIPv4)) >= 0 ? 0 : LibC.Errno;
        }
    }

    private int SendIPv6(ReadOnlySpan<byte> packet, InternetAddress destination, InternetAddress source, int hopLimit, int flags)
    {
        SocketAddressIPv6 address = MakeAddress(destination);
        byte* control = stackalloc byte[64];
        nuint controlLength = 0;
        if (source.IsIPv6)
        {
            // in6_pktinfo: 16 bytes of address, 4 of interface index; padded to 40 with its header.
            *(ControlHeader*)control = new ControlHeader { Length = 36, Level = LibC.IPPROTO_IPV6, Type = LibC.IPV6_PKTINFO };
            source.WriteTo(new Span<byte>(control + 16, 16));
            *(int*)(control + 32) = _linkIndex;
            controlLength = 40;
        }

        if (hopLimit >= 0)
        {
            *(ControlHeader*)(control + controlLength) = new ControlHeader { Length = 20, Level = LibC.IPPROTO_IPV6, Type = LibC.IPV6_HOPLIMIT };
            *(int*)(control + controlLength + 16) = hopLimit;
            controlLength += 24;
        }

        fixed (byte* bytes = packet)
        {
            IoVector vector = new() { Base = bytes, Length = (nuint)packet.Length };
            MessageHeader message = new()
            {
                Name = &address,
                NameLength = (uint)sizeof(SocketAddressIPv6),
                Vectors = &vector,
                VectorCount = 1,
                Control = controlLength == 0 ? null : control,
                ControlLength = controlLength,
            };
            return LibC.sendmsg(_descriptor, &message, flags) >= 0 ? 0 : LibC.Errno;
        }
    }

    private SocketAddressIPv6 MakeAddress(InternetAddress value)
    {
        SocketAddressIPv6 address = new()
        {
            Family = LibC.AF_INET6,
            ScopeId = value.IsLinkLocal || value.IsMulticast ? (uint)_linkIndex : 0,
        };
        value.WriteTo(new Span<byte>(address.Address, 16));
        return address;
    }

    private void Bind(InternetAddress value)
    {
        int result;
        if (_isIPv6)
        {
            SocketAddressIPv6 address = MakeAddress(value);
            result = LibC.bind(_descriptor, &address, (uint)sizeof(SocketAddressIPv6));
        }
        else
        {
            SocketAddressIPv4 address = new() { Family = LibC.AF_INET };
            value.WriteTo(new Span<byte>(address.Address, 4));
            result = LibC.bind(_descriptor, &address, (uint)sizeof(SocketAddressIPv4));
        }

        if (result != 0)
        {
            throw new LinuxException("bind", LibC.Errno, value.ToString());
        }
    }

    private void SetUp()
    {
        SocketOptions.AttachFilter(_descriptor, SocketFilter.DropAll);
        SocketOptions.SetReceiveBuffer(_descriptor, ReceiveBufferBytes);
        if (_isIPv6)
        {
            SocketOptions.Set(_descriptor, LibC.IPPROTO_IPV6, LibC.IPV6_TCLASS, InternetworkControl, "IPV6_TCLASS");
            SocketOptions.Set(_descriptor, LibC.IPPROTO_IPV6, LibC.IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO");
            SocketOptions.Set(_descriptor, LibC.IPPROTO_IPV6, LibC.IPV6_RECVHOPLIMIT, 1, "IPV6_RECVHOPLIMIT");
        }
        else
        {
            SocketOptions.Set(_descriptor, LibC.IPPROTO_IP, LibC.IP_HDRINCL, 1, "IP_HDRINCL");
            SocketOptions.Set(_descriptor, LibC.IPPROTO_IP, LibC.IP_TOS, InternetworkControl, "IP_TOS");
        }

        // Master_Down_Timer runs from the receipt, not from when we come to read it.
        SocketOptions.Set(_descriptor, LibC.SOL_SOCKET, LibC.SO_TIMESTAMPNS, 1, "SO_TIMESTAMPNS");

        // After the type of service, which sets the priority too.
        SocketOptions.Set(_descriptor, LibC.SOL_SOCKET, LibC.SO_PRIORITY, QueuePriority, "SO_PRIORITY");
    }

    private void JoinIPv4(InternetAddress group)
    {
        MembershipIPv4 membership = new() { LinkIndex = _linkIndex };
        SocketOptions.Set(_descriptor, LibC.IPPROTO_IP, LibC.IP_MULTICAST_IF, membership, "IP_MULTICAST_IF");
        SocketOptions.Set(_descriptor, LibC.IPPROTO_IP, LibC.IP_MULTICAST_LOOP, 0, "IP_MULTICAST_LOOP");
        SocketOptions.Set(_descriptor, LibC.IPPROTO_IP, LibC.IP_MULTICAST_TTL, 255, "IP_MULTICAST_TTL");
        SocketOptions.Set(_descriptor, LibC.IPPROTO_IP, LibC.IP_MULTICAST_ALL, 0, "IP_MULTICAST_ALL");
        group.WriteTo(new Span<byte>(membership.Group, 4));
        SocketOptions.Set(_descriptor, LibC.IPPROTO_IP, LibC.IP_ADD_MEMBERSHIP, membership, $"join {group} on interface {_linkIndex}");
    }

    private void JoinIPv6(InternetAddress group)
    {
        SocketOptions.Set(_descriptor, LibC.IPPROTO_IPV6, LibC.IPV6_MULTICAST_IF, _linkIndex, "IPV6_MULTICAST_IF");
        SocketOptions.Set(_descriptor, LibC.IPPROTO_IPV6, LibC.IPV6_MULTICAST_LOOP, 0, "IPV6_MULTICAST_LOOP");
        SocketOptions.Set(_descriptor, LibC.IPPROTO_IPV6, LibC.IPV6_MULTICAST_HOPS, 255, "IPV6_MULTICAST_HOPS");

        // Since kernel 4.20; without it the bound group already keeps others out.
        _ = SocketOptions.TrySet(_descriptor, LibC.IPPROTO_IPV6, LibC.IPV6_MULTICAST_ALL, 0);
        MembershipIPv6 membership = new() { LinkIndex = _linkIndex };
        group.WriteTo(new Span<byte>(membership.Group, 16));
        SocketOptions.Set(_descriptor, LibC.IPPROTO_IPV6, LibC.IPV6_ADD_MEMBERSHIP, membership, $"join {group} on interface {_linkIndex}");
    }
}
