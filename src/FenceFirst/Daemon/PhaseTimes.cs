using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Linux;

namespace FenceFirst.Daemon;

/// <summary>Since when each instance has been in its phase, by the wall clock: for people only.</summary>
internal sealed class PhaseTimes
{
    private readonly Dictionary<string, (VrrpPhase Phase, DateTimeOffset Since)> _times = [];
    private readonly DateTimeOffset _start = MonotonicClock.WallNow;

    /// <summary>Takes the phase that an entry tells of.</summary>
    public void Take(string instance, in TimelineEntry entry)
    {
        if (!_times.TryGetValue(instance, out (VrrpPhase Phase, DateTimeOffset Since) known) || known.Phase != entry.Phase)
        {
            _times[instance] = (entry.Phase, MonotonicClock.WallNow);
        }
    }

    /// <summary>Since when; without news since the start of the daemon.</summary>
    public DateTimeOffset Since(string instance) => _times.TryGetValue(instance, out (VrrpPhase Phase, DateTimeOffset Since) known) ? known.Since : _start;
}
