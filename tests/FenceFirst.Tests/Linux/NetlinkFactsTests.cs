using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Network;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Tests.Linux;

public sealed class NetlinkFactsTests
{
    /// <summary>Messages of every kind that we write; their shapes are those of the kernel's own.</summary>
    private static byte[] Datagram()
    {
        byte[] buffer = new byte[4096];
        NetlinkWriter writer = new(buffer);
        VirtualAddress address = new(InternetAddress.Parse("10.0.0.1"), 24, 0) { Label = "eth0:1", Broadcast = InternetAddress.Parse("10.0.0.255") };
        AddressRequest request = new(true, 7, address) { LeaseSeconds = 5 };
        NetlinkRequests.WriteAddress(ref writer, in request, 1);
        AddressRequest second = new(true, 7, new VirtualAddress(InternetAddress.Parse("fd00::1"), 64, 0));
        NetlinkRequests.WriteAddress(ref writer, in second, 2);
        VirtualRoute route = new(InternetAddress.Parse("10.1.0.0"), 16) { Via = InternetAddress.Parse("10.0.0.2"), Table = 1000, Metric = 3 };
        RouteRequests.WriteRoute(ref writer, route with { Link = 0 }, _ => 7, true, 3);
        RouteRequests.WriteRule(ref writer, new VirtualRule(true, 500, 1000), true, 4);
        LinkRequests.WriteCreateVeth(ref writer, "near0", "far0", NamespaceTarget.OfProcess(42), 5);
        LinkRequests.WriteSetMac(ref writer, 9, MacAddress.FromBytes([0, 0, 0x5e, 0, 1, 0x33]), 6);
        Assert.False(writer.IsOverflowed);
        return buffer[..writer.Length];
    }

    /// <summary>Reads everything that there is to read; returns how many messages there were.</summary>
    private static int ReadAll(ReadOnlySpan<byte> bytes)
    {
        int count = 0;
        NetlinkReader reader = new(bytes);
        while (reader.TryNext(out NetlinkMessage message))
        {
            count++;
            NetlinkFacts.TryReadLink(message.Payload, out LinkFacts link);
            _ = NetlinkFacts.Text(link.Name) + NetlinkFacts.Text(link.Kind);
            NetlinkFacts.TryReadAddress(message.Payload, out _);
            NetlinkFacts.TryReadRoute(message.Payload, out _);
            NetlinkFacts.TryReadRule(message.Payload, out _);
            NetlinkFacts.TryReadError(in message, out _, out ReadOnlySpan<byte> explanation);
            _ = NetlinkFacts.Text(explanation);
        }

        return count;
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        // Shown by reading our own requests with the reader of the kernel's news.
        byte[] bytes = Datagram();
        NetlinkReader reader = new(bytes);
        Assert.True(reader.TryNext(out NetlinkMessage message));
        Assert.True(NetlinkFacts.TryReadAddress(message.Payload, out AddressInfo address));
        Assert.Equal(new AddressInfo(7, InternetAddress.Parse("10.0.0.1"), 24, 0, 0, 18), address);
        Assert.True(reader.TryNext(out message));
        Assert.True(NetlinkFacts.TryReadAddress(message.Payload, out address));
        Assert.Equal(new AddressInfo(7, InternetAddress.Parse("fd00::1"), 64, 2, 0, 18), address);
        Assert.True(reader.TryNext(out message));
        Assert.True(NetlinkFacts.TryReadRoute(message.Payload, out RouteFacts route));
        Assert.Equal(new RouteFacts(InternetAddress.Parse("10.1.0.0"), 16, 1000, 18, 7, 3), route);
        Assert.True(reader.TryNext(out message));
        Assert.True(NetlinkFacts.TryReadRule(message.Payload, out RuleFacts rule));
        Assert.Equal(new RuleFacts(true, 500, 1000, 18), rule);
        Assert.True(reader.TryNext(out _));
        Assert.True(reader.TryNext(out message));
        Assert.True(NetlinkFacts.TryReadLink(message.Payload, out LinkFacts link));
        Assert.Equal((9, "00:00:5e:00:01:33"), (link.Index, link.Mac.ToString()));
        Assert.False(reader.TryNext(out _));
        Assert.False(reader.IsMalformed);
    }

