namespace FenceFirst.Core.Vrrp;

/// <summary>The timer formulas of RFC 9568 section 6.1 and RFC 3768 section 6.1, with their real resolution instead of centiseconds.</summary>
public static class VrrpTimers
{
    private static readonly TimeSpan WaitedMax = TimeSpan.FromMilliseconds(20);

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

    /// <summary>
    /// How long an advert has waited for us, as far as that is believed: at most 20 ms and at most half an interval of the master, never less than nothing.
    /// Ours (decision 104).
    /// </summary>
    /// <remarks>Master_Down_Timer runs from the receipt. Beyond the bound we were late as a whole, and later adverts may lie behind this one.</remarks>
    /// <param name="waited">What the host says.</param>
    /// <param name="masterAdvertInterval">Interval announced by the master.</param>
    public static TimeSpan Waited(TimeSpan waited, TimeSpan masterAdvertInterval) =>
        new(Math.Clamp(waited.Ticks, 0, Math.Min(WaitedMax.Ticks, masterAdvertInterval.Ticks / 2)));

    /// <summary>Master_Down_Interval (RFC 9568: Active_Down_Interval): silence after which the master counts as lost.</summary>
    public static TimeSpan MasterDown(byte version, byte priority, TimeSpan masterAdvertInterval, int downTimerAdverts) =>
        new((downTimerAdverts * masterAdvertInterval.Ticks) + Skew(version, priority, masterAdvertInterval).Ticks);
}
