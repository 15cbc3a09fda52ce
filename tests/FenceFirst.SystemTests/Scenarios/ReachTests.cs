using System.Net;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>docs/promotion.md 3.1: the node whose uplink is cut must lose the race to the fence.</summary>
public sealed class ReachTests(ITestOutputHelper output)
{
    [NeedsTheory("keepalived", "fencefirst")]
    [InlineData(4)]
    [InlineData(6)]
    public async Task An_isolated_standby_does_not_shoot(int family)
    {
        // b can reach the power switch of a (the script runs on this machine) but neither a nor the gateways c and d. It never shoots, however often it tries.
        // Healed, with a really dead, it asks the gateways again, one of which is enough, and only then fences.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b", "c", "d");
        Node a = lab["a"], b = lab["b"], c = lab["c"], d = lab["d"];
        IPAddress address = family == 4 ? lab.Virtual : lab.Virtual6;
        string gateways = family == 4 ? $"{c.Address} {d.Address}" : $"{c.LinkLocal} {d.Address6}";
        ScriptLog scripts = lab.OpenScriptLog();
        string fence = b.WriteScript("fence.sh", $"note fence\n{a.PowerOffCommands}", scripts);
        a.StartKeepalived(Conf.File(new Conf(address) { Priority = 150 }));
        await a.WaitForAddressAsync(address);
        Daemon standby = b.StartFenceFirst(Conf.File(Promotion.Device(fence, 5, a), new Conf(address) { Extra = Guarded($"ping {gateways} timeout 0.5") }));
        await standby.WaitForLogAsync("(VI_1) Entering BACKUP STATE");

        // The master last: when it is missed, the gateways are away already.
        foreach (Node other in new[] { c, d, a })
        {
            await lab.CutAsync(b, other);
            await lab.CutAsync(other, b);
        }

        Seen failed = await standby.WaitForLogAsync("failed at check ping");
        Assert.Contains("0 of 2 answered, at_least 1 wanted", failed.Text);
        Assert.Contains($"{gateways.Split(' ')[0]} silent", failed.Text);
        await standby.WaitForLogAsync("failed at check ping", from: standby.Log.Mark);
        Assert.Equal(0, scripts.Count("fence"));
        Assert.True(a.Holds(address) && !b.EverHeld(address));

        await a.PowerOffAsync();
        await d.PowerOffAsync();
        await lab.HealAsync();
        await scripts.WaitForAsync("fence", 20);
        await b.WaitForAddressAsync(address);
        Seen reached = await standby.WaitForLogAsync("check ping succeeded");
        Assert.Contains($"{gateways.Split(' ')[0]} answered; 1 of 2 wanted", reached.Text);
    }

    [NeedsFact("keepalived", "fencefirst")]
    public async Task An_isolated_master_is_fenced_by_the_node_that_reaches_the_gateway()
    {
        // The same cut on the other side: the standby still sees its gateway, so it is the master that is cut off, and it is fenced before its address is taken.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b", "c");
        Node a = lab["a"], b = lab["b"], c = lab["c"];
        ScriptLog scripts = lab.OpenScriptLog();
        string fence = b.WriteScript("fence.sh", $"note fence\n{a.PowerOffCommands}", scripts);
        a.StartKeepalived(Conf.File(new Conf(lab.Virtual) { Priority = 150 }));
        await a.WaitForAddressAsync(lab.Virtual);
        Daemon standby = b.StartFenceFirst(Conf.File(Promotion.Device(fence, 5, a), new Conf(lab.Virtual) { Extra = Guarded($"ping {c.Address}") }));
        await standby.WaitForLogAsync("(VI_1) Entering BACKUP STATE");
        foreach (Node other in new[] { b, c })
        {
            await lab.CutAsync(a, other);
            await lab.CutAsync(other, a);
        }

        await b.WaitForAddressAsync(lab.Virtual);
        Assert.Equal(1, scripts.Count("fence"));
        Assert.Equal(TimeSpan.Zero, lab.OwnershipOf(lab.Virtual).HeldTwice);
    }

    [NeedsTheory("fencefirst")]
    [InlineData(4)]
    [InlineData(6)]
    public async Task A_service_answers_refuses_or_is_silent(int family)
    {
        // Refused is an answer and ends the try at once; silence lasts until the bound; another instance and the adverts go on meanwhile (G4).
        await using Lab lab = await Lab.OpenAsync(output, "b", "c");
        Node b = lab["b"], c = lab["c"];
        IPAddress address = family == 4 ? lab.Virtual : lab.Virtual6;
        IPAddress service = family == 4 ? c.Address : c.Address6;
        string target = family == 4 ? $"{service}:5432" : $"[{service}]:5432";
        Daemon daemon = b.StartFenceFirst(Conf.File(new Conf(address) { Extra = Guarded($"tcp {target} timeout 1.5", fence: "") }));
        Seen refused = await daemon.WaitForLogAsync("check tcp had too few answers");
        Assert.Contains($"{target} refused) after", refused.Text);
        Assert.Null(daemon.Log.Find("has too few answers after"));

        int mark = daemon.Log.Mark;
        await c.RunAsync("nft", "add table inet lab; add chain inet lab input { type filter hook input priority 0; }; add rule inet lab input tcp dport 5432 drop");
        await daemon.WaitForLogAsync("check tcp has too few answers after 1.5", from: mark);
        // A try that had begun before the filter may still be told of as refused.
        Seen silent = await daemon.WaitForLogAsync($"{target} silent) after", from: mark);
        Assert.Contains("check tcp had too few answers", silent.Text);
        Assert.False(b.EverHeld(address));

        using Listener listener = new(c, service, 5432);
        await c.RunAsync("nft", "delete table inet lab");
        await b.WaitForAddressAsync(address);
        await daemon.WaitForLogAsync($"check tcp succeeded ({target} answered; 1 of 1 wanted)", from: mark);
    }

    private static string Guarded(string check, string fence = "fence peers") =>
        $"    promotion {{\n        check {check}\n        {fence}\n        on_failure retry_after 1\n        probe no\n    }}\n";
}
