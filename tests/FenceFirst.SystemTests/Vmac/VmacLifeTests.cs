using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>The life of a virtual MAC interface: leftovers, strangers, links that go, and reloads.</summary>
public sealed class VmacLifeTests(ITestOutputHelper output)
{
    // Shown: what a killed daemon leaves is taken over and its address removed first; an interface of the right kind with another MAC address is made anew;
    // one that is something else is left alone and named, and when it is gone the instance begins.
    [NeedsFact("fencefirst")]
    public async Task Leftovers_are_taken_over_and_strangers_are_left_alone()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        Daemon daemon = a.StartFenceFirst(VmacLab.One(lab));
        await a.WaitForAddressAsync(lab.Virtual);
        daemon.Crash();
        await daemon.WaitForExitAsync();
        Assert.True(a.Holds(lab.Virtual));
        daemon = a.StartFenceFirst(VmacLab.One(lab));
        await daemon.WaitForLogAsync($"interface vrrp.51 with {VmacLab.Mac4} on eth0 was left by an earlier run: it is taken over");
        await daemon.WaitForLogAsync("was left by an earlier run: removed");
        await daemon.WaitForLogAsync("(VI_1) Entering MASTER STATE");
        await a.WaitForAddressAsync(lab.Virtual);
        Assert.Equal(0, await daemon.StopAsync());
        Assert.DoesNotContain("vrrp.51", await a.RunAsync("ip", "link"));

        await a.RunAsync("ip", "link", "add", "vrrp.51", "link", "eth0", "type", "macvlan", "mode", "private");
        daemon = a.StartFenceFirst(VmacLab.One(lab));
        await daemon.WaitForLogAsync("interface vrrp.51 has another MAC address or mode: it is made anew");
        await daemon.WaitForLogAsync("(VI_1) Entering MASTER STATE");
        Assert.Contains($"{VmacLab.Mac4} ", await a.RunAsync("ip", "link", "show", "dev", "vrrp.51"));
        Assert.Equal(0, await daemon.StopAsync());

