using System.Globalization;
using FenceFirst.Core;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config;

/// <summary>The entries of virtual_routes and virtual_rules, the part of iproute2's language that is supported.</summary>
internal sealed class RouteBinder(BindContext context)
{
    private static readonly string[] RouteTypes = ["unicast", "local", "broadcast", "anycast", "multicast", "blackhole", "unreachable", "prohibit", "throw"];

    private static readonly string[] RouteOptionsNotYet =
    [
        "nexthop", "or", "encap", "from", "expires", "mtu", "advmss", "reordering", "cwnd", "ssthresh", "rtt", "rttvar", "rto_min", "window", "hoplimit",
        "initcwnd", "initrwnd", "realms", "features", "quickack", "congctl", "pref", "ttl-propagate", "fastopen_no_cookie", "append", "vrf", "protocol",
    ];

    private static readonly string[] RuleOptionsNotYet =
    [
        "not", "tos", "dsfield", "fwmark", "realms", "suppress_prefixlength", "sup_pl", "suppress_ifgroup", "sup_group", "iif", "dev", "oif", "tunnel-id",
        "uidrange", "l3mdev", "protocol", "ipproto", "sport", "dport", "type", "goto", "nop", "blackhole", "unreachable", "prohibit", "no_track",
    ];

    /// <summary>One route, or null when it cannot be used, which is reported.</summary>
    public VirtualRoute? Route(ConfigNode entry, bool isIPv6)
    {
        List<Token> words = entry.Words;
        VirtualRoute route = new(InternetAddress.None, 0);
        bool hasDestination = false;
        for (int i = 0; i < words.Count; i++)
        {
            Token word = words[i];
            int type = Array.IndexOf(RouteTypes, word.Text) + 1;
            if (type > 0)
            {
                route = route with { Type = (byte)type };
            }
            else if (word.Text is "onlink" or "no_track" or "inet" or "inet6" or "to" or "prepend" or "add" or "default" or "any" or "all")
            {
                hasDestination |= word.Text is "default" or "any" or "all";
                isIPv6 = word.Text is "inet6" || (isIPv6 && word.Text is not "inet");
                route = route with { IsOnLink = route.IsOnLink || word.Text == "onlink", IsUntracked = route.IsUntracked || word.Text == "no_track" };
            }
            else if (!hasDestination && InternetAddress.TryParse(word.Text.Split('/')[0], out _))
            {
                if (!context.Values.TryNetwork(word, "route", out InternetAddress destination, out byte length))
                {
                    return null;
                }

                route = route with { Destination = destination, PrefixLength = length };
                hasDestination = true;
            }
            else if (RouteOption(route, words, ref i) is VirtualRoute next)
            {
                route = next;
            }
            else
            {
                return null;
            }
        }

        return hasDestination ? Completed(route, entry, isIPv6) : Refuse(DiagnosticCodes.MissingValue, words[0], "the route has no destination", "ADDRESS/LENGTH or default");
    }

    /// <summary>One rule, or null when it cannot be used, which is reported.</summary>
    public VirtualRule? Rule(ConfigNode entry, bool isIPv6)
    {
        uint? priority = null;
        uint? table = null;
        VirtualRule rule = new(isIPv6, 0, 0);
        for (int i = 0; i < entry.Words.Count; i++)
        {
            Token option = entry.Words[i];
            if (option.Text is "inet" or "inet6")
            {
                isIPv6 = option.Text == "inet6";
                continue;
            }

            if (RuleOptionsNotYet.Contains(option.Text) || i + 1 >= entry.Words.Count)
            {
                return RefuseOption<VirtualRule>(option, RuleOptionsNotYet, "rule");
            }

            Token value = entry.Words[++i];
            switch (option.Text)
            {
                case "from" or "to" when value.Text is "all" or "any" or "default":
                    break;
                case "from" or "to":
                    if (!context.Values.TryNetwork(value, option.Text, out InternetAddress network, out byte length))
                    {
                        return null;
                    }

                    isIPv6 = network.IsIPv6;
                    rule = option.Text == "from" ? rule with { From = network, FromLength = length } : rule with { To = network, ToLength = length };
                    break;
                case "table" or "lookup":
                    table = Table(value);
                    break;
                case "preference" or "order" or "priority" or "pref":
                    priority = context.Values.TryInteger(value, 1, int.MaxValue, option.Text, out int number) ? (uint)number : null;
                    break;
                default:
                    return RefuseOption<VirtualRule>(option, RuleOptionsNotYet, "rule");
            }
        }

        if (priority is null || table is null)
        {
            context.Diagnostics.Add(DiagnosticCodes.MissingValue, entry.Span, $"the rule needs a {(table is null ? "table" : "priority")}", "from ADDRESS table N priority N");
            return null;
        }

        if (!rule.From.IsNone && !rule.To.IsNone && rule.From.IsIPv6 != rule.To.IsIPv6)
        {
            context.Diagnostics.Add(DiagnosticCodes.WrongFamily, entry.Span, "from and to are of different families");
            return null;
        }

        return rule with { IsIPv6 = isIPv6, Priority = priority.Value, Table = table.Value };
    }

