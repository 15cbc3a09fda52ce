using System.Buffers.Binary;
using System.Net;
using System.Net.NetworkInformation;

namespace FenceFirst.SystemTests;

/// <summary>What a capture saw on the wire, read without any of the daemon's own code. The time is the kernel's.</summary>
internal abstract record Frame(DateTime At, PhysicalAddress SourceMac)
{
    /// <summary>A VRRP advert. Version 2 counts its interval in seconds, version 3 in hundredths.</summary>
    internal sealed record Vrrp(
        DateTime At, PhysicalAddress SourceMac, IPAddress Source, IPAddress Destination, int HopLimit,
        int Version, int Vrid, int Priority, int AuthType, TimeSpan Interval, IReadOnlyList<IPAddress> Addresses)
        : Frame(At, SourceMac)
    {
        /// <summary>The auth_hmac trailer behind the message; empty where there is none.</summary>
        public required byte[] Trailer { get; init; }

        /// <summary>The sequence of the authentication header; null where there is none.</summary>
        public uint? Sequence { get; init; }

        /// <summary>The id of the key that signed it; null where nobody did.</summary>
        public int? KeyId => Trailer.Length > 1 ? Trailer[1] : null;

        /// <summary>The whole frame, from the Ethernet header on, to be sent once more.</summary>
        public required byte[] Bytes { get; init; }
    }

    /// <summary>An ARP packet, or the IPv6 message that does its work: a neighbour advertisement or solicitation.</summary>
    internal sealed record Neighbour(DateTime At, PhysicalAddress SourceMac, NeighbourKind Kind, IPAddress Sender, IPAddress Target)
        : Frame(At, SourceMac);

    /// <summary>Reads one Ethernet frame; null for everything the tests do not look at.</summary>
    public static Frame? Read(DateTime at, ReadOnlySpan<byte> frame)
    {
        if (frame.Length < 14)
        {
            return null;
        }
        PhysicalAddress source = new(frame[6..12].ToArray());
        ReadOnlySpan<byte> rest = frame[14..];
        return BinaryPrimitives.ReadUInt16BigEndian(frame[12..]) switch
        {
            0x0806 when rest.Length >= 28 => ReadArp(at, source, rest),
            0x0800 when rest.Length >= 20 => ReadIPv4(at, source, frame),
            0x86DD when rest.Length >= 40 => ReadIPv6(at, source, frame),
            _ => null,
        };
    }

    private static Neighbour ReadArp(DateTime at, PhysicalAddress mac, ReadOnlySpan<byte> arp)
    {
        IPAddress sender = new(arp[14..18]), target = new(arp[24..28]);
        NeighbourKind kind = sender.Equals(target) ? NeighbourKind.Gratuitous : arp[7] == 1 ? NeighbourKind.Question : NeighbourKind.Answer;
        return new Neighbour(at, mac, kind, sender, target);
    }

    private static Vrrp? ReadIPv4(DateTime at, PhysicalAddress mac, ReadOnlySpan<byte> frame)
    {
        ReadOnlySpan<byte> packet = frame[14..];
        int header = (packet[0] & 0x0f) * 4, total = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        if (packet[9] == 51 && total <= packet.Length && total - header >= 32 && packet[header] == 112)
        {
            // RFC 2402: the length in words less 2, and the sequence in the third one.
            int message = header + ((packet[header + 1] + 2) * 4);
            uint sequence = BinaryPrimitives.ReadUInt32BigEndian(packet[(header + 8)..]);
            return message + 8 <= total
                ? ReadVrrp(at, mac, new IPAddress(packet[12..16]), new IPAddress(packet[16..20]), packet[8], packet[message..total], 4, frame) with { Sequence = sequence }
                : null;
        }
        return packet[9] == 112 && total <= packet.Length && total - header >= 8
            ? ReadVrrp(at, mac, new IPAddress(packet[12..16]), new IPAddress(packet[16..20]), packet[8], packet[header..total], 4, frame)
            : null;
    }

    private static Frame? ReadIPv6(DateTime at, PhysicalAddress mac, ReadOnlySpan<byte> frame)
    {
        ReadOnlySpan<byte> packet = frame[14..];
        int length = BinaryPrimitives.ReadUInt16BigEndian(packet[4..]);
        if (40 + length > packet.Length || length < 8)
        {
            return null;
        }
        IPAddress source = new(packet[8..24]), destination = new(packet[24..40]);
        ReadOnlySpan<byte> payload = packet.Slice(40, length);
        if (packet[6] == 112)
        {
            return ReadVrrp(at, mac, source, destination, packet[7], payload, 16, frame);
        }
        if (packet[6] == 58 && length >= 24 && payload[0] is 135 or 136)
        {
            bool advertisement = payload[0] == 136, solicited = (payload[4] & 0x40) != 0;
            NeighbourKind kind = !advertisement ? NeighbourKind.Question : solicited ? NeighbourKind.Answer : NeighbourKind.Gratuitous;
            return new Neighbour(at, mac, kind, source, new IPAddress(payload[8..24]));
        }
        return null;
    }

    // Version and type, VRID, priority, count; then version 2: auth type, seconds; version 3: hundredths of a second in 12 bits; then the checksum.
    private static Vrrp ReadVrrp(DateTime at, PhysicalAddress mac, IPAddress source, IPAddress destination, int hopLimit, ReadOnlySpan<byte> advert, int addressLength, ReadOnlySpan<byte> frame)
    {
        int version = advert[0] >> 4, count = advert[3];
        TimeSpan interval = version == 2
            ? TimeSpan.FromSeconds(advert[5])
            : TimeSpan.FromMilliseconds(10 * (BinaryPrimitives.ReadUInt16BigEndian(advert[4..]) & 0x0fff));
        List<IPAddress> addresses = [];
        for (int i = 0; i < count && 8 + ((i + 1) * addressLength) <= advert.Length; i++)
        {
            addresses.Add(new IPAddress(advert.Slice(8 + (i * addressLength), addressLength)));
        }
        // Over IPv4 version 2 has eight bytes of authentication data behind the addresses.
        int message = 8 + (count * addressLength) + (version == 2 ? 8 : 0);
        byte[] trailer = advert.Length > message ? advert[message..].ToArray() : [];
        return new Vrrp(at, mac, source, destination, hopLimit, version, advert[1], advert[2], version == 2 ? advert[4] : 0, interval, addresses)
        {
            Trailer = trailer,
            Bytes = frame.ToArray(),
        };
    }
}

/// <summary>What a neighbour message does: asks, answers, or tells unasked.</summary>
internal enum NeighbourKind
{
    Question,
    Answer,
    Gratuitous,
}
