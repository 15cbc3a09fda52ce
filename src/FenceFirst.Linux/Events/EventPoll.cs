using System.Runtime.InteropServices;
using FenceFirst.Core;
using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Events;

/// <summary>What a descriptor is watched for (EPOLL*).</summary>
[Flags]
public enum PollEvents : uint
{
    /// <summary>Nothing but errors.</summary>
    None = 0,

    /// <summary>Bytes can be read.</summary>
    Readable = 0x1,

    /// <summary>Bytes can be written.</summary>
    Writable = 0x4,

    /// <summary>An error is pending; always watched.</summary>
    Error = 0x8,

    /// <summary>The other end is closed; always watched.</summary>
    HangUp = 0x10,
}

/// <summary>One descriptor that is ready.</summary>
/// <param name="Events">What it is ready for.</param>
/// <param name="Token">The number given when it was added.</param>
public readonly record struct EpollEvent(PollEvents Events, long Token);

/// <summary>An epoll instance, level triggered. Waiting allocates nothing.</summary>
public sealed unsafe class EventPoll : IDisposable
{
    /// <summary>Descriptors told of by one wait; the others come with the next.</summary>
    public const int ReadyMax = 64;

    private readonly byte* _raw;
    private int _descriptor;
    private int _urgent = -1;

    /// <summary>Creates an empty instance.</summary>
    /// <param name="canPause">Whether <see cref="Pause"/> will be called; costs a second descriptor.</param>
    public EventPoll(bool canPause = false)
    {
        _descriptor = LinuxException.Check(LibC.epoll_create1(LibC.O_CLOEXEC), "epoll_create1", "");
        _urgent = canPause ? LinuxException.Check(LibC.epoll_create1(LibC.O_CLOEXEC), "epoll_create1", "") : -1;
        _raw = (byte*)NativeMemory.AllocZeroed(ReadyMax * 16);
    }

    /// <summary>The descriptor, which can itself be watched by another instance.</summary>
    public int Descriptor => _descriptor;

    /// <summary>Watches a descriptor; the token comes back with its events.</summary>
    /// <param name="descriptor">Which.</param>
    /// <param name="events">For what.</param>
    /// <param name="token">Any number.</param>
    /// <param name="isUrgent">Whether it ends a <see cref="Pause"/>.</param>
    public void Add(int descriptor, PollEvents events, long token, bool isUrgent = true)
    {
        Control(LibC.EPOLL_CTL_ADD, descriptor, events, token);
        if (isUrgent)
        {
            ControlUrgent(LibC.EPOLL_CTL_ADD, descriptor, events);
        }
    }

    /// <summary>Changes what a watched descriptor is watched for.</summary>
    public void Modify(int descriptor, PollEvents events, long token)
    {
        Control(LibC.EPOLL_CTL_MOD, descriptor, events, token);
        ControlUrgent(LibC.EPOLL_CTL_MOD, descriptor, events);
    }

    /// <summary>Stops watching a descriptor.</summary>
    public void Remove(int descriptor)
    {
        Control(LibC.EPOLL_CTL_DEL, descriptor, PollEvents.None, 0);
        ControlUrgent(LibC.EPOLL_CTL_DEL, descriptor, PollEvents.None);
    }

    /// <summary>Waits so many milliseconds, or until something urgent is ready; what it is the next <see cref="Wait"/> tells. A signal ends no pause.</summary>
    /// <param name="milliseconds">How long; -1 without end.</param>
    public void Pause(int milliseconds)
    {
        byte* one = stackalloc byte[16];
        MonotonicInstant until = milliseconds < 0 ? MonotonicInstant.Never : MonotonicClock.Now + TimeSpan.FromMilliseconds(milliseconds);
        while (LibC.epoll_wait(_urgent, one, 1, milliseconds) < 0)
        {
            if (LibC.Errno is not LibC.EINTR and int errno)
            {
                throw new LinuxException("epoll_wait", errno, "pause");
            }

            milliseconds = until.IsNever ? -1 : Math.Max(0, (int)Math.Ceiling((until - MonotonicClock.Now).TotalMilliseconds));
        }
    }

    /// <summary>Waits for events and returns how many were written; 0 after the time or a signal. -1 waits without end.</summary>
    public int Wait(Span<EpollEvent> ready, int timeoutMs)
    {
        int count = LibC.epoll_wait(_descriptor, _raw, Math.Min(ready.Length, ReadyMax), timeoutMs);
        if (count < 0)
        {
            int errno = LibC.Errno;
            return errno == LibC.EINTR ? 0 : throw new LinuxException("epoll_wait", errno, "");
        }

        byte* next = _raw;
        for (int i = 0; i < count; i++)
        {
            ready[i] = new EpollEvent((PollEvents)(*(uint*)next), *(long*)(next + LibC.EpollTokenOffset));
            next += LibC.EpollEventBytes;
        }

        return count;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_descriptor >= 0)
        {
            _ = LibC.close(_descriptor);
            NativeMemory.Free(_raw);
            _descriptor = -1;
        }

        if (_urgent >= 0)
        {
            _ = LibC.close(_urgent);
            _urgent = -1;
        }
    }

    /// <summary>What is not urgent is not there: then it changes nothing.</summary>
    private void ControlUrgent(int operation, int descriptor, PollEvents events)
    {
        if (_urgent >= 0)
        {
            byte* raw = stackalloc byte[16];
            *(uint*)raw = (uint)events;
            *(long*)(raw + LibC.EpollTokenOffset) = descriptor;
            if (LibC.epoll_ctl(_urgent, operation, descriptor, raw) != 0 && LibC.Errno is var errno && errno != LibC.ENOENT)
            {
                throw new LinuxException("epoll_ctl", errno, $"operation {operation}, descriptor {descriptor}");
            }
        }
    }

    private void Control(int operation, int descriptor, PollEvents events, long token)
    {
        byte* raw = stackalloc byte[16];
        *(uint*)raw = (uint)events;
        *(long*)(raw + LibC.EpollTokenOffset) = token;
        if (LibC.epoll_ctl(_descriptor, operation, descriptor, raw) != 0)
        {
            throw new LinuxException("epoll_ctl", LibC.Errno, $"operation {operation}, descriptor {descriptor}");
        }
    }
}
