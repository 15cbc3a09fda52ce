namespace FenceFirst.Core.Vrrp;

/// <summary>An interface with a virtual MAC address, which the daemon makes: a macvlan in private mode on top of another interface (use_vmac, use_vmac_addr).</summary>
/// <param name="Link">Index into <see cref="Node.NodeConfig.Links"/> of the interface itself.</param>
/// <param name="Lower">Index into <see cref="Node.NodeConfig.Links"/> of the interface below.</param>
/// <param name="Mac">Its Ethernet address as a number, first byte highest; 00-00-5E-00-01-{VRID}, IPv6 00-00-5E-00-02-{VRID} (RFC 9568 section 7.3), or what the configuration says.</param>
public sealed record VirtualLink(int Link, int Lower, ulong Mac)
{
    /// <summary>Whether its addresses are IPv6.</summary>
    public bool IsIPv6 { get; init; }

    /// <summary>Whether adverts leave through it: then an IPv6 one has a link-local address, that of the interface below (keepalived).</summary>
    public bool IsSending { get; init; }

    /// <summary>Whether the Ethernet address comes from the configuration.</summary>
    public bool IsMacGiven { get; init; }

    /// <summary>Link group, 0..4294967295; -1 = the one of the interface below, the default (group).</summary>
    public long Group { get; init; } = -1;

    /// <summary>Whether listeners are told of the interface below after this one was made or removed: its promiscuity may have changed, of which the kernel tells nobody (netlink_notify_msg).</summary>
    public bool IsLowerTold { get; init; }

    /// <summary>The Ethernet address of a virtual router (RFC 9568 section 7.3).</summary>
    public static ulong MacOf(byte vrid, bool isIPv6) => (isIPv6 ? 0x0000_5e00_0200UL : 0x0000_5e00_0100UL) | vrid;
}
