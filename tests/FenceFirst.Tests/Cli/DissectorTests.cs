using FenceFirst.Cli;
using FenceFirst.Core.Wire;
using FenceFirst.Tests.Wire;

namespace FenceFirst.Tests.Cli;

/// <summary>What is taken for an announcement, what for an advert, and what only looks like one.</summary>
public sealed class DissectorTests
{
    private const string NeighborFrame =
        "333300000001 e674c26a77ca 86dd 60000000 0020 3a ff fd990000000000000000000000010033 ff020000000000000000000000000001"
        + "88003a5a20000000 fd990000000000000000000000010033 0201e674c26a77ca";

    private const string ArpFrame = "ffffffffffff72be1de851e0 0806 0001 0800 06 04 0001 72be1de851e0 0a630133 ffffffffffff 0a630133";

    // Authentication header, 24 bytes, and a version 2 message; RFC 2402 section 2.
    private const string Authenticated =
        "45c00040 0001 0000 ff33 0000 0a630001 e0000012 70040000 0a630001 00000007 112233445566778899aabbcc "
        + "21 33 96 01 02 01 3b34 0a630133 0000000000000000";

    // RFC 4861 section 7.1.2.
    [Fact]
    public void A_neighbour_advertisement_that_crossed_a_router_is_malformed() =>
        Assert.Equal(PacketKind.Malformed, Ethernet(NeighborFrame, frame => frame[21] = 254).Kind);

    // RFC 4861 section 7.1.2.
    [Fact]
    public void A_neighbour_advertisement_with_a_wrong_checksum_is_malformed() =>
        Assert.Equal(PacketKind.Malformed, Ethernet(NeighborFrame, frame => frame[56] ^= 1).Kind);

    // RFC 4861 section 4.4.
    [Fact]
    public void A_solicited_neighbour_advertisement_announces_nothing() =>
        Assert.Equal(PacketKind.Other, Ethernet(NeighborFrame, frame => frame[58] = 0x60).Kind);

    // RFC 5227 section 3.
    [Fact]
    public void A_gratuitous_ARP_may_be_a_reply() =>
        Assert.Equal(PacketKind.GratuitousArp, Ethernet(ArpFrame, frame => frame[21] = 2).Kind);

    [Fact]
    public void An_ARP_for_another_address_announces_nothing() =>
        Assert.Equal(PacketKind.Other, Ethernet(ArpFrame, frame => frame[41] = 99).Kind);

    [Fact]
    public void An_announcement_for_another_hardware_address_is_pointed_out()
    {
        Dissection dissection = Ethernet(ArpFrame, frame => frame[27] = 1);
        Assert.Equal("72:be:1d:e8:51:01", dissection.ClaimedBy);
        Assert.Equal("the frame comes from 72:be:1d:e8:51:e0, another hardware address", Assert.Single(dissection.Notes));
    }

    [Fact]
    public void An_authentication_header_is_named_with_its_sequence()
    {
        Dissection dissection = Dissector.FromBytes(WireSamples.Bytes(Authenticated));
        Assert.Equal((PacketKind.Vrrp, DecodeError.None), (dissection.Kind, dissection.Error));
        Assert.Equal("authentication header (auth_type AH): SPI 10.99.0.1, sequence 7; the code is not compared, that needs the password", Assert.Single(dissection.Notes));
    }

    [Fact]
    public void What_else_is_wrong_behind_an_authentication_header_is_said()
    {
        byte[] packet = WireSamples.Bytes(Authenticated);
        packet[^1] = 1;
        packet[27] = 2;
        Dissection dissection = Dissector.FromBytes(packet);
        Assert.Equal(DecodeError.WrongChecksum, dissection.Error);
        Assert.Contains("SPI 10.99.0.2, not the sender: it is refused", Assert.Single(dissection.Notes), StringComparison.Ordinal);
    }

    // RFC 2402 section 2.2: the length says how much code there is.
    [Fact]
    public void An_authentication_header_that_keepalived_does_not_write_is_refused()
    {
        byte[] packet = WireSamples.Bytes(Authenticated);
        packet[21] = 5;
        Dissection dissection = Dissector.FromBytes(packet);
        Assert.Equal(DecodeError.WrongProtocol, dissection.Error);
        Assert.EndsWith("the daemon does not accept it", dissection.Notes[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_trailer_with_a_wrong_checksum_in_front_is_said()
    {
        byte[] packet = WireSamples.Bytes(
            "45c0003c 0001 0000 ff70 0000 0a630001 e0000012 31339601006441df0a630133 010700006b023a20c4260000748bd86a7f4e09ba60ccb3b876fa52c9");
        Dissection dissection = Dissector.FromBytes(packet);
        Assert.Equal(DecodeError.WrongLength, dissection.Error);
        Assert.StartsWith("auth_hmac trailer", dissection.Notes[0], StringComparison.Ordinal);
        Assert.Equal("apart from that: The checksum does not agree (RFC 9568 section 7.1).", dissection.Notes[1]);
    }

    [Fact]
    public void An_IPv6_extension_header_is_stepped_over()
    {
        // Hop-by-hop options of 8 bytes (router alert), then VRRP.
        byte[] packet = WireSamples.Bytes(
            "6c000000 0030 00 ff fe80000000000000e474c2fffe6a77ca ff020000000000000000000000000012 7000050200000100" + WireSamples.Version3IPv6);
        Dissection dissection = Dissector.FromCapture(packet, PcapLink.RawIP);
        Assert.Equal((PacketKind.Vrrp, DecodeError.None), (dissection.Kind, dissection.Error));
    }

    [Fact]
    public void An_IPv6_packet_shorter_than_its_length_is_truncated()
    {
        byte[] packet = WireSamples.Bytes(
            "6c011f9f 0028 70 ff fe80000000000000e474c2fffe6a77ca ff020000000000000000000000000012" + WireSamples.Version3IPv6);
        Assert.Equal(DecodeError.None, Dissector.FromBytes(packet).Error);
        Assert.Equal(DecodeError.Truncated, Dissector.FromBytes(packet.AsSpan(0, packet.Length - 1)).Error);
    }

    [Theory]
    [InlineData("31 33 96 01 00 64 41de 0a630133", nameof(PacketStart.VrrpMessage))]
    [InlineData(WireSamples.Version3, nameof(PacketStart.IPHeader))]
    [InlineData("6c011f9f 0028 70 ff", nameof(PacketStart.IPHeader))]
    [InlineData(NeighborFrame, nameof(PacketStart.EthernetHeader))]
    [InlineData(ArpFrame, nameof(PacketStart.EthernetHeader))]
    [InlineData("6e9b00000002 e674c26a77ca 0800 " + WireSamples.Version2, nameof(PacketStart.EthernetHeader))]
    [InlineData("459b00000002 e674c26a77ca 0800 " + WireSamples.Version2, nameof(PacketStart.EthernetHeader))]
    public void Where_the_bytes_start_is_recognised(string hex, string expected) =>
        Assert.Equal(expected, Dissector.FromBytes(WireSamples.Bytes(hex)).Start.ToString());

    private static Dissection Ethernet(string hex, Action<byte[]> change)
    {
        byte[] frame = WireSamples.Bytes(hex);
        change(frame);
        return Dissector.FromCapture(frame, PcapLink.Ethernet);
    }
}
