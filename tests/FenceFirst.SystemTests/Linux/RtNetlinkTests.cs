using System.Text.Json;
using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Network;

namespace FenceFirst.SystemTests.Linux;

public sealed class RtNetlinkTests
{
    private static InternetAddress A(string text) => InternetAddress.Parse(text);

    private static bool Has(JsonElement entry, string name) => entry.TryGetProperty(name, out _);

    [LinuxFact]
    public void Address_of_IPv4_has_every_attribute_that_was_asked_for()
    {
        // Shown by comparing with what iproute2 reads back.
        using KernelNetwork network = new();
        network.InLeft(() =>
        {
            using RtNetlink netlink = new();
            int index = RtNetlink.IndexOf("left0");
            VirtualAddress address = new(A("10.9.1.5"), 26, 0) { Broadcast = A("10.9.1.63"), Label = "left0:vip", Scope = 253, Flags = 0x200 };
            Assert.Equal(0, netlink.AddAddress(index, address));
            JsonElement seen = network.Address("10.9.1.5")!.Value;
            Assert.Equal(26, seen.GetProperty("prefixlen").GetInt32());
            Assert.Equal("10.9.1.63", seen.GetProperty("broadcast").GetString());
            Assert.Equal("left0:vip", seen.GetProperty("label").GetString());
            Assert.Equal("link", seen.GetProperty("scope").GetString());
            Assert.True(seen.GetProperty("noprefixroute").GetBoolean());
            Assert.Equal(uint.MaxValue, seen.GetProperty("valid_life_time").GetUInt32());
            Assert.Equal(18, netlink.DumpAddresses().Single(x => x.Address == A("10.9.1.5")).Protocol);
            Assert.Equal(ErrorNumber.AlreadyExists, netlink.AddAddress(index, address));
            Assert.Equal(0, netlink.RemoveAddress(index, address));
            Assert.Null(network.Address("10.9.1.5"));
            Assert.Equal(ErrorNumber.AddressNotAvailable, netlink.RemoveAddress(index, address));
        });
    }

    [LinuxFact]
    public void Address_with_a_peer_is_added_and_removed()
    {
        // Shown by comparing with what iproute2 reads back, both families.
        using KernelNetwork network = new();
        network.InLeft(() =>
        {
            using RtNetlink netlink = new();
            int index = RtNetlink.IndexOf("left0");
            foreach ((string own, string peer, byte length) in new[] { ("10.8.0.1", "10.8.0.2", (byte)32), ("fd08::1", "fd08::2", (byte)128) })
            {
                VirtualAddress address = new(A(own), length, 0) { Peer = A(peer), PreferredLifetimeSeconds = -1 };
                Assert.Equal(0, netlink.AddAddress(index, address));
                Assert.Equal(peer, network.Address(own)!.Value.GetProperty("address").GetString());
                Assert.Equal(0, netlink.RemoveAddress(index, address));
                Assert.Null(network.Address(own));
            }
        });
    }

    [LinuxFact]
    public void Address_of_IPv6_is_usable_at_once_unless_detection_is_asked_for()
    {
        // Shown by the flags that iproute2 and our dump read back; a /128 is deprecated from the start, as keepalived has it.
        using KernelNetwork network = new();
        network.InLeft(() =>
        {
            using RtNetlink netlink = new();
            int index = RtNetlink.IndexOf("left0");
            Assert.Equal(0, netlink.AddAddress(index, new VirtualAddress(A("fd09::5"), 64, 0)));
            JsonElement plain = network.Address("fd09::5")!.Value;
            Assert.True(plain.GetProperty("nodad").GetBoolean());
            Assert.False(Has(plain, "tentative"));
            Assert.Equal(0, netlink.AddAddress(index, new VirtualAddress(A("fd09::6"), 128, 0)));
            Assert.Equal(0, network.Address("fd09::6")!.Value.GetProperty("preferred_life_time").GetInt32());
            Assert.Equal(0, netlink.AddAddress(index, new VirtualAddress(A("fd09::7"), 64, 0) { IsDuplicateDetected = true, Flags = 0x10 }));
            AddressInfo detected = netlink.DumpAddresses().Single(x => x.Address == A("fd09::7"));
            Assert.Equal(0u, detected.Flags & 0x02);
            Assert.Equal(0x10u, detected.Flags & 0x10);
            Assert.True(detected.IsTentative);
        });
    }

