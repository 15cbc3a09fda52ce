using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Daemon;

namespace FenceFirst.Tests.Daemon;

/// <summary>vrrp_startup_delay and vrrp_delay_after_boot.</summary>
public sealed class StartDelayTests
{
    // Shown: seconds since boot, the two delays, and when the instances begin.
    [Theory]
    [InlineData(100, 0, 0, 100)]
    [InlineData(100, 7, 0, 107)]
    [InlineData(100, 0, 60, 100)]
    [InlineData(20, 0, 60, 60)]
    [InlineData(20, 50, 60, 70)]
    public void The_later_of_both_holds(int now, int startup, int boot, int begin)
    {
        ProcessConfig process = new() { StartupDelay = TimeSpan.FromSeconds(startup), DelayAfterBoot = TimeSpan.FromSeconds(boot) };
        Assert.Equal(At(begin), StartDelay.Until(process, At(now)));
    }

    private static MonotonicInstant At(int seconds) => MonotonicInstant.Zero + TimeSpan.FromSeconds(seconds);
}
