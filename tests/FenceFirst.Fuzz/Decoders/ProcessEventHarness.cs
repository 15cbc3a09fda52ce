using FenceFirst.Linux.Network;

namespace FenceFirst.Fuzz.Decoders;

/// <summary>Datagrams of the process connector.</summary>
internal sealed class ProcessEventHarness : Harness
{
    public override string Name => "process";

    public override string What => "the kernel's news of processes";

    public override IReadOnlyList<byte[]> Samples()
    {
        List<byte[]> samples = [ProcessEvents.Subscribe()];
        foreach (uint what in (uint[])[0, 1, 2, 0x200, 0x80000000])
        {
            byte[] message = new byte[76];
            BitConverter.TryWriteBytes(message, message.Length);
            BitConverter.TryWriteBytes(message.AsSpan(16), 1);
            BitConverter.TryWriteBytes(message.AsSpan(20), 1);
            BitConverter.TryWriteBytes(message.AsSpan(36), what);
            for (int at = 52; at < 68; at += 4)
            {
                BitConverter.TryWriteBytes(message.AsSpan(at), 4711);
            }

            samples.Add(message);
        }

        return samples;
    }

    public override bool Try(byte[] input)
    {
        ProcessEvent happened = ProcessEvents.Read(input);
        Demand(Enum.IsDefined(happened.Kind) && (happened.Kind != ProcessEventKind.None || happened == default), "an event of no kind");
        return happened.Kind != ProcessEventKind.None;
    }
}
