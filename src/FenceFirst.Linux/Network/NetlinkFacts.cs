using System.Runtime.InteropServices;
using System.Text;
using FenceFirst.Core;
using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Network;

/// <summary>What an RTM_NEWLINK or RTM_DELLINK message says; the name still as bytes, so that reading allocates nothing.</summary>
internal ref struct LinkFacts
{
    internal int Index;
    internal uint Flags;
    internal ReadOnlySpan<byte> Name;
    internal MacAddress Mac;
    internal int Mtu;
    internal int MasterIndex;
    internal int LowerIndex;
    internal ReadOnlySpan<byte> Kind;
    internal int MacvlanMode;
    internal uint Group;
}

/// <summary>An address of an interface, as the kernel tells of it.</summary>
/// <param name="LinkIndex">Interface.</param>
/// <param name="Address">The local address.</param>
/// <param name="PrefixLength">0..32 or 0..128.</param>
/// <param name="Flags">IFA_F_*: 0x80 permanent, 0x40 tentative, 0x08 duplicate found, 0x20 deprecated, 0x01 secondary.</param>
/// <param name="Scope">0 = global, 253 = link, 254 = host.</param>
/// <param name="Protocol">IFA_PROTO; 18 = ours, 0 = unknown.</param>
public readonly record struct AddressInfo(int LinkIndex, InternetAddress Address, byte PrefixLength, uint Flags, byte Scope, byte Protocol)
{
    /// <summary>When its lifetime was last set, in hundredths of a second since the start of the kernel's tick counter; 0 = not told.</summary>
    public uint Stamp { get; init; }

    /// <summary>Whether duplicate address detection has not finished: the address cannot be used yet.</summary>
    public bool IsTentative => (Flags & 0x40) != 0;
}

/// <summary>A route as a change tells of it.</summary>
internal readonly record struct RouteFacts(InternetAddress Destination, byte PrefixLength, uint Table, byte Protocol, int LinkIndex, uint Metric);

/// <summary>A rule as a change tells of it.</summary>
internal readonly record struct RuleFacts(bool IsIPv6, uint Priority, uint Table, byte Protocol);

/// <summary>Reads payloads of rtnetlink messages. Any bytes give values or a refusal; never an exception.</summary>
internal static class NetlinkFacts
{
    private const int LinkHeaderBytes = 16;
    private const int AddressHeaderBytes = 8;
    private const int RouteHeaderBytes = 12;
    private const int RuleHeaderBytes = 12;
    private const int ErrorBytes = 4 + Netlink.HeaderBytes;

    internal static bool TryReadLink(ReadOnlySpan<byte> payload, out LinkFacts link)
    {
        link = default;
        if (payload.Length < LinkHeaderBytes)
        {
            return false;
        }

        // AF_BRIDGE messages tell of a bridge port with the same type; they carry no state of the link that we want.
        if (payload[0] != 0)
        {
            return false;
        }

        link.Index = MemoryMarshal.Read<int>(payload[4..]);
        link.Flags = MemoryMarshal.Read<uint>(payload[8..]);
        AttributeReader attributes = new(payload[LinkHeaderBytes..]);
        while (attributes.TryNext(out ushort type, out ReadOnlySpan<byte> value))
        {
            switch (type)
            {
                case 1:
                    link.Mac = MacAddress.FromBytes(value);
                    break;
                case 3:
                    link.Name = UntilZero(value);
                    break;
                case 4:
                    link.Mtu = (int)ReadNumber(value);
                    break;
                case 5:
                    link.LowerIndex = (int)ReadNumber(value);
                    break;
                case 10:
                    link.MasterIndex = (int)ReadNumber(value);
                    break;
                case 18:
                    link.Kind = ReadKind(value, out link.MacvlanMode);
                    break;
                case 27:
                    link.Group = ReadNumber(value);
                    break;
                default:
                    break;
            }
        }

        return link.Index > 0;
    }

    /// <summary>IFLA_AF_SPEC, AF_INET, IFLA_INET_CONF: the settings of net.ipv4.conf in the order of their numbers, the first one is number 1.</summary>
    internal static bool TryReadIPv4Settings(ReadOnlySpan<byte> payload, out int index, out uint[] values)
    {
        index = 0;
        values = [];
        if (payload.Length < LinkHeaderBytes || payload[0] != 0)
        {
            return false;
        }

        index = MemoryMarshal.Read<int>(payload[4..]);
        ReadOnlySpan<byte> settings = Inside(Inside(Inside(payload[LinkHeaderBytes..], 26), LibC.AF_INET), 1);
        values = MemoryMarshal.Cast<byte, uint>(settings).ToArray();
        return values.Length > 0;
    }

    internal static bool TryReadAddress(ReadOnlySpan<byte> payload, out AddressInfo address)
    {
        address = default;
        if (payload.Length < AddressHeaderBytes || AddressBytes(payload[0]) == 0)
        {
            return false;
        }

        int length = AddressBytes(payload[0]);
        uint flags = payload[2];
        InternetAddress local = InternetAddress.None;
        InternetAddress other = InternetAddress.None;
        byte protocol = 0;
        uint stamp = 0;
        AttributeReader attributes = new(payload[AddressHeaderBytes..]);
        while (attributes.TryNext(out ushort type, out ReadOnlySpan<byte> value))
        {
            switch (type)
            {
                case 1 when value.Length == length:
                    other = InternetAddress.FromBytes(value);
                    break;
                case 2 when value.Length == length:
                    local = InternetAddress.FromBytes(value);
                    break;
                case 6 when value.Length == 16:
                    stamp = MemoryMarshal.Read<uint>(value[12..]);
                    break;
                case 8 when value.Length == 4:
                    flags = ReadNumber(value);
                    break;
                case 11 when value.Length == 1:
                    protocol = value[0];
                    break;
                default:
                    break;
            }
        }

        // With a point-to-point peer IFA_ADDRESS is the peer; IPv6 without one has IFA_ADDRESS alone.
        InternetAddress own = local.IsNone ? other : local;
        address = new AddressInfo(MemoryMarshal.Read<int>(payload[4..]), own, payload[1], flags, payload[3], protocol) { Stamp = stamp };
        return !own.IsNone && address.PrefixLength <= length * 8;
    }

