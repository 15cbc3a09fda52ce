using System.Text;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;
using FenceFirst.Daemon.Packets;

namespace FenceFirst.Daemon.Dumps;

/// <summary>What dumps are made from, and the words that they share (keepalived 2.2.7: vrrp_print.c, vrrp_json.c).</summary>
internal sealed record DumpSource(NodeConfig Config, NodeState State, PacketCounters[] Counters, PhaseTimes Times, ILinkFacts Links)
{
    /// <summary>IFA_F_HOMEADDRESS.</summary>
    private const uint HomeFlag = 0x10;

    /// <summary>Name of a configured link; empty for none.</summary>
    public string NameOf(int link) => link >= 0 ? Config.Links[link] : "";

    /// <summary>Whether the addresses of an instance are on their interfaces, as far as the machine knows.</summary>
    public bool HasAddresses(int instance) => State.Instances[instance].Phase == VrrpPhase.Master && State.Instances[instance].Transition != Transition.Raise;

    /// <summary>Seconds since 1970 with microseconds.</summary>
    public static decimal Seconds(DateTimeOffset instant) => (instant - DateTimeOffset.UnixEpoch).Ticks / 10 / 1_000_000m + 0.000000m;

    /// <summary>A command as keepalived writes it: every word in single quotes.</summary>
    public static string Quoted(CommandLine command)
    {
        StringBuilder text = new();
        foreach (string argument in command.Arguments)
        {
            text.Append(text.Length == 0 ? "" : " ").Append('\'').Append(argument).Append('\'');
        }

        return text.ToString();
    }

    /// <summary>An address with its attributes.</summary>
    public string Describe(VirtualAddress address, bool isSet)
    {
        StringBuilder text = new();
        text.Append(address.Address);
        if (address.PrefixLength != address.Address.Length * 8)
        {
            text.Append('/').Append(address.PrefixLength);
        }

        text.Append(address.Broadcast.IsNone ? "" : $" brd {address.Broadcast}");
        text.Append(" dev ").Append(NameOf(address.Link)).Append(" scope ").Append(ScopeName(address.Scope));
        text.Append(address.Label.Length == 0 ? "" : $" label {address.Label}");
        text.Append(address.Peer.IsNone ? "" : $" peer {address.Peer}{(address.Peer.IsIPv4 ? $"/{address.PrefixLength}" : "")}");
        text.Append((address.Flags & HomeFlag) != 0 ? " home" : "");
        text.Append(address.IsUntracked ? " no_track" : "");
        if (address.Address.IsIPv6)
        {
            int lifetime = address.PreferredLifetimeSeconds == -2 ? (address.PrefixLength == 128 ? 0 : -1) : address.PreferredLifetimeSeconds;
            text.Append(lifetime < 0 ? " preferred_lft forever" : lifetime == 0 ? " deprecated" : $" preferred_lft {lifetime}");
        }

        return text.Append(isSet ? " set" : "").ToString();
    }

    /// <summary>A route with what most have.</summary>
    public string Describe(VirtualRoute route)
    {
        StringBuilder text = new();
        text.Append(route.Placement switch { RoutePlacement.Add => "add ", RoutePlacement.Append => "append ", RoutePlacement.Prepend => "prepend " });
        text.Append(TypeName(route.Type)).Append($"{route.Destination}/{route.PrefixLength}");
        text.Append(route.From.IsNone ? "" : $" from {route.From}/{route.FromLength}");
        text.Append(route.Tos == 0 ? "" : $" tos {route.Tos}");
        text.Append(Gateway(route.Via));
        text.Append(route.Source.IsNone ? "" : $" src {route.Source}");
        text.Append(route.Link >= 0 ? $" dev {NameOf(route.Link)}" : "");
        text.Append(route.Table == 254 ? "" : $" table {route.Table}");
        text.Append($" proto {route.Protocol}");
        text.Append(route.Scope == 0 ? "" : $" scope {route.Scope}");
        text.Append(route.Metric == 0 ? "" : $" metric {route.Metric}");
        text.Append(route.IsOnLink ? " onlink" : "");
        foreach (RouteMetric metric in route.Metrics)
        {
            text.Append(MetricName(metric.Type) is { } name ? $" {name} {metric.Value}" : "");
        }

        foreach (RouteNextHop hop in route.NextHops)
        {
            text.Append(" nexthop").Append(Gateway(hop.Via)).Append(hop.Link >= 0 ? $" dev {NameOf(hop.Link)}" : "").Append($" weight {hop.Weight}");
        }

        // What has no interface of its own is not tracked.
        return text.Append(route.IsUntracked || route.Link < 0 ? " no_track" : "").ToString();
    }

    /// <summary>A rule with what most have.</summary>
    public static string Describe(VirtualRule rule)
    {
        StringBuilder text = new();
        text.Append(rule.IsInverted ? "not " : "").Append("from ").Append(rule.From.IsNone ? "all" : Network(rule.From, rule.FromLength));
        text.Append(rule.To.IsNone ? "" : $" to {Network(rule.To, rule.ToLength)}");
        text.Append($" priority {rule.Priority} tos 0x{rule.Tos:x}");
        text.Append(rule.Mark is { } mark ? $" fwmark 0x{mark:x}" : "").Append(rule.MarkMask is { } mask ? $"/0x{mask:x}" : "");
        text.Append(rule.InputInterface.Length == 0 ? "" : $" iif {rule.InputInterface}");
        text.Append(rule.OutputInterface.Length == 0 ? "" : $" oif {rule.OutputInterface}");
        text.Append(rule.Protocol == 0 ? "" : $" protocol {rule.Protocol}");
        text.Append(rule.Action == RuleAction.Table ? $" lookup {rule.Table}" : $" type {rule.Action.ToString().ToLowerInvariant()}");
        return text.Append(rule.IsUntracked ? " no_track" : "").ToString();
    }

    private static string Gateway(InternetAddress via) => via.IsNone ? "" : $" via {(via.IsIPv6 ? "inet6" : "inet")} {via}";

    /// <summary>Of RTN_*.</summary>
    private static string TypeName(byte type) => type switch
    {
        1 => "",
        2 => "local ",
        3 => "broadcast ",
        4 => "anycast ",
        5 => "multicast ",
        6 => "blackhole ",
        7 => "unreachable ",
        8 => "prohibit ",
        9 => "throw ",
        10 => "nat ",
        _ => $"{type} ",
    };

    /// <summary>Of RTAX_*, those that count something; null = another one.</summary>
    private static string? MetricName(byte type) => type switch
    {
        2 => "mtu",
        3 => "window",
        6 => "ssthresh",
        7 => "cwnd",
        8 => "advmss",
        9 => "reordering",
        10 => "hoplimit",
        11 => "initcwnd",
        14 => "initrwnd",
        15 => "quickack",
        _ => null,
    };

    private static string Network(InternetAddress address, byte length) => length == address.Length * 8 ? address.ToString() : $"{address}/{length}";

    private static string ScopeName(byte scope) => scope switch { 0 => "global", 200 => "site", 253 => "link", 254 => "host", 255 => "nowhere", _ => scope.ToString() };
}

/// <summary>What a dump says of an interface.</summary>
internal interface ILinkFacts
{
    /// <summary>Kernel index, whether it is up, and Ethernet address of a configured link; index 0 = it does not exist.</summary>
    (int Index, bool IsUp, string Mac) Look(int link);

    /// <summary>The first address of a family on a configured link; absent = none.</summary>
    InternetAddress FirstAddress(int link, bool isIPv6);
}
