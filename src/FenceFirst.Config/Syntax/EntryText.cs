using System.Globalization;
using FenceFirst.Config.Binding;
using FenceFirst.Core;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Syntax;

/// <summary>Addresses, routes, rules and trackers as one line each, in the language of the file, with every value that holds.</summary>
internal sealed class EntryText(EquatableArray<string> links)
{
    private const int DefaultTable = 254;
    private static readonly string[] FlagWords = ["home", "mngtmpaddr", "noprefixroute", "autojoin"];
    private static readonly uint[] FlagBits = [0x10, 0x100, 0x200, 0x400];

    /// <summary>Name of a link; empty = none.</summary>
    public string Link(int link) => link < 0 ? "" : links[link];

    /// <summary>ADDRESS/LENGTH dev NAME ...</summary>
    public string Of(VirtualAddress address)
    {
        List<string> words = [address.Peer.IsNone ? $"{address.Address}/{address.PrefixLength}" : address.Address.ToString()];
        Add(words, "peer", address.Peer.IsNone ? "" : $"{address.Peer}/{address.PrefixLength}");
        Add(words, "brd", address.Broadcast);
        Add(words, "dev", Link(address.Link));
        Add(words, "scope", address.Address.IsIPv6 ? "" : RoutingNames.ScopeName(address.Scope));
        Add(words, "label", address.Label.Any(Lexer.IsBlank) ? $"\"{address.Label}\"" : address.Label);
        for (int i = 0; i < FlagBits.Length; i++)
        {
            AddIf(words, (address.Flags & FlagBits[i]) != 0, FlagWords[i]);
        }

        if (address.Address.IsIPv6)
        {
            int lifetime = address.PreferredLifetimeSeconds == -2 ? address.PrefixLength == 128 ? 0 : -1 : address.PreferredLifetimeSeconds;
            Add(words, "preferred_lft", lifetime < 0 ? "forever" : Text(lifetime));
            AddIf(words, address.IsDuplicateDetected, "-nodad");
        }
        else if (address.PreferredLifetimeSeconds >= 0)
        {
            Add(words, "preferred_lft", Text(address.PreferredLifetimeSeconds));
        }

        AddIf(words, address.IsOnVmac, "use_vmac");
        AddIf(words, address.IsUntracked, "no_track");
        return string.Join(' ', words);
    }

    /// <summary>DESTINATION via ADDRESS dev NAME ...</summary>
    public string Of(VirtualRoute route)
    {
        List<string> words = [];
        AddIf(words, route.Type != 1, RoutingNames.TypeName(route.Type));
        words.Add(route.PrefixLength == 0 ? (route.Destination.IsIPv6 ? "default6" : "default") : $"{route.Destination}/{route.PrefixLength}");
        words.Add(route.Placement.ToString().ToLowerInvariant()); // A type in front of it would change it.
        Add(words, "from", route.From.IsNone ? "" : $"{route.From}/{route.FromLength}");
        Add(words, "via", Via(route.Via, route.Destination));
        Add(words, "src", route.Source);
        Add(words, "dev", Link(route.Link));
        Add(words, "table", route.Table == DefaultTable ? "" : Text(route.Table));
        Add(words, "protocol", Text(route.Protocol));
        Add(words, "scope", route.Scope == 0 ? "" : RoutingNames.ScopeName((byte)route.Scope));
        Add(words, "metric", route.Metric == 0 ? "" : Text(route.Metric));
        Add(words, "tos", route.Tos == 0 ? "" : Text(route.Tos));
        AddIf(words, route.IsOnLink, "onlink");
        Add(words, "expires", route.Expires == 0 ? "" : Text(route.Expires));
        Add(words, "realms", Realms(route.Realms));
        Add(words, "pref", route.Preference < 0 ? "" : Preference(route.Preference));
        Add(words, "ttl-propagate", route.TtlPropagation < 0 ? "" : route.TtlPropagation == 0 ? "disabled" : "enabled");
        foreach (RouteMetric metric in route.Metrics)
        {
            words.Add(RouteMetrics.Word(metric.Type));
            AddIf(words, (route.LockedMetrics & (1u << metric.Type)) != 0, "lock");
            words.Add(RouteMetrics.Value(metric));
        }

        Add(words, "congctl", route.CongestionControl.Length > 0 && (route.LockedMetrics & (1u << RouteMetrics.CongestionControl)) != 0 ? $"lock {route.CongestionControl}" : route.CongestionControl);
        Add(words, "encap", Encapsulation(route.Encapsulation));
        AddIf(words, route.IsUntracked, "no_track");
        foreach (RouteNextHop hop in route.NextHops)
        {
            words.Add("nexthop");
            Add(words, "via", Via(hop.Via, route.Destination));
            Add(words, "dev", Link(hop.Link));
            Add(words, "weight", Text(hop.Weight));
            AddIf(words, hop.IsOnLink, "onlink");
            Add(words, "realms", Realms(hop.Realms));
            Add(words, "encap", Encapsulation(hop.Encapsulation));
        }

        return string.Join(' ', words);
    }

