namespace FenceFirst.Core.Wire;

/// <summary>The broadcast that tells every host and switch on the link where an IPv4 address now is (RFC 9568 section 6.4.3).</summary>
/// <remarks>
/// <code>
///  0 | ff:ff:ff:ff:ff:ff | own MAC | 0806 |              Ethernet
/// 14 | 0001 | 0800 | 06 | 04 | 0001 |                    Ethernet, IPv4, lengths, request
/// 22 | own MAC | address | ff:ff:ff:ff:ff:ff | address |  sender and target are the same address
/// </code>
/// A request with the target hardware address of all ones, as keepalived sends it: hosts learn from requests and replies alike (RFC 826).
/// </remarks>
public static class GratuitousArp
{
    /// <summary>Length of the frame in bytes.</summary>
    public const int Length = EthernetFrame.ArpFrameLength;

    /// <summary>Writes the frame and returns its length.</summary>
    /// <param name="destination">Where to write, <see cref="Length"/> bytes or more.</param>
    /// <param name="mac">The six bytes of the hardware address that claims the IPv4 address.</param>
    /// <param name="address">The IPv4 address.</param>
    public static int Write(Span<byte> destination, ReadOnlySpan<byte> mac, InternetAddress address) =>
        EthernetFrame.WriteArpRequest(destination, mac, address, EthernetFrame.Broadcast, address);
}

/// <summary>The broadcast that asks whether anybody uses an IPv4 address, without claiming it (RFC 5227 section 2.1.1).</summary>
/// <remarks>Sender address 0.0.0.0 leaves every ARP cache as it is; the target hardware address is zero. Who answers holds the address.</remarks>
public static class ArpProbe
{
    /// <summary>Length of the frame in bytes.</summary>
    public const int Length = EthernetFrame.ArpFrameLength;

    /// <summary>Writes the frame and returns its length.</summary>
    /// <param name="destination">Where to write, <see cref="Length"/> bytes or more.</param>
    /// <param name="mac">The six bytes of our hardware address, where the answer goes.</param>
    /// <param name="address">The IPv4 address asked for.</param>
    public static int Write(Span<byte> destination, ReadOnlySpan<byte> mac, InternetAddress address) =>
        EthernetFrame.WriteArpRequest(destination, mac, InternetAddress.FromIPv4(0), [0, 0, 0, 0, 0, 0], address);
}
