using System.Buffers;
using System.Text;
using System.Text.Json;
using FenceFirst.Sim;

namespace FenceFirst.Simulate;

/// <summary>The same for programs.</summary>
internal static class SimulateJson
{
    /// <summary>One run.</summary>
    public static string One(SimulateRequest request, SimOptions options, Scenario? scenario, ScenarioResult result) => Write(writer =>
    {
        writer.WriteBoolean("good", result.IsGood);
        writer.WriteNumber("seed", result.Seed);
        writer.WriteString("scenario", request.Scenario);
        writer.WriteNumber("seconds", (result.End - result.Zero) / 1e9);
        writer.WriteStartArray("nodes");
        for (int i = 0; i < options.Nodes.Length; i++)
        {
            writer.WriteStartObject();
            writer.WriteString("node", SimCluster.NameOf(i));
            writer.WriteString("file", request.Files[i]);
            writer.WriteString("address", options.Nodes[i].Instances[0].Source.ToString());
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("timeline");
        foreach (TimelineLine line in result.Timeline.Where(line => line.At >= result.Zero))
        {
            writer.WriteStartObject();
            writer.WriteNumber("at", Seconds(line.At - result.Zero));
            writer.WriteString("node", line.Node < 0 ? null : SimCluster.NameOf(line.Node));
            writer.WriteString("source", line.Source.ToString().ToLowerInvariant());
            writer.WriteString("level", line.Level.ToString().ToLowerInvariant());
            writer.WriteString("kind", line.Kind);
            writer.WriteString("text", line.Text);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("held");
        foreach (Holding holding in result.Holdings.All.Where(holding => holding.To > result.Zero))
        {
            writer.WriteStartObject();
            writer.WriteString("instance", options.Nodes[0].Instances[holding.Instance].Name);
            writer.WriteString("node", SimCluster.NameOf(holding.Node));
            writer.WriteNumber("from", Seconds(Math.Max(0, holding.From - result.Zero)));
            writer.WriteNumber("to", Seconds(holding.To - result.Zero));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("twoOwnersSeconds", Seconds(result.Twice));
        writer.WriteStartArray("expectations");
        foreach (Verdict verdict in result.Verdicts)
        {
            writer.WriteStartObject();
            writer.WriteString("text", verdict.Claim.Text);
            writer.WriteNumber("line", verdict.Claim.Line);
            writer.WriteBoolean("held", verdict.IsHeld);
            writer.WriteNumber("at", Seconds(verdict.At));
            writer.WriteString("seen", verdict.Seen);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        WriteExcuses(writer, result.Excuses);
        if (result.Violation is { } violation)
        {
            writer.WriteStartObject("violation");
            writer.WriteString("guarantee", violation.Guarantee);
            writer.WriteString("checker", violation.Checker);
            writer.WriteNumber("at", Seconds(violation.At - result.Zero));
            writer.WriteString("text", violation.Text);
            writer.WriteEndObject();
        }
        else
        {
            writer.WriteNull("violation");
        }
    });

    /// <summary>Many runs.</summary>
    public static string Many(SimulateRequest request, RunsSum sum) => Write(writer =>
    {
        writer.WriteBoolean("good", sum.Failed.Count == 0);
        writer.WriteNumber("firstSeed", request.Seed);
        writer.WriteNumber("runs", sum.Count);
        writer.WriteNumber("failovers", sum.Failovers);
        writer.WriteNumber("seconds", Math.Round(sum.Seconds, 3));
        writer.WriteNumber("twoOwnersRuns", sum.TwiceRuns);
        writer.WriteNumber("twoOwnersSeconds", Math.Round(sum.TwiceSeconds, 3));
        WriteExcuses(writer, sum.Excuses);
        writer.WriteStartArray("failed");
        foreach ((ulong seed, string why) in sum.Failed)
        {
            writer.WriteStartObject();
            writer.WriteNumber("seed", seed);
            writer.WriteString("why", why);
            writer.WriteString("command", SimulateVerb.Command(request, seed));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    /// <summary>An object.</summary>
    internal static string Write(Action<Utf8JsonWriter> body)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartObject();
            body(writer);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Whole microseconds.</summary>
    private static double Seconds(long nanoseconds) => Math.Round(nanoseconds / 1e9, 6);

    private static void WriteExcuses(Utf8JsonWriter writer, IReadOnlyDictionary<string, long> excuses)
    {
        writer.WriteStartObject("notGuaranteed");
        foreach ((string condition, long times) in excuses)
        {
            writer.WriteNumber(condition, times);
        }

        writer.WriteEndObject();
    }
}
