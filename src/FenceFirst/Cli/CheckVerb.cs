using System.Buffers;
using System.Text;
using System.Text.Json;
using FenceFirst.Config;
using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Output;
using FenceFirst.Core.Node;

namespace FenceFirst.Cli;

/// <summary><c>fencefirst check</c>: every problem of a configuration file at once. Starts nothing but fence agents, to ask for their options.</summary>
internal static class CheckVerb
{
    /// <summary>Checks a file for this machine.</summary>
    /// <param name="options">What is asked.</param>
    /// <param name="output">Where the answer goes.</param>
    /// <param name="error">Where the problems go.</param>
    /// <returns>0 = accepted, 1 = refused, 2 = the options contradict each other; or keepalived's statuses, if they were asked for.</returns>
    internal static int Run(CheckOptions options, TextWriter output, TextWriter error) => Run(options, output, error, RealMachineFacts.Create(asksAgents: true));

    /// <summary>Checks a file for a machine of which only the facts are known.</summary>
    internal static int Run(CheckOptions options, TextWriter output, TextWriter error, MachineFacts facts)
    {
        if (options.IsDumping && options.PeerFile is not null)
        {
            error.WriteLine("fencefirst check: --dump prints the values of one file, --peer compares two: ask for the one and then for the other");
            return Invocation.ExitUnusable;
        }

        (NodeConfig? config, DiagnosticBag diagnostics) = ConfigLoader.Load(options.File, options.ConfigId, facts);
        IReadOnlyList<PairInstance>? pairs = null;
        if (config is not null && options.PeerFile is string peerFile)
        {
            pairs = ComparePeer(config, options, peerFile, facts, diagnostics);
        }

        bool isRefused = config is null || diagnostics.HasErrors || (options.IsStrict && diagnostics.WarningCount > 0);
        int status = options.HasKeepalivedStatus ? KeepalivedExitCode.Of(diagnostics) : isRefused ? 1 : 0;
        if (options.IsJson && !options.IsDumping)
        {
            output.WriteLine(Json(diagnostics, options, pairs));
            return status;
        }

        error.Write(DiagnosticText.Render(diagnostics));
        if (isRefused || config is null)
        {
            string verdict = $"{options.File}: refused: {Count(diagnostics.ErrorCount, "error")}, {Count(diagnostics.WarningCount, "warning")}";
            error.WriteLine(verdict);
            Refusal.TellProgram(verdict, options.IsJson, output);
            return status;
        }

        if (options.IsDumping)
        {
            output.Write(options.IsJson ? ConfigDump.Json(config) + "\n" : ConfigDump.Text(config));
            return status;
        }

        output.WriteLine($"{options.File}: good: {Count(config.Instances.Count, "instance")}, {Count(config.Scripts.Count, "script")}, {Count(diagnostics.WarningCount, "warning")}");
        foreach (string sentence in (pairs ?? []).SelectMany(pair => pair.Sentences()))
        {
            output.WriteLine(sentence);
        }

        return status;
    }

    /// <summary>Adds what does not fit together with the other node's file; returns what follows from both, null where the other file is no good.</summary>
    private static IReadOnlyList<PairInstance>? ComparePeer(NodeConfig config, CheckOptions options, string peerFile, MachineFacts facts, DiagnosticBag diagnostics)
    {
        (NodeConfig? peer, DiagnosticBag peerDiagnostics) = ConfigLoader.Load(peerFile, options.PeerId ?? "", OtherMachine.Of(facts));
        if (peer is null)
        {
            // Its warnings are the other machine's business; its errors make a comparison worthless.
            Take(peerDiagnostics.Sorted().Where(diagnostic => diagnostic.Severity == Severity.Error), diagnostics);
            return null;
        }

        (DiagnosticBag found, IReadOnlyList<PairInstance> pairs) = PairCheck.Compare(config, peer, options.File, peerFile);
        Take(found.Sorted(), diagnostics);
        return pairs;
    }

    private static void Take(IEnumerable<Diagnostic> found, DiagnosticBag diagnostics)
    {
        foreach (Diagnostic diagnostic in found)
        {
            diagnostics.Add(diagnostic);
        }
    }

    /// <summary>The problems as an array; with a peer one object, which has the pair as well (docs/lints.md).</summary>
    private static string Json(DiagnosticBag diagnostics, CheckOptions options, IReadOnlyList<PairInstance>? pairs)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, new JsonWriterOptions { Indented = true }))
        {
            if (options.PeerFile is not { } peerFile)
            {
                Write(writer, diagnostics);
            }
            else
            {
                writer.WriteStartObject();
                writer.WriteNumber("version", 1);
                writer.WritePropertyName("problems");
                Write(writer, diagnostics);
                writer.WritePropertyName("pair");
                Write(writer, options.File, peerFile, pairs);
                writer.WriteEndObject();
            }
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter writer, DiagnosticBag diagnostics)
    {
        writer.WriteStartArray();
        foreach (Diagnostic diagnostic in diagnostics.Sorted())
        {
            writer.WriteStartObject();
            writer.WriteString("file", diagnostic.Span.Path);
            writer.WriteNumber("line", diagnostic.Span.Line);
            writer.WriteNumber("column", diagnostic.Span.Column);
            writer.WriteString("code", diagnostic.Code.Id);
            writer.WriteString("severity", DiagnosticText.SeverityName(diagnostic.Severity));
            writer.WriteString("message", diagnostic.Message);
            writer.WriteString("hint", diagnostic.Hint);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, string file, string peerFile, IReadOnlyList<PairInstance>? pairs)
    {
        if (pairs is null)
        {
            writer.WriteNullValue();
            return;
        }

        writer.WriteStartObject();
        writer.WriteString("node", file);
        writer.WriteString("peer", peerFile);
        writer.WriteStartArray("instances");
        foreach (PairInstance pair in pairs)
        {
            pair.Write(writer);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static string Count(int number, string noun) => $"{number} {noun}{(number == 1 ? "" : "s")}";
}
