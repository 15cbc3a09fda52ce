using System.Text;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;
using FenceFirst.Daemon.Packets;

namespace FenceFirst.Daemon.Dumps;

/// <summary>What dumps are made from, and the words that they share (keepalived 2.2.7: vrrp_print.c, vrrp_json.c).</summary>
internal sealed record DumpSource(NodeConfig Config, NodeState State, PacketCounters[] Counters, PhaseTimes Times, ILinkFacts Links)
{
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
        text.Append(address.Peer.IsNone ? "" : $" peer {address.Peer}");
        if (address.Address.IsIPv6)
        {
            int lifetime = address.PreferredLifetimeSeconds == -2 ? (address.PrefixLength == 128 ? 0 : -1) : address.PreferredLifetimeSeconds;
            text.Append(" preferred_lft ").Append(lifetime < 0 ? "forever" : $"{lifetime}");
        }

        return text.Append(address.IsUntracked ? " no_track" : "").Append(isSet ? " set" : "").ToString();
    }

    /// <summary>A route with what most have.</summary>
    public string Describe(VirtualRoute route)
    {
        string family = route.Destination.IsIPv6 ? "inet6" : "inet";
        StringBuilder text = new();
        text.Append(route.Placement switch { RoutePlacement.Add => "", RoutePlacement.Append => "append ", RoutePlacement.Prepend => "prepend " });
        text.Append(route.PrefixLength == 0 ? "default" : $"{route.Destination}/{route.PrefixLength}");
        text.Append(route.Via.IsNone ? "" : $" via {family} {route.Via}");
        text.Append(route.Link >= 0 ? $" dev {NameOf(route.Link)}" : "");
        text.Append(route.Table == 254 ? "" : $" table {route.Table}");
        text.Append($" proto {route.Protocol}");
        text.Append(route.Source.IsNone ? "" : $" src {route.Source}");
        return text.Append(route.Metric == 0 ? "" : $" metric {route.Metric}").ToString();
    }

    /// <summary>A rule with what most have.</summary>
    public static string Describe(VirtualRule rule)
    {
        StringBuilder text = new();
        text.Append("from ").Append(rule.From.IsNone ? "all" : Network(rule.From, rule.FromLength));
        text.Append(rule.To.IsNone ? "" : $" to {Network(rule.To, rule.ToLength)}");
        text.Append($" priority {rule.Priority} tos 0x{rule.Tos:x} protocol {rule.Protocol}");
        return text.Append(rule.Action == RuleAction.Table ? $" lookup {rule.Table}" : $" type {rule.Action.ToString().ToLowerInvariant()}").ToString();
    }

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
