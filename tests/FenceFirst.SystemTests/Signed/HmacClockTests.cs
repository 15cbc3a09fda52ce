using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>docs/auth_hmac.md: wall clocks that differ and step. The time of an advert is the only thing that depends on them.</summary>
public sealed class HmacClockTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(3);
    private static readonly Signing Signing = new(1, 1) { Window = 4 };

    [NeedsTheory("fencefirst", "gcc")]
    [InlineData(60)]
    [InlineData(-60)]
    public Task The_clock_of_the_master_steps_and_comes_back(int seconds) => StepMasterAsync(seconds, false);

    [NeedsTheory("keepalived-2.4", "fencefirst", "gcc")]
    [InlineData(60)]
    [InlineData(-60)]
    public Task The_clock_of_a_master_that_is_keepalived_steps_and_comes_back(int seconds) => StepMasterAsync(seconds, true);

    // Shown: within the window, more than half of it, b follows and tells of the skew. Beyond it a is refused as stale, the promotion is held and fails; a
    // goes on and no second owner appears. With the right time b follows at once: a signs with the clock again, forwards and back.
    private async Task StepMasterAsync(int seconds, bool isMasterKeepalived)
    {
        await using Pair pair = await Pair.OpenAsync(output, isMasterKeepalived);
        WallClock clock = await WallClock.MakeAsync(pair.Lab);
        pair.A.Prefix = clock.Prefix;
        await pair.StartAsync(Signing);

        int mark = pair.B.Daemon.Log.Mark;
        clock.Set(Math.Sign(seconds) * Skew);
        await pair.B.Daemon.WaitForLogAsync($"auth_hmac: the clock of {pair.A.Node.Address} and ours differ by more than half of time_window", 5, mark);
        if (seconds > 0)
        {
            // What is signed ahead of time is remembered: set back, the sender counts on from there and is not refused.
            await pair.B.UntilAcceptedAsync();
            clock.Set(TimeSpan.Zero);
            await pair.B.UntilAcceptedAsync();
            Assert.Empty(await pair.B.RefusedAsync());
        }

        clock.Set(TimeSpan.FromSeconds(seconds));
        await pair.WaitForRefusalAsync("The auth_hmac time is outside time_window", mark);
        Assert.True((await pair.B.RefusedAsync())["AuthenticationStale"] >= 10);
        pair.AssertMasterUntouched();

        clock.Set(TimeSpan.Zero);
        await pair.B.UntilAcceptedAsync();
        Assert.Equal(["AuthenticationStale"], (await pair.B.RefusedAsync()).Keys);
        pair.AssertMasterUntouched();
    }

    // Shown: both clocks are corrected at once by a minute. Forwards nothing is noticed; backwards b forgets what it has heard, because it would refuse a for
    // a minute otherwise, and says so. Timers do not depend on it: no advert is missed and nobody stalls.
    [NeedsFact("fencefirst", "gcc")]
    public async Task Both_clocks_step_together_and_nothing_is_refused()
    {
        await using Pair pair = await Pair.OpenAsync(output);
        WallClock clock = await WallClock.MakeAsync(pair.Lab);
        pair.A.Prefix = pair.B.Prefix = clock.Prefix;
        await pair.StartAsync(Signing);
        int mark = pair.B.Daemon.Log.Mark, masterMark = pair.A.Daemon.Log.Mark;
        clock.Set(TimeSpan.FromMinutes(1));
        await pair.B.UntilAcceptedAsync();
        Assert.Null(pair.B.Daemon.Log.Find("auth_hmac", mark));
        clock.Set(TimeSpan.Zero);
        await pair.B.Daemon.WaitForLogAsync($"auth_hmac: our clock was set back, so an old advert of {pair.A.Node.Address} could pass for a new one", 5, mark);
        await pair.B.UntilAcceptedAsync();
        Assert.Empty(await pair.B.RefusedAsync());
        pair.AssertMasterUntouched();
        Assert.Null(pair.B.Daemon.Log.Find("Receive advertisement timeout", mark));
        Assert.Null(pair.A.Daemon.Log.Find("Entering", masterMark));
    }

    // Shown: the standby's clock is wrong from its start. It refuses a master in good health, holds, and says which clocks to compare.
    [NeedsFact("fencefirst", "gcc")]
    public async Task A_standby_with_a_wrong_clock_does_not_shoot_a_healthy_master()
    {
        await using Pair pair = await Pair.OpenAsync(output);
        WallClock clock = await WallClock.MakeAsync(pair.Lab);
        pair.B.Prefix = clock.Prefix;
        clock.Set(TimeSpan.FromMinutes(10));
        pair.A.Start(pair.MasterConf(Signing));
        await pair.A.Node.WaitForAddressAsync(pair.Virtual);
        await pair.StartStandbyAsync(Signing);
        await pair.WaitForRefusalAsync("the clocks differ, or the packet was delayed or kept");
        pair.AssertMasterUntouched();
        clock.Set(TimeSpan.Zero);
        await pair.B.UntilAcceptedAsync();
        pair.AssertMasterUntouched();
    }
}
