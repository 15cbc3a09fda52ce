using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Recording;
using FenceFirst.Linux.Native;

namespace FenceFirst.Daemon.Records;

/// <summary>Writes every event that goes into Core, and what Core decided, into a file for <c>fencefirst simulate --replay</c> (<c>run --record</c>).</summary>
/// <remarks>
/// The loop only copies bytes into memory; a thread of its own writes them. A record has no holes: when the disk does not keep up, or the file is as long as it may
/// be, it ends with a mark that says so, and the daemon goes on. Every event is there before it is handled: the one that a daemon died of too.
/// </remarks>
internal sealed class EventRecorder : IDisposable
{
    /// <summary>Longest file, bytes: with one advert per second about two weeks.</summary>
    public const long FileBytesMax = 64 * 1024 * 1024;

    /// <summary>What may wait for a slow disk, bytes.</summary>
    private const int WaitingBytesMax = 4 * 1024 * 1024;

    private readonly FileStream _file;
    private readonly LogWriter _log;
    private readonly long _bytesMax;
    private readonly Thread _thread;
    private readonly object _lock = new();
    private byte[] _scratch = new byte[64 * 1024];
    private byte[] _waiting = new byte[64 * 1024];
    private byte[] _writing = new byte[64 * 1024];
    private int _waitingCount;
    private uint _frames;
    private long _bytes;
    private bool _isEnded;
    private bool _isClosing;

    private EventRecorder(FileStream file, LogWriter log, long bytesMax)
    {
        _file = file;
        _log = log;
        _bytesMax = bytesMax;
        _thread = new Thread(Run, 128 * 1024) { IsBackground = true, Name = "record" };
        _thread.Start();
    }

