namespace FenceFirst.Core.Timeline;

/// <summary>Holds back what a noisy neighbour can cause: of each such kind one entry per ten seconds is written, and the others are counted.</summary>
public sealed class NoiseFilter
{
    private const long QuietMilliseconds = 10_000;

    private readonly Dictionary<(int Instance, TimelineKind Kind, int Detail), Limit> _limits = [];

    /// <summary>Whether the entry is to be written.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="milliseconds">Now, on any clock that only goes forward.</param>
    /// <param name="suppressed">Entries of its kind that were held back since the last one that was written.</param>
    public bool MayWrite(in TimelineEntry entry, long milliseconds, out long suppressed)
    {
        suppressed = 0;
        if (!IsNoisy(entry.Kind))
        {
            return true;
        }

        (int, TimelineKind, int) key = (entry.Index, entry.Kind, (int)entry.Error);
        if (_limits.TryGetValue(key, out Limit? limit) && milliseconds - limit.WrittenAt < QuietMilliseconds)
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
        limit.WrittenAt = milliseconds;
        return true;
    }

    /// <summary>Forgets the rates, after a reload has changed what the indexes mean.</summary>
    public void Reset() => _limits.Clear();

    /// <summary>What is appended to a line before which others were held back; empty for none.</summary>
    public static string Words(long suppressed) => suppressed == 0 ? "" : $" ({suppressed} more of this kind since the last line)";

    private static bool IsNoisy(TimelineKind kind) =>
        kind is TimelineKind.PacketRefused or TimelineKind.LowerAdvertHeard or TimelineKind.ReleaseHeardAsMaster
            or TimelineKind.OwnAddressHeard or TimelineKind.AddressListDiffers or TimelineKind.AddressesRestored;

    private sealed class Limit
    {
        public long WrittenAt { get; set; }

        public long Suppressed { get; set; }
    }
}