    private VirtualRoute? RouteOption(VirtualRoute route, List<Token> words, ref int i)
    {
        Token option = words[i];
        if (RouteOptionsNotYet.Contains(option.Text) || i + 1 >= words.Count)
        {
            return RefuseOption<VirtualRoute>(option, RouteOptionsNotYet, "route");
        }

        Token value = words[++i];
        switch (option.Text)
        {
            case "via" or "gw":
                if (value.Text is "inet" or "inet6" && i + 1 < words.Count)
                {
                    value = words[++i];
                }

                return context.Values.TryAddress(value, "via", out InternetAddress via) ? route with { Via = via } : null;
            case "src":
                return context.Values.TryAddress(value, "src", out InternetAddress source) ? route with { Source = source } : null;
            case "dev" or "oif":
                int link = context.Link(value.Text, value.Span);
                return link < 0 ? null : route with { Link = link };
            case "table":
                return Table(value) is uint table ? route with { Table = table } : null;
            case "metric" or "priority" or "preference":
                return context.Values.TryInteger(value, 0, int.MaxValue, option.Text, out int metric) ? route with { Metric = (uint)metric } : null;
            case "tos" or "dsfield":
                return context.Values.TryInteger(value, 0, 255, option.Text, out int tos) ? route with { Tos = (byte)tos } : null;
            case "scope":
                return AddressBinder.TryScope(value.Text, out byte scope)
                    ? route with { Scope = scope }
                    : Refuse(DiagnosticCodes.BadChoice, value, $"'{value.Text}' is not a scope", "global, site, link, host or a number");
            default:
                return RefuseOption<VirtualRoute>(option, RouteOptionsNotYet, "route");
        }
    }

    private VirtualRoute? Completed(VirtualRoute route, ConfigNode entry, bool isIPv6)
    {
        InternetAddress sample = !route.Destination.IsNone ? route.Destination : !route.Via.IsNone ? route.Via : route.Source;
        isIPv6 = sample.IsNone ? isIPv6 : sample.IsIPv6;
        if (route.Destination.IsNone)
        {
            route = route with { Destination = InternetAddress.Parse(isIPv6 ? "::" : "0.0.0.0") };
        }

        bool isMixed = (!route.Via.IsNone && route.Via.IsIPv6 != isIPv6) || (!route.Source.IsNone && route.Source.IsIPv6 != isIPv6);
        return isMixed ? Refuse(DiagnosticCodes.WrongFamily, entry.Words[0], "the route mixes IPv4 and IPv6 addresses") : route;
    }

    /// <summary>A table by number or by a name of the kernel or of iproute2's rt_tables.</summary>
    private uint? Table(Token word)
    {
        if (uint.TryParse(word.Text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number > 0)
        {
            return number;
        }

        uint known = word.Text switch { "main" => 254, "default" => 253, "local" => 255, _ => 0 };
        string tables = known > 0 ? "" : context.Facts.ReadFile("/etc/iproute2/rt_tables") ?? context.Facts.ReadFile("/usr/share/iproute2/rt_tables") ?? "";
        foreach (string line in tables.Split('\n'))
        {
            string[] fields = line.Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 1 && fields[1] == word.Text && uint.TryParse(fields[0], out uint named))
            {
                known = named;
            }
        }

        if (known == 0)
        {
            context.Diagnostics.Add(DiagnosticCodes.BadChoice, word.Span, $"'{word.Text}' is not a routing table", "a number from 1, main, default, local, or a name in rt_tables");
            return null;
        }

        return known;
    }

    private T? RefuseOption<T>(Token option, string[] notYet, string what)
        where T : class
    {
        bool isKnown = notYet.Contains(option.Text);
        context.Diagnostics.Add(
            isKnown ? DiagnosticCodes.NotYet : DiagnosticCodes.UnknownOption,
            option.Span,
            isKnown ? $"{what} option '{option.Text}' is not supported yet" : $"'{option.Text}' is not an option of a {what}, or its value is missing",
            "one entry per line");
        return null;
    }

    private VirtualRoute? Refuse(DiagnosticCode code, Token at, string message, string hint = "")
    {
        context.Diagnostics.Add(code, at.Span, message, hint);
        return null;
    }
}
