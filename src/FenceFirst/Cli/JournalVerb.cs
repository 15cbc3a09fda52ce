using System.Globalization;
using System.Text;
using System.Text.Json;
using FenceFirst.Daemon.Records;
using FenceFirst.Linux.Native;

namespace FenceFirst.Cli;

/// <summary><c>fencefirst journal</c>: prints the journal of a state directory, the older file first. It needs no daemon.</summary>
internal static class JournalVerb
{
    private const int ExitUnusable = 1;

    /// <summary>Prints what fits; a line that is no entry (torn by a power cut) is left out and counted.</summary>
    public static int Run(string directory, string? instance, string? since, bool isJson, TextWriter output, TextWriter error)
    {
        DateTimeOffset from = DateTimeOffset.MinValue;
        if (since is not null && !TryParseSince(since, MonotonicClock.WallNow, out from))
        {
            error.WriteLine($"fencefirst: --since {since}: say 90s, 10m, 2h or 3d, or a date and time such as 2026-01-31 or 2026-01-31T23:59:00");
            return Invocation.ExitUnusable;
        }

        string path = Path.Combine(directory, Journal.FileName);
        int damaged = 0;
        try
        {
            if (!File.Exists(path) && !File.Exists(path + ".1"))
            {
                error.WriteLine($"fencefirst: there is no {path}; name the daemon's state directory with --state-dir");
                return ExitUnusable;
            }

            foreach (string file in (string[])[path + ".1", path])
            {
                if (File.Exists(file))
                {
                    damaged += Print(file, instance, from, isJson, output);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"fencefirst: {exception.Message}");
            return ExitUnusable;
        }

        if (damaged > 0)
        {
            error.WriteLine($"fencefirst: {damaged} damaged line{(damaged == 1 ? " was" : "s were")} left out");
        }

        return 0;
    }

    /// <summary>"10m" is ten minutes ago; everything else is a date and time, local unless it says otherwise.</summary>
    internal static bool TryParseSince(string text, DateTimeOffset now, out DateTimeOffset from)
    {
        from = now;
        double unit = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 };
        if (unit == 0)
        {
            return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out from);
        }

        if (!int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int count) || count * unit > 3e9)
        {
            return false;
        }

        from = now - TimeSpan.FromSeconds(count * unit);
        return true;
    }

    /// <summary>One line in words, or null when it is no entry. Whether it is wanted is told besides.</summary>
    internal static string? Describe(string line, string? instance, DateTimeOffset from, out bool isWanted)
    {
        isWanted = false;
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            DateTimeOffset at = root.GetProperty("at").GetDateTimeOffset();
            string name = root.GetProperty("instance").GetString() ?? "";
            string text = root.GetProperty("text").GetString() ?? "";
            isWanted = at >= from && (instance is null || instance == name);
            return $"{at.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)} {Printable(text)}";
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }

    private static int Print(string file, string? instance, DateTimeOffset from, bool isJson, TextWriter output)
    {
        int damaged = 0;
        foreach (string line in File.ReadLines(file))
        {
            if (line.Length == 0)
            {
                continue;
            }

            string? words = Describe(line, instance, from, out bool isWanted);
            damaged += words is null ? 1 : 0;
            if (isWanted)
            {
                output.WriteLine(isJson ? line : words);
            }
        }

        return damaged;
    }

    /// <summary>What a terminal would take for a command does not reach it.</summary>
    private static string Printable(string text)
    {
        StringBuilder builder = new(text.Length);
        foreach (char character in text)
        {
            builder.Append(char.IsControl(character) ? '?' : character);
        }

        return builder.ToString();
    }
}
