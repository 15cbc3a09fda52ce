using System.Text.Json;
using FenceFirst.Core;

namespace FenceFirst.Daemon;

/// <summary>What can be asked over the control socket.</summary>
internal enum ControlVerb : byte
{
    /// <summary>How everything is.</summary>
    Status = 0,

    /// <summary>Try again now.</summary>
    Retry,

    /// <summary>An operator answers for a fence.</summary>
    Confirm,
}

/// <summary>One request: a line of JSON such as <c>{"version":1,"request":"confirm","instance":"VI_1","target":"10.0.0.1","checked":true}</c>.</summary>
internal sealed record ControlRequest
{
    /// <summary>Version of the protocol; others are refused.</summary>
    public const int Version = 1;

    /// <summary>What is asked for.</summary>
    public required ControlVerb Verb { get; init; }

    /// <summary>Name of the instance; empty when the request has none.</summary>
    public string Instance { get; init; } = "";

    /// <summary>Whose fence is answered for.</summary>
    public InternetAddress Target { get; init; }

    /// <summary>Any bytes give a request or the reason for refusing them, never an exception.</summary>
    public static ControlRequest? Parse(ReadOnlySpan<byte> line, out string problem)
    {
        try
        {
            return Read(line, out problem);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string that is JSON but no text (bad UTF-8, half a surrogate pair).
            problem = "the request is not a JSON object in UTF-8 on one line";
            return null;
        }
    }

    private static ControlRequest? Read(ReadOnlySpan<byte> line, out string problem)
    {
        Utf8JsonReader reader = new(line, new JsonReaderOptions { MaxDepth = 2 });
        int version = 0;
        string verb = "";
        string instance = "";
        string target = "";
        bool isChecked = false;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException();
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Take(reader.GetString(), out string name);
            reader.Read();
            bool isRead = (name, reader.TokenType) switch
            {
                ("version", JsonTokenType.Number) => reader.TryGetInt32(out version),
                ("request", JsonTokenType.String) => Take(reader.GetString(), out verb),
                ("instance", JsonTokenType.String) => Take(reader.GetString(), out instance),
                ("target", JsonTokenType.String) => Take(reader.GetString(), out target),
                ("checked", JsonTokenType.True) => isChecked = true,
                ("checked", JsonTokenType.False) => true,
                _ => false,
            };
            if (!isRead)
            {
                problem = $"the member \"{Short(name)}\" is not known or has a value of the wrong kind";
                return null;
            }
        }

        // What follows the object is refused as well.
        reader.Read();
        return Build(version, verb, instance, target, isChecked, out problem);
    }

    private static ControlRequest? Build(int version, string verb, string instance, string target, bool isChecked, out string problem)
    {
        if (version != Version)
        {
            problem = $"this daemon speaks version {Version} of the control protocol; the request has {(version == 0 ? "none" : version)}";
            return null;
        }

        ControlVerb? known = verb switch
        {
            "status" => ControlVerb.Status,
            "retry" => ControlVerb.Retry,
            "confirm" => ControlVerb.Confirm,
            _ => null,
        };
        if (known is not { } what)
        {
            problem = $"the request \"{Short(verb)}\" is not known; known are status, retry and confirm";
            return null;
        }

        if (what != ControlVerb.Status && instance.Length == 0)
        {
            problem = $"{verb} needs \"instance\"";
            return null;
        }

        InternetAddress address = InternetAddress.None;
        if (what == ControlVerb.Confirm && !InternetAddress.TryParse(target, out address))
        {
            problem = "confirm needs \"target\", the address of the node that is down";
            return null;
        }

        if (what == ControlVerb.Confirm && !isChecked)
        {
            problem = "confirm needs \"checked\": true, the word of somebody who has looked";
            return null;
        }

        problem = "";
        return new ControlRequest { Verb = what, Instance = instance, Target = address };
    }

    private static bool Take(string? text, out string taken)
    {
        taken = text ?? "";
        return text is not null;
    }

    private static string Short(string text) => text.Length <= 40 ? text : text[..40] + "...";
}
