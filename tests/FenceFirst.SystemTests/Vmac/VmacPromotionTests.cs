using System.Net.NetworkInformation;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>use_vmac with a promotion: what a candidate sends, and what it hears in its last look.</summary>
public sealed class VmacPromotionTests(ITestOutputHelper output)
{
    // Shown: a candidate's adverts come from its own MAC address, so that switches leave the master alone; those of a master from the virtual one, its release too.
    [NeedsFact("fencefirst")]
    public async Task A_candidate_advertises_from_its_own_MAC_address()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        Capture capture = await lab.CaptureAsync();
        string step = a.WriteScript("step", "sleep 1");
        Daemon daemon = a.StartFenceFirst(VmacLab.One(lab, $"    use_vmac\n    promotion {{\n        run {step} timeout 10\n        probe no\n    }}\n"));
        DateTime held = await a.WaitForAddressAsync(lab.Virtual);
        await daemon.StopAsync();
        await capture.CatchUpAsync();
        PhysicalAddress virtualMac = VmacLab.Physical(VmacLab.Mac4);
        Frame.Vrrp[] before = [.. capture.AdvertsOf(a).TakeWhile(each => !each.SourceMac.Equals(virtualMac))];
        Frame.Vrrp[] after = [.. capture.AdvertsOf(a).Skip(before.Length)];
        Assert.True(before.Length >= 4, $"{before.Length} adverts in a second");
        Assert.True(before[^1].At < held);
        Assert.All(after, each => Assert.Equal(virtualMac, each.SourceMac));
        Assert.Equal([0, 0], after[^2..].Select(each => each.Priority));
    }

    // Shown: docs/promotion.md 6.3 with a master whose MAC address is our own virtual one: adverts are lost, ARP and neighbour discovery are not, and the
    // address that is in use is not taken.
    [NeedsFact("fencefirst")]
    public async Task The_last_look_sees_the_master_behind_the_same_MAC_address()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        a.StartFenceFirst(VmacLab.Both(lab, 150));
        await a.WaitForBothAsync(lab);
        Daemon standby = b.StartFenceFirst(VmacLab.Both(lab, 100, "    use_vmac\n    promotion {\n        probe yes\n        on_failure retry_after 1\n    }\n"));
        await standby.WaitForLogAsync("(VI_2) Entering BACKUP STATE");
        await lab.CutAdvertsAsync();
        Capture capture = await lab.CaptureAsync();
        await standby.WaitForLogAsync($"{lab.Virtual} is in use by {VmacLab.Mac4}");
        await standby.WaitForLogAsync($" is in use by {VmacLab.Mac6}");
        Assert.False(b.EverHeld(lab.Virtual) || b.EverHeld(lab.Virtual6));
        Assert.DoesNotContain(capture.Frames.OfType<Frame.Neighbour>(), each => each.Kind == NeighbourKind.Question && each.SourceMac.Equals(VmacLab.Physical(VmacLab.Mac4)));
    }
}
