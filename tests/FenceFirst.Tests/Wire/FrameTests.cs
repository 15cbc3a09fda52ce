using FenceFirst.Core;
using FenceFirst.Core.Wire;
using static FenceFirst.Tests.Wire.WireSamples;

namespace FenceFirst.Tests.Wire;

/// <summary>The frames that announce an address (RFC 9568 section 6.4.3) or ask for it (RFC 5227, RFC 4862), byte for byte.</summary>
public sealed class FrameTests
{
    [Fact]
    public void A_gratuitous_ARP_is_what_keepalived_sends()
    {
        byte[] expected = Bytes("ffffffffffff72be1de851e0 0806 0001 0800 06 04 0001 72be1de851e0 0a630133 ffffffffffff 0a630133");
        byte[] frame = Filled(GratuitousArp.Length);
        int length = GratuitousArp.Write(frame, Bytes("72be1de851e0"), InternetAddress.Parse("10.99.1.51"));
        Assert.Equal(42, length);
        Assert.Equal(expected, frame);
    }

    // RFC 5227 section 2.1.1: sender address zero, target hardware address zero.
    [Fact]
    public void An_ARP_probe_claims_nothing()
    {
        byte[] expected = Bytes("ffffffffffff72be1de851e0 0806 0001 0800 06 04 0001 72be1de851e0 00000000 000000000000 0a630133");
        byte[] frame = Filled(ArpProbe.Length);
        Assert.Equal(42, ArpProbe.Write(frame, Bytes("72be1de851e0"), InternetAddress.Parse("10.99.1.51")));
        Assert.Equal(expected, frame);
    }

    // RFC 4861 section 4.4; the group's hardware address: RFC 2464 section 7; hop limit 255: RFC 4861 section 7.1.1.
    [Theory]
    [InlineData("fe80::33:51", "fe800000000000000000000000330051", "37ec")]
    [InlineData("fd99::1:33", "fd990000000000000000000000010033", "3a5a")]
    public void A_neighbour_advertisement_is_what_keepalived_sends(string address, string bytes, string checksum)
    {
        byte[] expected = Bytes(
            "333300000001 e674c26a77ca 86dd 60000000 0020 3a ff " + bytes + "ff020000000000000000000000000001"
            + "8800" + checksum + "20000000" + bytes + "0201e674c26a77ca");
        byte[] frame = Filled(NeighborAdvertisement.Length);
        Assert.Equal(86, NeighborAdvertisement.Write(frame, Bytes("e674c26a77ca"), InternetAddress.Parse(address), isRouter: false));
        Assert.Equal(expected, frame);
    }

    [Fact]
    public void A_router_says_so_in_its_neighbour_advertisement()
    {
        byte[] frame = Filled(NeighborAdvertisement.Length);
        NeighborAdvertisement.Write(frame, Bytes("e674c26a77ca"), InternetAddress.Parse("fd99::1:33"), isRouter: true);
        Assert.Equal(0xa0, frame[58]);
    }

    // RFC 4862 section 5.4.2, RFC 4861 section 4.3, RFC 4291 section 2.7.1.
    [Fact]
    public void A_neighbour_solicitation_asks_from_the_unspecified_address()
    {
        byte[] frame = Filled(NeighborSolicitation.Length);
        Assert.Equal(78, NeighborSolicitation.Write(frame, Bytes("e674c26a77ca"), InternetAddress.Parse("fd99::1:2a:33")));
        byte[] expected = Bytes(
            "3333ff2a0033 e674c26a77ca 86dd 60000000 0018 3a ff 00000000000000000000000000000000 ff0200000000000000000001ff2a0033"
            + "8700 0000 00000000 fd99000000000000000000010 02a0033");
        expected[56] = frame[56];
        expected[57] = frame[57];
        Assert.Equal(expected, frame);

        InternetChecksum checksum = default;
        checksum.AddPseudoHeader(InternetAddress.Parse("::"), InternetAddress.Parse("ff02::1:ff2a:33"), 58, 24);
        checksum.Add(frame.AsSpan(54));
        Assert.Equal(0, checksum.Value);
    }

    private static byte[] Filled(int length)
    {
        byte[] bytes = new byte[length];
        Array.Fill(bytes, (byte)0xaa);
        return bytes;
    }
}
