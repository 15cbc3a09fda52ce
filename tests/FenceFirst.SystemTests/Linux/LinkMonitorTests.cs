using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Network;
using FenceFirst.Tests;

namespace FenceFirst.SystemTests.Linux;

public sealed class LinkMonitorTests
{
    private static void ReadUntil(LinkMonitor monitor, Func<bool> isSeen)
    {
        using EventPoll poll = new();
        EpollEvent[] ready = new EpollEvent[1];
        poll.Add(monitor.Descriptor, PollEvents.Readable, 1);
        MonotonicInstant end = MonotonicClock.Now + TimeSpan.FromSeconds(10);
        while (MonotonicClock.Now < end)
        {
            poll.Wait(ready, 1000);
            monitor.Read();
            if (isSeen())
            {
                return;
            }
        }

        Assert.Fail("the change was not told");
    }

    [LinuxFact]
    public void Renewals_are_sent_together_and_not_told()
    {
        // More addresses than fit into one datagram, of both families. The monitor hears what others add, also afterwards, and nothing of the IPv4 renewals.
        using KernelNetwork network = new();
        network.InLeft(() =>
        {
            using RtNetlink netlink = new();
            using AddressRenewer renewer = new();
            using LinkMonitor monitor = new();
            monitor.Ignore(renewer);
            monitor.Resync();
            int index = RtNetlink.IndexOf("left0");
            const int addresses = 1000;
            const uint permanent = 0x80;
            for (int i = 0; i < addresses; i++)
            {
                renewer.Add(new AddressRequest(true, index, new VirtualAddress(InternetAddress.FromIPv4(0x0a09_0100u + (uint)i), 32, 0)) { LeaseSeconds = 60 });
            }

            renewer.Add(new AddressRequest(true, index, new VirtualAddress(InternetAddress.Parse("fd09::9"), 64, 0)) { LeaseSeconds = 60 });
            for (int round = 0; round < 2; round++)
            {
                Assert.Equal(0, renewer.Send());
                Assert.Equal(addresses + 1, netlink.DumpAddresses().Count(each => each.LinkIndex == index && (each.Flags & permanent) == 0));
                VirtualAddress other = new(InternetAddress.Parse($"10.9.0.{20 + round}"), 24, 0);
                netlink.AddAddress(index, other);
                bool isRenewalTold = false;
                ReadUntil(monitor, () =>
                {
                    isRenewalTold |= monitor.Addresses.Any(each => each.Address.IsIPv4 && each.Address != other.Address);
                    return monitor.Addresses.Any(each => each.Address == other.Address);
                });
                Assert.False(isRenewalTold);
            }

            // One that is refused does not keep the others from being renewed, and its error is told.
            renewer.Clear();
            renewer.Add(new AddressRequest(true, 9999, new VirtualAddress(InternetAddress.Parse("10.9.0.99"), 32, 0)) { LeaseSeconds = 60 });
            renewer.Add(new AddressRequest(true, index, new VirtualAddress(InternetAddress.Parse("10.9.1.0"), 32, 0)) { LeaseSeconds = 600 });
            Assert.Equal("No such device", FenceFirst.Core.Timeline.ErrnoText.Describe(renewer.Send()));
            Assert.True(network.Address("10.9.1.0")?.GetProperty("valid_life_time").GetInt32() > 500);
        });
    }

