using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <summary>The entries of virtual_routes and static_routes: iproute2's language as keepalived reads it.</summary>
/// <remarks>Where keepalived's own reading is odd (`inet` loses the next word, `default` must come first), both forms are read and the odd one is said.</remarks>
internal sealed class RouteBinder(BindContext context, bool isStatic = false)
{
    private const byte KeepalivedProtocol = 18;

    private readonly RoutingNames _names = context.RoutingNames;
    private readonly EncapsulationBinder _encapsulations = new(context);
    private readonly List<RouteMetric> _metrics = [];
    private readonly List<RouteNextHop> _nextHops = [];
    private VirtualRoute _route = new(InternetAddress.None, 0);
    private bool? _isIPv6;
    private bool _hasDestination;

    /// <summary>The track_group of the last static entry; null = none.</summary>
    public Token? TrackGroup { get; private set; }

    /// <summary>One route, or null when it cannot be used, which is reported.</summary>
    /// <param name="entry">The line.</param>
    /// <param name="isIPv6">Family of a default route that says nothing about it.</param>
    public VirtualRoute? Route(ConfigNode entry, bool isIPv6)
    {
        _route = new VirtualRoute(InternetAddress.None, 0);
        (_isIPv6, _hasDestination) = (null, false);
        TrackGroup = null;
        _metrics.Clear();
        _nextHops.Clear();
        WordReader words = new(entry.Words, context.Diagnostics, "route");
        while (words.TryNext(out Token word))
        {
            bool isGood = word.Text switch
            {
                "nexthop" or "or" => TryNextHop(word, words),
                "via" or "gw" or "src" or "from" => TryAddress(word, words),
                _ when RouteMetrics.Applies(word.Text) => TryMetric(word, words),
                _ => TrySwitch(word) || TryValue(word, words),
            };
            if (!isGood || words.HasFailed)
            {
                return null;
            }
        }

        return Completed(entry, isIPv6);
    }

    /// <summary>Words without a value.</summary>
    private bool TrySwitch(Token word)
    {
        switch (word.Text)
        {
            case "inet" or "inet6":
                context.Warn(DiagnosticCodes.KeepalivedForm, word, $"keepalived loses the word after `{word.Text}` here; FenceFirst reads it", "leave the word out: the addresses say it");
                return TryFamily(word, word.Text == "inet6");
            case "onlink":
                _route = _route with { IsOnLink = true };
                return true;
            case "no_track":
                _route = _route with { IsUntracked = true };
                return true;
            case "add" or "prepend" or "append":
                _route = _route with { Placement = word.Text switch { "add" => RoutePlacement.Add, "append" => RoutePlacement.Append, _ => RoutePlacement.Prepend } };
                return true;
            default:
                return false;
        }
    }

    private bool TryAddress(Token option, WordReader words)
    {
        bool? family = null;
        Token value = words.Value(option);
        if (option.Text is "via" or "gw" && value.Text is "inet" or "inet6")
        {
            family = value.Text == "inet6";
            value = words.Value(option);
        }

        if (words.HasFailed)
        {
            return false;
        }

        if (option.Text == "gw")
        {
            context.Warn(DiagnosticCodes.Deprecated, option, "`gw` is an old word", "write `via`");
        }

        if (option.Text == "from")
        {
            if (!context.Values.TryNetwork(value, "from", out InternetAddress from, out byte length))
            {
                return false;
            }

            _route = _route with { From = from, FromLength = length };
            return from.IsIPv6 ? TryFamily(value, true) : context.Refuse(DiagnosticCodes.WrongFamily, value, "from is possible in IPv6 routes only", "a rule can choose by source");
        }

        if (!context.Values.TryAddress(value, option.Text, out InternetAddress address))
        {
            return false;
        }

        if (family is not null && family != address.IsIPv6)
        {
            return context.Refuse(DiagnosticCodes.WrongFamily, value, $"{address} is not of the family that is written before it");
        }

        _route = option.Text == "src" ? _route with { Source = address } : _route with { Via = address };

        // A gateway of the other family is possible where the word before it says so (RFC 5549).
        return family is not null || TryFamily(value, address.IsIPv6);
    }

