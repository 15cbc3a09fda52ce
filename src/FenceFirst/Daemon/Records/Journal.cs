using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using FenceFirst.Core;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Wire;
using FenceFirst.Linux.Files;
using FenceFirst.Linux.Native;

namespace FenceFirst.Daemon.Records;

/// <summary>One line of the journal.</summary>
/// <param name="At">Wall time, for people.</param>
/// <param name="Now">The node's own clock.</param>
/// <param name="Instance">Name of the instance or check script; empty = the daemon.</param>
/// <param name="Kind">What happened: a TimelineKind, or Operator, or Started.</param>
/// <param name="Text">In words, as in the log.</param>
/// <param name="Entry">The evidence; null for what the daemon itself tells.</param>
/// <param name="User">User id of the operator; -1 = no operator.</param>
/// <param name="UserName">Their name; empty = not known.</param>
/// <param name="Device">Name of the fence device that the entry is about; empty = none.</param>
internal sealed record JournalEntry(
    DateTimeOffset At, MonotonicInstant Now, string Instance, string Kind, string Text, TimelineEntry? Entry = null, long User = -1, string UserName = "", string Device = "");

/// <summary>The append-only record of every decision (G8): JSON Lines in the state directory. Used by the log thread only.</summary>
/// <remarks>
/// Each line is one write at the end of the file, so that a killed daemon loses nothing it has written; a line torn by a power cut is ended before the next.
/// When the file is full it becomes the one older file. When somebody removes or renames it, the next entry begins a new one. A directory that cannot be written is told of once, and tried again now and then.
/// </remarks>
internal sealed class Journal : IDisposable
{
    /// <summary>Name of the file in the state directory; the older one has ".1" behind.</summary>
    public const string FileName = "journal.jsonl";

    /// <summary>Version of the lines.</summary>
    public const int Schema = 1;

    private const long FileBytesMax = 16 * 1024 * 1024;

    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(10);
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string _path;
    private readonly string _node;
    private readonly string _boot = BootId();
    private readonly long _fileBytesMax;
    private readonly ArrayBufferWriter<byte> _line = new(1024);
    private AppendFile? _file;
    private MonotonicInstant _retryAt = MonotonicInstant.Zero;
    private long _lost;
    private bool _isDirty;
    private bool _isTornToTell;

    /// <summary>Nothing is opened before the first entry.</summary>
    public Journal(string directory, string node, long fileBytesMax = FileBytesMax)
    {
        _path = Path.Combine(directory, FileName);
        _node = node;
        _fileBytesMax = fileBytesMax;
    }

    /// <summary>Appends; returns what the log shall say about the journal itself, or null.</summary>
    public string? Write(JournalEntry entry)
    {
        long lost = _lost;
        int errno = TryWrite(entry);
        if (errno != 0)
        {
            _lost++;
            _retryAt = MonotonicClock.Now + RetryInterval;
            _file?.Dispose();
            _file = null;
            return lost == 0 ? $"the journal {_path} cannot be written: {ErrorNumber.Text(errno)}; the daemon goes on without it and tries again" : null;
        }

        if (_file is null)
        {
            _lost++;
            return null;
        }

        _isDirty = true;
        _lost = 0;
        string? told = _isTornToTell ? $"the last line of the journal {_path} was torn by a crash or a full disk; it is ended, and left out when the journal is read" : null;
        _isTornToTell = false;
        return lost == 0 ? told : $"the journal {_path} is written again; {lost} {(lost == 1 ? "entry is" : "entries are")} missing in it{(told is null ? "" : "; " + told)}";
    }

