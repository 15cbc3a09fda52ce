using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>docs/promotion.md, sections 1 to 5, for the candidate, sentence by sentence.</summary>
public class PromotionTests
{
    private static readonly VrrpConfig Fencing = TestConfig.Instance().Promote(TestConfig.Fence("z"));

    // 3.1: Backup whose Master_Down_Timer fires becomes Promoting, says so by an advert, and starts the first step. Nothing is added.
    [Fact]
    public void A_lost_master_starts_the_first_step()
    {
        SimulatedNode m = Lost(Fencing);
        Assert.Equal("advert:100 step:0", m.Seen);
        Assert.Equal(PromotionReason.MasterDown, m.First.Steps.Reason);
        Assert.Equal(TestConfig.AddressOf('z'), m.First.Steps.OldMaster);
        Assert.Equal(1ul, m.First.Steps.Epoch);
    }

    // 3: a candidate's adverts come from the interface's own MAC address, and so does its priority 0; a master's from the virtual one, its release too.
    [Fact]
    public void Only_a_masters_adverts_come_from_the_virtual_MAC_address()
    {
        SimulatedNode m = Lost(Fencing);
        Assert.Equal([false], Adverts(m));
        m.Driver.Advance(1);
        Assert.Equal([false], Adverts(m));
        m.Fail();
        Assert.Equal([false], Adverts(m));
        Assert.Contains(m.Last, effect => effect is { Kind: NodeEffectKind.SendAdvert, Priority: 0 });

        SimulatedNode master = Lost(Fencing);
        master.Succeed();
        Assert.Equal([true], Adverts(master));
        master.Deliver(NodeEvent.StopRequested(0));
        Assert.Equal([true, true], Adverts(master));

        static bool[] Adverts(SimulatedNode node) => [.. node.Last.Where(effect => effect.Kind == NodeEffectKind.SendAdvert).Select(effect => effect.IsOfMaster)];
    }

    // 3.1: the reasons that steps are told.
    [Fact]
    public void The_reason_says_what_was_seen()
    {
        SimulatedNode silent = MachineDriver.Alone(Fencing);
        silent.Driver.Advance(4);
        Assert.Equal(PromotionReason.Startup, silent.First.Steps.Reason);
        SimulatedNode released = MachineDriver.Alone(Fencing);
        released.Hear('z', 150);
        released.Hear('z', 0);
        released.Driver.Advance(1);
        Assert.Equal(PromotionReason.Released, released.First.Steps.Reason);
    }

    // G1, G5: steps run in their order, one after the other, and Master follows the last.
    [Fact]
    public void Steps_run_one_after_the_other()
    {
        SimulatedNode m = Lost(TestConfig.Instance().Promote(TestConfig.Check(), TestConfig.Fence("z"), TestConfig.Run()));
        m.Succeed();
        Assert.Equal("step:1", m.Seen);
        m.Succeed();
        Assert.Equal("step:2", m.Seen);
        m.Succeed();
        Assert.Equal("advert:100 AddAddresses announce:5 notify:Master", m.Seen);
    }

