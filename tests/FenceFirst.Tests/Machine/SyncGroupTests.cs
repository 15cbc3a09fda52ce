using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Tests.Machine;

/// <summary>Instances that move together (docs/sync-groups.md; keepalived: vrrp_sync.c).</summary>
public class SyncGroupTests
{
    private static readonly VrrpConfig Second = TestConfig.Instance(name: "VI_2", vrid: 52);

    private static NodeConfig Plain(byte priority = 100) => TestConfig.Group(TestConfig.Instance(priority), Second with { BasePriority = priority });

    private static NodeConfig With(params PromotionStep[] steps) => TestConfig.Group(TestConfig.Instance().Promote(steps), Second);

    private static VrrpPhase[] Phases(SimulatedNode node) => [.. node.State.Instances.Select(instance => instance.Phase)];

    private static SimulatedNode Master(NodeConfig config)
    {
        SimulatedNode m = MachineDriver.Alone(config);
        m.Driver.Steps = (_, _) => (TimeSpan.FromMilliseconds(1), StepOutcome.Success);
        m.Driver.Advance(8);
        m.Driver.Steps = (_, _) => null;
        Assert.Equal([VrrpPhase.Master, VrrpPhase.Master], Phases(m));
        return m;
    }

    // Shown: the expiry of one timer is vetoed as long as another member hears a master; when that one is silent too, both move.
    [Fact]
    public void Silence_of_one_member_is_not_enough()
    {
        SimulatedNode m = MachineDriver.Alone(Plain());
        for (int i = 0; i < 20; i++)
        {
            m.Hear('z', 150, instance: 1);
            m.Driver.Advance(1);
        }

        Assert.Equal([VrrpPhase.Backup, VrrpPhase.Backup], Phases(m));
        Assert.True(m.State.Instances[0].IsWantingMaster);
        Assert.Contains(m.Entries, entry => entry.Kind == TimelineKind.GroupAwaited);
        m.Driver.Advance(4);
        Assert.Equal([VrrpPhase.Master, VrrpPhase.Master], Phases(m));
    }

    // Shown: an advert of the master takes the wish back.
    [Fact]
    public void A_member_that_hears_its_master_again_does_not_want_any_more()
    {
        SimulatedNode m = MachineDriver.Alone(Plain());
        m.Driver.Advance(2);
        m.Hear('z', 150, instance: 1);
        m.Driver.Advance(1.7);
        Assert.True(m.State.Instances[0].IsWantingMaster);
        m.Hear('z', 150, instance: 0);
        Assert.False(m.State.Instances[0].IsWantingMaster);
        m.Driver.Advance(2);
        Assert.Equal([VrrpPhase.Backup, VrrpPhase.Backup], Phases(m));
    }

    // Shown: one member is Master completely, its notification included, before the next one begins; the group is told of last.
    [Fact]
    public void Members_become_Master_one_after_the_other_and_then_the_group()
    {
        SimulatedNode m = MachineDriver.Alone(Plain());
        m.Driver.Advance(3.6);
        List<string> seen = [];
        m.Driver.AfterEvent = node => seen.AddRange(node.SeenByIndex.Split(' '));
        m.Driver.Advance(0.2);
        string order = string.Join(' ', seen.Distinct());
        Assert.Equal(
            "0:advert:100 0:AddAddresses 0:announce:5 0:notify:Master 1:advert:100 1:AddAddresses 1:announce:5 1:notify:Master 0:group:Master", order.Trim());
    }

    // Shown: at the start the group is told of before its members, at a fault after them (keepalived).
    [Fact]
    public void The_group_is_told_first_at_the_start_and_last_otherwise()
    {
        SimulatedNode m = MachineDriver.Alone(Plain());
        Assert.Equal("0:group:Backup 0:notify:Backup 1:notify:Backup", m.SeenByIndex);
        m.Deliver(NodeEvent.SourceChanged(1, InternetAddress.None));
        Assert.Equal("1:notify:Fault 0:notify:Fault 0:group:Fault", m.SeenByIndex);
    }

