using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>docs/auth_hmac.md: a new key in three sweeps of reloads, and what happens in the wrong order.</summary>
public sealed class HmacKeyRotationTests(ITestOutputHelper output)
{
    private const double GapMax = 5 * Pair.Interval;

    [NeedsFact("fencefirst")]
    public Task A_key_is_replaced_in_three_sweeps_and_nobody_notices() => RotateAsync(false, false);

    [NeedsTheory("keepalived-2.4", "fencefirst")]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public Task The_same_beside_keepalived(bool isMasterKeepalived, bool isStandbyKeepalived) => RotateAsync(isMasterKeepalived, isStandbyKeepalived);

    [NeedsFact("fencefirst")]
    public Task A_key_that_the_standby_does_not_have_holds_its_promotion() => SwitchTooEarlyAsync(false);

    [NeedsFact("keepalived-2.4", "fencefirst")]
    public Task A_key_of_keepalived_that_the_standby_does_not_have_holds_its_promotion() => SwitchTooEarlyAsync(true);

    // Shown: add the key on all, sign with it on all, remove the old one on all; each sweep in the other order. The keys stand in files. Not one advert
    // is refused, a is master all the time, and the adverts carry first the one key and then the other.
    private async Task RotateAsync(bool isMasterKeepalived, bool isStandbyKeepalived)
    {
        await using Pair pair = await Pair.OpenAsync(output, isMasterKeepalived, isStandbyKeepalived);
        await pair.StartAsync(In(pair.A, 1, 1), In(pair.B, 1, 1));
        DateTime from = DateTime.UtcNow;

        await ReloadAsync(pair, 1, [1, 2], isMasterFirst: false);
        await ReloadAsync(pair, 2, [1, 2], isMasterFirst: true);
        await pair.Capture.WaitForAdvertAsync(pair.A.Node, each => each.KeyId == 2, "the new key");
        await ReloadAsync(pair, 2, [2], isMasterFirst: false);
        await pair.UntilHeardAsync(5);

        pair.AssertMasterUntouched();
        IReadOnlyList<Frame.Vrrp> adverts = pair.Capture.AdvertsOf(pair.A.Node);
        int?[] keys = [.. adverts.Select(each => each.KeyId)];
        Assert.Equal([1, 2], keys.Distinct());
        Assert.Equal(keys.Order(), keys);
        Assert.DoesNotContain(adverts, each => each.Priority == 0);
        Assert.Empty(pair.Capture.AdvertsOf(pair.B.Node));
        TimeSpan gap = pair.Capture.LargestGap(pair.A.Node, 51, from, adverts[^1].At);
        Assert.True(gap.TotalSeconds <= GapMax, $"a was silent for {gap.TotalSeconds} s");
        foreach (Member ours in new[] { pair.A, pair.B }.Where(each => !each.IsKeepalived))
        {
            Assert.Empty(await ours.RefusedAsync());
        }
        if (isStandbyKeepalived)
        {
            Assert.Null(pair.B.Daemon.Log.Find("authentication"));
        }
    }

    // Shown: a signs with a key that b does not have yet. b counts and names its packets, holds its promotion and fails it; it starts no fence and never
    // has the address. With the key b follows again, and when a is really gone b takes over.
    private async Task SwitchTooEarlyAsync(bool isMasterKeepalived)
    {
        await using Pair pair = await Pair.OpenAsync(output, isMasterKeepalived);
        await pair.StartAsync(new Signing(1, 1));

        int mark = pair.B.Daemon.Log.Mark;
        await pair.A.ReloadAsync(pair.MasterConf(new Signing(2, 1, 2)));
        await pair.B.Daemon.WaitForLogAsync($"packet from {pair.A.Node.Address} refused: The auth_hmac trailer names a key id that is not configured here", 5, mark);
        await pair.WaitForRefusalAsync("names a key id that is not configured here", mark);
        await pair.B.UntilRefusedAsync("AuthenticationUnknownKey", 10);
        pair.AssertMasterUntouched();

        await pair.B.ReloadAsync(pair.StandbyConf(new Signing(2, 1, 2)));
        await pair.B.UntilAcceptedAsync();
        pair.AssertMasterUntouched();

        await pair.A.Node.PowerOffAsync();
        await pair.B.Node.WaitForAddressAsync(pair.Virtual);
        Assert.Equal(1, pair.Scripts.Count("fence"));
        Assert.Equal(TimeSpan.Zero, pair.Lab.OwnershipOf(pair.Virtual).HeldTwice);
    }

    private static async Task ReloadAsync(Pair pair, int active, int[] keys, bool isMasterFirst)
    {
        Func<Task>[] reloads =
        [
            () => pair.A.ReloadAsync(pair.MasterConf(In(pair.A, active, keys))),
            () => pair.B.ReloadAsync(pair.StandbyConf(In(pair.B, active, keys))),
        ];
        foreach (Func<Task> reload in isMasterFirst ? reloads : reloads.Reverse())
        {
            await reload();
            await pair.UntilHeardAsync();
        }
    }

    private static Signing In(Member member, int active, params int[] keys) => new(active, keys) { KeyFiles = member.Node };
}
