using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>G7 Stall: a master that has not run for longer than its Master_Down_Interval removes its addresses before anything else.</summary>
public class GuaranteeG7Tests
{
    // Shown: whatever the first event after the stall is, the removal is the first effect and no advert goes out.
    [Theory]
    [InlineData("deadline")]
    [InlineData("advert")]
    [InlineData("link")]
    [InlineData("source")]
    [InlineData("lost")]
    [InlineData("stop")]
    public void The_first_event_after_a_stall_removes_the_addresses(string what)
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance());
        m.Driver.Suspend(3.7);
        switch (what)
        {
            case "deadline":
                m.Driver.Advance(0);
                break;
            case "advert":
                m.Hear('a', 50);
                break;
            case "link":
                m.Deliver(NodeEvent.LinkChanged(0, true));
                break;
            case "source":
                m.Deliver(NodeEvent.SourceChanged(0, TestConfig.AddressOf('m')));
                break;
            case "lost":
                m.Deliver(NodeEvent.AddressLost(0));
                break;
            default:
                m.Deliver(NodeEvent.StopRequested());
                break;
        }

        Assert.StartsWith("RemoveAddresses", m.Seen, StringComparison.Ordinal);
        Assert.DoesNotContain("advert:100", m.Seen, StringComparison.Ordinal);
        Assert.False(m.Holds());
    }

    // Shown: a stall while the kernel adds the address: the late acknowledgement does not go on with the announcement.
    [Fact]
    public void A_stall_while_raising_removes_the_addresses()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance());
        m.Driver.Kernel = (_, _) => null;
        m.Driver.AdvanceTo(m.First.MasterDownAt);
        m.Driver.Suspend(5);
        m.AnswerKernel();
        Assert.Equal("RemoveAddresses", m.Seen);
    }

    // Shown: the kernel has refused the address, and a stall left no time to read that. The removal goes first, and then the story says that nothing was there (G8;
    // seed 254287).
    [Fact]
    public void A_refusal_that_a_stall_has_overtaken_is_told()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance());
        m.Driver.Kernel = (_, _) => null;
        m.Driver.AdvanceTo(m.First.MasterDownAt);
        m.Driver.Suspend(5);
        m.AnswerKernel(errno: 12);
        Assert.Equal("RemoveAddresses", m.Seen);
        Assert.Equal((SideEffect.AddAddresses, 12), m.Entries.Where(entry => entry.Kind == TimelineKind.KernelRefused).Select(entry => (entry.Effect, entry.First)).Single());
        m.AnswerKernel(errno: 16);
        Assert.Equal(2, m.Entries.Count(entry => entry.Kind == TimelineKind.KernelRefused));
    }

    // Shown: after the release it elects anew, and a gap shorter than the interval is no stall.
    [Fact]
    public void It_elects_anew_and_short_gaps_do_not_count()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance());
        m.Driver.Suspend(2.5);
        m.Driver.Advance(0);
        Assert.Equal(VrrpPhase.Master, m.Phase);
        m.Driver.Suspend(10);
        m.Driver.Advance(0);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        m.Driver.Advance(3.7);
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }
}