    private bool TryValue(Token option, WordReader words)
    {
        switch (option.Text)
        {
            case "dev" or "oif":
                int link = words.TryValue(option, out Token device) ? context.Link(device.Text, device.Span) : -1;
                _route = _route with { Link = link };
                return link >= 0;
            case "table":
                return words.TryNumber(option, _names.TryTable, "a number, main, default, local, or a name in rt_tables", out uint table) && Set(_route with { Table = table });
            case "protocol":
                return words.TryNumber(option, _names.TryProtocol, "a number up to 255 or a name in rt_protos", out uint protocol) && Set(_route with { Protocol = (byte)protocol });
            case "scope":
                return words.TryNumber(option, _names.TryScope, "global, site, link, host or a number", out uint scope) && Set(_route with { Scope = (int)scope });
            case "tos" or "dsfield":
                return words.TryNumber(option, _names.TryTypeOfService, "a number up to 255 or a name in rt_dsfield", out uint tos) && Set(_route with { Tos = (byte)tos });
            case "metric" or "priority" or "preference":
                return words.TryNumber(option, uint.MaxValue, out ulong metric) && Set(_route with { Metric = (uint)metric });
            case "expires":
                return words.TryNumber(option, uint.MaxValue, out ulong expires) && TryFamily(option, true) && Set(_route with { Expires = (uint)expires });
            case "realms":
                return words.TryNumber(option, _names.TryRealms, "[SOURCE/]DESTINATION, numbers up to 255 or names in rt_realms", out uint realms)
                    && TryFamily(option, false) && Set(_route with { Realms = realms });
            case "pref":
                return words.TryNumber(option, TryPreference, "low, medium, high or a number up to 255", out uint preference)
                    && TryFamily(option, true) && Set(_route with { Preference = (int)preference });
            case "ttl-propagate":
                return words.TryNumber(option, TryEnabled, "enabled or disabled", out uint isPropagated) && Set(_route with { TtlPropagation = (int)isPropagated });
            case "congctl":
                return TryCongestionControl(option, words);
            case "encap":
                RouteEncapsulation? encapsulation = _encapsulations.Bind(option, words);
                _route = _route with { Encapsulation = encapsulation };
                return encapsulation is not null;
            case "track_group" when isStatic:
                bool isNamed = words.TryValue(option, out Token name);
                TrackGroup = name;
                return isNamed;
            case "vrf":
                return context.Refuse(DiagnosticCodes.NotYet, option, "keepalived's route option vrf is not supported yet", "write the table of the VRF: table N");
            default:
                return TryDestination(option, words);
        }
    }

    /// <summary>[to] [TYPE] DESTINATION.</summary>
    private bool TryDestination(Token word, WordReader words)
    {
        if (word.Text == "to")
        {
            word = words.Value(word);
        }

        if (!words.HasFailed && RoutingNames.TryType(word.Text, out byte type))
        {
            // keepalived: a type, even unicast, makes it `add`; only what is written behind it changes that.
            _route = _route with { Type = type, Placement = RoutePlacement.Add };
            word = words.Value(word);
        }

        if (words.HasFailed)
        {
            return false;
        }

        if (_hasDestination)
        {
            return context.Refuse(DiagnosticCodes.UnknownOption, word, $"'{word.Text}' is not an option of a route", "one route per line");
        }

        _hasDestination = true;
        if (word.Text is "default" or "any" or "all" or "default6")
        {
            if (_isIPv6 is not null && word.Text != "default6")
            {
                context.Warn(DiagnosticCodes.KeepalivedForm, word, $"keepalived refuses `{word.Text}` behind an address; FenceFirst reads it", $"put {word.Text} first");
            }

            return word.Text != "default6" || TryFamily(word, true);
        }

        if (!InternetAddress.TryParse(word.Text.Split('/')[0], out _))
        {
            return context.Refuse(DiagnosticCodes.UnknownOption, word, $"'{word.Text}' is neither a destination nor an option of a route", "[to] ADDRESS/LENGTH or default, then via, dev, src, table, metric ...");
        }

        if (!context.Values.TryNetwork(word, "route", out InternetAddress destination, out byte length))
        {
            return false;
        }

        _route = _route with { Destination = destination, PrefixLength = length };
        return TryFamily(word, destination.IsIPv6);
    }

    private bool TryMetric(Token option, WordReader words)
    {
        bool isGood = RouteMetrics.TryRead(option, words, context, out RouteMetric metric, out bool isLocked);
        if (isGood)
        {
            _metrics.Add(metric);
            _route = _route with { LockedMetrics = _route.LockedMetrics | (isLocked ? 1u << metric.Type : 0) };
        }

        return isGood;
    }

    private bool TryCongestionControl(Token option, WordReader words)
    {
        Token value = words.Value(option);
        bool isLocked = value.Text == "lock";
        value = isLocked ? words.Value(option) : value;
        _route = _route with { CongestionControl = value.Text, LockedMetrics = _route.LockedMetrics | (isLocked ? 1u << RouteMetrics.CongestionControl : 0) };
        return !words.HasFailed && (value.Text.Length is > 0 and <= 15 || context.Refuse(DiagnosticCodes.BadName, value, "the name of a congestion control has 1 to 15 characters"));
    }

