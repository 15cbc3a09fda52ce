using FenceFirst.Core;
using FenceFirst.Core.Wire;
using static FenceFirst.Tests.Wire.WireSamples;

namespace FenceFirst.Tests.Wire;

/// <summary>RFC 9568 section 7.1, receiving packets: one test per check that needs no configuration, and the neighbouring sections it builds on.</summary>
public sealed class Rfc9568Section7_1Tests
{
    [Fact]
    public void The_sample_passes_every_check() => Assert.Equal(DecodeError.None, Decode(Message(Version3), MulticastIPv4));

    // RFC 9568 sections 5.1.1.3 and 5.1.2.3.
    [Theory]
    [InlineData(254)]
    [InlineData(1)]
    [InlineData(0)]
    public void A_multicast_TTL_other_than_255_is_refused(int ttl) =>
        Assert.Equal(DecodeError.WrongTtl, Decode(Message(Version3), MulticastIPv4 with { Ttl = ttl }));

    [Fact]
    public void A_multicast_hop_limit_other_than_255_is_refused() =>
        Assert.Equal(DecodeError.WrongTtl, Decode(Bytes(Version3IPv6), new PacketContext(LinkLocal1, GroupIPv6, 254)));

    [Fact]
    public void An_unknown_TTL_is_not_checked() => Assert.Equal(DecodeError.None, Decode(Message(Version3), MulticastIPv4 with { Ttl = -1 }));

    [Fact]
    public void A_unicast_TTL_is_free()
    {
        byte[] message = Message(Version3);
        WithChecksum(message, Node1, Node2);
        Assert.Equal(DecodeError.None, Decode(message, new PacketContext(Node1, Node2, 64)));
    }

    [Fact]
    public void Versions_other_than_2_and_3_are_refused()
    {
        for (int version = 0; version < 16; version++)
        {
            byte[] message = Message(Version3);
            message[0] = (byte)((version << 4) | 1);
            DecodeError error = Decode(WithChecksum(message, Node1, GroupIPv4), MulticastIPv4);
            DecodeError expected = version switch { 3 => DecodeError.None, 2 => DecodeError.WrongLength, _ => DecodeError.WrongVersion };
            Assert.Equal(expected, error);
        }
    }

    // RFC 9568 section 5.2.2.
    [Fact]
    public void Types_other_than_advertisement_are_refused()
    {
        for (int type = 0; type < 16; type++)
        {
            byte[] message = Message(Version3);
            message[0] = (byte)(0x30 | type);
            DecodeError error = Decode(WithChecksum(message, Node1, GroupIPv4), MulticastIPv4);
            Assert.Equal(type == 1 ? DecodeError.None : DecodeError.WrongType, error);
        }
    }

    [Fact]
    public void A_message_shorter_than_the_fixed_fields_is_truncated()
    {
        for (int length = 0; length < 8; length++)
        {
            Assert.Equal(DecodeError.Truncated, Decode(Message(Version3)[..length], MulticastIPv4));
        }
    }

    [Fact]
    public void A_message_shorter_than_its_addresses_is_refused()
    {
        for (int length = 8; length < 12; length++)
        {
            Assert.Equal(DecodeError.WrongLength, Decode(Message(Version3)[..length], MulticastIPv4));
        }
    }

    [Fact]
    public void Surplus_bytes_are_refused_unless_they_are_Ethernet_padding()
    {
        // An IPv4 packet of 32 bytes is padded to 46, or to 42 or 38 behind VLAN tags.
        for (int surplus = 1; surplus <= 14; surplus++)
        {
            DecodeError expected = surplus % 4 == 2 ? DecodeError.None : DecodeError.WrongLength;
            Assert.Equal(expected, Decode([.. Message(Version3), .. new byte[surplus]], MulticastIPv4));
        }
    }

    [Fact]
    public void Padding_behind_a_packet_that_fills_an_Ethernet_frame_is_refused()
    {
        byte[] message = [0x31, 51, 150, 5, 0, 100, 0, 0, .. new byte[20]];
        WithChecksum(message, Node1, GroupIPv4);
        Assert.Equal(DecodeError.None, Decode(message, MulticastIPv4));
        Assert.Equal(DecodeError.WrongLength, Decode([.. message, 0, 0], MulticastIPv4));
    }

    [Fact]
    public void IPv6_is_never_padded()
    {
        PacketContext context = new(LinkLocal1, GroupIPv6, 255);
        Assert.Equal(DecodeError.None, Decode(Bytes(Version3IPv6), context));
        Assert.Equal(DecodeError.WrongLength, Decode([.. Bytes(Version3IPv6), 0, 0], context));
        Assert.Equal(DecodeError.WrongLength, Decode([0x31, 51, 150, 0, 0, 100, 0, 0, 0, 0], context with { IsChecksumVerified = true }));
    }

    // RFC 9568 section 5.2.8.
    [Fact]
    public void Every_wrong_bit_in_the_checksum_is_noticed()
    {
        for (int bit = 0; bit < 16; bit++)
        {
            byte[] message = Message(Version3);
            message[6 + (bit / 8)] ^= (byte)(1 << (bit % 8));
            Assert.Equal(DecodeError.WrongChecksum, Decode(message, MulticastIPv4));
        }
    }

    [Fact]
    public void The_checksum_covers_the_source_address() =>
        Assert.Equal(DecodeError.WrongChecksum, Decode(Message(Version3), MulticastIPv4 with { Source = Node2 }));

    [Fact]
    public void The_checksum_covers_the_destination_address() =>
        Assert.Equal(DecodeError.WrongChecksum, Decode(Message(Version3), MulticastIPv4 with { Destination = InternetAddress.Parse("224.0.0.19") }));

