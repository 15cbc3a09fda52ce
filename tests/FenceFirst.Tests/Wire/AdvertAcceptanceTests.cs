using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;
using static FenceFirst.Tests.Wire.WireSamples;

namespace FenceFirst.Tests.Wire;

/// <summary>RFC 9568 section 7.1, RFC 3768 section 7.1 and RFC 2338 section 7.1: the checks that compare with the configuration.</summary>
public sealed class AdvertAcceptanceTests
{
    private static readonly PacketContext UnicastIPv4 = new(Node1, Node2, 255);

    [Fact]
    public void An_advert_like_our_own_is_accepted()
    {
        Assert.Equal(DecodeError.None, Check(InstanceOf(3), Version3, MulticastIPv4));
        Assert.Equal(DecodeError.None, Check(InstanceOf(2), Version2, MulticastIPv4));
        Assert.Equal(DecodeError.None, Check(InstanceOf(2).WithPassword("secret12"), Version2Password, MulticastIPv4));
    }

    [Fact]
    public void Our_own_packet_is_refused()
    {
        Assert.Equal(DecodeError.OwnPacket, Check(InstanceOf(3), Version3, MulticastIPv4, ownSource: Node1));
        Assert.Equal(DecodeError.None, Check(InstanceOf(3), Version3, MulticastIPv4, ownSource: InternetAddress.None));
        PacketContext unknown = MulticastIPv4 with { Source = InternetAddress.None };
        Assert.Equal(DecodeError.None, Check(InstanceOf(3), Version3, unknown, ownSource: InternetAddress.None));
    }

    [Fact]
    public void Another_virtual_router_is_refused() =>
        Assert.Equal(DecodeError.UnknownVrid, Check(InstanceOf(3) with { Vrid = 52 }, Version3, MulticastIPv4));

    [Fact]
    public void The_same_virtual_router_of_the_other_address_family_is_refused() =>
        Assert.Equal(DecodeError.UnknownVrid, Check(InstanceOf(3, "fe80::33:51"), Version3, MulticastIPv4));

    [Fact]
    public void Another_version_is_refused()
    {
        Assert.Equal(DecodeError.WrongVersion, Check(InstanceOf(2), Version3, MulticastIPv4));
        Assert.Equal(DecodeError.WrongVersion, Check(InstanceOf(3), Version2, MulticastIPv4));
    }

    // RFC 9568 section 5.1.1.2, RFC 9568 section 5.1.2.2.
    [Fact]
    public void Unicast_and_multicast_do_not_mix()
    {
        VrrpConfig unicast = InstanceOf(2) with { IsUnicast = true };
        Assert.Equal(DecodeError.WrongDestination, Check(unicast, Version2, MulticastIPv4));
        Assert.Equal(DecodeError.WrongDestination, Check(InstanceOf(2), Version2, UnicastIPv4));
        Assert.Equal(DecodeError.None, Check(unicast, Version2, UnicastIPv4));
    }

    // RFC 2338 section 7.1.
    [Fact]
    public void Another_authentication_type_is_refused()
    {
        Assert.Equal(DecodeError.WrongAuthenticationType, Check(InstanceOf(2), Version2Password, MulticastIPv4));
        Assert.Equal(DecodeError.WrongAuthenticationType, Check(InstanceOf(2).WithPassword("secret12"), Version2, MulticastIPv4));
    }

    // RFC 2338 section 7.1.
    [Theory]
    [InlineData("secret13")]
    [InlineData("Secret12")]
    [InlineData("secret1")]
    [InlineData("")]
    public void Another_password_is_refused(string password) =>
        Assert.Equal(DecodeError.WrongPassword, Check(InstanceOf(2).WithPassword(password), Version2Password, MulticastIPv4));

    [Fact]
    public void A_short_password_is_compared_with_its_padding()
    {
        Assert.Equal(DecodeError.None, Check(InstanceOf(2).WithPassword("abc"), Version2ShortPassword, MulticastIPv4));
        Assert.Equal(DecodeError.WrongPassword, Check(InstanceOf(2).WithPassword("abcd"), Version2ShortPassword, MulticastIPv4));
    }

    // RFC 3768 section 7.1; RFC 9568 section 6.4.2 has version 3 follow the sender.
    [Fact]
    public void Another_interval_is_refused_in_version_2_only()
    {
        TimeSpan two = TimeSpan.FromSeconds(2);
        Assert.Equal(DecodeError.WrongInterval, Check(InstanceOf(2) with { AdvertInterval = two }, Version2, MulticastIPv4));
        Assert.Equal(DecodeError.None, Check(InstanceOf(3) with { AdvertInterval = two }, Version3, MulticastIPv4));
    }

