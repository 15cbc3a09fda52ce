using System.Globalization;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Recording;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Simulate;

/// <summary>Something that a daemon recorded, in its order.</summary>
/// <param name="Kind">What.</param>
/// <param name="Number">Number of the event, from 1; of everything else that of the event before it.</param>
/// <param name="At">Where its frame begins in the file.</param>
internal sealed record RecordEntry(FrameKind Kind, int Number, long At)
{
    /// <summary>When, on the clock of the node.</summary>
    public MonotonicInstant Now { get; init; }

    /// <summary>The event.</summary>
    public NodeEvent Event { get; init; }

    /// <summary>What the daemon remembered.</summary>
    public NodeMemory? Memory { get; init; }

    /// <summary>The configuration that is read next.</summary>
    public string Configuration { get; init; } = "";

    /// <summary>The instances that a reload kept.</summary>
    public int[] Kept { get; init; } = [];

    /// <summary>The effects.</summary>
    public NodeEffect[] Effects { get; init; } = [];
}

/// <summary>A record of a daemon, read and judged as a whole. Never throws, whatever the file holds.</summary>
internal sealed class Record
{
    private Record()
    {
    }

    /// <summary>The version whose records are read: this program's own.</summary>
    public static string VersionRead => ProgramVersion.Number;

    /// <summary>Version of the program that recorded.</summary>
    public string Version { get; private set; } = "";

    /// <summary>Wall time of the beginning, as it was written.</summary>
    public string Began { get; private set; } = "";

    /// <summary>A number greater than every epoch used before.</summary>
    public ulong EpochBase { get; private set; }

    /// <summary>Where the daemon's own chance began.</summary>
    public ulong Seed { get; private set; }

    /// <summary>Everything after the header.</summary>
    public List<RecordEntry> Entries { get; } = [];

    /// <summary>How the record ends, in words.</summary>
    public string Ending { get; private set; } = "";

    /// <summary>Reads a record; null = it is unusable, for the reason in <paramref name="problem"/>.</summary>
    public static Record? Read(ReadOnlySpan<byte> bytes, out string problem)
    {
        Record record = new();
        problem = "";
        if (!bytes.StartsWith(RecordFrame.Magic))
        {
            problem = bytes.StartsWith(RecordFrame.Magic[..18])
                ? "it is a record of another format than this program reads: replay it with the version that recorded it"
                : "it is no record of 'fencefirst run --record'";
            return null;
        }

        int at = RecordFrame.Magic.Length;
        int events = 0;
        for (uint number = 0; at < bytes.Length; number++)
        {
            FrameResult result = RecordFrame.Read(bytes[at..], number, out FrameKind kind, out ReadOnlySpan<byte> payload);
            if (result == FrameResult.CutOff)
            {
                // A daemon that was killed leaves that, or one that still writes.
                record.Ending = string.Create(CultureInfo.InvariantCulture, $"it is cut off at byte {at}, after event {events}: the daemon was killed, or still records");
                return record.Judge(ref problem);
            }

            if (result == FrameResult.Damaged || !record.Take(number, kind, payload, at, ref events, ref problem))
            {
                problem = problem.Length > 0 ? problem : string.Create(CultureInfo.InvariantCulture, $"it is damaged at byte {at} (frame {number}, after event {events})");
                return null;
            }

            at += payload.Length + RecordFrame.Overhead;
            if (record.Ending.Length > 0)
            {
                if (at < bytes.Length)
                {
                    problem = string.Create(CultureInfo.InvariantCulture, $"it is damaged at byte {at}: something follows its end");
                    return null;
                }

                return record.Judge(ref problem);
            }
        }

        record.Ending = string.Create(CultureInfo.InvariantCulture, $"it has no end, after event {events}: the daemon was killed, or still records");
        return record.Judge(ref problem);
    }

    private Record? Judge(ref string problem)
    {
        if (Version.Length == 0 || Entries.Count == 0 || Entries[0].Kind != FrameKind.Configuration)
        {
            problem = "it ends before the first event";
            return null;
        }

        return this;
    }

    private bool Take(uint number, FrameKind kind, ReadOnlySpan<byte> payload, int at, ref int events, ref string problem)
    {
        if ((number == 0) != (kind == FrameKind.Header))
        {
            return false;
        }

        RecordReader reader = new(payload);
        switch (kind)
        {
            case FrameKind.Header:
                return TakeHeader(ref reader, ref problem);
            case FrameKind.Configuration:
                Entries.Add(new RecordEntry(kind, events, at) { Configuration = reader.Text() });
                return reader.IsAtEnd;
            case FrameKind.Memory:
                MonotonicInstant recalledAt = new(reader.Signed());
                Entries.Add(new RecordEntry(kind, events, at) { Now = recalledAt, Memory = EventCodec.ReadMemory(ref reader) });
                return reader.IsAtEnd;
            case FrameKind.RefusedRemoval:
                MonotonicInstant refusedAt = new(reader.Signed());
                int instance = reader.Number();
                Entries.Add(new RecordEntry(kind, events, at) { Now = refusedAt, Kept = [instance], Effects = [new NodeEffect { Effect = reader.Member<SideEffect>() }] });
                return reader.IsAtEnd;
            case FrameKind.Event:
                MonotonicInstant now = new(reader.Signed());
                Entries.Add(new RecordEntry(kind, ++events, at) { Now = now, Event = EventCodec.ReadEvent(ref reader) });
                return reader.IsAtEnd;
            case FrameKind.Effects:
                ulong count = reader.Unsigned();
                List<NodeEffect> effects = [];
                for (ulong i = 0; i < count && !reader.IsBad; i++)
                {
                    effects.Add(EventCodec.ReadEffect(ref reader));
                }

                Entries.Add(new RecordEntry(kind, events, at) { Effects = [.. effects] });
                return reader.IsAtEnd;
            case FrameKind.Reload:
                MonotonicInstant reloadedAt = new(reader.Signed());
                List<int> kept = [];
                for (ulong left = reader.Unsigned(); left > 0 && !reader.IsBad; left--)
                {
                    kept.Add(reader.Number());
                }

                Entries.Add(new RecordEntry(kind, events, at) { Now = reloadedAt, Kept = [.. kept] });
                return reader.IsAtEnd;
            case FrameKind.End:
                Ending = $"it ends because {System.Text.Encoding.UTF8.GetString(payload)}";
                return true;
            default:
                return false;
        }
    }

    private bool TakeHeader(ref RecordReader reader, ref string problem)
    {
        Version = reader.Text();
        ulong vocabulary = reader.Unsigned();
        Began = reader.Text();
        EpochBase = reader.Unsigned();
        Seed = reader.Unsigned();
        if (!reader.IsBad && (Version != VersionRead || vocabulary != EventCodec.Vocabulary()))
        {
            problem = Version == ProgramVersion.Number
                ? $"it was recorded by another build of version {Version}, whose events mean something else: replay it with the build that recorded it"
                : $"it was recorded by version {Version} and this is {ProgramVersion.Number}: replay it with the version that recorded it";
            return false;
        }

        return reader.IsAtEnd && Version.Length > 0;
    }
}
