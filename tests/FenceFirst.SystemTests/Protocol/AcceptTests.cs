using System.Net;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>no_accept: a virtual address that answers ARP and neighbour discovery and nothing else, as keepalived's does.</summary>
public sealed class AcceptTests(ITestOutputHelper output)
{
    [NeedsFact("keepalived", "fencefirst", "ping")]
    public async Task Keepalived_filters_as_we_do() => await TellAsync((node, conf) => node.StartKeepalived(conf), "keepalived");

    [NeedsFact("fencefirst", "ping")]
    public async Task No_packet_reaches_the_addresses_and_their_neighbours_still_find_them() => await TellAsync((node, conf) => node.StartFenceFirst(conf), "fencefirst");

    // Shown: the filter of a killed daemon is gone when the next one starts, whatever that one is configured to do.
    [NeedsFact("fencefirst", "ping")]
    public async Task The_filter_of_a_killed_daemon_is_swept_up()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        Daemon daemon = a.StartFenceFirst(Conf.File(new Conf(lab.Virtual) { Extra = "    no_accept\n" }));
        await a.WaitForAddressAsync(lab.Virtual);
        daemon.Crash();
        await daemon.WaitForExitAsync();
        Assert.False(await AnswersAsync(b, lab.Virtual));
        daemon = a.StartFenceFirst(Conf.File(new Conf(lab.Virtual)));
        await daemon.WaitForLogAsync("(VI_1) Entering MASTER STATE");
        await a.WaitForAddressAsync(lab.Virtual);
        Assert.True(await AnswersAsync(b, lab.Virtual));
        Assert.DoesNotContain("table", await a.RunAsync("nft", "list", "ruleset"));
    }

    private async Task TellAsync(Func<Node, string, Daemon> start, string table)
    {
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        Daemon daemon = start(a, Conf.File(
            new Conf(lab.Virtual) { Extra = $"    no_accept\n    virtual_ipaddress_excluded {{\n        {lab.SecondVirtual}\n    }}\n" },
            new Conf(lab.Virtual6) { Name = "VI_2", Vrid = 52, Extra = "    no_accept\n" }));
        await a.WaitForAddressAsync(lab.Virtual);
        await a.WaitForAddressAsync(lab.SecondVirtual);
        await a.WaitForAddressAsync(lab.Virtual6);
        Assert.True(await AnswersAsync(b, a.Address));
        Assert.True(await AnswersAsync(b, a.Address6));
        foreach (IPAddress address in new[] { lab.Virtual, lab.SecondVirtual, lab.Virtual6 })
        {
            await b.TryRunAsync("ip", "neigh", "flush", "dev", "eth0");
            Assert.False(await AnswersAsync(b, address), $"{address} answers");
            Assert.Contains("lladdr", await b.RunAsync("ip", "neigh", "show", address.ToString()));
        }
        string rules = await a.RunAsync("nft", "list", "ruleset");
        Assert.Contains($"table ip {table} ", rules);
        Assert.Contains($"table ip6 {table} ", rules);
        Assert.Contains("priority filter - 1; policy accept;", rules);
        await daemon.StopAsync();
        await a.WaitForNoAddressAsync(lab.Virtual6);
        Assert.DoesNotContain("drop", await a.RunAsync("nft", "list", "ruleset"));
    }

    private static async Task<bool> AnswersAsync(Node from, IPAddress address) => (await from.TryRunAsync("ping", "-c", "1", "-W", "1", "-n", address.ToString())).Status == 0;
}
