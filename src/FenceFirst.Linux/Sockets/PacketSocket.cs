using System.Buffers.Binary;
using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Sockets;

/// <summary>Sends whole Ethernet frames: gratuitous ARP and unsolicited neighbour advertisements. Receives nothing.</summary>
/// <remarks>
/// Protocol 0 keeps the kernel from copying frames to this socket; each frame's own EtherType is used for sending. Bound to no interface:
/// one socket serves all. <see cref="ProbeSocket"/> receives as well.
/// </remarks>
public sealed unsafe class PacketSocket : IDisposable
{
    private const int EthernetHeaderBytes = 14;
    private int _descriptor;

    /// <summary>Opens the socket; needs CAP_NET_RAW.</summary>
    public PacketSocket() => _descriptor = SocketOptions.Open(LibC.AF_PACKET, LibC.SOCK_RAW, 0, "packet, raw");

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
            Protocol = BitConverter.IsLittleEndian
                ? BinaryPrimitives.ReverseEndianness(BinaryPrimitives.ReadUInt16BigEndian(frame[12..]))
                : BinaryPrimitives.ReadUInt16BigEndian(frame[12..]),
        };
        frame[..6].CopyTo(new Span<byte>(address.Address, 6));
        fixed (byte* bytes = frame)
        {
            nint sent = LibC.sendto(
                _descriptor, bytes, (nuint)frame.Length, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL, &address, (uint)sizeof(SocketAddressPacket));
            return sent >= 0 ? 0 : LibC.Errno;
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
}
