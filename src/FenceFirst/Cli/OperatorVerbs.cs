using System.Text.Json;
using FenceFirst.Core;

namespace FenceFirst.Cli;

/// <summary><c>fencefirst retry</c> and <c>fencefirst confirm</c>: what an operator decides.</summary>
internal static class OperatorVerbs
{
    private const int ExitRefused = 1;

    /// <summary>Lets an instance try again now.</summary>
    public static int Retry(string socket, string instance, TextWriter output, TextWriter error) => Ask(
        socket,
        json =>
        {
            json.WriteString("request", "retry");
            json.WriteString("instance", instance);
        },
        output,
        error);

    /// <summary>Answers for the fence of a target.</summary>
    public static int Confirm(string socket, string instance, string target, bool isChecked, TextWriter output, TextWriter error)
    {
        if (!InternetAddress.TryParse(target, out _))
        {
            error.WriteLine($"fencefirst: {target} is no address; say the peer's address as it stands in 'targets'");
            return ExitRefused;
        }

        if (!isChecked)
        {
            error.WriteLine($"""
                fencefirst: nothing was done. With this command YOU answer for it that {target} is down, in place of its fence.
                If it still runs, two nodes will write, and data will be lost. Look first: is its power off, or is it cut off from the
                network and the storage for certain? Silence on the network proves nothing. Then say:
                  fencefirst confirm {instance} --target {target} --i-have-checked
                """);
            return ExitRefused;
        }

        return Ask(
            socket,
            json =>
            {
                json.WriteString("request", "confirm");
                json.WriteString("instance", instance);
                json.WriteString("target", target);
                json.WriteBoolean("checked", true);
            },
            output,
            error);
    }

    private static int Ask(string socket, Action<Utf8JsonWriter> request, TextWriter output, TextWriter error)
    {
        using JsonDocument? answer = ControlClient.Ask(socket, request, error);
        if (answer is null)
        {
            return ControlClient.ExitUnreachable;
        }

        if (answer.RootElement.TryGetProperty("error", out JsonElement problem))
        {
            error.WriteLine($"fencefirst: {problem.GetString()}");
            return ExitRefused;
        }

        output.WriteLine(answer.RootElement.TryGetProperty("text", out JsonElement text) ? text.GetString() : "done");
        return 0;
    }
}
