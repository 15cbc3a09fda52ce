using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>docs/auth_hmac.md: adverts that are longer under way than time_window. The delay is made by the test: the kernel's netem is not everywhere.</summary>
public sealed class HmacDelayTests(ITestOutputHelper output)
{
    // Whole seconds are compared, so this is at least one more than the window.
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(2.2);
    private static readonly Signing Signing = new(1, 1) { Window = 1 };

    [NeedsFact("fencefirst")]
    public Task A_standby_behind_a_slow_line_does_not_take_over() => StartBehindSlowLineAsync(false);

    [NeedsFact("keepalived-2.4", "fencefirst")]
    public Task A_standby_behind_a_slow_line_does_not_take_over_from_keepalived() => StartBehindSlowLineAsync(true);

    // Shown: b starts while everything it hears of a is too old. Its packets are counted and named as stale, the promotion is held and fails; no fence, no
    // second owner. When the line is as fast as it was, b follows.
    private async Task StartBehindSlowLineAsync(bool isMasterKeepalived)
    {
        await using Pair pair = await Pair.OpenAsync(output, isMasterKeepalived);
        pair.A.Start(pair.MasterConf(Signing));
        await pair.A.Node.WaitForAddressAsync(pair.Virtual);
        using (DelayLine line = await pair.Lab.DelayAdvertsAsync(pair.A.Node, pair.B.Node, Delay))
        {
            await pair.Lab.UntilAsync(() => line.HandedOn > 0, 10, "the first advert to come out of the line");
            await pair.StartStandbyAsync(Signing);
            await pair.WaitForRefusalAsync("The auth_hmac time is outside time_window");
            await pair.B.UntilRefusedAsync("AuthenticationStale", 10);
            Assert.Equal(0, await pair.B.AcceptedAsync());
            pair.AssertMasterUntouched();
            await pair.Lab.HealAsync();
        }
        await pair.B.UntilAcceptedAsync();
        pair.AssertMasterUntouched();
    }

    // The same with keepalived as standby: it refuses the adverts, takes the silence for death, and both hold the address. That is what holding is for.
    [NeedsFact("keepalived-2.4", "fencefirst")]
    public async Task Keepalived_behind_a_slow_line_takes_the_address_that_the_master_has()
    {
        await using Pair pair = await Pair.OpenAsync(output, isStandbyKeepalived: true);
        pair.A.Start(pair.MasterConf(Signing));
        await pair.A.Node.WaitForAddressAsync(pair.Virtual);
        using DelayLine line = await pair.Lab.DelayAdvertsAsync(pair.A.Node, pair.B.Node, Delay);
        await pair.Lab.UntilAsync(() => line.HandedOn > 0, 10, "the first advert to come out of the line");
        await pair.StartStandbyAsync(Signing);
        await pair.B.Daemon.WaitForLogAsync($"(VI_1) stale authentication trailer from {pair.A.Node.Address}");
        await pair.B.Node.WaitForAddressAsync(pair.Virtual);
        Assert.True(pair.A.Node.Holds(pair.Virtual));
    }

    // Shown: the line becomes slow while b follows. Silence comes first, so b fences a, really, and takes over. What a sent before is still under way and
    // arrives afterwards: with a better priority, but too old. b stays master; without a signature it would yield to a node that is off.
    [NeedsFact("fencefirst")]
    public async Task Late_adverts_of_a_fenced_master_do_not_dethrone_the_new_one()
    {
        await using Pair pair = await Pair.OpenAsync(output);
        await pair.StartAsync(Signing);
        using DelayLine line = await pair.Lab.DelayAdvertsAsync(pair.A.Node, pair.B.Node, Delay);
        await pair.B.Node.WaitForAddressAsync(pair.Virtual);
        int mark = pair.B.Daemon.Log.Mark;
        Assert.Equal(1, pair.Scripts.Count("fence"));
        await pair.B.UntilRefusedAsync("AuthenticationStale", 2);
        await pair.B.Daemon.WaitForLogAsync("packet from", 5, mark);
        await pair.Lab.WhileAsync(() => pair.B.Node.Holds(pair.Virtual), 1, "b holds the address");
        Assert.Null(pair.B.Daemon.Log.Find("Entering BACKUP STATE", mark));
        Assert.Equal(TimeSpan.Zero, pair.Lab.OwnershipOf(pair.Virtual).HeldTwice);
    }
}
