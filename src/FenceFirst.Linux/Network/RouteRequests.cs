using System.Buffers.Binary;
using System.Runtime.InteropServices;
using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Network;

/// <summary>Builds the requests that change routes and rules, as keepalived builds them. Pure: bytes into a caller's buffer.</summary>
internal static class RouteRequests
{
    private const int ScopeNowhere = 255;
    private const byte OnLink = 4;
    private const byte TypeUnicast = 1;
    private const ushort Destination = 1;
    private const ushort From = 2;
    private const ushort OutputLink = 4;
    private const ushort Gateway = 5;
    private const ushort Priority = 6;
    private const ushort PreferredSource = 7;
    private const ushort Metrics = 8;
    private const ushort Multipath = 9;
    private const ushort Flow = 11;
    private const ushort Table = 15;
    private const ushort Via = 18;
    private const ushort Preference = 20;
    private const ushort EncapsulationType = 21;
    private const ushort Encapsulation = 22;
    private const ushort Expires = 23;
    private const ushort TtlPropagation = 26;
    private const ushort MetricLock = 1;
    private const ushort MetricCongestionControl = 16;

    /// <summary>A route; <paramref name="indexOf"/> turns an index of the configuration into the kernel's, 0 = there is none.</summary>
    internal static void WriteRoute(ref NetlinkWriter writer, VirtualRoute route, Func<int, int> indexOf, bool isAdded, uint sequence)
    {
        int placement = route.Placement switch { RoutePlacement.Add => Netlink.Exclusive, RoutePlacement.Append => Netlink.Append, RoutePlacement.Prepend => 0 };
        writer.BeginMessage(
            isAdded ? Netlink.NewRoute : Netlink.DeleteRoute, Netlink.Request | Netlink.Acknowledge | (isAdded ? Netlink.Create | placement : 0), sequence);
        bool isIPv6 = route.Destination.IsIPv6;
        Span<byte> header = writer.Reserve(12);
        NetlinkWriter.Put(header, 0, NetlinkRequests.Family(route.Destination));
        NetlinkWriter.Put(header, 1, route.PrefixLength);
        NetlinkWriter.Put(header, 2, route.From.IsNone ? (byte)0 : route.FromLength);
        NetlinkWriter.Put(header, 3, route.Tos);
        NetlinkWriter.Put(header, 4, route.Table < 256 ? (byte)route.Table : (byte)0);
        NetlinkWriter.Put(header, 5, route.Protocol);

        // A delete matches every scope, and every type unless another than unicast is asked for.
        NetlinkWriter.Put(header, 6, isAdded ? (byte)route.Scope : (byte)ScopeNowhere);
        NetlinkWriter.Put(header, 7, isAdded || route.Type != TypeUnicast ? route.Type : (byte)0);
        NetlinkWriter.Put(header, 8, route.IsOnLink ? (uint)OnLink : 0);
        writer.Attribute(Table, route.Table);
        if (route.PrefixLength != 0)
        {
            writer.Attribute(Destination, route.Destination);
        }

        if (!route.From.IsNone)
        {
            writer.Attribute(From, route.From);
        }

        WriteGateway(ref writer, route.Via, isIPv6);
        if (!route.Source.IsNone)
        {
            writer.Attribute(PreferredSource, route.Source);
        }

        int link = route.Link < 0 ? 0 : indexOf(route.Link);
        if (link > 0)
        {
            writer.Attribute(OutputLink, (uint)link);
        }

        if (route.Metric != 0)
        {
            writer.Attribute(Priority, route.Metric);
        }

        WriteOptional(ref writer, Flow, route.Realms);
        if (isAdded)
        {
            WriteOptional(ref writer, Expires, route.Expires);
        }

        if (route.Preference >= 0)
        {
            writer.Attribute(Preference, (byte)route.Preference);
        }

        if (route.TtlPropagation >= 0)
        {
            writer.Attribute(TtlPropagation, (byte)route.TtlPropagation);
        }

        WriteEncapsulation(ref writer, route.Encapsulation);
        WriteMetrics(ref writer, route);
        WriteNextHops(ref writer, route, indexOf);
        writer.EndMessage();
    }