    [LinuxFact]
    public void Leased_address_is_removed_by_the_kernel_and_can_be_renewed()
    {
        // Shown with leases of one second: one is renewed to a minute, the other runs out without our doing anything.
        using KernelNetwork network = new();
        network.InLeft(() =>
        {
            using RtNetlink netlink = new();
            using LinkMonitor monitor = new();
            using EventPoll poll = new();
            EpollEvent[] ready = new EpollEvent[1];
            poll.Add(monitor.Descriptor, PollEvents.Readable, 1);
            int index = RtNetlink.IndexOf("left0");
            VirtualAddress renewed = new(A("10.9.0.10"), 24, 0);
            VirtualAddress lost = new(A("10.9.0.11"), 24, 0);
            Assert.Equal(0, netlink.AddAddress(index, renewed, leaseSeconds: 1));
            Assert.Equal(0, netlink.AddAddress(index, lost, leaseSeconds: 1));
            Assert.Equal(ErrorNumber.AlreadyExists, netlink.AddAddress(index, renewed, leaseSeconds: 60));
            using AddressRenewer renewer = new();
            renewer.Add(new AddressRequest(true, index, renewed) { LeaseSeconds = 60 });
            Assert.Equal(0, renewer.Send());
            monitor.Resync();
            bool isGone = false;
            MonotonicInstant end = MonotonicClock.Now + TimeSpan.FromSeconds(10);
            while (!isGone && MonotonicClock.Now < end)
            {
                poll.Wait(ready, 1000);
                monitor.Read();
                isGone = monitor.Addresses.Any(x => !x.IsAdded && x.Address == lost.Address);
            }

            Assert.True(isGone);
            Assert.InRange(network.Address("10.9.0.10")!.Value.GetProperty("valid_life_time").GetInt32(), 40, 60);
        });
    }

    [LinuxFact]
    public void Batch_adds_250_addresses_and_names_the_first_that_fails()
    {
        // Shown with two that exist already; the others are added nevertheless.
        using KernelNetwork network = new();
        network.InLeft(() =>
        {
            using RtNetlink netlink = new();
            int index = RtNetlink.IndexOf("left0");
            AddressRequest[] requests = [.. Enumerable.Range(1, 250).Select(i =>
                new AddressRequest(true, index, new VirtualAddress(A($"10.7.0.{i}"), 32, 0)))];
            Assert.Equal(0, netlink.AddAddress(index, requests[100].Address));
            Assert.Equal(0, netlink.AddAddress(index, requests[200].Address));
            int[] errors = new int[250];
            Assert.Equal(100, netlink.ApplyAll(requests, errors));
            Assert.Equal([100, 200], Enumerable.Range(0, 250).Where(i => errors[i] == ErrorNumber.AlreadyExists));
            Assert.Equal(248, errors.Count(x => x == 0));
            Assert.Equal(250, netlink.DumpAddresses().Count(x => x.Address.ToString().StartsWith("10.7.0.", StringComparison.Ordinal)));
            requests = [.. requests.Select(x => x with { IsAdded = false })];
            Assert.Equal(-1, netlink.ApplyAll(requests, errors));
        });
    }

    [LinuxFact]
    public void Routes_are_added_and_removed_as_configured()
    {
        // Shown by comparing with what iproute2 reads back.
        using KernelNetwork network = new();
        network.InLeft(() =>
        {
            using RtNetlink netlink = new();
            int index = RtNetlink.IndexOf("left0");
            VirtualRoute gateway = new(A("10.50.0.0"), 16) { Via = A("10.9.0.2"), Source = A("10.9.0.1"), Table = 1000, Metric = 7, Tos = 0x10 };
            VirtualRoute direct = new(A("10.51.0.0"), 16);
            VirtualRoute standard = new(A("0.0.0.0"), 0) { Via = A("10.77.0.1"), IsOnLink = true };
            VirtualRoute black = new(A("10.52.0.0"), 16) { Type = 6 };
            VirtualRoute sixth = new(A("fd50::"), 32) { Via = A("fd09::2"), Metric = 5 };
            VirtualRoute mixed = new(A("10.53.0.0"), 16) { Via = A("fd09::2") };
            (VirtualRoute Route, int Link)[] all = [(gateway, index), (direct, index), (standard, index), (black, 0), (sixth, index), (mixed, index)];
            foreach ((VirtualRoute configured, int link) in all)
            {
                VirtualRoute route = configured with { Link = link == 0 ? -1 : 0 };
                Assert.True(netlink.AddRoute(route, _ => link) == 0, $"{route}: {netlink.LastExplanation}");
                Assert.Equal(ErrorNumber.AlreadyExists, netlink.AddRoute(route, _ => link));
            }

            JsonElement seen = Assert.Single(JsonDocument.Parse(network.Ip("-json -N route show table 1000")).RootElement.EnumerateArray());
            Assert.Equal("10.50.0.0/16", seen.GetProperty("dst").GetString());
            Assert.Equal("10.9.0.2", seen.GetProperty("gateway").GetString());
            Assert.Equal("10.9.0.1", seen.GetProperty("prefsrc").GetString());
            Assert.Equal(7, seen.GetProperty("metric").GetInt32());
            Assert.Equal("18", seen.GetProperty("protocol").GetString());
            Assert.Equal("left0", seen.GetProperty("dev").GetString());
            string main = network.Ip("-N route show proto 18");
            Assert.Contains("10.51.0.0/16 dev left0 \n", main, StringComparison.Ordinal);
            Assert.Contains("default via 10.77.0.1 dev left0 onlink", main, StringComparison.Ordinal);
            Assert.Contains("blackhole 10.52.0.0/16", network.Ip("route show"), StringComparison.Ordinal);
            Assert.Contains("10.53.0.0/16 via inet6 fd09::2 dev left0", main, StringComparison.Ordinal);
            Assert.Contains("fd50::/32 via fd09::2 dev left0 metric 5", network.Ip("-N -6 route show proto 18"), StringComparison.Ordinal);
            foreach ((VirtualRoute configured, int link) in all)
            {
                VirtualRoute route = configured with { Link = link == 0 ? -1 : 0 };
                Assert.True(netlink.RemoveRoute(route, _ => link) == 0, $"{route}: {netlink.LastExplanation}");
                Assert.Equal(3, netlink.RemoveRoute(route, _ => link));
            }

            Assert.Equal(101, netlink.AddRoute(new VirtualRoute(A("10.54.0.0"), 16) { Via = A("203.0.113.1"), Link = 0 }, _ => index));
            Assert.NotEmpty(netlink.LastExplanation);
        });
    }