    /// <summary>from NETWORK table N priority N ...</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="isIPv6">Family of a rule that says nothing about it, where the rule stands.</param>
    public static string Of(VirtualRule rule, bool isIPv6)
    {
        List<string> words = [];
        bool isFamilySaid = rule.IsIPv6 == isIPv6 || !rule.From.IsNone || !rule.To.IsNone;
        AddIf(words, !isFamilySaid, rule.IsIPv6 ? "inet6" : "inet");
        AddIf(words, rule.IsInverted, "not");
        words.AddRange(!isFamilySaid ? [] : ["from", rule.From.IsNone ? "all" : $"{rule.From}/{rule.FromLength}"]);
        Add(words, "to", rule.To.IsNone ? "" : $"{rule.To}/{rule.ToLength}");
        Add(words, "priority", Text(rule.Priority));
        Add(words, "tos", rule.Tos == 0 ? "" : Text(rule.Tos));
        Add(words, "fwmark", rule.Mark is null ? "" : rule.MarkMask is null ? Hex(rule.Mark.Value) : $"{Hex(rule.Mark.Value)}/{Hex(rule.MarkMask.Value)}");
        Add(words, "iif", rule.InputInterface);
        Add(words, "oif", rule.OutputInterface);
        Add(words, "suppress_prefixlength", rule.SuppressPrefixLength < 0 ? "" : Text(rule.SuppressPrefixLength));
        Add(words, "suppress_ifgroup", rule.SuppressGroup < 0 ? "" : Text(rule.SuppressGroup));
        Add(words, "tunnel-id", rule.TunnelId == 0 ? "" : rule.TunnelId.ToString(CultureInfo.InvariantCulture));
        Add(words, "uidrange", Range(rule.UserIds));
        AddIf(words, rule.IsLayer3Master, "l3mdev");
        Add(words, "protocol", Text(rule.Protocol));
        Add(words, "ipproto", rule.PacketProtocol == 0 ? "" : Text(rule.PacketProtocol));
        Add(words, "sport", Range(rule.SourcePorts));
        Add(words, "dport", Range(rule.DestinationPorts));
        Add(words, "realms", Realms(rule.Realms));
        words.Add(rule.Action switch
        {
            RuleAction.Table => rule.IsLayer3Master ? "" : $"table {rule.Table}",
            RuleAction.Goto => $"goto {rule.GotoTarget}",
            RuleAction.Nothing => "nop",
            RuleAction.Blackhole => "blackhole",
            RuleAction.Unreachable => "unreachable",
            RuleAction.Prohibit => "prohibit",
        });
        AddIf(words, rule.IsUntracked, "no_track");
        return string.Join(' ', words.Where(word => word.Length > 0));
    }

    /// <summary>NAME weight N [reverse]</summary>
    public static string Tracked(string name, TrackReference reference) => $"{name} weight {reference.Weight}{(reference.IsReversed ? " reverse" : "")}";

    private static string Via(InternetAddress via, InternetAddress destination) => via.IsNone ? "" : via.IsIPv6 == destination.IsIPv6 ? via.ToString() : $"{(via.IsIPv6 ? "inet6" : "inet")} {via}";

    /// <summary>Preferences as iproute2 names them.</summary>
    private static string Preference(int preference) => preference switch { 0 => "medium", 1 => "high", 3 => "low", _ => Text(preference) };

    private static string Realms(uint realms) => realms == 0 ? "" : realms > ushort.MaxValue ? $"{realms >> 16}/{realms & ushort.MaxValue}" : Text(realms);

    private static string Range(NumberRange? range) => range is { } set ? $"{set.First}-{set.Last}" : "";

    private static string Encapsulation(RouteEncapsulation? encapsulation)
    {
        if (encapsulation is null)
        {
            return "";
        }

        List<string> words = [EncapsulationBinder.Name(encapsulation.Type)];
        bool isIPv6 = words[0] == "ip6";
        AddIf(words, !encapsulation.Labels.IsEmpty, string.Join('/', encapsulation.Labels));
        AddIf(words, encapsulation.Locator != 0, string.Join(':', Enumerable.Range(0, 4).Select(i => ((ushort)(encapsulation.Locator >> (48 - (16 * i)))).ToString("x", CultureInfo.InvariantCulture))));
        Add(words, "id", encapsulation.Id?.ToString(CultureInfo.InvariantCulture) ?? "");
        Add(words, "dst", encapsulation.Destination);
        Add(words, "src", encapsulation.Source);
        Add(words, isIPv6 ? "tc" : "tos", encapsulation.Tos is { } tos ? Text(tos) : "");
        Add(words, isIPv6 ? "hoplimit" : "ttl", encapsulation.Ttl is { } ttl ? Text(ttl) : "");
        Add(words, "flags", encapsulation.Flags is { } flags ? Text(flags) : "");
        return string.Join(' ', words);
    }

    private static string Hex(uint number) => "0x" + number.ToString("x", CultureInfo.InvariantCulture);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static void Add(List<string> words, string word, InternetAddress address) => Add(words, word, address.IsNone ? "" : address.ToString());

    private static void Add(List<string> words, string word, string value)
    {
        if (value.Length > 0)
        {
            words.Add(word);
            words.Add(value);
        }
    }

    private static void AddIf(List<string> words, bool isSo, string word)
    {
        if (isSo)
        {
            words.Add(word);
        }
    }
}
