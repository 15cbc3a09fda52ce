using System.Net;
using System.Net.NetworkInformation;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>What the kernel sends for each keyword of use_vmac, from a capture of the link; keepalived 2.2.7 runs beside it with the same configuration but for number and address.</summary>
public sealed class VmacTrafficTests(ITestOutputHelper output)
{
    private const string Announcing = "    garp_master_repeat 1\n    garp_master_delay 1\n    garp_extra_if 1\n";

    // Shown: adverts leave from the interface below with its MAC address, while announcements and answers come from the virtual one; and that only we announce
    // again and again then, with garp_extra_if, though nothing else keeps the virtual MAC address known to switches (docs/vmac.md).
    [NeedsFact("keepalived", "fencefirst", "ping")]
    public async Task With_vmac_xmit_base_adverts_have_the_MAC_address_below()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a", "b", "c");
        Capture capture = await lab.CaptureAsync();
        (Node Node, int Vrid, IPAddress Address)[] both = [(lab["a"], 51, lab.Virtual), (lab["b"], 52, lab.SecondVirtual)];
        Conf[] confs = [.. both.Select(each => new Conf(each.Address) { Vrid = each.Vrid, Extra = "    use_vmac\n    vmac_xmit_base\n" + Announcing })];
        lab["a"].StartKeepalived(Conf.File(confs[0]));
        lab["b"].StartFenceFirst(Conf.File(confs[1]));
        foreach ((Node node, int vrid, IPAddress address) in both)
        {
            await node.WaitForAddressAsync(address);
            Assert.True(await lab["c"].AnswersAsync(address));
            await lab.UntilAsync(() => capture.Announcements(address).Count > 1, 10, $"both announcements of {address}");
            DateTime later = capture.Announcements(address)[1].At + TimeSpan.FromSeconds(2.5);
            await capture.WaitForAdvertAsync(node, advert => advert.At > later, "nothing special", vrid: vrid);
            PhysicalAddress below = await BelowAsync(node), own = Virtual(4, vrid);
            Assert.All(capture.AdvertsOf(node, vrid), advert => Assert.Equal(below, advert.SourceMac));
            Assert.All(capture.Announcements(address), each => Assert.Equal(own, each.SourceMac));
            Assert.Equal([own], Answering(capture, address));
        }

