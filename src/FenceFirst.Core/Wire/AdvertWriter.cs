using System.Buffers.Binary;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Wire;

/// <summary>Writes advertisements, byte for byte as keepalived does; the layouts are drawn at <see cref="VrrpCodec"/>.</summary>
/// <remarks>Nothing is allocated. The configuration is legal by construction; a buffer that is too short is a bug of ours and throws.</remarks>
public static class AdvertWriter
{
    /// <summary>Longest packet in bytes that <see cref="WriteIPv4"/> writes: 255 addresses, version 2, with trailer, which is longer than an authentication header.</summary>
    public const int IPv4BytesMax =
        VrrpCodec.IPv4HeaderLength + VrrpCodec.HeaderLength + (255 * 4) + VrrpCodec.AuthenticationDataLength + HmacTrailer.Length;

    /// <summary>Longest message in bytes that <see cref="WriteIPv6"/> writes: 255 addresses, with trailer.</summary>
    public const int IPv6BytesMax = VrrpCodec.HeaderLength + (255 * 16) + HmacTrailer.Length;

    // Internetwork control, precedence 6: keepalived, and RFC 791 section 3.1.
    private const byte TypeOfService = 0xc0;

    /// <summary>Writes an advertisement with its IPv4 header and returns the number of bytes.</summary>
    /// <param name="destination">Where to write; <see cref="IPv4BytesMax"/> bytes always suffice.</param>
    /// <param name="config">The virtual router.</param>
    /// <param name="priority">Effective priority, or 0 to release the addresses.</param>
    /// <param name="source">Our address on the link.</param>
    /// <param name="target">The multicast group or one unicast peer.</param>
    /// <param name="identification">IPv4 identification; keepalived counts from 1 per instance and never sends 0.</param>
    /// <param name="trailer">What <see cref="HmacTrailer.Sign"/> wrote for this advert; empty for an instance that does not sign.</param>
    /// <param name="sequence">What <see cref="AuthenticationHeaderState.Next"/> gave for this advert; only used with auth_type AH.</param>
    /// <param name="isChecksumOld">Whether a unicast checksum covers 224.0.0.18 in place of the target: see <see cref="OldChecksum"/>.</param>
    public static int WriteIPv4(
        Span<byte> destination,
        VrrpConfig config,
        byte priority,
        InternetAddress source,
        InternetAddress target,
        ushort identification,
        ReadOnlySpan<byte> trailer = default,
        uint sequence = 0,
        bool isChecksumOld = false)
    {
        Invariant.Check(source.IsIPv4 && target.IsIPv4, "an IPv4 advert has IPv4 addresses in its header");
        int messageLength = VrrpCodec.MessageLength(config.Version, config.Addresses.Count, isIPv6: false);
        bool hasHeader = config.Authentication == AuthenticationType.AuthenticationHeader;
        int messageStart = VrrpCodec.IPv4HeaderLength + (hasHeader ? AuthenticationHeader.Length : 0);
        int totalLength = messageStart + messageLength + trailer.Length;
        Span<byte> header = destination[..VrrpCodec.IPv4HeaderLength];
        header.Clear();
        header[0] = 0x45;
        header[1] = TypeOfService;
        BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)totalLength);
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], identification);
        header[8] = TimeToLive(config, target);
        header[9] = hasHeader ? AuthenticationHeader.Protocol : VrrpCodec.Protocol;
        source.WriteTo(header[12..]);
        target.WriteTo(header[16..]);

        // The kernel fills in the header checksum of raw packets; written all the same, so that a packet is complete without a kernel.
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], InternetChecksum.Compute(header));

        InternetAddress covered = isChecksumOld && !target.IsMulticast ? InternetAddress.FromIPv4(VrrpCodec.MulticastGroupIPv4) : target;
        WriteMessage(destination[messageStart..totalLength], config, priority, source, covered, trailer);
        if (hasHeader)
        {
            AuthenticationHeader.Write(destination[..totalLength], config, source, sequence);
        }

        return totalLength;
    }

    /// <summary>Writes the message of an IPv6 advertisement, without IP header, and returns the number of bytes.</summary>
    /// <param name="destination">Where to write; <see cref="IPv6BytesMax"/> bytes always suffice.</param>
    /// <param name="config">The virtual router.</param>
    /// <param name="priority">Effective priority, or 0 to release the addresses.</param>
    /// <param name="source">Our address on the link; must be the one that the packet leaves with, since the checksum covers it.</param>
    /// <param name="target">The multicast group or one unicast peer.</param>
    /// <param name="trailer">What <see cref="HmacTrailer.Sign"/> wrote for this advert; empty for an instance that does not sign.</param>
    public static int WriteIPv6(
        Span<byte> destination, VrrpConfig config, byte priority, InternetAddress source, InternetAddress target, ReadOnlySpan<byte> trailer = default)
    {
        Invariant.Check(source.IsIPv6 && target.IsIPv6, "an IPv6 advert has IPv6 addresses in its header");
        Invariant.Check(config.Version == 3, "version 2 knows IPv4 only");
        int length = VrrpCodec.MessageLength(config.Version, config.Addresses.Count, isIPv6: true) + trailer.Length;
        WriteMessage(destination[..length], config, priority, source, target, trailer);
        return length;
    }

    /// <summary>Writes a message whose checksum is 0, which is what <see cref="HmacTrailer"/> signs; the span has exactly its length.</summary>
    internal static void WriteWithoutChecksum(Span<byte> message, VrrpConfig config, byte priority, InternetAddress source)
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
    }

    private static byte TimeToLive(VrrpConfig config, InternetAddress target)
    {
        // RFC 9568 section 5.1.1.3: 255. keepalived's unicast_ttl changes unicast only.
        bool isConfigured = !target.IsMulticast && config.UnicastTtl >= 0;
        return isConfigured ? (byte)config.UnicastTtl : (byte)255;
    }

    // The span holds the message and the trailer.
    private static void WriteMessage(
        Span<byte> payload, VrrpConfig config, byte priority, InternetAddress source, InternetAddress target, ReadOnlySpan<byte> trailer)
    {
        Invariant.Check(trailer.Length == (config.Hmac is { IsSigning: true } ? HmacTrailer.Length : 0), "an instance that signs has a trailer, another has none");
        Span<byte> message = payload[..^trailer.Length];
        WriteWithoutChecksum(message, config, priority, source);
        trailer.CopyTo(payload[message.Length..]);

        // keepalived: over IPv6 the kernel computes the checksum and covers the trailer, over IPv4 the trailer is left out.
        ReadOnlySpan<byte> covered = source.IsIPv6 ? payload : message;
        BinaryPrimitives.WriteUInt16BigEndian(message[6..], Checksum(covered, config, source, target));
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
