using System.Buffers.Binary;
using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Sockets;

/// <summary>Asks the links for addresses and hears who answers: sends whole frames, receives ARP and neighbour discovery of all interfaces.</summary>
/// <remarks>
/// The filter passes nothing else, so the rest of the traffic is not copied. Meant to be open only while something is asked for: the kernel runs the
/// filter for every frame. A received frame tells its interface; our own frames are not seen.
/// </remarks>
public sealed unsafe class ProbeSocket : IDisposable
{
    private const int ReceiveBufferBytes = 1 << 18;
    private const ushort AllProtocols = 3;
    private const byte PacketOutgoing = 4;
    private const int AddMembership = 1;
    private const ushort MembershipMulticast = 0;
    private const int EthernetHeaderBytes = 14;

    private int _descriptor;

    /// <summary>Opens the socket; needs CAP_NET_RAW.</summary>
    public ProbeSocket()
    {
        // Protocol 0 until the filter is there: nothing else is queued.
        _descriptor = SocketOptions.Open(LibC.AF_PACKET, LibC.SOCK_RAW, 0, "packet, raw");
        try
        {
            SocketOptions.SetReceiveBuffer(_descriptor, ReceiveBufferBytes);
            SocketOptions.AttachFilter(_descriptor, SocketFilter.ForAddressClaims);
            SocketAddressPacket address = new() { Family = LibC.AF_PACKET, Protocol = NetworkOrder(AllProtocols) };
            if (LibC.bind(_descriptor, &address, (uint)sizeof(SocketAddressPacket)) != 0)
            {
                throw new LinuxException("bind", LibC.Errno, "packet, all interfaces");
            }
        }
        catch (LinuxException)
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The descriptor to watch for reading.</summary>
    public int Descriptor => _descriptor;

    /// <summary>Sends a frame, Ethernet header included, out of an interface; returns 0 or the error number.</summary>
    public int Send(ReadOnlySpan<byte> frame, int linkIndex)
    {
        if (frame.Length < EthernetHeaderBytes)
        {
            return LibC.EINVAL;
        }

        SocketAddressPacket address = new()
        {
            Family = LibC.AF_PACKET,
            LinkIndex = linkIndex,
            AddressLength = 6,
            Protocol = NetworkOrder(BinaryPrimitives.ReadUInt16BigEndian(frame[12..])),
        };
        frame[..6].CopyTo(new Span<byte>(address.Address, 6));
        fixed (byte* bytes = frame)
        {
            nint sent = LibC.sendto(
                _descriptor, bytes, (nuint)frame.Length, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL, &address, (uint)sizeof(SocketAddressPacket));
            return sent >= 0 ? 0 : LibC.Errno;
        }
    }

    /// <summary>Lets the interface receive what is sent to an Ethernet group; an interface that cannot do that hears only what reaches it anyway.</summary>
    public void Join(ReadOnlySpan<byte> group, int linkIndex)
    {
        PacketMembership membership = new() { LinkIndex = linkIndex, Type = MembershipMulticast, AddressLength = 6 };
        group[..6].CopyTo(new Span<byte>(membership.Address, 6));
        _ = LibC.setsockopt(_descriptor, LibC.SOL_PACKET, AddMembership, &membership, (uint)sizeof(PacketMembership));
    }

    /// <summary>Takes one frame, cut to the buffer's length, and the interface it came in on; false when there is none.</summary>
    public bool TryReceive(Span<byte> frame, out int length, out int linkIndex)
    {
        SocketAddressPacket address;
        fixed (byte* bytes = frame)
        {
            while (true)
            {
                uint addressLength = (uint)sizeof(SocketAddressPacket);
                nint received = LibC.recvfrom(_descriptor, bytes, (nuint)frame.Length, LibC.MSG_DONTWAIT, &address, &addressLength);
                length = (int)Math.Max(0, received);
                linkIndex = received < 0 ? 0 : address.LinkIndex;
                if (received < 0 || address.PacketType != PacketOutgoing)
                {
                    return received >= 0;
                }
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

    private static ushort NetworkOrder(ushort value) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;
}
