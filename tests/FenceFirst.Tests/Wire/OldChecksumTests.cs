using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;
using static FenceFirst.Tests.Wire.WireSamples;

namespace FenceFirst.Tests.Wire;

/// <summary>old_unicast_checksum: what keepalived up to 1.3.6 sent to unicast peers in version 3.</summary>
public sealed class OldChecksumTests
{
    [Fact]
    public void An_old_checksum_covers_the_multicast_group()
    {
        byte[] old = Write(InstanceOf(3) with { IsUnicast = true }, isOld: true);
        byte[] multicast = Write(InstanceOf(3), isOld: false, GroupIPv4);
        Assert.Equal(multicast[20..], old[20..]);
        Assert.NotEqual(old[20..], Write(InstanceOf(3) with { IsUnicast = true }, isOld: false)[20..]);
    }

    [Theory]
    [InlineData(OldChecksum.Learnt, true, DecodeError.None)]
    [InlineData(OldChecksum.Always, true, DecodeError.None)]
    [InlineData(OldChecksum.Never, true, DecodeError.WrongChecksum)]
    [InlineData(OldChecksum.Learnt, false, DecodeError.None)]
    [InlineData(OldChecksum.Always, false, DecodeError.None)]
    [InlineData(OldChecksum.Never, false, DecodeError.None)]
    public void Who_accepts_it(OldChecksum setting, bool isOld, DecodeError expected)
    {
        VrrpConfig config = InstanceOf(3) with { IsUnicast = true, OldChecksum = setting };
        byte[] packet = Write(config, isOld);
        Assert.True(VrrpCodec.TryDecodeIPv4(packet, false, out VrrpAdvert advert, out PacketContext context, out Range range, out _));
        Assert.Equal(isOld, VrrpCodec.IsOldUnicastChecksum(packet.AsSpan(range), advert, context));
        Assert.Equal(expected, AdvertAcceptance.Check(config, advert, packet.AsSpan(range), context, InternetAddress.None, out _));
    }

    [Fact]
    public void Version_2_and_multicast_have_none()
    {
        foreach ((VrrpConfig config, InternetAddress target) in ((VrrpConfig, InternetAddress)[])[(InstanceOf(2) with { IsUnicast = true }, Node2), (InstanceOf(3), GroupIPv4)])
        {
            byte[] packet = Write(config, isOld: true, target);
            Assert.True(VrrpCodec.TryDecodeIPv4(packet, false, out VrrpAdvert advert, out PacketContext context, out Range range, out _));
            Assert.False(VrrpCodec.IsOldUnicastChecksum(packet.AsSpan(range), advert, context));
        }
    }

    private static byte[] Write(VrrpConfig config, bool isOld, InternetAddress? target = null)
    {
        byte[] packet = new byte[AdvertWriter.IPv4BytesMax];
        int length = AdvertWriter.WriteIPv4(packet, config, 150, Node1, target ?? Node2, 1, isChecksumOld: isOld);
        return packet[..length];
    }
}
