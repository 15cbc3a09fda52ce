using System.Buffers.Binary;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Wire;

/// <summary>Reads VRRP advertisements: every check that needs no configuration, in the order of RFC 9568 section 7.1.</summary>
/// <remarks>
/// <para>Version 3, RFC 9568 section 5.1:</para>
/// <code>
///     0                   1                   2                   3
///     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///  0 |   3   | Type 1| Virtual Rtr ID|   Priority    |IPvX Addr Count|
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///  4 |Reserve| Max Advertise Interval|          Checksum             |   centiseconds; checksum with pseudo header
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///  8 |              IPvX addresses: count times 4 or 16 bytes        |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// </code>
/// <para>Version 2, RFC 3768 section 5.1 (IPv4 only):</para>
/// <code>
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///  0 |   2   | Type 1| Virtual Rtr ID|   Priority    | Count IP Addrs|
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///  4 |   Auth Type   |   Adver Int   |          Checksum             |   seconds; checksum without pseudo header
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///  8 |              IP addresses: count times 4 bytes                |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///    |              Authentication data: always 8 bytes              |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// </code>
/// <para>No input throws and nothing is allocated. What depends on the configuration is in <see cref="AdvertAcceptance"/>.</para>
/// </remarks>
public static class VrrpCodec
{
    /// <summary>IP protocol number of VRRP (RFC 9568 section 5.1.1.4).</summary>
    public const byte Protocol = 112;

    /// <summary>Length in bytes of the part in front of the addresses, both versions.</summary>
    public const int HeaderLength = 8;

    /// <summary>Length in bytes of the authentication data that ends every version 2 message (RFC 3768 section 5.3.10).</summary>
    public const int AuthenticationDataLength = 8;

    /// <summary>Length in bytes of an IPv4 header without options.</summary>
    public const int IPv4HeaderLength = 20;

    // An Ethernet frame carries 46 bytes at least; what is missing is filled up behind the IP packet.
    private const int EthernetPayloadBytesMin = 46;

    // RFC 9568 section 5.1.1.2; also the destination in the pseudo header of old keepalived unicast adverts.
    internal const uint MulticastGroupIPv4 = 0xe0000012;

    // RFC 9568 section 5.2.7: the interval is in hundredths of a second.
    private const long TicksPerCentisecond = TimeSpan.TicksPerMillisecond * 10;

    /// <summary>Reads a VRRP message that starts behind the IP header; on refusal <paramref name="error"/> names the first rule that it breaks.</summary>
    /// <param name="message">The message; it may be followed by Ethernet padding.</param>
    /// <param name="context">What the IP header said.</param>
    /// <param name="advert">The advertisement; the default value if refused.</param>
    /// <param name="error"><see cref="DecodeError.None"/> or the reason.</param>
    public static bool TryDecode(ReadOnlySpan<byte> message, in PacketContext context, out VrrpAdvert advert, out DecodeError error)
    {
        error = Check(message, context);
        advert = error == DecodeError.None ? Read(message) : default;
        return error == DecodeError.None;
    }

    /// <summary>Reads a packet that starts at its IPv4 header, as a raw socket delivers it.</summary>
    /// <remarks>The IPv4 header checksum is not compared: the kernel has done so, and captures of outgoing packets often lack it.</remarks>
    /// <param name="packet">The packet; it may be followed by Ethernet padding.</param>
    /// <param name="isChecksumAsV2">See <see cref="PacketContext.IsChecksumAsV2"/>.</param>
    /// <param name="advert">The advertisement; the default value if refused.</param>
    /// <param name="context">What the IPv4 header said; filled in as soon as there is a whole header, also if the message is refused.</param>
    /// <param name="message">Where the VRRP message lies in the packet; empty if the IPv4 header is refused.</param>
    /// <param name="error"><see cref="DecodeError.None"/> or the reason.</param>
    public static bool TryDecodeIPv4(
        ReadOnlySpan<byte> packet, bool isChecksumAsV2, out VrrpAdvert advert, out PacketContext context, out Range message, out DecodeError error) =>
        TryDecodeIPv4(packet, isChecksumAsV2, isTrailerAllowed: false, out advert, out context, out message, out error);

