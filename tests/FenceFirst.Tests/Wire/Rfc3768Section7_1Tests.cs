using FenceFirst.Core.Wire;
using static FenceFirst.Tests.Wire.WireSamples;

namespace FenceFirst.Tests.Wire;

/// <summary>RFC 3768 section 7.1: where version 2 differs from version 3. What needs configuration is in <see cref="AdvertAcceptanceTests"/>.</summary>
public sealed class Rfc3768Section7_1Tests
{
    [Fact]
    public void The_sample_passes_every_check() => Assert.Equal(DecodeError.None, Decode(Message(Version2), MulticastIPv4));

    // RFC 3768 section 5.3.8: no pseudo header.
    [Fact]
    public void The_checksum_does_not_cover_the_IP_addresses() =>
        Assert.Equal(DecodeError.None, Decode(Message(Version2), MulticastIPv4 with { Source = Node2, Destination = Node1 }));

    // RFC 3768 section 5.3.8.
    [Fact]
    public void The_checksum_covers_the_authentication_data()
    {
        byte[] message = Message(Version2Password);
        message[^1] ^= 1;
        Assert.Equal(DecodeError.WrongChecksum, Decode(message, MulticastIPv4));
    }

    // RFC 3768 section 5.3.10: the field is there whatever the type.
    [Fact]
    public void A_message_without_authentication_data_is_incomplete()
    {
        byte[] message = Message(Version2)[..12];
        Assert.Equal(DecodeError.WrongLength, Decode(WithChecksum(message, Node1, GroupIPv4, isPlain: true), MulticastIPv4));
    }

    // RFC 3768 section 5.3.6; the meaning of 1 and 2: RFC 2338 section 5.3.6.
    [Theory]
    [InlineData(0, DecodeError.None)]
    [InlineData(1, DecodeError.None)]
    [InlineData(2, DecodeError.None)]
    [InlineData(3, DecodeError.UnknownAuthenticationType)]
    [InlineData(255, DecodeError.UnknownAuthenticationType)]
    public void Unknown_authentication_types_are_refused(byte type, DecodeError expected)
    {
        byte[] message = Message(Version2);
        message[4] = type;
        Assert.Equal(expected, Decode(WithChecksum(message, Node1, GroupIPv4, isPlain: true), MulticastIPv4));
    }

    // RFC 3768 section 5.3.7.
    [Fact]
    public void The_interval_is_in_seconds()
    {
        byte[] message = Message(Version2);
        message[5] = 255;
        WithChecksum(message, Node1, GroupIPv4, isPlain: true);
        Assert.True(VrrpCodec.TryDecode(message, MulticastIPv4, out VrrpAdvert advert, out _));
        Assert.Equal(TimeSpan.FromSeconds(255), advert.AdvertInterval);
    }

    // RFC 3768 section 5.3.9: version 2 carries IPv4 addresses.
    [Fact]
    public void Version_2_over_IPv6_is_refused() =>
        Assert.Equal(DecodeError.WrongVersion, Decode(Message(Version2), new PacketContext(LinkLocal1, GroupIPv6, 255)));

    // RFC 3768 section 5.2.3.
    [Fact]
    public void A_TTL_other_than_255_is_refused() =>
        Assert.Equal(DecodeError.WrongTtl, Decode(Message(Version2), MulticastIPv4 with { Ttl = 1 }));

    // RFC 3768 section 5.3.2.
    [Fact]
    public void An_unknown_type_is_refused()
    {
        byte[] message = Message(Version2);
        message[0] = 0x22;
        Assert.Equal(DecodeError.WrongType, Decode(WithChecksum(message, Node1, GroupIPv4, isPlain: true), MulticastIPv4));
    }

    [Fact]
    public void Ethernet_padding_of_six_bytes_passes()
    {
        Assert.Equal(DecodeError.None, Decode([.. Message(Version2), .. new byte[6]], MulticastIPv4));
        Assert.Equal(DecodeError.WrongLength, Decode([.. Message(Version2), .. new byte[4]], MulticastIPv4));
    }
}