    [LinuxFact]
    public void Changes_of_links_addresses_routes_and_rules_are_told()
    {
        // Shown by making each change and waiting for its news.
        using KernelNetwork network = new();
        network.InLeft(() =>
        {
            using RtNetlink netlink = new();
            using LinkMonitor monitor = new(isWithRoutes: true, isWithRules: true);
            NetworkSnapshot snapshot = monitor.Resync();
            int index = RtNetlink.IndexOf("left0");
            Assert.Contains(snapshot.Links, x => x.Index == index && x.IsUp);
            Assert.Contains(snapshot.Addresses, x => x.LinkIndex == index && x.Address == InternetAddress.Parse("10.9.0.1"));
            VirtualAddress address = new(InternetAddress.Parse("10.9.0.9"), 24, 0);
            netlink.AddAddress(index, address);
            ReadUntil(monitor, () => monitor.Addresses.Any(x => x.LinkIndex == index && x.Address == address.Address && x.IsAdded && x.PrefixLength == 24));
            netlink.RemoveAddress(index, address);
            ReadUntil(monitor, () => monitor.Addresses.Any(x => x.Address == address.Address && !x.IsAdded));
            VirtualRoute route = new(InternetAddress.Parse("10.99.0.0"), 16) { Table = 700, Link = 0 };
            netlink.AddRoute(route, _ => index);
            ReadUntil(monitor, () => monitor.Routes.Any(x => x.Destination == route.Destination && x.Table == 700 && x.Protocol == 18 && x.IsAdded));
            netlink.AddRule(new VirtualRule(false, 600, 700));
            ReadUntil(monitor, () => monitor.Rules.Any(x => x is { Priority: 600, Table: 700, IsAdded: true, IsIPv6: false }));
            network.InRight(() => new RtNetlink().SetLinkUp(RtNetlink.IndexOf("right0"), false));
            ReadUntil(monitor, () => monitor.Links.Any(x => x.Index == index && x.Name == "left0" && !x.IsUp && !x.IsDeleted));
            network.InRight(() => new RtNetlink().SetLinkUp(RtNetlink.IndexOf("right0"), true));
            ReadUntil(monitor, () => monitor.Links.Any(x => x.Index == index && x.IsUp && !x.Mac.IsZero));
            netlink.DeleteLink(index);
            ReadUntil(monitor, () => monitor.Links.Any(x => x.Index == index && x.IsDeleted));
        });
    }

    [LinuxFact]
    public void Overrun_is_reported_and_resync_gives_everything()
    {
        // Shown with a small receive buffer and more news than fit.
        using KernelNetwork network = new();
        network.InLeft(() =>
        {
            using RtNetlink netlink = new();
            using LinkMonitor monitor = new(receiveBufferBytes: 4096);
            int index = RtNetlink.IndexOf("left0");
            AddressRequest[] requests = [.. Enumerable.Range(1, 200).Select(i =>
                new AddressRequest(true, index, new VirtualAddress(InternetAddress.Parse($"10.7.0.{i}"), 32, 0)))];
            Assert.Equal(-1, netlink.ApplyAll(requests, new int[200]));
            bool isOverrun = false;
            for (int i = 0; i < 10 && !isOverrun; i++)
            {
                isOverrun = monitor.Read() == MonitorResult.Overrun;
            }

            Assert.True(isOverrun);
            Assert.True(monitor.Resync().Addresses.Count >= 200);
            Assert.Equal(MonitorResult.Nothing, monitor.Read());
        });
    }

    [LinuxFact]
    public void News_of_no_interest_are_read_without_allocation()
    {
        // Shown with link messages that change nothing we look at (setting a link up that is up), 200 times.
        using KernelNetwork network = new();
        network.InLeft(() =>
        {
            using RtNetlink netlink = new();
            using LinkMonitor monitor = new();
            monitor.Resync();
            int index = RtNetlink.IndexOf("left0");
            MacAddress mac = netlink.DumpLinks().Single(x => x.Index == index).Mac;
            int news = 0;
            Action read = () => news += monitor.Read() == MonitorResult.Nothing ? 0 : 1;
            Rounds();
            Assert.Equal(0, Allocations.LeastOf(Rounds));
            Assert.Equal(0, news);

            long Rounds()
            {
                long allocated = 0;
                for (int i = 0; i < 100; i++)
                {
                    Assert.Equal(0, netlink.SetMac(index, mac));
                    allocated += Allocations.During(read);
                }

                return allocated;
            }
        });
    }
}
