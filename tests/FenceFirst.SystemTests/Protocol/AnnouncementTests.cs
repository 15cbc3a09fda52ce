using System.Net;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>vrrp_garp_interval on the wire.</summary>
public sealed class AnnouncementTests(ITestOutputHelper output)
{
    // Shown: two addresses in turn, 0.2 s apart, each as often as garp_master_repeat says; and none after the stop.
    [NeedsFact("fencefirst")]
    public async Task Announcements_keep_their_distance()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        Capture capture = await lab.CaptureAsync();
        string conf = Conf.File(new Conf(lab.Virtual) { Extra = $"    virtual_ipaddress_excluded {{\n        {lab.SecondVirtual}\n    }}\n    garp_master_repeat 3\n    garp_master_delay 2\n" });
        Daemon daemon = a.StartFenceFirst(conf.Replace("global_defs {", "global_defs {\n    vrrp_garp_interval 0.2"));
        await lab.UntilAsync(() => Of(capture, lab.SecondVirtual).Length == 3, 10, "three announcements of each address");
        Frame[] all = [.. Of(capture, lab.Virtual).Concat(Of(capture, lab.SecondVirtual)).OrderBy(each => each.At)];
        Assert.Equal(6, all.Length);
        Assert.All(all.Zip(all.Skip(1), (earlier, later) => later.At - earlier.At), gap => Assert.InRange(gap.TotalSeconds, 0.19, 1));
        Assert.Equal(Of(capture, lab.Virtual), all.Where((_, index) => index % 2 == 0));

        // The second burst begins; what still waits of it is forgotten with the addresses.
        await lab.UntilAsync(() => Of(capture, lab.Virtual).Length == 4, 10, "the second burst");
        await daemon.StopAsync();
        DateTime gone = await a.WaitForNoAddressAsync(lab.Virtual);
        Assert.DoesNotContain(Of(capture, lab.Virtual).Concat(Of(capture, lab.SecondVirtual)), each => each.At > gone);
        Assert.True(Of(capture, lab.SecondVirtual).Length < 6);
    }

    private static Frame[] Of(Capture capture, IPAddress address) => [.. capture.Announcements(address)];
}
