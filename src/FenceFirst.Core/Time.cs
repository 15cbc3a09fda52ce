namespace FenceFirst.Core;

/// <summary>A point on the node's own clock, in nanoseconds since boot, suspended time included. The only arithmetic on time in Core.</summary>
/// <remarks>
/// The clock is CLOCK_BOOTTIME, so that a suspended machine finds its deadlines in the past when it wakes (guarantee G7).
/// Wall time is for people and never for decisions. <see cref="Never"/> is a deadline that is not armed.
/// </remarks>
/// <param name="Nanoseconds">Nanoseconds since boot, 0 or more; <see cref="long.MaxValue"/> is <see cref="Never"/>.</param>
public readonly record struct MonotonicInstant(long Nanoseconds) : IComparable<MonotonicInstant>
{
    /// <summary>A deadline that is not armed: later than every other instant.</summary>
    public static MonotonicInstant Never => new(long.MaxValue);

    /// <summary>The origin of the clock.</summary>
    public static MonotonicInstant Zero => default;

    /// <summary>Whether this is <see cref="Never"/>.</summary>
    public bool IsNever => Nanoseconds == long.MaxValue;

    /// <summary>The earlier of two instants.</summary>
    public static MonotonicInstant Earlier(MonotonicInstant a, MonotonicInstant b) => a.Nanoseconds <= b.Nanoseconds ? a : b;

    /// <summary>The later of two instants.</summary>
    public static MonotonicInstant Later(MonotonicInstant a, MonotonicInstant b) => a.Nanoseconds >= b.Nanoseconds ? a : b;

    /// <summary>The instant a duration later; <see cref="Never"/> stays <see cref="Never"/>, and an infinite duration leads to it.</summary>
    public static MonotonicInstant operator +(MonotonicInstant instant, TimeSpan duration) =>
        instant.IsNever || duration == TimeSpan.MaxValue ? Never : new(instant.Nanoseconds + (duration.Ticks * 100));

    /// <summary>The instant a duration earlier; <see cref="Never"/> stays <see cref="Never"/>.</summary>
    public static MonotonicInstant operator -(MonotonicInstant instant, TimeSpan duration) =>
        instant.IsNever ? Never : new(instant.Nanoseconds - (duration.Ticks * 100));

    /// <summary>The time from the right instant to the left one, in steps of 100 ns.</summary>
    public static TimeSpan operator -(MonotonicInstant left, MonotonicInstant right) => new((left.Nanoseconds - right.Nanoseconds) / 100);

    /// <summary>Whether the left instant is earlier.</summary>
    public static bool operator <(MonotonicInstant left, MonotonicInstant right) => left.Nanoseconds < right.Nanoseconds;

    /// <summary>Whether the left instant is later.</summary>
    public static bool operator >(MonotonicInstant left, MonotonicInstant right) => left.Nanoseconds > right.Nanoseconds;

    /// <summary>Whether the left instant is earlier or the same.</summary>
    public static bool operator <=(MonotonicInstant left, MonotonicInstant right) => left.Nanoseconds <= right.Nanoseconds;

    /// <summary>Whether the left instant is later or the same.</summary>
    public static bool operator >=(MonotonicInstant left, MonotonicInstant right) => left.Nanoseconds >= right.Nanoseconds;

    /// <inheritdoc/>
    public int CompareTo(MonotonicInstant other) => Nanoseconds.CompareTo(other.Nanoseconds);

    /// <summary>Seconds with microseconds, or "never".</summary>
    public override string ToString() => IsNever ? "never" : $"{Nanoseconds / 1_000_000_000}.{Nanoseconds / 1000 % 1_000_000:000000}";
}
