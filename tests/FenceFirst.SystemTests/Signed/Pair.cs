using System.Net;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>Two nodes that sign their adverts: a is master by priority and plain VRRP, b is the standby. Where b is ours it has a promotion whose
/// fence really switches a off and notes it, so that a promotion that should not have got so far leaves a trace.</summary>
internal sealed class Pair : IAsyncDisposable
{
    public const int MasterPriority = 150, StandbyPriority = 100;

    /// <summary>The advert interval of both in seconds.</summary>
    public const double Interval = 0.2;

    private Pair(Lab lab, bool isMasterKeepalived, bool isStandbyKeepalived, Capture capture)
    {
        Lab = lab;
        A = new Member(lab, "a", isMasterKeepalived);
        B = new Member(lab, "b", isStandbyKeepalived);
        Capture = capture;
        Scripts = lab.OpenScriptLog();
    }

    public Lab Lab { get; }

    public Member A { get; }

    public Member B { get; }

    public Capture Capture { get; }

    public ScriptLog Scripts { get; }

    public IPAddress Virtual => Lab.Virtual;

    /// <summary>Opens a laboratory with a, b and a third node c that runs nothing; nothing is started yet.</summary>
    public static async Task<Pair> OpenAsync(ITestOutputHelper output, bool isMasterKeepalived = false, bool isStandbyKeepalived = false)
    {
        Lab lab = await Lab.OpenAsync(output, "a", "b", "c");
        return new Pair(lab, isMasterKeepalived, isStandbyKeepalived, await lab.CaptureAsync());
    }

    /// <summary>The master's file; no signing = plain VRRP.</summary>
    public string MasterConf(Signing? signing) => Conf.File(new Conf(Virtual) { Priority = MasterPriority, Extra = $"{signing}" });

    /// <summary>The standby's file.</summary>
    public string StandbyConf(Signing? signing)
    {
        Conf plain = new(Virtual) { Priority = StandbyPriority, Extra = $"{signing}" };
        if (B.IsKeepalived)
        {
            return Conf.File(plain);
        }
        string fence = B.Node.WriteScript("fence.sh", "note fence\n" + A.Node.PowerOffCommands, Scripts);
        return Conf.File(Promotion.Device(fence, 10, A.Node), plain with { Extra = "    nopreempt\n" + plain.Extra + Promotion.Fence(1) });
    }

    /// <summary>Starts a, waits until it holds the address, starts b, and waits until it follows.</summary>
    public async Task StartAsync(Signing? signing) => await StartAsync(signing, signing);

    public async Task StartAsync(Signing? master, Signing? standby)
    {
        A.Start(MasterConf(master));
        await A.Node.WaitForAddressAsync(Virtual);
        await A.Daemon.WaitForLogAsync("(VI_1) Entering MASTER STATE"); // Written after the address is there.
        await StartStandbyAsync(standby);
        await UntilHeardAsync();
    }

    /// <summary>Starts b and waits until it is Backup.</summary>
    public async Task StartStandbyAsync(Signing? signing)
    {
        B.Start(StandbyConf(signing));
        await B.Daemon.WaitForLogAsync("(VI_1) Entering BACKUP STATE");
    }

    /// <summary>Waits until a has sent some adverts more, which b has then heard or refused.</summary>
    public async Task UntilHeardAsync(int count = 2)
    {
        int before = Capture.AdvertsOf(A.Node).Count;
        await Lab.UntilAsync(() => Capture.AdvertsOf(A.Node).Count >= before + count, 10, $"{count} adverts of a");
    }

    /// <summary>a has held the address all the time, b never, and no fence was started.</summary>
    public void AssertMasterUntouched()
    {
        Assert.Single(Lab.OwnershipOf(Virtual).Intervals);
        Assert.True(A.Node.Holds(Virtual));
        Assert.False(B.Node.EverHeld(Virtual));
        Assert.Equal(0, Scripts.Count("fence"));
    }

    /// <summary>The line in which our standby says why it does not take over.</summary>
    public async Task WaitForRefusalAsync(string why, int from = 0)
    {
        Seen held = await B.Daemon.WaitForLogAsync($"promotion: held, because {A.Node.Address} is alive but its packets are refused", 10, from);
        Assert.Contains(why, held.Text);
        Seen failed = await B.Daemon.WaitForLogAsync($"promotion: failed, because {A.Node.Address} is alive but its packets are refused", 10, from);
        Assert.Contains(why, failed.Text);
    }

    public ValueTask DisposeAsync() => Lab.DisposeAsync();
}
