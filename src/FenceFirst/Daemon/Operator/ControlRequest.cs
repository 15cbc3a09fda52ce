using System.Text.Json;
using FenceFirst.Core;

namespace FenceFirst.Daemon.Operator;

/// <summary>What can be asked over the control socket.</summary>
internal enum ControlVerb : byte
{
    /// <summary>How everything is, or one instance.</summary>
    Status = 0,

    /// <summary>How far something is that was asked for earlier.</summary>
    Operation,

    /// <summary>Try again now.</summary>
    Retry,

    /// <summary>An operator answers for a fence.</summary>
    Confirm,

    /// <summary>Another node shall be Master.</summary>
    Handover,

    /// <summary>Maintenance begins or ends.</summary>
    Maintenance,

    /// <summary>A fence device is tried.</summary>
    FenceTest,

    /// <summary>The configuration is read again.</summary>
    Reload,
}

/// <summary>One request: a line of JSON such as <c>{"version":1,"request":"confirm","instance":"VI_1","target":"10.0.0.1","checked":true}</c>.</summary>
internal sealed record ControlRequest
{
    /// <summary>Version of the protocol; others are refused.</summary>
    public const int Version = 1;

    /// <summary>Longest time that can be asked for, in seconds: 30 days.</summary>
    public const int SecondsMax = 30 * 24 * 3600;

    private static readonly (string Word, ControlVerb Verb)[] Verbs =
    [
        ("status", ControlVerb.Status),
        ("operation", ControlVerb.Operation),
        ("retry", ControlVerb.Retry),
        ("confirm", ControlVerb.Confirm),
        ("handover", ControlVerb.Handover),
        ("maintenance", ControlVerb.Maintenance),
        ("fence_test", ControlVerb.FenceTest),
        ("reload", ControlVerb.Reload),
    ];

    /// <summary>What is asked for.</summary>
    public ControlVerb Verb { get; init; }

    /// <summary>Name of the instance; empty when the request has none.</summary>
    public string Instance { get; init; } = "";

    /// <summary>Whose fence is answered for.</summary>
    public InternetAddress Target { get; init; }

    /// <summary>Name of the fence_device.</summary>
    public string Device { get; init; } = "";

    /// <summary>How long, in seconds, 1..<see cref="SecondsMax"/>; 0 = not said.</summary>
    public int Seconds { get; init; }

    /// <summary>Number of an operation; 0 = not said.</summary>
    public long Operation { get; init; }

    /// <summary>Whether maintenance shall be on.</summary>
    public bool IsOn { get; init; }

    /// <summary>Whether a fence device is only asked for its status.</summary>
    public bool IsStatusOnly { get; init; }