    /// <summary>Waits for the disk, when nothing else is to be written.</summary>
    public void Synchronize()
    {
        if (_isDirty)
        {
            _isDirty = false;
            _ = _file?.Synchronize();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Synchronize();
        _file?.Dispose();
        _file = null;
    }

    /// <summary>Writes one line without its line feed.</summary>
    internal static void Format(IBufferWriter<byte> buffer, JournalEntry entry, string boot, string node)
    {
        using Utf8JsonWriter json = new(buffer, Options);
        json.WriteStartObject();
        json.WriteNumber("v", Schema);
        json.WriteString("at", entry.At);
        json.WriteNumber("mono", entry.Now.Nanoseconds);
        json.WriteString("boot", boot);
        json.WriteString("node", node);
        json.WriteString("instance", entry.Instance);
        json.WriteString("kind", entry.Kind);
        if (entry.User >= 0)
        {
            json.WriteNumber("uid", entry.User);
        }

        if (entry.UserName.Length > 0)
        {
            json.WriteString("user", entry.UserName);
        }

        if (entry.Entry is { } timeline)
        {
            WriteEvidence(json, timeline);
            if (entry.Device.Length > 0)
            {
                json.WriteString("device", entry.Device);
                json.WriteNumber("level", timeline.Level + 1);
            }
        }

        json.WriteString("text", entry.Text);
        json.WriteEndObject();
    }

    private static void WriteEvidence(Utf8JsonWriter json, in TimelineEntry entry)
    {
        json.WriteString("phase", entry.Phase.ToString());
        if (!entry.Address.IsNone)
        {
            json.WriteString("address", entry.Address.ToString());
        }

        json.WriteNumber("first", entry.First);
        json.WriteNumber("second", entry.Second);
        if (entry.Attempt != 0)
        {
            json.WriteNumber("attempt", entry.Attempt);
        }

        switch (entry.Kind)
        {
            case TimelineKind.StepEnded or TimelineKind.PromotionFailed or TimelineKind.ScriptChanged:
                json.WriteString("outcome", entry.Outcome.Kind.ToString());
                json.WriteNumber("code", entry.Outcome.Code);
                break;
            case TimelineKind.PromotionStarted or TimelineKind.MasterLost:
                json.WriteString("reason", TimelineText.Reason(entry.Reason));
                break;
            case TimelineKind.KernelAsked or TimelineKind.KernelRefused:
                json.WriteString("effect", entry.Effect.ToString());
                break;
        }

        if (entry.Error != DecodeError.None)
        {
            json.WriteString("error", entry.Error.ToString());
        }

        if (entry.Faults != Core.Vrrp.FaultCauses.None)
        {
            json.WriteString("faults", entry.Faults.ToString());
        }

        if (entry.Duration != TimeSpan.Zero && entry.Duration != TimeSpan.MaxValue)
        {
            json.WriteNumber("duration_ms", Math.Round(entry.Duration.TotalMilliseconds, 3));
        }
    }

    private static string BootId()
    {
        try
        {
            return File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>Returns 0 also while it waits for the next try; then there is no file.</summary>
    private int TryWrite(JournalEntry entry)
    {
        int errno = TryOpen();
        if (errno != 0 || _file is null)
        {
            return errno;
        }

        _line.ResetWrittenCount();
        Format(_line, entry, _boot, _node);
        _line.Write("\n"u8);
        return _file.Write(_line.WrittenSpan);
    }

    private int TryOpen()
    {
        if (_file is not null && _file.Length >= _fileBytesMax)
        {
            Dispose();
            try
            {
                File.Move(_path, _path + ".1", overwrite: true);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // It then goes on growing, which is better than a story with a hole; the next entry tries again.
            }
        }

        if (_file is { IsInPlace: false })
        {
            // Somebody has removed it or moved it away: the story goes on where it is looked for.
            Dispose();
        }

        if (_file is not null || MonotonicClock.Now < _retryAt)
        {
            return 0;
        }

        _file = AppendFile.TryOpen(_path, out int errno);
        if (_file is not { IsTorn: true })
        {
            return errno;
        }

        _isTornToTell = true;
        return _file.Write("\n"u8);
    }
}
