using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;
using FenceFirst.Daemon.Packets;
using FenceFirst.Tests.Machine;

namespace FenceFirst.Tests.Daemon;

/// <summary>vrrp_garp_interval, vrrp_gna_interval and garp_group: announcements keep their distance, in turn, and none is lost.</summary>
public sealed class AnnouncementQueueTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly VirtualAddress First = new(InternetAddress.Parse("10.0.1.1"), 24, 0);
    private static readonly VirtualAddress Other = new(InternetAddress.Parse("10.0.1.2"), 24, 0);
    private static readonly VirtualAddress Elsewhere = new(InternetAddress.Parse("10.0.2.1"), 24, 1);
    private static readonly VirtualAddress Six = new(InternetAddress.Parse("fd00::1"), 64, 0);

    // Shown: 1, 2, 1, 2, 1, 2 with a second between each two; nothing is due afterwards.
    [Fact]
    public void Addresses_take_turns_a_second_apart()
    {
        AnnouncementQueue queue = Queue(new AnnouncementSpacing { Arp = Second });
        Assert.True(queue.TryAdd(0, First, 3));
        Assert.True(queue.TryAdd(0, Other, 3));
        Assert.Equal(["0 10.0.1.1", "1 10.0.1.2", "2 10.0.1.1", "3 10.0.1.2", "4 10.0.1.1", "5 10.0.1.2"], Run(queue, 10));
        Assert.True(queue.Due.IsNever);
    }

    // Shown: interfaces do not wait for each other, those of one garp_group do.
    [Fact]
    public void Interfaces_of_a_group_share_their_spacing()
    {
        AnnouncementQueue apart = Queue(new AnnouncementSpacing { Arp = Second });
        apart.TryAdd(0, First, 1);
        apart.TryAdd(0, Elsewhere, 1);
        Assert.Equal(["0 10.0.1.1", "0 10.0.2.1"], Run(apart, 3));
        AnnouncementQueue together = Queue(new AnnouncementSpacing { Groups = [new AnnouncementGroup([0, 1], Second, TimeSpan.Zero)] });
        together.TryAdd(0, First, 1);
        together.TryAdd(0, Elsewhere, 1);
        Assert.Equal(["0 10.0.1.1", "1 10.0.2.1"], Run(together, 3));
    }

    // Shown: what leaves through a virtual MAC interface waits for what leaves through the one below, and the other way round.
    [Fact]
    public void A_virtual_MAC_interface_shares_the_spacing_of_the_one_below()
    {
        AnnouncementQueue queue = new();
        VrrpConfig instance = TestConfig.Instance() with { Vmac = new VirtualLink(1, 0, 0x00005e000133) };
        queue.Configure(TestConfig.Node(instance) with { Links = ["eth0", "vrrp.51"], Spacing = new AnnouncementSpacing { Arp = Second } }, static index => index);
        queue.TryAdd(0, First, 1);
        queue.TryAdd(0, Elsewhere, 1);
        Assert.Equal(["0 10.0.1.1", "1 10.0.2.1"], Run(queue, 3));
    }

    // Shown: ARP and neighbour advertisements have their own spacing; without one nothing is queued.
    [Fact]
    public void Without_a_spacing_nothing_waits()
    {
        AnnouncementQueue queue = Queue(new AnnouncementSpacing { Neighbor = Second });
        Assert.False(queue.TryAdd(0, First, 5));
        Assert.False(queue.IsSpaced(First));
        Assert.True(queue.TryAdd(0, Six, 2));
        Assert.Equal(["0 fd00::1", "1 fd00::1"], Run(queue, 3));
    }

    // Shown: asked for again while it waits, an address is not announced more often than the larger of the two.
    [Fact]
    public void What_waits_is_not_added_to()
    {
        AnnouncementQueue queue = Queue(new AnnouncementSpacing { Arp = Second });
        queue.TryAdd(0, First, 2);
        queue.TryAdd(0, First, 3);
        Assert.Equal(["0 10.0.1.1", "1 10.0.1.1", "2 10.0.1.1"], Run(queue, 10));
    }

    // Shown: an instance that gives its addresses up announces none of them any more; another one goes on. So after a reload.
    [Fact]
    public void What_is_given_up_is_not_announced()
    {
        AnnouncementQueue queue = Queue(new AnnouncementSpacing { Arp = Second });
        queue.TryAdd(0, First, 2);
        queue.TryAdd(1, Other, 2);
        queue.Discard(0);
        Assert.Equal(["0 10.0.1.2"], Run(queue, 1));
        NodeConfig next = Node(new AnnouncementSpacing { Arp = Second });
        queue.Configure(next, index => index == 1 ? 0 : -1);
        Assert.Equal(["0 10.0.1.2"], Run(queue, 3));
    }

    private static AnnouncementQueue Queue(AnnouncementSpacing spacing)
    {
        AnnouncementQueue queue = new();
        queue.Configure(Node(spacing), index => index);
        return queue;
    }

    private static NodeConfig Node(AnnouncementSpacing spacing) =>
        TestConfig.Node(TestConfig.Instance() with { Addresses = [First, Other, Elsewhere, Six] }) with { Links = ["eth0", "eth1"], Spacing = spacing };

    private static string[] Run(AnnouncementQueue queue, int seconds)
    {
        List<string> seen = [];
        for (int second = 0; second < seconds; second++)
        {
            while (queue.TryTake(MonotonicInstant.Zero + (second * Second), out VirtualAddress address))
            {
                seen.Add($"{second} {address.Address}");
            }
        }

        return [.. seen];
    }
}
