using System.Buffers;
using System.Text;
using System.Text.Json;
using FenceFirst.Config;
using FenceFirst.Core.Node;

namespace FenceFirst.Cli;

/// <summary><c>fencefirst check</c>: every problem of a configuration file at once. Starts nothing but fence agents, to ask for their options.</summary>
internal static class CheckVerb
{
    /// <summary>Checks a file for this machine.</summary>
    /// <param name="file">The file.</param>
    /// <param name="configId">Which @ID lines are ours; null = the host name up to its first dot.</param>
    /// <param name="json">Whether the problems are printed as a JSON array on <paramref name="output"/>.</param>
    /// <param name="strict">Whether a warning refuses the file too.</param>
    /// <param name="output">Where the answer goes.</param>
    /// <param name="error">Where the problems go.</param>
    /// <returns>0 = accepted, 1 = refused.</returns>
    internal static int Run(string file, string? configId, bool json, bool strict, TextWriter output, TextWriter error) =>
        Run(file, configId, json, strict, output, error, RealMachineFacts.Create(asksAgents: true));

    /// <summary>Checks a file for a machine of which only the facts are known.</summary>
    internal static int Run(string file, string? configId, bool json, bool strict, TextWriter output, TextWriter error, MachineFacts facts)
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = ConfigLoader.Load(file, configId, facts);
        bool isRefused = config is null || (strict && diagnostics.WarningCount > 0);
        if (json)
        {
            output.WriteLine(Json(diagnostics));
            return isRefused ? 1 : 0;
        }

        error.Write(DiagnosticText.Render(diagnostics));
        if (isRefused || config is null)
        {
            error.WriteLine($"{file}: refused: {Count(diagnostics.ErrorCount, "error")}, {Count(diagnostics.WarningCount, "warning")}");
            return 1;
        }

        output.WriteLine($"{file}: good: {Count(config.Instances.Count, "instance")}, {Count(config.Scripts.Count, "script")}, {Count(diagnostics.WarningCount, "warning")}");
        return 0;
    }

    private static string Json(DiagnosticBag diagnostics)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, new JsonWriterOptions { Indented = true }))
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

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static string Count(int number, string noun) => $"{number} {noun}{(number == 1 ? "" : "s")}";
}
