using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Linux.Network;

namespace FenceFirst.Fuzz.Decoders;

/// <summary>Datagrams of the kernel: links, addresses, routes, rules, errors.</summary>
internal sealed class NetlinkHarness : Harness
{
    public override string Name => "netlink";

    public override string What => "the kernel's messages about links, addresses, routes and rules, and its answers";

    public override int QuickCount => 20_000;

    public override IReadOnlyList<byte[]> Samples()
    {
        byte[] buffer = new byte[4096];
        List<byte[]> samples = [];
        Add(writer: (ref NetlinkWriter writer) =>
        {
            VirtualAddress address = new(InternetAddress.Parse("10.0.0.1"), 24, 0) { Label = "eth0:1", Broadcast = InternetAddress.Parse("10.0.0.255") };
            NetlinkRequests.WriteAddress(ref writer, new AddressRequest(true, 7, address) { LeaseSeconds = 5 }, 1);
            NetlinkRequests.WriteAddress(ref writer, new AddressRequest(false, 7, new VirtualAddress(InternetAddress.Parse("fd00::1"), 64, 0)), 2);
        });
        Add(writer: (ref NetlinkWriter writer) =>
        {
            VirtualRoute route = new(InternetAddress.Parse("10.1.0.0"), 16) { Via = InternetAddress.Parse("10.0.0.2"), Table = 1000, Metric = 3, Link = 0 };
            RouteRequests.WriteRoute(ref writer, route, _ => 7, true, 3);
            RouteRequests.WriteRule(ref writer, new VirtualRule(true, 500, 1000), true, 4);
        });
        Add(writer: (ref NetlinkWriter writer) =>
        {
            LinkRequests.WriteCreateVeth(ref writer, "near0", "far0", NamespaceTarget.OfProcess(42), 5);
            LinkRequests.WriteSetMac(ref writer, 9, MacAddress.FromBytes([0, 0, 0x5e, 0, 1, 0x33]), 6);
        });
        Add(writer: (ref NetlinkWriter writer) =>
        {
            writer.BeginMessage(Netlink.Error, Netlink.ExtendedAcknowledgement, 7);
            Span<byte> place = writer.Reserve(4 + Netlink.HeaderBytes);
            NetlinkWriter.Put(place, 0, -17);
            writer.Attribute(1, "File exists");
            writer.EndMessage();
        });
        return samples;

        void Add(WriterAction writer)
        {
            NetlinkWriter each = new(buffer);
            writer(ref each);
            samples.Add(buffer[..each.Length]);
        }
    }

    private delegate void WriterAction(ref NetlinkWriter writer);

    public override bool Try(byte[] input)
    {
        bool isAny = false;
        long bytes = 0;
        NetlinkReader reader = new(input);
        while (reader.TryNext(out NetlinkMessage message))
        {
            bytes += Netlink.HeaderBytes + message.Payload.Length;
            bool isLink = NetlinkFacts.TryReadLink(message.Payload, out LinkFacts link);
            _ = NetlinkFacts.Text(link.Name).Length + NetlinkFacts.Text(link.Kind).Length;
            Demand(!isLink || link.Index > 0, "an interface without a number");
            bool isAddress = NetlinkFacts.TryReadAddress(message.Payload, out AddressInfo address);
            if (isAddress)
            {
                CheckAddress(address);
            }

            bool isRoute = NetlinkFacts.TryReadRoute(message.Payload, out RouteFacts route);
            Demand(!isRoute || route.PrefixLength <= route.Destination.Length * 8, "a prefix longer than its address");
            bool isRule = NetlinkFacts.TryReadRule(message.Payload, out _);
            bool isError = NetlinkFacts.TryReadError(in message, out int errno, out ReadOnlySpan<byte> explanation);
            Demand(errno >= 0, "a negative error number");
            _ = NetlinkFacts.Text(explanation);
            isAny |= isLink || isAddress || isRoute || isRule || isError;
        }

        Demand(bytes <= input.Length, "more bytes than there are");
        return isAny;
    }

    /// <summary>An address, written as a request and read again, is the same.</summary>
    private static void CheckAddress(in AddressInfo address)
    {
        Demand(address.PrefixLength <= address.Address.Length * 8, "a prefix longer than its address");
        byte[] buffer = new byte[512];
        NetlinkWriter writer = new(buffer);
        NetlinkRequests.WriteAddress(ref writer, new AddressRequest(true, address.LinkIndex, new VirtualAddress(address.Address, address.PrefixLength, 0)), 1);
        NetlinkReader reader = new(buffer.AsSpan(0, writer.Length));
        Demand(reader.TryNext(out NetlinkMessage message) && NetlinkFacts.TryReadAddress(message.Payload, out AddressInfo again)
            && (again.LinkIndex, again.Address, again.PrefixLength) == (address.LinkIndex, address.Address, address.PrefixLength), "an address changes when it is written again");
    }
}
