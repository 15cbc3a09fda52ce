using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>docs/auth_hmac.md: packets that somebody on the link has copied or made up, above all priority 0.</summary>
public sealed class HmacReplayTests(ITestOutputHelper output)
{
    private const int Window = 3;

    [NeedsFact("fencefirst")]
    public Task Copies_of_a_release_are_refused() => ReplayReleaseAsync(false);

    [NeedsFact("keepalived-2.4", "fencefirst")]
    public Task Copies_of_a_release_by_keepalived_are_refused() => ReplayReleaseAsync(true);

    // Shown: a stops in order (priority 0), b fences and takes over, a returns and takes it back. From now on c sends copies of what it has seen: first
    // within the window, after a reload, and when the window has passed. Not one is accepted, b stays Backup and starts no promotion.
    private async Task ReplayReleaseAsync(bool isMasterKeepalived)
    {
        await using Pair pair = await Pair.OpenAsync(output, isMasterKeepalived);
        using FramePort attacker = FramePort.Open(pair.Lab["c"]);
        Signing signing = new(1, 1) { Window = Window };
        await pair.StartAsync(signing);
        await pair.A.Daemon.StopAsync();
        await pair.B.Node.WaitForAddressAsync(pair.Virtual);
        await pair.A.Node.PowerOnAsync();
        int mark = pair.B.Daemon.Log.Mark;
        pair.A.Start(pair.MasterConf(signing));
        await pair.A.Node.WaitForAddressAsync(pair.Virtual);
        await pair.B.Daemon.WaitForLogAsync("(VI_1) Entering BACKUP STATE", 10, mark);
        await pair.UntilHeardAsync();

        Frame.Vrrp[] seen = [.. pair.Capture.AdvertsOf(pair.A.Node)];
        Frame.Vrrp[] releases = [.. seen.Where(each => each.Priority == 0)];
        Assert.NotEmpty(releases);
        Assert.Empty(await pair.B.RefusedAsync());
        mark = pair.B.Daemon.Log.Mark;
        // The adverts of a's second life are copied too: all of them have been heard.
        byte[][] copies = [.. releases.Concat(seen[^2..]).Select(each => each.Bytes.Copied())];

        Send(attacker, copies);
        int old = await RefusedAsync(pair, copies.Length);
        Assert.Contains("sequence has not grown", (await pair.B.Daemon.WaitForLogAsync("refused: The auth_hmac", 5, mark)).Text);

        // A reload under another name keeps what is remembered.
        await pair.B.ReloadAsync(pair.StandbyConf(signing).Replace("VI_1", "VI_2", StringComparison.Ordinal));
        Send(attacker, copies);
        old = await RefusedAsync(pair, 2 * copies.Length);
        await pair.B.ReloadAsync(pair.StandbyConf(signing));

        double age = Window + 1 - (DateTime.UtcNow - seen[^1].At).TotalSeconds;
        await pair.Lab.WhileAsync(() => pair.A.Node.Holds(pair.Virtual), Math.Max(0.1, age), "a holds the address");
        Send(attacker, copies);
        await pair.B.UntilRefusedAsync("AuthenticationStale", copies.Length);

        await AssertNothingHappenedAsync(pair, mark, 1);
        IReadOnlyDictionary<string, int> refused = await pair.B.RefusedAsync();
        Assert.Equal((3 * copies.Length, old), (refused.Values.Sum(), refused["AuthenticationReplayed"]));
    }

    // Shown: what can be made of captured adverts without a key. Priority 0 without trailer and with one that no longer fits, to the standby: refused. A
    // better priority, as if from the standby, to the master: refused, and it does not yield.
    [NeedsFact("fencefirst")]
    public async Task What_is_made_up_without_a_key_changes_nothing()
    {
        await using Pair pair = await Pair.OpenAsync(output);
        using FramePort attacker = FramePort.Open(pair.Lab["c"]);
        await pair.StartAsync(new Signing(1, 1));
        Frame.Vrrp advert = pair.Capture.AdvertsOf(pair.A.Node)[^1];
        int mark = pair.B.Daemon.Log.Mark, masterMark = pair.A.Daemon.Log.Mark;

        Send(attacker, advert.Bytes.Unsigned(0), advert.Bytes.Changed(0));
        await pair.B.UntilRefusedAsync("AuthenticationMissing", 1);
        await pair.B.UntilRefusedAsync("AuthenticationFailed", 1);
        await pair.B.Daemon.WaitForLogAsync("The packet has no auth_hmac trailer", from: mark);
        await pair.B.Daemon.WaitForLogAsync("The auth_hmac signature does not agree", from: mark);

        Send(attacker, advert.Bytes.From(pair.B.Node.Address).Unsigned(255), advert.Bytes.From(pair.B.Node.Address).Changed(255));
        await pair.A.UntilRefusedAsync("AuthenticationMissing", 1);
        await pair.A.UntilRefusedAsync("AuthenticationFailed", 1);
        await AssertNothingHappenedAsync(pair, mark, 0);
        Assert.Null(pair.A.Daemon.Log.Find("Entering", masterMark));
        pair.AssertMasterUntouched();
    }

