using System.Net;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>docs/promotion.md 6.3: adverts are lost where ARP and neighbour discovery are not.</summary>
public sealed class ProbeTests(ITestOutputHelper output)
{
    private const string ProbeOnly = "    promotion {\n        probe yes\n        on_failure retry_after 1\n    }\n";

    // Shown: no fence at all, protocol 112 dropped between all nodes. The standby with a probe finds the address in use and never adds it, for IPv4 and
    // IPv6; keepalived beside it takes the address that the master has. When both are really gone the standby takes over.
    [NeedsTheory("keepalived", "fencefirst")]
    [InlineData(4)]
    [InlineData(6)]
    public async Task An_address_that_somebody_answers_for_is_not_taken(int family)
    {
        await using Lab lab = await Lab.OpenAsync(output, "a", "b", "c");
        Node a = lab["a"], b = lab["b"], c = lab["c"];
        IPAddress address = family == 4 ? lab.Virtual : lab.Virtual6;
        a.StartKeepalived(Conf.File(new Conf(address) { Priority = 150 }));
        await a.WaitForAddressAsync(address);
        Daemon standby = b.StartFenceFirst(Conf.File(new Conf(address) { Extra = ProbeOnly }));
        await standby.WaitForLogAsync("(VI_1) Entering BACKUP STATE");
        c.StartKeepalived(Conf.File(new Conf(address) { Priority = 90 }));
        await lab.WhileAsync(() => !b.Holds(address) && !c.Holds(address), 1.5, "only the master holds the address");

        await lab.CutAdvertsAsync();
        Seen found = await standby.WaitForLogAsync(" is in use by ");
        Assert.Contains("protocol 112", found.Text);
        await standby.WaitForLogAsync(" is in use by ", from: standby.Log.Mark);
        await c.WaitForAddressAsync(address);
        Assert.True(a.Holds(address) && c.Holds(address), "keepalived was expected to have two owners");
        Assert.False(b.EverHeld(address));

        await a.PowerOffAsync();
        await c.PowerOffAsync();
        await b.WaitForAddressAsync(address, 25);
        await standby.WaitForLogAsync("promotion: asking the link for");
    }

    // Shown: two standbys of equal standing that cannot hear each other's adverts ask at the same time, and exactly one of them takes the address:
    // both giving up, again and again, would leave nobody.
    [NeedsFact("fencefirst")]
    public async Task Two_that_ask_at_once_do_not_both_give_up_nor_both_take_it()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        await lab.CutAdvertsAsync();
        a.StartFenceFirst(Conf.File(new Conf(lab.Virtual) { Extra = ProbeOnly }));
        b.StartFenceFirst(Conf.File(new Conf(lab.Virtual) { Extra = ProbeOnly }));
        await lab.UntilAsync(() => a.Holds(lab.Virtual) || b.Holds(lab.Virtual), 10, "one of them takes the address");
        await lab.WhileAsync(() => !(a.Holds(lab.Virtual) && b.Holds(lab.Virtual)), 5, "only one of them holds the address");
    }
}
