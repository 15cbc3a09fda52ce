using System.Text.Json;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>docs/promotion.md 7 between real daemons: the address moves on purpose, once, and what the verb says is what the kernels saw.</summary>
public sealed class HandoverTests(ITestOutputHelper output)
{
    [NeedsFact("fencefirst")]
    public async Task The_address_moves_and_the_verb_says_for_how_long_it_was_gone()
    {
        // a has the better priority and preempts; b needs a second for its promotion, in which it advertises already.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        Capture capture = await lab.CaptureAsync();
        (Daemon first, Daemon second) = await PairAsync(lab, node => Promote(node, "sleep 1"));

        (int status, string words) = await Verb.RunAsync(a, "handover", "VI_1", "--within", "15s", "--json");
        Assert.True(status == 0, words);
        JsonElement result = JsonDocument.Parse(words).RootElement;
        Assert.Equal(b.Address.ToString(), result.GetProperty("by").GetString());
        Ownership owners = lab.OwnershipOf(lab.Virtual);
        TimeSpan gone = owners.Intervals[1].From - owners.Intervals[0].To;
        Assert.InRange(result.GetProperty("gone_seconds").GetDouble() - gone.TotalSeconds, -0.3, 0.3);
        Assert.InRange(gone.TotalSeconds, 1.0, 8.0);
        Assert.Equal(TimeSpan.Zero, owners.HeldTwice);
        await capture.CatchUpAsync();
        Assert.Contains(capture.AdvertsOf(a), each => each.Priority == 0);

        // It stays there, although the priority of a is better; the journal tells who wanted it.
        await lab.WhileAsync(() => b.Holds(lab.Virtual) && !a.Holds(lab.Virtual), 3, "b keeps the address");
        Assert.Null(first.Log.Find("promotion: starting", first.Log.Mark - 1));
        Assert.Contains("asks: handover VI_1", await Verb.JournalAsync(a));
        Assert.Equal(1, (await Verb.RunAsync(a, "handover", "VI_1")).Status);
        Assert.Equal(0, await second.StopAsync());
        await a.WaitForAddressAsync(lab.Virtual);
    }

    [NeedsFact("keepalived", "fencefirst")]
    public async Task A_keepalived_takes_over_as_well()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        a.StartFenceFirst(Conf.File(new Conf(lab.Virtual) { Priority = 150 }));
        await a.WaitForAddressAsync(lab.Virtual);
        Daemon other = b.StartKeepalived(Conf.File(new Conf(lab.Virtual)));
        await other.WaitForLogAsync("(VI_1) Entering BACKUP STATE");
        (int status, string words) = await Verb.RunAsync(a, "handover", "VI_1", "--within", "15s");
        Assert.True(status == 0, words);
        Assert.Contains($"VI_1: handover: {b.Address} took over with priority 100; the addresses were gone for", words);
        await lab.WhileAsync(() => b.Holds(lab.Virtual) && !a.Holds(lab.Virtual), 2, "keepalived keeps the address");
        Assert.Equal(TimeSpan.Zero, lab.OwnershipOf(lab.Virtual).HeldTwice);
    }

    [NeedsFact("fencefirst")]
    public async Task Nobody_takes_over_and_the_address_comes_back()
    {
        // Alone: the verb says so with status 1, and the node is master again through its promotion. Who stops waiting undoes nothing.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"];
        Daemon daemon = a.StartFenceFirst(Conf.File(new Conf(lab.Virtual) { Extra = Promote(a, "exit 0") }));
        await a.WaitForAddressAsync(lab.Virtual);
        int mark = daemon.Log.Mark;
        (int status, string words) = await Verb.RunAsync(a, "handover", "VI_1", "--within", "2s");
        Assert.Equal(1, status);
        Assert.Contains("nobody took over within 2 s", words);
        await daemon.WaitForLogAsync("promotion: the only step succeeded", 10, mark);
        DateTime back = await a.WaitForAddressAsync(lab.Virtual);
        Held before = lab.OwnershipOf(lab.Virtual).Intervals[0];
        Assert.InRange((back - before.To).TotalSeconds, 2.0, 8.0);

        mark = daemon.Log.Mark;
        Daemon verb = a.Start("handover", Needs.FenceFirst, "handover", "VI_1", "--within", "20s", "--socket", Verb.SocketOf(a));
        await a.WaitForNoAddressAsync(lab.Virtual);
        verb.Send(Signal.Int);
        Assert.Equal(130, await verb.WaitForExitAsync());
        Assert.NotNull(verb.Log.Find("what has begun goes on"));
        await lab.WhileAsync(() => !a.Holds(lab.Virtual), 3, "the handover goes on");
        (_, words) = await Verb.RunAsync(a, "status");
        Assert.Contains("handover: waits for another master", words);
        Assert.Equal(0, (await Verb.RunAsync(a, "retry", "VI_1")).Status);
        await daemon.WaitForLogAsync("handover: ends without a result", 5, mark);
        await a.WaitForAddressAsync(lab.Virtual);
    }

    [NeedsFact("fencefirst")]
    public async Task A_handover_that_costs_this_node_its_power_has_to_be_meant()
    {
        // The promotion fences, and so does that of the peer: nothing is done without --yes. With it the peer's fence runs, against us.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        a.StartFenceFirst(Conf.File(Promotion.Device(a.WriteScript("fence.sh", "exit 0"), 20, b), new Conf(lab.Virtual) { Priority = 150, Extra = Promotion.Fence(60) }));
        await a.WaitForAddressAsync(lab.Virtual);
        string fence = b.WriteScript("fence.sh", a.PowerOffCommands + "\nexit 0");
        Daemon second = b.StartFenceFirst(Conf.File(Promotion.Device(fence, 20, a), new Conf(lab.Virtual) { Extra = Promotion.Fence(60) }));
        await second.WaitForLogAsync("(VI_1) Entering BACKUP STATE");
        (int status, string words) = await Verb.RunAsync(a, "handover", "VI_1");
        Assert.Equal(1, status);
        Assert.Contains("switches THIS node off", words);
        Assert.Contains("--yes", words);
        await lab.WhileAsync(() => a.Holds(lab.Virtual), 1, "nothing was done");
        await Verb.RunAsync(a, "handover", "VI_1", "--yes");
        await b.WaitForAddressAsync(lab.Virtual);
        Assert.Equal(TimeSpan.Zero, lab.OwnershipOf(lab.Virtual).HeldTwice);
    }

    private static string Promote(Node node, string script) => $"    promotion {{\n        run \"{node.WriteScript("promote.sh", script)}\" timeout 10\n    }}\n";

    /// <summary>a is master with priority 150, b its backup with 100.</summary>
    private static async Task<(Daemon First, Daemon Second)> PairAsync(Lab lab, Func<Node, string> extra)
    {
        Node a = lab["a"], b = lab["b"];
        Daemon first = a.StartFenceFirst(Conf.File(new Conf(lab.Virtual) { Priority = 150, Extra = extra(a) }));
        await a.WaitForAddressAsync(lab.Virtual);
        Daemon second = b.StartFenceFirst(Conf.File(new Conf(lab.Virtual) { Extra = extra(b) }));
        await second.WaitForLogAsync("(VI_1) Entering BACKUP STATE");
        await second.WaitForLogAsync($"master is {a.Address}");
        return (first, second);
    }
}
