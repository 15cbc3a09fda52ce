using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;
using static FenceFirst.Tests.Wire.HmacSamples;
using static FenceFirst.Tests.Wire.WireSamples;

namespace FenceFirst.Tests.Wire;

/// <summary>auth_hmac: what is refused, in which order, and what a receiver remembers.</summary>
public sealed class HmacReceiverTests
{
    private static readonly InternetAddress[] Nodes = [.. Enumerable.Range(11, 8).Select(i => InternetAddress.Parse($"10.99.0.{i}"))];

    [Fact]
    public void The_first_check_that_fails_names_the_refusal()
    {
        // Everything is wrong at once; the trailer is put right piece by piece. keepalived's order.
        VrrpConfig config = Signed() with { IsUnicast = true, UnicastPeers = [new UnicastPeer(Node2)] };
        HmacReceiverState state = HmacReceiverState.Create(config);
        HmacSenderState sender = default;
        byte[] good = Write(config, Start, ref sender);
        byte[] packet = [.. good];
        int trailer = packet.Length - HmacTrailer.Length;
        packet[trailer] = 2;
        packet[trailer + 1] = 9;
        packet[trailer + 4] ^= 1;
        Assert.Equal(DecodeError.UnknownSource, Receive(config, packet, Start, ref state));
        config = config with { UnicastPeers = [new UnicastPeer(Node1)] };
        Assert.Equal(DecodeError.AuthenticationMalformed, Receive(config, packet, Start, ref state));
        packet[trailer] = 1;
        Assert.Equal(DecodeError.AuthenticationStale, Receive(config, packet, Start, ref state));
        packet[trailer + 4] ^= 1;
        Assert.Equal(DecodeError.AuthenticationUnknownKey, Receive(config, packet, Start, ref state));
        packet[trailer + 1] = 7;
        packet[trailer + 27] ^= 1;
        Assert.Equal(DecodeError.AuthenticationFailed, Receive(config, packet, Start, ref state));
        packet[trailer + 27] ^= 1;
        Assert.Equal(good, packet);
        Assert.Equal(DecodeError.None, Receive(config, packet, Start, ref state));
        Assert.Equal(DecodeError.AuthenticationReplayed, Receive(config, packet, Start, ref state));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Reserved_bytes_must_be_zero(int offset)
    {
        VrrpConfig config = Signed();
        HmacReceiverState state = HmacReceiverState.Create(config);
        HmacSenderState sender = default;
        byte[] packet = Write(config, Start, ref sender);
        packet[packet.Length - HmacTrailer.Length + offset] = 1;
        Assert.Equal(DecodeError.AuthenticationMalformed, Receive(config, packet, Start, ref state));
    }

    [Fact]
    public void A_packet_without_trailer_is_accepted_in_the_modes_of_a_roll_out_only()
    {
        HmacSenderState sender = default;
        byte[] plain = Write(InstanceOf(), Start, ref sender);
        Assert.Equal(32, plain.Length);
        foreach (HmacMode mode in Enum.GetValues<HmacMode>())
        {
            VrrpConfig config = Signed() with { Hmac = Hmac(mode) };
            HmacReceiverState state = HmacReceiverState.Create(config);
            DecodeError expected = mode == HmacMode.Enforce ? DecodeError.AuthenticationMissing : DecodeError.None;
            Assert.Equal(expected, Receive(config, plain, Start, ref state));

            // A trailer that is there is verified in every mode.
            HmacSenderState other = default;
            byte[] forged = Write(Signed() with { Hmac = Hmac(keys: [Key(7, 1)]) }, Start, ref other);
            Assert.Equal(DecodeError.AuthenticationFailed, Receive(config, forged, Start, ref state));
            Assert.Equal(DecodeError.None, Receive(config, Write(Signed(), Start, ref sender), Start, ref state));
        }
    }

    [Fact]
    public void Receive_only_sends_no_trailer_and_the_other_modes_do()
    {
        HmacSenderState sender = default;
        Assert.Equal(32, Write(Signed() with { Hmac = Hmac(HmacMode.ReceiveOnly) }, Start, ref sender).Length);
        Assert.Equal(60, Write(Signed() with { Hmac = Hmac(HmacMode.Permissive) }, Start, ref sender).Length);
        Assert.Equal(60, Write(Signed(), Start, ref sender).Length);
    }

    [Fact]
    public void An_instance_without_auth_hmac_refuses_a_trailer()
    {
        HmacSenderState sender = default;
        byte[] packet = Write(Signed(), Start, ref sender);
        HmacReceiverState none = default;
        Assert.Equal(DecodeError.WrongLength, Receive(InstanceOf(), packet, Start, ref none));

        // The socket is shared with an instance that has it: the codec lets the trailer pass, the instance does not.
        Assert.True(VrrpCodec.TryDecodeIPv4(packet, false, true, out VrrpAdvert advert, out PacketContext context, out Range range, out _));
        Assert.Equal(DecodeError.WrongLength, AdvertAcceptance.Check(InstanceOf(), advert, packet.AsSpan(range), context, Node2, out _));
    }

    [Fact]
    public void Without_a_state_every_advert_is_refused()
    {
        HmacSenderState sender = default;
        HmacReceiverState none = default;
        byte[] packet = Write(Signed(), Start, ref sender);
        Assert.Equal(DecodeError.AuthenticationFailed, Receive(Signed(), packet, Start, ref none));
        Assert.True(VrrpCodec.TryDecodeIPv4(packet, false, true, out VrrpAdvert advert, out PacketContext context, out Range range, out _));
        Assert.Equal(DecodeError.AuthenticationFailed, AdvertAcceptance.Check(Signed(), advert, packet.AsSpan(range), context, Node2, out _));
    }

    [Fact]
    public void During_a_key_rotation_the_old_key_is_still_accepted()
    {
        HmacKey old = Key(1, 1);
        HmacKey next = Key(2, 40, 64);
        VrrpConfig[] sweep =
        [
            Signed() with { Hmac = Hmac(active: 1, keys: [old]) },
            Signed() with { Hmac = Hmac(active: 1, keys: [old, next]) },
            Signed() with { Hmac = Hmac(active: 2, keys: [old, next]) },
            Signed() with { Hmac = Hmac(active: 2, keys: [next]) },
        ];
        for (int from = 0; from < sweep.Length; from++)
        {
            for (int to = 0; to < sweep.Length; to++)
            {
                HmacSenderState sender = default;
                HmacReceiverState receiver = HmacReceiverState.Create(sweep[to]);
                DecodeError expected = Math.Abs(from - to) <= 1 ? DecodeError.None : DecodeError.AuthenticationUnknownKey;
                bool isKnown = sweep[to].Hmac!.FindKey(sweep[from].Hmac!.ActiveKey.Id) is not null; // All of them have it.
                expected = isKnown ? DecodeError.None : expected;
                Assert.Equal(expected, Receive(sweep[to], Write(sweep[from], Start, ref sender), Start, ref receiver));
            }
        }
    }

    [Theory]
    [InlineData(-6, DecodeError.AuthenticationStale)]
    [InlineData(-5, DecodeError.None)]
    [InlineData(0, DecodeError.None)]
    [InlineData(5, DecodeError.None)]
    [InlineData(6, DecodeError.AuthenticationStale)]
    [InlineData(100_000, DecodeError.AuthenticationStale)]
    public void In_time_mode_the_clocks_must_agree_within_the_window(int ours, DecodeError expected)
    {
        HmacSenderState sender = default;
        HmacReceiverState receiver = HmacReceiverState.Create(Signed());
        Assert.Equal(expected, Receive(Signed(), Write(Signed(), Start, ref sender), After(ours), ref receiver));
    }

    [Fact]
    public void In_monotonic_mode_only_the_order_counts()
    {
        VrrpConfig config = Signed() with { Hmac = Hmac(antiReplay: HmacAntiReplay.Monotonic) };
        HmacSenderState sender = default;
        HmacReceiverState receiver = HmacReceiverState.Create(config);
        byte[] first = Write(config, Start, ref sender);
        byte[] second = Write(config, After(1), ref sender);
        Assert.Equal(DecodeError.None, Receive(config, second, After(100_000), ref receiver));
        Assert.Equal(DecodeError.AuthenticationReplayed, Receive(config, first, After(100_000), ref receiver));
        Assert.Equal(DecodeError.AuthenticationReplayed, Receive(config, second, After(200_000), ref receiver));
        Assert.False(config.Hmac.IsReleaseTrustworthy);
    }

    [Fact]
    public void A_release_that_is_delayed_replayed_or_out_of_order_is_refused()
    {
        VrrpConfig config = Signed();
        HmacSenderState sender = default;
        HmacReceiverState receiver = HmacReceiverState.Create(config);
        byte[] release = Write(config, Start, ref sender, priority: 0);
        byte[] copy = Write(config, Start, ref sender, priority: 0);
        byte[] later = Write(config, After(1), ref sender);

        // Sent twice, back to back, within one tick of the clock: both are accepted once.
        Assert.Equal(DecodeError.None, Receive(config, release, Start, ref receiver));
        Assert.Equal(DecodeError.None, Receive(config, copy, Start, ref receiver));
        Assert.Equal(DecodeError.AuthenticationReplayed, Receive(config, copy, Start, ref receiver));
        Assert.Equal(DecodeError.AuthenticationReplayed, Receive(config, release, Start, ref receiver));

        // The sender is Master again; its old release comes back.
        Assert.Equal(DecodeError.None, Receive(config, later, After(1), ref receiver));
        Assert.Equal(DecodeError.AuthenticationReplayed, Receive(config, copy, After(2), ref receiver));
        Assert.Equal(DecodeError.AuthenticationStale, Receive(config, copy, After(6), ref receiver));

        // A receiver that never heard the later advert refuses it once the window has passed.
        HmacReceiverState fresh = HmacReceiverState.Create(config);
        Assert.Equal(DecodeError.AuthenticationStale, Receive(config, release, After(6), ref fresh));
    }

    // docs/decisions/051-an-overtaken-advert-proves-nothing.md. The interval of the sender is 1 s.
    [Theory]
    [InlineData(0, HmacNotice.Overtaken)]
    [InlineData(0.001, HmacNotice.Overtaken)]
    [InlineData(0.99, HmacNotice.Overtaken)]
    [InlineData(1, HmacNotice.None)]
    [InlineData(4, HmacNotice.None)]
    public void A_replay_of_the_last_interval_was_overtaken_an_older_one_may_come_from_a_clock_that_was_set_back(double age, HmacNotice expected)
    {
        VrrpConfig config = Signed();
        HmacSenderState sender = default, restarted = default;
        HmacReceiverState receiver = HmacReceiverState.Create(config);
        byte[] newest = Write(config, After(4), ref sender);
        byte[] older = age == 0 ? newest : Write(config, After(4 - age), ref restarted, priority: 0);
        Assert.Equal(DecodeError.None, Receive(config, newest, After(4), ref receiver));

        Assert.Equal(DecodeError.AuthenticationReplayed, Receive(config, older, After(4.5), ref receiver, out HmacNotice notice));
        Assert.Equal(expected, notice);

        // Of another sender nothing is known.
        Assert.Equal(DecodeError.None, Receive(config, Write(config, After(3.5), ref restarted, source: Nodes[3]), After(4.5), ref receiver, out notice));
        Assert.Equal(HmacNotice.None, notice);
    }

    [Fact]
    public void The_copies_of_a_release_in_the_wrong_order_are_one_release_and_nothing_else()
    {
        VrrpConfig config = Signed();
        HmacSenderState sender = default;
        HmacReceiverState receiver = HmacReceiverState.Create(config);
        byte[] first = Write(config, Start, ref sender, priority: 0);
        byte[] second = Write(config, Start, ref sender, priority: 0);
        Assert.Equal(DecodeError.None, Receive(config, second, Start, ref receiver));
        Assert.Equal(DecodeError.AuthenticationReplayed, Receive(config, first, Start, ref receiver, out HmacNotice notice));
        Assert.Equal(HmacNotice.Overtaken, notice);
        Assert.Equal(DecodeError.AuthenticationReplayed, Receive(config, second, After(2), ref receiver, out notice));
        Assert.Equal(HmacNotice.Overtaken, notice);
    }

    [Fact]
    public void After_a_restart_a_replay_is_possible_for_as_long_as_documented_and_no_longer()
    {
        // The sender's clock is a whole window ahead, the worst that is accepted. The receiver restarts at once.
        VrrpConfig config = Signed();
        HmacSenderState sender = default;
        byte[] release = Write(config, After(5), ref sender, priority: 0);
        int last = HmacReceiverState.ReplaySeconds(config.Hmac!);
        for (int delay = 0; delay <= last + 3; delay++)
        {
            HmacReceiverState restarted = HmacReceiverState.Create(config);
            DecodeError expected = delay <= last ? DecodeError.None : DecodeError.AuthenticationStale;
            Assert.Equal(expected, Receive(config, release, After(delay), ref restarted));
        }
    }

    [Fact]
    public void A_reload_keeps_the_marks_of_senders_that_are_still_heard()
    {
        VrrpConfig unicast = Signed() with { IsUnicast = true, UnicastPeers = [new UnicastPeer(Node2), new UnicastPeer(Node1)] };
        HmacSenderState sender = default;
        HmacReceiverState state = HmacReceiverState.Create(unicast);
        byte[] packet = Write(unicast, Start, ref sender);
        Assert.Equal(DecodeError.None, Receive(unicast, packet, Start, ref state));

        VrrpConfig reloaded = unicast with { UnicastPeers = [new UnicastPeer(Node1)] };
        HmacReceiverState kept = HmacReceiverState.Create(reloaded, state);
        Assert.Equal(DecodeError.AuthenticationReplayed, Receive(reloaded, packet, Start, ref kept));

        VrrpConfig without = unicast with { UnicastPeers = [new UnicastPeer(Node2)] };
        HmacReceiverState gone = HmacReceiverState.Create(reloaded, HmacReceiverState.Create(without, state));
        Assert.Equal(DecodeError.None, Receive(reloaded, packet, Start, ref gone));
    }

    [Fact]
    public void Four_multicast_senders_are_remembered_and_the_least_recent_gives_way()
    {
        VrrpConfig config = Signed();
        HmacReceiverState state = HmacReceiverState.Create(config);
        HmacSenderState[] senders = new HmacSenderState[Nodes.Length];
        byte[][] packets = [.. Nodes.Select((node, i) => Write(config, Start, ref senders[i], source: node))];
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(DecodeError.None, Receive(config, packets[i], Start, ref state));
        }

        // The first is heard again, so the second is the least recent when a fifth comes.
        Assert.Equal(DecodeError.None, Receive(config, Write(config, Start, ref senders[0], source: Nodes[0]), Start, ref state));
        Assert.Equal(DecodeError.None, Receive(config, packets[4], Start, ref state));
        Assert.Equal(DecodeError.AuthenticationReplayed, Receive(config, packets[0], Start, ref state));
        Assert.Equal(DecodeError.AuthenticationReplayed, Receive(config, packets[2], Start, ref state));
        Assert.Equal(DecodeError.AuthenticationReplayed, Receive(config, packets[3], Start, ref state));
        Assert.Equal(DecodeError.None, Receive(config, packets[1], Start, ref state));
    }

