using System.Buffers.Binary;
using FenceFirst.Cli;
using FenceFirst.Core.Wire;
using FenceFirst.Tests.Wire;

namespace FenceFirst.Tests.Cli;

/// <summary>Capture files of every supported form, and the sentence for each that is not.</summary>
public sealed class PcapTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Both_byte_orders_and_both_resolutions_are_read(bool isBigEndian, bool isNanosecond)
    {
        byte[] file = File(isBigEndian, isNanosecond, 1, [0xde, 0xad]);
        Assert.True(Pcap.TryOpen(new MemoryStream(file), out Pcap? pcap, out _));
        Assert.True(pcap!.TryReadNext(out PcapPacket packet, out _));
        Assert.Equal((1_700_000_000u, isNanosecond ? 999_999u : 999_999_000u), (packet.Seconds, packet.Nanoseconds));
        Assert.Equal([0xde, 0xad], packet.Bytes.ToArray());
        Assert.False(pcap.TryReadNext(out _, out string problem));
        Assert.Equal("", problem);
    }

    [Theory]
    [InlineData(1, "01005e000012 00005e000133 0800")]
    [InlineData(1, "01005e000012 00005e000133 88a8 0002 8100 0007 0800")]
    [InlineData(101, "")]
    [InlineData(228, "")]
    [InlineData(113, "0000 0001 0006 00005e000133 0000 0800")]
    [InlineData(276, "0800 0000 00000002 0001 00 06 00005e0001330000")]
    public void A_VRRP_packet_is_found_behind_every_link_header(uint linkType, string header)
    {
        byte[] file = File(false, false, linkType, [.. WireSamples.Bytes(header), .. WireSamples.Bytes(WireSamples.Version3)]);
        Assert.True(Pcap.TryOpen(new MemoryStream(file), out Pcap? pcap, out _));
        Assert.True(pcap!.TryReadNext(out PcapPacket packet, out _));
        Dissection dissection = Dissector.FromCapture(packet.Bytes.Span, pcap.Link);
        Assert.Equal((PacketKind.Vrrp, DecodeError.None), (dissection.Kind, dissection.Error));
    }

    [Theory]
    [InlineData("", "too short")]
    [InlineData("d4c3b2", "too short")]
    [InlineData("d4c3b2a1 0200", "ends within the pcap file header")]
    [InlineData("0a0d0d0a 1c000000 4d3c2b1a", "pcapng")]
    [InlineData("7f454c46 00000000", "starts with 7f454c46")]
    [InlineData("d4c3b2a1 0200 0400 00000000 00000000 00000400 69000000", "link type 105")]
    public void Another_kind_of_file_is_refused_in_words(string hex, string words)
    {
        Assert.False(Pcap.TryOpen(new MemoryStream(WireSamples.Bytes(hex)), out Pcap? pcap, out string error));
        Assert.Null(pcap);
        Assert.Contains(words, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_truncation_of_a_file_is_noticed()
    {
        byte[] file = File(false, false, 1, [1, 2, 3, 4]);
        for (int length = 25; length < file.Length; length++)
        {
            Assert.True(Pcap.TryOpen(new MemoryStream(file[..length]), out Pcap? pcap, out _));
            Assert.False(pcap!.TryReadNext(out _, out string problem));
            Assert.Contains("ends within", problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_length_beyond_the_bound_is_damage_and_no_allocation()
    {
        byte[] file = File(false, false, 1, [1, 2, 3, 4]);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(32), 0x7fff_ffff);
        Assert.True(Pcap.TryOpen(new MemoryStream(file), out Pcap? pcap, out _));
        Assert.False(pcap!.TryReadNext(out _, out string problem));
        Assert.Equal("the header of packet 1 is damaged", problem);
    }

    private static byte[] File(bool isBigEndian, bool isNanosecond, uint linkType, byte[] packet)
    {
        uint[] words =
        [
            isNanosecond ? 0xa1b23c4d : 0xa1b2c3d4, isBigEndian ? 0x0002_0004u : 0x0004_0002u, 0, 0, 262_144, linkType,
            1_700_000_000, 999_999, (uint)packet.Length, (uint)packet.Length,
        ];
        byte[] file = new byte[(words.Length * 4) + packet.Length];
        for (int i = 0; i < words.Length; i++)
        {
            uint word = isBigEndian ? BinaryPrimitives.ReverseEndianness(words[i]) : words[i];
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(i * 4), word);
        }

        packet.CopyTo(file, words.Length * 4);
        return file;
    }
}
