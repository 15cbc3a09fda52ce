using FenceFirst.Cli;
using FenceFirst.Core;
using FenceFirst.Core.Wire;

namespace FenceFirst.Fuzz.Decoders;

/// <summary>Whole frames: what the probe reads on the link, and what <c>fencefirst decode</c> prints of hexadecimal and captures.</summary>
internal sealed class FrameHarness : Harness
{
    private static readonly byte[] Mac = [2, 0, 0, 0, 0, 1];

    public override string Name => "frame";

    public override string What => "captured frames: Ethernet, VLAN, cooked, IP, ARP, neighbour discovery, VRRP";

    public override IReadOnlyList<byte[]> Samples()
    {
        byte[] frame = new byte[256];
        InternetAddress address = InternetAddress.Parse("10.0.0.1");
        InternetAddress six = InternetAddress.Parse("fd00::1");
        List<byte[]> samples =
        [
            frame[..GratuitousArp.Write(frame, Mac, address)],
            frame[..ArpProbe.Write(frame, Mac, address)],
            frame[..NeighborAdvertisement.Write(frame, Mac, six, isRouter: true)],
            frame[..NeighborSolicitation.Write(frame, Mac, six)],
        ];
        foreach (byte[] packet in new PacketHarness().Samples().Where(input => input.Length > 21 && input[1] == 0x45).Select(input => input[1..]).Take(6).ToArray())
        {
            byte[] head = [1, 0, 0x5e, 0, 0, 0x12, .. Mac];
            samples.Add([.. head, 8, 0, .. packet]);
            samples.Add([.. head, 0x81, 0, 0, 5, 8, 0, .. packet]);
            samples.Add([0, 0, 0, 1, 0, 6, .. Mac, 0, 0, 8, 0, .. packet]);
            samples.Add([8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, .. Mac, 0, 0, .. packet]);
            samples.Add(packet);
            samples.Add(packet[20..]);
            samples.Add([0x60, 0, 0, 0, 0, (byte)packet.Length, 112, 255, .. new byte[32], .. packet]);
        }

        return samples;
    }

    public override bool Try(byte[] input)
    {
        bool isClaim = AddressClaim.TryDecode(input, out AddressClaim claim);
        Demand(isClaim || claim == default || !claim.Address.IsNone, "half a claim");
        bool isOfInterest = false;
        foreach (PcapLink link in Enum.GetValues<PcapLink>())
        {
            isOfInterest |= Dissector.FromCapture(input, link).IsOfInterest;
        }

        Dissection packet = Dissector.FromBytes(input);
        Demand(Enum.IsDefined(packet.Kind) && Enum.IsDefined(packet.Error), "a packet of no kind");
        if (input.Length > 0)
        {
            StringWriter words = new();
            StringWriter json = new();
            int status = DecodeVerb.Run(Convert.ToHexString(input), json: false, words, words);
            Demand(status == DecodeVerb.Run(Convert.ToHexString(input), json: true, json, json), "the verdict depends on the form of the answer");
            Demand(status is 0 or 1 && words.ToString().Length > 0, "no words for a packet");
            using System.Text.Json.JsonDocument document = System.Text.Json.JsonDocument.Parse(json.ToString());
        }

        return isClaim || isOfInterest;
    }
}