    /// <summary>A policy rule.</summary>
    internal static void WriteRule(ref NetlinkWriter writer, VirtualRule rule, bool isAdded, uint sequence)
    {
        const uint Invert = 2;
        int flags = Netlink.Request | Netlink.Acknowledge | (isAdded ? Netlink.Create | Netlink.Exclusive : 0);
        writer.BeginMessage(isAdded ? Netlink.NewRule : Netlink.DeleteRule, flags, sequence);
        Span<byte> header = writer.Reserve(12);
        NetlinkWriter.Put(header, 0, rule.IsIPv6 ? (byte)LibC.AF_INET6 : (byte)LibC.AF_INET);
        NetlinkWriter.Put(header, 1, rule.To.IsNone ? (byte)0 : rule.ToLength);
        NetlinkWriter.Put(header, 2, rule.From.IsNone ? (byte)0 : rule.FromLength);
        NetlinkWriter.Put(header, 3, rule.Tos);
        NetlinkWriter.Put(header, 4, rule.Table < 256 ? (byte)rule.Table : (byte)0);
        NetlinkWriter.Put(header, 7, (byte)rule.Action);
        NetlinkWriter.Put(header, 8, rule.IsInverted ? Invert : 0);
        writer.Attribute(6, rule.Priority);
        writer.Attribute(21, rule.Protocol);
        WriteOptional(ref writer, Table, rule.Table);
        if (!rule.To.IsNone)
        {
            writer.Attribute(1, rule.To);
        }

        if (!rule.From.IsNone)
        {
            writer.Attribute(2, rule.From);
        }

        WriteRuleInterfaces(ref writer, rule);
        WriteRuleSelectors(ref writer, rule);
        writer.EndMessage();
    }

    private static void WriteRuleInterfaces(ref NetlinkWriter writer, VirtualRule rule)
    {
        if (rule.InputInterface.Length > 0)
        {
            writer.Attribute(3, rule.InputInterface);
        }

        if (rule.OutputInterface.Length > 0)
        {
            writer.Attribute(17, rule.OutputInterface);
        }

        if (rule.IsLayer3Master)
        {
            writer.Attribute(19, (byte)1);
        }

        if (rule.Action == RuleAction.Goto)
        {
            writer.Attribute(4, rule.GotoTarget);
        }
    }

    private static void WriteRuleSelectors(ref NetlinkWriter writer, VirtualRule rule)
    {
        if (rule.Mark is uint mark)
        {
            writer.Attribute(10, mark);
        }

        if (rule.MarkMask is uint mask)
        {
            writer.Attribute(16, mask);
        }

        WriteOptional(ref writer, Flow, rule.Realms);
        if (rule.SuppressGroup >= 0)
        {
            writer.Attribute(13, (uint)rule.SuppressGroup);
        }

        if (rule.SuppressPrefixLength >= 0)
        {
            writer.Attribute(14, (uint)rule.SuppressPrefixLength);
        }

        if (rule.TunnelId != 0)
        {
            WriteBigEndian(ref writer, 12, rule.TunnelId);
        }

        if (rule.UserIds is NumberRange users)
        {
            writer.Attribute(20, MemoryMarshal.AsBytes<uint>([users.First, users.Last]));
        }

        if (rule.PacketProtocol != 0)
        {
            writer.Attribute(22, rule.PacketProtocol);
        }

        WritePorts(ref writer, 23, rule.SourcePorts);
        WritePorts(ref writer, 24, rule.DestinationPorts);
    }

    private static void WritePorts(ref NetlinkWriter writer, ushort type, NumberRange? ports)
    {
        if (ports is NumberRange range)
        {
            writer.Attribute(type, MemoryMarshal.AsBytes<ushort>([(ushort)range.First, (ushort)range.Last]));
        }
    }

    private static void WriteMetrics(ref NetlinkWriter writer, VirtualRoute route)
    {
        if (route.Metrics.IsEmpty && route.CongestionControl.Length == 0)
        {
            return;
        }

        int start = writer.BeginNested(Metrics);
        foreach (RouteMetric metric in route.Metrics)
        {
            writer.Attribute(metric.Type, metric.Value);
        }

        if (route.CongestionControl.Length > 0)
        {
            writer.Attribute(MetricCongestionControl, route.CongestionControl);
        }

        WriteOptional(ref writer, MetricLock, route.LockedMetrics);
        writer.EndNested(start);
    }

