using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>docs/promotion.md 9: what survives the daemon's death. Nothing of it is ever success.</summary>
public class RecallTests
{
    // Shown: the daemon is killed while its fence runs on. The next life waits its pause out; while the old fence lives, no new one starts; when it has ended, one does.
    [Fact]
    public void A_living_fence_of_an_earlier_life_keeps_the_next_one_from_starting()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("z")));
        m.Driver.Advance(4);
        uint first = m.OpenSteps.Single().Attempt;
        m.Kill(isAlive: true);
        m.Boot();
        m.Driver.Advance(100);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        Assert.True(m.First.Steps.IsQueued);
        Assert.Empty(m.OpenSteps);
        m.Deliver(NodeEvent.StepEnded(0, first, StepOutcome.Success));
        Assert.Empty(m.OpenSteps);
        m.Deliver(NodeEvent.LeftoverEnded(first));
        Assert.True(m.OpenSteps.Single().Attempt > first, "numbers go on growing");
        Assert.True(m.Recorded(TimelineKind.AttemptInterrupted));
        Assert.True(m.Recorded(TimelineKind.LeftoverEnded));
    }

    // Shown: another instance's fence of the same target waits as well, one of another target does not.
    [Fact]
    public void A_living_fence_holds_every_instance_with_the_same_target()
    {
        NodeConfig config = TestConfig.Node(
            TestConfig.Instance().Promote(TestConfig.Fence("z")),
            TestConfig.Instance(name: "VI_2", vrid: 52).Promote(TestConfig.Fence("yz")),
            TestConfig.Instance(name: "VI_3", vrid: 53).Promote(TestConfig.Fence("x")));
        SimulatedNode m = MachineDriver.Alone(config, isBooted: false);
        m.Memory = new NodeMemory { Attempts = [new AttemptMemory("VI_1", 7) { Targets = [TestConfig.AddressOf('z')], IsAlive = true }] };
        m.Boot();
        m.Driver.Advance(10);
        Assert.Equal([2], m.OpenSteps.Select(open => open.Instance));
        Assert.True(m.State.Instances[1].Steps.IsQueued);
        m.Deliver(NodeEvent.LeftoverEnded(7));
        Assert.Equal([2, 1], m.OpenSteps.Select(open => open.Instance));
    }

    // Shown: an operator's test counts as a fence: it is refused while an earlier life's fence of the same target lives, and not for another target.
    [Fact]
    public void A_living_fence_of_an_earlier_life_is_one_for_a_test_as_well()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance(), isBooted: false);
        m.Memory = new NodeMemory { Attempts = [new AttemptMemory("VI_1", 7) { Targets = [TestConfig.AddressOf('z')], IsAlive = true }] };
        m.Boot();
        Assert.True(OperatorRules.IsFencing(m.Config, m.State, [TestConfig.AddressOf('y'), TestConfig.AddressOf('z')]));
        Assert.False(OperatorRules.IsFencing(m.Config, m.State, [TestConfig.AddressOf('y')]));
        m.Deliver(NodeEvent.LeftoverEnded(7));
        Assert.False(OperatorRules.IsFencing(m.Config, m.State, [TestConfig.AddressOf('z')]));
    }

    // Shown: a fence that waits for an earlier life's goes on waiting when another instance's fence answers, and that is told once.
    [Fact]
    public void Whoever_waits_for_an_earlier_life_is_told_of_once()
    {
        NodeConfig config = TestConfig.Node(
            TestConfig.Instance().Promote(TestConfig.Fence("z")),
            TestConfig.Instance(name: "VI_2", vrid: 52).Promote(TestConfig.Fence("x")));
        SimulatedNode m = MachineDriver.Alone(config, isBooted: false);
        m.Memory = new NodeMemory { Attempts = [new AttemptMemory("VI_3", 7) { Targets = [TestConfig.AddressOf('z')], IsAlive = true }] };
        m.Boot();
        m.Driver.Advance(4);
        m.Fail(1);
        Assert.True(m.First.Steps.IsQueued);
        Assert.Single(m.Entries, entry => entry.Kind == TimelineKind.StepQueued);
        m.Deliver(NodeEvent.LeftoverEnded(7));
        Assert.Equal(0, m.OpenSteps.Single().Instance);
    }

    // Shown: a living run of an instance holds its next run; a check, which changes nothing, goes on.
    [Fact]
    public void A_living_run_holds_its_own_instance()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Check(), TestConfig.Run()), isBooted: false);
        m.Memory = new NodeMemory { Attempts = [new AttemptMemory("VI_1", 7) { Kind = StepKind.Run, IsAlive = true }] };
        m.Boot();
        m.Driver.Advance(40);
        m.Succeed();
        Assert.Empty(m.OpenSteps);
        TimelineEntry queued = m.Entries.Last(entry => entry.Kind == TimelineKind.StepQueued);
        Assert.EndsWith("run promote waits until attempt 7, which an earlier run of the daemon started, has ended", TimelineText.Describe(m.Config, queued));
        m.Deliver(NodeEvent.LeftoverEnded(7));
        Assert.Equal("promote", m.OpenSteps.Single().Step.Name);
    }

    // Shown: an operator's word for the fence does not start the next step beside the old fence either.
    [Fact]
    public void A_confirmation_waits_for_the_living_fence_as_well()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("z"), TestConfig.Run()));
        m.Driver.Advance(4);
        uint first = m.OpenSteps.Single().Attempt;
        m.Kill(isAlive: true);
        m.Boot();
        m.Driver.Advance(4);
        m.Deliver(NodeEvent.OperatorConfirmed(0, TestConfig.AddressOf('z')));
        Assert.Empty(m.OpenSteps);
        m.Deliver(NodeEvent.LeftoverEnded(first));
        Assert.Equal("promote", m.OpenSteps.Single().Step.Name);
    }

    // Shown: three failures, then death: the pause goes on where it was, and the next failure doubles it.
    [Fact]
    public void Failures_and_their_pause_go_on()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("z")));
        m.Driver.Steps = (_, _) => (TimeSpan.FromSeconds(1), new StepOutcome(StepOutcomeKind.Exited, 1));
        m.Driver.Advance(40);
        Assert.Equal(2, m.First.FailedPromotions);
        MonotonicInstant retryAt = m.First.RetryAt;
        m.Kill(isAlive: false);
        m.Boot();
        m.Driver.AdvanceTo(retryAt + TimeSpan.FromMilliseconds(-1));
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        m.Driver.AdvanceTo(retryAt);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.Driver.Advance(1);
        Assert.Equal(3, m.First.FailedPromotions);
        Assert.Equal(TimeSpan.FromSeconds(120), m.First.RetryAt - m.Driver.Now);
    }

    // Shown: after a boot the old clock means nothing: one plain pause, and the count stays.
    [Fact]
    public void After_a_boot_one_plain_pause_is_kept()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("z")), isBooted: false);
        m.Memory = new NodeMemory { Instances = [new InstanceMemory("VI_1", 4, null, false)] };
        m.Boot();
        Assert.Equal(TimeSpan.FromSeconds(30), m.First.RetryAt - m.Driver.Now);
        Assert.Equal(4, m.First.FailedPromotions);
    }

    // Shown: on_failure fault keeps an instance down over the daemon's death, until an operator says otherwise.
    [Fact]
    public void A_fault_after_a_failed_promotion_goes_on_until_an_operator_ends_it()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("z")).Plan(plan => plan with { IsFaultOnFailure = true }));
        m.Driver.Steps = (_, _) => (TimeSpan.FromSeconds(1), new StepOutcome(StepOutcomeKind.Exited, 1));
        m.Driver.Advance(10);
        Assert.Equal(VrrpPhase.Fault, m.Phase);
        m.Kill(isAlive: false);
        m.Boot();
        m.Driver.Advance(1000);
        Assert.Equal(VrrpPhase.Fault, m.Phase);
        m.Deliver(NodeEvent.OperatorRetry(0));
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // Shown: what cannot be read counts as a failed promotion for everybody who has something to promote, and for nobody else.
    [Fact]
    public void A_damaged_memory_counts_as_a_failed_promotion()
    {
        NodeConfig config = TestConfig.Node(
            TestConfig.Instance().Promote(TestConfig.Fence("z")),
            TestConfig.Instance(name: "VI_2", vrid: 52),
            TestConfig.Instance(name: "VI_3", vrid: 53).Promote(TestConfig.Fence("x")).Plan(plan => plan with { IsFaultOnFailure = true }));
        SimulatedNode m = MachineDriver.Alone(config, isBooted: false);
        m.Memory = new NodeMemory { IsDamaged = true, LastAttempt = 100_000 };
        m.Boot();
        m.Driver.Advance(20);
        Assert.Equal([VrrpPhase.Backup, VrrpPhase.Master, VrrpPhase.Fault], m.State.Instances.Select(each => each.Phase));
        Assert.Empty(m.OpenSteps);
        m.Driver.Advance(20);
        Assert.True(m.OpenSteps.Single().Attempt > 100_000);
    }

    // Shown: an owner that would start its promotion at once waits its pause out first.
    [Fact]
    public void An_owner_waits_its_pause_out()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance(255).Promote(TestConfig.Fence("z")) with { IsStateMaster = true }, isBooted: false);
        m.Memory = new NodeMemory { Attempts = [new AttemptMemory("VI_1", 7)] };
        m.Boot();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        m.Driver.Advance(29);
        Assert.Empty(m.OpenSteps);
        m.Driver.Advance(2);
        Assert.Single(m.OpenSteps);
    }

    // Shown: a demotion step that was under way is no failed promotion, but no promotion step starts beside it.
    [Fact]
    public void An_interrupted_demotion_is_no_failed_promotion()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Run()), isBooted: false);
        m.Memory = new NodeMemory { Attempts = [new AttemptMemory("VI_1", 7) { Kind = StepKind.Run, IsDemotion = true, IsAlive = true }] };
        m.Boot();
        Assert.Equal(0, m.First.FailedPromotions);
        m.Driver.Advance(10);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        Assert.Empty(m.OpenSteps);
        m.Deliver(NodeEvent.LeftoverEnded(7));
        Assert.Single(m.OpenSteps);
    }

    // Shown: a Master is killed, so its demotion never ran. The next life, as a candidate that gives up, does not say "I hold nothing and my demotion succeeded".
    [Fact]
    public void After_the_death_of_a_master_no_candidate_says_that_its_demotion_succeeded()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance().Promote(TestConfig.Run()).Demote(TestConfig.Run("stop_writes")));
        m.Kill(isAlive: false);
        m.Boot();
        m.Driver.Advance(4);
        m.Fail();
        Assert.DoesNotContain("advert:0", m.Seen, StringComparison.Ordinal);
        Assert.True(m.Recorded(TimelineKind.ReleaseWithheld));

        // Nor does the life after that: it was no better off.
        m.Kill(isAlive: false);
        m.Boot();
        Assert.True(m.First.IsDemotionDoubtful);
    }

    // Shown: a promotion of the new life that ends in order is what ends the doubt.
    [Fact]
    public void A_demotion_of_the_next_life_ends_the_doubt()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance().Promote(TestConfig.Run()).Demote(TestConfig.Run("stop_writes")));
        m.Kill(isAlive: false);
        m.Boot();
        m.Driver.Advance(4);
        m.Succeed();
        Assert.Equal(VrrpPhase.Master, m.Phase);
        m.Hear('z', 200);
        m.Succeed();
        Assert.Contains("advert:0 advert:0", m.Seen, StringComparison.Ordinal);
        Assert.False(m.First.IsDemotionDoubtful);
    }

    // Shown: after a boot nothing that was to be demoted lives; without a demotion there is nothing to doubt; what cannot be read may have been a Master.
    [Fact]
    public void The_doubt_ends_with_the_machine_and_begins_with_a_damaged_memory()
    {
        VrrpConfig demoting = TestConfig.Instance().Promote(TestConfig.Run()).Demote(TestConfig.Run("stop_writes"));
        SimulatedNode booted = MachineDriver.Master(demoting);
        booted.Crash();
        booted.Boot();
        Assert.False(booted.First.IsDemotionDoubtful);
        SimulatedNode plain = MachineDriver.Master(TestConfig.Instance().Promote(TestConfig.Run()));
        plain.Kill(isAlive: false);
        plain.Boot();
        Assert.False(plain.First.IsDemotionDoubtful);
        SimulatedNode damaged = MachineDriver.Alone(demoting, isBooted: false);
        damaged.Memory = new NodeMemory { IsDamaged = true };
        damaged.Boot();
        Assert.True(damaged.First.IsDemotionDoubtful);
    }

    // Shown: what is remembered says so before the first step has succeeded, and no more after a demotion.
    [Fact]
    public void A_demotion_is_due_from_the_promotion_on_until_it_has_succeeded()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Run()).Demote(TestConfig.Run("stop_writes")));
        Assert.False(InstanceMemory.Of("VI_1", m.First).IsDemotionDue);
        m.Driver.Advance(4);
        Assert.True(InstanceMemory.Of("VI_1", m.First).IsDemotionDue);
        m.Succeed();
        Assert.True(InstanceMemory.Of("VI_1", m.First).IsDemotionDue);
        m.Hear('z', 200);
        Assert.True(InstanceMemory.Of("VI_1", m.First).IsDemotionDue);
        m.Succeed();
        Assert.False(InstanceMemory.Of("VI_1", m.First).IsDemotionDue);
    }

    // Shown: the disk is asked when the promotion begins and has all the time that the fence takes; no address is added before it has answered. (Seeds 1107314 and
    // 1257142: a daemon that died with the address just added had told nobody.)
    [Fact]
    public void No_address_is_added_before_the_disk_knows_that_a_demotion_will_be_due()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("z")).Demote(TestConfig.Run("stop_writes")));
        m.Driver.IsDiskQuick = false;
        m.Driver.Advance(4);
        Assert.Single(m.OpenKeeps);
        Assert.Single(m.OpenSteps);
        m.Driver.Advance(1);
        m.Succeed();
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.AnswerDisk();
        Assert.Equal(VrrpPhase.Master, m.Phase);

        SimulatedNode quick = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("z")).Demote(TestConfig.Run("stop_writes")));
        quick.Driver.IsDiskQuick = false;
        quick.Driver.Advance(4);
        quick.AnswerDisk();
        Assert.Equal(VrrpPhase.Promoting, quick.Phase);
        quick.Succeed();
        Assert.Equal(VrrpPhase.Master, quick.Phase);
    }

    // Shown: as above without a promotion block, and in a sync group, where one demotion is due for all.
    [Fact]
    public void Plain_vrrp_and_a_group_wait_for_the_disk_as_well()
    {
        SimulatedNode plain = MachineDriver.Alone(TestConfig.Instance().Demote(TestConfig.Run("stop_writes")));
        SimulatedNode group = MachineDriver.Alone(TestConfig.Group(
            TestConfig.Instance().Promote().Demote(TestConfig.Run("stop_writes")), TestConfig.Instance(name: "VI_2", vrid: 52)));
        foreach (SimulatedNode m in (SimulatedNode[])[plain, group])
        {
            m.Driver.IsDiskQuick = false;
            m.Driver.Advance(4);
            Assert.DoesNotContain(VrrpPhase.Master, m.State.Instances.Select(instance => instance.Phase));
            m.AnswerDisk();
            m.Driver.Advance(1);
            Assert.All(m.State.Instances, instance => Assert.Equal(VrrpPhase.Master, instance.Phase));
            Assert.Empty(m.OpenKeeps);
        }
    }

    // Shown: where there is nothing to demote the disk is not asked.
    [Fact]
    public void Without_a_demotion_nothing_waits_for_the_disk()
    {
        foreach (VrrpConfig config in (VrrpConfig[])[TestConfig.Instance(), TestConfig.Instance().Promote(TestConfig.Run()), TestConfig.Instance().Demote()])
        {
            SimulatedNode m = MachineDriver.Alone(config);
            m.Driver.IsDiskQuick = false;
            m.Driver.Steps = (_, _) => (TimeSpan.FromMilliseconds(1), StepOutcome.Success);
            m.Driver.Advance(4);
            Assert.Equal(VrrpPhase.Master, m.Phase);
            Assert.Empty(m.OpenKeeps);
        }
    }

    // Shown: a host that never answers holds nothing up for longer than the bound; its late answer changes nothing.
    [Fact]
    public void The_wait_for_the_disk_is_bounded()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("z")).Demote(TestConfig.Run("stop_writes")));
        m.Driver.IsDiskQuick = false;
        m.Driver.Advance(4);
        m.Succeed();
        m.Driver.Advance(2.9);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.Driver.Advance(0.2);
        Assert.Equal(VrrpPhase.Master, m.Phase);
        m.AnswerDisk();
        Assert.Equal("", m.Seen);
    }

    // Shown: whoever is heard meanwhile, and a fault, end the promotion as they end a step; the answer of the disk is then nobody's, also in the next promotion.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_living_master_and_a_fault_end_the_wait_for_the_disk(bool isFault)
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("y")).Demote(TestConfig.Run("stop_writes")));
        m.Driver.IsDiskQuick = false;
        m.Driver.Advance(4);
        m.Succeed();
        if (isFault)
        {
            m.Deliver(NodeEvent.LinkChanged(0, false));
            m.Deliver(NodeEvent.LinkChanged(0, true));
        }
        else
        {
            m.Hear('z', 200);
        }

        Assert.Equal(VrrpPhase.Backup, m.Phase);
        m.AnswerDisk();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        m.Driver.Advance(4);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.Deliver(NodeEvent.MemoryKept(0, m.OpenKeeps.Single().Attempt - 1));
        m.Succeed();
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
    }

    // Shown: a program that was found counts, though the disk was never told of its number (seed 703601).
    [Fact]
    public void Numbers_begin_above_those_of_the_programs_that_were_found()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("z")), isBooted: false);
        m.Memory = new NodeMemory
        {
            LastAttempt = 10,
            Attempts = [new AttemptMemory("VI_1", 70) { Kind = StepKind.Run, IsAlive = true }, new AttemptMemory("VI_2", uint.MaxValue) { Kind = StepKind.Run }],
        };
        m.Boot();
        m.Deliver(NodeEvent.LeftoverEnded(70));
        m.Driver.Advance(40);
        Assert.InRange(m.OpenSteps.Single().Attempt, 71u, 100u);
    }

    // Shown: maintenance of the whole node, one instance excepted, and one that has passed meanwhile: each is what it was, and no promotion starts where it is on.
    [Fact]
    public void Maintenance_goes_on()
    {
        NodeConfig config = TestConfig.Node(TestConfig.Instance(), TestConfig.Instance(name: "VI_2", vrid: 52), TestConfig.Instance(name: "VI_3", vrid: 53));
        SimulatedNode m = MachineDriver.Alone(config);
        m.Deliver(NodeEvent.MaintenanceChanged(-1, MonotonicInstant.Never));
        m.Deliver(NodeEvent.MaintenanceChanged(1, MonotonicInstant.Zero));
        m.Deliver(NodeEvent.MaintenanceChanged(2, m.Driver.Now + TimeSpan.FromSeconds(60)));
        EquatableArray<MaintenanceMemory> remembered = MaintenanceMemory.Of(config, m.State);
        Assert.Equal(3, remembered.Count);
        m.Kill(isAlive: false);
        m.Memory = m.Memory with { Maintenance = remembered };
        m.Boot();
        Assert.Equal(remembered, MaintenanceMemory.Of(config, m.State));
        m.Driver.Advance(30);
        Assert.Equal([VrrpPhase.Backup, VrrpPhase.Master, VrrpPhase.Backup], m.State.Instances.Select(each => each.Phase));
        m.Driver.Advance(60);
        Assert.Equal([VrrpPhase.Backup, VrrpPhase.Master, VrrpPhase.Master], m.State.Instances.Select(each => each.Phase));
        Assert.True(MaintenanceMemory.Of(TestConfig.Node(), new NodeState(TestConfig.Node(), 0)).IsEmpty);
    }

    // Shown: what was over before the daemon started again is over without a word.
    [Fact]
    public void Maintenance_that_is_over_is_not_told_of()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance(), isBooted: false);
        m.Memory = new NodeMemory { Maintenance = [new MaintenanceMemory("", m.Driver.Now + TimeSpan.FromSeconds(-1))] };
        m.Boot();
        m.Driver.Advance(5);
        Assert.Equal(VrrpPhase.Master, m.Phase);
        Assert.False(m.Recorded(TimelineKind.MaintenanceEnded));
    }
}
