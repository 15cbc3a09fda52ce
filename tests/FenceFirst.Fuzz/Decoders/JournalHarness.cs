using System.Buffers;
using System.Text;
using FenceFirst.Cli;
using FenceFirst.Core;
using FenceFirst.Core.Timeline;
using FenceFirst.Daemon.Records;

namespace FenceFirst.Fuzz.Decoders;

/// <summary>Lines of the journal, as <c>fencefirst journal</c> reads them.</summary>
internal sealed class JournalHarness : Harness
{
    private static readonly string[] Tokens =
        ["\"at\":", "\"instance\":", "\"text\":", "null", "1", "\"0001-01-01T00:00:00+14:00\"", "\"9999-12-31T23:59:59.9999999-14:00\"", "\"2026-01-01\"", "\"\\ud800\"", "\"\\u001b[2J\"", "[", "]", "{", "}", ",", "\"", "\\"];

    public override string Name => "journal";

    public override string What => "lines of the journal";

    public override int QuickCount => 20_000;

    public override IReadOnlyList<byte[]> Words { get; } = [.. Tokens.Select(Encoding.UTF8.GetBytes)];

    public override IReadOnlyList<byte[]> Samples()
    {
        List<byte[]> samples = [];
        DateTimeOffset at = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);
        TimelineEntry entry = new() { Kind = TimelineKind.EnteredMaster, Address = InternetAddress.Parse("10.0.0.1"), Duration = TimeSpan.FromSeconds(3) };
        JournalEntry[] entries =
        [
            new(at, new MonotonicInstant(5), "VI_1", "EnteredMaster", "Entering MASTER STATE \u001b[0m", entry, Device: "pdu1"),
            new(at, new MonotonicInstant(6), "", "Operator", "retry, by \u00e9", null, 0, "root"),
        ];
        foreach (JournalEntry each in entries)
        {
            ArrayBufferWriter<byte> buffer = new();
            Journal.Format(buffer, each, "boot", "node");
            byte[] line = buffer.WrittenSpan.ToArray();
            string? words = JournalVerb.Describe(Encoding.UTF8.GetString(line), each.Instance, DateTimeOffset.MinValue, out bool isWanted);
            Demand(isWanted && words is not null && words.EndsWith(each.Text.Replace('\u001b', '?'), StringComparison.Ordinal), "a line that we have written is not read");
            samples.Add(line);
        }

        return samples;
    }

    public override bool Try(byte[] input)
    {
        string? words = JournalVerb.Describe(Encoding.UTF8.GetString(input), "VI_1", DateTimeOffset.MinValue, out bool isWanted);
        Demand(words is not null || !isWanted, "a damaged line is wanted");
        Demand(words is null || !words.Any(char.IsControl), "a line that moves the cursor");
        return words is not null;
    }
}
