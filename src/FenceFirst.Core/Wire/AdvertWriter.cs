using System.Buffers.Binary;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Wire;

/// <summary>Writes advertisements, byte for byte as keepalived does; the layouts are drawn at <see cref="VrrpCodec"/>.</summary>
/// <remarks>Nothing is allocated. The configuration is legal by construction; a buffer that is too short is a bug of ours and throws.</remarks>
public static class AdvertWriter
{
    /// <summary>Longest packet in bytes that <see cref="WriteIPv4"/> writes: 255 addresses, version 2.</summary>
    public const int IPv4BytesMax = VrrpCodec.IPv4HeaderLength + VrrpCodec.HeaderLength + (255 * 4) + VrrpCodec.AuthenticationDataLength;

    /// <summary>Longest message in bytes that <see cref="WriteIPv6"/> writes: 255 addresses.</summary>
    public const int IPv6BytesMax = VrrpCodec.HeaderLength + (255 * 16);

    // Internetwork control, precedence 6: keepalived, and RFC 791 section 3.1.
    private const byte TypeOfService = 0xc0;

    /// <summary>Writes an advertisement with its IPv4 header and returns the number of bytes.</summary>
    /// <param name="destination">Where to write; <see cref="IPv4BytesMax"/> bytes always suffice.</param>
    /// <param name="config">The virtual router.</param>
    /// <param name="priority">Effective priority, or 0 to release the addresses.</param>
    /// <param name="source">Our address on the link.</param>
    /// <param name="target">The multicast group or one unicast peer.</param>
    /// <param name="identification">IPv4 identification; keepalived counts from 1 per instance and never sends 0.</param>
    public static int WriteIPv4(
        Span<byte> destination, VrrpConfig config, byte priority, InternetAddress source, InternetAddress target, ushort identification)
    {
        Invariant.Check(source.IsIPv4 && target.IsIPv4, "an IPv4 advert has IPv4 addresses in its header");
        int messageLength = VrrpCodec.MessageLength(config.Version, config.Addresses.Count, isIPv6: false);
        int totalLength = VrrpCodec.IPv4HeaderLength + messageLength;
        Span<byte> header = destination[..VrrpCodec.IPv4HeaderLength];
        header.Clear();
        header[0] = 0x45;
        header[1] = TypeOfService;
        BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)totalLength);
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], identification);
        header[8] = TimeToLive(config, target);
        header[9] = VrrpCodec.Protocol;
        source.WriteTo(header[12..]);
        target.WriteTo(header[16..]);

        // The kernel fills in the header checksum of raw packets; written all the same, so that a packet is complete without a kernel.
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], InternetChecksum.Compute(header));

        WriteMessage(destination.Slice(VrrpCodec.IPv4HeaderLength, messageLength), config, priority, source, target);
        return totalLength;
    }

    /// <summary>Writes the message of an IPv6 advertisement, without IP header, and returns the number of bytes.</summary>
    /// <param name="destination">Where to write; <see cref="IPv6BytesMax"/> bytes always suffice.</param>
    /// <param name="config">The virtual router.</param>
    /// <param name="priority">Effective priority, or 0 to release the addresses.</param>
    /// <param name="source">Our address on the link; must be the one that the packet leaves with, since the checksum covers it.</param>
    /// <param name="target">The multicast group or one unicast peer.</param>
    public static int WriteIPv6(Span<byte> destination, VrrpConfig config, byte priority, InternetAddress source, InternetAddress target)
    {
        Invariant.Check(source.IsIPv6 && target.IsIPv6, "an IPv6 advert has IPv6 addresses in its header");
        Invariant.Check(config.Version == 3, "version 2 knows IPv4 only");
        int messageLength = VrrpCodec.MessageLength(config.Version, config.Addresses.Count, isIPv6: true);
        WriteMessage(destination[..messageLength], config, priority, source, target);
        return messageLength;
    }

    private static byte TimeToLive(VrrpConfig config, InternetAddress target)
    {
        // RFC 9568 section 5.1.1.3: 255. keepalived's unicast_ttl changes unicast only.
        bool isConfigured = !target.IsMulticast && config.UnicastTtl >= 0;
        return isConfigured ? (byte)config.UnicastTtl : (byte)255;
    }

    private static void WriteMessage(Span<byte> message, VrrpConfig config, byte priority, InternetAddress source, InternetAddress target)
    {
        message.Clear();
        message[0] = (byte)((config.Version << 4) | 1);
        message[1] = config.Vrid;
        message[2] = priority;
        message[3] = (byte)config.Addresses.Count;
        if (config.Version == 2)
        {
            message[4] = (byte)config.Authentication;
            message[5] = (byte)(config.AdvertInterval.Ticks / TimeSpan.TicksPerSecond);
        }
        else
        {
            // RFC 9568 sections 5.2.6 and 5.2.7: four reserved bits of 0, then 12 bits of centiseconds.
            long centiseconds = config.AdvertInterval.Ticks / (TimeSpan.TicksPerMillisecond * 10);
            BinaryPrimitives.WriteUInt16BigEndian(message[4..], (ushort)(centiseconds & 0x0fff));
        }

        // Configuration order, as keepalived.
        // DEVIATION: RFC 9568 section 5.2.9 wants an IPv6 link-local address first; the operator decides by the order.
        int position = VrrpCodec.HeaderLength;
        foreach (VirtualAddress address in config.Addresses)
        {
            Invariant.Check(address.Address.Length == source.Length, "advertised addresses are of the advert's family");
            position += address.Address.WriteTo(message[position..]);
        }

        if (config.Version == 2 && config.Authentication == AuthenticationType.SimplePassword)
        {
            config.Password.Span.CopyTo(message[position..]);
        }

        BinaryPrimitives.WriteUInt16BigEndian(message[6..], Checksum(message, config, source, target));
    }

    private static ushort Checksum(ReadOnlySpan<byte> message, VrrpConfig config, InternetAddress source, InternetAddress target)
    {
        InternetChecksum checksum = default;
        checksum.Add(message);

        // RFC 3768 section 5.3.8: no pseudo header. RFC 9568 section 5.2.8: with it, unless v3_checksum_as_v2 says otherwise for IPv4.
        bool isPlain = config.Version == 2 || (config.IsChecksumAsV2 && source.IsIPv4);
        if (!isPlain)
        {
            checksum.AddPseudoHeader(source, target, VrrpCodec.Protocol, message.Length);
        }

        return checksum.Value;
    }
}