    [Fact]
    public void Forged_and_refused_packets_move_no_mark()
    {
        VrrpConfig config = Signed(2);
        HmacReceiverState state = HmacReceiverState.Create(config);
        HmacSenderState[] senders = new HmacSenderState[Nodes.Length];
        byte[] first = Write(config, Start, ref senders[0]);
        Assert.Equal(DecodeError.None, Receive(config, first, Start, ref state));
        VrrpConfig stranger = config with { Hmac = Hmac(keys: [Key(7, 9)]) };
        for (int i = 1; i < Nodes.Length; i++)
        {
            Assert.Equal(DecodeError.AuthenticationFailed, Receive(config, Write(stranger, Start, ref senders[i], source: Nodes[i]), Start, ref state));
        }

        Assert.Equal(DecodeError.AuthenticationReplayed, Receive(config, first, Start, ref state));

        // A copy with a TTL out of range comes before the true packet; the true packet is still accepted.
        VrrpConfig bounded = Signed() with { IsUnicast = true, UnicastPeers = [new UnicastPeer(Node1, 255, 255)] };
        HmacReceiverState peers = HmacReceiverState.Create(bounded);
        HmacSenderState sender = default;
        byte[] packet = Write(bounded, Start, ref sender);
        byte[] copy = [.. packet];
        copy[8] = 254;
        Assert.Equal(DecodeError.TtlOutOfRange, Receive(bounded, copy, Start, ref peers));
        Assert.Equal(DecodeError.None, Receive(bounded, packet, Start, ref peers));
    }

