using FenceFirst.Core.Tracking;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Network;

namespace FenceFirst.Tests.Linux;

/// <summary>The carrier of an interface, asked for. The loopback interface is the only one that is everywhere; the rest is in the system tests.</summary>
public sealed class LinkPollerTests
{
    // Shown: every wish ends with a way that works; the loopback driver has no transceiver.
    [Theory]
    [InlineData(LinkPollMethod.Any)]
    [InlineData(LinkPollMethod.Mii)]
    [InlineData(LinkPollMethod.Ethtool)]
    [InlineData(LinkPollMethod.Ioctl)]
    public void The_loopback_interface_answers(LinkPollMethod wanted)
    {
        using EventCounter changed = new();
        using LinkPoller poller = new([("lo", wanted)], changed);
        Assert.Equal(File.ReadAllText("/sys/class/net/lo/operstate").Trim() != "down", poller.IsUp(0));
        Assert.Equal(wanted == LinkPollMethod.Ioctl ? LinkPollMethod.Ioctl : LinkPollMethod.Ethtool, poller.MethodOf(0));
        Assert.Equal(0, changed.Drain());
    }

    [Fact]
    public void An_interface_that_is_not_there_is_down()
    {
        using EventCounter changed = new();
        using LinkPoller poller = new([("lo", LinkPollMethod.Any), ("absent0", LinkPollMethod.Mii)], changed);
        Assert.False(poller.IsUp(1));
        Assert.Equal(LinkPollMethod.Any, poller.MethodOf(1));
    }
}
