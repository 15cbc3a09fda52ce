namespace FenceFirst.Sim;

/// <summary>Durations of simulated time in nanoseconds, as the queue counts them.</summary>
internal static class Nano
{
    /// <summary>A microsecond.</summary>
    public const long Microsecond = 1_000;

    /// <summary>A millisecond.</summary>
    public const long Millisecond = 1_000_000;

    /// <summary>A second.</summary>
    public const long Second = 1_000_000_000;

    /// <summary>Later than everything.</summary>
    public const long Never = long.MaxValue;

    /// <summary>A duration of Core's.</summary>
    public static long Of(TimeSpan duration) => duration == TimeSpan.MaxValue ? Never : duration.Ticks * 100;

    /// <summary>Seconds for people, three digits.</summary>
    public static string Text(long nanoseconds) => FormattableString.Invariant($"{nanoseconds / 1e9:0.000}");
}
