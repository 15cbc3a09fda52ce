using FenceFirst.Core;
using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Events;

/// <summary>One absolute timer (timerfd on CLOCK_BOOTTIME): readable once its instant has come, at once when it is past.</summary>
/// <remarks>A machine that was suspended finds the timer expired when it wakes. Arming allocates nothing.</remarks>
public sealed unsafe class DeadlineTimer : IDisposable
{
    private int _descriptor;
    private MonotonicInstant _armed = MonotonicInstant.Never;

    /// <summary>Creates a timer that is not armed.</summary>
    public DeadlineTimer() => _descriptor = LinuxException.Check(
        LibC.timerfd_create(LibC.CLOCK_BOOTTIME, LibC.O_NONBLOCK | LibC.O_CLOEXEC), "timerfd_create", "CLOCK_BOOTTIME");

    /// <summary>The descriptor to watch for reading.</summary>
    public int Descriptor => _descriptor;

    /// <summary>The instant for which it is armed, or never.</summary>
    public MonotonicInstant Armed => _armed;

    /// <summary>Sets the one deadline, replacing the former; never disarms. The same instant again costs no system call.</summary>
    public void Arm(MonotonicInstant deadline)
    {
        if (deadline == _armed)
        {
            return;
        }

        TimerSpec value = default;
        if (!deadline.IsNever)
        {
            // Zero would disarm the timer; an instant before boot is as much in the past as the first nanosecond.
            long nanoseconds = Math.Max(1, deadline.Nanoseconds);
            value.Value.Seconds = nanoseconds / 1_000_000_000;
            value.Value.Nanoseconds = nanoseconds % 1_000_000_000;
        }

        if (LibC.timerfd_settime(_descriptor, LibC.TFD_TIMER_ABSTIME, &value, null) != 0)
        {
            throw new LinuxException("timerfd_settime", LibC.Errno, deadline.ToString());
        }

        _armed = deadline;
    }

    /// <summary>Takes the deadline away.</summary>
    public void Disarm() => Arm(MonotonicInstant.Never);

    /// <summary>Makes the descriptor unreadable again after it expired; returns whether it had expired.</summary>
    public bool Acknowledge()
    {
        ulong expirations;
        if (LibC.read(_descriptor, &expirations, sizeof(ulong)) != sizeof(ulong))
        {
            return false;
        }

        _armed = MonotonicInstant.Never;
        return true;
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