    /// <summary>Reads a packet that starts at its IPv4 header and may end with an auth_hmac trailer; the message then includes the trailer.</summary>
    /// <param name="packet">The packet; it may be followed by Ethernet padding.</param>
    /// <param name="isChecksumAsV2">See <see cref="PacketContext.IsChecksumAsV2"/>.</param>
    /// <param name="isTrailerAllowed">See <see cref="PacketContext.IsTrailerAllowed"/>.</param>
    /// <param name="advert">The advertisement; the default value if refused.</param>
    /// <param name="context">What the IPv4 header said; filled in as soon as there is a whole header, also if the message is refused.</param>
    /// <param name="message">Where the VRRP message lies in the packet; empty if the IPv4 header is refused.</param>
    /// <param name="error"><see cref="DecodeError.None"/> or the reason.</param>
    public static bool TryDecodeIPv4(
        ReadOnlySpan<byte> packet,
        bool isChecksumAsV2,
        bool isTrailerAllowed,
        out VrrpAdvert advert,
        out PacketContext context,
        out Range message,
        out DecodeError error)
    {
        advert = default;
        error = ReadIPv4Header(packet, isChecksumAsV2, out context, out message);
        context = context with { IsTrailerAllowed = isTrailerAllowed };
        return error == DecodeError.None && TryDecode(packet[message], context, out advert, out error);
    }

    /// <summary>The addresses of a message that <see cref="TryDecode"/> accepted, still in network order; empty if the message does not hold them.</summary>
    public static ReadOnlySpan<byte> AddressesOf(ReadOnlySpan<byte> message, in VrrpAdvert advert, bool isIPv6)
    {
        int length = advert.AddressCount * AddressLength(isIPv6);
        return message.Length < HeaderLength + length ? default : message.Slice(HeaderLength, length);
    }

    /// <summary>The 8 bytes of authentication data of a version 2 message; empty in version 3 or if the message does not hold them.</summary>
    public static ReadOnlySpan<byte> AuthenticationDataOf(ReadOnlySpan<byte> message, in VrrpAdvert advert)
    {
        int start = HeaderLength + (advert.AddressCount * AddressLength(isIPv6: false));
        return advert.Version != 2 || message.Length < start + AuthenticationDataLength ? default : message.Slice(start, AuthenticationDataLength);
    }

    /// <summary>The auth_hmac trailer behind a message that <see cref="TryDecode"/> accepted; empty if there is none. Not verified.</summary>
    public static ReadOnlySpan<byte> TrailerOf(ReadOnlySpan<byte> message, in VrrpAdvert advert, bool isIPv6)
    {
        int length = MessageLength(advert.Version, advert.AddressCount, isIPv6);
        return message.Length == length + HmacTrailer.Length ? message[length..] : default;
    }

    /// <summary>Length in bytes of a message with that many addresses.</summary>
    public static int MessageLength(byte version, int addressCount, bool isIPv6) =>
        HeaderLength + (addressCount * AddressLength(isIPv6)) + (version == 2 ? AuthenticationDataLength : 0);

    /// <summary>Whether the checksum of a message that <see cref="TryDecode"/> accepted is that of an old keepalived: see <see cref="OldChecksum"/>.</summary>
    public static bool IsOldUnicastChecksum(ReadOnlySpan<byte> message, in VrrpAdvert advert, in PacketContext context)
    {
        bool canBe = advert.Version == 3 && context.Destination.IsIPv4 && !context.Destination.IsMulticast && !context.IsChecksumVerified;
        int length = MessageLength(advert.Version, advert.AddressCount, isIPv6: false);
        return canBe
            && message.Length >= length
            && IsChecksumRight(message[..length], context.Source, InternetAddress.FromIPv4(MulticastGroupIPv4))
            && !IsChecksumRight(message[..length], context.Source, context.Destination);
    }

    private static int AddressLength(bool isIPv6) => isIPv6 ? 16 : 4;