    // Shown: a start in fault is told of as such, once, and the members are told first, as keepalived does.
    [Fact]
    public void A_start_with_a_fault_is_told_of_as_a_fault()
    {
        SimulatedNode m = MachineDriver.Alone(Plain(), isBooted: false);
        m.Boot(() => m.Deliver(NodeEvent.SourceChanged(1, InternetAddress.None)));
        Assert.Equal("0:notify:Fault 1:notify:Fault 0:group:Fault", m.SeenByIndex);
    }

    // Shown: a lower priority that one member hears is answered by that one; all of them announce their addresses, at once and once more (keepalived).
    [Fact]
    public void A_lower_priority_that_one_member_hears_makes_all_of_them_announce()
    {
        NodeConfig config = TestConfig.Group(TestConfig.Instance(), Second with { Gratuitous = new() { LowerPriorityRepeat = 2, LowerPriorityDelay = TimeSpan.FromSeconds(3) } });
        SimulatedNode m = Master(config);
        m.Driver.Advance(10);
        m.Hear('a', 50);
        Assert.Equal("0:advert:100 0:announce:5 0:notify:MasterHeardLower 1:announce:2", m.SeenByIndex);
        List<string> seen = [];
        m.Driver.AfterEvent = node => seen.AddRange(node.SeenByIndex.Split(' ').Where(each => each.Contains("announce", StringComparison.Ordinal)));
        m.Driver.Advance(10);
        Assert.Equal(["1:announce:2", "0:announce:5"], seen);
    }

    // Shown: when one member yields all leave; a plain member that yields says no priority 0 (RFC 9568 section 6.4.3).
    [Fact]
    public void When_one_member_yields_all_leave_in_silence()
    {
        SimulatedNode m = Master(Plain());
        m.Hear('z', 200, instance: 1);
        Assert.Equal([VrrpPhase.Backup, VrrpPhase.Backup], Phases(m));
        Assert.Equal(0, m.Releases);
        Assert.False(m.Holds(0) || m.Holds(1));
        Assert.Equal("1:RemoveAddresses 0:RemoveAddresses 0:notify:Backup 1:notify:Backup 0:group:Backup", m.SeenByIndex);
    }

    // Shown: a fault of one is a fault of all, each says priority 0, and all return when the last cause has gone.
    [Fact]
    public void A_fault_of_one_is_a_fault_of_all()
    {
        SimulatedNode m = Master(Plain());
        m.Deliver(NodeEvent.SourceChanged(1, InternetAddress.None));
        Assert.Equal([VrrpPhase.Fault, VrrpPhase.Fault], Phases(m));
        Assert.Equal([0, 0, 1, 1], m.Sent.Where(sent => sent.Priority == 0).Select(sent => sent.Instance).Order());
        Assert.Equal(FaultCauses.Group, m.State.Instances[0].Faults);
        m.Deliver(NodeEvent.SourceChanged(0, InternetAddress.None));
        m.Deliver(NodeEvent.SourceChanged(1, TestConfig.AddressOf('m')));
        Assert.Equal([VrrpPhase.Fault, VrrpPhase.Fault], Phases(m));
        m.Deliver(NodeEvent.SourceChanged(0, TestConfig.AddressOf('m')));
        Assert.Equal([VrrpPhase.Backup, VrrpPhase.Backup], Phases(m));
        Assert.EndsWith("0:group:Backup", m.SeenByIndex, StringComparison.Ordinal);
    }

    // Shown: G1 for a group: while the one step runs nothing of any member is added, both advertise, and one failure means neither.
    [Fact]
    public void The_steps_run_once_and_before_any_address()
    {
        SimulatedNode m = MachineDriver.Alone(With(TestConfig.Fence("z"), TestConfig.Run()));
        m.Driver.Advance(5);
        Assert.Equal([VrrpPhase.Promoting, VrrpPhase.Promoting], Phases(m));
        StepRequest only = Assert.Single(m.OpenSteps);
        Assert.Equal(0, only.Instance);
        Assert.Contains(m.Sent, sent => sent.Instance == 1);
        m.Succeed();
        m.Fail();
        Assert.Equal([VrrpPhase.Backup, VrrpPhase.Backup], Phases(m));
        Assert.DoesNotContain(m.Entries, entry => entry.Kind == TimelineKind.KernelAsked);
        Assert.Equal([0, 1], m.Sent.Where(sent => sent.Priority == 0).Select(sent => sent.Instance).Order());
        m.Driver.Advance(25);
        Assert.Equal([VrrpPhase.Backup, VrrpPhase.Backup], Phases(m));
        m.Driver.Advance(10);
        m.Succeed();
        m.Succeed();
        m.Driver.Advance(1);
        Assert.Equal([VrrpPhase.Master, VrrpPhase.Master], Phases(m));
    }

