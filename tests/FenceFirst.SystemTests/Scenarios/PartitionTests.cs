using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>G5, G9 and G10: the case that fencing is for. The master lives, holds the address, and cannot be heard.</summary>
public sealed class PartitionTests(ITestOutputHelper output)
{
    [NeedsFact("keepalived", "fencefirst")]
    public async Task A_master_that_lives_behind_a_cut_is_fenced_before_its_address_is_taken()
    {
        // The same cut makes two masters of two keepalived (LabTests). Here the fence script really switches the other node off, after 1 s.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog scripts = lab.OpenScriptLog();
        Capture capture = await lab.CaptureAsync();
        string Note(string name) => b.WriteScript(name + ".sh", $"note {name} $(ip -o addr show | grep -c '{lab.Virtual}/')", scripts);
        string fence = b.WriteScript("fence.sh", $"note fence \"$FENCEFIRST_INSTANCE\"\nsleep 1\n{a.PowerOffCommands}\nnote fenced", scripts);
        Daemon master = a.StartKeepalived(Conf.File(new Conf(lab.Virtual) { Priority = 150 }));
        await a.WaitForAddressAsync(lab.Virtual);
        Daemon standby = b.StartFenceFirst(Conf.File(Promotion.Device(fence, 10, a), new Conf(lab.Virtual)
        {
            Extra = Promotion.Fence(5) + $"    notify_master \"{Note("notify_master")}\"\n    notify_backup \"{Note("notify_backup")}\"\n",
        }));
        await standby.WaitForLogAsync("(VI_1) Entering BACKUP STATE");

        await lab.CutAsync(a, b);
        await lab.CutAsync(b, a);
        ScriptLine begun = await scripts.WaitForAsync("fence VI_1");
        Assert.True(a.Holds(lab.Virtual));
        ScriptLine fenced = await scripts.WaitForAsync("fenced");
        DateTime added = await b.WaitForAddressAsync(lab.Virtual);
        ScriptLine notified = await scripts.WaitForAsync("notify_master");
        await master.WaitForExitAsync();

        await capture.CatchUpAsync();
        Assert.True(begun.At < fenced.At && fenced.At < added);
        Frame.Neighbour announced = capture.Announcements(lab.Virtual).First(each => each.At > fenced.At);
        Assert.True(announced.At < notified.At, "notify_master was started before the address was announced");
        Assert.Equal("notify_master 1", notified.Text);
        Assert.Equal(1, scripts.Count("fence VI_1"));
        Ownership ownership = lab.OwnershipOf(lab.Virtual);
        Assert.True(ownership.HeldTwice == TimeSpan.Zero, ownership.ToString());
        await capture.AssertCleanAsync();
    }
}
