using System.Buffers.Binary;

namespace FenceFirst.Core.Wire;

/// <summary>A frame on the link that says that somebody has an address, or is about to take it: ARP or neighbour discovery.</summary>
/// <param name="Address">The address.</param>
/// <param name="Station">Ethernet address of whoever says so, in the lower six bytes, first byte highest.</param>
/// <param name="IsProbe">Whether the sender only asks whether it may take the address, as we do (RFC 5227 section 2.1.1, RFC 4862 section 5.4.3).</param>
/// <remarks>
/// ARP: the layout is in <see cref="GratuitousArp"/>; any packet with the address as its sender claims it (RFC 5227 section 2.1.1), and a request from
/// 0.0.0.0 asks for its target. Neighbour discovery: the layout is in <see cref="NeighborAdvertisement"/>; an advertisement claims its target, a
/// solicitation from an address claims that, and one from :: asks for its target.
/// </remarks>
public readonly record struct AddressClaim(InternetAddress Address, ulong Station, bool IsProbe)
{
    private const byte TypeSolicitation = 135;
    private const byte TypeAdvertisement = 136;
    private const int TargetEnd = EthernetFrame.IcmpStart + 24;

    /// <summary>Reads a frame; false when it says nothing about an address, or is cut or malformed.</summary>
    /// <param name="frame">The frame from its Ethernet header on.</param>
    /// <param name="claim">What it says.</param>
    public static bool TryDecode(ReadOnlySpan<byte> frame, out AddressClaim claim)
    {
        claim = default;
        if (frame.Length < EthernetFrame.HeaderLength)
        {
            return false;
        }

        return BinaryPrimitives.ReadUInt16BigEndian(frame[12..]) switch
        {
            EthernetFrame.TypeArp => TryDecodeArp(frame, out claim),
            EthernetFrame.TypeIPv6 => TryDecodeNeighbor(frame, out claim),
            _ => false,
        };
    }

    private static bool TryDecodeArp(ReadOnlySpan<byte> frame, out AddressClaim claim)
    {
        claim = default;
        if (frame.Length < EthernetFrame.ArpFrameLength)
        {
            return false;
        }

        // RFC 826: Ethernet and IPv4, six and four bytes, request or reply.
        ReadOnlySpan<byte> arp = frame[EthernetFrame.HeaderLength..];
        ushort operation = BinaryPrimitives.ReadUInt16BigEndian(arp[6..]);
        if (!arp[..6].SequenceEqual((ReadOnlySpan<byte>)[0, 1, 8, 0, EthernetFrame.MacLength, 4]) || operation is not (1 or 2))
        {
            return false;
        }

        ulong station = StationOf(arp[8..]);
        uint sender = BinaryPrimitives.ReadUInt32BigEndian(arp[14..]);
        if (sender != 0)
        {
            claim = new AddressClaim(InternetAddress.FromIPv4(sender), station, IsProbe: false);
            return true;
        }

        claim = new AddressClaim(InternetAddress.FromBytes(arp.Slice(24, 4)), station, IsProbe: true);
        return operation == 1;
    }

    private static bool TryDecodeNeighbor(ReadOnlySpan<byte> frame, out AddressClaim claim)
    {
        claim = default;

        // RFC 4861 sections 7.1.1 and 7.1.2: ICMPv6 directly behind the header, hop limit 255, code 0.
        if (frame.Length < TargetEnd || frame[20] != 58 || frame[21] != 255 || frame[EthernetFrame.IcmpStart + 1] != 0)
        {
            return false;
        }

        ulong station = StationOf(frame[EthernetFrame.MacLength..]);
        InternetAddress source = InternetAddress.FromBytes(frame.Slice(22, 16));
        InternetAddress target = InternetAddress.FromBytes(frame[(EthernetFrame.IcmpStart + 8)..TargetEnd]);
        switch (frame[EthernetFrame.IcmpStart])
        {
            case TypeAdvertisement:
                claim = new AddressClaim(target, station, IsProbe: false);
                return true;
            case TypeSolicitation:
                bool isUnspecified = frame.Slice(22, 16).IndexOfAnyExcept((byte)0) < 0;
                claim = new AddressClaim(isUnspecified ? target : source, station, isUnspecified);
                return true;
            default:
                return false;
        }
    }

    private static ulong StationOf(ReadOnlySpan<byte> bytes) =>
        ((ulong)BinaryPrimitives.ReadUInt16BigEndian(bytes) << 32) | BinaryPrimitives.ReadUInt32BigEndian(bytes[2..]);
}