    // Shown: a member's kernel refuses: the others, which hold their addresses already, give them back.
    [Fact]
    public void An_address_that_cannot_be_added_takes_the_others_back()
    {
        SimulatedNode m = MachineDriver.Alone(Plain());
        m.Driver.Kernel = (_, request) => request is { Instance: 1, Effect: SideEffect.AddAddresses } ? 13 : 0;
        m.Driver.Advance(4);
        Assert.Equal([VrrpPhase.Backup, VrrpPhase.Backup], Phases(m));
        Assert.False(m.Holds(0) || m.Holds(1));
        Assert.DoesNotContain(m.Last, effect => effect.Kind == NodeEffectKind.NotifyGroup && effect.Notification == Notification.Master);
    }

    // Shown: a better master that any member hears ends the promotion of all; a fence that has started is awaited first (G3).
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_living_master_on_any_member_ends_the_promotion_of_all(int hearing)
    {
        SimulatedNode m = MachineDriver.Alone(With(TestConfig.Fence("z")));
        m.Driver.Advance(5);
        m.Hear('y', 200, hearing);
        Assert.Equal([VrrpPhase.Promoting, VrrpPhase.Promoting], Phases(m));
        Assert.Single(m.OpenSteps);
        m.Succeed();
        Assert.Equal([VrrpPhase.Backup, VrrpPhase.Backup], Phases(m));
        Assert.False(m.Holds(0) || m.Holds(1));
    }

    // Shown: adverts of a target during its own fence change nothing, on whichever member they come; afterwards the device has lied.
    [Fact]
    public void A_fenced_target_that_any_member_hears_proves_the_fence_wrong()
    {
        SimulatedNode m = MachineDriver.Alone(With(TestConfig.Fence("z"), TestConfig.Run()));
        m.Driver.Advance(5);
        m.Hear('z', 200, instance: 1);
        Assert.Equal([VrrpPhase.Promoting, VrrpPhase.Promoting], Phases(m));
        m.Succeed();
        m.Driver.Advance(0.5);
        m.Hear('z', 200, instance: 1);
        m.Driver.Advance(2);
        if (m.OpenSteps.Count > 0)
        {
            m.Succeed();
        }

        Assert.True(m.Recorded(TimelineKind.FenceLied));
        Assert.Equal([VrrpPhase.Backup, VrrpPhase.Backup], Phases(m));
        Assert.False(m.Holds(0) || m.Holds(1));
    }

