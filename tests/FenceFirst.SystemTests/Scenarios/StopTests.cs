using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>G5 on the way down: address gone, demotion steps, and only then the word that the others may take over.</summary>
public sealed class StopTests(ITestOutputHelper output)
{
    [NeedsFact("keepalived", "fencefirst")]
    public async Task A_stop_demotes_before_it_releases()
    {
        // The demotion step runs for 2 s. Meanwhile the adverts go on, so keepalived stays back; priority 0 follows the step.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog scripts = lab.OpenScriptLog();
        Capture capture = await lab.CaptureAsync();
        Daemon daemon = await StartAsync(lab, scripts, "sleep 2");

        Assert.Equal(0, await daemon.StopAsync(15));
        DateTime taken = await b.WaitForAddressAsync(lab.Virtual);
        await capture.CatchUpAsync();

        ScriptLine start = scripts.Lines.Single(each => each.Text.StartsWith("start", StringComparison.Ordinal));
        ScriptLine end = scripts.Lines.Single(each => each.Text == "end");
        Assert.Equal("start 0", start.Text);
        Frame.Vrrp[] releases = [.. capture.AdvertsOf(a).Where(each => each.Priority == 0)];
        Assert.Equal(2, releases.Length);
        Assert.All(releases, each => Assert.True(each.At > end.At));
        Assert.True(taken > releases[0].At);
        TimeSpan gap = capture.LargestGap(a, 51, start.At, end.At);
        Assert.True(gap < TimeSpan.FromSeconds(0.6), $"silent for {gap.TotalSeconds} s during the demotion");
        Assert.NotNull(daemon.Log.Find("(VI_1) removing protocol VIPs."));
        Assert.NotNull(daemon.Log.Find("(VI_1) sent 0 priority"));
        Assert.Equal(TimeSpan.Zero, lab.OwnershipOf(lab.Virtual).HeldTwice);
        await capture.AssertCleanAsync();
    }

    [NeedsFact("keepalived", "fencefirst")]
    public async Task A_demotion_that_fails_releases_nothing()
    {
        // No priority 0: whoever takes over must first make sure of us, and a plain keepalived waits for three missing adverts.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog scripts = lab.OpenScriptLog();
        Capture capture = await lab.CaptureAsync();
        Daemon daemon = await StartAsync(lab, scripts, "exit 1");

        await daemon.StopAsync(15);
        await b.WaitForAddressAsync(lab.Virtual);
        await capture.CatchUpAsync();

        Assert.DoesNotContain(capture.AdvertsOf(a), each => each.Priority == 0);
        Assert.NotNull(daemon.Log.Find("exited with status 1"));
        Assert.Equal(TimeSpan.Zero, lab.OwnershipOf(lab.Virtual).HeldTwice);
    }

    private static async Task<Daemon> StartAsync(Lab lab, ScriptLog scripts, string body)
    {
        Node a = lab["a"], b = lab["b"];
        string step = a.WriteScript("stop.sh", $"note start $(ip -o addr show | grep -c '{lab.Virtual}/')\n{body}\nnote end", scripts);
        Daemon daemon = a.StartFenceFirst(Conf.File(
            new Conf(lab.Virtual) { Priority = 150, Extra = $"    demotion {{\n        run \"{step}\" timeout 20\n    }}\n" }));
        await a.WaitForAddressAsync(lab.Virtual);
        Daemon other = b.StartKeepalived(Conf.File(new Conf(lab.Virtual)));
        await other.WaitForLogAsync("(VI_1) Entering BACKUP STATE");
        return daemon;
    }
}
