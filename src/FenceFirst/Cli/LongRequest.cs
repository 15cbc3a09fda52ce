using System.Text.Json;
using FenceFirst.Demo;

namespace FenceFirst.Cli;

/// <summary>A request that takes its time: sends it, shows on a terminal how far it is, and tells the result.</summary>
/// <remarks>Whoever stops waiting changes nothing: the daemon goes on.</remarks>
internal static class LongRequest
{
    /// <summary>Refused, or it has failed.</summary>
    public const int ExitFailed = 1;

    /// <summary>Stopped waiting by Ctrl-C, as shells have it: 128 and the signal.</summary>
    public const int ExitInterrupted = 130;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Asks, waits and tells.</summary>
    /// <param name="socket">Control socket.</param>
    /// <param name="request">Writes the members of the request.</param>
    /// <param name="isJson">Whether the result is printed as JSON.</param>
    /// <param name="output">Where the result goes.</param>
    /// <param name="error">Where refusals and progress go.</param>
    /// <returns>0 = it succeeded, 1 = it was refused or failed, 2 = no daemon answers, 130 = interrupted.</returns>
    public static int Run(string socket, Action<Utf8JsonWriter> request, bool isJson, TextWriter output, TextWriter error)
    {
        Action<string> tell = text => Refusal.Tell(text, isJson, output, error);
        using ControlClient? client = ControlClient.Connect(socket, tell);

        // Before the request: it may have begun before its answer is read.
        using Interruption interruption = new();
        using JsonDocument? answer = client?.Ask(request, tell);
        if (client is null || answer is null)
        {
            return ControlClient.ExitUnreachable;
        }

        JsonElement root = answer.RootElement;
        if (root.TryGetProperty("error", out JsonElement problem))
        {
            tell(problem.GetString() ?? "");
            return ExitFailed;
        }

        if (!root.TryGetProperty("operation", out JsonElement number))
        {
            output.WriteLine(isJson ? root.GetRawText() : root.TryGetProperty("text", out JsonElement text) ? text.GetString() : "done");
            return 0;
        }

        return Wait(client, number.GetInt64(), interruption, isJson, output, error, tell);
    }

    private static int Wait(ControlClient client, long number, Interruption interruption, bool isJson, TextWriter output, TextWriter error, Action<string> tell)
    {
        ProgressLine progress = new(error);
        while (true)
        {
            using JsonDocument? answer = client.Ask(
                json =>
                {
                    json.WriteString("request", "operation");
                    json.WriteNumber("operation", number);
                },
                tell);
            if (answer is null)
            {
                return ControlClient.ExitUnreachable;
            }

            JsonElement root = answer.RootElement;
            if (root.TryGetProperty("error", out JsonElement problem))
            {
                progress.Clear();
                tell(problem.GetString() ?? "");
                return ExitFailed;
            }

            if (root.GetProperty("state").GetString() != "running")
            {
                progress.Clear();
                return Tell(root, isJson, output, error);
            }

            progress.Show(root.GetProperty("text").GetString() ?? "");
            if (interruption.Token.WaitHandle.WaitOne(PollInterval))
            {
                progress.Clear();
                tell("not waited for any longer; what has begun goes on, see 'fencefirst status'");
                return ExitInterrupted;
            }
        }
    }

    private static int Tell(JsonElement root, bool isJson, TextWriter output, TextWriter error)
    {
        if (isJson)
        {
            output.WriteLine(root.GetRawText());
        }
        else
        {
            if (root.TryGetProperty("diagnostics", out JsonElement diagnostics))
            {
                error.Write(diagnostics.GetString());
            }

            foreach (JsonElement line in root.GetProperty("lines").EnumerateArray())
            {
                output.WriteLine($"  {line.GetString()}");
            }

            string subject = root.GetProperty("kind").GetString() == "handover" ? $"{root.GetProperty("subject").GetString()}: " : "";
            output.WriteLine($"{subject}{root.GetProperty("text").GetString()}");
        }

        return root.GetProperty("state").GetString() == "succeeded" ? 0 : ExitFailed;
    }
}

/// <summary>Asks whether something that cannot be undone is really meant: on a terminal with a question, elsewhere an option has to say it.</summary>
internal static class Consent
{
    /// <summary>Whether it is meant.</summary>
    /// <param name="isGiven">Whether the option says so.</param>
    /// <param name="what">What will happen, in full sentences.</param>
    /// <param name="option">The option, for those who cannot be asked.</param>
    /// <param name="error">Where the question goes.</param>
    public static bool Ask(bool isGiven, string what, string option, TextWriter error)
    {
        if (isGiven)
        {
            return true;
        }

        error.WriteLine($"fencefirst: {what}");
        if (!ReferenceEquals(error, Console.Error) || Console.IsInputRedirected || Console.IsErrorRedirected)
        {
            error.WriteLine($"Nothing was done. If that is what you want, say it with {option}");
            return false;
        }

        error.Write("Type yes to go on: ");
        bool isYes = Console.In.ReadLine()?.Trim() == "yes";
        if (!isYes)
        {
            error.WriteLine("Nothing was done.");
        }

        return isYes;
    }
}
