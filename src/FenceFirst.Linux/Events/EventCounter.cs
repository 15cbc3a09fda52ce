using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Events;

/// <summary>An eventfd: other threads wake the event loop through it.</summary>
public sealed unsafe class EventCounter : IDisposable
{
    private int _descriptor;

    /// <summary>Creates a counter that stands at zero.</summary>
    public EventCounter()
        : this(isBlocking: false)
    {
    }

    internal EventCounter(bool isBlocking) => _descriptor = LinuxException.Check(
        LibC.eventfd(0, LibC.O_CLOEXEC | (isBlocking ? 0 : LibC.O_NONBLOCK)), "eventfd", "");

    /// <summary>The descriptor to watch for reading.</summary>
    public int Descriptor => _descriptor;

    /// <summary>Makes the descriptor readable; any thread may call this.</summary>
    public void Signal()
    {
        ulong one = 1;

        // Failure means the counter is full, that is, the reader is told already.
        _ = LibC.write(_descriptor, &one, sizeof(ulong));
    }

    /// <summary>Makes the descriptor unreadable and returns how often it was signalled since the last time.</summary>
    public long Drain()
    {
        ulong count;
        return LibC.read(_descriptor, &count, sizeof(ulong)) == sizeof(ulong) ? (long)count : 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_descriptor >= 0)
        {
            _ = LibC.close(_descriptor);
            _descriptor = -1;
        }
    }
}