    /// <summary>Whether a reload only tells what it would change.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>Whether somebody has looked (confirm), or knows that the target loses its power (fence_test).</summary>
    public bool IsChecked { get; init; }

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
        RequestMembers members = default;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException();
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString() ?? "";
            reader.Read();
            if (!members.TryTake(name, ref reader))
            {
                problem = $"the member \"{Short(name)}\" is not known or has a value of the wrong kind";
                return null;
            }
        }

        // What follows the object is refused as well.
        reader.Read();
        return Build(members, out problem);
    }

    private static ControlRequest? Build(in RequestMembers members, out string problem)
    {
        if (members.Version != Version)
        {
            problem = $"this daemon speaks version {Version} of the control protocol; the request has {(members.Version == 0 ? "none" : members.Version)}";
            return null;
        }

        string word = members.Request ?? "";
        int known = Array.FindIndex(Verbs, each => each.Word == word);
        if (known < 0)
        {
            problem = $"the request \"{Short(word)}\" is not known; known are {string.Join(", ", Verbs.Select(each => each.Word))}";
            return null;
        }

        ControlRequest request = new()
        {
            Verb = Verbs[known].Verb,
            Instance = members.Instance ?? "",
            Device = members.Device ?? "",
            Seconds = members.Seconds ?? 0,
            Operation = members.Operation,
            IsOn = members.On ?? false,
            IsStatusOnly = members.IsStatusOnly,
            IsDryRun = members.IsDryRun,
            IsChecked = members.IsChecked,
            Target = InternetAddress.TryParse(members.Target ?? "", out InternetAddress target) ? target : InternetAddress.None,
        };
        problem = Missing(request, members, word);
        return problem.Length == 0 ? request : null;
    }

    /// <summary>What a request of its kind lacks; empty when it is complete.</summary>
    private static string Missing(ControlRequest request, in RequestMembers members, string word) => request.Verb switch
    {
        _ when members.Seconds is < 1 or > SecondsMax => $"\"seconds\" is a whole number from 1 to {SecondsMax}",
        ControlVerb.Retry or ControlVerb.Confirm or ControlVerb.Handover when request.Instance.Length == 0 => $"{word} needs \"instance\"",
        ControlVerb.Confirm when request.Target.IsNone => "confirm needs \"target\", the address of the node that is down",
        ControlVerb.Confirm when !request.IsChecked => "confirm needs \"checked\": true, the word of somebody who has looked",
        ControlVerb.Operation when request.Operation < 1 => "operation needs \"operation\", the number that the request was answered with",
        ControlVerb.Maintenance when members.On is null => "maintenance needs \"on\": true or false",
        ControlVerb.Maintenance when !request.IsOn && request.Seconds != 0 => "\"seconds\" belongs to \"on\": true",
        not ControlVerb.Reload when request.IsDryRun => "\"dry_run\" belongs to reload",
        ControlVerb.FenceTest when request.Device.Length == 0 => "fence_test needs \"device\", the name of a fence_device",
        ControlVerb.FenceTest when !request.IsStatusOnly && !request.IsChecked =>
            "fence_test needs \"status_only\": true, or \"checked\": true, the word of somebody who knows that the target loses its power",
        _ => "",
    };

    /// <summary>The beginning of what somebody has sent, for messages.</summary>
    internal static string Short(string text) => text.Length <= 40 ? text : text[..40] + "...";

    /// <summary>The members of a request as they are read.</summary>
    private struct RequestMembers
    {
        public int Version;
        public string? Request;
        public string? Instance;
        public string? Target;
        public string? Device;
        public int? Seconds;
        public long Operation;
        public bool? On;
        public bool IsStatusOnly;
        public bool IsDryRun;
        public bool IsChecked;

        /// <summary>Takes one member; false when it is not known or its value is of the wrong kind.</summary>
        public bool TryTake(string name, ref Utf8JsonReader reader)
        {
            switch (name, reader.TokenType)
            {
                case ("version", JsonTokenType.Number):
                    return reader.TryGetInt32(out Version);
                case ("request", JsonTokenType.String):
                    return Take(reader.GetString(), out Request);
                case ("instance", JsonTokenType.String):
                    return Take(reader.GetString(), out Instance);
                case ("target", JsonTokenType.String):
                    return Take(reader.GetString(), out Target);
                case ("device", JsonTokenType.String):
                    return Take(reader.GetString(), out Device);
                case ("seconds", JsonTokenType.Number):
                    bool isWhole = reader.TryGetInt32(out int seconds);
                    Seconds = seconds;
                    return isWhole;
                case ("operation", JsonTokenType.Number):
                    return reader.TryGetInt64(out Operation);
                case ("on", JsonTokenType.True or JsonTokenType.False):
                    On = reader.GetBoolean();
                    return true;
                case ("status_only", JsonTokenType.True or JsonTokenType.False):
                    IsStatusOnly = reader.GetBoolean();
                    return true;
                case ("dry_run", JsonTokenType.True or JsonTokenType.False):
                    IsDryRun = reader.GetBoolean();
                    return true;
                case ("checked", JsonTokenType.True or JsonTokenType.False):
                    IsChecked = reader.GetBoolean();
                    return true;
                default:
                    return false;
            }
        }

        private static bool Take(string? text, out string? taken)
        {
            taken = text;
            return text is not null;
        }
    }
}
