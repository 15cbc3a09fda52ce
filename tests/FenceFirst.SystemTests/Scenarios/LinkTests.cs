using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>The interface goes away and comes back.</summary>
public sealed class LinkTests(ITestOutputHelper output)
{
    [NeedsTheory("keepalived", "fencefirst")]
    [InlineData(true)]
    [InlineData(false)]
    public Task A_lost_link_is_a_fault_and_heals(bool cable) => TellAsync((node, conf) => node.StartFenceFirst(conf), cable);

    [NeedsTheory("keepalived")]
    [InlineData(true)]
    [InlineData(false)]
    public Task A_lost_link_is_a_fault_for_keepalived_too(bool cable) => TellAsync((node, conf) => node.StartKeepalived(conf), cable);

    private async Task TellAsync(Func<Node, string, Daemon> start, bool cable)
    {
        // Once the carrier is lost (the other end goes down), once the interface itself is taken down; keepalived takes over meanwhile.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        Task Link(bool up) => cable ? lab.SetCableAsync(a, up) : a.SetLinkAsync(up);
        Daemon daemon = start(a, Conf.File(new Conf(lab.Virtual) { Priority = 150 }));
        await a.WaitForAddressAsync(lab.Virtual);
        Daemon other = b.StartKeepalived(Conf.File(new Conf(lab.Virtual)));
        await other.WaitForLogAsync("(VI_1) Entering BACKUP STATE");
        int mark = daemon.Log.Mark;

        await Link(false);
        await daemon.WaitForLogAsync("(VI_1) Entering FAULT STATE", 5, mark);
        await a.WaitForNoAddressAsync(lab.Virtual);
        await b.WaitForAddressAsync(lab.Virtual);
        mark = daemon.Log.Mark;
        await Link(true);
        await daemon.WaitForLogAsync("(VI_1) Entering BACKUP STATE", 5, mark);
        await daemon.WaitForLogAsync("(VI_1) Entering MASTER STATE", 5, mark);
        await a.WaitForAddressAsync(lab.Virtual);
        await b.WaitForNoAddressAsync(lab.Virtual);
        // Plain VRRP on both sides: the winner's address comes before the loser's is gone, which hears of it with the first advert. One that does not yield keeps it.
        Assert.True(lab.OwnershipOf(lab.Virtual).HeldTwice < TimeSpan.FromSeconds(1), lab.OwnershipOf(lab.Virtual).ToString());
    }
}
