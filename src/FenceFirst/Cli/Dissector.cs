using System.Buffers.Binary;
using FenceFirst.Core;
using FenceFirst.Core.Wire;

namespace FenceFirst.Cli;

/// <summary>Takes packets apart from the link layer down to VRRP, ARP and neighbour advertisements. Any bytes give a result.</summary>
internal static class Dissector
{
    private const int VlanTagsMax = 4;
    private const int ExtensionHeadersMax = 8;
    private const int IPv6HeaderLength = 40;
    private const int MacHeaderLength = 14;
    private const byte ProtocolAuthenticationHeader = 51;
    private const byte ProtocolIcmpV6 = 58;
    private const ushort TypeIPv4 = 0x0800;
    private const ushort TypeArp = 0x0806;
    private const ushort TypeIPv6 = 0x86dd;

    /// <summary>A packet from a capture file.</summary>
    public static Dissection FromCapture(ReadOnlySpan<byte> bytes, PcapLink link) => link switch
    {
        PcapLink.Ethernet => Ethernet(bytes),
        PcapLink.RawIP => IP(bytes, new Dissection(PacketStart.IPHeader)),
        PcapLink.LinuxCooked => Cooked(bytes, headerLength: 16, typeAt: 14),
        PcapLink.LinuxCooked2 => Cooked(bytes, headerLength: 20, typeAt: 0),
    };

    /// <summary>A packet of which nobody said where it begins; <see cref="Dissection.Start"/> tells what was assumed.</summary>
    public static Dissection FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (IsIPHeader(bytes))
        {
            return IP(bytes, new Dissection(PacketStart.IPHeader));
        }

        if (IsEthernetHeader(bytes))
        {
            return Ethernet(bytes);
        }

