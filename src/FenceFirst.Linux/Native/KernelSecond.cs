using FenceFirst.Core;
using FenceFirst.Linux.Network;

namespace FenceFirst.Linux.Native;

/// <summary>Where the seconds of the kernel's tick counter (jiffies) begin on our clock.</summary>
/// <remarks>
/// The kernel rounds a timer up to the beginning of such a second when that is near (round_jiffies_up in kernel/time/timer.c), and a timer that becomes longer by
/// that is less exact besides. What is set just after the beginning of a second is not rounded. The counter itself is not shown to programs, but an address
/// tells when its lifetime was set, in hundredths of a second since the counter's start.
/// </remarks>
public static unsafe class KernelSecond
{
    private const long Second = 1_000_000_000;
    private const long Hundredth = Second / 100;

    /// <summary>The time from a full second of <see cref="MonotonicClock"/> to the beginning of a second of the kernel: 0 to 1 s, late by at most 10 ms and one tick.</summary>
    /// <param name="at">When the lifetime of an address was set.</param>
    /// <param name="stamp">What the kernel says about that moment: <see cref="AddressInfo.Stamp"/>.</param>
    public static TimeSpan BeginOf(MonotonicInstant at, uint stamp)
    {
        TimeSpec resolution;
        _ = LibC.clock_getres(LibC.CLOCK_MONOTONIC_COARSE, &resolution);
        return BeginOf(at, stamp, (uint)(Second / Math.Max(1, resolution.Nanoseconds)));
    }

    /// <summary>As above for a known number of ticks in a second.</summary>
    internal static TimeSpan BeginOf(MonotonicInstant at, uint stamp, uint ticksPerSecond)
    {
        // INITIAL_JIFFIES: the counter starts five minutes before it passes 2^32, and seconds are counted from its zero.
        uint ticks = Math.Max(1, ticksPerSecond);
        long firstTicks = (ticks - (uint)((1L << 32) % ticks)) % ticks;
        long begin = at.Nanoseconds - (stamp % 100 * Hundredth) + (firstTicks * Second / ticks);
        return new TimeSpan(((begin % Second) + Second) % Second / 100);
    }
}
