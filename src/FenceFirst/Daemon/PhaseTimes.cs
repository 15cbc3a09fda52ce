using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Linux.Native;

namespace FenceFirst.Daemon;

/// <summary>Since when each instance has been in its phase, by the wall clock, and how often it became Master: for people only.</summary>
internal sealed class PhaseTimes
{
    private readonly Dictionary<string, History> _histories = [];
    private readonly DateTimeOffset _start = MonotonicClock.WallNow;

    /// <summary>Takes the phase that an entry tells of.</summary>
    public void Take(string instance, in TimelineEntry entry)
    {
        if (!_histories.TryGetValue(instance, out History? known))
        {
            _histories[instance] = known = new History { Since = _start, StateSince = _start };
        }

        if (known.Phase == entry.Phase && known.IsTold)
        {
            return;
        }

        DateTimeOffset now = MonotonicClock.WallNow;
        known.BecameMaster += entry.Phase == VrrpPhase.Master ? 1 : 0;
        known.ReleasedMaster += known.Phase == VrrpPhase.Master ? 1 : 0;
        if (KeepalivedState.Of(entry.Phase) != KeepalivedState.Of(known.Phase))
        {
            known.StateSince = now;
        }

        known.Phase = entry.Phase;
        known.Since = now;
        known.IsTold = true;
    }

    /// <summary>Since when; without news since the start of the daemon.</summary>
    public DateTimeOffset Since(string instance) => _histories.TryGetValue(instance, out History? known) ? known.Since : _start;

    /// <summary>Since when in the state that keepalived would show.</summary>
    public DateTimeOffset StateSince(string instance) => _histories.TryGetValue(instance, out History? known) ? known.StateSince : _start;

    /// <summary>How often the instance became Master.</summary>
    public long BecameMaster(string instance) => _histories.TryGetValue(instance, out History? known) ? known.BecameMaster : 0;

    /// <summary>How often it left Master.</summary>
    public long ReleasedMaster(string instance) => _histories.TryGetValue(instance, out History? known) ? known.ReleasedMaster : 0;

    /// <summary>Counts from 0 again.</summary>
    public void ClearCounters()
    {
        foreach (History known in _histories.Values)
        {
            known.BecameMaster = 0;
            known.ReleasedMaster = 0;
        }
    }

    private sealed class History
    {
        public VrrpPhase Phase { get; set; }

        public bool IsTold { get; set; }

        public DateTimeOffset Since { get; set; }

        public DateTimeOffset StateSince { get; set; }

        public long BecameMaster { get; set; }

        public long ReleasedMaster { get; set; }
    }
}
