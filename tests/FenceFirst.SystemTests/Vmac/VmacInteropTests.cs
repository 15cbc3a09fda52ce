using System.Net;
using System.Net.Sockets;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>use_vmac with Debian's keepalived as the other node, in both roles.</summary>
public sealed class VmacInteropTests(ITestOutputHelper output)
{
    [NeedsFact("keepalived", "fencefirst", "ping", "tshark")]
    public Task We_have_the_higher_priority() => TellAsync(start: (node, conf) => node.StartFenceFirst(conf), other: (node, conf) => node.StartKeepalived(conf), isOursFirst: true);

    [NeedsFact("keepalived", "fencefirst", "ping", "tshark")]
    public Task Keepalived_has_the_higher_priority() => TellAsync(start: (node, conf) => node.StartKeepalived(conf), other: (node, conf) => node.StartFenceFirst(conf), isOursFirst: false);

    // Shown: adverts and announcements of either node come from the virtual MAC address, a client finds it and keeps it over a failover, its packets
    // arrive, and no switch hears of a group membership from that address, which would send it a standby's way.
    private async Task TellAsync(Func<Node, string, Daemon> start, Func<Node, string, Daemon> other, bool isOursFirst)
    {
        await using Lab lab = await Lab.OpenAsync(output, "a", "b", "c");
        Node a = lab["a"], b = lab["b"], client = lab["c"];
        Capture capture = await lab.CaptureAsync();
        Daemon daemonB = other(b, VmacLab.Both(lab, 100));
        await b.WaitForBothAsync(lab);
        Daemon daemonA = start(a, VmacLab.Both(lab, 150));
        await a.WaitForBothAsync(lab);
        await b.WaitForNoAddressAsync(lab.Virtual);
        await b.WaitForNoAddressAsync(lab.Virtual6);
        await AssertReachedAsync(lab, client, isOurs: isOursFirst);
        Assert.Equal(0, await daemonA.StopAsync());
        await b.WaitForBothAsync(lab);
        await AssertReachedAsync(lab, client, isOurs: !isOursFirst);
        Assert.Equal(0, await daemonB.StopAsync());
        await b.WaitForNoAddressAsync(lab.Virtual);

        foreach (Node node in new[] { a, b })
        {
            Assert.All(
                capture.AdvertsOf(node),
                advert => Assert.Equal(VmacLab.Physical(advert.Source.AddressFamily == AddressFamily.InterNetwork ? VmacLab.Mac4 : VmacLab.Mac6), advert.SourceMac));
            Assert.DoesNotContain("macvlan", await node.RunAsync("ip", "-d", "link"));
            Assert.DoesNotContain("table", (await node.RunAsync("nft", "list", "ruleset")).Replace("table ip keepalived", "", StringComparison.Ordinal).Replace("table ip6 keepalived", "", StringComparison.Ordinal));
        }
        Assert.All(capture.Announcements(lab.Virtual), each => Assert.Equal(VmacLab.Physical(VmacLab.Mac4), each.SourceMac));
        Assert.All(capture.Announcements(lab.Virtual6), each => Assert.Equal(VmacLab.Physical(VmacLab.Mac6), each.SourceMac));
        Assert.NotEmpty(capture.Announcements(lab.Virtual));
        await capture.AssertCleanAsync();
        Assert.Empty(await capture.TsharkAsync($"(igmp || icmpv6.type == 143 || icmpv6.type == 133) && (eth.src == {VmacLab.Mac4} || eth.src == {VmacLab.Mac6})", "eth.src"));
        Assert.NotEmpty(await capture.TsharkAsync("igmp", "eth.src"));
        Assert.NotEmpty(await capture.TsharkAsync("icmpv6.type == 143", "eth.src"));
    }

    // With keepalived the interface below asks for the client in the name of the virtual address, and the client takes over its MAC address (docs/keepalived-differences.md).
    private static async Task AssertReachedAsync(Lab lab, Node client, bool isOurs)
    {
        foreach ((IPAddress address, string mac) in new[] { (lab.Virtual, VmacLab.Mac4), (lab.Virtual6, VmacLab.Mac6) })
        {
            Assert.True(await client.AnswersAsync(address), $"{address} does not answer");
            if (isOurs || address == lab.Virtual6)
            {
                Assert.Equal(mac, await client.NeighbourAsync(address));
            }
        }
    }
}

