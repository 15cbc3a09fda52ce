using FenceFirst.Core;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Linux;

/// <summary>Builds the requests that change addresses, routes and rules. Pure: bytes into a caller's buffer.</summary>
internal static class NetlinkRequests
{
    private const int ScopeNowhere = 255;
    private const int ScopeLink = 253;
    private const uint Forever = uint.MaxValue;
    private const uint NoDuplicateDetection = 0x02;
    private const byte RouteTypeUnicast = 1;
    private const uint RouteOnLink = 4;

    internal static void WriteAddress(ref NetlinkWriter writer, in AddressRequest request, uint sequence)
    {
        // keepalived's form: neither CREATE nor EXCL. The kernel answers EEXIST when the address is there.
        int flags = Netlink.Request | (request.IsRenewal ? Netlink.Replace : Netlink.Acknowledge);
        VirtualAddress address = request.Address;
        writer.BeginMessage(request.IsAdded ? Netlink.NewAddress : Netlink.DeleteAddress, flags, sequence);
        Span<byte> header = writer.Reserve(8);
        uint addressFlags = address.Flags | (address.Address.IsIPv6 && !address.IsDuplicateDetected ? NoDuplicateDetection : 0);
        NetlinkWriter.Put(header, 0, Family(address.Address));
        NetlinkWriter.Put(header, 1, address.PrefixLength);
        NetlinkWriter.Put(header, 2, (byte)addressFlags);
        NetlinkWriter.Put(header, 3, address.Scope);
        NetlinkWriter.Put(header, 4, request.LinkIndex);
        writer.Attribute(2, address.Address);
        if (request.IsAdded)
        {
            WriteAddressDetails(ref writer, address, request.LeaseSeconds, addressFlags);
        }
        else
        {
            writer.Attribute(1, address.Peer.IsNone ? address.Address : address.Peer);
        }

        writer.EndMessage();
    }

    internal static void WriteRoute(ref NetlinkWriter writer, VirtualRoute route, int linkIndex, bool isAdded, uint sequence)
    {
        int flags = Netlink.Request | Netlink.Acknowledge | (isAdded ? Netlink.Create | Netlink.Exclusive : 0);
        writer.BeginMessage(isAdded ? Netlink.NewRoute : Netlink.DeleteRoute, flags, sequence);
        Span<byte> header = writer.Reserve(12);
        NetlinkWriter.Put(header, 0, Family(route.Destination));
        NetlinkWriter.Put(header, 1, route.PrefixLength);
        NetlinkWriter.Put(header, 3, route.Tos);
        NetlinkWriter.Put(header, 4, route.Table < 256 ? (byte)route.Table : (byte)0);
        NetlinkWriter.Put(header, 5, Netlink.Protocol);
        NetlinkWriter.Put(header, 6, (byte)ScopeOf(route, isAdded));
        NetlinkWriter.Put(header, 7, route.Type);
        NetlinkWriter.Put(header, 8, route.IsOnLink ? RouteOnLink : 0);
        writer.Attribute(15, route.Table);
        if (route.PrefixLength != 0)
        {
            writer.Attribute(1, route.Destination);
        }

        if (!route.Via.IsNone && route.Via.IsIPv6 == route.Destination.IsIPv6)
        {
            writer.Attribute(5, route.Via);
        }
        else if (!route.Via.IsNone)
        {
            // RTA_VIA: a gateway of the other family (RFC 5549), its family in front.
            Span<byte> via = stackalloc byte[18];
            NetlinkWriter.Put(via, 0, (ushort)Family(route.Via));
            writer.Attribute(18, via[..(2 + route.Via.WriteTo(via[2..]))]);
        }

        if (!route.Source.IsNone)
        {
            writer.Attribute(7, route.Source);
        }

        if (linkIndex > 0)
        {
            writer.Attribute(4, (uint)linkIndex);
        }

        if (route.Metric != 0)
        {
            writer.Attribute(6, route.Metric);
        }

        writer.EndMessage();
    }

    internal static void WriteRule(ref NetlinkWriter writer, VirtualRule rule, bool isAdded, uint sequence)
    {
        const byte ActionTable = 1;
        int flags = Netlink.Request | Netlink.Acknowledge | (isAdded ? Netlink.Create | Netlink.Exclusive : 0);
        writer.BeginMessage(isAdded ? Netlink.NewRule : Netlink.DeleteRule, flags, sequence);
        Span<byte> header = writer.Reserve(12);
        NetlinkWriter.Put(header, 0, rule.IsIPv6 ? (byte)LibC.AF_INET6 : (byte)LibC.AF_INET);
        NetlinkWriter.Put(header, 1, rule.To.IsNone ? (byte)0 : rule.ToLength);
        NetlinkWriter.Put(header, 2, rule.From.IsNone ? (byte)0 : rule.FromLength);
        NetlinkWriter.Put(header, 4, rule.Table < 256 ? (byte)rule.Table : (byte)0);
        NetlinkWriter.Put(header, 7, ActionTable);
        writer.Attribute(6, rule.Priority);
        writer.Attribute(15, rule.Table);
        writer.Attribute(21, Netlink.Protocol);
        if (!rule.To.IsNone)
        {
            writer.Attribute(1, rule.To);
        }

        if (!rule.From.IsNone)
        {
            writer.Attribute(2, rule.From);
        }

        writer.EndMessage();
    }

    internal static byte Family(InternetAddress address) => address.IsIPv6 ? (byte)LibC.AF_INET6 : (byte)LibC.AF_INET;

    private static void WriteAddressDetails(ref NetlinkWriter writer, VirtualAddress address, int leaseSeconds, uint addressFlags)
    {
        if (!address.Peer.IsNone)
        {
            writer.Attribute(1, address.Peer);
        }

        if (!address.Broadcast.IsNone)
        {
            writer.Attribute(4, address.Broadcast);
        }

        if (address.Label.Length != 0)
        {
            writer.Attribute(3, address.Label);
        }

        if (addressFlags != 0)
        {
            writer.Attribute(8, addressFlags);
        }

        writer.Attribute(11, Netlink.Protocol);

        // IFA_CACHEINFO: the kernel itself takes the address away when its valid time is over, even from a dead or stopped process.
        uint valid = leaseSeconds > 0 ? (uint)leaseSeconds : Forever;
        uint preferred = Math.Min(valid, PreferredSeconds(address));
        if (valid != Forever || preferred != Forever)
        {
            Span<byte> lifetimes = stackalloc byte[16];
            lifetimes.Clear();
            NetlinkWriter.Put(lifetimes, 0, preferred);
            NetlinkWriter.Put(lifetimes, 4, valid);
            writer.Attribute(6, lifetimes);
        }
    }

    private static uint PreferredSeconds(VirtualAddress address) => address.PreferredLifetimeSeconds switch
    {
        >= 0 => (uint)address.PreferredLifetimeSeconds,
        -2 when address.Address.IsIPv6 && address.PrefixLength == 128 => 0,
        _ => Forever,
    };

    private static int ScopeOf(VirtualRoute route, bool isAdded)
    {
        if (route.Scope >= 0)
        {
            return route.Scope;
        }

        // As iproute2: a delete matches every scope; a unicast route without gateway is for the link.
        if (!isAdded)
        {
            return ScopeNowhere;
        }

        return route.Type == RouteTypeUnicast && route.Via.IsNone ? ScopeLink : 0;
    }
}