    private static DecodeError ReadIPv4Header(ReadOnlySpan<byte> packet, bool isChecksumAsV2, out PacketContext context, out Range message)
    {
        context = new PacketContext(InternetAddress.None, InternetAddress.None);
        message = default;

        // RFC 9568 section 7.1: the packet is complete. RFC 791 section 3.1: five words at least, the first nibble is 4.
        if (packet.Length < IPv4HeaderLength || packet[0] >> 4 != 4)
        {
            return DecodeError.Truncated;
        }

        context = new PacketContext(
            InternetAddress.FromBytes(packet.Slice(12, 4)),
            InternetAddress.FromBytes(packet.Slice(16, 4)),
            packet[8],
            IsChecksumVerified: false,
            isChecksumAsV2);

        int headerLength = (packet[0] & 0x0f) * 4;
        int totalLength = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        if (headerLength < IPv4HeaderLength || totalLength < headerLength || totalLength > packet.Length)
        {
            return DecodeError.Truncated;
        }

        // RFC 9568 section 7.1: the packet is complete. The kernel reassembles; a capture shows fragments as they are.
        bool isFragment = (BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & 0x3fff) != 0;
        if (isFragment)
        {
            return DecodeError.Truncated;
        }

        // RFC 9568 section 5.1.1.4: the protocol is 112. keepalived's auth_type AH has an authentication header in front of it (RFC 2402 section 2).
        bool hasHeader = packet[9] == AuthenticationHeader.Protocol;
        if (packet[9] != Protocol && !hasHeader)
        {
            return DecodeError.WrongProtocol;
        }

        if (hasHeader && !AuthenticationHeader.IsWellFormed(packet[headerLength..totalLength]))
        {
            return DecodeError.AuthenticationHeaderMalformed;
        }

        // keepalived compares the total length with what was received, but lets padding pass.
        if (packet.Length > totalLength && !IsEthernetPadding(totalLength, packet.Length))
        {
            return DecodeError.WrongLength;
        }

        context = context with { HasAuthenticationHeader = hasHeader };
        message = (headerLength + (hasHeader ? AuthenticationHeader.Length : 0))..totalLength;
        return DecodeError.None;
    }

    private static DecodeError Check(ReadOnlySpan<byte> message, in PacketContext context)
    {
        // RFC 9568 section 7.1: complete packet, here the fixed fields, without which no other rule can be looked at.
        if (message.Length < HeaderLength)
        {
            return DecodeError.Truncated;
        }

        // RFC 9568 sections 5.1.1.3, 5.1.2.3 and 7.1: TTL or hop limit 255. Unicast is keepalived's extension; its IPv6 adverts leave with hop limit 64.
        if (context.Destination.IsMulticast && context.Ttl is not (255 or -1))
        {
            return DecodeError.WrongTtl;
        }

        // RFC 9568 section 7.1: version 3. RFC 3768 section 7.1: version 2, which knows IPv4 only (section 5.3.9).
        int version = message[0] >> 4;
        if (version is not (2 or 3) || (version == 2 && context.IsIPv6))
        {
            return DecodeError.WrongVersion;
        }

        // RFC 9568 sections 5.2.2 and 7.1, RFC 3768 section 5.3.2: a packet with unknown type is discarded.
        if ((message[0] & 0x0f) != 1)
        {
            return DecodeError.WrongType;
        }

        // RFC 9568 section 7.1, RFC 3768 section 7.1: complete packet with all addresses, and in version 2 the authentication data.
        // DEVIATION: RFC 9568 section 5.2.5 (erratum 8299) has a count of 0 ignored. keepalived sends it for an instance that has excluded addresses
        // only, and to ignore it would make both routers hold those.
        int length = MessageLength((byte)version, message[3], context.IsIPv6);
        int headers = IPv4HeaderLength + (context.HasAuthenticationHeader ? AuthenticationHeader.Length : 0);
        bool isPadded = !context.IsIPv6 && IsEthernetPadding(headers + length, headers + message.Length);

        // keepalived tells by the exact length alone whether there is an auth_hmac trailer; Ethernet padding never has this length.
        bool hasTrailer = context.IsTrailerAllowed && message.Length == length + HmacTrailer.Length;
        if (message.Length != length && !isPadded && !hasTrailer)
        {
            return DecodeError.WrongLength;
        }

        // RFC 9568 sections 5.2.8 and 7.1, RFC 3768 sections 5.3.8 and 7.1: the checksum.
        // keepalived: over IPv6 the kernel computes it and covers the trailer, over IPv4 the trailer is left out.
        ReadOnlySpan<byte> covered = hasTrailer && context.IsIPv6 ? message : message[..length];
        if (!context.IsChecksumVerified && !IsChecksumRight(covered, context))
        {
            return DecodeError.WrongChecksum;
        }

        // RFC 9568 section 5.2.3: identifiers are 1..255. Whether this one is configured (section 7.1) the receiver has to know.
        if (message[1] == 0)
        {
            return DecodeError.UnknownVrid;
        }

        // RFC 3768 section 5.3.6: unknown authentication types are discarded; 1 and 2 keep their meaning of RFC 2338.
        if (version == 2 && message[4] > (byte)AuthenticationType.AuthenticationHeader)
        {
            return DecodeError.UnknownAuthenticationType;
        }

        // RFC 9568 section 6.1: the timers of a backup follow the interval it hears. With 0 the master would count as lost at once and for ever.
        return ReadInterval(message) == TimeSpan.Zero ? DecodeError.WrongInterval : DecodeError.None;
    }

