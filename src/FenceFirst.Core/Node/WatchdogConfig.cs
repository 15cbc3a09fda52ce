using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Node;

/// <summary>A device of the kernel that resets the machine when nobody feeds it (docs/self-fencing.md).</summary>
/// <param name="Path">The device, /dev/watchdog as a rule.</param>
/// <param name="IsRequired">Whether no promotion goes on without it.</param>
/// <param name="Timeout">Whole seconds, 1 s or more, see <see cref="TimeoutFor"/>: how long it waits for food.</param>
public sealed record WatchdogConfig(string Path, bool IsRequired, TimeSpan Timeout)
{
    /// <summary>The shortest timeout that the kernel's interface knows.</summary>
    public static readonly TimeSpan TimeoutMin = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Whole seconds that fit into the shortest time in which a peer may conclude that we are gone: the adverts that it has to miss, without its skew. So a
    /// machine whose loop hangs has been reset when a peer takes over, unless that time is below one second.
    /// </summary>
    public static TimeSpan TimeoutFor(IEnumerable<VrrpConfig> instances)
    {
        TimeSpan shortest = TimeSpan.FromSeconds(60);
        foreach (VrrpConfig instance in instances)
        {
            TimeSpan missed = instance.AdvertInterval * instance.DownTimerAdverts;
            shortest = missed < shortest ? missed : shortest;
        }

        TimeSpan whole = TimeSpan.FromSeconds(Math.Floor(shortest.TotalSeconds));
        return whole > TimeoutMin ? whole : TimeoutMin;
    }
}

/// <summary>What we know of the watchdog.</summary>
public enum WatchdogPhase : byte
{
    /// <summary>Not armed by us.</summary>
    Off = 0,

    /// <summary>The host was asked to arm it.</summary>
    Arming,

    /// <summary>Armed: the machine resets when the loop hangs.</summary>
    Armed,
}
