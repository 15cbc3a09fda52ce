using FenceFirst.Core;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Daemon.Operator;

/// <summary>Writes a line now and then while maintenance is on, so that nobody forgets it. Decides nothing.</summary>
internal sealed class MaintenanceReminder(EventLoop loop, LogWriter log)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    /// <summary>When the next line is due; Never = no maintenance is on.</summary>
    public MonotonicInstant Due { get; private set; } = MonotonicInstant.Never;

    /// <summary>Maintenance has begun or ended, or a reload has changed the instances.</summary>
    public void Restart(MonotonicInstant now) => Due = Instances().Any() ? now + Interval : MonotonicInstant.Never;

    /// <summary>Writes what is due.</summary>
    public void Advance(MonotonicInstant now)
    {
        if (Due <= now)
        {
            string[] names = [.. Instances()];
            if (names.Length > 0)
            {
                string who = names.Length == loop.Config.Instances.Count ? "all instances" : string.Join(", ", names);
                log.Write(TimelineLevel.Warning, $"MAINTENANCE is still on ({who}): no promotion starts and trackers demote nobody; 'fencefirst maintenance off' ends it");
            }

            Restart(now);
        }
    }

    private IEnumerable<string> Instances()
    {
        VrrpState[] states = loop.State.Instances;
        for (int i = 0; i < states.Length; i++)
        {
            if (states[i].MaintenanceUntil != MonotonicInstant.Zero)
            {
                yield return loop.Config.Instances[i].Name;
            }
        }
    }
}
