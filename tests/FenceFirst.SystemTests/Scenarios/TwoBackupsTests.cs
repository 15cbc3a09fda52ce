using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>Three nodes: while one standby fences, the other one must neither walk past it nor wait for ever.</summary>
[Collection(Alone.Name)]
public sealed class TwoBackupsTests(ITestOutputHelper output)
{
    // Three intervals of 2 s and the skew, and as much again for a busy machine.
    private const double Patience = 16;

    [NeedsFact("keepalived", "fencefirst")]
    public async Task The_second_standby_stays_back_while_the_first_one_fences()
    {
        // Priorities 120 and 100, a fence of 10 s on the first; the second one's timer ends 20/256 of an interval, 0.16 s, later.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b", "c");
        Node a = lab["a"], b = lab["b"], c = lab["c"];
        ScriptLog scripts = lab.OpenScriptLog();
        (Daemon first, Daemon second) = await StartAsync(lab, scripts, "sleep 10", retryAfter: 30);
        int mark = second.Log.Mark;

        await a.PowerOffAsync();
        await scripts.WaitForAsync("b start", Patience);
        await lab.UntilAsync(() => scripts.Count("b end") > 0, 20, "the first standby's fence to end");
        await b.WaitForAddressAsync(lab.Virtual);
        await first.WaitForLogAsync("(VI_1) Entering MASTER STATE");
        await lab.WhileAsync(() => !c.EverHeld(lab.Virtual), 1, "the second standby stays down");

        Assert.Equal(0, scripts.Count("c start"));
        Assert.Null(second.Log.Find("(VI_1) Entering", mark));
        Assert.Null(second.Log.Find("(VI_1) promotion", mark));
        Assert.Equal(TimeSpan.Zero, lab.OwnershipOf(lab.Virtual).HeldTwice);
    }

    [NeedsFact("keepalived", "fencefirst")]
    public async Task The_second_standby_takes_over_when_the_first_one_cannot_fence()
    {
        // The first one's fence fails after 3 s: it says so with priority 0, and the second one need not wait for a time-out.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b", "c");
        Node a = lab["a"], b = lab["b"], c = lab["c"];
        ScriptLog scripts = lab.OpenScriptLog();
        Capture capture = await lab.CaptureAsync();
        (Daemon first, Daemon second) = await StartAsync(lab, scripts, "sleep 3; note b fails; exit 1", retryAfter: 30);

        await a.PowerOffAsync();
        ScriptLine fails = await scripts.WaitForAsync("b fails", Patience);
        ScriptLine start = await scripts.WaitForAsync("c start", 5);
        DateTime added = await c.WaitForAddressAsync(lab.Virtual, 5);
        await capture.CatchUpAsync();
        await second.WaitForLogAsync("(VI_1) Entering MASTER STATE");

        Assert.True(fails.At < start.At, "the second one started before the first one had failed");
        Assert.True(start.At < added);
        Frame.Vrrp said = capture.AdvertsOf(b).First(each => each.Priority == 0 && each.At > fails.At);
        Assert.True(start.At - said.At < TimeSpan.FromSeconds(6), "the second one waited for three missing adverts");
        await first.WaitForLogAsync("exited with status 1");
        Assert.False(b.EverHeld(lab.Virtual));
        Assert.Equal(TimeSpan.Zero, lab.OwnershipOf(lab.Virtual).HeldTwice);
    }

    // a: keepalived, the master. b and c: standbys with priorities 120 and 100, whose devices can fence both others; only the lost master is to be fenced.
    private static async Task<(Daemon First, Daemon Second)> StartAsync(Lab lab, ScriptLog scripts, string fenceOfB, int retryAfter)
    {
        Node a = lab["a"], b = lab["b"], c = lab["c"];
        a.StartKeepalived(Conf.File(new Conf(lab.Virtual) { Priority = 150, Interval = "2" }));
        await a.WaitForAddressAsync(lab.Virtual, Patience);
        Daemon Standby(Node node, Node other, int priority, string fence)
        {
            string script = node.WriteScript("fence.sh", $"note {node.Name} start\n{fence}\nnote {node.Name} end", scripts);
            return node.StartFenceFirst(Conf.File(Promotion.Device(script, 30, a, other),
                new Conf(lab.Virtual) { Priority = priority, Interval = "2", Extra = Promotion.Fence(retryAfter, "fence_scope last_master") }));
        }
        Daemon first = Standby(b, c, 120, fenceOfB), second = Standby(c, b, 100, "sleep 0.3");
        await first.WaitForLogAsync("(VI_1) Entering BACKUP STATE");
        await second.WaitForLogAsync("(VI_1) Entering BACKUP STATE");
        // Both have heard the master they are going to lose.
        Capture heard = await lab.CaptureAsync("heard");
        await heard.WaitForAdvertAsync(a, _ => true, "anything", from: DateTime.UtcNow);
        return (first, second);
    }
}
