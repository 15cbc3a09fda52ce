using System.Buffers.Binary;

namespace FenceFirst.Core.Wire;

/// <summary>The parts that the written Ethernet frames share.</summary>
internal static class EthernetFrame
{
    public const int HeaderLength = 14;
    public const int MacLength = 6;
    public const ushort TypeArp = 0x0806;
    public const ushort TypeIPv6 = 0x86dd;
    public const int ArpFrameLength = HeaderLength + 28;

    private const int IPv6HeaderLength = 40;
    private const byte ProtocolIcmpV6 = 58;

    public static ReadOnlySpan<byte> Broadcast => [0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

    public static void WriteHeader(Span<byte> frame, ReadOnlySpan<byte> destination, ReadOnlySpan<byte> source, ushort type)
    {
        Invariant.Check(source.Length == MacLength, "an Ethernet address has six bytes");
        destination.CopyTo(frame);
        source.CopyTo(frame[MacLength..]);
        BinaryPrimitives.WriteUInt16BigEndian(frame[12..], type);
    }

    /// <summary>An ARP request to everybody (RFC 826); the target hardware address is what tells the two uses apart.</summary>
    public static int WriteArpRequest(
        Span<byte> destination, ReadOnlySpan<byte> mac, InternetAddress sender, ReadOnlySpan<byte> targetMac, InternetAddress target)
    {
        Invariant.Check(sender.IsIPv4 && target.IsIPv4, "ARP is for IPv4");
        WriteHeader(destination, Broadcast, mac, TypeArp);
        Span<byte> arp = destination[HeaderLength..ArpFrameLength];
        BinaryPrimitives.WriteUInt16BigEndian(arp, 1);
        BinaryPrimitives.WriteUInt16BigEndian(arp[2..], 0x0800);
        arp[4] = MacLength;
        arp[5] = 4;
        BinaryPrimitives.WriteUInt16BigEndian(arp[6..], 1);
        mac.CopyTo(arp[8..]);
        sender.WriteTo(arp[14..]);
        targetMac.CopyTo(arp[18..]);
        target.WriteTo(arp[24..]);
        return ArpFrameLength;
    }

    /// <summary>Where the ICMPv6 message of such a frame starts.</summary>
    public const int IcmpStart = HeaderLength + IPv6HeaderLength;

    /// <summary>Puts Ethernet and IPv6 headers in front of an ICMPv6 message to a group, and fills in its checksum.</summary>
    public static int FinishNeighborDiscovery(
        Span<byte> frame, ReadOnlySpan<byte> mac, InternetAddress source, InternetAddress group, int icmpLength)
    {
        Span<byte> address = stackalloc byte[16];
        group.WriteTo(address);

        // RFC 2464 section 7: the group's last four bytes behind 33:33.
        WriteHeader(frame, [0x33, 0x33, address[12], address[13], address[14], address[15]], mac, TypeIPv6);
        Span<byte> header = frame[HeaderLength..IcmpStart];
        header.Clear();
        header[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], (ushort)icmpLength);
        header[6] = ProtocolIcmpV6;

        // RFC 4861 sections 7.1.1 and 7.1.2: any other hop limit is discarded, for it would have crossed a router.
        header[7] = 255;
        source.WriteTo(header[8..]);
        group.WriteTo(header[24..]);

        Span<byte> icmp = frame.Slice(IcmpStart, icmpLength);
        InternetChecksum checksum = default;
        checksum.AddPseudoHeader(source, group, ProtocolIcmpV6, icmpLength);
        checksum.Add(icmp);
        BinaryPrimitives.WriteUInt16BigEndian(icmp[2..], checksum.Value);
        return IcmpStart + icmpLength;
    }
}
