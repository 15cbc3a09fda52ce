using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>vrrp_startup_delay beside a keepalived that would have to yield.</summary>
public sealed class StartDelayTests(ITestOutputHelper output)
{
    // Shown: nothing is sent before the delay is over, and then the usual wait begins; a stop in between is a stop.
    [NeedsFact("keepalived", "fencefirst")]
    public async Task Nothing_is_sent_or_taken_over_before_the_delay_is_over()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        Capture capture = await lab.CaptureAsync();
        a.StartKeepalived(Conf.File(new Conf(lab.Virtual)));
        await a.WaitForAddressAsync(lab.Virtual);
        string conf = Conf.File(new Conf(lab.Virtual) { Priority = 150 }).Replace("global_defs {", "global_defs {\n    vrrp_startup_delay 2.5");
        Daemon daemon = b.StartFenceFirst(conf);
        Seen start = await daemon.WaitForLogAsync("Delaying startup for 2.5 s");
        await b.WaitForAddressAsync(lab.Virtual);
        await capture.WaitForAdvertAsync(b, _ => true, "the first advert of b");
        TimeSpan silent = capture.AdvertsOf(b)[0].At - start.At;
        Assert.InRange(silent.TotalSeconds, 2.5 + 0.5, 2.5 + 3);
        await daemon.StopAsync();
        daemon = b.StartFenceFirst(conf.Replace("vrrp_startup_delay 2.5", "vrrp_startup_delay 300", StringComparison.Ordinal));
        await daemon.WaitForLogAsync("Delaying startup for 5 min");
        Assert.Equal(0, await daemon.StopAsync());
    }
}
