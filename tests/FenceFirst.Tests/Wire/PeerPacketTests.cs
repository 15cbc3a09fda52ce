using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;
using static FenceFirst.Tests.Wire.WireSamples;

namespace FenceFirst.Tests.Wire;

/// <summary>RFC 9568 section 5.1 and RFC 3768 section 5.1: packets that keepalived sent, read and written byte for byte.</summary>
public sealed class PeerPacketTests
{
    public static TheoryData<string, byte, string, int, ushort, int> Rows => new()
    {
        // row, version, password or "", priority, IPv4 identification, interval in centiseconds
        { Version2, 2, "", 150, 1, 100 },
        { Version2Password, 2, "secret12", 150, 1, 100 },
        { Version2ShortPassword, 2, "abc", 150, 1, 100 },
        { Version2Release, 2, "", 0, 3, 100 },
        { Version3, 3, "", 150, 1, 100 },
        { Version3Fast, 3, "", 150, 1, 10 },
        { Version3Release, 3, "", 0, 3, 100 },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void Multicast_adverts_are_written_byte_for_byte_as_keepalived_does(
        string row, byte version, string password, int priority, ushort identification, int centiseconds)
    {
        VrrpConfig config = InstanceOf(version) with { AdvertInterval = TimeSpan.FromMilliseconds(centiseconds * 10) };
        config = password.Length > 0 ? config.WithPassword(password) : config;
        Assert.Equal(Bytes(row), WriteIPv4(config, (byte)priority, GroupIPv4, identification));
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Multicast_adverts_of_keepalived_are_read(
        string row, byte version, string password, int priority, ushort identification, int centiseconds)
    {
        byte[] packet = Bytes(row);
        Assert.Equal(identification, (packet[4] << 8) | packet[5]);
        Assert.True(VrrpCodec.TryDecodeIPv4(packet, false, out VrrpAdvert advert, out PacketContext context, out Range message, out DecodeError error));

        AuthenticationType authentication = password.Length > 0 ? AuthenticationType.SimplePassword : AuthenticationType.None;
        Assert.Equal(DecodeError.None, error);
        Assert.Equal(new VrrpAdvert(version, 51, (byte)priority, 1, TimeSpan.FromMilliseconds(centiseconds * 10), authentication), advert);
        Assert.Equal(MulticastIPv4, context);
        Assert.Equal(Bytes("0a630133"), VrrpCodec.AddressesOf(packet.AsSpan(message), advert, isIPv6: false));
    }

    // RFC 9568 section 5.2.9.
    [Fact]
    public void Three_addresses_keep_the_order_of_the_configuration()
    {
        VrrpConfig config = InstanceOf(3, "10.99.1.30", "10.99.1.10", "10.99.1.20");
        Assert.Equal(Bytes(Version3ThreeAddresses), WriteIPv4(config, 150, GroupIPv4, 1));
    }

    // RFC 791 section 3.1.
    [Fact]
    public void Version_2_unicast_differs_from_multicast_in_the_IPv4_header_only()
    {
        VrrpConfig config = InstanceOf(2) with { IsUnicast = true };
        byte[] packet = WriteIPv4(config, 150, Node2, 1);
        Assert.Equal(Bytes(Version2)[20..], packet[20..]);
        Assert.Equal(255, packet[8]);
        Assert.Equal(Bytes("0a630002"), packet[16..20]);
        Assert.Equal(0, InternetChecksum.Compute(packet.AsSpan(0, 20)));
    }

    [Fact]
    public void Version_3_unicast_has_the_peer_in_the_pseudo_header()
    {
        VrrpConfig config = InstanceOf(3) with { IsUnicast = true };
        byte[] packet = WriteIPv4(config, 150, Node2, 1);
        Assert.Equal(Bytes("31 33 96 01 00 64 178c 0a630133"), packet[20..]);
        Assert.True(VrrpCodec.TryDecodeIPv4(packet, false, out _, out _, out _, out _));
    }

    [Fact]
    public void The_unicast_TTL_is_used_for_unicast_and_not_for_multicast()
    {
        VrrpConfig config = InstanceOf(3) with { UnicastTtl = 3 };
        Assert.Equal(3, WriteIPv4(config, 150, Node2, 1)[8]);
        Assert.Equal(255, WriteIPv4(config, 150, GroupIPv4, 1)[8]);
    }

    [Fact]
    public void The_checksum_as_in_version_2_leaves_the_pseudo_header_out()
    {
        VrrpConfig config = InstanceOf(3) with { IsChecksumAsV2 = true };
        byte[] message = WriteIPv4(config, 150, GroupIPv4, 1)[20..];
        Assert.Equal(0, InternetChecksum.Compute(message));
        Assert.Equal(DecodeError.None, Decode(message, MulticastIPv4 with { IsChecksumAsV2 = true }));
        Assert.Equal(DecodeError.WrongChecksum, Decode(message, MulticastIPv4));
    }

    [Theory]
    [InlineData(Version3IPv6, "fe80::e474:c2ff:fe6a:77ca", "ff02::12", 255)]
    [InlineData(Version3IPv6Unicast, "fd99::1", "fd99::2", 64)]
    public void IPv6_adverts_of_keepalived_are_written_and_read(string row, string source, string target, int hopLimit)
    {
        VrrpConfig config = InstanceOf(3, "fe80::33:51", "fd99::1:33");
        byte[] buffer = new byte[AdvertWriter.IPv6BytesMax];
        int length = AdvertWriter.WriteIPv6(buffer, config, 150, InternetAddress.Parse(source), InternetAddress.Parse(target));
        Assert.Equal(Bytes(row), buffer[..length]);

        // v3_checksum_as_v2 is about IPv4.
        AdvertWriter.WriteIPv6(buffer, config with { IsChecksumAsV2 = true }, 150, InternetAddress.Parse(source), InternetAddress.Parse(target));
        Assert.Equal(Bytes(row), buffer[..length]);

        PacketContext context = new(InternetAddress.Parse(source), InternetAddress.Parse(target), hopLimit);
        Assert.True(VrrpCodec.TryDecode(Bytes(row), context, out VrrpAdvert advert, out _));
        Assert.Equal(new VrrpAdvert(3, 51, 150, 2, TimeSpan.FromSeconds(1), AuthenticationType.None), advert);
        Assert.Equal(32, VrrpCodec.AddressesOf(Bytes(row), advert, isIPv6: true).Length);
    }

    [Fact]
    public void The_buffer_bounds_hold_255_addresses()
    {
        string[] many = [.. Enumerable.Range(1, 255).Select(i => $"10.99.1.{i}")];
        Assert.Equal(AdvertWriter.IPv4BytesMax - HmacTrailer.Length, WriteIPv4(InstanceOf(2, many), 150, GroupIPv4, 1).Length);
        VrrpConfig config = InstanceOf(3, [.. Enumerable.Range(1, 255).Select(i => $"fd99::{i}")]);
        Assert.Equal(
            AdvertWriter.IPv6BytesMax - HmacTrailer.Length,
            AdvertWriter.WriteIPv6(new byte[AdvertWriter.IPv6BytesMax], config, 150, LinkLocal1, GroupIPv6));
    }

    private static byte[] WriteIPv4(VrrpConfig config, byte priority, InternetAddress target, ushort identification)
    {
        byte[] buffer = new byte[AdvertWriter.IPv4BytesMax];
        Array.Fill(buffer, (byte)0xaa);
        int length = AdvertWriter.WriteIPv4(buffer, config, priority, Node1, target, identification);
        return buffer[..length];
    }
}