    // The same with keepalived as standby: it refuses copies of our release and of our adverts by their sequence, so it reads it as we write it.
    [NeedsFact("keepalived-2.4", "fencefirst")]
    public async Task Keepalived_refuses_copies_of_our_adverts()
    {
        await using Pair pair = await Pair.OpenAsync(output, isStandbyKeepalived: true);
        using FramePort attacker = FramePort.Open(pair.Lab["c"]);
        await pair.StartAsync(new Signing(1, 1));
        int mark = pair.B.Daemon.Log.Mark;
        Frame.Vrrp advert = pair.Capture.AdvertsOf(pair.A.Node)[^1];
        Send(attacker, advert.Bytes.Copied());
        await pair.B.Daemon.WaitForLogAsync($"(VI_1) replayed authentication trailer from {pair.A.Node.Address}", 5, mark);
        Send(attacker, advert.Bytes.Unsigned(0));
        await pair.B.Daemon.WaitForLogAsync($"(VI_1) missing authentication trailer from {pair.A.Node.Address}", 5, mark);
        Send(attacker, advert.Bytes.Changed(0));
        await pair.B.Daemon.WaitForLogAsync($"(VI_1) invalid authentication HMAC from {pair.A.Node.Address}", 5, mark);
        await pair.UntilHeardAsync(5);
        Assert.Null(pair.B.Daemon.Log.Find("Entering", mark));
        pair.AssertMasterUntouched();
    }

    // Shown: the master is dead and somebody goes on sending copies of its last advert. They say nothing about who is alive now, so the standby takes over.
    [NeedsFact("fencefirst")]
    public async Task Copies_of_the_last_advert_of_a_dead_master_hold_nobody()
    {
        await using Pair pair = await Pair.OpenAsync(output);
        using FramePort attacker = FramePort.Open(pair.Lab["c"]);
        await pair.StartAsync(new Signing(1, 1) { Window = 60 });
        int mark = pair.B.Daemon.Log.Mark;
        await pair.A.Node.PowerOffAsync();
        await pair.Lab.UntilAsync(
            () => DateTime.UtcNow - pair.Capture.AdvertsOf(pair.A.Node)[^1].At > TimeSpan.FromSeconds(1.5 * Pair.Interval), 5, "the last advert of a to be captured");
        byte[] copy = pair.Capture.AdvertsOf(pair.A.Node)[^1].Bytes.Copied();
        using IDisposable repeated = attacker.Repeat(copy, TimeSpan.FromSeconds(Pair.Interval));
        await pair.B.UntilRefusedAsync("AuthenticationReplayed", 1);
        await pair.B.Node.WaitForAddressAsync(pair.Virtual, 5);
        await pair.B.Daemon.WaitForLogAsync("It says nothing about who is alive now.", from: mark);
        Assert.Null(pair.B.Daemon.Log.Find("promotion: held", mark));
        Assert.Equal(1, pair.Scripts.Count("fence"));
    }

    // Shown: as above, with copies that are older. They prove nothing, but they may come from a master whose clock was set back, so the promotion is held and
    // failed with the reason. When they end, the standby takes over.
    [NeedsFact("fencefirst")]
    public async Task Older_copies_of_a_dead_master_hold_the_promotion_and_say_so()
    {
        await using Pair pair = await Pair.OpenAsync(output);
        using FramePort attacker = FramePort.Open(pair.Lab["c"]);
        await pair.StartAsync(new Signing(1, 1) { Window = 60 });
        byte[] copy = pair.Capture.AdvertsOf(pair.A.Node)[0].Bytes.Copied();
        await pair.UntilHeardAsync(3);
        using (attacker.Repeat(copy, TimeSpan.FromSeconds(Pair.Interval / 4)))
        {
            await pair.A.Node.PowerOffAsync();
            int mark = pair.B.Daemon.Log.Mark;
            await pair.WaitForRefusalAsync("sequence has not grown", mark);
            Assert.Equal(0, pair.Scripts.Count("fence"));
            Assert.False(pair.B.Node.EverHeld(pair.Virtual));
        }
        await pair.B.Node.WaitForAddressAsync(pair.Virtual, 15);
        Assert.Equal(1, pair.Scripts.Count("fence"));
    }

    private static async Task AssertNothingHappenedAsync(Pair pair, int mark, int fences)
    {
        await pair.UntilHeardAsync(5);
        Assert.Null(pair.B.Daemon.Log.Find("Entering", mark));
        Assert.Null(pair.B.Daemon.Log.Find("promotion:", mark));
        Assert.Null(pair.B.Daemon.Log.Find("Receive advertisement timeout", mark));
        Assert.True(pair.A.Node.Holds(pair.Virtual) && !pair.B.Node.Holds(pair.Virtual));
        Assert.Equal(fences, pair.Scripts.Count("fence"));
    }

    /// <summary>Waits until all copies have been refused, by sequence or by age: how many by sequence.</summary>
    private static async Task<int> RefusedAsync(Pair pair, int count)
    {
        IReadOnlyDictionary<string, int> refused = new Dictionary<string, int>();
        await pair.B.UntilCountedAsync(
            async () => (refused = await pair.B.RefusedAsync()).GetValueOrDefault("AuthenticationReplayed") + refused.GetValueOrDefault("AuthenticationStale") >= count,
            $"refuse {count} copies");
        return refused.GetValueOrDefault("AuthenticationReplayed");
    }

    private static void Send(FramePort port, params byte[][] frames)
    {
        foreach (byte[] frame in frames)
        {
            port.Send(frame);
        }
    }
}
