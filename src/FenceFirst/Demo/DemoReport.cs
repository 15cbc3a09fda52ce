using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace FenceFirst.Demo;

/// <summary>The demonstration's outcome as one JSON document.</summary>
internal static class DemoReport
{
    private const double NanosecondsPerSecond = 1e9;

    /// <summary>Writes what was claimed and measured.</summary>
    public static void Write(TextWriter output, Story story, TimeSpan heldTwice, TimeSpan elapsed) => Write(output, writer =>
    {
        writer.WriteBoolean("succeeded", story.HasSucceeded);
        writer.WriteNumber("seconds", Math.Round(elapsed.TotalSeconds, 3));
        writer.WriteNumber("heldTwiceSeconds", heldTwice.TotalSeconds);
        writer.WriteStartArray("claims");
        foreach (Claim claim in story.Claims)
        {
            writer.WriteStartObject();
            writer.WriteNumber("act", claim.Act);
            writer.WriteString("name", claim.Name);
            writer.WriteString("text", claim.Text);
            writer.WriteBoolean("held", claim.IsHeld);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("timeline");
        foreach (Moment moment in story.Timeline)
        {
            writer.WriteStartObject();
            writer.WriteNumber("seconds", SecondsOf(story, moment));
            writer.WriteString("name", moment.Name);
            writer.WriteString("text", moment.Text);
            writer.WriteString("witness", moment.Witness);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    /// <summary>Writes why there was nothing to claim.</summary>
    public static void WriteFailure(TextWriter output, string reason) => Write(output, writer =>
    {
        writer.WriteBoolean("succeeded", false);
        writer.WriteString("error", reason);
    });

    /// <summary>A moment's distance from the first of the timeline, with microseconds.</summary>
    public static double SecondsOf(Story story, Moment moment) =>
        Math.Round((moment.At.Nanoseconds - story.Timeline[0].At.Nanoseconds) / NanosecondsPerSecond, 6);

    private static void Write(TextWriter output, Action<Utf8JsonWriter> write)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteString("program", "fencefirst demo");
            writer.WriteString("version", ProgramVersion.Text);
            write(writer);
            writer.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(stream.ToArray()));
    }
}