    private static VrrpAdvert Read(ReadOnlySpan<byte> message) => new(
        Version: (byte)(message[0] >> 4),
        Vrid: message[1],
        Priority: message[2],
        AddressCount: message[3],
        ReadInterval(message),
        message[0] >> 4 == 2 ? (AuthenticationType)message[4] : AuthenticationType.None);

    // RFC 9568 section 5.2.6: the reserved bits are ignored. RFC 3768 section 5.3.7: seconds.
    private static TimeSpan ReadInterval(ReadOnlySpan<byte> message) => message[0] >> 4 == 2
        ? new TimeSpan(message[5] * TimeSpan.TicksPerSecond)
        : new TimeSpan((BinaryPrimitives.ReadUInt16BigEndian(message[4..]) & 0x0fff) * TicksPerCentisecond);

    private static bool IsChecksumRight(ReadOnlySpan<byte> message, in PacketContext context)
    {
        // RFC 3768 section 5.3.8: from the version field on, no pseudo header.
        bool isPlain = message[0] >> 4 == 2;

        // keepalived's v3_checksum_as_v2. Different from it: keepalived then accepts any checksum, we accept the plain one and the one of RFC 9568.
        bool isPlainAllowed = isPlain || (context.IsChecksumAsV2 && !context.IsIPv6);
        if (isPlainAllowed && InternetChecksum.Compute(message) == 0)
        {
            return true;
        }

        if (isPlain)
        {
            return false;
        }

        // RFC 9568 section 5.2.8: with the pseudo header.
        if (IsChecksumRight(message, context.Source, context.Destination))
        {
            return true;
        }

        // Older keepalived put the multicast group into the pseudo header of unicast adverts; the newer one still accepts that, and so do we.
        return context.Destination.IsIPv4
            && !context.Destination.IsMulticast
            && IsChecksumRight(message, context.Source, InternetAddress.FromIPv4(MulticastGroupIPv4));
    }

    private static bool IsChecksumRight(ReadOnlySpan<byte> message, InternetAddress source, InternetAddress destination)
    {
        InternetChecksum checksum = default;
        checksum.AddPseudoHeader(source, destination, Protocol, message.Length);
        checksum.Add(message);
        return checksum.Value == 0;
    }

    // IP headers and addresses come in words of four bytes, 46 does not: padding leaves a rest of 2, with any number of four byte VLAN tags.
    private static bool IsEthernetPadding(int expectedLength, int length) =>
        expectedLength < EthernetPayloadBytesMin && length > expectedLength && (length - expectedLength) % 4 == 2;
}
