using System.Globalization;
using System.Text.Json;
using FenceFirst.Core;
using FenceFirst.Daemon.Operator;

namespace FenceFirst.Cli;

/// <summary>What an operator decides: retry, confirm, handover, maintenance, reload.</summary>
internal static class OperatorVerbs
{
    private const int ExitRefused = 1;

    /// <summary>Lets an instance try again now.</summary>
    public static int Retry(string socket, string instance, bool isJson, TextWriter output, TextWriter error) => LongRequest.Run(
        socket,
        json =>
        {
            json.WriteString("request", "retry");
            json.WriteString("instance", instance);
        },
        isJson,
        output,
        error);

    /// <summary>Answers for the fence of a target.</summary>
    public static int Confirm(string socket, string instance, string target, bool isChecked, bool isJson, TextWriter output, TextWriter error)
    {
        if (!InternetAddress.TryParse(target, out _))
        {
            error.WriteLine($"fencefirst: {target} is no address; say the peer's address as it stands in 'targets'");
            return Invocation.ExitUnusable;
        }

        if (!isChecked)
        {
            Refusal.Tell(
                $"""
                nothing was done. With this command YOU answer for it that {target} is down, in place of its fence.
                If it still runs, two nodes will write, and data will be lost. Look first: is its power off, or is it cut off from the
                network and the storage for certain? Silence on the network proves nothing. Then say:
                  fencefirst confirm {instance} --target {target} --i-have-checked
                """,
                isJson,
                output,
                error);
            return ExitRefused;
        }

        return LongRequest.Run(
            socket,
            json =>
            {
                json.WriteString("request", "confirm");
                json.WriteString("instance", instance);
                json.WriteString("target", target);
                json.WriteBoolean("checked", true);
            },
            isJson,
            output,
            error);
    }

    /// <summary>Hands the addresses over to another node.</summary>
    public static int Handover(string socket, string instance, string within, bool isYes, bool isJson, TextWriter output, TextWriter error)
    {
        if (!TryParseSpan("--within", within, error, out int seconds))
        {
            return Invocation.ExitUnusable;
        }

        string? unreachable = null;
        bool isMeant = IsMeant(socket, instance, isYes, error, text => unreachable = text);
        if (unreachable is not null)
        {
            Refusal.Tell(unreachable, isJson, output, error);
            return ControlClient.ExitUnreachable;
        }

        if (!isMeant)
        {
            Refusal.TellProgram("nothing was done: the peers switch this node off when they take over, and --yes was not said", isJson, output);
            return ExitRefused;
        }

        return LongRequest.Run(
            socket,
            json =>
            {
                json.WriteString("request", "handover");
                json.WriteString("instance", instance);
                json.WriteNumber("seconds", seconds);
            },
            isJson,
            output,
            error);
    }

    /// <summary>Begins or ends maintenance.</summary>
    public static int Maintenance(string socket, string onOrOff, string? instance, string? duration, bool isJson, TextWriter output, TextWriter error)
    {
        int seconds = 0;
        if (duration is not null && !TryParseSpan("--for", duration, error, out seconds))
        {
            return Invocation.ExitUnusable;
        }

        if (duration is not null && onOrOff == "off")
        {
            error.WriteLine("fencefirst: --for belongs to 'maintenance on'");
            return Invocation.ExitUnusable;
        }

        return LongRequest.Run(
            socket,
            json =>
            {
                json.WriteString("request", "maintenance");
                json.WriteBoolean("on", onOrOff == "on");
                if (instance is not null)
                {
                    json.WriteString("instance", instance);
                }

                if (seconds > 0)
                {
                    json.WriteNumber("seconds", seconds);
                }
            },
            isJson,
            output,
            error);
    }

    /// <summary>Reads the configuration again, or only tells what that would change.</summary>
    public static int Reload(string socket, bool isDryRun, bool isJson, TextWriter output, TextWriter error) =>
        LongRequest.Run(
            socket,
            json =>
            {
                json.WriteString("request", "reload");
                if (isDryRun)
                {
                    json.WriteBoolean("dry_run", true);
                }
            },
            isJson,
            output,
            error);

    /// <summary>"90s", "10m", "2h", "3d" or whole seconds, from one second to thirty days.</summary>
    internal static bool TryParseSpan(string option, string text, TextWriter error, out int seconds)
    {
        int unit = text.Length == 0 ? 0 : text[^1] switch { 's' or (>= '0' and <= '9') => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 };
        string digits = unit != 0 && char.IsAsciiLetter(text[^1]) ? text[..^1] : text;
        bool isNumber = int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int count);
        long product = isNumber ? (long)count * unit : 0;
        seconds = product is >= 1 and <= ControlRequest.SecondsMax ? (int)product : 0;
        if (seconds == 0)
        {
            error.WriteLine($"fencefirst: {option} {text}: say 90s, 10m, 2h or 3d, at least 1s and at most 30d");
        }

        return seconds != 0;
    }

    /// <summary>An instance that fences has peers that fence as well: they switch this node off after its release, unless that is enough for them.</summary>
    private static bool IsMeant(string socket, string instance, bool isYes, TextWriter error, Action<string> tell)
    {
        using JsonDocument? answer = ControlClient.Ask(
            socket,
            json =>
            {
                json.WriteString("request", "status");
                json.WriteString("instance", instance);
            },
            tell);

        // What is refused is refused by the daemon, with its reason, so nobody is asked about it before.
        if (answer is null
            || !answer.RootElement.TryGetProperty("instances", out JsonElement instances)
            || instances.GetArrayLength() == 0
            || instances[0].GetProperty("phase").GetString() != "Master"
            || !instances[0].GetProperty("fences").GetBoolean())
        {
            return true;
        }

        return Consent.Ask(
            isYes,
            $"the promotion of {instance} fences, and so will that of its peers: whoever takes over switches THIS node off, after its orderly release.",
            $"fencefirst handover {instance} --yes",
            error);
    }
}