        await a.RunAsync("ip", "link", "add", "vrrp.51", "type", "veth", "peer", "name", "other");
        daemon = a.StartFenceFirst(VmacLab.One(lab));
        await daemon.WaitForLogAsync("(VI_1) interface vrrp.51 is there already and is not a macvlan on eth0: remove it, or give use_vmac another name");
        await daemon.WaitForLogAsync("(VI_1) Entering FAULT STATE");
        await a.RunAsync("ip", "link", "del", "vrrp.51");
        await daemon.WaitForLogAsync("(VI_1) Entering MASTER STATE");
        Assert.Equal(0, await daemon.StopAsync());
    }

    // Shown: the interface follows the one below when that goes down and comes up, is made again when somebody removes it, and when the one below is
    // removed and comes back; each time the address comes back on it.
    [NeedsFact("fencefirst")]
    public async Task It_follows_the_interface_below()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        const string Cable = "ip link add near0 type veth peer name far0; ip link set far0 up; ip link set near0 up; ip addr add 10.78.0.1/24 dev near0";
        await a.RunAsync("sh", "-c", Cable);
        Daemon daemon = a.StartFenceFirst(VmacLab.One(lab).Replace("interface eth0", "interface near0", StringComparison.Ordinal));
        await daemon.WaitForLogAsync("(VI_1) Entering MASTER STATE");
        int mark = daemon.Log.Mark;
        foreach ((string goes, string comes) in new[] { ("ip link set near0 down", "ip link set near0 up"), ("ip link del vrrp.51", "true"), ("ip link del near0", Cable) })
        {
            await a.RunAsync("sh", "-c", goes);
            await daemon.WaitForLogAsync("(VI_1) Entering FAULT STATE", from: mark);
            await a.RunAsync("sh", "-c", comes);
            await daemon.WaitForLogAsync("(VI_1) Entering MASTER STATE", from: mark);
            await a.WaitForAddressAsync(lab.Virtual);
            string shown = await a.RunAsync("ip", "addr", "show", "dev", "vrrp.51");
            Assert.Contains($"inet {lab.Virtual}/24", shown);
            Assert.Contains($"{VmacLab.Mac4} ", shown);
            mark = daemon.Log.Mark;
        }
        Assert.Equal(0, await daemon.StopAsync());
        Assert.DoesNotContain("vrrp.51", await a.RunAsync("ip", "link"));
    }

    // Shown: whatever somebody removes of the tables, the one of no_accept beside them, they are as they were soon after, and nothing else changes; an address
    // that comes later by a reload is guarded as well.
    [NeedsFact("fencefirst")]
    public async Task What_somebody_removes_of_the_filter_is_put_back()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        Daemon daemon = a.StartFenceFirst(VmacLab.Both(lab, 100, "    use_vmac\n    no_accept\n"));
        await a.WaitForBothAsync(lab);
        await daemon.WaitForLogAsync("(VI_2) Entering MASTER STATE");
        string whole = await RulesAsync(a);
        Assert.Contains("table ip6 fencefirst_vmac", whole);
        Assert.Contains("vrrp6.51", whole);
        Assert.Contains("table ip fencefirst ", whole);
        foreach (string removal in (string[])["flush ruleset", "delete table ip fencefirst_vmac", "flush chain ip6 fencefirst_vmac out", "delete element ip fencefirst_vmac vmacs { vrrp.51 }"])
        {
            int mark = daemon.Log.Mark;
            await a.RunAsync("nft", removal);
            await daemon.WaitForLogAsync("somebody has removed the filter of use_vmac (nftables table fencefirst_vmac): it is put back", from: mark);
            await lab.UntilAsync(() => RulesAsync(a).GetAwaiter().GetResult() == whole, 5, "the rules as they were");
        }
        Assert.Equal(2, daemon.Log.Count("Entering MASTER STATE"));
        a.WriteFile("fencefirst.conf", VmacLab.Both(lab, 100));
        int reload = daemon.Log.Mark;
        daemon.Send(Signal.Hup);
        await daemon.WaitForLogAsync("reload complete", from: reload);
        await a.RunAsync("nft", "flush ruleset");
        await lab.UntilAsync(() => RulesAsync(a).GetAwaiter().GetResult().Contains("table ip6 fencefirst_vmac", StringComparison.Ordinal), 5, "the rules after a reload");
        Assert.Equal(0, await daemon.StopAsync());
        Assert.Equal("", await RulesAsync(a));
    }

    // Tables stand in the order in which they were made: the lines are sorted, with the name of the table in front.
    private static async Task<string> RulesAsync(Node node)
    {
        string table = "";
        return string.Join('\n', (await node.RunAsync("nft", "list", "ruleset")).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => (table = line.StartsWith("table ", StringComparison.Ordinal) ? line : table) + line).Order(StringComparer.Ordinal));
    }

    // Shown: a reload that switches it on, changes the MAC address, filters the addresses, or switches it off stops the instance in order, and the address
    // is where the file says; another instance stays master all the time. no_accept holds on the virtual interface too.
    [NeedsFact("fencefirst", "ping")]
    public async Task A_reload_moves_the_address()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a", "c");
        Node a = lab["a"], client = lab["c"];
        Conf other = new(lab.SecondVirtual) { Name = "VI_2", Vrid = 52, Extra = "    use_vmac vip2\n" };
        string With(string extra) => Conf.File(new Conf(lab.Virtual) { Extra = extra }, other);
        Daemon daemon = a.StartFenceFirst(With(""));
        await a.WaitForAddressAsync(lab.Virtual);
        await a.WaitForAddressAsync(lab.SecondVirtual);
        foreach ((string extra, string link, string mac, bool answers) in new[]
        {
            ("    use_vmac\n", "vrrp.51", VmacLab.Mac4, true), ("    use_vmac vip0 02:00:00:00:00:07\n", "vip0", "02:00:00:00:00:07", true),
            ("    use_vmac\n    no_accept\n", "vrrp.51", VmacLab.Mac4, false), ("", "eth0", "", true),
        })
        {
            int mark = daemon.Log.Mark;
            a.WriteFile("fencefirst.conf", With(extra));
            daemon.Send(Signal.Hup);
            await daemon.WaitForLogAsync("reload complete", from: mark);
            await daemon.WaitForLogAsync("(VI_1) Entering MASTER STATE", from: mark);
            await lab.UntilAsync(() => a.Holds(lab.Virtual), 5, "the address");
            Assert.Contains($" {link} ", (await a.RunAsync("ip", "-o", "addr", "show", "to", lab.Virtual.ToString())).Replace(link + "@", link + " ", StringComparison.Ordinal));
            Assert.Null(daemon.Log.Find("(VI_1) Entering FAULT STATE"));
            await client.TryRunAsync("ip", "neigh", "flush", "dev", "eth0");
            Assert.Equal(answers, await client.AnswersAsync(lab.Virtual, answers));
            Assert.True(mac.Length == 0 || await client.NeighbourAsync(lab.Virtual) == mac);
        }
        Assert.Single(daemon.Log.Lines, line => line.Text.Contains("(VI_2) Entering MASTER STATE"));
        string links = await a.RunAsync("ip", "link");
        Assert.DoesNotContain("vrrp.51", links);
        Assert.DoesNotContain("vip0", links);
        Assert.Contains("vip2", links);
    }
}
