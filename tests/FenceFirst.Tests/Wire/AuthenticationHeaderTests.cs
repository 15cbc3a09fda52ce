using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;
using static FenceFirst.Tests.Wire.WireSamples;

namespace FenceFirst.Tests.Wire;

/// <summary>RFC 2402 with keepalived's rules (auth_type AH): what keepalived sent is accepted, and what we send is what it sent.</summary>
public sealed class AuthenticationHeaderTests
{
    private const int HeaderAt = 20;
    private const int MessageAt = 44;

    [Fact]
    public void Captured_adverts_of_keepalived_are_accepted_once_and_are_what_we_write()
    {
        VrrpConfig config = WithHeader();
        AuthenticationHeaderState receiver = default, sender = default;
        List<byte[]> packets = HmacSamples.Captured("ka24-v2-mcast-ah.pcap");
        Assert.Equal(3, packets.Count);
        ushort identification = 1;
        foreach (byte[] packet in packets)
        {
            Assert.Equal(DecodeError.None, Receive(config, packet, ref receiver));
            Assert.Equal(DecodeError.SequenceNotGrown, Receive(config, packet, ref receiver));
            byte[] ours = Write(config, ref sender, packet[MessageAt + 2], identification++);
            packet.AsSpan(10, 2).CopyTo(ours.AsSpan(10));
            Assert.Equal(packet, ours);
        }

        Assert.Equal(3u, receiver.Sequence);
        Assert.Equal(0, packets[^1][MessageAt + 2]);
    }

    [Theory]
    [InlineData(1, DecodeError.None)] // Type of service: routers may change it.
    [InlineData(10, DecodeError.None)] // Header checksum: follows.
    [InlineData(4, DecodeError.WrongDigest)] // Identification.
    [InlineData(HeaderAt + 2, DecodeError.WrongDigest)] // Reserved.
    [InlineData(HeaderAt + 4, DecodeError.WrongDigest)] // SPI.
    [InlineData(HeaderAt + 11, DecodeError.WrongDigest)] // Sequence.
    [InlineData(HeaderAt + 12, DecodeError.WrongDigest)] // Code.
    [InlineData(HeaderAt + 23, DecodeError.WrongDigest)]
    [InlineData(HeaderAt, DecodeError.AuthenticationHeaderMalformed)] // Next header.
    [InlineData(HeaderAt + 1, DecodeError.AuthenticationHeaderMalformed)] // Length, RFC 2402 section 2.2.
    [InlineData(MessageAt + 2, DecodeError.WrongChecksum)] // Priority.
    [InlineData(8, DecodeError.WrongTtl)]
    public void A_changed_byte_is_refused_where_it_is_covered(int at, DecodeError expected)
    {
        AuthenticationHeaderState sender = default, receiver = default;
        byte[] packet = Write(WithHeader(), ref sender);
        packet[at] ^= 1;
        Assert.Equal(expected, Receive(WithHeader(), packet, ref receiver));
        Assert.Equal(expected == DecodeError.None ? 1u : 0u, receiver.Sequence);
    }

    [Fact]
    public void A_message_changed_with_its_checksum_is_refused()
    {
        AuthenticationHeaderState sender = default, receiver = default;
        byte[] packet = Write(WithHeader(), ref sender);
        packet[MessageAt + 2] = 200;
        WithChecksum(packet[MessageAt..], Node1, GroupIPv4, isPlain: true).CopyTo(packet, MessageAt);
        Assert.Equal(DecodeError.WrongDigest, Receive(WithHeader(), packet, ref receiver));
    }

    [Fact]
    public void The_TTL_is_covered_in_multicast_only()
    {
        VrrpConfig config = WithHeader() with { IsUnicast = true, UnicastPeers = [new UnicastPeer(Node1)] };
        AuthenticationHeaderState sender = default, receiver = default;
        byte[] packet = Write(config, ref sender, target: Node2);
        packet[8] = 250;
        Assert.Equal(DecodeError.None, Receive(config, packet, ref receiver));
    }

    [Fact]
    public void Another_password_is_refused()
    {
        AuthenticationHeaderState sender = default, receiver = default;
        byte[] packet = Write(WithHeader("secret12"), ref sender);
        Assert.Equal(DecodeError.WrongDigest, Receive(WithHeader("secret1"), packet, ref receiver));
    }

