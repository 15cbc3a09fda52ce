using System.Globalization;
using FenceFirst.Core;
using FenceFirst.Linux.Native;
using Microsoft.Win32.SafeHandles;

namespace FenceFirst.Demo;

/// <summary>One line of a node's log and when it was written.</summary>
internal sealed record LogLine(MonotonicInstant At, string Text);

/// <summary>A node's log, followed while it is written and kept in a file.</summary>
internal sealed class NodeLog
{
    private const int LinesMax = 10_000;
    private const string StampFormat = "yyyy-MM-dd HH:mm:ss.ffffff";

    private readonly List<LogLine> _lines = [];
    private readonly Lock _lock = new();
    private readonly Thread _thread;

    /// <summary>Begins to follow.</summary>
    /// <param name="source">The pipe; read to its end and closed.</param>
    /// <param name="path">The file that gets a copy.</param>
    public NodeLog(SafeFileHandle source, string path)
    {
        _thread = new Thread(() => Follow(source, path)) { IsBackground = true, Name = "log" };
        _thread.Start();
    }

    /// <summary>The first line written at or after an instant that contains the text, or null.</summary>
    public LogLine? Find(string text, MonotonicInstant from = default)
    {
        lock (_lock)
        {
            return _lines.Find(line => line.At >= from && line.Text.Contains(text, StringComparison.Ordinal));
        }
    }

    /// <summary>The last lines.</summary>
    public IReadOnlyList<string> Tail(int count)
    {
        lock (_lock)
        {
            return _lines[Math.Max(0, _lines.Count - count)..].ConvertAll(line => line.Text);
        }
    }

    private void Follow(SafeFileHandle source, string path)
    {
        try
        {
            using StreamReader reader = new(new FileStream(source, FileAccess.Read, bufferSize: 0));
            using StreamWriter writer = new(path, append: false) { AutoFlush = true };
            while (reader.ReadLine() is { } line)
            {
                writer.WriteLine(line);
                Keep(line);
            }
        }
        catch (IOException)
        {
            // The folder is gone: the demonstration is over.
        }
    }

    private void Keep(string line)
    {
        MonotonicInstant now = MonotonicClock.Now;
        lock (_lock)
        {
            if (_lines.Count < LinesMax)
            {
                _lines.Add(IsStamped(line, out DateTimeOffset stamp)
                    ? new LogLine(MonotonicInstant.Earlier(now, now - (MonotonicClock.WallNow - stamp)), line[(StampFormat.Length + 1)..])
                    : new LogLine(now, line));
            }
        }
    }

    private static bool IsStamped(string line, out DateTimeOffset stamp)
    {
        stamp = default;
        return line.Length > StampFormat.Length && DateTimeOffset.TryParseExact(
            line.AsSpan(0, StampFormat.Length), StampFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out stamp);
    }
}