    // 3 fence_device: attempts and retry_interval.
    [Fact]
    public void A_step_is_tried_as_often_as_configured()
    {
        SimulatedNode m = Lost(TestConfig.Instance().Promote(TestConfig.Fence("z") with { Attempts = 3, RetryInterval = TimeSpan.FromSeconds(2) }));
        for (int i = 1; i < 3; i++)
        {
            m.Fail();
            Assert.Equal("", m.Seen);
            m.Driver.Advance(1.999);
            Assert.Empty(m.OpenSteps);
            m.Driver.Advance(0.002);
            Assert.Single(m.OpenSteps);
        }

        m.Fail();
        Assert.Equal("advert:0", m.Seen);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // 3 fence_device: delay before the first attempt.
    [Fact]
    public void A_delay_precedes_the_first_try()
    {
        SimulatedNode m = Lost(TestConfig.Instance().Promote(TestConfig.Fence("z") with { Delay = TimeSpan.FromSeconds(2) }));
        Assert.Empty(m.OpenSteps);
        m.Driver.Advance(2);
        Assert.Single(m.OpenSteps);
    }

    // G2: an attempt that outlives its bound is killed and has failed, even when it then answers success.
    [Fact]
    public void A_timed_out_step_has_failed_whatever_it_answers()
    {
        SimulatedNode m = Lost(TestConfig.Instance().Promote(TestConfig.Fence("z") with { Timeout = TimeSpan.FromSeconds(5) }));
        m.Driver.Advance(5.1);
        Assert.Equal(m.OpenSteps.Single().Attempt, m.Killed.Single());
        m.Succeed();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Equal(StepOutcomeKind.TimedOut, m.Entries.Single(entry => entry.Kind == TimelineKind.PromotionFailed).Outcome.Kind);
    }

    // G2: the daemon was halted across the bound and wakes up to find the answer beside the timer. Nobody knows when it came, so it came too late.
    [Fact]
    public void An_answer_that_is_read_after_the_bound_came_too_late()
    {
        SimulatedNode m = Lost(TestConfig.Instance().Promote(TestConfig.Fence("z") with { Timeout = TimeSpan.FromSeconds(5) }));
        m.Driver.Advance(4.9);
        m.Driver.Suspend(0.2);
        m.Succeed();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Equal(StepOutcomeKind.TimedOut, m.Entries.Single(entry => entry.Kind == TimelineKind.PromotionFailed).Outcome.Kind);
    }

    // 3.3 with a bound on every wait: a killed step that does not die (uninterruptible sleep) must not hold the other backups back for ever.
    [Fact]
    public void A_step_that_cannot_be_killed_stops_our_adverts()
    {
        SimulatedNode m = Lost(TestConfig.Instance().Promote(TestConfig.Fence("z") with { Timeout = TimeSpan.FromSeconds(5) }));
        m.Driver.Advance(30);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        Assert.True(m.First.AdvertAt.IsNever);
        Assert.Equal(1, m.Releases);
        m.Succeed();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // 3.3: failure sends priority 0, then Backup; no new try before retry_after, doubling up to ten times.
    [Fact]
    public void Retry_after_doubles_up_to_ten_times()
    {
        SimulatedNode m = Lost(Fencing);
        int[] pauses = [30, 60, 120, 240, 300, 300];
        foreach (int pause in pauses)
        {
            m.Fail();
            Assert.Equal(1, m.Last.Count(effect => effect.Kind == NodeEffectKind.SendAdvert && effect.Priority == 0));
            m.Driver.Advance(pause - 0.001);
            Assert.Equal(VrrpPhase.Backup, m.Phase);
            m.Driver.Advance(0.002);
            Assert.Equal(VrrpPhase.Promoting, m.Phase);
        }
    }

    // 3.3: other candidates that try in between are no reason to start the doubling anew; a quiet time of ten pauses is.
    [Fact]
    public void Doubling_survives_other_candidates_and_ends_after_a_quiet_time()
    {
        SimulatedNode m = Lost(Fencing);
        m.Fail();
        m.Hear('y', 150);
        m.Hear('y', 0);
        m.Driver.Advance(31);
        m.Fail();
        Assert.Equal(2, m.First.FailedPromotions);
        m.Driver.Advance(1);
        for (int i = 0; i < 1000; i++)
        {
            m.Hear('z', 150);
            m.Driver.Advance(1);
        }

        m.Driver.Advance(4);
        m.Fail();
        Assert.Equal(1, m.First.FailedPromotions);
    }

    // 3: on_failure fault stays down, whatever else happens.
    [Fact]
    public void On_failure_fault_stays_down()
    {
        SimulatedNode m = Lost(Fencing.Plan(plan => plan with { IsFaultOnFailure = true }));
        m.Fail();
        Assert.Equal("advert:0 notify:Fault", m.Seen);
        m.Deliver(NodeEvent.LinkChanged(0, false));
        m.Deliver(NodeEvent.LinkChanged(0, true));
        m.Driver.Advance(1000);
        Assert.Equal(VrrpPhase.Fault, m.Phase);
    }

    // 3.1, 3.2: a retried promotion is about the same lost master, not about a start-up.
    [Fact]
    public void A_retry_remembers_the_lost_master()
    {
        SimulatedNode m = Lost(Fencing);
        m.Fail();
        m.Driver.Advance(31);
        Assert.Equal(PromotionReason.MasterDown, m.First.Steps.Reason);
        Assert.Equal(TestConfig.AddressOf('z'), m.First.Steps.OldMaster);
    }

    // 3.3: advertise yes keeps lower backups back; advertise no is silent, at the failure as well.
    [Theory]
    [InlineData(true, 11)]
    [InlineData(false, 0)]
    public void Adverts_go_out_while_promoting_when_configured(bool isAdvertising, int count)
    {
        SimulatedNode m = Lost(Fencing.Plan(plan => plan with { IsAdvertising = isAdvertising }));
        MonotonicInstant start = m.Driver.Now;
        m.Driver.AdvanceTo(start + TimeSpan.FromSeconds(10));
        Assert.Equal(count, m.Sent.Count);
        m.Fail();
        Assert.Equal(isAdvertising ? 1 : 0, m.Releases);
    }

    // 3.3: before a fence or run has started, a better advert ends the promotion at once. "We hold nothing" is said when we had advertised.
    [Fact]
    public void A_better_advert_ends_a_check_at_once()
    {
        SimulatedNode m = Lost(TestConfig.Instance().Promote(TestConfig.Check(), TestConfig.Fence("z")));
        StepRequest check = m.OpenSteps.Single();
        m.Hear('y', 101);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Equal("kill advert:0", m.Seen);
        Assert.Equal(TestConfig.AddressOf('y'), m.First.Master);
        m.Answer(check, StepOutcome.Success);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // 3.3: a started fence is awaited; then Backup although it succeeded. No advert meanwhile.
    [Fact]
    public void A_better_advert_ends_a_fence_after_its_outcome()
    {
        SimulatedNode m = Lost(Fencing);
        m.Hear('y', 101);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        Assert.Empty(m.Killed);
        int before = m.Sent.Count;
        m.Driver.Advance(5);
        Assert.Equal(before, m.Sent.Count);
        m.Succeed();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.False(m.Recorded(TimelineKind.EnteredMaster));
    }

    // 3.3: an equal priority from a greater address is better, from a smaller one it is not.
    [Theory]
    [InlineData('y', true)]
    [InlineData('a', false)]
    public void An_equal_candidate_with_the_greater_address_wins(char sender, bool isEnding)
    {
        SimulatedNode m = Lost(TestConfig.Instance().Promote(TestConfig.Check()));
        m.Hear(sender, 100);
        Assert.Equal(isEnding ? VrrpPhase.Backup : VrrpPhase.Promoting, m.Phase);
    }

    // 3.3: with nopreempt any advert of the lost master ends the promotion; when none was known, the second advert of anybody.
    [Fact]
    public void With_nopreempt_the_lost_master_ends_the_promotion()
    {
        VrrpConfig config = TestConfig.Instance().Promote(TestConfig.Check()) with { IsPreempt = false };
        SimulatedNode m = MachineDriver.Alone(config);
        m.Hear('a', 50);
        m.Driver.Advance(4);
        m.Hear('b', 50);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.Hear('a', 50);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        SimulatedNode fresh = MachineDriver.Alone(config);
        fresh.Driver.Advance(4);
        fresh.Hear('b', 50);
        fresh.Hear('b', 50);
        Assert.Equal(VrrpPhase.Backup, fresh.Phase);
    }

    // 3.3: adverts of a target while its own fence runs are expected.
    [Fact]
    public void Adverts_of_a_target_under_its_own_fence_change_nothing()
    {
        SimulatedNode m = Lost(Fencing);
        m.Hear('z', 200);
        Assert.Equal("", m.Seen);
        m.Succeed();
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // 3.3: adverts of a fenced target after success prove that the device lied: the promotion has failed. Packets under way are forgiven.
    [Fact]
    public void Adverts_of_a_fenced_target_prove_that_the_device_lied()
    {
        SimulatedNode m = Lost(TestConfig.Instance().Promote(TestConfig.Fence("z"), TestConfig.Check()));
        m.Succeed();
        m.Driver.Advance(0.1);
        m.Hear('z', 90);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.Driver.Advance(0.2);
        m.Hear('z', 90);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.True(m.Recorded(TimelineKind.FenceLied));
        Assert.Equal(m.Driver.Now + TimeSpan.FromSeconds(30), m.First.RetryAt);
    }

    // 3.3: the same while a run step is under way: its outcome is awaited, the failure counts and is told once.
    [Fact]
    public void A_lie_during_a_run_step_fails_the_promotion_after_its_outcome()
    {
        SimulatedNode m = Lost(TestConfig.Instance().Promote(TestConfig.Fence("z"), TestConfig.Run()));
        m.Succeed();
        m.Driver.Advance(1);
        m.Hear('z', 90);
        m.Hear('z', 90);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.Succeed();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Equal(m.Driver.Now + TimeSpan.FromSeconds(30), m.First.RetryAt);
        Assert.Single(m.Entries, entry => entry.Kind == TimelineKind.FenceLied);
        Assert.True(m.Recorded(TimelineKind.PromotionFailed));
    }

    // 3.2: fence_scope last_master skips the fences of others; with no known master none is skipped.
    [Fact]
    public void Scope_last_master_fences_only_the_master_we_lost()
    {
        VrrpConfig config = TestConfig.Instance().Promote(TestConfig.Fence("y"), TestConfig.Fence("z")).Plan(plan => plan with { Scope = FenceScope.LastMaster });
        SimulatedNode m = Lost(config);
        Assert.Equal("advert:100 step:1", m.Seen);
        m.Succeed();
        Assert.Equal(VrrpPhase.Master, m.Phase);
        SimulatedNode fresh = MachineDriver.Alone(config);
        fresh.Driver.Advance(4);
        Assert.Equal("advert:100 step:0", fresh.Seen);
    }

    // 3.2: a candidate advertises as a master does. Who was followed last may never have been master: then nobody is skipped.
    [Fact]
    public void Scope_last_master_skips_nobody_when_the_last_one_heard_may_have_been_a_candidate()
    {
        SimulatedNode m = MachineDriver.Alone(
            TestConfig.Instance().Promote(TestConfig.Fence("y"), TestConfig.Fence("z")).Plan(plan => plan with { Scope = FenceScope.LastMaster }));
        m.Hear('z', 200);
        m.Driver.Advance(3.4);
        m.Hear('y', 101);
        m.Driver.Advance(1);
        m.Hear('y', 0);
        m.Driver.Advance(1);
        Assert.Equal("advert:100 step:0", m.Seen);
        m.Succeed();
        Assert.Equal("step:1", m.Seen);
    }

    // 3.2: the master that was lost is no target of any fence (another address of it, a node that nobody has written down): nobody knows whom to fence, so nobody is skipped.
    [Fact]
    public void Scope_last_master_skips_nobody_when_no_fence_has_the_lost_master_as_target()
    {
        SimulatedNode m = MachineDriver.Alone(
            TestConfig.Instance().Promote(TestConfig.Fence("y"), TestConfig.Fence("z")).Plan(plan => plan with { Scope = FenceScope.LastMaster }));
        m.Hear('x', 200);
        m.Driver.Advance(4);
        Assert.Equal([TestConfig.AddressOf('y')], m.OpenSteps.Single().Step.Targets);
        m.Succeed();
        Assert.Equal([TestConfig.AddressOf('z')], m.OpenSteps.Single().Step.Targets);
        m.Succeed();
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // 3.5: a living lower master is not shot: it is given preempt_wait to release; then the fence runs.
    [Fact]
    public void A_living_lower_master_is_given_time_to_release()
    {
        SimulatedNode m = Preempting();
        Assert.Equal("advert:100", m.Seen);
        m.Driver.Advance(10);
        Assert.Empty(m.OpenSteps);
        m.Hear('a', 0);
        Assert.Equal("advert:100 step:0", m.Seen);
    }

    // 3.5: a lower master that releases before we have begun to preempt it is not waited for: it has gone.
    [Fact]
    public void A_lower_master_that_has_released_is_not_waited_for()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("a")));
        m.Hear('a', 50);
        m.Hear('a', 0);
        m.Driver.Advance(1);
        Assert.Equal(PromotionReason.Released, m.First.Steps.Reason);
        Assert.Equal(TestConfig.AddressOf('a'), m.First.Steps.OldMaster);
        Assert.Single(m.OpenSteps);
    }

    // 3.5: a lower master that goes silent while it is waited for is no healthy master any more: it is lost, and the steps follow.
    [Fact]
    public void A_lower_master_that_dies_while_it_is_waited_for_is_fenced()
    {
        SimulatedNode m = Preempting();
        m.Hear('a', 50);
        m.Driver.Advance(29);
        Assert.Empty(m.OpenSteps);
        m.Driver.Advance(1);
        Assert.Single(m.OpenSteps);
        Assert.False(m.Recorded(TimelineKind.PreemptGivenUp));
        Assert.Equal(PromotionReason.MasterDown, m.First.Steps.Reason);
        Assert.Equal(TestConfig.AddressOf('a'), m.First.Steps.OldMaster);
    }

    // 3.5: "silent" is by its own interval (version 3), and whoever did not run at the end of the wait has not listened.
    [Fact]
    public void A_lower_master_that_may_only_have_been_missed_is_not_fenced()
    {
        SimulatedNode slow = MachineDriver.Alone(TestConfig.Instance().Version3(1000).Promote(TestConfig.Fence("a")));
        slow.Hear('a', 50, interval: TimeSpan.FromSeconds(8));
        slow.Driver.Advance(3);
        slow.Hear('a', 50, interval: TimeSpan.FromSeconds(8));
        slow.Driver.Advance(8);
        slow.Hear('a', 50, interval: TimeSpan.FromSeconds(8));
        slow.Driver.Advance(24);
        Assert.Empty(slow.OpenSteps);
        Assert.True(slow.Recorded(TimelineKind.PreemptGivenUp));

        SimulatedNode late = Preempting(plan => plan with { IsAdvertising = false });
        late.Driver.Advance(20);
        late.Driver.Suspend(12);
        late.Driver.Advance(0);
        Assert.Empty(late.OpenSteps);
        Assert.True(late.Recorded(TimelineKind.PreemptGivenUp));
    }

    // 3.5: when it does not release we stand down, and leave it in place as with nopreempt.
    [Fact]
    public void Preempting_is_given_up_when_the_lower_master_does_not_release()
    {
        SimulatedNode m = Preempting();
        for (int i = 0; i < 30; i++)
        {
            m.Hear('a', 50);
            m.Driver.Advance(1);
        }

        m.Driver.Advance(0.1);
        Assert.True(m.Recorded(TimelineKind.PreemptGivenUp));
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Equal(1, m.Releases);
        for (int i = 0; i < 60; i++)
        {
            m.Hear('a', 50);
            m.Driver.Advance(1);
        }

        Assert.Equal(VrrpPhase.Backup, m.Phase);
        m.Driver.Advance(4);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        Assert.Single(m.OpenSteps);
    }

    // 3.3: a fault ends the promotion; a fence under way is awaited first.
    [Fact]
    public void A_fault_while_promoting_awaits_the_fence()
    {
        SimulatedNode m = Lost(Fencing);
        m.Deliver(NodeEvent.LinkChanged(0, false));
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.Succeed();
        Assert.Equal(VrrpPhase.Fault, m.Phase);
        Assert.False(m.Recorded(TimelineKind.EnteredMaster));
    }

    // 3.3: a stop ends the step and then comes to rest.
    [Fact]
    public void A_stop_while_promoting_kills_the_step_and_comes_to_rest()
    {
        SimulatedNode m = Lost(Fencing);
        m.Deliver(NodeEvent.StopRequested());
        Assert.Equal("kill", m.Seen);
        m.Succeed();
        Assert.True(m.State.IsStopped);
        Assert.Equal("advert:0 notify:Stop", m.Seen);
    }

    // G7: a candidate that did not run has stopped holding the others back: it stands down, also when the outcome of its step is heard first.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_stall_while_promoting_ends_the_promotion(bool isOutcomeFirst)
    {
        SimulatedNode m = Lost(Fencing);
        m.Driver.Suspend(20);
        if (!isOutcomeFirst)
        {
            m.Driver.Advance(0.001);
            Assert.Equal(VrrpPhase.Promoting, m.Phase);
        }

        m.Succeed();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.True(m.Recorded(TimelineKind.Stalled));
    }

    // G7, G2: the bound of a step under way still holds after a stall. Its deadline was the first to fire, and is not forgotten.
    [Fact]
    public void A_stall_does_not_lose_the_bound_of_the_step()
    {
        SimulatedNode m = Lost(TestConfig.Instance().Promote(TestConfig.Fence("z") with { Timeout = TimeSpan.FromSeconds(0.5) }));
        m.Driver.Suspend(20);
        m.Driver.Advance(0.001);
        Assert.Single(m.Killed);
    }

    // G3: of three that want the same target the third waits for the second as well, and that is told once.
    [Fact]
    public void Whoever_waits_is_told_of_once()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Node(Fencing, Fencing with { Name = "VI_2", Vrid = 52 }, Fencing with { Name = "VI_3", Vrid = 53 }));
        m.Driver.Advance(4);
        m.Fail(0);
        Assert.Equal(1, m.OpenSteps.Single().Instance);
        m.Fail(1);
        Assert.Equal(2, m.OpenSteps.Single().Instance);
        Assert.Single(m.Entries, entry => entry.Kind == TimelineKind.StepQueued && entry.Index == 2);
    }

