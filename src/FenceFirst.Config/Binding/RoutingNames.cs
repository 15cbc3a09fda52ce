using System.Globalization;

namespace FenceFirst.Config.Binding;

/// <summary>Numbers with names of the routing system: tables, protocols, scopes, realms, groups, types of service.</summary>
/// <remarks>A name stands in a file of iproute2 or is one of the kernel's own; a number may be decimal, 0x hexadecimal or 0 octal.</remarks>
internal sealed class RoutingNames(MachineFacts facts)
{
    private static readonly string[] Directories = ["/etc/iproute2/", "/usr/share/iproute2/"];

    private static readonly (uint Number, string Name)[] Tables = [(254, "main"), (253, "default"), (255, "local")];

    private static readonly (uint Number, string Name)[] Scopes = [(0, "global"), (0, "universe"), (200, "site"), (253, "link"), (254, "host"), (255, "nowhere")];

    private static readonly (uint Number, string Name)[] Protocols =
    [
        (0, "none"), (1, "redirect"), (2, "kernel"), (3, "boot"), (4, "static"), (8, "gated"), (9, "ra"), (10, "mrt"), (11, "zebra"), (12, "bird"),
        (13, "dnrouted"), (14, "xorp"), (15, "ntk"), (16, "dhcp"), (18, "keepalived"), (42, "babel"),
    ];

    private static readonly (uint Number, string Name)[] Types =
    [
        (1, "unicast"), (2, "local"), (3, "broadcast"), (3, "brd"), (4, "anycast"), (5, "multicast"), (6, "blackhole"), (7, "unreachable"), (8, "prohibit"),
        (9, "throw"), (10, "nat"), (11, "xresolve"),
    ];

    private static readonly (uint Number, string Name)[] PacketProtocols =
        [(1, "icmp"), (2, "igmp"), (6, "tcp"), (17, "udp"), (33, "dccp"), (41, "ipv6"), (47, "gre"), (50, "esp"), (51, "ah"), (58, "ipv6-icmp"), (58, "icmpv6"), (89, "ospf"), (112, "vrrp"), (132, "sctp"), (136, "udplite")];

    public bool TryTable(string text, out uint number) => TryFind(text, "rt_tables", Tables, uint.MaxValue, out number);

    public bool TryScope(string text, out uint number) => TryFind(text, "rt_scopes", Scopes, 255, out number);

    public bool TryProtocol(string text, out uint number) => TryFind(text, "rt_protos", Protocols, 255, out number);

    public bool TryTypeOfService(string text, out uint number) => TryFind(text, "rt_dsfield", [], 255, out number);

    public bool TryGroup(string text, out uint number) => TryFind(text, "group", [(0, "default")], int.MaxValue, out number);

    public bool TryPacketProtocol(string text, out uint number) => TryFind(text, "", PacketProtocols, 255, out number);

    /// <summary>A route type by name.</summary>
    public static bool TryType(string text, out byte type)
    {
        type = (byte)Types.FirstOrDefault(entry => entry.Name == text).Number;
        return type != 0;
    }

    /// <summary>A scope by name, or its number where it has none.</summary>
    public static string ScopeName(byte scope) => Array.Find(Scopes, entry => entry.Number == scope).Name ?? scope.ToString(CultureInfo.InvariantCulture);

    /// <summary>A route type by its name.</summary>
    public static string TypeName(byte type) => Array.Find(Types, entry => entry.Number == type).Name ?? type.ToString(CultureInfo.InvariantCulture);

    /// <summary>[SOURCE/]DESTINATION realms; the source ends up in the upper 16 bits.</summary>
    public bool TryRealms(string text, out uint realms)
    {
        realms = 0;
        foreach (string part in text.Split('/', 3))
        {
            if (!TryFind(part, "rt_realms", [], 255, out uint realm) || realms > ushort.MaxValue)
            {
                return false;
            }

            realms = (realms << 16) | realm;
        }

        return true;
    }

    /// <summary>A number as the C language writes it.</summary>
    public static bool TryNumber(string text, ulong max, out ulong number)
    {
        number = 0;
        bool isHexadecimal = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        if (isHexadecimal || text.Length is 0 or > 24 || text[0] != '0' || text.Length == 1)
        {
            return (isHexadecimal
                ? ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number)
                : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number)) && number <= max;
        }

        foreach (char c in text)
        {
            if (c is < '0' or > '7')
            {
                return false;
            }

            number = (number * 8) + (ulong)(c - '0');
        }

        return number <= max;
    }

    private bool TryFind(string text, string file, (uint Number, string Name)[] known, uint max, out uint number)
    {
        bool isNumber = TryNumber(text, max, out ulong parsed);
        number = (uint)parsed;
        if (isNumber || text.Length == 0 || char.IsAsciiDigit(text[0]))
        {
            return isNumber;
        }

        foreach (string directory in file.Length == 0 ? [] : Directories)
        {
            foreach (string line in (facts.ReadFile(directory + file) ?? "").Split('\n'))
            {
                string[] fields = line.Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
                if (fields.Length > 1 && fields[1] == text && TryNumber(fields[0], max, out parsed))
                {
                    number = (uint)parsed;
                    return true;
                }
            }
        }

        (number, string? name) = Array.Find(known, entry => entry.Name == text);
        return name is not null;
    }
}