    // Shown: the link is asked for the addresses of every member; one that is in use fails the promotion of all.
    [Fact]
    public void An_address_of_any_member_that_is_in_use_fails_the_promotion()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Group(TestConfig.Instance().Promote(TestConfig.Run()).Plan(plan => plan with { IsProbing = true }), Second));
        m.Driver.Probes = (_, request) => (TimeSpan.FromMilliseconds(200), () => request.Instance == 1 ? m.Config.Instances[1].Addresses[0].Address : default);
        m.Driver.Advance(5);
        m.Succeed();
        m.Driver.Advance(1);
        Assert.True(m.Recorded(TimelineKind.AddressInUse));
        Assert.Equal([VrrpPhase.Backup, VrrpPhase.Backup], Phases(m));
        Assert.DoesNotContain(m.Entries, entry => entry.Kind == TimelineKind.KernelAsked);
    }

    // Shown: refused packets that any member hears hold the promotion before its fence (docs/promotion.md 6.1).
    [Fact]
    public void Refused_packets_on_any_member_hold_the_promotion()
    {
        SimulatedNode m = MachineDriver.Alone(With(TestConfig.Fence("z")));
        for (int i = 0; i < 6; i++)
        {
            m.Deliver(NodeEvent.PacketRefused(1, DecodeError.WrongChecksum, TestConfig.AddressOf('y')));
            m.Driver.Advance(1);
        }

        Assert.True(m.Recorded(TimelineKind.PromotionHeld));
        Assert.Empty(m.OpenSteps);
        m.Driver.Advance(5);
        Assert.Single(m.OpenSteps);
    }

    // Shown: the demotion runs once, after everything of all members is gone, and before any priority 0 (G5).
    [Fact]
    public void The_demotion_runs_once_after_all_addresses_are_gone()
    {
        SimulatedNode m = Master(TestConfig.Group(TestConfig.Instance().Promote(TestConfig.Run()).Demote(TestConfig.Run("stop_writes")), Second));
        m.Driver.Kernel = (_, _) => null;
        m.Deliver(NodeEvent.StopRequested());
        Assert.Equal(2, m.OpenKernel.Count);
        m.AnswerKernel();
        Assert.Empty(m.OpenSteps);
        m.AnswerKernel();
        Assert.Equal(0, Assert.Single(m.OpenSteps).Instance);
        Assert.Equal(0, m.Releases);
        m.Succeed();
        Assert.Equal("0:advert:0 0:advert:0 0:notify:Stop 1:advert:0 1:advert:0 1:notify:Stop 0:group:Stop", m.SeenByIndex);
    }

    // Shown: after a demotion that failed nobody of the group says priority 0.
    [Fact]
    public void A_failed_demotion_silences_all_members()
    {
        SimulatedNode m = Master(TestConfig.Group(TestConfig.Instance().Promote(TestConfig.Run()).Demote(TestConfig.Run("stop_writes")), Second));
        m.Deliver(NodeEvent.StopRequested());
        m.Fail();
        Assert.True(m.State.IsStopped);
        Assert.Equal(0, m.Releases);
    }

    // Shown: a member that was a candidate only, because the leader's address was refused, knows that the demotion has failed as well (seed 1918 with groups).
    [Fact]
    public void A_member_that_was_never_raised_says_nothing_after_a_failed_demotion()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Group(TestConfig.Instance().Promote(TestConfig.Run()).Demote(TestConfig.Run("stop_writes")), Second));
        m.Driver.Kernel = (_, request) => request is { Instance: 0, Effect: SideEffect.AddAddresses } ? 12 : 0;
        m.Driver.Advance(5);
        m.Succeed();
        m.Driver.Advance(0.1);
        m.Fail();
        Assert.Equal([VrrpPhase.Backup, VrrpPhase.Backup], Phases(m));
        m.Driver.Advance(40);
        Assert.Equal([VrrpPhase.Promoting, VrrpPhase.Promoting], Phases(m));
        m.Fail();
        Assert.Equal([VrrpPhase.Backup, VrrpPhase.Backup], Phases(m));
        Assert.Equal(0, m.Releases);
    }

    // Shown: G7 for a group: the first event after a stall, of whichever member, removes the addresses of all.
    [Fact]
    public void After_a_stall_all_addresses_go_at_the_first_event()
    {
        SimulatedNode m = Master(Plain());
        m.Driver.Suspend(10);
        m.Hear('z', 50, instance: 1);
        Assert.False(m.Holds(0) || m.Holds(1));
        Assert.Equal([VrrpPhase.Backup, VrrpPhase.Backup], Phases(m));
    }

    // Shown: G6 for a group: a round of renewals after which a member has to leave renews nothing of the others, though they have not been silent for too long by
    // their own interval; whichever comes first in the file (seed 140266 with groups).
    [Theory]
    [InlineData(254, 10)]
    [InlineData(10, 254)]
    public void A_round_of_renewals_asks_all_members_about_the_stall_first(byte first, byte second)
    {
        NodeConfig config = TestConfig.Group(TestConfig.Instance(first) with { LeaseSeconds = 1000 }, Second with { BasePriority = second, LeaseSeconds = 1000 });
        SimulatedNode m = Master(config);
        m.Driver.Suspend(3.3);
        m.Deliver(NodeEvent.DeadlineReached(m.State.Armed.Length - 1));
        Assert.DoesNotContain(m.Last, effect => effect.Kind == NodeEffectKind.RenewAddresses);
        Assert.False(m.Holds(0) || m.Holds(1));
    }

    // Shown: owners start at once when all members are owners with state MASTER, and not otherwise (keepalived).
    [Theory]
    [InlineData(255, true)]
    [InlineData(200, false)]
    public void Owners_start_as_Master_only_together(byte second, bool isAtOnce)
    {
        VrrpConfig owner = TestConfig.Instance(255) with { IsStateMaster = true };
        SimulatedNode m = MachineDriver.Alone(TestConfig.Group(owner, Second with { BasePriority = second, IsStateMaster = true }));
        Assert.Equal(isAtOnce, m.Holds(0) && m.Holds(1));
        Assert.Equal(!isAtOnce, m.Notifications.Contains(Notification.Backup));
    }

    // Shown: a check with weight 0 of one member holds all of them back, silently, until it has answered.
    [Fact]
    public void A_check_that_has_not_run_yet_holds_all_members_back()
    {
        NodeConfig config = Plain();
        config = config with
        {
            Scripts = [new ScriptTracker("s", TestConfig.Command("/s"))],
            Instances = [config.Instances[0], config.Instances[1] with { TrackScripts = [new TrackReference(0, 0, false)] }],
        };
        SimulatedNode m = MachineDriver.Alone(config);
        Assert.Equal([VrrpPhase.Initialize, VrrpPhase.Initialize], Phases(m));
        Assert.Empty(m.Notifications);
        m.Driver.Advance(0.1);
        m.AnswerScript(0, StepOutcome.Success);
        Assert.Equal([VrrpPhase.Backup, VrrpPhase.Backup], Phases(m));
        m.Driver.Advance(1);
        m.AnswerScript(0, new StepOutcome(StepOutcomeKind.Exited, 1));
        Assert.Equal([VrrpPhase.Fault, VrrpPhase.Fault], Phases(m));
    }

    // Shown: a living lower master on any member is asked to release before the fence; when it does not, all stand down.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_living_lower_master_on_any_member_is_given_time(bool isReleasing)
    {
        SimulatedNode m = MachineDriver.Alone(With(TestConfig.Fence("z")));
        m.Driver.Advance(3.2);
        m.Hear('z', 50, instance: 1);
        m.Driver.Advance(1);
        Assert.Equal([VrrpPhase.Promoting, VrrpPhase.Promoting], Phases(m));
        Assert.Empty(m.OpenSteps);
        for (int i = 0; i < 10; i++)
        {
            m.Driver.Advance(1);
            m.Hear('z', 50, instance: 1);
        }

        Assert.Empty(m.OpenSteps);
        if (isReleasing)
        {
            m.Hear('z', 0, instance: 1);
            Assert.Single(m.OpenSteps);
            return;
        }

        for (int i = 0; i < 25; i++)
        {
            m.Driver.Advance(1);
            m.Hear('z', 50, instance: 1);
        }

        Assert.Equal([VrrpPhase.Backup, VrrpPhase.Backup], Phases(m));
        Assert.True(m.Recorded(TimelineKind.PreemptGivenUp));
    }

    // Shown: maintenance of one member is that of all: nobody promotes.
    [Fact]
    public void Maintenance_of_one_member_holds_all()
    {
        SimulatedNode m = MachineDriver.Alone(Plain());
        m.Deliver(NodeEvent.MaintenanceChanged(1, MonotonicInstant.Never));
        m.Driver.Advance(60);
        Assert.Equal([VrrpPhase.Backup, VrrpPhase.Backup], Phases(m));
        m.Deliver(NodeEvent.MaintenanceChanged(1, MonotonicInstant.Zero));
        m.Driver.Advance(5);
        Assert.Equal([VrrpPhase.Master, VrrpPhase.Master], Phases(m));
    }

    // Shown: a handover of one member hands all over, and none returns before its time.
    [Fact]
    public void A_handover_of_one_member_hands_all_over()
    {
        SimulatedNode m = Master(Plain());
        m.Deliver(NodeEvent.OperatorHandover(1, TimeSpan.FromSeconds(20)));
        Assert.Equal([VrrpPhase.Backup, VrrpPhase.Backup], Phases(m));
        m.Driver.Advance(19);
        Assert.Equal([VrrpPhase.Backup, VrrpPhase.Backup], Phases(m));
        m.Driver.Advance(10);
        Assert.Equal([VrrpPhase.Master, VrrpPhase.Master], Phases(m));
    }

    // Shown: what is put back for one member moves none (keepalived steps all of them down and up).
    [Fact]
    public void An_address_that_somebody_removed_is_put_back_without_moving_the_group()
    {
        SimulatedNode m = Master(Plain());
        m.Deliver(NodeEvent.AddressLost(1));
        Assert.Equal([VrrpPhase.Master, VrrpPhase.Master], Phases(m));
        Assert.Equal("1:AddAddresses 1:announce:5", m.SeenByIndex);
    }

    // Shown: `confirm` and `retry` on any member are about the one promotion of the group.
    [Fact]
    public void An_operator_may_name_any_member()
    {
        SimulatedNode m = MachineDriver.Alone(With(TestConfig.Fence("z") with { Attempts = 1 }));
        m.Driver.Advance(5);
        m.Fail();
        m.Driver.Advance(6);
        Assert.Empty(m.OpenSteps);
        m.Deliver(NodeEvent.OperatorConfirmed(1, TestConfig.AddressOf('z')));
        m.Driver.Advance(5);
        Assert.Empty(m.OpenSteps);
        Assert.Equal([VrrpPhase.Master, VrrpPhase.Master], Phases(m));
        m.Hear('y', 200, instance: 0);
        m.Driver.Advance(5);
        m.Fail();
        m.Deliver(NodeEvent.OperatorRetry(1));
        m.Driver.Advance(5);
        Assert.Single(m.OpenSteps);
    }

    // Shown: what the operator is told about a member is what the machine does for the group: the steps are the leader's, whichever member is named.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void The_judgement_about_any_member_is_that_of_the_group(int member)
    {
        SimulatedNode m = MachineDriver.Alone(With(TestConfig.Fence("z") with { Attempts = 1 }, TestConfig.Run()));
        Assert.Equal(ConfirmVerdict.NothingFailed, Judge(m, member));
        m.Driver.Advance(5);
        Assert.Equal(ConfirmVerdict.Accepted, Judge(m, member));
        m.Fail();
        m.Driver.Advance(6);
        Assert.Equal(ConfirmVerdict.Accepted, Judge(m, member));
        m.Deliver(NodeEvent.OperatorConfirmed(member, TestConfig.AddressOf('z')));
        Assert.Equal(StepKind.Run, m.OpenSteps.Single().Step.Kind);
        Assert.Equal(ConfirmVerdict.AlreadyDone, Judge(m, member));
        m.Hear('y', 200, instance: 0);
        Assert.Equal(ConfirmVerdict.Ending, Judge(m, member));
    }

    // Shown: G10 for groups: with truthful fences two nodes never hold an address of the group at once, and at the end one of them holds all.
    // How: 120 seeds, with losses per instance, delays, suspensions, crashes, faults of one member, refused addresses and failing steps.
    [Fact]
    public void Two_nodes_never_hold_an_address_of_the_group_at_once()
    {
        for (int seed = 1; seed <= 120; seed++)
        {
            Walk(seed);
        }
    }

    private static ConfirmVerdict Judge(SimulatedNode m, int member) =>
        OperatorRules.JudgeConfirm(m.Config, m.State, member, TestConfig.AddressOf('z'), m.Driver.Now);

    private static void Walk(int seed)
    {
        Random random = new(seed);
        NodeConfig[] configs =
        [
            .. "ba".Select((target, i) =>
            {
                VrrpConfig first = TestConfig.Instance((byte)(100 + random.Next(2))).Promote(TestConfig.Fence(target.ToString()) with { Timeout = TimeSpan.FromSeconds(10) });
                first = first.Plan(plan => plan with { RetryAfter = TimeSpan.FromSeconds(5), PreemptWait = TimeSpan.FromSeconds(8), IsAdvertising = seed % 3 != 0 });
                first = first.Plan(plan => plan with { IsProbing = seed % 5 < 3 }) with { IsPreempt = seed % 2 == 0 };
                first = random.Next(2) == 0 ? first.Demote(TestConfig.Run("stop_writes") with { Timeout = TimeSpan.FromSeconds(5) }) : first;
                return TestConfig.Group(first, Second with { BasePriority = (byte)(100 + random.Next(2)), IsPreempt = first.IsPreempt });
            }),
        ];
        MachineDriver driver = new(configs) { TranscriptLimit = 60_000 };
        bool isFaulty = true;
        int events = 0;
        try
        {
            driver.Delivery = (_, _) => !isFaulty ? TimeSpan.FromMicroseconds(500) : random.Next(100) < 35 ? null : TimeSpan.FromMilliseconds(random.Next(100) < 90 ? random.Next(5) : random.Next(4000));
            driver.Lateness = () => isFaulty && random.Next(50) == 0 ? TimeSpan.FromSeconds(random.NextDouble() * 6) : TimeSpan.FromMicroseconds(random.Next(900));
            driver.Kernel = (_, _) => isFaulty && random.Next(60) == 0 ? 12 : 0;
            driver.Steps = (node, request) =>
            {
                TimeSpan after = TimeSpan.FromSeconds(random.NextDouble() * (isFaulty ? 12 : 2));
                if (isFaulty && random.Next(3) == 0)
                {
                    return (after, new StepOutcome(StepOutcomeKind.Exited, 1));
                }

                Disturbance.FenceTruthfully(driver, node, request, after, random, () => true);
                return (after, StepOutcome.Success);
            };
            driver.Start();
            driver.AfterEvent = _ =>
            {
                events++;
                for (int i = 0; i < 2; i++)
                {
                    Assert.True(driver.Nodes.Count(node => node.IsRunning && node.Holds(i)) <= 1, $"G10: two nodes hold the address of instance {i}");
                }
            };
            while (events < 1500)
            {
                driver.Advance(random.NextDouble() * 3);
                Disturb(driver, random);
            }

            isFaulty = false;
            foreach (SimulatedNode node in driver.Nodes)
            {
                if (node.IsRunning && node.State.Instances.Any(instance => instance.IsStopping))
                {
                    node.Crash();
                }

                Disturbance.BootIfDown(node);
                node.Deliver(NodeEvent.SourceChanged(1, TestConfig.AddressOf(node.Name)));
                node.Deliver(NodeEvent.MaintenanceChanged(-1, MonotonicInstant.Zero));
            }

            driver.Advance(600);
            SimulatedNode owner = driver.Nodes.Single(node => node.IsRunning && node.Holds(0));
            Assert.True(owner.Holds(1), "one node holds all");
        }
        catch (Exception failure)
        {
            string text = driver.Transcript;
            throw new InvalidOperationException($"seed {seed}: {failure.Message}\n{text[Math.Max(0, text.Length - 12_000)..]}", failure);
        }
    }

    private static void Disturb(MachineDriver driver, Random random)
    {
        SimulatedNode node = driver.Nodes[random.Next(2)];
        int instance = random.Next(2);
        int kind = random.Next(12);
        switch (kind)
        {
            case < Disturbance.Kinds:
                Disturbance.Do(kind, node, instance, NodeEvent.SourceChanged(1, InternetAddress.None), NodeEvent.SourceChanged(1, TestConfig.AddressOf(node.Name)));
                break;
            case 9:
                node.DeliverIfRunning(NodeEvent.OperatorHandover(instance, TimeSpan.FromSeconds(1 + random.Next(30))));
                break;
            case 10 when random.Next(3) == 0:
                node.DeliverIfRunning(NodeEvent.MaintenanceChanged(instance, driver.Now + TimeSpan.FromSeconds(random.Next(60))));
                break;
            default:
                break;
        }
    }
}
