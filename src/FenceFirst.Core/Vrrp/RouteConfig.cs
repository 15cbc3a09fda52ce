namespace FenceFirst.Core.Vrrp;

/// <summary>One virtual or static route (keepalived); numbers are those of rtnetlink.</summary>
/// <param name="Destination">Network address; for the default route the zero address of the family.</param>
/// <param name="PrefixLength">0..32 or 0..128.</param>
public sealed record VirtualRoute(InternetAddress Destination, byte PrefixLength)
{
    /// <summary>Gateway; absent = directly connected (via).</summary>
    public InternetAddress Via { get; init; }

    /// <summary>Preferred source address; absent = kernel's choice (src).</summary>
    public InternetAddress Source { get; init; }

    /// <summary>Source network of an IPv6 route; absent = all (from).</summary>
    public InternetAddress From { get; init; }

    /// <summary>Prefix length of <see cref="From"/>, 0..128.</summary>
    public byte FromLength { get; init; }

    /// <summary>Index into <see cref="Node.NodeConfig.Links"/> of the outgoing device, or -1 (dev).</summary>
    public int Link { get; init; } = -1;

    /// <summary>Routing table; 254 = main (table).</summary>
    public uint Table { get; init; } = 254;

    /// <summary>Metric; 0 = none (metric).</summary>
    public uint Metric { get; init; }

    /// <summary>Kernel scope, 0 = global, the default as in keepalived; 253 = link (scope).</summary>
    public int Scope { get; init; }

    /// <summary>Kernel route type, RTN_*; 1 = unicast, 6 = blackhole, 7 = unreachable, 8 = prohibit.</summary>
    public byte Type { get; init; } = 1;

    /// <summary>Type of service, 0..255 (tos).</summary>
    public byte Tos { get; init; }

    /// <summary>Who owns the route, RTPROT_*; 18 = keepalived, the default and the only one that can be tracked (protocol).</summary>
    public byte Protocol { get; init; } = 18;

    /// <summary>Where it stands among equal routes; default in front of them (add, prepend, append).</summary>
    public RoutePlacement Placement { get; init; }

    /// <summary>Whether the gateway need not be on a connected network (onlink).</summary>
    public bool IsOnLink { get; init; }

    /// <summary>Seconds until the kernel removes it; 0 = never; IPv6 only (expires).</summary>
    public uint Expires { get; init; }

    /// <summary>Realms, source in the upper 16 bits; 0 = none; IPv4 only (realms).</summary>
    public uint Realms { get; init; }

    /// <summary>Router preference of an IPv6 route, ICMPV6_ROUTER_PREF_*; -1 = none (pref).</summary>
    public int Preference { get; init; } = -1;

    /// <summary>Whether the TTL is carried into MPLS packets: 1 = yes, 0 = no, -1 = the kernel's default (ttl-propagate).</summary>
    public int TtlPropagation { get; init; } = -1;

    /// <summary>Numbers like mtu and initcwnd, in the order of the line; empty = none.</summary>
    public EquatableArray<RouteMetric> Metrics { get; init; }

    /// <summary>Congestion control algorithm; empty = the system's (congctl).</summary>
    public string CongestionControl { get; init; } = "";

    /// <summary>Bits 1 &lt;&lt; RTAX_* of the metrics that path discovery must not change (lock); 0 = none.</summary>
    public uint LockedMetrics { get; init; }

    /// <summary>Tunnel that packets are put into; absent = none (encap).</summary>
    public RouteEncapsulation? Encapsulation { get; init; }

    /// <summary>Several ways to the destination, instead of <see cref="Via"/>; empty = one way (nexthop).</summary>
    public EquatableArray<RouteNextHop> NextHops { get; init; }

    /// <summary>Whether the device is not tracked (no_track).</summary>
    public bool IsUntracked { get; init; }

    /// <summary>The route as iproute2 prints it, shortened.</summary>
    public override string ToString() =>
        (PrefixLength == 0 ? "default" : $"{Destination}/{PrefixLength}") + (Via.IsNone ? "" : $" via {Via}");
}

/// <summary>Where a route stands among those that differ only in how they are reached.</summary>
public enum RoutePlacement : byte
{
    /// <summary>In front of them: keepalived's and the kernel's default.</summary>
    Prepend = 0,

    /// <summary>Only if there is none: iproute2's default.</summary>
    Add,

    /// <summary>Behind them.</summary>
    Append,
}

/// <summary>One number of a route.</summary>
/// <param name="Type">RTAX_*, for example 2 = mtu, 11 = initcwnd.</param>
/// <param name="Value">In the kernel's unit.</param>
public readonly record struct RouteMetric(byte Type, uint Value);

/// <summary>One way of a route with several.</summary>
public sealed record RouteNextHop
{
    /// <summary>Gateway; absent = directly connected (via).</summary>
    public InternetAddress Via { get; init; }

    /// <summary>Index into <see cref="Node.NodeConfig.Links"/>, or -1 (dev).</summary>
    public int Link { get; init; } = -1;

    /// <summary>Share among the ways, 1..256; default 1 (weight).</summary>
    public int Weight { get; init; } = 1;

    /// <summary>Whether the gateway need not be on a connected network (onlink).</summary>
    public bool IsOnLink { get; init; }

    /// <summary>Realms, source in the upper 16 bits; 0 = none (realms).</summary>
    public uint Realms { get; init; }

    /// <summary>Tunnel that packets are put into; absent = none (encap).</summary>
    public RouteEncapsulation? Encapsulation { get; init; }
}

