using System.Globalization;
using FenceFirst.Core;
using FenceFirst.Core.Timeline;
using FenceFirst.Linux.Files;
using FenceFirst.Linux.Native;

namespace FenceFirst.Daemon;

/// <summary>Tells the watchdog device and systemd that the loop lives: from the loop's own timer, and only when it was on time.</summary>
/// <remarks>
/// On time means: woken no later than one whole period after it was due. A loop that is late once is not fed for, and makes up for it with the next
/// beat; one that is late again and again, or hangs, is reset by the kernel or killed by systemd.
/// </remarks>
internal sealed class Heartbeat(LogWriter log)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);

    private readonly Beat _systemd = new(() => SystemdNotify.Send("WATCHDOG=1"), SystemdPeriod(
        Environment.GetEnvironmentVariable("WATCHDOG_USEC"), Environment.GetEnvironmentVariable("WATCHDOG_PID"), Environment.ProcessId));

    private Beat _device = new(() => { }, TimeSpan.Zero);
    private MonotonicInstant _toldAt = MonotonicInstant.Zero;

    /// <summary>When the next beat is due; Never = nobody waits for one.</summary>
    public MonotonicInstant Due => MonotonicInstant.Earlier(_systemd.Due, _device.Due);

    /// <summary>Half of what systemd waits for (WatchdogSec=); zero when it does not wait for this process.</summary>
    internal static TimeSpan SystemdPeriod(string? microseconds, string? processId, int ownId)
    {
        bool isOurs = string.IsNullOrEmpty(processId) || processId == ownId.ToString(CultureInfo.InvariantCulture);
        return isOurs && long.TryParse(microseconds, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value is > 1 and < long.MaxValue / 10
            ? TimeSpan.FromMicroseconds(value / 2.0)
            : TimeSpan.Zero;
    }

    /// <summary>The loop has begun: systemd's time runs.</summary>
    public void Begin(MonotonicInstant now) => _systemd.Begin(now);

    /// <summary>Feeds the device every period from now on.</summary>
    public void Feed(Action feed, TimeSpan period)
    {
        _device = new Beat(feed, period);
        _device.Begin(MonotonicClock.Now);
    }

    /// <summary>The device is not fed any more.</summary>
    public void StopFeeding() => _device = new Beat(() => { }, TimeSpan.Zero);

    /// <summary>Beats for whoever is due.</summary>
    public void Tick(MonotonicInstant now)
    {
        TimeSpan late = _systemd.Tick(now);
        TimeSpan lateForDevice = _device.Tick(now);
        late = lateForDevice > late ? lateForDevice : late;
        if (late > TimeSpan.Zero && now - _toldAt > Quiet)
        {
            _toldAt = now;
            log.Write(TimelineLevel.Warning, $"the loop was {TimelineText.Duration(late)} late: the watchdog is not fed for that (said every {Quiet.TotalSeconds} s at most)");
        }
    }

    /// <summary>One that waits for a sign of life.</summary>
    internal sealed class Beat(Action act, TimeSpan period)
    {
        /// <summary>When the next sign is due.</summary>
        public MonotonicInstant Due { get; private set; } = MonotonicInstant.Never;

        /// <summary>Gives the first sign.</summary>
        public void Begin(MonotonicInstant now)
        {
            if (period > TimeSpan.Zero)
            {
                act();
                Due = now + period;
            }
        }

        /// <summary>Gives the sign if it is due and the loop on time; returns how late it was when it was not.</summary>
        public TimeSpan Tick(MonotonicInstant now)
        {
            if (Due > now)
            {
                return TimeSpan.Zero;
            }

            TimeSpan late = now - Due;
            Due = now + period;
            if (late > period)
            {
                return late;
            }

            act();
            return TimeSpan.Zero;
        }
    }
}