    [Fact]
    public void An_unknown_unicast_sender_is_refused_only_if_senders_are_checked()
    {
        VrrpConfig config = InstanceOf(2) with { IsUnicast = true, UnicastPeers = [new UnicastPeer(Node2)] };
        Assert.Equal(DecodeError.None, Check(config, Version2, UnicastIPv4));
        Assert.Equal(DecodeError.UnknownSource, Check(config with { IsUnicastSourceChecked = true }, Version2, UnicastIPv4));
        VrrpConfig withMinTtl = config with { UnicastPeers = [new UnicastPeer(Node2, MinTtl: 2)] };
        Assert.Equal(DecodeError.UnknownSource, Check(withMinTtl, Version2, UnicastIPv4));
        VrrpConfig withMaxTtl = config with { UnicastPeers = [new UnicastPeer(Node2, MaxTtl: 254)] };
        Assert.Equal(DecodeError.UnknownSource, Check(withMaxTtl, Version2, UnicastIPv4));
    }

    [Theory]
    [InlineData(253, DecodeError.TtlOutOfRange)]
    [InlineData(254, DecodeError.None)]
    [InlineData(255, DecodeError.TtlOutOfRange)]
    [InlineData(-1, DecodeError.None)]
    public void A_peer_TTL_outside_its_range_is_refused(int ttl, DecodeError expected)
    {
        VrrpConfig config = InstanceOf(2) with { IsUnicast = true, UnicastPeers = [new UnicastPeer(Node1, 254, 254)] };
        Assert.Equal(expected, Check(config, Version2, UnicastIPv4 with { Ttl = ttl }));
    }

    [Fact]
    public void Another_address_list_is_accepted_and_reported()
    {
        Assert.False(IsListDifferent(InstanceOf(3, "10.99.1.30", "10.99.1.10", "10.99.1.20"), Version3ThreeAddresses));
        Assert.False(IsListDifferent(InstanceOf(3, "10.99.1.10", "10.99.1.20", "10.99.1.30"), Version3ThreeAddresses));
        Assert.True(IsListDifferent(InstanceOf(3, "10.99.1.10", "10.99.1.20", "10.99.1.40"), Version3ThreeAddresses));
        Assert.True(IsListDifferent(InstanceOf(3, "10.99.1.10", "10.99.1.20"), Version3ThreeAddresses));
        Assert.True(IsListDifferent(InstanceOf(3, "10.99.1.52"), Version3));
    }

    [Fact]
    public void The_first_check_that_fails_names_the_refusal()
    {
        // Everything is wrong at once; the checks are put right one after the other.
        VrrpConfig config = InstanceOf(2) with { Vrid = 9, IsUnicast = true, AdvertInterval = TimeSpan.FromSeconds(3) };
        Assert.Equal(DecodeError.OwnPacket, Check(config, Version2Password, MulticastIPv4, ownSource: Node1));
        Assert.Equal(DecodeError.UnknownVrid, Check(config, Version2Password, MulticastIPv4));
        config = config with { Vrid = 51 };
        Assert.Equal(DecodeError.WrongDestination, Check(config, Version2Password, MulticastIPv4));
        config = config with { IsUnicast = false };
        Assert.Equal(DecodeError.WrongAuthenticationType, Check(config, Version2Password, MulticastIPv4));
        config = config.WithPassword("other");
        Assert.Equal(DecodeError.WrongPassword, Check(config, Version2Password, MulticastIPv4));
        config = config.WithPassword("secret12");
        Assert.Equal(DecodeError.WrongInterval, Check(config, Version2Password, MulticastIPv4));
    }

    private static bool IsListDifferent(VrrpConfig config, string row)
    {
        byte[] message = Message(row);
        Assert.True(VrrpCodec.TryDecode(message, MulticastIPv4, out VrrpAdvert advert, out _));
        Assert.Equal(DecodeError.None, AdvertAcceptance.Check(config, advert, message, MulticastIPv4, Node2, out bool isDifferent));
        return isDifferent;
    }

    // RFC 9568 section 7.1.
    [Fact]
    public void An_address_owner_may_ignore_adverts_but_names_what_is_wrong_with_them()
    {
        VrrpConfig owner = InstanceOf(2) with { BasePriority = 255, IsIgnoringAdverts = true };
        Assert.Equal(DecodeError.IgnoredByOwner, Check(owner, Version2, MulticastIPv4));
        Assert.Equal(DecodeError.WrongAuthenticationType, Check(owner, Version2Password, MulticastIPv4));
        Assert.Equal(DecodeError.None, Check(owner with { IsIgnoringAdverts = false }, Version2, MulticastIPv4));
    }

    private static DecodeError Check(VrrpConfig config, string row, PacketContext context, InternetAddress? ownSource = null)
    {
        byte[] message = Message(row);
        Assert.True(VrrpCodec.TryDecode(message, context with { IsChecksumVerified = true }, out VrrpAdvert advert, out _));
        return AdvertAcceptance.Check(config, advert, message, context, ownSource ?? InternetAddress.Parse("10.99.0.9"), out _);
    }
}
