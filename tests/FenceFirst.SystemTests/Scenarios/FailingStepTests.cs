using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>G1 and G2: whatever a fence script does except end with status 0, the address never appears.</summary>
public sealed class FailingStepTests(ITestOutputHelper output)
{
    [NeedsTheory("keepalived", "fencefirst")]
    [InlineData("exit 1", "exited with status 1")]
    [InlineData("exit 255", "exited with status 255")]
    [InlineData("kill -9 $$", "killed by signal 9")]
    [InlineData("sleep 60 & note child $!; wait", "timed out after 2")]
    [InlineData(null, "could not be started: No such file or directory")]
    public async Task A_fence_that_fails_keeps_the_address_away_and_is_tried_again(string? body, string reason)
    {
        // The master's power is cut. The netlink observer sees that the standby never gets the address, until a later attempt succeeds.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog scripts = lab.OpenScriptLog();
        string fence = b.WriteScript("fence.sh", "note fence $$\n" + body, scripts);
        a.StartKeepalived(Conf.File(new Conf(lab.Virtual) { Priority = 150 }));
        await a.WaitForAddressAsync(lab.Virtual);
        Daemon daemon = b.StartFenceFirst(Conf.File(Promotion.Device(fence, 2, a), new Conf(lab.Virtual) { Extra = Promotion.Fence(1) }));
        await daemon.WaitForLogAsync("(VI_1) Entering BACKUP STATE");
        if (body is null)
        {
            // It was there when the configuration was read, and is not when it is needed.
            File.Delete(fence);
        }

        await a.PowerOffAsync();
        Seen failed = await daemon.WaitForLogAsync(reason, 15);
        Assert.Contains("(VI_1)", failed.Text);
        Assert.False(b.EverHeld(lab.Virtual));
        await daemon.WaitForLogAsync("next try in", 5);
        await lab.UntilAsync(() => daemon.Log.Count(reason) >= 2, 20, "the second attempt to fail in the same way");
        Assert.False(b.EverHeld(lab.Virtual));
        Assert.Null(daemon.Log.Find("Entering MASTER STATE"));
        // Neither a script nor its children outlive the verdict; one that has just been started for the third time may still run.
        foreach (ScriptLine line in scripts.Lines.Where(each => each.At < failed.At))
        {
            int pid = int.Parse(line.Text.Split(' ')[1]);
            await lab.UntilAsync(() => !Directory.Exists($"/proc/{pid}"), 5, $"the fence script {pid} to be gone");
        }

        b.WriteScript("fence.sh", "note success\nexit 0", scripts);
        ScriptLine success = await scripts.WaitForAsync("success", 20);
        DateTime added = await b.WaitForAddressAsync(lab.Virtual);
        Assert.True(success.At < added);
        await daemon.WaitForLogAsync("(VI_1) Entering MASTER STATE");
        Assert.Equal(TimeSpan.Zero, lab.OwnershipOf(lab.Virtual).HeldTwice);
    }
}