    /// <summary>Begins a record in a file of mode 0600, in place of what the file held.</summary>
    /// <param name="path">The file.</param>
    /// <param name="log">Where the end of the record is told.</param>
    /// <param name="problem">Why it returned null.</param>
    /// <param name="bytesMax">Longest file, bytes.</param>
    public static EventRecorder? TryCreate(string path, LogWriter log, out string problem, long bytesMax = FileBytesMax)
    {
        try
        {
            FileStream file = new(path, new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                Share = FileShare.Read,
                BufferSize = 0,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            problem = "";
            file.Write(RecordFrame.Magic);
            return new EventRecorder(file, log, bytesMax);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            problem = $"the record cannot be written: {exception.Message}";
            return null;
        }
    }

    /// <summary>Who records, and where chance began.</summary>
    public void Begin(ulong epochBase, ulong seed, string configuration)
    {
        RecordWriter writer = new(_scratch);
        writer.Text(ProgramVersion.Number);
        writer.Unsigned(EventCodec.Vocabulary());
        writer.Text(MonotonicClock.WallNow.ToString("O", System.Globalization.CultureInfo.InvariantCulture));
        writer.Unsigned(epochBase);
        writer.Unsigned(seed);
        Append(FrameKind.Header, writer);
        Configuration(configuration);
    }

    /// <summary>What reading a configuration asked and was answered.</summary>
    public void Configuration(string text)
    {
        int length = System.Text.Encoding.UTF8.GetByteCount(text);
        EnsureScratch(length + 16);
        RecordWriter writer = new(_scratch);
        writer.Text(text);
        Append(FrameKind.Configuration, writer);
    }

    /// <summary>What an earlier life of the daemon left.</summary>
    public void Memory(NodeMemory memory, MonotonicInstant now)
    {
        RecordWriter writer = new(_scratch);
        writer.Signed(now.Nanoseconds);
        EventCodec.Write(ref writer, memory);
        Append(FrameKind.Memory, writer);
    }

    /// <summary>The kernel refused to remove what an earlier life of the daemon had left.</summary>
    public void RefusedRemoval(int instance, Core.Vrrp.SideEffect effect, MonotonicInstant now)
    {
        RecordWriter writer = new(_scratch);
        writer.Signed(now.Nanoseconds);
        writer.Signed(instance);
        writer.Byte((byte)effect);
        Append(FrameKind.RefusedRemoval, writer);
    }

    /// <summary>An event is about to be handled.</summary>
    public void Event(in NodeEvent nodeEvent, MonotonicInstant now)
    {
        RecordWriter writer = new(_scratch);
        writer.Signed(now.Nanoseconds);
        EventCodec.Write(ref writer, nodeEvent);
        Append(FrameKind.Event, writer);
    }

    /// <summary>It was handled, and this was decided.</summary>
    public void Effects(EffectBuffer effects)
    {
        // An effect takes less than 160 bytes, whatever it is.
        EnsureScratch((effects.Count * 160) + 16);
        RecordWriter writer = new(_scratch);
        writer.Unsigned((ulong)effects.Count);
        foreach (ref readonly NodeEffect effect in effects.Span)
        {
            EventCodec.Write(ref writer, effect);
        }

        Append(FrameKind.Effects, writer);
    }

    /// <summary>A reload took effect.</summary>
    public void Reload(ReadOnlySpan<int> kept, string configuration, MonotonicInstant now)
    {
        Configuration(configuration);
        EnsureScratch((kept.Length * 5) + 32);
        RecordWriter writer = new(_scratch);
        writer.Signed(now.Nanoseconds);
        writer.Unsigned((ulong)kept.Length);
        foreach (int index in kept)
        {
            writer.Signed(index);
        }

        Append(FrameKind.Reload, writer);
    }

    /// <summary>Ends the record and waits for the disk, for at most two seconds.</summary>
    public void Dispose()
    {
        End("the daemon ended");
        lock (_lock)
        {
            _isClosing = true;
            Monitor.Pulse(_lock);
        }

        if (_thread.Join(TimeSpan.FromSeconds(2)))
        {
            _file.Dispose();
        }
    }

    /// <summary>A number for the pseudonyms of secrets.</summary>
    /// <remarks>From the kernel itself: the cryptographic generator would load OpenSSL, 4 MB for eight bytes.</remarks>
    public static ulong Salt()
    {
        byte[] bytes = new byte[8];
        using FileStream random = new("/dev/urandom", FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        random.ReadExactly(bytes);
        return BitConverter.ToUInt64(bytes);
    }

    private void EnsureScratch(int length)
    {
        if (_scratch.Length < length)
        {
            _scratch = new byte[length];
        }
    }

    private void Append(FrameKind kind, in RecordWriter writer)
    {
        if (writer.IsFull)
        {
            End("an entry was too long");
            return;
        }

        Append(kind, writer.Written);
    }

    private void Append(FrameKind kind, ReadOnlySpan<byte> payload)
    {
        string? ending = null;
        lock (_lock)
        {
            if (_isEnded)
            {
                return;
            }

            int length = payload.Length + RecordFrame.Overhead;
            if (_bytes + length > _bytesMax)
            {
                ending = $"it has {_bytesMax / 1024} KiB, the most it may have";
            }
            else if (_waitingCount + length > WaitingBytesMax && _waitingCount > 0)
            {
                ending = "the disk did not keep up";
            }
            else
            {
                Put(kind, payload, length);
            }
        }

        if (ending is not null)
        {
            End(ending);
            _log.Write(Core.Timeline.TimelineLevel.Warning, $"the record ends here: {ending}; the daemon goes on without it");
        }
    }

    private void End(string reason)
    {
        lock (_lock)
        {
            if (!_isEnded)
            {
                byte[] text = System.Text.Encoding.UTF8.GetBytes(reason);
                Put(FrameKind.End, text, text.Length + RecordFrame.Overhead);
                _isEnded = true;
            }
        }
    }

    /// <summary>Under the lock.</summary>
    private void Put(FrameKind kind, ReadOnlySpan<byte> payload, int length)
    {
        if (_waitingCount + length > _waiting.Length)
        {
            Array.Resize(ref _waiting, Math.Max(_waiting.Length * 2, _waitingCount + length));
        }

        _waitingCount += RecordFrame.Write(_waiting.AsSpan(_waitingCount), _frames++, kind, payload);
        _bytes += length;
        Monitor.Pulse(_lock);
    }

    private void Run()
    {
        while (true)
        {
            int count;
            lock (_lock)
            {
                while (_waitingCount == 0 && !_isClosing)
                {
                    Monitor.Wait(_lock);
                }

                if (_waitingCount == 0)
                {
                    return;
                }

                (_waiting, _writing) = (_writing, _waiting);
                count = _waitingCount;
                _waitingCount = 0;
            }

            try
            {
                _file.Write(_writing.AsSpan(0, count));
            }
            catch (IOException exception)
            {
                lock (_lock)
                {
                    _isEnded = true;
                }

                _log.Write(Core.Timeline.TimelineLevel.Warning, $"the record ends here: {exception.Message}; the daemon goes on without it");
                return;
            }
        }
    }
}
