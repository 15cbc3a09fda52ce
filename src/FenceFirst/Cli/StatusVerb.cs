using System.Globalization;
using System.Text.Json;

namespace FenceFirst.Cli;

/// <summary><c>fencefirst status</c>: what the daemon says of itself, as a small table or as its own JSON.</summary>
internal static class StatusVerb
{
    private const int ExitFailed = 1;
    private const string Red = "\e[31m";
    private const string Yellow = "\e[33m";

    /// <summary>Asks and prints; 0 = nothing failed, 1 = something is in Fault, failed, or needs somebody, 2 = no daemon.</summary>
    public static int Run(string socket, string? instance, bool isJson, TextWriter output, TextWriter error)
    {
        using JsonDocument? answer = ControlClient.Ask(
            socket,
            json =>
            {
                json.WriteString("request", "status");
                if (instance is not null)
                {
                    json.WriteString("instance", instance);
                }
            },
            text => Refusal.Tell(text, isJson, output, error));
        if (answer is null)
        {
            return ControlClient.ExitUnreachable;
        }

        JsonElement root = answer.RootElement;
        if (root.TryGetProperty("error", out JsonElement problem))
        {
            Refusal.Tell(problem.GetString() ?? "", isJson, output, error);
            return ControlClient.ExitUnreachable;
        }

        bool isColoured = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        if (isJson)
        {
            output.WriteLine(root.GetRawText());
        }
        else
        {
            Print(root, output, isColoured);
        }

        return IsFailed(root) ? ExitFailed : 0;
    }

    /// <summary>An instance that failed or is held back, a fence device that does not answer, or a reload that was refused.</summary>
    private static bool IsFailed(JsonElement root) =>
        root.GetProperty("instances").EnumerateArray().Any(one => one.GetProperty("failed").GetBoolean())
        || root.GetProperty("fence_devices").EnumerateArray().Any(IsSilent)
        || (root.TryGetProperty("last_reload", out JsonElement reload) && !reload.GetProperty("accepted").GetBoolean());

    private static bool IsSilent(JsonElement device) => device.TryGetProperty("good", out JsonElement isGood) && !isGood.GetBoolean();

    /// <summary>The table, and below each instance what needs a sentence.</summary>
    internal static void Print(JsonElement root, TextWriter output, bool isColoured)
    {
        output.WriteLine($"{Text(root, "node")}: FenceFirst {Text(root, "program")}, pid {root.GetProperty("pid").GetInt32()}");
        DateTimeOffset now = root.GetProperty("now").GetDateTimeOffset();
        PrintNotices(root, output, isColoured);
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

        foreach (JsonElement group in root.TryGetProperty("groups", out JsonElement groups) ? groups.EnumerateArray() : default)
        {
            string members = string.Join(", ", group.GetProperty("members").EnumerateArray().Select(member => member.GetString()));
            output.WriteLine($"sync group {Text(group, "name")}: {(Text(group, "state") is { Length: > 0 } state ? state : "not told of yet")} ({members})");
        }

        foreach (JsonElement script in root.GetProperty("scripts").EnumerateArray())
        {
            output.WriteLine($"check script {Text(script, "name")}: {Text(script, "result")}");
        }

        foreach (JsonElement device in root.GetProperty("fence_devices").EnumerateArray())
        {
            PrintDevice(device, output, isColoured);
        }
    }

    /// <summary>What concerns the whole node and must not be overlooked.</summary>
    private static void PrintNotices(JsonElement root, TextWriter output, bool isColoured)
    {
        if (Maintenance(root) is { } maintenance)
        {
            output.WriteLine(Coloured($"*** MAINTENANCE {maintenance}: no promotion starts here, and trackers demote nobody ***", Yellow, isColoured));
        }

        if (root.TryGetProperty("last_reload", out JsonElement reload) && !reload.GetProperty("accepted").GetBoolean())
        {
            string at = Local(reload.GetProperty("at").GetDateTimeOffset());
            output.WriteLine(Coloured($"*** the reload of {at} was refused; the configuration from before is in force ***", Red, isColoured));
            output.WriteLine(Text(reload, "text").TrimEnd());
        }
    }

    private static void PrintDevice(JsonElement device, TextWriter output, bool isColoured)
    {
        string what = !device.TryGetProperty("good", out JsonElement isGood)
            ? device.GetProperty("monitor_interval").GetDouble() > 0 ? "not asked yet" : "not watched (no monitor_interval)"
            : $"{Text(device, "text")} (asked {Local(device.GetProperty("asked").GetDateTimeOffset())}, {(isGood.GetBoolean() ? "good" : "FAILING")} since {Local(device.GetProperty("since").GetDateTimeOffset())})";
        string line = $"fence_device {Text(device, "name")}: {(device.GetProperty("testing").GetBoolean() ? "is being tested; " : "")}{what}";
        output.WriteLine(IsSilent(device) ? Coloured(line, Red, isColoured) : line);
    }

    /// <summary>Until when; null = no maintenance.</summary>
    private static string? Maintenance(JsonElement element) => !element.TryGetProperty("maintenance", out JsonElement maintenance) ? null
        : maintenance.TryGetProperty("until", out JsonElement until) ? $"until {Local(until.GetDateTimeOffset())}"
        : "until 'fencefirst maintenance off'";

    private static string Coloured(string text, string colour, bool isColoured) => isColoured ? colour + text + "\e[0m" : text;

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

        if (Maintenance(one) is { } maintenance)
        {
            output.WriteLine($"  MAINTENANCE {maintenance}{(one.GetProperty("held_back").GetBoolean() ? "; THE MASTER IS SILENT, and no promotion starts" : "")}");
        }

        if (one.TryGetProperty("handover", out JsonElement handover))
        {
            string by = Text(handover, "by");
            string left = handover.TryGetProperty("until", out JsonElement end) ? $", at most {Seconds(end.GetDateTimeOffset() - now)} more (fencefirst retry {Text(one, "name")} ends the waiting)" : "";
            output.WriteLine($"  handover: {(by.Length == 0 ? "waits for another master" : $"{by} advertises, and has not claimed the addresses yet")}{left}");
        }

        if (one.TryGetProperty("lease", out JsonElement lease))
        {
            string left = lease.TryGetProperty("left_seconds", out JsonElement seconds)
                ? $"; renewed {Seconds(TimeSpan.FromSeconds(lease.GetProperty("renewed_seconds_ago").GetDouble()))} ago, {Seconds(TimeSpan.FromSeconds(seconds.GetDouble()))} left"
                : "";
            output.WriteLine($"  vip_lease {lease.GetProperty("seconds").GetInt32()} s{left}");
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
        _ when one.GetProperty("failed").GetBoolean() => Red,
        "Master" => "\e[32m",
        "Promoting" or "Demoting" => Yellow,
        _ => "",
    };

    private static string Seconds(TimeSpan span) =>
        string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, span.TotalSeconds):0.0} s");

    private static string Local(DateTimeOffset at) => at.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? "";
}
