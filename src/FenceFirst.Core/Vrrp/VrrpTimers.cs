namespace FenceFirst.Core.Vrrp;

/// <summary>The timer formulas of RFC 9568 section 6.1 and RFC 3768 section 6.1, with their real resolution instead of centiseconds.</summary>
public static class VrrpTimers
{
    /// <summary>Skew_Time: how much longer a lower priority waits.</summary>
    /// <param name="version">Protocol version, 2 or 3.</param>
    /// <param name="priority">Effective priority, 1..255.</param>
    /// <param name="masterAdvertInterval">Interval announced by the master.</param>
    public static TimeSpan Skew(byte version, byte priority, TimeSpan masterAdvertInterval)
    {
        // RFC 3768 section 6.1: (256 - Priority) / 256 seconds.
        // RFC 9568 section 6.1: ((256 - Priority) * Active_Adver_Interval) / 256.
        long unit = version == 2 ? TimeSpan.TicksPerSecond : masterAdvertInterval.Ticks;
        return new TimeSpan((256 - priority) * unit / 256);
    }

    /// <summary>Master_Down_Interval (RFC 9568: Active_Down_Interval): silence after which the master counts as lost.</summary>
    public static TimeSpan MasterDown(byte version, byte priority, TimeSpan masterAdvertInterval, int downTimerAdverts) =>
        new((downTimerAdverts * masterAdvertInterval.Ticks) + Skew(version, priority, masterAdvertInterval).Ticks);
}