    [Fact]
    public void Every_truncation_gives_values_or_an_end()
    {
        // Shown with every prefix of a datagram of six messages, and with every payload cut anywhere.
        byte[] bytes = Datagram();
        Assert.Equal(6, ReadAll(bytes));
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.InRange(ReadAll(bytes.AsSpan(0, length)), 0, 5);
            NetlinkFacts.TryReadLink(bytes.AsSpan(length), out _);
            NetlinkFacts.TryReadAddress(bytes.AsSpan(length), out _);
            NetlinkFacts.TryReadRoute(bytes.AsSpan(length), out _);
            NetlinkFacts.TryReadRule(bytes.AsSpan(length), out _);
        }
    }

    [Fact]
    public void Any_bytes_give_values_or_an_end()
    {
        // Shown with 200 000 mutations of a good datagram from a fixed seed, and with noise.
        Random random = new(112);
        byte[] good = Datagram();
        for (int i = 0; i < 200_000; i++)
        {
            byte[] bytes = [.. good];
            for (int k = random.Next(1, 6); k > 0; k--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            ReadAll(bytes);
            byte[] noise = new byte[random.Next(80)];
            random.NextBytes(noise);
            ReadAll(noise);
        }
    }

    [Fact]
    public void Answers_are_read_with_the_kernels_words()
    {
        // Shown with an answer as the kernel sends it: number, header of the request, attribute with a sentence.
        byte[] payload = [.. BitConverter.GetBytes(-17), .. new byte[16], .. BitConverter.GetBytes((ushort)9), 1, 0, .. "busy\0"u8, 0, 0, 0];
        NetlinkMessage message = new(Netlink.Error, Netlink.ExtendedAcknowledgement, 1, 0, payload);
        Assert.True(NetlinkFacts.TryReadError(in message, out int errno, out ReadOnlySpan<byte> words));
        Assert.Equal((17, "busy"), (errno, NetlinkFacts.Text(words)));
        message = new(Netlink.Error, 0, 1, 0, BitConverter.GetBytes(int.MinValue));
        Assert.False(NetlinkFacts.TryReadError(in message, out _, out _));
        message = new(Netlink.Error, 0, 1, 0, BitConverter.GetBytes(0));
        Assert.True(NetlinkFacts.TryReadError(in message, out errno, out _));
        Assert.Equal(0, errno);
    }

    [Fact]
    public void Small_buffers_overflow_without_exception()
    {
        // Shown with every buffer size below what the datagram needs, and with a name too long for any link.
        for (int size = 0; size < 120; size++)
        {
            NetlinkWriter writer = new(new byte[size]);
            LinkRequests.WriteCreateVeth(ref writer, "near0", "far0", NamespaceTarget.OfDescriptor(3), 1);
            Assert.Equal(size < writer.Length || writer.IsOverflowed, writer.IsOverflowed);
            AddressRequest request = new(true, 7, new VirtualAddress(InternetAddress.Parse("10.0.0.1"), 24, 0) { Label = "x" });
            NetlinkRequests.WriteAddress(ref writer, in request, 1);
            Assert.True(writer.Length <= size);
        }

        NetlinkWriter wide = new(new byte[4096]);
        LinkRequests.WriteCreate(ref wide, new string('x', 300), "bridge", 1);
        Assert.True(wide.IsOverflowed);
    }

    [Fact]
    public void Missing_capabilities_are_named()
    {
        // Shown with texts as in /proc/self/status.
        Assert.Empty(Capabilities.MissingFrom("Name:\tx\nCapEff:\t000001ffffffffff\n"));
        Assert.Equal(["CAP_NET_RAW"], Capabilities.MissingFrom("CapEff:\t0000000000001000\n"));
        Assert.Equal(["CAP_NET_ADMIN", "CAP_NET_RAW"], Capabilities.MissingFrom("CapPrm:\t000001ffffffffff\nCapEff:\t0000000000000000\n"));
        Assert.Equal(["CAP_NET_ADMIN", "CAP_NET_RAW"], Capabilities.MissingFrom(""));
    }

    [Fact]
    public void Failures_say_what_to_do()
    {
        // Shown with a refusal for lack of privilege, and one for another reason.
        string refused = new LinuxException("socket", 1, "raw, protocol 112").Message;
        Assert.Contains("EPERM", refused, StringComparison.Ordinal);
        Assert.Contains("AmbientCapabilities=CAP_NET_RAW CAP_NET_ADMIN", refused, StringComparison.Ordinal);
        Assert.StartsWith("bind(10.0.0.1): EADDRNOTAVAIL (", new LinuxException("bind", 99, "10.0.0.1").Message, StringComparison.Ordinal);
        Assert.DoesNotContain("missing", new LinuxException("bind", 99, "10.0.0.1").Message, StringComparison.Ordinal);
    }
}
