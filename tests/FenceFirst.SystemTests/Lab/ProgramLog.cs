using System.Globalization;

namespace FenceFirst.SystemTests;

/// <summary>
/// The lines a program has written, each with the time that it begins with, as ours do, or else with that at which it arrived. Written by the reader of the
/// program's output, read by the test.
/// </summary>
internal sealed class ProgramLog(string who, Pulse changed)
{
    private const string TimeFormat = "yyyy-MM-dd HH:mm:ss.ffffff";

    /// <summary>A line that claims to be older, or to come from the future, has another clock.</summary>
    private static readonly TimeSpan AgeMax = TimeSpan.FromSeconds(20);
    private readonly List<Seen> _lines = [];

    /// <summary>How many lines there are: give it to a later question to ask only about what comes after now.</summary>
    public int Mark
    {
        get
        {
            lock (_lines)
            {
                return _lines.Count;
            }
        }
    }

    public IReadOnlyList<Seen> Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    public void Add(string text)
    {
        lock (_lines)
        {
            _lines.Add(new Seen(TimeOf(text), who, text));
        }
        changed.Fire();
    }

    /// <summary>The first line from a mark on that contains the text, whatever its case.</summary>
    public Seen? Find(string text, int from = 0)
    {
        foreach (Seen line in Lines.Skip(from))
        {
            if (line.Text.Contains(text, StringComparison.OrdinalIgnoreCase))
            {
                return line;
            }
        }
        return null;
    }

    public int Count(string text, int from = 0) => Lines.Skip(from).Count(line => line.Text.Contains(text, StringComparison.OrdinalIgnoreCase));

    private static DateTime TimeOf(string text)
    {
        DateTime now = DateTime.UtcNow;
        return text.Length > TimeFormat.Length
            && DateTime.TryParseExact(text.AsSpan(0, TimeFormat.Length), TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal, out DateTime told)
            && told <= now && now - told < AgeMax ? told : now;
    }
}