    // G3: two instances of one daemon fence the same target one after the other.
    [Fact]
    public void A_target_is_fenced_by_one_instance_at_a_time()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Node(Fencing, Fencing with { Name = "VI_2", Vrid = 52 }));
        m.Driver.Advance(4);
        Assert.Equal(0, m.OpenSteps.Single().Instance);
        Assert.True(m.State.Instances[1].Steps.IsQueued);
        m.Fail(0);
        Assert.Equal(1, m.OpenSteps.Single().Instance);
        m.Succeed(1);
        Assert.Equal(VrrpPhase.Master, m.State.Instances[1].Phase);
        Assert.Equal(VrrpPhase.Backup, m.State.Instances[0].Phase);
    }

    // G3, 3.1: a confirmed start of another target is not held up.
    [Fact]
    public void Different_targets_are_fenced_side_by_side()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Node(Fencing, (Fencing with { Name = "VI_2", Vrid = 52 }).Promote(TestConfig.Fence("y"))));
        m.Driver.Advance(4);
        Assert.Equal(2, m.OpenSteps.Count);
    }

    // An address that the kernel refuses is a failed promotion: removed, released, and a pause that doubles as any other.
    [Fact]
    public void A_refused_address_fails_the_promotion_with_a_doubling_pause()
    {
        SimulatedNode m = Lost(Fencing);
        m.Driver.Kernel = (_, request) => request.Effect == SideEffect.AddAddresses ? 12 : 0;
        m.Succeed();
        Assert.Equal("advert:100 AddAddresses RemoveAddresses advert:0 advert:0 notify:Backup", m.Seen);
        Assert.Equal(m.Driver.Now + TimeSpan.FromSeconds(30), m.First.RetryAt);
        m.Driver.Advance(31);
        m.Succeed();
        Assert.Equal(m.Driver.Now + TimeSpan.FromSeconds(60), m.First.RetryAt);
    }

    // The same with on_failure fault.
    [Fact]
    public void A_refused_address_leads_to_fault_when_configured()
    {
        SimulatedNode m = Lost(Fencing.Plan(plan => plan with { IsFaultOnFailure = true }));
        m.Driver.Kernel = (_, request) => request.Effect == SideEffect.AddAddresses ? 12 : 0;
        m.Succeed();
        Assert.Equal(VrrpPhase.Fault, m.Phase);
    }

    // docs/promotion.md: Promoting is shown as BACKUP, so neither entering nor failing runs a notify script.
    [Fact]
    public void Promoting_is_shown_as_backup_to_notify_scripts()
    {
        SimulatedNode m = Lost(Fencing);
        m.Fail();
        Assert.Equal([Notification.Backup], m.Notifications);
    }

    private static SimulatedNode Lost(VrrpConfig config)
    {
        SimulatedNode m = MachineDriver.Alone(config);
        m.Hear('z', 200);
        m.Driver.AdvanceTo(m.First.MasterDownAt);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        return m;
    }

    private static SimulatedNode Preempting(Func<PromotionPlan, PromotionPlan>? change = null)
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("a")).Plan(change ?? (plan => plan)));
        for (int i = 0; i < 4; i++)
        {
            m.Hear('a', 50);
            m.Driver.Advance(0.9);
        }

        m.Hear('a', 50);
        m.Driver.AdvanceTo(m.First.MasterDownAt);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        return m;
    }
}
