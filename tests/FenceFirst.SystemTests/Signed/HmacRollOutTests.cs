using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>docs/auth_hmac.md: from unsigned adverts to signed ones, node by node, without losing the master.</summary>
public sealed class HmacRollOutTests(ITestOutputHelper output)
{
    private static readonly Signing Enforced = new(1, 1);
    private static readonly Signing Permissive = Enforced with { Mode = "permissive" };
    private static readonly Signing ReceiveOnly = Enforced with { Mode = "receive-only" };

    [NeedsFact("fencefirst")]
    public Task Three_sweeps_lead_from_plain_to_signed_adverts() => RollOutAsync(false, false);

    [NeedsTheory("keepalived-2.4", "fencefirst")]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public Task The_same_beside_keepalived(bool isMasterKeepalived, bool isStandbyKeepalived) => RollOutAsync(isMasterKeepalived, isStandbyKeepalived);

    // Shown: plain, receive-only on both, permissive on both, enforce on both, now the one first and now the other. a is master throughout, b follows and
    // refuses nothing. The trailer appears with permissive.
    private async Task RollOutAsync(bool isMasterKeepalived, bool isStandbyKeepalived)
    {
        await using Pair pair = await Pair.OpenAsync(output, isMasterKeepalived, isStandbyKeepalived);
        await pair.StartAsync(null);
        Signing[] sweeps = [ReceiveOnly, Permissive, Enforced];
        for (int i = 0; i < sweeps.Length; i++)
        {
            Signing sweep = sweeps[i];
            Func<Task>[] reloads = [() => pair.B.ReloadAsync(pair.StandbyConf(sweep)), () => pair.A.ReloadAsync(pair.MasterConf(sweep))];
            foreach (Func<Task> reload in i % 2 == 0 ? reloads : reloads.Reverse())
            {
                await reload();
                await pair.UntilHeardAsync();
            }
            int? key = sweep == ReceiveOnly ? null : 1;
            Assert.Equal(key, pair.Capture.AdvertsOf(pair.A.Node)[^1].KeyId);
        }
        pair.AssertMasterUntouched();
        Assert.DoesNotContain(pair.Capture.AdvertsOf(pair.A.Node), each => each.Priority == 0);
        Assert.Empty(pair.Capture.AdvertsOf(pair.B.Node));
        foreach (Member ours in new[] { pair.A, pair.B }.Where(each => !each.IsKeepalived))
        {
            Assert.Empty(await ours.RefusedAsync());
        }
    }

    // Shown: beside a keepalived that knows no signatures. It and a receive-only node understand each other in both roles. An enforcing standby refuses it,
    // names what is missing, and does not take over. Nor does it silence it: keepalived answers every packet by waiting, so our own adverts are held back.
    [NeedsFact("keepalived", "fencefirst")]
    public async Task A_master_without_signatures_is_followed_until_they_are_enforced()
    {
        await using Pair pair = await Pair.OpenAsync(output);
        Daemon keepalived = pair.A.Node.StartKeepalived(pair.MasterConf(null));
        await pair.A.Node.WaitForAddressAsync(pair.Virtual);
        await pair.StartStandbyAsync(ReceiveOnly);
        await pair.B.UntilAcceptedAsync();
        await pair.B.ReloadAsync(pair.StandbyConf(Permissive));
        await pair.B.UntilAcceptedAsync();
        Assert.Empty(await pair.B.RefusedAsync());

        int mark = pair.B.Daemon.Log.Mark, masterMark = keepalived.Log.Mark;
        await pair.B.ReloadAsync(pair.StandbyConf(Enforced));
        await pair.WaitForRefusalAsync("The packet has no auth_hmac trailer", mark);
        pair.AssertMasterUntouched();
        Assert.Null(keepalived.Log.Find("Entering", masterMark));
        Assert.Empty(pair.Capture.AdvertsOf(pair.B.Node));

        await pair.B.ReloadAsync(pair.StandbyConf(ReceiveOnly));
        await pair.B.UntilAcceptedAsync();
        await pair.A.Node.PowerOffAsync();
        await pair.B.Node.WaitForAddressAsync(pair.Virtual);
        await pair.B.Daemon.WaitForLogAsync("(VI_1) Entering MASTER STATE");
        // And the other way round: the returning keepalived, of a lower priority now, understands the receive-only master.
        await pair.A.Node.PowerOnAsync();
        mark = pair.B.Daemon.Log.Mark;
        pair.A.Node.StartKeepalived(pair.MasterConf(null).Replace("priority 150", "priority 50", StringComparison.Ordinal));
        await pair.Lab.WhileAsync(() => pair.B.Node.Holds(pair.Virtual) && !pair.A.Node.Holds(pair.Virtual), 1.5, "keepalived follows the receive-only master");
        Assert.Null(pair.B.Daemon.Log.Find("Entering", mark));
    }
}
