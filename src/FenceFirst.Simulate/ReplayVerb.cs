using System.Globalization;
using FenceFirst.Cli;
using FenceFirst.Core;
using FenceFirst.Core.Timeline;

namespace FenceFirst.Simulate;

/// <summary><c>fencefirst simulate --replay FILE</c>.</summary>
internal static class ReplayVerb
{
    /// <summary>Longest record that is read, bytes: a little more than one can be.</summary>
    private const long FileBytesMax = 256 * 1024 * 1024;

    /// <summary>Replays a record; returns the exit status.</summary>
    public static int Run(string path, bool isDetailed, bool isJson, TextWriter output, TextWriter error)
    {
        byte[] bytes;
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > FileBytesMax })
            {
                Refusal.Tell($"{path}: it is too long for a record", isJson, output, error);
                return SimulateVerb.ExitUnusable;
            }

            bytes = File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            Refusal.Tell(exception.Message, isJson, output, error);
            return SimulateVerb.ExitUnusable;
        }

        return Run(path, bytes, isDetailed, isJson, output, error);
    }

    /// <summary>Replays the bytes of a record; returns the exit status.</summary>
    public static int Run(string path, byte[] bytes, bool isDetailed, bool isJson, TextWriter output, TextWriter error)
    {
        if (Record.Read(bytes, out string problem) is not { } record)
        {
            Refusal.Tell($"{path}: {problem}", isJson, output, error);
            return SimulateVerb.ExitUnusable;
        }

        Replay replay = Replay.Run(record);
        if (isJson)
        {
            output.WriteLine(Json(record, replay));
        }
        else
        {
            Write(path, record, replay, isDetailed, output);
        }

        if (replay.Problem.Length > 0)
        {
            error.WriteLine($"fencefirst: {path}: {replay.Problem}");
            return SimulateVerb.ExitUnusable;
        }

        return replay.Difference is null ? SimulateVerb.ExitGood : SimulateVerb.ExitBad;
    }

    private static string Seconds(MonotonicInstant at, Replay replay) => ((at.Nanoseconds - replay.Start.Nanoseconds) / 1e9).ToString("0.000000", CultureInfo.InvariantCulture);

    private static void Write(string path, Record record, Replay replay, bool isDetailed, TextWriter output)
    {
        output.WriteLine($"{path}: recorded by FenceFirst {record.Version}, from {record.Began} on");
        output.WriteLine();
        foreach ((MonotonicInstant at, TimelineEntry entry, string text) in replay.Lines)
        {
            TimelineLevel level = TimelineText.LevelOf(entry);
            if (isDetailed || level > TimelineLevel.Detail)
            {
                output.WriteLine($"{Seconds(at, replay),12} {(level >= TimelineLevel.Warning ? $"{level.ToString().ToLowerInvariant()}: " : "")}{text}");
            }
        }

        output.WriteLine();
        if (replay.Difference is { } difference)
        {
            output.WriteLine($"DIFFERENT at {Seconds(difference.At, replay)}, event {difference.Number}: {difference.Event}");
            WriteAll("recorded", difference.Expected, output);
            WriteAll("now", difference.Came, output);
            return;
        }

        if (replay.Problem.Length == 0)
        {
            output.WriteLine($"{replay.Events} events, {replay.Effects} decisions: every one came out as it was recorded; {record.Ending}");
        }
    }

    private static void WriteAll(string name, IReadOnlyList<string> effects, TextWriter output)
    {
        output.WriteLine($"  {name}:{(effects.Count == 0 ? " nothing" : "")}");
        foreach (string effect in effects)
        {
            output.WriteLine($"    {effect}");
        }
    }

    private static string Json(Record record, Replay replay) => SimulateJson.Write(writer =>
    {
        writer.WriteBoolean("good", replay.Difference is null && replay.Problem.Length == 0);
        writer.WriteString("version", record.Version);
        writer.WriteString("began", record.Began);
        writer.WriteString("ending", record.Ending);
        writer.WriteNumber("events", replay.Events);
        writer.WriteNumber("decisions", replay.Effects);
        writer.WriteStartArray("timeline");
        foreach ((MonotonicInstant at, TimelineEntry entry, string text) in replay.Lines)
        {
            writer.WriteStartObject();
            writer.WriteNumber("at", Math.Round((at.Nanoseconds - replay.Start.Nanoseconds) / 1e9, 6));
            writer.WriteString("level", TimelineText.LevelOf(entry).ToString().ToLowerInvariant());
            writer.WriteString("kind", entry.Kind.ToString());
            writer.WriteString("text", text);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteString("problem", replay.Problem.Length == 0 ? null : replay.Problem);
        if (replay.Difference is { } difference)
        {
            writer.WriteStartObject("difference");
            writer.WriteNumber("event", difference.Number);
            writer.WriteNumber("at", Math.Round((difference.At.Nanoseconds - replay.Start.Nanoseconds) / 1e9, 6));
            writer.WriteString("what", difference.Event);
            foreach ((string name, IReadOnlyList<string> effects) in (ReadOnlySpan<(string, IReadOnlyList<string>)>)[("recorded", difference.Expected), ("now", difference.Came)])
            {
                writer.WriteStartArray(name);
                foreach (string effect in effects)
                {
                    writer.WriteStringValue(effect);
                }

                writer.WriteEndArray();
            }

            writer.WriteEndObject();
        }
        else
        {
            writer.WriteNull("difference");
        }
    });
}
