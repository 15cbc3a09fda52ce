using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace FenceFirst.Cli;

/// <summary>Why a verb has no result: in words on standard error and, with --json, as a document in the shape of the daemon's own refusals.</summary>
internal static class Refusal
{
    /// <summary>Tells it.</summary>
    /// <param name="text">The reason, without the program's name.</param>
    /// <param name="isJson">Whether the output is read by a program.</param>
    /// <param name="output">Gets <c>{"version":1,"error":...}</c> then.</param>
    /// <param name="error">Gets the words.</param>
    public static void Tell(string text, bool isJson, TextWriter output, TextWriter error)
    {
        error.WriteLine($"fencefirst: {text}");
        TellProgram(text, isJson, output);
    }

    /// <summary>Tells it to a program only, where people have been told already.</summary>
    public static void TellProgram(string text, bool isJson, TextWriter output)
    {
        if (!isJson)
        {
            return;
        }

        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteNumber("version", 1);
            json.WriteString("error", text);
            json.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }
}
