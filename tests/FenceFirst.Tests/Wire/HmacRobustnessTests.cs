using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;
using FsCheck;
using FsCheck.Fluent;
using static FenceFirst.Tests.Wire.HmacSamples;
using static FenceFirst.Tests.Wire.WireSamples;

namespace FenceFirst.Tests.Wire;

/// <summary>auth_hmac and damaged or hostile input: an answer, never an exception, and never acceptance.</summary>
public sealed class HmacRobustnessTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_truncation_is_refused(byte version)
    {
        VrrpConfig config = Signed(version);
        HmacSenderState sender = default;
        byte[] packet = Write(config, Start, ref sender);
        for (int length = 0; length < packet.Length; length++)
        {
            HmacReceiverState state = HmacReceiverState.Create(config);
            Assert.NotEqual(DecodeError.None, Receive(config, packet[..length], Start, ref state));

            // Also with an IPv4 header that knows of it. A rest of 2 bytes looks like padding; then, too, the trailer is missing.
            byte[] cut = packet[..length];
            if (length > VrrpCodec.IPv4HeaderLength)
            {
                cut[3] = (byte)length;
                DecodeError error = Receive(config, cut, Start, ref state);
                Assert.NotEqual(DecodeError.None, error);
                Assert.True(length != packet.Length - HmacTrailer.Length || error == DecodeError.AuthenticationMissing);
            }
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_bit_flip_is_refused(byte version)
    {
        VrrpConfig config = Signed(version, "10.99.1.51", "10.99.1.52");
        HmacSenderState sender = default;
        byte[] packet = Write(config, Start, ref sender);
        HmacReceiverState state = HmacReceiverState.Create(config);
        for (int bit = VrrpCodec.IPv4HeaderLength * 8; bit < packet.Length * 8; bit++)
        {
            byte[] flipped = [.. packet];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(DecodeError.None, Receive(config, flipped, Start, ref state));

            // The checksum is public: with a right one, the signature refuses what the rest of the codec lets pass.
            int messageLength = flipped.Length - VrrpCodec.IPv4HeaderLength - HmacTrailer.Length;
            byte[] message = WithChecksum(flipped[20..(20 + messageLength)], Node1, GroupIPv4, isPlain: version == 2);
            message.CopyTo(flipped, 20);
            bool isUnchanged = flipped.AsSpan().SequenceEqual(packet);
            Assert.True(isUnchanged || Receive(config, flipped, Start, ref state) != DecodeError.None, $"bit {bit}");
        }

        // Nothing of that has moved a mark.
        Assert.Equal(DecodeError.None, Receive(config, packet, Start, ref state));
    }

    [Fact]
    public void Arbitrary_bytes_are_refused_without_an_exception() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes =>
        {
            VrrpConfig config = Signed();
            HmacReceiverState state = HmacReceiverState.Create(config);
            HmacSenderState sender = default;
            byte[] packet = Write(config, Start, ref sender);
            byte[] noise = bytes ?? [];
            byte[] tail = [.. packet];
            for (int i = 0; i < Math.Min(noise.Length, 40); i++)
            {
                tail[tail.Length - 1 - i] ^= noise[i];
            }

            bool isChanged = !tail.AsSpan().SequenceEqual(packet);
            return Receive(config, noise, Start, ref state) != DecodeError.None
                && Receive(config, tail, Start, ref state) != DecodeError.None == isChanged;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_is_signed_verifies_exactly_once() =>
        Prop.ForAll(ArbMap.Default.ArbFor<(byte Priority, byte Vrid, int Seconds, ushort Fraction, PositiveInt Count)>(), sample =>
        {
            byte version = (byte)(2 + (sample.Priority & 1));
            string[] addresses = [.. Enumerable.Range(1, 1 + (sample.Count.Get % 30)).Select(i => $"10.99.2.{i}")];
            VrrpConfig config = Signed(version, addresses) with { Vrid = Math.Max((byte)1, sample.Vrid) };
            UtcInstant now = new((uint)sample.Seconds, sample.Fraction);
            HmacSenderState sender = default;
            HmacReceiverState state = HmacReceiverState.Create(config);
            byte[] packet = Write(config, now, ref sender, sample.Priority);
            return Receive(config, packet, now, ref state) == DecodeError.None
                && Receive(config, packet, now, ref state) == DecodeError.AuthenticationReplayed;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Under_any_steps_of_the_clock_no_packet_is_accepted_twice_within_the_window() =>
        Prop.ForAll(ArbMap.Default.ArbFor<sbyte[]>(), steps =>
        {
            // Sender and receiver share a clock that goes forward by any steps; every earlier packet is offered again each time.
            VrrpConfig config = Signed();
            HmacSenderState sender = default;
            HmacReceiverState state = HmacReceiverState.Create(config);
            List<byte[]> heard = [];
            double clock = 0;
            foreach (sbyte step in (steps ?? []).Take(20))
            {
                clock += Math.Abs((int)step) / 16.0;
                byte[] packet = Write(config, After(clock), ref sender);
                if (Receive(config, packet, After(clock), ref state) != DecodeError.None)
                {
                    return false;
                }

                heard.Add(packet);
                foreach (byte[] old in heard)
                {
                    if (Receive(config, old, After(clock), ref state) is not (DecodeError.AuthenticationReplayed or DecodeError.AuthenticationStale))
                    {
                        return false;
                    }
                }
            }

            return true;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Signing_and_verifying_allocate_nothing()
    {
        VrrpConfig config = Signed(3, "10.99.1.30", "10.99.1.10", "10.99.1.20");
        VrrpConfig wide = Signed(3, [.. Enumerable.Range(1, 255).Select(i => $"fd99::{i}")]);
        byte[] buffer = new byte[AdvertWriter.IPv6BytesMax];
        HmacSenderState sender = default;
        HmacReceiverState state = HmacReceiverState.Create(config);
        Assert.True(Round(config, wide, buffer, ref sender, ref state));

        bool isGood = true;
        long allocated = Allocations.Least(() =>
        {
            for (int i = 0; i < 10_000; i++)
            {
                isGood &= Round(config, wide, buffer, ref sender, ref state);
            }
        });
        Assert.True(isGood);
        Assert.Equal(0, allocated);
    }

    private static bool Round(VrrpConfig config, VrrpConfig wide, byte[] buffer, ref HmacSenderState sender, ref HmacReceiverState state)
    {
        Span<byte> trailer = stackalloc byte[HmacTrailer.Length];
        int signed = HmacTrailer.Sign(trailer, config, 150, Node1, Start, ref sender);
        int length = AdvertWriter.WriteIPv4(buffer, config, 150, Node1, GroupIPv4, 1, trailer[..signed]);
        ReadOnlySpan<byte> packet = buffer.AsSpan(0, length);
        bool isGood = VrrpCodec.TryDecodeIPv4(packet, false, true, out VrrpAdvert advert, out PacketContext context, out Range range, out _)
            && AdvertAcceptance.Check(config, advert, packet[range], context, Node2, Start, ref state, out _, out _) == DecodeError.None
            && AdvertAcceptance.Check(config, advert, packet[range], context, Node2, Start, ref state, out _, out _) == DecodeError.AuthenticationReplayed;

        HmacTrailer.Sign(trailer, wide, 150, LinkLocal1, Start, ref sender);
        AdvertWriter.WriteIPv6(buffer, wide, 150, LinkLocal1, GroupIPv6, trailer);
        return isGood;
    }
}
