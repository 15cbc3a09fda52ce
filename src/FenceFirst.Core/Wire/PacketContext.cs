namespace FenceFirst.Core.Wire;

/// <summary>What is known about a VRRP message besides its own bytes: the IP header's part, and how its checksum is to be read.</summary>
/// <param name="Source">Sender; absent = unknown, then no checksum that covers addresses agrees.</param>
/// <param name="Destination">Multicast group or unicast address; decides whether the TTL is bound to 255.</param>
/// <param name="Ttl">TTL or hop limit, 0..255; -1 = unknown, then not checked.</param>
/// <param name="IsChecksumVerified">Whether the kernel has compared the checksum already (it does for IPv6 raw sockets with IPV6_CHECKSUM).</param>
/// <param name="IsChecksumAsV2">Whether a version 3 IPv4 checksum without pseudo header is accepted as well (v3_checksum_as_v2).</param>
/// <param name="IsTrailerAllowed">Whether the 28 bytes of <see cref="HmacTrailer"/> may follow the message (auth_hmac).</param>
/// <param name="HasAuthenticationHeader">Whether an IPv4 authentication header stands in front of the message (auth_type AH).</param>
public readonly record struct PacketContext(
    InternetAddress Source,
    InternetAddress Destination,
    int Ttl = -1,
    bool IsChecksumVerified = false,
    bool IsChecksumAsV2 = false,
    bool IsTrailerAllowed = false,
    bool HasAuthenticationHeader = false)
{
    /// <summary>Whether the message carries IPv6 addresses: RFC 9568 section 5.2.5 lets the IP version tell.</summary>
    public bool IsIPv6 => Destination.IsIPv6 || Source.IsIPv6;
}