    [Fact]
    public void An_index_that_is_not_the_sender_is_refused_even_if_the_code_agrees()
    {
        // keepalived leaves the old address there when its own changes: all others refuse it from then on. We always write the sender.
        VrrpConfig config = WithHeader();
        AuthenticationHeaderState sender = default, receiver = default;
        byte[] packet = Write(config, ref sender);
        Node2.WriteTo(packet.AsSpan(HeaderAt + 4));
        byte[] covered = [.. packet];
        covered[1] = covered[10] = covered[11] = 0;
        covered.AsSpan(HeaderAt + 12, 12).Clear();
        byte[] code = new byte[HmacMd5.Length];
        HmacMd5.Compute(code, config.Password.Span, covered);
        code.AsSpan(0, 12).CopyTo(packet.AsSpan(HeaderAt + 12));
        Assert.Equal(DecodeError.WrongSecurityIndex, Receive(config, packet, ref receiver));
    }

    [Fact]
    public void A_header_must_be_there_exactly_if_it_is_configured()
    {
        AuthenticationHeaderState state = default;
        byte[] plain = Bytes(Version2);
        Assert.Equal(DecodeError.AuthenticationHeaderMissing, Receive(WithHeader(), plain, ref state));
        byte[] packet = Write(WithHeader(), ref state);
        Assert.True(VrrpCodec.TryDecodeIPv4(packet, false, out VrrpAdvert advert, out PacketContext context, out Range range, out _));
        Assert.True(context.HasAuthenticationHeader);
        Assert.Equal(
            DecodeError.AuthenticationHeaderUnexpected, AdvertAcceptance.Check(InstanceOf(2), advert, packet.AsSpan(range), context, Node2, out _));

        // Without the packet nothing can be verified.
        Assert.Equal(DecodeError.WrongDigest, AdvertAcceptance.Check(WithHeader(), advert, packet.AsSpan(range), context, Node2, out _));
    }

    [Fact]
    public void The_authentication_type_of_the_message_must_be_that_of_the_header()
    {
        AuthenticationHeaderState sender = default, receiver = default;
        VrrpConfig config = WithHeader();
        byte[] packet = Write(config, ref sender);
        packet[MessageAt + 4] = 1;
        WithChecksum(packet[MessageAt..], Node1, GroupIPv4, isPlain: true).CopyTo(packet, MessageAt);
        byte[] covered = [.. packet];
        covered[1] = covered[10] = covered[11] = 0;
        covered.AsSpan(HeaderAt + 12, 12).Clear();
        byte[] code = new byte[HmacMd5.Length];
        HmacMd5.Compute(code, config.Password.Span, covered);
        code.AsSpan(0, 12).CopyTo(packet.AsSpan(HeaderAt + 12));
        Assert.Equal(DecodeError.WrongAuthenticationType, Receive(config, packet, ref receiver));
        Assert.Equal(0u, receiver.Sequence);
    }

    [Fact]
    public void Who_becomes_master_goes_on_where_the_last_one_stopped()
    {
        VrrpConfig config = WithHeader();
        AuthenticationHeaderState first = default, second = default;
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(DecodeError.None, Receive(config, Write(config, ref first), ref second));
        }

