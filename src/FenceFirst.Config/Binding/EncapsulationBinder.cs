using System.Globalization;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <summary>encap ip|ip6|mpls|ila of a route or a nexthop.</summary>
internal sealed class EncapsulationBinder(BindContext context)
{
    private const byte Mpls = 1;
    private const byte Ip = 2;
    private const byte Ila = 3;
    private const byte Ip6 = 4;
    private const int LabelsMax = 16;
    private const uint LabelMax = (1 << 20) - 1;

    /// <summary>The word of a kind of tunnel.</summary>
    public static string Name(byte type) => type switch { Mpls => "mpls", Ip => "ip", Ila => "ila", _ => "ip6" };

    /// <summary>The tunnel, or null when it cannot be used, which is reported.</summary>
    public RouteEncapsulation? Bind(Token option, WordReader words)
    {
        Token kind = words.Value(option);
        switch (kind.Text)
        {
            case "ip" or "ip6":
                return Tunnel(kind, words);
            case "mpls":
                return words.TryValue(kind, out Token labels) ? Labels(labels) : null;
            case "ila":
                return words.TryValue(kind, out Token locator) ? Locator(locator) : null;
            default:
                if (!words.HasFailed)
                {
                    context.Refuse(DiagnosticCodes.BadChoice, kind, $"encap: '{kind.Text}' is not possible", "ip, ip6, mpls or ila");
                }

                return null;
        }
    }

    private RouteEncapsulation? Tunnel(Token kind, WordReader words)
    {
        bool isIPv6 = kind.Text == "ip6";
        RouteEncapsulation result = new(isIPv6 ? Ip6 : Ip);
        while (words.TryPeek(out Token option))
        {
            RouteEncapsulation? next = null;
            switch (option.Text)
            {
                case "id" when Take(words) && words.TryNumber(option, ulong.MaxValue, out ulong id):
                    next = result with { Id = id };
                    break;
                case "dst" or "src" when Take(words) && words.TryValue(option, out Token value) && context.Values.TryAddress(value, option.Text, out InternetAddress address):
                    if (address.IsIPv6 != isIPv6)
                    {
                        context.Refuse(DiagnosticCodes.WrongFamily, value, $"{address} cannot be an end of an {kind.Text} tunnel");
                        break;
                    }

                    next = option.Text == "dst" ? result with { Destination = address } : result with { Source = address };
                    break;
                case "tos" or "tc" when option.Text == (isIPv6 ? "tc" : "tos") && Take(words)
                    && words.TryNumber(option, context.RoutingNames.TryTypeOfService, "a number up to 255 or a name in rt_dsfield", out uint tos):
                    next = result with { Tos = (byte)tos };
                    break;
                case "ttl" or "hoplimit" when option.Text == (isIPv6 ? "hoplimit" : "ttl") && Take(words) && words.TryNumber(option, 255, out ulong ttl):
                    next = result with { Ttl = (byte)ttl };
                    break;
                case "flags" when Take(words) && words.TryNumber(option, ushort.MaxValue, out ulong flags):
                    next = result with { Flags = (ushort)flags };
                    break;
                case "id" or "dst" or "src" or "flags":
                    break;
                default:
                    // Not an option of the tunnel: the route goes on.
                    return Completed(result, kind);
            }

            if (next is null)
            {
                return null;
            }

            result = next;
        }

        return Completed(result, kind);
    }

    private RouteEncapsulation? Completed(RouteEncapsulation tunnel, Token kind)
    {
        if (tunnel.Destination.IsNone && tunnel.Id is null)
        {
            context.Refuse(DiagnosticCodes.MissingValue, kind, $"encap {kind.Text} needs dst or id");
            return null;
        }

        return tunnel;
    }

    private RouteEncapsulation? Labels(Token word)
    {
        List<uint> labels = [];
        foreach (string part in word.Text.Split('/', LabelsMax + 1))
        {
            if (labels.Count == LabelsMax || !RoutingNames.TryNumber(part, LabelMax, out ulong label))
            {
                context.Refuse(DiagnosticCodes.BadNumber, word, $"'{word.Text}' is no list of MPLS labels", "16/20/100: up to 16 labels of 0 to 1048575");
                return null;
            }

            labels.Add((uint)label);
        }

        return new RouteEncapsulation(Mpls) { Labels = labels.ToEquatableArray() };
    }

    private RouteEncapsulation? Locator(Token word)
    {
        string[] groups = word.Text.Split(':');
        ulong locator = 0;
        bool isGood = groups.Length == 4;
        foreach (string group in groups)
        {
            isGood &= ushort.TryParse(group, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort value);
            locator = (locator << 16) | value;
        }

        if (!isGood)
        {
            context.Refuse(DiagnosticCodes.BadNumber, word, $"'{word.Text}' is no ILA locator", "four groups of hexadecimal digits: 2001:db8:1:2");
            return null;
        }

        return new RouteEncapsulation(Ila) { Locator = locator };
    }

    private static bool Take(WordReader words) => words.TryNext(out _);
}
