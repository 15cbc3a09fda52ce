using FenceFirst.Core;
using FenceFirst.Daemon;

namespace FenceFirst.Tests.Daemon;

/// <summary>Signs of life are given by a loop that is on time, and by no other.</summary>
public sealed class HeartbeatTests
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    // Shown: on time, and late by up to one period: a sign. Later: none, and the next one a period afterwards.
    [Fact]
    public void Who_is_later_than_a_period_gives_no_sign()
    {
        int signs = 0;
        Heartbeat.Beat beat = new(() => signs++, Period);
        Assert.True(beat.Due.IsNever);
        beat.Begin(At(0));
        Assert.Equal((1, At(1)), (signs, beat.Due));
        Assert.Equal(TimeSpan.Zero, beat.Tick(At(0.9)));
        Assert.Equal(1, signs);
        Assert.Equal(TimeSpan.Zero, beat.Tick(At(2)));
        Assert.Equal((2, At(3)), (signs, beat.Due));
        Assert.Equal(TimeSpan.FromSeconds(1.1), beat.Tick(At(4.1)));
        Assert.Equal((2, At(5.1)), (signs, beat.Due));
        Assert.Equal(TimeSpan.Zero, beat.Tick(At(5.1)));
        Assert.Equal(3, signs);
    }

    // Shown: nobody waits: no sign is ever due.
    [Fact]
    public void Without_a_period_nothing_is_due()
    {
        Heartbeat.Beat beat = new(() => Assert.Fail("nobody asked"), TimeSpan.Zero);
        beat.Begin(At(0));
        Assert.True(beat.Due.IsNever);
        Assert.Equal(TimeSpan.Zero, beat.Tick(At(100)));
    }

    // Shown: half of WATCHDOG_USEC, when WATCHDOG_PID is ours or not set; anything else is nobody waiting.
    [Theory]
    [InlineData("10000000", "", 5)]
    [InlineData("10000000", "42", 5)]
    [InlineData("10000000", "43", 0)]
    [InlineData("3000", null, 0.0015)]
    [InlineData("0", "", 0)]
    [InlineData("-1", "", 0)]
    [InlineData("ten", "", 0)]
    [InlineData("99999999999999999999", "", 0)]
    [InlineData(null, "42", 0)]
    public void Systemd_is_told_twice_in_its_time(string? microseconds, string? processId, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Heartbeat.SystemdPeriod(microseconds, processId, 42));

    private static MonotonicInstant At(double seconds) => new((long)Math.Round(seconds * 1e9));
}