    [Fact]
    public void A_checksum_that_the_kernel_has_verified_is_not_computed_again()
    {
        byte[] message = Bytes(Version3IPv6);
        message[7] ^= 1;
        PacketContext context = new(LinkLocal1, GroupIPv6, 255);
        Assert.Equal(DecodeError.WrongChecksum, Decode(message, context));
        Assert.Equal(DecodeError.None, Decode(message, context with { IsChecksumVerified = true }));
    }

    [Fact]
    public void The_old_unicast_checksum_of_keepalived_is_accepted_for_unicast_only()
    {
        // The message's checksum covers 224.0.0.18.
        Assert.Equal(DecodeError.None, Decode(Message(Version3), MulticastIPv4 with { Destination = Node2 }));
        byte[] unicast = WithChecksum(Message(Version3), Node1, Node2);
        Assert.Equal(DecodeError.WrongChecksum, Decode(unicast, MulticastIPv4));
    }

    [Fact]
    public void With_the_checksum_as_in_version_2_the_usual_one_is_accepted_too() =>
        Assert.Equal(DecodeError.None, Decode(Message(Version3), MulticastIPv4 with { IsChecksumAsV2 = true }));

    // RFC 9568 section 5.2.3.
    [Fact]
    public void Virtual_router_0_is_refused()
    {
        byte[] message = Message(Version3);
        message[1] = 0;
        Assert.Equal(DecodeError.UnknownVrid, Decode(WithChecksum(message, Node1, GroupIPv4), MulticastIPv4));
    }

    // RFC 9568 section 5.2.5 (erratum 8299) has it ignored; our deviation keeps instances with excluded addresses only in step with keepalived.
    [Fact]
    public void A_count_of_0_is_accepted()
    {
        byte[] message = [0x31, 51, 150, 0, 0, 100, 0, 0];
        Assert.Equal(DecodeError.None, Decode(WithChecksum(message, Node1, GroupIPv4), MulticastIPv4));
    }

    // RFC 9568 section 5.2.6.
    [Fact]
    public void The_reserved_bits_are_ignored()
    {
        byte[] message = Message(Version3);
        message[4] |= 0xf0;
        WithChecksum(message, Node1, GroupIPv4);
        Assert.True(VrrpCodec.TryDecode(message, MulticastIPv4, out VrrpAdvert advert, out _));
        Assert.Equal(TimeSpan.FromSeconds(1), advert.AdvertInterval);
    }

    // RFC 9568 section 6.1: with an interval of 0 the backup's down timer would be 0 as well.
    [Fact]
    public void An_interval_of_0_is_refused()
    {
        byte[] message = Message(Version3);
        message[5] = 0;
        Assert.Equal(DecodeError.WrongInterval, Decode(WithChecksum(message, Node1, GroupIPv4), MulticastIPv4));
    }

    // RFC 9568 section 5.2.7.
    [Fact]
    public void The_longest_interval_is_40_95_seconds()
    {
        byte[] message = Message(Version3);
        (message[4], message[5]) = (0x0f, 0xff);
        WithChecksum(message, Node1, GroupIPv4);
        Assert.True(VrrpCodec.TryDecode(message, MulticastIPv4, out VrrpAdvert advert, out _));
        Assert.Equal(TimeSpan.FromMilliseconds(40_950), advert.AdvertInterval);
    }

    // RFC 9568 section 5.1.1.4.
    [Fact]
    public void An_IPv4_protocol_other_than_112_is_refused() => Assert.Equal(DecodeError.WrongProtocol, DecodeIPv4(packet => packet[9] = 50));

    [Fact]
    public void A_fragment_is_no_complete_packet()
    {
        Assert.Equal(DecodeError.Truncated, DecodeIPv4(packet => packet[6] = 0x20));
        Assert.Equal(DecodeError.Truncated, DecodeIPv4(packet => packet[7] = 1));
        Assert.Equal(DecodeError.None, DecodeIPv4(packet => packet[6] = 0x40));
    }

    [Fact]
    public void A_header_shorter_than_five_words_or_longer_than_the_packet_is_refused()
    {
        Assert.Equal(DecodeError.Truncated, DecodeIPv4(packet => packet[0] = 0x44));
        Assert.Equal(DecodeError.Truncated, DecodeIPv4(packet => packet[0] = 0x4f));
        Assert.Equal(DecodeError.Truncated, DecodeIPv4(packet => packet[0] = 0x65));
        Assert.Equal(DecodeError.Truncated, DecodeIPv4(packet => packet[3] = 33));
    }

    [Fact]
    public void IPv4_options_are_stepped_over()
    {
        byte[] packet = Bytes(Version3);
        byte[] withOption = [0x46, .. packet[1..3], 36, .. packet[4..20], 0x94, 4, 0, 0, .. packet[20..]];
        Assert.True(VrrpCodec.TryDecodeIPv4(withOption, false, out _, out _, out Range message, out _));
        Assert.Equal(24..36, message);
    }

    [Fact]
    public void Bytes_behind_the_total_length_pass_as_padding_only()
    {
        Assert.True(VrrpCodec.TryDecodeIPv4([.. Bytes(Version3), .. new byte[14]], false, out _, out _, out _, out _));
        Assert.False(VrrpCodec.TryDecodeIPv4([.. Bytes(Version3), .. new byte[12]], false, out _, out _, out _, out DecodeError error));
        Assert.Equal(DecodeError.WrongLength, error);
    }

    private static DecodeError DecodeIPv4(Action<byte[]> change)
    {
        byte[] packet = Bytes(Version3);
        change(packet);
        VrrpCodec.TryDecodeIPv4(packet, false, out _, out _, out _, out DecodeError error);
        return error;
    }
}
