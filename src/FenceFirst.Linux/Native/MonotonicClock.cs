using FenceFirst.Core;

namespace FenceFirst.Linux.Native;

/// <summary>The node's clock: CLOCK_BOOTTIME, which goes on while the machine is suspended. Only the event loop reads it.</summary>
public static unsafe class MonotonicClock
{
    /// <summary>The present instant; costs one vDSO call and allocates nothing.</summary>
    public static MonotonicInstant Now
    {
        get
        {
            TimeSpec time;
            _ = LibC.clock_gettime(LibC.CLOCK_BOOTTIME, &time);
            return new MonotonicInstant((time.Seconds * 1_000_000_000) + time.Nanoseconds);
        }
    }

    /// <summary>The wall time for auth_hmac, seconds and nanoseconds since 1970; the one decision that needs it is whether an advert is fresh.</summary>
    public static (long Seconds, long Nanoseconds) UnixNow
    {
        get
        {
            long ticks = (DateTime.UtcNow - DateTime.UnixEpoch).Ticks;
            return (ticks / TimeSpan.TicksPerSecond, ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick);
        }
    }

    /// <summary>The clock of the kernel's receive time stamps, nanoseconds since 1970: for the age of a packet, believed within bounds.</summary>
    public static long UnixNanoseconds
    {
        get
        {
            TimeSpec time;
            _ = LibC.clock_gettime(LibC.CLOCK_REALTIME, &time);
            return (time.Seconds * 1_000_000_000) + time.Nanoseconds;
        }
    }

    /// <summary>The wall time, for people: never part of a decision.</summary>
    public static DateTimeOffset WallNow => DateTimeOffset.Now;
}
