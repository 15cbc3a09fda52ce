using System.Net;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>SIGHUP: a bad file changes nothing, a good one changes only what it says.</summary>
public sealed class ReloadTests(ITestOutputHelper output)
{
    private static readonly TimeSpan GapMax = TimeSpan.FromSeconds(0.75);

    [NeedsFact("keepalived", "fencefirst")]
    public async Task An_unchanged_instance_stays_master_without_a_lost_advert()
    {
        // Two instances, both master here and backup on a keepalived beside. First a file with an error, then one where VI_2 has another priority.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        const int second = 52;
        Conf one = new(lab.Virtual) { Interval = "0.5", Priority = 150 };
        Conf two = new(lab.SecondVirtual) { Interval = "0.5", Priority = 150, Name = "VI_2", Vrid = second };
        Capture capture = await lab.CaptureAsync();
        Daemon daemon = a.StartFenceFirst(Conf.File(one, two));
        await a.WaitForAddressAsync(lab.Virtual);
        await a.WaitForAddressAsync(lab.SecondVirtual);
        await daemon.WaitForLogAsync("(VI_1) Entering MASTER STATE"); // Written after the address is there.
        Daemon other = b.StartKeepalived(Conf.File(one with { Priority = 100 }, two with { Priority = 100 }));
        await other.WaitForLogAsync("(VI_2) Entering BACKUP STATE");
        DateTime from = DateTime.UtcNow;
        int mark = daemon.Log.Mark;

        a.WriteFile("fencefirst.conf", Conf.File(one with { Extra = "    no_such_keyword 1\n" }, two with { Priority = 140 }));
        daemon.Send(Signal.Hup);
        await daemon.WaitForLogAsync("reload refused", 5, mark);
        await capture.WaitForAdvertAsync(a, each => each.Priority == 150, "its old priority", vrid: second, from: DateTime.UtcNow);

        int goodMark = daemon.Log.Mark;
        a.WriteFile("fencefirst.conf", Conf.File(one, two with { Priority = 140 }));
        daemon.Send(Signal.Hup);
        await daemon.WaitForLogAsync("reload complete", 5, goodMark);
        await capture.WaitForAdvertAsync(a, each => each.Priority == 140, "its new priority", vrid: second);
        Frame.Vrrp last = await capture.WaitForAdvertAsync(a, _ => true, "anything", from: DateTime.UtcNow.AddSeconds(0.6));

        TimeSpan gap = capture.LargestGap(a, 51, from, last.At);
        Assert.True(gap <= GapMax, $"VI_1 was silent for {gap.TotalSeconds} s");
        Assert.All(capture.AdvertsOf(a).Where(each => each.At >= from), each => Assert.Equal(150, each.Priority));
        Assert.Null(daemon.Log.Find("(VI_1) Entering", mark));
        foreach (IPAddress address in new[] { lab.Virtual, lab.SecondVirtual })
        {
            Assert.False(b.EverHeld(address));
        }
        Assert.Single(lab.OwnershipOf(lab.Virtual).Intervals);
        Assert.False(daemon.HasExited);
        await capture.AssertCleanAsync();
    }
}