        // Nothing fits exactly: the first nibble decides, so that a damaged packet is explained as what it was.
        bool isIP = bytes.Length > 0 && bytes[0] >> 4 is 4 or 6 && bytes[0] != 0x41 && bytes[0] != 0x61;
        return isIP ? IP(bytes, new Dissection(PacketStart.IPHeader)) : Message(bytes);
    }

    private static bool IsIPHeader(ReadOnlySpan<byte> bytes) => bytes switch
    {
        { Length: >= VrrpCodec.IPv4HeaderLength } when bytes[0] is >= 0x45 and <= 0x4f =>
            BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]) <= bytes.Length && bytes[9] is VrrpCodec.Protocol or ProtocolAuthenticationHeader,
        { Length: >= IPv6HeaderLength } when bytes[0] >> 4 == 6 =>
            BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]) + IPv6HeaderLength <= bytes.Length
            && bytes[6] is VrrpCodec.Protocol or ProtocolAuthenticationHeader or ProtocolIcmpV6,
        _ => false,
    };

    private static bool IsEthernetHeader(ReadOnlySpan<byte> bytes)
    {
        int position = TypePosition(bytes);
        if (position + 2 >= bytes.Length)
        {
            return false;
        }

        int first = bytes[position + 2];
        return BinaryPrimitives.ReadUInt16BigEndian(bytes[position..]) switch
        {
            TypeIPv4 => first >> 4 == 4,
            TypeIPv6 => first >> 4 == 6,
            TypeArp => first == 0,
            _ => false,
        };
    }

    // Behind the two addresses, or behind VLAN tags of four bytes each (802.1Q, 802.1ad).
    private static int TypePosition(ReadOnlySpan<byte> frame)
    {
        int position = 12;
        for (int tags = 0; tags < VlanTagsMax && position + 6 <= frame.Length; tags++)
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(frame[position..]) is not (0x8100 or 0x88a8))
            {
                break;
            }

            position += 4;
        }

        return position;
    }

    private static Dissection Ethernet(ReadOnlySpan<byte> frame)
    {
        Dissection dissection = new(PacketStart.EthernetHeader);
        if (frame.Length < MacHeaderLength)
        {
            return dissection with { Kind = PacketKind.Malformed, Summary = $"{frame.Length} bytes are shorter than an Ethernet header" };
        }

        int position = TypePosition(frame);
        dissection = dissection with { EthernetDestination = Mac(frame), EthernetSource = Mac(frame[6..]) };
        if (position > 12)
        {
            dissection = dissection with { Notes = [$"VLAN {BinaryPrimitives.ReadUInt16BigEndian(frame[14..]) & 0x0fff}"] };
        }

        return NetworkLayer(frame[(position + 2)..], BinaryPrimitives.ReadUInt16BigEndian(frame[position..]), dissection);
    }

    private static Dissection Cooked(ReadOnlySpan<byte> bytes, int headerLength, int typeAt)
    {
        Dissection dissection = new(PacketStart.LinuxCookedHeader);
        return bytes.Length < headerLength
            ? dissection with { Kind = PacketKind.Malformed, Summary = $"{bytes.Length} bytes are shorter than a Linux cooked header" }
            : NetworkLayer(bytes[headerLength..], BinaryPrimitives.ReadUInt16BigEndian(bytes[typeAt..]), dissection);
    }

    private static Dissection NetworkLayer(ReadOnlySpan<byte> bytes, ushort type, Dissection dissection) => type switch
    {
        TypeIPv4 or TypeIPv6 => IP(bytes, dissection),
        TypeArp => Arp(bytes, dissection),
        _ => dissection with { Summary = $"neither IP nor ARP: Ethernet type {type:x4}" },
    };

    private static Dissection IP(ReadOnlySpan<byte> packet, Dissection dissection) => packet switch
    {
        { Length: >= VrrpCodec.IPv4HeaderLength } when packet[0] >> 4 == 4 => IPv4(packet, dissection),
        { Length: >= IPv6HeaderLength } when packet[0] >> 4 == 6 => IPv6(packet, dissection),
        _ => dissection with { Kind = PacketKind.Malformed, Summary = $"{packet.Length} bytes that are no whole IPv4 or IPv6 header" },
    };

    private static Dissection IPv4(ReadOnlySpan<byte> packet, Dissection dissection)
    {
        VrrpCodec.TryDecodeIPv4(packet, isChecksumAsV2: false, out _, out PacketContext context, out Range range, out DecodeError error);
        dissection = dissection with { Context = context };
        int headerLength = (packet[0] & 0x0f) * 4;
        int totalLength = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        switch (packet[9])
        {
            // Where the IPv4 header itself is refused, the message is shown as far as it can be found.
            case VrrpCodec.Protocol when range.Equals(default):
                ReadOnlySpan<byte> rest = packet[Math.Min(headerLength, packet.Length)..];
                return dissection with { Kind = PacketKind.Vrrp, Message = rest.ToArray(), Error = error };
            case VrrpCodec.Protocol:
                return VrrpExplanation.Explain(packet[range], dissection);
            case ProtocolAuthenticationHeader when error != DecodeError.AuthenticationHeaderMalformed && !range.Equals(default):
                return VrrpExplanation.ExplainAuthenticated(packet[headerLength..], packet[range], dissection);
            case ProtocolAuthenticationHeader when totalLength <= packet.Length && totalLength >= headerLength:
                return VrrpExplanation.ExplainAuthenticated(packet[headerLength..totalLength], dissection);
            case ProtocolAuthenticationHeader:
                return dissection with { Kind = PacketKind.Malformed, Summary = "IPv4 packet with authentication header, shorter than its total length" };
            default:
                return dissection with { Summary = $"IPv4 with protocol {packet[9]} from {context.Source} to {context.Destination}" };
        }
    }

    private static Dissection IPv6(ReadOnlySpan<byte> packet, Dissection dissection)
    {
        PacketContext context = new(
            InternetAddress.FromBytes(packet.Slice(8, 16)), InternetAddress.FromBytes(packet.Slice(24, 16)), packet[7]);
        dissection = dissection with { Context = context };
        int length = BinaryPrimitives.ReadUInt16BigEndian(packet[4..]);
        byte next = packet[6];
        if (packet.Length < IPv6HeaderLength + length)
        {
            return next == VrrpCodec.Protocol
                ? dissection with { Kind = PacketKind.Vrrp, Message = packet[IPv6HeaderLength..].ToArray(), Error = DecodeError.Truncated }
                : dissection with { Summary = "IPv6 packet shorter than its payload length" };
        }

        ReadOnlySpan<byte> payload = packet.Slice(IPv6HeaderLength, length);
        for (int headers = 0; headers < ExtensionHeadersMax && next is 0 or 43 or 60 && payload.Length >= 8; headers++)
        {
            next = payload[0];
            payload = payload[Math.Min((payload[1] + 1) * 8, payload.Length)..];
        }

        return next switch
        {
            VrrpCodec.Protocol => VrrpExplanation.Explain(payload, dissection),
            ProtocolAuthenticationHeader => VrrpExplanation.ExplainAuthenticated(payload, dissection),
            ProtocolIcmpV6 => Icmp(payload, dissection),
            _ => dissection with { Summary = $"IPv6 with next header {next} from {context.Source} to {context.Destination}" },
        };
    }

    private static Dissection Icmp(ReadOnlySpan<byte> icmp, Dissection dissection)
    {
        PacketContext context = dissection.Context;

        // RFC 4861 section 4.4: type 136; the solicited flag marks an answer, which announces nothing new.
        if (icmp.Length < 24 || icmp[0] != 136 || (icmp[4] & 0x40) != 0)
        {
            return dissection with { Summary = $"ICMPv6 from {context.Source} to {context.Destination}" };
        }

        InternetChecksum checksum = default;
        checksum.AddPseudoHeader(context.Source, context.Destination, ProtocolIcmpV6, icmp.Length);
        checksum.Add(icmp);
        if (checksum.Value != 0 || context.Ttl != 255)
        {
            string what = context.Ttl != 255 ? $"hop limit {context.Ttl} instead of 255" : "a wrong checksum";
            return dissection with { Kind = PacketKind.Malformed, Summary = $"neighbour advertisement with {what} (RFC 4861 section 7.1.2)" };
        }

        bool hasOption = icmp.Length >= 32 && icmp[24] == 2 && icmp[25] == 1;
        string[] notes = (icmp[4] & 0x20) != 0 ? [] : ["without the override flag: hosts keep the hardware address they know"];
        return dissection with
        {
            Kind = PacketKind.NeighborAdvertisement,
            Claimed = InternetAddress.FromBytes(icmp.Slice(8, 16)),
            ClaimedBy = hasOption ? Mac(icmp[26..]) : "",
            Notes = [.. dissection.Notes, .. notes],
        };
    }

    private static Dissection Arp(ReadOnlySpan<byte> arp, Dissection dissection)
    {
        bool isIPv4OverEthernet = arp.Length >= 28 && arp[..6].SequenceEqual((ReadOnlySpan<byte>)[0, 1, 8, 0, 6, 4]);
        if (!isIPv4OverEthernet)
        {
            return dissection with { Summary = "ARP, not for IPv4 over Ethernet or cut short" };
        }

        InternetAddress sender = InternetAddress.FromBytes(arp.Slice(14, 4));
        InternetAddress target = InternetAddress.FromBytes(arp.Slice(24, 4));

        // RFC 5227 section 3: an announcement has the same address twice, in a request or in a reply.
        if (sender != target)
        {
            return dissection with { Summary = $"ARP from {sender} for {target}" };
        }

        string mac = Mac(arp[8..]);
        bool isOther = dissection.EthernetSource.Length > 0 && dissection.EthernetSource != mac;
        string[] notes = isOther ? [$"the frame comes from {dissection.EthernetSource}, another hardware address"] : [];
        return dissection with { Kind = PacketKind.GratuitousArp, Claimed = sender, ClaimedBy = mac, Notes = [.. dissection.Notes, .. notes] };
    }

    // A bare message says neither who sent it nor over which IP version; the length tells the latter.
    private static Dissection Message(ReadOnlySpan<byte> bytes)
    {
        Dissection dissection = new(PacketStart.VrrpMessage);
        bool isVersion3 = bytes.Length >= VrrpCodec.HeaderLength && bytes[0] >> 4 == 3;
        if (!isVersion3)
        {
            return VrrpExplanation.Explain(bytes, dissection);
        }

        int lengthIPv6 = VrrpCodec.MessageLength(3, bytes[3], isIPv6: true);
        bool isIPv6 = bytes[3] > 0 && (bytes.Length == lengthIPv6 || bytes.Length == lengthIPv6 + VrrpExplanation.TrailerLength);
        InternetAddress unspecified = isIPv6 ? InternetAddress.FromBytes(stackalloc byte[16]) : InternetAddress.None;
        return VrrpExplanation.Explain(bytes, dissection with
        {
            Context = new PacketContext(InternetAddress.None, unspecified, IsChecksumVerified: true),
            Notes = ["the checksum is not compared: it covers the IP addresses too, and those are not in a bare message"],
        });
    }

    private static string Mac(ReadOnlySpan<byte> bytes) =>
        $"{bytes[0]:x2}:{bytes[1]:x2}:{bytes[2]:x2}:{bytes[3]:x2}:{bytes[4]:x2}:{bytes[5]:x2}";
}