        Assert.Equal(2, capture.Announcements(lab.Virtual).Count);
        Assert.InRange(capture.Announcements(lab.SecondVirtual).Count, 4, 60);
    }

    // Shown: `use_vmac` behind one address, and `use_vmac_addr` for one of the other family, give these addresses the virtual MAC address of their family and leave the rest
    // of the instance alone: who announces, who answers, and that garp_extra_if is for them alone. keepalived's IPv6 interface answers for the IPv4 addresses too
    // (docs/keepalived-differences.md).
    [NeedsFact("keepalived", "fencefirst", "ping")]
    public async Task An_address_with_a_MAC_address_of_its_own_is_announced_and_answered_for_by_it()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a", "b", "c");
        Capture capture = await lab.CaptureAsync();
        (Node Node, int Vrid)[] both = [(lab["a"], 51), (lab["b"], 52)];
        Conf ConfOf(int vrid) => new(Plain(lab, vrid))
        {
            Vrid = vrid,
            Extra = $"    use_vmac_addr\n{Announcing}    virtual_ipaddress_excluded {{\n        {Single(lab, vrid)}/24 dev eth0 use_vmac\n        {OfOtherFamily(lab, vrid)}/64\n    }}\n",
        };
        lab["a"].StartKeepalived(Conf.File(ConfOf(51)));
        lab["b"].StartFenceFirst(Conf.File(ConfOf(52)));
        foreach ((Node node, int vrid) in both)
        {
            PhysicalAddress below = await BelowAsync(node);
            (IPAddress Address, PhysicalAddress Mac, bool IsExtra)[] expected =
                [(Plain(lab, vrid), below, false), (Single(lab, vrid), Virtual(4, vrid), true), (OfOtherFamily(lab, vrid), Virtual(6, vrid), true)];
            foreach ((IPAddress address, PhysicalAddress mac, bool isExtra) in expected)
            {
                await node.WaitForAddressAsync(address);
                Assert.True(await lab["c"].AnswersAsync(address), $"{address} does not answer");
                bool isByTwo = vrid == 51 && !mac.Equals(Virtual(6, vrid));
                Assert.Equal(Sorted(isByTwo ? [mac, Virtual(6, vrid)] : [mac]), Sorted(Answering(capture, address)));
                await lab.UntilAsync(() => capture.Announcements(address).Count >= (isExtra ? 4 : 2), 10, $"the announcements of {address}");
                Assert.All(capture.Announcements(address), each => Assert.Equal(mac, each.SourceMac));
            }

            Assert.Equal(2, capture.Announcements(Plain(lab, vrid)).Count);
            Assert.All(capture.AdvertsOf(node, vrid), advert => Assert.Equal(below, advert.SourceMac));
            Assert.NotEmpty(capture.AdvertsOf(node, vrid));
        }
    }

    // Shown: `group` is that of the interface; and listeners hear of the interface below once more after the virtual one is up with `netlink_notify_msg`, and not
    // without. Both are keepalived 2.4's: 2.2.7 takes the words for names.
    [NeedsFact("fencefirst")]
    public async Task The_interface_has_its_group_and_listeners_are_told_of_the_one_below()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        foreach ((string option, string group, bool isTold) in new[] { ("netlink_notify_msg group 7", "group 7", true), ("", "group default", false) })
        {
            Daemon monitor = a.Start("monitor", "ip", "-o", "monitor", "link");
            for (int i = 0; i < 100 && monitor.Log.Mark == 0; i++)
            {
                // It says nothing when it begins to listen.
                await a.RunAsync("sh", "-c", "ip link set eth0 promisc on; ip link set eth0 promisc off");
            }

            await TellAsync(a, monitor, "first0", from: 0);
            int mark = monitor.Log.Mark;
            Daemon daemon = a.StartFenceFirst(VmacLab.One(lab, $"    use_vmac vip0 {option}\n"));
            await a.WaitForAddressAsync(lab.Virtual);
            Assert.Contains($" {group} ", await a.RunAsync("ip", "-o", "link", "show", "dev", "vip0"));
            await TellAsync(a, monitor, "last0", mark);
            string[] told = [.. monitor.Log.Lines.Skip(mark).Select(line => line.Text)];
            int up = Array.FindIndex(told, line => line.Contains("vip0@", StringComparison.Ordinal) && line.Contains(",LOWER_UP", StringComparison.Ordinal));
            Assert.True(up > 0, "nobody was told that vip0 is up");
            Assert.Equal(isTold, told.Skip(up).Any(line => line.Contains(": eth0@", StringComparison.Ordinal)));
            Assert.Equal(0, await daemon.StopAsync());
            monitor.Send(Signal.Int);
            await monitor.WaitForExitAsync();
        }
    }

    /// <summary>What was told before this has been heard when it has been heard.</summary>
    private static async Task TellAsync(Node node, Daemon monitor, string name, int from)
    {
        await node.RunAsync("sh", "-c", $"ip link add {name} type veth peer name {name}x; ip link del {name}");
        await monitor.WaitForLogAsync("Deleted", from: from);
    }

    private static IPAddress Plain(Lab lab, int vrid) => Host(lab.Virtual, vrid);

    private static IPAddress Single(Lab lab, int vrid) => Host(lab.Virtual, vrid + 60);

    private static IPAddress OfOtherFamily(Lab lab, int vrid) => Host(lab.Virtual6, vrid);

    private static IPAddress Host(IPAddress network, int host)
    {
        byte[] bytes = network.GetAddressBytes();
        bytes[^1] = (byte)(host + 120);
        return new IPAddress(bytes);
    }

    private static async Task<PhysicalAddress> BelowAsync(Node node) => VmacLab.Physical((await node.RunAsync("cat", "/sys/class/net/eth0/address")).Trim());

    private static PhysicalAddress Virtual(int version, int vrid) => VmacLab.Physical($"00:00:5e:00:{(version == 4 ? "01" : "02")}:{vrid:x2}");

    private static IEnumerable<string> Sorted(IEnumerable<PhysicalAddress> all) => all.Select(each => each.ToString()).Order(StringComparer.Ordinal);

    /// <summary>Every MAC address from which a question for an address was answered.</summary>
    private static PhysicalAddress[] Answering(Capture capture, IPAddress address) => [.. capture.Frames.OfType<Frame.Neighbour>()
        .Where(each => each.Kind == NeighbourKind.Answer && (address.GetAddressBytes().Length == 4 ? each.Sender : each.Target).Equals(address))
        .Select(each => each.SourceMac).Distinct()];
}
