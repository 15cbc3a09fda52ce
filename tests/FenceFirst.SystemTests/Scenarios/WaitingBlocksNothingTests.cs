using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>G4, and the trap of the patch that started the project: there one instance's script silenced all the others.</summary>
[Collection(Alone.Name)]
public sealed class WaitingBlocksNothingTests(ITestOutputHelper output)
{
    [NeedsFact("keepalived", "fencefirst")]
    public async Task Another_instance_misses_no_advert_while_a_step_runs()
    {
        // a: backup of VI_1 with a step of 6 s, master of VI_2. b: backup of both. c: master of VI_1 until its power is cut.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b", "c");
        Node a = lab["a"], b = lab["b"], c = lab["c"];
        const int second = 52;
        Conf one = new(lab.Virtual) { Version = 2, Interval = "1" };
        Conf two = new(lab.SecondVirtual) { Version = 2, Interval = "1", Name = "VI_2", Vrid = second };
        ScriptLog scripts = lab.OpenScriptLog();
        string slow = a.WriteScript("slow.sh", "note start\nsleep 6\nnote end", scripts);
        Capture capture = await lab.CaptureAsync();
        c.StartKeepalived(Conf.File(one with { Priority = 150 }));
        Daemon daemon = a.StartFenceFirst(Conf.File(
            one with { Priority = 100, Extra = $"    promotion {{\n        run \"{slow}\" timeout 30\n    }}\n" },
            two with { Priority = 150 }));
        await c.WaitForAddressAsync(lab.Virtual);
        await a.WaitForAddressAsync(lab.SecondVirtual);
        Daemon other = b.StartKeepalived(Conf.File(one with { Priority = 50 }, two with { Priority = 100 }));
        await other.WaitForLogAsync("(VI_2) Entering BACKUP STATE");

        await c.PowerOffAsync();
        ScriptLine start = await scripts.WaitForAsync("start", 15);
        ScriptLine end = await scripts.WaitForAsync("end", 15);
        DateTime added = await a.WaitForAddressAsync(lab.Virtual);
        await daemon.WaitForLogAsync("(VI_1) Entering MASTER STATE");

        Assert.True(end.At < added);
        Frame.Vrrp last = await capture.WaitForAdvertAsync(a, _ => true, "anything, a second after the step", vrid: second, from: end.At.AddSeconds(1));
        TimeSpan gap = capture.LargestGap(a, second, start.At.AddSeconds(-1), last.At);
        Assert.True(gap <= TimeSpan.FromSeconds(1.5), $"VI_2 was silent for {gap.TotalSeconds} s");
        // The waiting instance holds the lower backup of its own address back as well.
        gap = capture.LargestGap(a, 51, start.At, end.At);
        Assert.True(gap <= TimeSpan.FromSeconds(1.5), $"VI_1 was silent for {gap.TotalSeconds} s");
        Assert.False(b.EverHeld(lab.SecondVirtual));
        Assert.False(b.EverHeld(lab.Virtual));
        Assert.Equal(TimeSpan.Zero, lab.OwnershipOf(lab.Virtual).HeldTwice);
        Assert.Equal(TimeSpan.Zero, lab.OwnershipOf(lab.SecondVirtual).HeldTwice);
        await capture.AssertCleanAsync();
    }
}
