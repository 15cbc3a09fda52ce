using FenceFirst.Core;
using FenceFirst.Linux.Native;

namespace FenceFirst.Tests.Linux;

public sealed class KernelSecondTests
{
    // The counter starts at 2^32 less 300 s of ticks (INITIAL_JIFFIES), and the stamp counts from there: with 250 ticks its first full second comes after 204.
    [Theory]
    [InlineData(250, 0, 816)]
    [InlineData(250, 81, 6)]
    [InlineData(250, 1_234_567_850, 316)]
    [InlineData(1000, 0, 704)]
    [InlineData(100, 4, 0)]
    [InlineData(300, 0, 346)]
    public void A_second_of_the_kernel_begins_where_its_ticks_pass_a_full_second(uint ticksPerSecond, uint stamp, int milliseconds) =>
        Assert.Equal(milliseconds, (int)KernelSecond.BeginOf(new MonotonicInstant(7_000_000_000), stamp, ticksPerSecond).TotalMilliseconds);

    // The phase of our own clock is added.
    [Fact]
    public void It_is_told_on_our_clock() =>
        Assert.Equal(TimeSpan.FromMilliseconds(66), KernelSecond.BeginOf(new MonotonicInstant(7_250_000_000), 0, 250));
}
