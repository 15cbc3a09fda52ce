using System.Diagnostics;

namespace FenceFirst.SystemTests;

/// <summary>
/// Finds out when this machine stood still: a thread that is before all others wants to run every few milliseconds, and nothing that it does takes time. What an
/// observer heard just after a pause may have happened at any moment of it.
/// </summary>
internal sealed class PauseMeter : IDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(10);

    /// <summary>Shorter gaps are within what every judge allows for hearing.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(100);

    private static readonly Lazy<PauseMeter> LazyShared = new(() => new PauseMeter());
    private readonly List<(DateTime From, DateTime To)> _pauses = [];
    private readonly Thread _thread;
    private volatile bool _isEnding;

    public PauseMeter()
    {
        _thread = new Thread(Measure) { IsBackground = true, Name = "pauses of the machine", Priority = ThreadPriority.Highest };
        _thread.Start();
    }

    /// <summary>The one for everybody who has none of his own.</summary>
    public static PauseMeter Shared => LazyShared.Value;

    /// <summary>How much of a time is left without the pauses in it.</summary>
    public static TimeSpan Without(IEnumerable<(DateTime From, DateTime To)> pauses, DateTime from, DateTime to)
    {
        TimeSpan left = to - from;
        foreach ((DateTime begin, DateTime end) in pauses)
        {
            TimeSpan within = (end < to ? end : to) - (begin > from ? begin : from);
            left -= within > TimeSpan.Zero ? within : TimeSpan.Zero;
        }
        return left;
    }

    /// <summary>The pauses so far, in the order of time.</summary>
    public IReadOnlyList<(DateTime From, DateTime To)> Pauses
    {
        get
        {
            lock (_pauses)
            {
                return [.. _pauses];
            }
        }
    }

    public void Dispose()
    {
        _isEnding = true;
        _thread.Join(TimeSpan.FromSeconds(2));
    }

    private void Measure()
    {
        Native.PutFirst();
        (DateTime last, long lastTicks) = (DateTime.UtcNow, Stopwatch.GetTimestamp());
        while (!_isEnding)
        {
            Thread.Sleep(Beat);
            (DateTime now, long ticks) = (DateTime.UtcNow, Stopwatch.GetTimestamp());
            if (Stopwatch.GetElapsedTime(lastTicks, ticks) > Least)
            {
                lock (_pauses)
                {
                    _pauses.Add((last, now));
                }
            }

            (last, lastTicks) = (now, ticks);
        }
    }
}