/// <summary>What use_vmac changes in the kernel, beside keepalived 2.2.7 on the same configuration.</summary>
public sealed class VmacSideEffectTests(ITestOutputHelper output)
{
    /// <summary>Settings that differ on purpose, and why.</summary>
    private static readonly Dictionary<string, string> Reasons = new(StringComparer.Ordinal)
    {
        ["ipv4/conf/eth0/arp_announce"] = "questions for a client do not teach it the MAC address below (decision 85)",
        ["ipv4/conf/vrrp6.51/arp_ignore"] = "an interface for IPv6 answers no ARP for the addresses below, as in keepalived 2.4",
    };

    // Shown: interfaces, addresses and every setting of them and of the interface below are the same while master, but for the list above; after a stop
    // everything is as before.
    [NeedsFact("keepalived", "fencefirst")]
    public async Task Interfaces_addresses_and_settings_are_keepalived_s()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node theirs = lab["a"], ours = lab["b"];
        Dictionary<string, string> before = await SettingsAsync(ours);
        Daemon keepalived = theirs.StartKeepalived(VmacLab.Both(lab, 100));
        await theirs.WaitForBothAsync(lab);
        string[] links = [await ShowAsync(theirs, "vrrp.51"), await ShowAsync(theirs, "vrrp6.51")];
        Dictionary<string, string> settings = await SettingsAsync(theirs);
        Assert.Equal(0, await keepalived.StopAsync());
        Daemon daemon = ours.StartFenceFirst(VmacLab.Both(lab, 100));
        await ours.WaitForBothAsync(lab);
        Assert.Equal(links[0], await ShowAsync(ours, "vrrp.51"));
        Assert.Equal(links[1], await ShowAsync(ours, "vrrp6.51"));
        Dictionary<string, string> own = await SettingsAsync(ours);
        Assert.Equal(settings.Keys.Order(), own.Keys.Order());
        Assert.Equal(Reasons.Keys.Order(), own.Keys.Where(key => own[key] != settings[key]).Order());
        Assert.Equal(0, await daemon.StopAsync());
        Assert.Equal(before, await SettingsAsync(ours));
    }

    // Shown: net.ipv4.conf.all.rp_filter, which would drop what clients send, is out of the way as long as it must be, and the other interfaces keep its effect.
    [NeedsFact("keepalived", "fencefirst", "ping")]
    public async Task A_reverse_path_filter_for_all_is_moved_to_the_others_and_back()
    {
        const string Files = "cd /proc/sys/net/ipv4/conf; grep . all/rp_filter default/rp_filter eth0/rp_filter vrrp.51/rp_filter 2>/dev/null";
        await using Lab lab = await Lab.OpenAsync(output, "a", "b", "c");
        List<string> seen = [];
        foreach ((Node node, Func<Node, string, Daemon> start) in new (Node, Func<Node, string, Daemon>)[] { (lab["a"], (node, conf) => node.StartKeepalived(conf)), (lab["b"], (node, conf) => node.StartFenceFirst(conf)) })
        {
            await node.RunAsync("sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter");
            Daemon daemon = start(node, VmacLab.One(lab));
            await node.WaitForAddressAsync(lab.Virtual);
            string during = (await node.TryRunAsync("sh", "-c", Files)).Output;
            Assert.True(await lab["c"].AnswersAsync(lab.Virtual));
            await daemon.StopAsync();
            seen.Add(during + (await node.TryRunAsync("sh", "-c", Files + "; true")).Output);
        }
        Assert.Contains("all/rp_filter:0\n", seen[1]);
        Assert.Contains("all/rp_filter:1\n", seen[1]);
        Assert.Equal(seen[0], seen[1]);
    }

    private static async Task<string> ShowAsync(Node node, string link)
    {
        // Without its number, and with one name for the link-local address, which is that of the interface below.
        string shown = (await node.RunAsync("ip", "-d", "-o", "link", "show", "dev", link)).Split(": ", 2)[1];
        string addresses = await node.RunAsync("ip", "-o", "addr", "show", "dev", link);
        return shown + string.Join('\n', addresses.Replace(node.LinkLocal.ToString(), "(below)", StringComparison.Ordinal).Split('\n').Select(line => line.Split(": ", 2)[^1]).Order(StringComparer.Ordinal));
    }

    private static async Task<Dictionary<string, string>> SettingsAsync(Node node)
    {
        string text = await node.RunAsync("sh", "-c", "cd /proc/sys/net; grep -s . ipv4/conf/*/* ipv6/conf/*/* | grep -v -e stable_secret -e /mc_forwarding; true");
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(':', 2)).ToDictionary(parts => parts[0], parts => parts[1]);
    }
}
