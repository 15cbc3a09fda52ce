using FenceFirst.Cli;
using FenceFirst.Core.Wire;
using FenceFirst.Tests.Wire;

namespace FenceFirst.Tests.Cli;

/// <summary>Every capture of keepalived 2.4 and 2.2.7, packet by packet: what must decode decodes, the rest is refused for the right reason.</summary>
public sealed class CaptureTests
{
    public static TheoryData<string> Captures => [.. Directory.GetFiles(WireSamples.VectorsFolder, "*.pcap").Select(path => Path.GetFileName(path))];

    [Theory]
    [MemberData(nameof(Captures))]
    public void Every_advert_has_the_expected_outcome(string name)
    {
        DecodeError expected = name switch
        {
            _ when name.Contains("hmac", StringComparison.Ordinal) => DecodeError.WrongLength,
            _ => DecodeError.None,
        };
        List<Dissection> packets = Read(name);
        List<Dissection> adverts = [.. packets.Where(packet => packet.Kind == PacketKind.Vrrp)];
        Assert.NotEmpty(adverts);
        Assert.DoesNotContain(packets, packet => packet.Kind == PacketKind.Malformed);
        Assert.All(adverts, advert => Assert.Equal(expected, advert.Error));
        Assert.All(adverts, advert => Assert.Equal(51, advert.Message[1]));

        // Refused packets and authentication headers are named for what they are, and nothing else is wrong with them.
        int notes = expected == DecodeError.None && !name.Contains("-ah", StringComparison.Ordinal) ? 0 : 1;
        Assert.All(adverts, advert => Assert.Equal(notes, advert.Notes.Count));
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Every_address_is_announced_five_times(string name)
    {
        List<Dissection> announcements =
            [.. Read(name).Where(packet => packet.Kind is PacketKind.GratuitousArp or PacketKind.NeighborAdvertisement)];
        Assert.NotEmpty(announcements);
        Assert.All(announcements.GroupBy(packet => packet.Claimed), group => Assert.Equal(5, group.Count()));
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Every_announcement_is_what_we_would_send(string name)
    {
        foreach (PcapPacket packet in Packets(name))
        {
            Dissection announcement = Dissector.FromCapture(packet.Bytes.Span, PcapLink.Ethernet);
            if (announcement.Kind is not (PacketKind.GratuitousArp or PacketKind.NeighborAdvertisement))
            {
                continue;
            }

            byte[] mac = Convert.FromHexString(announcement.ClaimedBy.Replace(":", "", StringComparison.Ordinal));
            byte[] frame = new byte[NeighborAdvertisement.Length];
            int length = announcement.Kind == PacketKind.GratuitousArp
                ? GratuitousArp.Write(frame, mac, announcement.Claimed)
                : NeighborAdvertisement.Write(frame, mac, announcement.Claimed, isRouter: false);
            Assert.Equal(packet.Bytes.ToArray(), frame[..length]);
        }
    }

    private static List<Dissection> Read(string name) =>
        [.. Packets(name).Select(packet => Dissector.FromCapture(packet.Bytes.Span, PcapLink.Ethernet))];

    private static List<PcapPacket> Packets(string name)
    {
        using FileStream stream = File.OpenRead(Path.Combine(WireSamples.VectorsFolder, name));
        Assert.True(Pcap.TryOpen(stream, out Pcap? pcap, out _));
        Assert.NotNull(pcap);
        Assert.Equal(PcapLink.Ethernet, pcap.Link);
        List<PcapPacket> packets = [];
        string problem;
        while (pcap.TryReadNext(out PcapPacket packet, out problem))
        {
            packets.Add(packet);
        }

        Assert.Equal("", problem);
        return packets;
    }
}
