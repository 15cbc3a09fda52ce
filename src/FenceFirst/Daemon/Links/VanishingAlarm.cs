using FenceFirst.Core;
using FenceFirst.Core.Timeline;

namespace FenceFirst.Daemon.Links;

/// <summary>Says aloud when what we hold is removed again and again: somebody else manages it too, and neither will give in.</summary>
internal sealed class VanishingAlarm(LogWriter log)
{
    /// <summary>As often within <see cref="Window"/> is no accident.</summary>
    public const int Most = 10;

    /// <summary>The time in which it is counted, and the least time between two alarms.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, Count> _counts = [];

    /// <summary>Something was put back; whether that is worth a line of its own.</summary>
    /// <param name="name">The instance; empty = a static item.</param>
    /// <param name="what">What is vanishing, in words.</param>
    /// <param name="now">Now.</param>
    public bool PutBack(string name, string what, MonotonicInstant now)
    {
        if (!_counts.TryGetValue(name, out Count? count))
        {
            _counts[name] = count = new Count { Since = now };
        }

        if (now - count.Since >= Window)
        {
            (count.Since, count.Times) = (now, 0);
        }

        if (++count.Times == Most)
        {
            string text = $"{what} keep vanishing: put back {Most} times within a minute; somebody else manages them (a network manager, a DHCP client, another daemon): `ip monitor all` shows what happens";
            log.Write(TimelineLevel.Error, name, "vanishing", name.Length > 0 ? $"({name}) {text}" : text);
        }

        return count.Times <= Most;
    }

    private sealed class Count
    {
        public MonotonicInstant Since { get; set; }

        public int Times { get; set; }
    }
}
