using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;
using FenceFirst.Daemon;
using FenceFirst.Tests.Machine;
using FenceFirst.Tests.Wire;

namespace FenceFirst.Tests.Daemon;

/// <summary>What a reload keeps of what is known about releases (docs/promotion.md 4.1).</summary>
public sealed class NodeReloadTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_changed_instance_learns_of_releases_anew(bool isChanged)
    {
        VrrpConfig before = TestConfig.Instance().Promote(TestConfig.Fence("z")).Plan(plan => plan with { IsReleaseEnough = true }) with { Hmac = HmacSamples.Hmac() };
        NodeConfig old = TestConfig.Node(before);
        NodeConfig next = TestConfig.Node(isChanged ? before.Plan(plan => plan with { Steps = [TestConfig.Fence("y")] }) : before);
        NodeState state = new(old, epochBase: 7);
        state.Instances[0].Phase = VrrpPhase.Backup;
        state.Instances[0].ReleasedTargets = 1;
        state.Instances[0].FollowedSince = new MonotonicInstant(5);
        NodeState carried = NodeReload.Carry(old, state, next, NodeReload.KeptInstances(old, state, next));
        Assert.Equal(VrrpPhase.Backup, carried.Instances[0].Phase);
        Assert.Equal(isChanged ? 0ul : 1ul, carried.Instances[0].ReleasedTargets);
        Assert.Equal(isChanged, carried.Instances[0].FollowedSince.IsNever);
    }
}
