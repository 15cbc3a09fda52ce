using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Linux;

namespace FenceFirst.Daemon;

/// <summary>Puts timeline entries into the log; what a noisy neighbour can cause is written at a bounded rate and counted.</summary>
internal sealed class TimelineLog(LogWriter log)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);

    private readonly Dictionary<(int Instance, TimelineKind Kind, int Detail), Limit> _limits = [];

    /// <summary>Writes one entry.</summary>
    public void Record(NodeConfig config, in TimelineEntry entry, MonotonicInstant now)
    {
        TimelineLevel level = TimelineText.LevelOf(entry);
        if (!log.IsEnabled(level) && !log.HasJournal)
        {
            return;
        }

        long suppressed = 0;
        if (IsNoisy(entry.Kind) && !MayWrite(entry, now, out suppressed))
        {
            return;
        }

        string text = TimelineText.Describe(config, entry);
        if (suppressed > 0)
        {
            text += $" ({suppressed} more of this kind since the last line)";
        }

        string name = TimelineText.SubjectOf(config, entry);
        log.Write(level, entry.IsOfTracker ? "" : name, entry.Kind.ToString(), text);
        if (log.HasJournal)
        {
            log.Write(new JournalEntry(MonotonicClock.WallNow, now, name, entry.Kind.ToString(), text, entry, Device: TimelineText.DeviceName(config, entry)));
        }
    }

    /// <summary>Forgets the rates, after a reload has changed what the indexes mean.</summary>
    public void Reset() => _limits.Clear();

    private static bool IsNoisy(TimelineKind kind) =>
        kind is TimelineKind.PacketRefused or TimelineKind.LowerAdvertHeard or TimelineKind.ReleaseHeardAsMaster
            or TimelineKind.OwnAddressHeard or TimelineKind.AddressListDiffers or TimelineKind.AddressesRestored;

    private bool MayWrite(in TimelineEntry entry, MonotonicInstant now, out long suppressed)
    {
        (int, TimelineKind, int) key = (entry.Index, entry.Kind, (int)entry.Error);
        suppressed = 0;
        if (_limits.TryGetValue(key, out Limit? limit) && now - limit.WrittenAt < Quiet)
        {
            limit.Suppressed++;
            return false;
        }

        if (limit is null)
        {
            _limits[key] = limit = new Limit();
        }

        suppressed = limit.Suppressed;
        limit.Suppressed = 0;
        limit.WrittenAt = now;
        return true;
    }

    private sealed class Limit
    {
        public MonotonicInstant WrittenAt { get; set; }

        public long Suppressed { get; set; }
    }
}