    [Fact]
    public void A_unicast_advert_has_one_signature_for_all_peers_and_a_true_checksum_for_each()
    {
        VrrpConfig config = Signed() with { IsUnicast = true, UnicastPeers = [new UnicastPeer(Node1), new UnicastPeer(Node2)] };
        HmacSenderState one = default;
        HmacSenderState other = default;
        byte[] toFirst = Write(config, Start, ref one, target: Node2);
        byte[] toSecond = Write(config, Start, ref other, target: Nodes[0]);
        Assert.Equal(toFirst[^28..], toSecond[^28..]);
        Assert.NotEqual(toFirst[26..28], toSecond[26..28]);
        HmacReceiverState state = HmacReceiverState.Create(config);
        Assert.Equal(DecodeError.None, Receive(config, toSecond, Start, ref state));
    }

    [Fact]
    public void Clock_skew_above_half_the_window_is_noticed_once_a_minute()
    {
        VrrpConfig config = Signed();
        HmacReceiverState state = HmacReceiverState.Create(config);
        HmacSenderState sender = default;
        List<int> noticed = [];
        for (int second = 0; second < 200; second++)
        {
            int ahead = second < 10 ? 2 : 3;
            byte[] packet = Write(config, After(second), ref sender);
            Assert.Equal(DecodeError.None, Receive(config, packet, After(second + ahead), ref state, out HmacNotice notice));
            if (notice == HmacNotice.ClockSkew)
            {
                noticed.Add(second);
            }
        }

        Assert.Equal([10, 70, 130, 190], noticed);
    }

