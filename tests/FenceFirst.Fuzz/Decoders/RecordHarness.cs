using FenceFirst.Config;
using FenceFirst.Config.Binding;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Recording;
using FenceFirst.Simulate;

namespace FenceFirst.Fuzz.Decoders;

/// <summary>Records of a daemon, read and replayed as <c>fencefirst simulate --replay</c> does.</summary>
internal sealed class RecordHarness : Harness
{
    private const string File = "vrrp_instance A {\n    interface eth0\n    virtual_router_id 5\n    virtual_ipaddress {\n        10.0.0.1/24\n    }\n}\n";

    public override string Name => "record";

    public override string What => "records of a daemon, and their replay";

    // The configuration inside is read as any other.
    public override long AllocationMax => 1L << 30;

    public override int QuickCount => 1000;

    public override IReadOnlyList<byte[]> Samples()
    {
        FactsRecord facts = new(FuzzMachine.Facts(File), 42);
        NodeConfig config = ConfigLoader.Load(FuzzMachine.FileName, null, facts.Facts).Config ?? throw new FuzzFailureException("the sample is not good");
        byte[] scratch = new byte[64 * 1024];
        List<byte[]> samples = [];
        foreach (bool isStarted in (bool[])[false, true])
        {
            MonotonicInstant now = new(1_000_000_000_000);
            NodeState state = new(config, 1_000_000, 99);
            EffectBuffer effects = new();
            List<(FrameKind Kind, byte[] Payload)> frames = [(FrameKind.Header, Header(scratch)), (FrameKind.Configuration, Configuration(scratch, facts))];
            RecordWriter memory = new(scratch);
            memory.Signed(now.Nanoseconds);
            EventCodec.Write(ref memory, NodeMemory.Empty);
            frames.Add((FrameKind.Memory, memory.Written.ToArray()));
            NodeRecall.Apply(config, state, NodeMemory.Empty, now, effects);
            frames.Add((FrameKind.Effects, Effects(scratch, effects)));
            NodeEvent[] events = [NodeEvent.LinkChanged(0, isUp: true), NodeEvent.SourceChanged(0, InternetAddress.Parse("192.168.10.1")), NodeEvent.Started(), NodeEvent.DeadlineReached(0)];
            foreach (NodeEvent happened in isStarted ? events : [])
            {
                RecordWriter writer = new(scratch);
                writer.Signed(now.Nanoseconds);
                EventCodec.Write(ref writer, happened);
                frames.Add((FrameKind.Event, writer.Written.ToArray()));
                effects.Clear();
                NodeMachine.Step(config, state, happened, now, effects);
                frames.Add((FrameKind.Effects, Effects(scratch, effects)));
            }

            frames.Add((FrameKind.End, "the daemon ended"u8.ToArray()));
            byte[] sample = Join(frames);
            Demand(Replayed(sample) == 0, "a record that we have written is not replayed to the same decisions");
            samples.Add(sample);
        }

        return samples;
    }

    public override bool Try(byte[] input)
    {
        int status = Replayed(input);
        Demand(status is >= 0 and <= 2, "an exit status that means nothing");
        return status != 2;
    }

    /// <summary>Frames that can still be told apart get their right checks: without them nothing but the checks would be reached.</summary>
    public override byte[] Repair(byte[] input, Chance chance)
    {
        if (chance.OneIn(8) || input.Length < RecordFrame.Magic.Length)
        {
            return input;
        }

        List<(FrameKind Kind, byte[] Payload)> frames = [];
        for (int at = RecordFrame.Magic.Length; at + RecordFrame.Overhead <= input.Length;)
        {
            // A frame that claims to be longer than the rest is the rest.
            int length = BitConverter.ToInt32(input, at + 1);
            length = Math.Min(length < 0 ? 0 : length, input.Length - at - RecordFrame.Overhead);
            frames.Add(((FrameKind)input[at], input[(at + 5)..(at + 5 + length)]));
            at += length + RecordFrame.Overhead;
        }

        return Join(frames);
    }

    private static int Replayed(byte[] bytes) => ReplayVerb.Run("record", bytes, isDetailed: true, isJson: bytes.Length % 2 == 0, TextWriter.Null, TextWriter.Null);

    private static byte[] Header(byte[] scratch)
    {
        RecordWriter header = new(scratch);
        header.Text(Record.VersionRead);
        header.Unsigned(EventCodec.Vocabulary());
        header.Text("2026-01-01T00:00:00Z");
        header.Unsigned(1_000_000);
        header.Unsigned(99);
        return header.Written.ToArray();
    }

    private static byte[] Configuration(byte[] scratch, FactsRecord facts)
    {
        RecordWriter configuration = new(scratch);
        configuration.Text(facts.Text(FuzzMachine.FileName, null));
        return configuration.Written.ToArray();
    }

    private static byte[] Effects(byte[] scratch, EffectBuffer effects)
    {
        RecordWriter writer = new(scratch);
        writer.Unsigned((ulong)effects.Count);
        foreach (ref readonly NodeEffect effect in effects.Span)
        {
            EventCodec.Write(ref writer, effect);
        }

        return writer.Written.ToArray();
    }

    private static byte[] Join(List<(FrameKind Kind, byte[] Payload)> frames)
    {
        List<byte> bytes = [.. RecordFrame.Magic];
        for (int i = 0; i < frames.Count; i++)
        {
            byte[] frame = new byte[frames[i].Payload.Length + RecordFrame.Overhead];
            RecordFrame.Write(frame, (uint)i, frames[i].Kind, frames[i].Payload);
            bytes.AddRange(frame);
        }

        return [.. bytes];
    }
}
