using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>docs/promotion.md section 8: no promotion starts, trackers demote nobody, and what still does.</summary>
public class MaintenanceTests
{
    // Shown: the master is silent for an hour; told once, nothing starts; when maintenance ends the silence has to last anew.
    [Fact]
    public void A_silent_master_starts_no_promotion_before_maintenance_ends()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("z")));
        m.Hear('z', 200);
        Switch(m, MonotonicInstant.Never);
        m.Driver.Advance(3600);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Single(m.Entries, entry => entry.Kind == TimelineKind.PromotionHeldBack);
        Switch(m, MonotonicInstant.Zero);
        m.Driver.Advance(3);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        m.Driver.Advance(1);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
    }

    // Shown: --for ends by itself, at its time, told once for the whole node.
    [Fact]
    public void Maintenance_with_an_end_ends_by_itself()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Node(TestConfig.Instance(), TestConfig.Instance(name: "VI_2", vrid: 52)));
        Switch(m, m.Driver.Now + TimeSpan.FromMinutes(10), instance: -1);
        m.Driver.Advance(599);
        Assert.All(m.State.Instances, instance => Assert.Equal(VrrpPhase.Backup, instance.Phase));
        m.Driver.Advance(6);
        Assert.All(m.State.Instances, instance => Assert.Equal(VrrpPhase.Master, instance.Phase));
        Assert.Single(m.Entries, entry => entry.Kind == TimelineKind.MaintenanceEnded && entry.Index == -1);
        Assert.Equal(MonotonicInstant.Zero, m.State.MaintenanceUntil);
    }

    // Shown: one instance alone; the other goes on as ever.
    [Fact]
    public void Maintenance_of_one_instance_leaves_the_other_alone()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Node(TestConfig.Instance(), TestConfig.Instance(name: "VI_2", vrid: 52)));
        Switch(m, MonotonicInstant.Never, instance: 1);
        m.Driver.Advance(10);
        Assert.Equal((VrrpPhase.Master, VrrpPhase.Backup), (m.State.Instances[0].Phase, m.State.Instances[1].Phase));
        Switch(m, MonotonicInstant.Zero, instance: -1);
        m.Driver.Advance(10);
        Assert.Equal(VrrpPhase.Master, m.State.Instances[1].Phase);
    }

    // Shown: a master keeps its address and its priority whatever its scripts and other interfaces say; both count again at the end.
    [Fact]
    public void A_master_keeps_its_address_and_priority_whatever_trackers_say()
    {
        SimulatedNode m = Tracked();
        Switch(m, MonotonicInstant.Never);
        m.AnswerScript(0, new StepOutcome(StepOutcomeKind.Exited, 1));
        m.AnswerScript(1, new StepOutcome(StepOutcomeKind.Exited, 1));
        m.Deliver(NodeEvent.LinkChanged(1, false));
        Assert.Equal((VrrpPhase.Master, (byte)100), (m.Phase, m.First.Priority));
        Switch(m, MonotonicInstant.Zero);
        Assert.Equal((VrrpPhase.Fault, (byte)70), (m.Phase, m.First.Priority));
    }

    // Shown: a cause of fault that was there before stays and may end; it is only that none begins.
    [Fact]
    public void A_fault_that_was_there_may_end_and_none_begins()
    {
        SimulatedNode m = Tracked();
        m.AnswerScript(0, new StepOutcome(StepOutcomeKind.Exited, 1));
        Assert.Equal(VrrpPhase.Fault, m.Phase);
        Switch(m, MonotonicInstant.Never);
        Assert.Equal(VrrpPhase.Fault, m.Phase);
        m.Driver.Advance(3600);
        m.AnswerScript(0, StepOutcome.Success);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        m.Driver.Advance(3600);
        m.AnswerScript(0, new StepOutcome(StepOutcomeKind.Exited, 1));
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // Shown: without its own interface no advert leaves, so the peers take over anyway: that still demotes.
    [Fact]
    public void The_own_interface_still_demotes()
    {
        SimulatedNode m = Tracked();
        Switch(m, MonotonicInstant.Never);
        m.Deliver(NodeEvent.LinkChanged(0, false));
        Assert.Equal(VrrpPhase.Fault, m.Phase);
        Assert.False(m.Holds());
        m.Deliver(NodeEvent.LinkChanged(0, true));
        m.Driver.Advance(60);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // Shown: a stall and a better master demote as ever (G7, RFC 9568 section 6.4.3).
    [Fact]
    public void A_stall_and_a_better_master_still_demote()
    {
        SimulatedNode stalled = MachineDriver.Master(TestConfig.Instance());
        Switch(stalled, MonotonicInstant.Never);
        stalled.Driver.Suspend(60);
        stalled.Driver.Advance(0);
        Assert.False(stalled.Holds());
        SimulatedNode beaten = MachineDriver.Master(TestConfig.Instance());
        Switch(beaten, MonotonicInstant.Never);
        beaten.Hear('z', 200);
        Assert.Equal(VrrpPhase.Backup, beaten.Phase);
    }

    // Shown: G7 comes first, also when the first event after the stall is the end of maintenance.
    [Fact]
    public void The_end_of_maintenance_after_a_stall_removes_the_addresses_first()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance());
        Switch(m, m.Driver.Now + TimeSpan.FromSeconds(30), instance: -1);
        m.Driver.Suspend(60);
        m.Driver.Advance(0);
        NodeEffect[] told = [.. m.Last.Where(effect => effect.Kind != NodeEffectKind.ArmTimer)];
        Assert.Equal(TimelineKind.Stalled, told[0].Entry.Kind);
        Assert.Equal(NodeEffectKind.AskKernel, told[1].Kind);
        Assert.False(m.Holds());
    }

    // Shown: a promotion under way ends; a fence that was started is awaited first (G3).
    [Fact]
    public void A_promotion_under_way_ends_after_its_fence_has_answered()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("z"), TestConfig.Run()));
        m.Driver.Advance(4);
        Switch(m, MonotonicInstant.Never);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.Succeed();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Empty(m.OpenSteps);
        m.Driver.Advance(600);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // Shown: neither an owner's start, nor retry, nor confirm starts one.
    [Fact]
    public void Nothing_else_starts_a_promotion_either()
    {
        SimulatedNode owner = MachineDriver.Alone(TestConfig.Instance(priority: 255) with { IsStateMaster = true }, isBooted: false);
        owner.Boot(() => owner.Deliver(NodeEvent.MaintenanceChanged(-1, MonotonicInstant.Never)));
        owner.Driver.Advance(60);
        Assert.Equal(VrrpPhase.Backup, owner.Phase);
        SimulatedNode failed = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("z")));
        failed.Driver.Advance(4);
        failed.Fail();
        Switch(failed, MonotonicInstant.Never);
        failed.Deliver(NodeEvent.OperatorRetry(0));
        failed.Deliver(NodeEvent.OperatorConfirmed(0, TestConfig.AddressOf('z')));
        Assert.Equal(ConfirmVerdict.Maintenance, (ConfirmVerdict)failed.Entries.Last(entry => entry.Kind == TimelineKind.OperatorConfirmed).First);
        failed.Driver.Advance(600);
        Assert.Equal(VrrpPhase.Backup, failed.Phase);
    }

    // Shown: a master that is heard again is followed; its next silence is told again.
    [Fact]
    public void A_master_that_is_heard_again_is_followed()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance());
        Switch(m, MonotonicInstant.Never);
        m.Driver.Advance(10);
        m.Hear('z', 200);
        Assert.Equal(TestConfig.AddressOf('z'), m.First.Master);
        m.Driver.Advance(10);
        Assert.Equal(2, m.Entries.Count(entry => entry.Kind == TimelineKind.PromotionHeldBack));
    }

    // Shown: a handover is an operator's word and works; nobody takes over, and this node does not either.
    [Fact]
    public void A_handover_in_maintenance_releases_and_takes_nothing_back()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance());
        Switch(m, MonotonicInstant.Never);
        m.Deliver(NodeEvent.OperatorHandover(0, TimeSpan.FromSeconds(10)));
        m.Driver.Advance(60);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.True(m.Recorded(TimelineKind.HandoverExpired));
        Assert.True(m.Recorded(TimelineKind.PromotionHeldBack));
    }

    // Shown: what a restart restores holds before the first promotion could start.
    [Fact]
    public void Restored_before_the_start_it_holds_from_the_first_moment()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance(), isBooted: false);
        m.Boot(() => m.Deliver(NodeEvent.MaintenanceChanged(0, m.Driver.Now + TimeSpan.FromSeconds(100))));
        m.Driver.Advance(99);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        m.Driver.Advance(10);
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // Shown: an instance that a reload adds takes over the maintenance of the whole node, not that of another instance.
    [Fact]
    public void An_instance_that_a_reload_adds_takes_over_the_maintenance_of_the_node()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance());
        NodeConfig next = TestConfig.Node(TestConfig.Instance(), TestConfig.Instance(name: "VI_2", vrid: 52));
        Switch(m, MonotonicInstant.Never, instance: 0);
        Assert.Equal(MonotonicInstant.Zero, m.State.For(next).Instances[1].MaintenanceUntil);
        Switch(m, MonotonicInstant.Never, instance: -1);
        Assert.Equal(MonotonicInstant.Never, m.State.For(next).Instances[1].MaintenanceUntil);
    }

    private static void Switch(SimulatedNode m, MonotonicInstant until, int instance = 0) => m.Deliver(NodeEvent.MaintenanceChanged(instance, until));

    /// <summary>A master with a script of weight 0, one of weight -30, and another interface, all good.</summary>
    private static SimulatedNode Tracked()
    {
        VrrpConfig instance = TestConfig.Instance() with
        {
            TrackScripts = [new TrackReference(0, 0, false), new TrackReference(1, -30, false)],
            TrackLinks = [new TrackReference(0, 0, false), new TrackReference(1, 0, false)],
        };
        SimulatedNode m = MachineDriver.Alone(
            TestConfig.Node(instance) with
            {
                Links = ["eth0", "eth1"],
                Scripts = [Script("whole"), Script("weighted")],
            },
            isBooted: false);
        m.Boot(() => m.Deliver(NodeEvent.LinkChanged(1, true)));
        m.Driver.Advance(0);
        m.AnswerScript(0, StepOutcome.Success);
        m.AnswerScript(1, StepOutcome.Success);
        m.Driver.Advance(4);
        Assert.Equal(VrrpPhase.Master, m.Phase);
        m.Driver.Advance(3600);
        return m;

        static Core.Node.ScriptTracker Script(string name) =>
            new(name, TestConfig.Command("/" + name)) { Interval = TimeSpan.FromHours(1), Timeout = TimeSpan.FromHours(1) };
    }
}
