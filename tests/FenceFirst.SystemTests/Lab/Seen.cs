using System.Globalization;

namespace FenceFirst.SystemTests;

/// <summary>One line of the laboratory's story. All of them carry the time of the same clock: the machine's wall clock, in UTC.</summary>
internal readonly record struct Seen(DateTime At, string Who, string Text)
{
    public override string ToString() => $"{Stamp(At)} {Who,-14} {Text}";

    public static string Stamp(DateTime at) => at.ToString("HH:mm:ss.ffffff", CultureInfo.InvariantCulture);

    /// <summary>A time written as seconds since 1970 with a fraction, as `date +%s.%N` does.</summary>
    public static DateTime FromSeconds(string text) => DateTime.UnixEpoch.AddTicks((long)(decimal.Parse(text, CultureInfo.InvariantCulture) * TimeSpan.TicksPerSecond));
}
