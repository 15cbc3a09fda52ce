namespace FenceFirst.Fuzz;

/// <summary>What a decoder did that no decoder may do.</summary>
public sealed class FuzzFailureException(string message) : Exception(message);

/// <summary>One decoder: good inputs to begin with, how to spoil them, and what must hold for any input.</summary>
/// <remarks>Bytes give a value or a named refusal: nothing else. An exception, a hang, or memory beyond the bound is a failure; so is a broken round trip.</remarks>
internal abstract class Harness
{
    /// <summary>One word, as on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>What is decoded.</summary>
    public abstract string What { get; }

    /// <summary>Longest input in bytes.</summary>
    public virtual int LengthMax => 4096;

    /// <summary>Most bytes that one input may make the decoder allocate.</summary>
    public virtual long AllocationMax => 8L << 20;

    /// <summary>Inputs in a run of the unit tests.</summary>
    public virtual int QuickCount => 4000;

    /// <summary>Words of the format, put in here and there.</summary>
    public virtual IReadOnlyList<byte[]> Words => [];

    /// <summary>Good inputs, and bad ones that are nearly good.</summary>
    public abstract IReadOnlyList<byte[]> Samples();

    /// <summary>Decodes; returns whether a value came out. Throws when something does not hold.</summary>
    public abstract bool Try(byte[] input);

    /// <summary>Makes a spoilt input plausible again (checksums, lengths), so that what lies behind the first check is reached.</summary>
    public virtual byte[] Repair(byte[] input, Chance chance) => input;

    /// <summary>Fails with a sentence unless the condition holds.</summary>
    protected static void Demand(bool condition, string sentence)
    {
        if (!condition)
        {
            throw new FuzzFailureException(sentence);
        }
    }

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Harness> All { get; } =
    [
        new Decoders.PacketHarness(), new Decoders.SignedHarness(), new Decoders.HeaderHarness(), new Decoders.FrameHarness(), new Decoders.PcapHarness(), new Decoders.EchoHarness(),
        new Decoders.NetlinkHarness(), new Decoders.ProcessEventHarness(), new Decoders.ConfigHarness(), new Decoders.FormatHarness(),
        new Decoders.AgentHarness(), new Decoders.ControlHarness(), new Decoders.JournalHarness(), new Decoders.StateHarness(), new Decoders.WordHarness(), new Decoders.ScenarioHarness(), new Decoders.RecordHarness(), new Decoders.MailHarness(),
    ];
}
