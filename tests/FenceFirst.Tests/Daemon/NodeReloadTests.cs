using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Tests.Machine;
using FenceFirst.Tests.Wire;

namespace FenceFirst.Tests.Daemon;

/// <summary>What a reload keeps: instances that are the same, what they hold, and what is known about releases (docs/promotion.md 4.1).</summary>
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
        NodeState carried = Carry(old, state, next);
        Assert.Equal(VrrpPhase.Backup, carried.Instances[0].Phase);
        Assert.Equal(isChanged ? 0ul : 1ul, carried.Instances[0].ReleasedTargets);
        Assert.Equal(isChanged, carried.Instances[0].FollowedSince.IsNever);
    }

    [Theory]
    [InlineData(VrrpPhase.Master, true)]
    [InlineData(VrrpPhase.Backup, true)]
    [InlineData(VrrpPhase.Fault, true)]
    [InlineData(VrrpPhase.Demoting, false)]
    [InlineData(VrrpPhase.Promoting, false)]
    public void Other_addresses_are_taken_over_at_rest(VrrpPhase phase, bool isKept)
    {
        // While something is being removed, or asked for on the link, the old list is still needed.
        (NodeConfig old, NodeConfig next) = (TestConfig.Node(TestConfig.Instance()), TestConfig.Node(TestConfig.Instance() with { Addresses = [Address("10.0.0.99")] }));
        NodeState state = new(old, 0);
        state.Instances[0].Phase = phase;
        ReloadPlan plan = ReloadPlan.Make(old, next);
        Assert.Equal(isKept ? 0 : -1, Assert.Single(plan.Kept(state)));
        Assert.Equal(old.Instances[0].Addresses, plan.Dropped(0).Addresses);
        Assert.Equal(phase == VrrpPhase.Master, Carry(old, state, next).Instances[0].IsHoldingChanged);
    }

    // Shown: another MAC address, another name of the interface, or none of its own any more: the addresses have to move, so the instance stops in order and starts anew.
    [Theory]
    [InlineData("vrrp.51", 0x00005e000133, true)]
    [InlineData("vrrp.51", 0x020000000033, false)]
    [InlineData("vip0", 0x00005e000133, false)]
    [InlineData("", 0, false)]
    public void Another_virtual_MAC_address_starts_an_instance_anew(string name, ulong mac, bool isKept)
    {
        VrrpConfig with = TestConfig.Instance() with { Vmac = new VirtualLink(1, 0, 0x00005e000133), TrackLinks = [new TrackReference(0, 0, false)] };
        NodeConfig old = TestConfig.Node(with) with { Links = ["eth0", "vrrp.51"] };
        NodeConfig next = TestConfig.Node(with with { Vmac = name.Length == 0 ? null : new VirtualLink(0, 1, mac), Link = 1, TrackLinks = [new TrackReference(1, 0, false)] })
            with
        { Links = [name, "eth0"] };
        NodeState state = new(old, 0);
        state.Instances[0].Phase = VrrpPhase.Backup;
        next = next with { Instances = [next.Instances[0] with { Addresses = [next.Instances[0].Addresses[0] with { Link = 1 }] }] };
        Assert.Equal(isKept ? 0 : -1, Assert.Single(ReloadPlan.Make(old, next).Kept(state)));
    }

    [Fact]
    public void Only_what_is_held_no_more_is_dropped()
    {
        // One address stays, one moves to the excluded ones, one goes; the routes keep their order.
        VrrpConfig before = TestConfig.Instance() with { Addresses = [Address("10.0.0.1"), Address("10.0.0.2"), Address("10.0.0.3")] };
        VrrpConfig after = before with { Addresses = [Address("10.0.0.1"), Address("10.0.0.4")], ExcludedAddresses = [Address("10.0.0.2")] };
        ReloadPlan plan = ReloadPlan.Make(TestConfig.Node(before), TestConfig.Node(after));
        Assert.True(plan.HoldsOther(0));
        Assert.Equal([Address("10.0.0.3")], plan.Dropped(0).Addresses);
        Assert.True(plan.Dropped(0).ExcludedAddresses.IsEmpty);
    }

    [Fact]
    public void Instances_are_matched_by_vrid_family_and_interface_whatever_their_name()
    {
        // Renamed and in another order; a third one has another Vrid.
        VrrpConfig one = TestConfig.Instance(), two = TestConfig.Instance(name: "VI_2", vrid: 52);
        NodeConfig old = TestConfig.Node(one, two);
        NodeConfig next = TestConfig.Node(two with { Name = "other" }, one, one with { Name = "new", Vrid = 99 });
        Assert.Equal([1, 0, -1], ReloadPlan.Make(old, next).Kept(new NodeState(old, 0)));
    }

    // Shown: what is not there any more is told of as deleted, as in keepalived: not by its name, which another one may have now.
    [Fact]
    public void An_instance_with_another_vrid_is_another_one_under_the_old_name()
    {
        VrrpConfig one = TestConfig.Instance(), two = TestConfig.Instance(name: "VI_2", vrid: 52);
        ReloadPlan plan = ReloadPlan.Make(TestConfig.Node(one, two), TestConfig.Node(one with { Name = "renamed", Version = 2 }, two with { Vrid = 99 }));
        Assert.Equal([false, true], [plan.IsRemoved(0), plan.IsRemoved(1)]);
    }

    [Fact]
    public void A_shorter_interval_is_kept_from_the_reload_on_and_is_no_stall()
    {
        // A master with 10 s whose last advert left 7 s ago; with 1 s its peers would wait 3.6 s.
        VrrpConfig before = TestConfig.Instance() with { AdvertInterval = TimeSpan.FromSeconds(10) };
        NodeConfig old = TestConfig.Node(before), next = TestConfig.Node(before with { AdvertInterval = TimeSpan.FromSeconds(1) });
        NodeState state = new(old, 0) { IsStarted = true };
        MonotonicInstant now = new(100_000_000_000);
        state.Instances[0].Phase = VrrpPhase.Master;
        state.Instances[0].Priority = before.BasePriority;
        state.Instances[0].AdvertSentAt = now - TimeSpan.FromSeconds(7);
        state.Instances[0].AdvertAt = now + TimeSpan.FromSeconds(3);
        state.Instances[0].Source = InternetAddress.Parse("10.0.0.7");
        NodeState carried = Carry(old, state, next, now);
        Assert.Equal(now + TimeSpan.FromSeconds(1), carried.Instances[0].AdvertAt);
        NodeMachine.Step(next, carried, NodeEvent.AddressLost(0), now, new EffectBuffer());
        Assert.Equal(VrrpPhase.Master, carried.Instances[0].Phase);
    }

    // Shown: garp_master_refresh that a reload brings, or shortens, begins then (keepalived); one that was due earlier stays. How: from before, pending, after to what is pending.
    [Theory]
    [InlineData(0, -1, 4, 4)]
    [InlineData(30, 20, 4, 4)]
    [InlineData(30, 3, 4, 3)]
    [InlineData(4, 2, 30, 2)]
    [InlineData(0, 2, 0, 2)]
    public void A_refresh_that_a_reload_brings_begins_with_it(int before, int pending, int after, int expected)
    {
        VrrpConfig With(int refresh) => TestConfig.Instance() with { Gratuitous = new() { Refresh = TimeSpan.FromSeconds(refresh) } };
        NodeConfig old = TestConfig.Node(With(before)), next = TestConfig.Node(With(after));
        NodeState state = new(old, 0) { IsStarted = true };
        MonotonicInstant now = new(100_000_000_000);
        state.Instances[0].Phase = VrrpPhase.Master;
        state.Instances[0].GratuitousAt = pending < 0 ? MonotonicInstant.Never : now + TimeSpan.FromSeconds(pending);
        Assert.Equal(now + TimeSpan.FromSeconds(expected), Carry(old, state, next, now).Instances[0].GratuitousAt);
    }

    [Fact]
    public void A_master_adds_what_the_reload_brought_and_stays_master()
    {
        // Core's part: the start event after the reload begins the table Restore, with words of its own.
        VrrpConfig before = TestConfig.Instance() with { TrackLinks = [] };
        NodeConfig old = TestConfig.Node(before), next = TestConfig.Node(before with { Addresses = [Address("10.0.0.1"), Address("10.0.0.2")] });
        NodeState state = new(old, 0) { IsStarted = true };
        state.Instances[0].Phase = VrrpPhase.Master;
        state.Instances[0].Source = InternetAddress.Parse("10.0.0.7");
        state.Instances[0].Faults = FaultCauses.None;
        NodeState carried = Carry(old, state, next);
        EffectBuffer effects = new();
        NodeMachine.Step(next, carried, NodeEvent.Started(), default, effects);
        Assert.Equal((VrrpPhase.Master, Transition.Restore, false), (carried.Instances[0].Phase, carried.Instances[0].Transition, carried.Instances[0].IsHoldingChanged));
        Assert.Contains(Enumerable.Range(0, effects.Count).Select(i => effects[i]), effect => effect.Entry.Kind == TimelineKind.HoldingChanged);
        Assert.Contains(Enumerable.Range(0, effects.Count).Select(i => effects[i]), effect => effect.Effect == SideEffect.AddAddresses && effect.Kind == NodeEffectKind.AskKernel);
    }

    private static VirtualAddress Address(string text) => new(InternetAddress.Parse(text), 32, 0);

    private static NodeState Carry(NodeConfig old, NodeState state, NodeConfig next, MonotonicInstant now = default)
    {
        ReloadPlan plan = ReloadPlan.Make(old, next);
        return NodeReload.Carry(plan, state, plan.Kept(state), now);
    }
}
