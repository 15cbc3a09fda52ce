using System.Globalization;
using System.Text.Json;

namespace FenceFirst.Cli;

/// <summary><c>fencefirst status</c>: what the daemon says of itself, as a small table or as its own JSON.</summary>
internal static class StatusVerb
{
    private const int ExitFailed = 1;

    /// <summary>Asks and prints; 0 = nothing failed, 1 = something is in Fault or failed, 2 = no daemon.</summary>
    public static int Run(string socket, bool isJson, TextWriter output, TextWriter error)
    {
        using JsonDocument? answer = ControlClient.Ask(socket, json => json.WriteString("request", "status"), error);
        if (answer is null)
        {
            return ControlClient.ExitUnreachable;
        }

        JsonElement root = answer.RootElement;
        if (root.TryGetProperty("error", out JsonElement problem))
        {
            error.WriteLine($"fencefirst: {problem.GetString()}");
            return ControlClient.ExitUnreachable;
        }

        bool isColoured = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null;
        if (isJson)
        {
            output.WriteLine(root.GetRawText());
        }
        else
        {
            Print(root, output, isColoured);
        }

        return root.GetProperty("instances").EnumerateArray().Any(one => one.GetProperty("failed").GetBoolean()) ? ExitFailed : 0;
    }

    /// <summary>The table, and below each instance what needs a sentence.</summary>
    internal static void Print(JsonElement root, TextWriter output, bool isColoured)
    {
        output.WriteLine($"{Text(root, "node")}: FenceFirst {Text(root, "program")}, pid {root.GetProperty("pid").GetInt32()}");
        DateTimeOffset now = root.GetProperty("now").GetDateTimeOffset();
        JsonElement[] instances = [.. root.GetProperty("instances").EnumerateArray()];
        string[][] rows =
        [
            ["INSTANCE", "PHASE", "SINCE", "PRIORITY", "MASTER", "ADDRESSES"],
            .. instances.Select(one => Row(one)),
        ];
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
        for (int i = 0; i < rows.Length; i++)
        {
            string colour = i == 0 || !isColoured ? "" : Colour(instances[i - 1]);
            IEnumerable<string> cells = rows[i].Select((cell, column) =>
                column == 1 && colour.Length > 0 ? colour + cell.PadRight(widths[column]) + "\e[0m" : cell.PadRight(widths[column]));
            output.WriteLine(string.Join("  ", cells).TrimEnd());
            if (i > 0)
            {
                PrintDetails(instances[i - 1], now, output);
            }
        }

        foreach (JsonElement script in root.GetProperty("scripts").EnumerateArray())
        {
            output.WriteLine($"check script {Text(script, "name")}: {Text(script, "result")}");
        }
    }

    private static string[] Row(JsonElement one)
    {
        int priority = one.GetProperty("priority").GetInt32();
        int configured = one.GetProperty("base_priority").GetInt32();
        string master = Text(one, "master");
        int masterPriority = one.GetProperty("master_priority").GetInt32();
        string[] addresses = [.. one.GetProperty("addresses").EnumerateArray().Select(address => address.GetString() ?? "")];
        return
        [
            Text(one, "name"),
            Text(one, "phase"),
            Local(one.GetProperty("since").GetDateTimeOffset()),
            priority == configured ? $"{priority}" : $"{priority} (configured {configured})",
            master.Length == 0 ? "none known" : masterPriority == 0 ? $"{master} (silent)" : $"{master} ({masterPriority})",
            addresses.Length == 0 ? "none" : string.Join(' ', addresses),
        ];
    }

    private static void PrintDetails(JsonElement one, DateTimeOffset now, TextWriter output)
    {
        if (Text(one, "fault") is { Length: > 0 } fault)
        {
            output.WriteLine($"  fault: {fault}");
        }

        if (one.TryGetProperty("step", out JsonElement step))
        {
            string since = step.TryGetProperty("since", out JsonElement at) ? $" for {Seconds(now - at.GetDateTimeOffset())}" : "";
            string attempt = step.TryGetProperty("attempt", out JsonElement number) ? $", attempt {number.GetUInt32()}" : "";
            string level = step.TryGetProperty("level", out JsonElement tier) ? $" (level {tier.GetInt32()} of {step.GetProperty("levels").GetInt32()})" : "";
            string until = step.TryGetProperty("until", out JsonElement end) ? $", at most {Seconds(end.GetDateTimeOffset() - now)} more" : "";
            output.WriteLine(
                $"  step {step.GetProperty("number").GetInt32()} of {step.GetProperty("of").GetInt32()}: {Text(step, "kind").ToLowerInvariant()} {Text(step, "name")}{level} "
                + $"{Text(step, "doing")}{since} (try {step.GetProperty("try").GetInt32()} of {step.GetProperty("tries").GetInt32()}{attempt}{until})");
        }

        if (one.TryGetProperty("next_try", out JsonElement next))
        {
            output.WriteLine(
                $"  {one.GetProperty("failed_promotions").GetInt32()} failed in a row; no promotion before {Local(next.GetDateTimeOffset())} (fencefirst retry {Text(one, "name")} ends the pause)");
        }

        JsonElement packets = one.GetProperty("packets");
        string refused = string.Join(", ", packets.GetProperty("refused").EnumerateObject().Select(reason => $"{reason.Name} {reason.Value.GetInt64()}"));
        output.WriteLine(
            $"  packets: {packets.GetProperty("sent").GetInt64()} sent, {packets.GetProperty("received").GetInt64()} received, refused: {(refused.Length == 0 ? "none" : refused)}");
    }

    private static string Colour(JsonElement one) => Text(one, "phase") switch
    {
        _ when one.GetProperty("failed").GetBoolean() => "\e[31m",
        "Master" => "\e[32m",
        "Promoting" or "Demoting" => "\e[33m",
        _ => "",
    };

    private static string Seconds(TimeSpan span) =>
        string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, span.TotalSeconds):0.0} s");

    private static string Local(DateTimeOffset at) => at.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? "";
}
