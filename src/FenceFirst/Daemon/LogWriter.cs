using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using FenceFirst.Core.Timeline;
using FenceFirst.Daemon.Records;
using FenceFirst.Linux.Files;
using FenceFirst.Linux.Native;

namespace FenceFirst.Daemon;

/// <summary>How log lines look.</summary>
internal enum LogFormat
{
    /// <summary>Time and text, for people and files.</summary>
    Text,

    /// <summary>A journald priority and key=value pairs.</summary>
    KeyValue,
}

/// <summary>Writes log lines to standard error and, if asked, to syslog, from a thread of its own: a reader that does not read never stops the loop.</summary>
/// <remarks>The queue is bounded; what does not fit is counted and the count is logged when there is room again.</remarks>
internal sealed class LogWriter : IDisposable
{
    private const int LinesMax = 4096;

    private readonly BlockingCollection<Line> _queue = new(LinesMax);
    private readonly Stream? _stream;
    private readonly UnixLog? _syslog;
    private readonly Journal? _journal;
    private readonly LogFormat _format;
    private readonly TimelineLevel _lowest;
    private readonly Thread _thread;
    private long _dropped;

    /// <summary>Starts the writer.</summary>
    /// <param name="stream">Standard error; absent = none.</param>
    /// <param name="syslog">Syslog; absent = none.</param>
    /// <param name="format">How lines on the stream look.</param>
    /// <param name="lowest">Lines below this level are left out.</param>
    /// <param name="journal">The journal, written by the same thread; absent = none.</param>
    public LogWriter(Stream? stream, UnixLog? syslog, LogFormat format, TimelineLevel lowest, Journal? journal = null)
    {
        _stream = stream;
        _syslog = syslog;
        _format = format;
        _lowest = lowest;
        _journal = journal;
        _thread = new Thread(Run, 128 * 1024) { IsBackground = true, Name = "log" };
        _thread.Start();
    }

    /// <summary>Whether a line of this level would be written; saves making its text.</summary>
    public bool IsEnabled(TimelineLevel level) => level >= _lowest;

    /// <summary>Appends a line; never blocks.</summary>
    /// <param name="level">How much attention it deserves.</param>
    /// <param name="instance">Name of the instance concerned; empty = the daemon.</param>
    /// <param name="kind">Short machine-readable name of what happened.</param>
    /// <param name="text">The line.</param>
    public void Write(TimelineLevel level, string instance, string kind, string text)
    {
        if (level < _lowest)
        {
            return;
        }

        if (!_queue.TryAdd(new Line(MonotonicClock.WallNow, level, instance, kind, text)))
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    /// <summary>Whether there is a journal.</summary>
    public bool HasJournal => _journal is not null;

    /// <summary>Appends an entry to the journal; never blocks.</summary>
    public void Write(JournalEntry entry)
    {
        if (_journal is not null && !_queue.TryAdd(new Line(entry.At, TimelineLevel.Detail, "", "", "", entry)))
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    /// <summary>A line of the daemon itself.</summary>
    public void Write(TimelineLevel level, string text) => Write(level, "", "daemon", text);

    /// <summary>Writes what is queued, for at most two seconds, and ends the thread.</summary>
    public void Dispose()
    {
        _queue.CompleteAdding();
        if (_thread.Join(TimeSpan.FromSeconds(2)))
        {
            _journal?.Dispose();
        }

        _syslog?.Dispose();
    }

    private void Run()
    {
        StringBuilder builder = new();
        foreach (Line line in _queue.GetConsumingEnumerable())
        {
            long dropped = Interlocked.Exchange(ref _dropped, 0);
            if (dropped > 0)
            {
                Put(builder, line with { Entry = null, Level = TimelineLevel.Warning, Instance = "", Kind = "daemon", Text = $"{dropped} log lines were dropped: the log could not be written fast enough" });
            }

            if (line.Entry is null)
            {
                Put(builder, line);
            }
            else if (_journal!.Write(line.Entry) is { } trouble)
            {
                Put(builder, new Line(line.At, TimelineLevel.Error, "", "daemon", trouble));
            }

            if (_queue.Count == 0)
            {
                _journal?.Synchronize();
            }
        }
    }

    private void Put(StringBuilder builder, in Line line)
    {
        _syslog?.Write(Severity(line.Level), line.Text);
        if (_stream is null)
        {
            return;
        }

        builder.Clear();
        if (_format == LogFormat.KeyValue)
        {
            builder.Append('<').Append(SyslogPriority(line.Level)).Append(">level=").Append(LevelName(line.Level));
            if (line.Instance.Length > 0)
            {
                builder.Append(" instance=").Append(line.Instance);
            }

            builder.Append(" kind=").Append(line.Kind).Append(" msg=\"").Append(line.Text.Replace("\\", "\\\\").Replace("\"", "\\\"")).Append("\"\n");
        }
        else
        {
            builder.Append(line.At.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)).Append(' ');
            if (line.Level >= TimelineLevel.Warning)
            {
                builder.Append(LevelName(line.Level)).Append(": ");
            }

            builder.Append(line.Text).Append('\n');
        }

        try
        {
            _stream.Write(Encoding.UTF8.GetBytes(builder.ToString()));
        }
        catch (IOException)
        {
            // Nobody reads any more; the daemon goes on without this log.
        }
    }

    private static int SyslogPriority(TimelineLevel level) => level switch
    {
        TimelineLevel.Detail => 6,
        TimelineLevel.Notice => 5,
        TimelineLevel.Warning => 4,
        TimelineLevel.Error => 3,
    };

    private static LogSeverity Severity(TimelineLevel level) => (LogSeverity)SyslogPriority(level);

    private static string LevelName(TimelineLevel level) => level switch
    {
        TimelineLevel.Detail => "detail",
        TimelineLevel.Notice => "notice",
        TimelineLevel.Warning => "warning",
        TimelineLevel.Error => "error",
    };

    private readonly record struct Line(DateTimeOffset At, TimelineLevel Level, string Instance, string Kind, string Text, JournalEntry? Entry = null);
}