    internal static bool TryReadRoute(ReadOnlySpan<byte> payload, out RouteFacts route)
    {
        route = default;
        if (payload.Length < RouteHeaderBytes || AddressBytes(payload[0]) == 0)
        {
            return false;
        }

        int length = AddressBytes(payload[0]);
        Span<byte> zero = stackalloc byte[16];
        zero.Clear();
        InternetAddress destination = InternetAddress.FromBytes(zero[..length]);
        uint table = payload[4];
        uint metric = 0;
        int linkIndex = 0;
        AttributeReader attributes = new(payload[RouteHeaderBytes..]);
        while (attributes.TryNext(out ushort type, out ReadOnlySpan<byte> value))
        {
            switch (type)
            {
                case 1 when value.Length == length:
                    destination = InternetAddress.FromBytes(value);
                    break;
                case 4 when value.Length == 4:
                    linkIndex = (int)ReadNumber(value);
                    break;
                case 6 when value.Length == 4:
                    metric = ReadNumber(value);
                    break;
                case 15 when value.Length == 4:
                    table = ReadNumber(value);
                    break;
                default:
                    break;
            }
        }

        route = new RouteFacts(destination, payload[1], table, payload[5], linkIndex, metric);
        return route.PrefixLength <= length * 8;
    }

    internal static bool TryReadRule(ReadOnlySpan<byte> payload, out RuleFacts rule)
    {
        rule = default;
        if (payload.Length < RuleHeaderBytes || AddressBytes(payload[0]) == 0)
        {
            return false;
        }

        uint table = payload[4];
        uint priority = 0;
        byte protocol = 0;
        AttributeReader attributes = new(payload[RuleHeaderBytes..]);
        while (attributes.TryNext(out ushort type, out ReadOnlySpan<byte> value))
        {
            switch (type)
            {
                case 6 when value.Length == 4:
                    priority = ReadNumber(value);
                    break;
                case 15 when value.Length == 4:
                    table = ReadNumber(value);
                    break;
                case 21 when value.Length == 1:
                    protocol = value[0];
                    break;
                default:
                    break;
            }
        }

        rule = new RuleFacts(payload[0] == LibC.AF_INET6, priority, table, protocol);
        return true;
    }

    /// <summary>Reads the answer to a request: error number (0 = done) and the kernel's own explanation, if it gave one.</summary>
    internal static bool TryReadError(in NetlinkMessage message, out int errno, out ReadOnlySpan<byte> explanation)
    {
        errno = 0;
        explanation = default;
        if (message.Type != Netlink.Error || message.Payload.Length < 4)
        {
            return false;
        }

        int negative = MemoryMarshal.Read<int>(message.Payload);
        if (negative is > 0 or int.MinValue)
        {
            return false;
        }

        errno = -negative;
        if ((message.Flags & Netlink.ExtendedAcknowledgement) != 0 && message.Payload.Length >= ErrorBytes)
        {
            // NETLINK_CAP_ACK is on: only the header of our request is repeated before the attributes.
            AttributeReader attributes = new(message.Payload[ErrorBytes..]);
            while (attributes.TryNext(out ushort type, out ReadOnlySpan<byte> value))
            {
                if (type == 1)
                {
                    explanation = UntilZero(value);
                }
            }
        }

        return true;
    }

    internal static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    private static int AddressBytes(byte family) => family switch { LibC.AF_INET => 4, LibC.AF_INET6 => 16, _ => 0 };

    /// <summary>The value of the first attribute of a type; empty = it is not there.</summary>
    private static ReadOnlySpan<byte> Inside(ReadOnlySpan<byte> attributes, int wanted)
    {
        AttributeReader reader = new(attributes);
        while (reader.TryNext(out ushort type, out ReadOnlySpan<byte> value))
        {
            if (type == wanted)
            {
                return value;
            }
        }

        return default;
    }

    private static uint ReadNumber(ReadOnlySpan<byte> value) => value.Length >= 4 ? MemoryMarshal.Read<uint>(value) : 0;

    private static ReadOnlySpan<byte> UntilZero(ReadOnlySpan<byte> value)
    {
        int zero = value.IndexOf((byte)0);
        return zero < 0 ? value : value[..zero];
    }

    private static ReadOnlySpan<byte> ReadKind(ReadOnlySpan<byte> value, out int macvlanMode)
    {
        ReadOnlySpan<byte> kind = default;
        ReadOnlySpan<byte> details = default;
        AttributeReader attributes = new(value);
        while (attributes.TryNext(out ushort type, out ReadOnlySpan<byte> part))
        {
            kind = type == 1 ? UntilZero(part) : kind;
            details = type == 2 ? part : details;
        }

        macvlanMode = 0;
        AttributeReader inner = new(kind.SequenceEqual("macvlan"u8) ? details : default);
        while (inner.TryNext(out ushort type, out ReadOnlySpan<byte> mode))
        {
            macvlanMode = type == 1 ? (int)ReadNumber(mode) : macvlanMode;
        }

        return kind;
    }
}
