using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;
using static FenceFirst.Tests.Wire.WireSamples;

namespace FenceFirst.Tests.Wire;

/// <summary>The packet path allocates nothing, so that no garbage collection falls into a failover.</summary>
public sealed class AllocationTests
{
    private const int Rounds = 1_000_000;

    [Fact]
    public void A_million_rounds_of_writing_reading_and_checking_allocate_nothing()
    {
        VrrpConfig config = InstanceOf(3, "10.99.1.30", "10.99.1.10", "10.99.1.20");
        byte[] buffer = new byte[AdvertWriter.IPv4BytesMax];
        Round(config, buffer, 0);

        int accepted = 0;
        long allocated = Allocations.Least(() =>
        {
            accepted = 0;
            for (int i = 0; i < Rounds; i++)
            {
                accepted += Round(config, buffer, i) ? 1 : 0;
            }
        });
        Assert.Equal(Rounds, accepted);
        Assert.Equal(0, allocated);
    }

    [Fact]
    public void Passwords_IPv6_and_announcements_allocate_nothing()
    {
        VrrpConfig password = InstanceOf(2).WithPassword("secret12");
        VrrpConfig config = InstanceOf(3, "fe80::33:51", "fd99::1:33");
        byte[] buffer = new byte[AdvertWriter.IPv6BytesMax];
        byte[] mac = Bytes("72be1de851e0");
        OtherRound(password, config, buffer, mac);

        Assert.Equal(0, Allocations.Least(() =>
        {
            for (int i = 0; i < 10_000; i++)
            {
                OtherRound(password, config, buffer, mac);
            }
        }));
    }

    private static bool Round(VrrpConfig config, byte[] buffer, int i)
    {
        int length = AdvertWriter.WriteIPv4(buffer, config, (byte)i, Node1, GroupIPv4, (ushort)i);
        return VrrpCodec.TryDecodeIPv4(buffer.AsSpan(0, length), false, out VrrpAdvert advert, out PacketContext context, out Range message, out _)
            && AdvertAcceptance.Check(config, advert, buffer.AsSpan(message), context, Node2, out _) == DecodeError.None;
    }

    private static void OtherRound(VrrpConfig password, VrrpConfig config, byte[] buffer, byte[] mac)
    {
        Round(password, buffer, 1);
        int length = AdvertWriter.WriteIPv6(buffer, config, 150, LinkLocal1, GroupIPv6);
        PacketContext context = new(LinkLocal1, GroupIPv6, 255);
        VrrpCodec.TryDecode(buffer.AsSpan(0, length), context, out VrrpAdvert advert, out _);
        AdvertAcceptance.Check(config, advert, buffer.AsSpan(0, length), context, InternetAddress.None, out _);
        VrrpCodec.TryDecode(buffer.AsSpan(0, length - 1), context, out _, out _);
        GratuitousArp.Write(buffer, mac, password.Addresses[0].Address);
        ArpProbe.Write(buffer, mac, password.Addresses[0].Address);
        NeighborAdvertisement.Write(buffer, mac, config.Addresses[0].Address, isRouter: true);
        NeighborSolicitation.Write(buffer, mac, config.Addresses[0].Address);
    }
}