/// <summary>A light-weight tunnel of a route (encap); what is absent is not told to the kernel.</summary>
/// <param name="Type">LWTUNNEL_ENCAP_*: 1 = mpls, 2 = ip, 3 = ila, 4 = ip6.</param>
public sealed record RouteEncapsulation(byte Type)
{
    /// <summary>Tunnel identifier (id); ip and ip6.</summary>
    public ulong? Id { get; init; }

    /// <summary>Outer destination (dst); ip and ip6.</summary>
    public InternetAddress Destination { get; init; }

    /// <summary>Outer source (src); ip and ip6.</summary>
    public InternetAddress Source { get; init; }

    /// <summary>Outer type of service or traffic class, 0..255 (tos, tc).</summary>
    public byte? Tos { get; init; }

    /// <summary>Outer TTL or hop limit, 0..255 (ttl, hoplimit).</summary>
    public byte? Ttl { get; init; }

    /// <summary>Tunnel flags (flags).</summary>
    public ushort? Flags { get; init; }

    /// <summary>MPLS labels, outermost first, 20 bits each; empty unless mpls.</summary>
    public EquatableArray<uint> Labels { get; init; }

    /// <summary>ILA locator, the four groups in network byte order from the highest byte; 0 unless ila.</summary>
    public ulong Locator { get; init; }
}

/// <summary>What a policy rule does; numbers are FR_ACT_*.</summary>
public enum RuleAction : byte
{
    /// <summary>Looks up a table (table, lookup, l3mdev).</summary>
    Table = 1,

    /// <summary>Goes on with another rule (goto).</summary>
    Goto = 2,

    /// <summary>Does nothing (nop).</summary>
    Nothing = 3,

    /// <summary>Drops silently (blackhole).</summary>
    Blackhole = 6,

    /// <summary>Answers that the network cannot be reached (unreachable).</summary>
    Unreachable = 7,

    /// <summary>Answers that it is forbidden (prohibit).</summary>
    Prohibit = 8,
}

/// <summary>One policy rule (keepalived).</summary>
/// <param name="IsIPv6">Address family of the rule.</param>
/// <param name="Priority">Preference, 0 or more; without one in the file 16384 and downwards, as keepalived assigns it.</param>
/// <param name="Table">Routing table looked up; 0 for other actions.</param>
public sealed record VirtualRule(bool IsIPv6, uint Priority, uint Table)
{
    /// <summary>What it does; default a table is looked up.</summary>
    public RuleAction Action { get; init; } = RuleAction.Table;

    /// <summary>Source network; absent = all (from).</summary>
    public InternetAddress From { get; init; }

    /// <summary>Prefix length of <see cref="From"/>.</summary>
    public byte FromLength { get; init; }

    /// <summary>Destination network; absent = all (to).</summary>
    public InternetAddress To { get; init; }

    /// <summary>Prefix length of <see cref="To"/>.</summary>
    public byte ToLength { get; init; }

    /// <summary>Whether it matches what the rest does not (not).</summary>
    public bool IsInverted { get; init; }

    /// <summary>Type of service, 0 = any (tos).</summary>
    public byte Tos { get; init; }

    /// <summary>Firewall mark; absent = any (fwmark).</summary>
    public uint? Mark { get; init; }

    /// <summary>Bits of the mark that count; absent = all (fwmark N/MASK).</summary>
    public uint? MarkMask { get; init; }

    /// <summary>Realms, source in the upper 16 bits; 0 = none; IPv4 only (realms).</summary>
    public uint Realms { get; init; }

    /// <summary>Routes with this prefix length or less do not count; -1 = all count (suppress_prefixlength).</summary>
    public int SuppressPrefixLength { get; init; } = -1;

    /// <summary>Routes through interfaces of this group do not count; -1 = all count (suppress_ifgroup).</summary>
    public int SuppressGroup { get; init; } = -1;

    /// <summary>Name of the interface that a packet comes in by; empty = any (iif).</summary>
    public string InputInterface { get; init; } = "";

    /// <summary>Name of the interface that a socket is bound to; empty = any (oif).</summary>
    public string OutputInterface { get; init; } = "";

    /// <summary>Tunnel identifier; 0 = any (tunnel-id).</summary>
    public ulong TunnelId { get; init; }

    /// <summary>User ids of the sending process; absent = any (uidrange).</summary>
    public NumberRange? UserIds { get; init; }

    /// <summary>Whether the table of the packet's layer 3 master device is looked up (l3mdev).</summary>
    public bool IsLayer3Master { get; init; }

    /// <summary>Who owns the rule, RTPROT_*; 18 = keepalived, the default (protocol).</summary>
    public byte Protocol { get; init; } = 18;

    /// <summary>Protocol of the packet, 1..255; 0 = any (ipproto).</summary>
    public byte PacketProtocol { get; init; }

    /// <summary>Source ports; absent = any (sport).</summary>
    public NumberRange? SourcePorts { get; init; }

    /// <summary>Destination ports; absent = any (dport).</summary>
    public NumberRange? DestinationPorts { get; init; }

    /// <summary>Priority of the rule to go on with; greater than <see cref="Priority"/> (goto).</summary>
    public uint GotoTarget { get; init; }

    /// <summary>Whether external removal is not noticed (no_track).</summary>
    public bool IsUntracked { get; init; }

    /// <summary>The rule as iproute2 prints it, shortened.</summary>
    public override string ToString() =>
        $"{Priority}: from {(From.IsNone ? "all" : $"{From}/{FromLength}")}{(To.IsNone ? "" : $" to {To}/{ToLength}")} "
        + (Action == RuleAction.Table ? $"lookup {Table}" : Action.ToString().ToLowerInvariant());
}

/// <summary>A range of numbers, both ends included.</summary>
/// <param name="First">The smallest.</param>
/// <param name="Last">The largest.</param>
public readonly record struct NumberRange(uint First, uint Last);
