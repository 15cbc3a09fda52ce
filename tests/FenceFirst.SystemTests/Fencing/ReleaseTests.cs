using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>release_is_enough with two daemons that sign their adverts: an orderly stop costs a fence, or it does not.</summary>
public sealed class ReleaseTests(ITestOutputHelper output)
{
    /// <summary>With a window of 1 s a master has to be followed for 2 s.</summary>
    private const string Signature = """
            auth_hmac {
                key 7 hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
                active_key 7
                time_window 1
            }

        """;

    [NeedsTheory("fencefirst")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_release_replaces_the_fence_where_it_is_enough(bool isEnough)
    {
        // The master demotes for 5 s and goes on advertising; then priority 0. The peer takes over after that, with or without its fence.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog scripts = lab.OpenScriptLog();
        Capture capture = await lab.CaptureAsync();
        (Daemon master, Daemon standby) = await StartAsync(lab, scripts, isEnough);
        await UntilFollowedAsync(lab, capture);

        Assert.Equal(0, await master.StopAsync(15));
        DateTime taken = await b.WaitForAddressAsync(lab.Virtual);
        await standby.WaitForLogAsync("(VI_1) Entering MASTER STATE");
        await capture.CatchUpAsync();

        ScriptLine start = await scripts.WaitForAsync("a demotes"), end = await scripts.WaitForAsync("a demoted");
        Frame.Vrrp[] releases = [.. capture.AdvertsOf(a).Where(each => each.Priority == 0 && each.At > start.At)];
        Assert.Equal(2, releases.Length);
        Assert.All(releases, each => Assert.True(each.At > end.At));
        Assert.True(end.At - start.At > TimeSpan.FromSeconds(4.9));
        TimeSpan gap = capture.LargestGap(a, 51, start.At, end.At);
        Assert.True(gap < TimeSpan.FromSeconds(0.6), $"silent for {gap.TotalSeconds} s during the demotion");
        Assert.True(taken > releases[0].At);
        Assert.Equal(isEnough ? 0 : 1, scripts.Count("b fences"));
        Assert.Equal(isEnough, standby.Log.Find("has released the addresses (release_is_enough)") is not null);
        Assert.Equal(TimeSpan.Zero, lab.OwnershipOf(lab.Virtual).HeldTwice);
    }

    [NeedsFact("fencefirst")]
    public async Task Without_a_release_the_fence_runs_all_the_same()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        ScriptLog scripts = lab.OpenScriptLog();
        Capture capture = await lab.CaptureAsync();
        (_, Daemon standby) = await StartAsync(lab, scripts, isEnough: true);
        await UntilFollowedAsync(lab, capture);

        await lab["a"].PowerOffAsync();
        await scripts.WaitForAsync("b fences");
        await lab["b"].WaitForAddressAsync(lab.Virtual);
        Assert.Null(standby.Log.Find("has released the addresses"));
    }

    [NeedsFact("fencefirst")]
    public async Task A_release_that_is_heard_too_soon_is_fenced_and_told_of()
    {
        // The standby has only just begun to follow when the master leaves: an older release could still be under way.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        ScriptLog scripts = lab.OpenScriptLog();
        (Daemon master, Daemon standby) = await StartAsync(lab, scripts, isEnough: true, demotionSeconds: 0);

        Assert.Equal(0, await master.StopAsync(15));
        await standby.WaitForLogAsync("replaces no fence: it was followed for");
        await scripts.WaitForAsync("b fences");
        await lab["b"].WaitForAddressAsync(lab.Virtual);
    }

    private static async Task<(Daemon Master, Daemon Standby)> StartAsync(Lab lab, ScriptLog scripts, bool isEnough, int demotionSeconds = 5)
    {
        Node a = lab["a"], b = lab["b"];
        Daemon master = Start(a, b, 150);
        await a.WaitForAddressAsync(lab.Virtual, 15);
        Daemon standby = Start(b, a, 100);
        await standby.WaitForLogAsync($"(VI_1) master is {a.Address}");
        return (master, standby);

        Daemon Start(Node node, Node peer, int priority)
        {
            string fence = node.WriteScript("fence.sh", $"note {node.Name} fences $FENCEFIRST_REASON", scripts);
            string demote = node.WriteScript("demote.sh", $"note {node.Name} demotes\nsleep {demotionSeconds}\nnote {node.Name} demoted", scripts);
            string extra = Signature
                + $"    nopreempt\n    promotion {{\n        fence peers\n        release_is_enough {(isEnough ? "yes" : "no")}\n    }}\n"
                + $"    demotion {{\n        run \"{demote}\" timeout 20\n    }}\n";
            return node.StartFenceFirst(Conf.File(Promotion.Device(fence, 5, peer), new Conf(lab.Virtual) { Priority = priority, Extra = extra }));
        }
    }

    /// <summary>Two windows and a little more of the master's adverts, from now on; the interval is 0.2 s.</summary>
    private static Task UntilFollowedAsync(Lab lab, Capture capture)
    {
        const int Adverts = 15;
        int before = capture.AdvertsOf(lab["a"]).Count;
        return lab.UntilAsync(() => capture.AdvertsOf(lab["a"]).Count >= before + Adverts, 15, $"{Adverts} adverts of the master");
    }
}