    [Fact]
    public void A_sender_whose_clock_steps_back_is_accepted_again_at_the_latest_when_the_clocks_agree()
    {
        VrrpConfig config = Signed();
        HmacSenderState sender = default;
        HmacReceiverState receiver = HmacReceiverState.Create(config);

        // Back by less than the window: the sequence counts on, nothing is refused.
        Assert.Equal(DecodeError.None, Receive(config, Write(config, After(4), ref sender), Start, ref receiver));
        Assert.Equal(DecodeError.None, Receive(config, Write(config, Start, ref sender), Start, ref receiver));

        // An hour ahead, then corrected: stale while it is wrong, accepted from the first advert that is right.
        Assert.Equal(DecodeError.AuthenticationStale, Receive(config, Write(config, After(3600), ref sender), After(1), ref receiver));
        Assert.Equal(DecodeError.None, Receive(config, Write(config, After(6), ref sender), After(6), ref receiver));
    }

    [Fact]
    public void When_all_clocks_step_back_the_mark_is_forgotten_and_that_is_said()
    {
        VrrpConfig config = Signed();
        HmacSenderState sender = default;
        HmacReceiverState receiver = HmacReceiverState.Create(config);
        Assert.Equal(DecodeError.None, Receive(config, Write(config, After(3600), ref sender), After(3600), ref receiver, out HmacNotice notice));
        Assert.Equal(HmacNotice.None, notice);
        Assert.Equal(DecodeError.None, Receive(config, Write(config, Start, ref sender), Start, ref receiver, out notice));
        Assert.Equal(HmacNotice.ReplayMarkForgotten, notice);
        Assert.Equal(DecodeError.None, Receive(config, Write(config, After(1), ref sender), After(1), ref receiver, out notice));
        Assert.Equal(HmacNotice.None, notice);
    }