    [LinuxFact]
    public void Rules_are_added_and_removed_as_configured()
    {
        // Shown by comparing with what iproute2 reads back.
        using KernelNetwork network = new();
        network.InLeft(() =>
        {
            using RtNetlink netlink = new();
            VirtualRule fourth = new(false, 500, 1000) { From = A("10.9.1.0"), FromLength = 24, To = A("10.60.0.0"), ToLength = 16 };
            VirtualRule sixth = new(true, 501, 100) { From = A("fd09::"), FromLength = 64 };
            foreach (VirtualRule rule in (VirtualRule[])[fourth, sixth])
            {
                Assert.Equal(0, netlink.AddRule(rule));
                Assert.Equal(ErrorNumber.AlreadyExists, netlink.AddRule(rule));
            }

            Assert.Contains("500:\tfrom 10.9.1.0/24 to 10.60.0.0/16 lookup 1000", network.Ip("-N rule show"), StringComparison.Ordinal);
            Assert.Contains("501:\tfrom fd09::/64 lookup 100", network.Ip("-N -6 rule show"), StringComparison.Ordinal);
            foreach (VirtualRule rule in (VirtualRule[])[fourth, sixth])
            {
                Assert.Equal(0, netlink.RemoveRule(rule));
                Assert.Equal(2, netlink.RemoveRule(rule));
            }
        });
    }

    [LinuxFact]
    public void Links_are_created_changed_moved_and_deleted()
    {
        // Shown by our dump and by iproute2.
        using KernelNetwork network = new();
        network.InLeft(() =>
        {
            using RtNetlink netlink = new();
            Assert.Equal(0, netlink.CreateBridge("bridge0"));
            Assert.Equal(0, netlink.CreateVethPair("near0", "far0"));
            int bridge = RtNetlink.IndexOf("bridge0");
            int near = RtNetlink.IndexOf("near0");
            int far = RtNetlink.IndexOf("far0");
            MacAddress mac = MacAddress.FromBytes([2, 0, 0x5e, 0, 1, 0x33]);
            Assert.Equal(0, netlink.SetMac(near, mac));
            Assert.Equal(0, netlink.SetMaster(near, bridge));
            Assert.Equal(0, netlink.SetLinkUp(bridge, true));
            Assert.Equal(0, netlink.SetLinkUp(near, true));
            Assert.Equal(0, netlink.SetLinkUp(far, true));
            KernelNetwork.AwaitUp("near0");
            LinkInfo link = netlink.DumpLinks().Single(x => x.Name == "near0");
            Assert.Equal((near, mac, bridge, far, "veth", true, 1500), (link.Index, link.Mac, link.MasterIndex, link.LowerIndex, link.Kind, link.IsUp, link.Mtu));
            Assert.Contains("02:00:5e:00:01:33", network.Ip("link show dev near0"), StringComparison.Ordinal);
            Assert.Equal(0, netlink.SetMaster(near, 0));
            Assert.Equal(0, netlink.MoveLink(far, NamespaceTarget.OfDescriptor(network.Right)));
            Assert.Equal(0, RtNetlink.IndexOf("far0"));
            Assert.Contains("far0", KernelNetwork.Ip(network.Right, "link show"), StringComparison.Ordinal);
            Assert.Equal(0, netlink.CreateMacvlan(new MacvlanRequest("vrrp.51", RtNetlink.IndexOf("left0"))));
            Assert.Contains("macvlan mode private", network.Ip("-details link show dev vrrp.51"), StringComparison.Ordinal);
            Assert.Equal(0, netlink.DeleteLink(near));
            Assert.Equal(0, netlink.DeleteLink(bridge));
            Assert.Equal(19, netlink.DeleteLink(bridge));
            Assert.DoesNotContain("far0", KernelNetwork.Ip(network.Right, "link show"), StringComparison.Ordinal);
        });
    }
}
