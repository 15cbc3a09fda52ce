using FenceFirst.Core;
using FenceFirst.Core.Timeline;
using FenceFirst.Daemon;
using FenceFirst.Daemon.Links;

namespace FenceFirst.Tests.Daemon;

/// <summary>What is removed again and again is said aloud, and not more often than once a minute.</summary>
public sealed class VanishingAlarmTests
{
    private MonotonicInstant _now = MonotonicInstant.Zero;

    private string Said(Action<VanishingAlarm> act)
    {
        using MemoryStream text = new();
        using (LogWriter log = new(text, null, LogFormat.Text, TimelineLevel.Detail))
        {
            act(new VanishingAlarm(log));
        }

        return System.Text.Encoding.UTF8.GetString(text.ToArray());
    }

    private void PutBack(VanishingAlarm alarm, int times, TimeSpan apart, string name = "A")
    {
        for (int i = 0; i < times; i++)
        {
            alarm.PutBack(name, "its addresses, routes or rules", _now);
            _now += apart;
        }
    }

    [Fact]
    public void The_tenth_time_within_a_minute_is_an_error_and_the_next_ones_are_not() =>
        Assert.Single(Said(alarm => PutBack(alarm, 50, TimeSpan.FromSeconds(1))).Split('\n'), line => line.Contains("(A) its addresses, routes or rules keep vanishing", StringComparison.Ordinal));

    [Fact]
    public void Now_and_then_is_none() => Assert.Equal("", Said(alarm => PutBack(alarm, 50, TimeSpan.FromSeconds(10))));

    [Fact]
    public void Each_instance_counts_by_itself() => Assert.Equal("", Said(alarm =>
    {
        PutBack(alarm, 9, TimeSpan.Zero);
        PutBack(alarm, 9, TimeSpan.Zero, "B");
    }));

    [Fact]
    public void A_line_for_each_ends_with_the_alarm() => Said(alarm =>
    {
        PutBack(alarm, 9, TimeSpan.Zero, "");
        Assert.True(alarm.PutBack("", "static routes", _now));
        Assert.False(alarm.PutBack("", "static routes", _now));
        Assert.True(alarm.PutBack("", "static routes", _now + VanishingAlarm.Window));
    });
}
