using System.Globalization;
using System.Text;
using FenceFirst.Core;
using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Files;

/// <summary>Importance of a line, as syslog numbers it.</summary>
public enum LogSeverity
{
    /// <summary>Something failed.</summary>
    Error = 3,

    /// <summary>Something is not as it should be.</summary>
    Warning = 4,

    /// <summary>A change of state that an operator wants to see.</summary>
    Notice = 5,

    /// <summary>Ordinary news.</summary>
    Information = 6,

    /// <summary>Details.</summary>
    Debug = 7,
}

/// <summary>Writes lines to the system log (/dev/log, RFC 3164 form). It never waits: a line that cannot be written is dropped and counted.</summary>
public sealed unsafe class UnixLog : IDisposable
{
    /// <summary>Longest line in bytes; the rest is cut off.</summary>
    public const int LineBytesMax = 2048;

    private static readonly TimeSpan ReconnectInterval = TimeSpan.FromSeconds(1);

    private readonly string _path;
    private readonly string _name;
    private readonly int _facility;
    private readonly byte[] _line = new byte[LineBytesMax];
    private int _descriptor = -1;
    private MonotonicInstant _nextConnect = MonotonicInstant.Zero;

    /// <summary>Prepares the writer; connects with the first line.</summary>
    /// <param name="name">Program name in each line.</param>
    /// <param name="facility">0..23; 3 = daemon (the default), 16..23 = local0..local7.</param>
    /// <param name="path">The log's socket.</param>
    public UnixLog(string name, int facility = 3, string path = "/dev/log")
    {
        _name = name;
        _facility = facility;
        _path = path;
    }

    /// <summary>Lines that were lost because nobody took them.</summary>
    public long DroppedLines { get; private set; }

    /// <summary>Writes one line; returns whether it was taken.</summary>
    public bool Write(LogSeverity severity, ReadOnlySpan<char> text)
    {
        int length = Format(_line, (_facility << 3) | (int)severity, MonotonicClock.WallNow, _name, Environment.ProcessId, text);
        if ((_descriptor >= 0 || TryConnect()) && TrySend(length))
        {
            return true;
        }

        // The log's server was started anew: its socket is another one now.
        if (_descriptor < 0 && TryConnect() && TrySend(length))
        {
            return true;
        }

        DroppedLines++;
        return false;
    }

    /// <inheritdoc/>
    public void Dispose() => Disconnect();

    /// <summary>Writes the line of RFC 3164 section 4.1 without host name, as local programs do; returns its length.</summary>
    internal static int Format(Span<byte> line, int priority, DateTimeOffset time, string name, int processId, ReadOnlySpan<char> text)
    {
        // The day of the month is padded with a blank, which no format string of .NET does.
        string head = string.Create(
            CultureInfo.InvariantCulture, $"<{priority}>{time:MMM} {time.Day,2} {time:HH:mm:ss} {name}[{processId}]: ");
        Encoding.UTF8.TryGetBytes(head, line, out int length);
        Encoding.UTF8.GetEncoder().Convert(text, line[length..], flush: true, out _, out int written, out _);

        // One datagram is one line: a line break inside would let a message pretend to be another.
        for (int i = length; i < length + written; i++)
        {
            if (line[i] < 0x20)
            {
                line[i] = (byte)' ';
            }
        }

        return length + written;
    }

    private bool TrySend(int length)
    {
        fixed (byte* bytes = _line)
        {
            if (LibC.send(_descriptor, bytes, (nuint)length, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL) >= 0)
            {
                return true;
            }
        }

        if (LibC.Errno is not (LibC.EAGAIN or LibC.ENOBUFS))
        {
            Disconnect();
        }

        return false;
    }

    private bool TryConnect()
    {
        MonotonicInstant now = MonotonicClock.Now;
        if (now < _nextConnect)
        {
            return false;
        }

        _descriptor = UnixDatagram.Connect(_path);
        if (_descriptor < 0)
        {
            _nextConnect = now + ReconnectInterval;
        }

        return _descriptor >= 0;
    }

    private void Disconnect()
    {
        if (_descriptor >= 0)
        {
            _ = LibC.close(_descriptor);
            _descriptor = -1;
        }
    }
}

/// <summary>Tells systemd how the service is (sd_notify). Without systemd nothing happens.</summary>
public static unsafe class SystemdNotify
{
    /// <summary>Sends a state such as READY=1, RELOADING=1, STOPPING=1, STATUS=text or WATCHDOG=1; returns whether it was taken.</summary>
    public static bool Send(string state) => Send(state, Environment.GetEnvironmentVariable("NOTIFY_SOCKET"));

    internal static bool Send(string state, string? path)
    {
        if (string.IsNullOrEmpty(path))
        {
            return false;
        }

        int descriptor = UnixDatagram.Connect(path);
        if (descriptor < 0)
        {
            return false;
        }

        byte[] text = Encoding.UTF8.GetBytes(state);
        nint sent;
        fixed (byte* bytes = text)
        {
            sent = LibC.send(descriptor, bytes, (nuint)text.Length, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL);
        }

        _ = LibC.close(descriptor);
        return sent == text.Length;
    }
}

/// <summary>Datagram sockets of the local machine.</summary>
internal static unsafe class UnixDatagram
{
    private const int PathBytesMax = 107;

    /// <summary>Connects to a path, or to an abstract name that begins with @; -1 when that fails.</summary>
    internal static int Connect(string path)
    {
        byte* address = stackalloc byte[2 + PathBytesMax + 1];
        new Span<byte>(address, 2 + PathBytesMax + 1).Clear();
        *(ushort*)address = LibC.AF_UNIX;
        if (!Encoding.UTF8.TryGetBytes(path, new Span<byte>(address + 2, PathBytesMax), out int length))
        {
            return -1;
        }

        if (address[2] == (byte)'@')
        {
            address[2] = 0;
        }

        int descriptor = LibC.socket(LibC.AF_UNIX, LibC.SOCK_DGRAM | LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC, 0);
        if (descriptor >= 0 && LibC.connect(descriptor, address, (uint)(2 + length)) != 0)
        {
            _ = LibC.close(descriptor);
            return -1;
        }

        return descriptor;
    }
}
