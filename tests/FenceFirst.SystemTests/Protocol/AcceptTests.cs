using System.Net;
using System.Text.RegularExpressions;
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

    // Shown: the whole ruleset, the table, and one rule of it; and that a table of the operator's own name and priority is meant.
    [NeedsFact("fencefirst", "ping")]
    public async Task What_somebody_removes_is_put_back()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        string conf = Conf.File(new Conf(lab.Virtual) { Extra = "    no_accept\n" }, new Conf(lab.Virtual6) { Name = "VI_2", Vrid = 52, Extra = "    no_accept\n" });
        conf = conf.Replace("global_defs {", "global_defs {\n    nftables own_name\n    nftables_priority -7\n    nftables_counters", StringComparison.Ordinal);
        Daemon daemon = a.StartFenceFirst(conf);
        await a.WaitForAddressAsync(lab.Virtual);
        await a.WaitForAddressAsync(lab.Virtual6);
        string whole = await RulesAsync(a);
        Assert.Contains("table ip own_name", whole);
        Assert.Contains("priority filter - 7;", whole);
        Assert.Contains("counter packets", whole);
        foreach (string removal in (string[])["flush ruleset", "delete table ip6 own_name", "flush chain ip own_name in", $"delete element ip own_name vips {{ {lab.Virtual} }}"])
        {
            int mark = daemon.Log.Mark;
            await a.RunAsync("sh", "-c", $"nft flush chain ip own_name in 2>/dev/null; nft '{removal}'");
            await daemon.WaitForLogAsync("somebody has removed the filter of no_accept (nftables table own_name): it is put back", 1, mark);
            await lab.UntilAsync(() => Regex.Replace(RulesAsync(a).GetAwaiter().GetResult(), "packets.*drop", "") == Regex.Replace(whole, "packets.*drop", ""), 1, "the rules as they were");
        }
        Assert.False(await AnswersAsync(b, lab.Virtual));
        Assert.False(await AnswersAsync(b, lab.Virtual6));
        await daemon.StopAsync();
        Assert.DoesNotContain("own_name", await RulesAsync(a));
    }

    private static Task<string> RulesAsync(Node node) => node.RunAsync("nft", "list", "ruleset");

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