    /// <summary>nexthop via ADDRESS dev NAME weight N ..., the rest of the line; or the old `via A or B`.</summary>
    private bool TryNextHop(Token word, WordReader words)
    {
        if (word.Text == "or")
        {
            context.Warn(DiagnosticCodes.Deprecated, word, "`or` is an old word", "write `nexthop via A nexthop via B`");
            Token value = words.Value(word);
            if (words.HasFailed || _nextHops.Count > 0 || !context.Values.TryAddress(value, "or", out InternetAddress other) || !TryFamily(value, other.IsIPv6))
            {
                return false;
            }

            _nextHops.Add(new RouteNextHop { Via = _route.Via });
            _nextHops.Add(new RouteNextHop { Via = other });
            _route = _route with { Via = InternetAddress.None };
            return true;
        }

        RouteNextHop hop = new();
        while (words.TryPeek(out Token option) && option.Text != "nexthop")
        {
            words.TryNext(out option);
            switch (option.Text)
            {
                case "via":
                    Token value = words.Value(option);
                    bool isTold = value.Text is "inet" or "inet6";
                    value = isTold ? words.Value(option) : value;
                    if (words.HasFailed || !context.Values.TryAddress(value, "via", out InternetAddress via) || !(isTold || TryFamily(value, via.IsIPv6)))
                    {
                        return false;
                    }

                    hop = hop with { Via = via };
                    break;
                case "dev":
                    hop = hop with { Link = words.TryValue(option, out Token device) ? context.Link(device.Text, device.Span) : -1 };
                    if (hop.Link < 0)
                    {
                        return false;
                    }

                    break;
                case "weight":
                    if (!words.TryNumber(option, 256, out ulong weight) || weight == 0)
                    {
                        return words.HasFailed ? false : context.Refuse(DiagnosticCodes.OutOfRange, option, "the weight of a nexthop is 1 to 256");
                    }

                    hop = hop with { Weight = (int)weight };
                    break;
                case "onlink":
                    hop = hop with { IsOnLink = true };
                    break;
                case "realms":
                    if (!words.TryNumber(option, _names.TryRealms, "[SOURCE/]DESTINATION", out uint realms) || !TryFamily(option, false))
                    {
                        return false;
                    }

                    hop = hop with { Realms = realms };
                    break;
                case "encap":
                    hop = hop with { Encapsulation = _encapsulations.Bind(option, words) };
                    if (hop.Encapsulation is null)
                    {
                        return false;
                    }

                    break;
                default:
                    return context.Refuse(DiagnosticCodes.UnknownOption, option, $"'{option.Text}' is not an option of a nexthop", "via, dev, weight, onlink, realms, encap; nexthops are the last of a route");
            }
        }

        _nextHops.Add(hop);
        return true;
    }

    private bool TryFamily(Token word, bool isIPv6)
    {
        if (_isIPv6 is not null && _isIPv6 != isIPv6)
        {
            return context.Refuse(DiagnosticCodes.WrongFamily, word, "the route mixes IPv4 and IPv6");
        }

        _isIPv6 = isIPv6;
        return true;
    }

    private bool Set(VirtualRoute route)
    {
        _route = route;
        return true;
    }

    private VirtualRoute? Completed(ConfigNode entry, bool isIPv6)
    {
        if (!_hasDestination)
        {
            context.Refuse(DiagnosticCodes.MissingValue, entry.Words[0], "the route has no destination", "ADDRESS/LENGTH or default");
            return null;
        }

        if (_route.Destination.IsNone)
        {
            _route = _route with { Destination = InternetAddress.Parse(_isIPv6 ?? isIPv6 ? "::" : "0.0.0.0") };
        }

        if (!_route.IsUntracked && _route.Protocol != KeepalivedProtocol)
        {
            context.Warn(DiagnosticCodes.NotTracked, entry.Words[0], "a route of another protocol cannot be tracked: its protocol becomes keepalived (18)", "no_track keeps the protocol");
            _route = _route with { Protocol = KeepalivedProtocol };
        }

        if (!_route.IsUntracked && _route.Link < 0)
        {
            context.Warn(DiagnosticCodes.NotTracked, entry.Words[0], "the route has no dev: no interface is tracked for it", "add `dev NAME`, or say no_track");
        }

        return _route with { Metrics = _metrics.ToEquatableArray(), NextHops = _nextHops.ToEquatableArray() };
    }

    private static bool TryPreference(string text, out uint preference)
    {
        preference = text switch { "low" => 3, "medium" => 0, "high" => 1, _ => uint.MaxValue };
        bool isNumber = RoutingNames.TryNumber(text, 255, out ulong number);
        preference = isNumber ? (uint)number : preference;
        return preference <= 255;
    }

    private static bool TryEnabled(string text, out uint value)
    {
        value = text == "enabled" ? 1u : 0;
        return text is "enabled" or "disabled";
    }
}