        byte[] next = Write(config, ref second);
        Assert.Equal(6, next[HeaderAt + 11]);
        Assert.Equal(DecodeError.None, Receive(config, next, ref first));
    }

    [Fact]
    public void A_master_that_hears_a_lower_one_leaves_a_number_out()
    {
        VrrpConfig config = WithHeader();
        AuthenticationHeaderState lower = default, higher = default;
        byte[] packet = Write(config, ref lower, priority: 100);
        Assert.Equal(DecodeError.None, Receive(config, packet, ref higher, ownPriority: 150));
        Assert.Equal(3u, higher.Next());

        // Not for a release, and not for a better one.
        AuthenticationHeaderState sender = default, master = default;
        Assert.Equal(DecodeError.None, Receive(config, Write(config, ref sender, priority: 0), ref master, ownPriority: 150));
        Assert.Equal(DecodeError.None, Receive(config, Write(config, ref sender, priority: 200), ref master, ownPriority: 150));
        Assert.Equal(2u, master.Sequence);
    }

    [Fact]
    public void The_count_ends_where_it_ends_in_keepalived()
    {
        AuthenticationHeaderState state = default;
        state.Raise(0xfffffffd, isLowerMaster: false);
        Assert.Equal(0xfffffffeu, state.Next());
        Assert.Equal(0xfffffffeu, state.Next());
        state.Raise(uint.MaxValue, isLowerMaster: true);
        Assert.Equal(uint.MaxValue, state.Sequence);
        Assert.True(state.IsReplayed(uint.MaxValue));
    }

    [Theory]
    [InlineData("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265", "9294727a3638bb1c13f48ef8158bfc9d")]
    [InlineData("4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f", "750c783e6ab0b503eaa86e310a5db738")]
    [InlineData("0102030405060708090a0b0c0d0e0f10111213141516171819", "cd*50", "697eaf0aca3a3aea3a75164746ffaa79")]
    public void The_code_is_that_of_RFC_2202(string key, string message, string expected)
    {
        byte[] bytes = message == "cd*50" ? [.. Enumerable.Repeat((byte)0xcd, 50)] : Bytes(message);
        byte[] code = new byte[HmacMd5.Length];
        HmacMd5.Compute(code, Bytes(key), bytes);
        Assert.Equal(Bytes(expected), code);
    }

    // RFC 1321 section 3.1, RFC 1321 section 3.2, RFC 1321 section 3.4: every length around the ends of the blocks, against the system's.
    [Fact]
    public void The_code_of_every_length_is_that_of_the_system()
    {
        byte[] message = new byte[HmacMd5.MessageBytesMax];
        new Random(7).NextBytes(message);
        byte[] code = new byte[HmacMd5.Length];
        foreach (int length in (int[])[.. Enumerable.Range(0, 300), message.Length])
        {
            HmacMd5.Compute(code, "secret12"u8, message.AsSpan(0, length));
#pragma warning disable CA5351 // What keepalived uses.
            Assert.Equal(System.Security.Cryptography.HMACMD5.HashData("secret12"u8, message.AsSpan(0, length)), code);
#pragma warning restore CA5351
        }
    }

    [Fact]
    public void Writing_and_verifying_allocate_nothing()
    {
        VrrpConfig config = WithHeader();
        byte[] buffer = new byte[AdvertWriter.IPv4BytesMax];
        AuthenticationHeaderState sender = default, receiver = default;
        int accepted = Round(config, buffer, ref sender, ref receiver);
        Assert.Equal(1, accepted);
        Assert.Equal(0, Allocations.Least(() =>
        {
            accepted = 0;
            for (int i = 0; i < 10_000; i++)
            {
                accepted += Round(config, buffer, ref sender, ref receiver);
            }
        }));
        Assert.Equal(10_000, accepted);
    }

    private static int Round(VrrpConfig config, byte[] buffer, ref AuthenticationHeaderState sender, ref AuthenticationHeaderState receiver)
    {
        int length = AdvertWriter.WriteIPv4(buffer, config, 150, Node1, GroupIPv4, 1, sequence: sender.Next());
        ReadOnlySpan<byte> packet = buffer.AsSpan(0, length);
        return VrrpCodec.TryDecodeIPv4(packet, false, out VrrpAdvert advert, out PacketContext context, out Range range, out _)
            && AdvertAcceptance.Check(config, advert, packet, packet[range], context, Node2, 0, ref receiver, out _) == DecodeError.None ? 1 : 0;
    }

    private static VrrpConfig WithHeader(string password = "secret12") =>
        InstanceOf(2).WithPassword(password) with { Authentication = AuthenticationType.AuthenticationHeader };

    private static byte[] Write(
        VrrpConfig config, ref AuthenticationHeaderState state, byte priority = 150, ushort identification = 1, InternetAddress? target = null)
    {
        byte[] packet = new byte[AdvertWriter.IPv4BytesMax];
        int length = AdvertWriter.WriteIPv4(packet, config, priority, Node1, target ?? GroupIPv4, identification, sequence: state.Next());
        return packet[..length];
    }

    private static DecodeError Receive(VrrpConfig config, byte[] packet, ref AuthenticationHeaderState state, byte ownPriority = 0) =>
        VrrpCodec.TryDecodeIPv4(packet, false, out VrrpAdvert advert, out PacketContext context, out Range range, out DecodeError error)
            ? AdvertAcceptance.Check(config, advert, packet, packet.AsSpan(range), context, Node2, ownPriority, ref state, out _)
            : error;
}
