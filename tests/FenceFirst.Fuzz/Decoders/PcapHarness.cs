using FenceFirst.Cli;

namespace FenceFirst.Fuzz.Decoders;

/// <summary>Capture files.</summary>
internal sealed class PcapHarness : Harness
{
    public override string Name => "pcap";

    public override string What => "capture files of both byte orders";

    // A damaged header may promise the longest packet there is: that much is asked for once.
    public override long AllocationMax => 16L << 20;

    public override IReadOnlyList<byte[]> Samples()
    {
        List<byte[]> samples = [];
        byte[][] frames = [.. new FrameHarness().Samples().Take(6)];
        foreach (bool isBig in (bool[])[false, true])
        {
            foreach (uint magic in (uint[])[0xa1b2c3d4, 0xa1b23c4d])
            {
                foreach (byte link in (byte[])[1, 101, 113])
                {
                    List<byte> file = [.. Number(magic, isBig), .. Number(isBig ? 0x00020004u : 0x00040002u, isBig), .. new byte[8], .. Number(65535, isBig), .. Number(link, isBig)];
                    foreach (byte[] frame in frames)
                    {
                        file.AddRange([.. Number(1_800_000_000, isBig), .. Number(5, isBig), .. Number((uint)frame.Length, isBig), .. Number((uint)frame.Length + 3, isBig), .. frame]);
                    }

                    samples.Add([.. file]);
                }
            }
        }

        return samples;
    }

    public override bool Try(byte[] input)
    {
        using MemoryStream stream = new(input);
        bool isOpen = Pcap.TryOpen(stream, out Pcap? pcap, out string error);
        Demand(isOpen == (error.Length == 0) && isOpen == pcap is not null, "a capture and an error at the same time, or neither");
        if (pcap is null)
        {
            return false;
        }

        long bytes = 24;
        int packets = 0;
        while (pcap.TryReadNext(out PcapPacket packet, out error))
        {
            Demand(error.Length == 0 && packet.Nanoseconds < 1_000_000_000, "a packet at no time");
            _ = Dissector.FromCapture(packet.Bytes.Span, pcap.Link);
            bytes += 16 + packet.Bytes.Length;
            packets++;
        }

        Demand(bytes <= input.Length && (error.Length > 0 || bytes == input.Length), "more or fewer bytes than the file has, and no error");
        return packets > 0;
    }

    private static byte[] Number(uint value, bool isBig)
    {
        byte[] bytes = BitConverter.GetBytes(value);
        if (isBig == BitConverter.IsLittleEndian)
        {
            Array.Reverse(bytes);
        }

        return bytes;
    }
}