    private static void WriteNextHops(ref NetlinkWriter writer, VirtualRoute route, Func<int, int> indexOf)
    {
        if (route.NextHops.IsEmpty)
        {
            return;
        }

        int start = writer.BeginNested(Multipath);
        foreach (RouteNextHop hop in route.NextHops)
        {
            // struct rtnexthop: length, flags, weight less one, interface; then its own attributes.
            int first = writer.Length;
            Span<byte> header = writer.Reserve(8);
            NetlinkWriter.Put(header, 2, hop.IsOnLink ? OnLink : (byte)0);
            NetlinkWriter.Put(header, 3, (byte)(hop.Weight - 1));
            NetlinkWriter.Put(header, 4, hop.Link < 0 ? 0 : indexOf(hop.Link));
            WriteGateway(ref writer, hop.Via, route.Destination.IsIPv6);
            WriteOptional(ref writer, Flow, hop.Realms);
            WriteEncapsulation(ref writer, hop.Encapsulation);
            writer.EndNested(first);
        }

        writer.EndNested(start);
    }

    private static void WriteGateway(ref NetlinkWriter writer, InternetAddress gateway, bool isIPv6)
    {
        if (gateway.IsNone)
        {
            return;
        }

        if (gateway.IsIPv6 == isIPv6)
        {
            writer.Attribute(Gateway, gateway);
            return;
        }

        // RTA_VIA: a gateway of the other family (RFC 5549), its family in front.
        Span<byte> via = stackalloc byte[18];
        NetlinkWriter.Put(via, 0, (ushort)NetlinkRequests.Family(gateway));
        writer.Attribute(Via, via[..(2 + gateway.WriteTo(via[2..]))]);
    }

    private static void WriteEncapsulation(ref NetlinkWriter writer, RouteEncapsulation? encapsulation)
    {
        const byte Mpls = 1;
        const byte Ila = 3;
        if (encapsulation is null)
        {
            return;
        }

        int start = writer.BeginNested(Encapsulation);
        if (encapsulation.Type == Mpls)
        {
            WriteLabels(ref writer, encapsulation.Labels);
        }
        else if (encapsulation.Type == Ila)
        {
            WriteBigEndian(ref writer, 1, encapsulation.Locator);
        }
        else
        {
            WriteTunnel(ref writer, encapsulation);
        }

        writer.EndNested(start);
        writer.Attribute(EncapsulationType, MemoryMarshal.AsBytes<ushort>([encapsulation.Type]));
    }

    private static void WriteTunnel(ref NetlinkWriter writer, RouteEncapsulation tunnel)
    {
        if (tunnel.Id is ulong id)
        {
            WriteBigEndian(ref writer, 1, id);
        }

        if (!tunnel.Destination.IsNone)
        {
            writer.Attribute(2, tunnel.Destination);
        }

        if (!tunnel.Source.IsNone)
        {
            writer.Attribute(3, tunnel.Source);
        }

        if (tunnel.Ttl is byte ttl)
        {
            writer.Attribute(4, ttl);
        }

        if (tunnel.Tos is byte tos)
        {
            writer.Attribute(5, tos);
        }

        if (tunnel.Flags is ushort flags)
        {
            writer.Attribute(6, MemoryMarshal.AsBytes<ushort>([flags]));
        }
    }

    /// <summary>MPLS label stack entries: 20 bits of label, the lowest entry marked as the bottom of the stack (RFC 3032).</summary>
    private static void WriteLabels(ref NetlinkWriter writer, EquatableArray<uint> labels)
    {
        const int LabelShift = 12;
        const uint Bottom = 1 << 8;
        Span<byte> entries = stackalloc byte[labels.Count * 4];
        for (int i = 0; i < labels.Count; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(entries[(i * 4)..], (labels[i] << LabelShift) | (i == labels.Count - 1 ? Bottom : 0));
        }

        writer.Attribute(1, entries);
    }

    private static void WriteBigEndian(ref NetlinkWriter writer, ushort type, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        writer.Attribute(type, bytes);
    }

    private static void WriteOptional(ref NetlinkWriter writer, ushort type, uint value)
    {
        if (value != 0)
        {
            writer.Attribute(type, value);
        }
    }
}
