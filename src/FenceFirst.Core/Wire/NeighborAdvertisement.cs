namespace FenceFirst.Core.Wire;

/// <summary>The message to all nodes that tells where an IPv6 address now is (RFC 9568 section 6.4.3, RFC 4861 section 4.4).</summary>
/// <remarks>
/// <code>
///  0 | 33:33:00:00:00:01 | own MAC | 86dd |                      Ethernet
/// 14 | IPv6: hop limit 255, from the address itself to ff02::1 |
/// 54 | 136 | 0 | checksum | R S O 0... |                         O = override what was known; S = solicited, 0; R = router
/// 62 | target address, 16 bytes | 2 | 1 | own MAC |              option: target link-layer address
/// </code>
/// </remarks>
public static class NeighborAdvertisement
{
    /// <summary>Length of the frame in bytes.</summary>
    public const int Length = EthernetFrame.IcmpStart + IcmpLength;

    private const int IcmpLength = 32;
    private const byte Type = 136;
    private const byte FlagRouter = 0x80;
    private const byte FlagOverride = 0x20;

    /// <summary>Writes the frame and returns its length.</summary>
    /// <param name="destination">Where to write, <see cref="Length"/> bytes or more.</param>
    /// <param name="mac">The six bytes of the hardware address that claims the IPv6 address.</param>
    /// <param name="address">The IPv6 address, also the source of the packet.</param>
    /// <param name="isRouter">Whether the interface forwards; a wrong answer makes hosts drop or keep us as a default router.</param>
    public static int Write(Span<byte> destination, ReadOnlySpan<byte> mac, InternetAddress address, bool isRouter)
    {
        Invariant.Check(address.IsIPv6, "neighbour discovery is for IPv6");
        Span<byte> icmp = destination.Slice(EthernetFrame.IcmpStart, IcmpLength);
        icmp.Clear();
        icmp[0] = Type;
        icmp[4] = (byte)(FlagOverride | (isRouter ? FlagRouter : 0));
        address.WriteTo(icmp[8..]);
        icmp[24] = 2;
        icmp[25] = 1;
        mac.CopyTo(icmp[26..]);
        InternetAddress allNodes = InternetAddress.FromBytes([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        return EthernetFrame.FinishNeighborDiscovery(destination, mac, address, allNodes, IcmpLength);
    }
}

/// <summary>The question whether anybody uses an IPv6 address, without claiming it: duplicate address detection (RFC 4862 section 5.4.2).</summary>
/// <remarks>
/// From :: to the solicited-node group ff02::1:ffXX:XXXX of the address (RFC 4291 section 2.7.1). Without a source link-layer option, which RFC 4861
/// section 4.3 forbids when the source is unspecified. Who holds the address answers to ff02::1.
/// </remarks>
public static class NeighborSolicitation
{
    /// <summary>Length of the frame in bytes.</summary>
    public const int Length = EthernetFrame.IcmpStart + IcmpLength;

    private const int IcmpLength = 24;
    private const byte Type = 135;

    /// <summary>Writes the frame and returns its length.</summary>
    /// <param name="destination">Where to write, <see cref="Length"/> bytes or more.</param>
    /// <param name="mac">The six bytes of our hardware address.</param>
    /// <param name="address">The IPv6 address asked for.</param>
    public static int Write(Span<byte> destination, ReadOnlySpan<byte> mac, InternetAddress address)
    {
        Invariant.Check(address.IsIPv6, "neighbour discovery is for IPv6");
        Span<byte> icmp = destination.Slice(EthernetFrame.IcmpStart, IcmpLength);
        icmp.Clear();
        icmp[0] = Type;
        address.WriteTo(icmp[8..]);
        InternetAddress group = InternetAddress.FromBytes([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, icmp[21], icmp[22], icmp[23]]);
        return EthernetFrame.FinishNeighborDiscovery(
            destination, mac, InternetAddress.FromBytes([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), group, IcmpLength);
    }
}