    [Fact]
    public void A_sender_that_counts_on_after_a_step_back_in_monotonic_mode_never_repeats()
    {
        VrrpConfig config = Signed() with { Hmac = Hmac(antiReplay: HmacAntiReplay.Monotonic) };
        HmacSenderState sender = default;
        HmacReceiverState receiver = HmacReceiverState.Create(config);
        Assert.Equal(DecodeError.None, Receive(config, Write(config, After(3600), ref sender), Start, ref receiver));
        for (int i = 0; i < 70_000; i += 7)
        {
            Assert.Equal(DecodeError.None, Receive(config, Write(config, Start, ref sender), Start, ref receiver));
        }
    }

    [Fact]
    public void The_year_2106_wraps_and_nothing_happens()
    {
        VrrpConfig config = Signed();
        HmacSenderState sender = default;
        HmacReceiverState receiver = HmacReceiverState.Create(config);
        UtcInstant before = UtcInstant.FromUnixTime(uint.MaxValue, 999_999_999);
        UtcInstant after = UtcInstant.FromUnixTime(uint.MaxValue + 1L, 0);
        Assert.Equal(new UtcInstant(uint.MaxValue, ushort.MaxValue), before);
        byte[] old = Write(config, before, ref sender);
        Assert.Equal(DecodeError.None, Receive(config, old, before, ref receiver));
        Assert.Equal(DecodeError.None, Receive(config, Write(config, after, ref sender), after, ref receiver));
        Assert.Equal(DecodeError.AuthenticationReplayed, Receive(config, old, after, ref receiver));
    }
}
