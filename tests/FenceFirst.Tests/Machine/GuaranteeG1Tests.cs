using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>G1 Permission: no address before every step has succeeded.</summary>
public class GuaranteeG1Tests
{
    // Shown: for each step of three in turn, failing it leaves the address unasked for.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void One_failed_step_of_many_means_no_address(int failing)
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Check(), TestConfig.Fence("z"), TestConfig.Run()));
        m.Driver.Advance(4);
        for (int i = 0; i < failing; i++)
        {
            m.Succeed();
        }

        m.Fail();
        m.Driver.Advance(20);
        Assert.DoesNotContain(m.Entries, entry => entry.Kind == TimelineKind.KernelAsked);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // Shown: as long as a step runs, 1000 s here, nothing is asked of the kernel.
    [Fact]
    public void A_step_that_takes_long_is_waited_for()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Run() with { Timeout = TimeSpan.MaxValue }));
        m.Driver.Advance(1000);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        Assert.False(m.Holds());
        m.Succeed();
        Assert.True(m.Holds());
    }
}
