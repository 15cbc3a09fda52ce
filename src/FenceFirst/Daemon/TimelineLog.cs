using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Daemon.Records;
using FenceFirst.Linux.Native;

namespace FenceFirst.Daemon;

/// <summary>Puts timeline entries into the log; what a noisy neighbour can cause is written at a bounded rate and counted.</summary>
internal sealed class TimelineLog(LogWriter log)
{
    private readonly NoiseFilter _filter = new();

    /// <summary>Writes one entry.</summary>
    public void Record(NodeConfig config, in TimelineEntry entry, MonotonicInstant now)
    {
        TimelineLevel level = TimelineText.LevelOf(entry);
        if (!log.IsEnabled(level) && !log.HasJournal)
        {
            return;
        }

        if (!_filter.MayWrite(entry, now.Nanoseconds / 1_000_000, out long suppressed))
        {
            return;
        }

        string text = TimelineText.Describe(config, entry) + NoiseFilter.Words(suppressed);
        string name = TimelineText.SubjectOf(config, entry);
        log.Write(level, entry.IsOfTracker ? "" : name, entry.Kind.ToString(), text);
        if (log.HasJournal)
        {
            log.Write(new JournalEntry(MonotonicClock.WallNow, now, name, entry.Kind.ToString(), text, entry, Device: TimelineText.DeviceName(config, entry)));
        }
    }

    /// <summary>Forgets the rates, after a reload has changed what the indexes mean.</summary>
    public void Reset() => _filter.Reset();
}
