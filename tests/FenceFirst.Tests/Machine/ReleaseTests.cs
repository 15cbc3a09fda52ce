using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;
using FenceFirst.Tests.Wire;

namespace FenceFirst.Tests.Machine;

/// <summary>docs/promotion.md section 4, release_is_enough, sentence by sentence. The window is 5 s, so a master has to be followed for 10 s.</summary>
public class ReleaseTests
{
    private static readonly VrrpConfig Trusting = Trust(TestConfig.Instance().Promote(TestConfig.Fence("z")));

    // 4: a release by the master that was followed replaces its fence, and the timeline says why.
    [Fact]
    public void A_release_by_the_followed_master_replaces_its_fence()
    {
        SimulatedNode m = Following(Trusting);
        m.Hear('z', 0);
        m.Driver.Advance(1);
        Assert.Equal(VrrpPhase.Master, m.Phase);
        Assert.DoesNotContain(m.Entries, entry => entry.Kind == TimelineKind.StepStarted);
        TimelineEntry skipped = m.Entries.Single(entry => entry.Kind == TimelineKind.StepReleased);
        Assert.Contains("fence fence_z is not needed: 10.0.0.26 has released the addresses (release_is_enough)", TimelineText.Describe(m.Config, skipped));
    }

    // 4: it is sent twice; the second one changes nothing.
    [Fact]
    public void The_second_release_changes_nothing()
    {
        SimulatedNode m = Following(Trusting);
        m.Hear('z', 0);
        m.Hear('z', 0);
        m.Driver.Advance(1);
        Assert.Equal(VrrpPhase.Master, m.Phase);
        Assert.False(m.Recorded(TimelineKind.ReleaseDoubted));
    }

    // 4: check and run steps run all the same.
    [Fact]
    public void Every_other_step_still_runs()
    {
        SimulatedNode m = Following(Trust(TestConfig.Instance().Promote(TestConfig.Check(), TestConfig.Fence("z"), TestConfig.Run())));
        m.Hear('z', 0);
        m.Driver.Advance(1);
        Assert.Equal(StepKind.Check, m.OpenSteps.Single().Step.Kind);
        m.Succeed();
        Assert.Equal(StepKind.Run, m.OpenSteps.Single().Step.Kind);
        m.Succeed();
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // 4: the default is no.
    [Fact]
    public void Without_the_option_the_fence_runs_after_a_release()
    {
        SimulatedNode m = Following(Trusting.Plan(plan => plan with { IsReleaseEnough = false }));
        m.Hear('z', 0);
        m.Driver.Advance(1);
        Assert.Equal(StepKind.Fence, m.OpenSteps.Single().Step.Kind);
        Assert.Equal(0ul, m.First.ReleasedTargets);
    }

    // 4: adverts that do not prove when they were sent prove no release either.
    [Theory]
    [InlineData(HmacMode.Permissive, HmacAntiReplay.Time)]
    [InlineData(HmacMode.ReceiveOnly, HmacAntiReplay.Time)]
    [InlineData(HmacMode.Enforce, HmacAntiReplay.Monotonic)]
    public void Only_signed_and_timed_adverts_release(HmacMode mode, HmacAntiReplay antiReplay)
    {
        Fences(Following(Trusting with { Hmac = HmacSamples.Hmac(mode, antiReplay) }));
        Fences(Following(Trusting with { Hmac = null }));
        static void Fences(SimulatedNode m)
        {
            m.Hear('z', 0);
            m.Driver.Advance(1);
            Assert.Single(m.OpenSteps);
        }
    }

    // 4 (R1): followed for two windows, not less; the log says what is missing.
    [Theory]
    [InlineData(9.9, false)]
    [InlineData(10.1, true)]
    public void The_master_has_to_be_followed_for_two_windows(double seconds, bool isEnough)
    {
        SimulatedNode m = MachineDriver.Alone(Trusting);
        Follow(m, 'z', seconds);
        m.Hear('z', 0);
        m.Driver.Advance(1);
        Assert.Equal(isEnough ? 0 : 1, m.OpenSteps.Count);
        Assert.Equal(!isEnough, m.Recorded(TimelineKind.ReleaseDoubted));
        if (!isEnough)
        {
            Assert.Contains("it was followed for 9.9 s without a break, and 10 s are needed", TimelineText.Describe(m.Config, m.Entries.Single(entry => entry.Kind == TimelineKind.ReleaseDoubted)));
        }
    }

    // 4 (R1): the count begins with the first advert, not with the start of the daemon; and a repeated release does not make up for it.
    [Fact]
    public void Time_in_which_nobody_was_followed_does_not_count()
    {
        SimulatedNode m = MachineDriver.Alone(Trusting with { BasePriority = 1, AdvertInterval = TimeSpan.FromSeconds(4) });
        m.Driver.Advance(12);
        m.Hear('z', 200);
        m.Driver.Advance(1);
        m.Hear('z', 0);
        m.Hear('z', 0);
        m.Driver.Advance(4);
        Assert.Single(m.OpenSteps);
    }

    // 4 (R1): another master: counted anew. The release of the one before does not count at all.
    [Fact]
    public void Another_master_is_followed_anew()
    {
        SimulatedNode m = MachineDriver.Alone(Trust(TestConfig.Instance().Promote(TestConfig.Fence("y"), TestConfig.Fence("z"))));
        Follow(m, 'z', 20);
        Follow(m, 'y', 5);
        m.Hear('z', 0);
        Assert.Equal(0ul, m.First.ReleasedTargets);
        Follow(m, 'y', 2);
        m.Hear('y', 0);
        m.Driver.Advance(1);
        Assert.Equal("fence_y", m.OpenSteps.Single().Step.Name);
    }

    // 4 (R1): a candidate that was never followed says priority 0 of itself, not of the master.
    [Fact]
    public void The_release_of_somebody_who_was_not_followed_does_not_count()
    {
        SimulatedNode m = Following(Trust(TestConfig.Instance().Promote(TestConfig.Fence("y"), TestConfig.Fence("z"))));
        m.Hear('y', 0);
        Assert.Equal(0ul, m.First.ReleasedTargets);
        m.Driver.Advance(4);
        Assert.Equal("fence_y", m.OpenSteps.Single().Step.Name);
    }

    // 4 (R1): a lower station that we would preempt is not followed.
    [Fact]
    public void A_lower_master_that_is_not_followed_is_fenced()
    {
        SimulatedNode m = MachineDriver.Alone(Trust(TestConfig.Instance().Promote(TestConfig.Fence("a"))).Plan(plan => plan with { PreemptWait = TimeSpan.FromSeconds(60) }));
        for (int i = 0; i < 20; i++)
        {
            m.Hear('a', 50);
            m.Driver.Advance(1);
        }

        Assert.True(m.First.Steps.IsAwaitingRelease);
        m.Hear('a', 0);
        Assert.Single(m.OpenSteps);
    }

    // 4 (R1): silence longer than the timer is a break, whether or not the timer has been noticed: a loop that was late takes packets first.
    [Theory]
    [InlineData(0)]
    [InlineData(200)]
    public void A_loop_that_was_late_has_not_followed(byte next)
    {
        SimulatedNode m = Following(Trusting);
        m.Driver.Suspend(5);
        m.Hear('z', next);
        m.Hear('z', 0);
        Assert.Equal(0ul, m.First.ReleasedTargets);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // 4 (R1): a Backup that was suspended listens anew, and follows anew.
    [Fact]
    public void A_backup_that_was_suspended_follows_anew()
    {
        SimulatedNode m = Following(Trusting);
        m.Driver.Suspend(3600);
        m.Driver.RunNext(MonotonicInstant.Never);
        Assert.True(m.First.FollowedSince.IsNever);
        m.Hear('z', 0);
        Assert.Equal(0ul, m.First.ReleasedTargets);
    }

    // 4 (R1): a master that was silent during the pause after a failure was not followed meanwhile.
    [Fact]
    public void Silence_during_the_pause_after_a_failure_is_a_break()
    {
        SimulatedNode m = Following(Trusting.Plan(plan => plan with { RetryAfter = TimeSpan.FromSeconds(300) }));
        m.Driver.Advance(4);
        m.Fail();
        Follow(m, 'z', 20);
        m.Driver.Advance(20);
        Assert.True(m.Recorded(TimelineKind.PromotionPostponed));
        m.Hear('z', 0);
        Assert.Equal(0ul, m.First.ReleasedTargets);
    }

    // 4 (R1): after a fault nothing was heard, so nothing is known.
    [Fact]
    public void A_fault_is_a_break()
    {
        SimulatedNode m = Following(Trusting);
        m.Deliver(NodeEvent.LinkChanged(0, false));
        m.Deliver(NodeEvent.LinkChanged(0, true));
        Follow(m, 'z', 5);
        m.Hear('z', 0);
        Assert.Equal(0ul, m.First.ReleasedTargets);
    }

    // 4 (R1): our clock was set back, so an older packet could pass for a new one: what is known is void and following is counted anew.
    [Fact]
    public void A_forgotten_replay_mark_voids_what_is_known()
    {
        SimulatedNode before = Following(Trusting);
        before.Deliver(NodeEvent.ReplayMarkForgotten(0, TestConfig.AddressOf('z')));
        before.Hear('z', 0);
        Assert.Equal(0ul, before.First.ReleasedTargets);
        SimulatedNode after = Following(Trusting);
        after.Hear('z', 0);
        Assert.Equal(1ul, after.First.ReleasedTargets);
        after.Deliver(NodeEvent.ReplayMarkForgotten(0, TestConfig.AddressOf('z')));
        after.Driver.Advance(1);
        Assert.Single(after.OpenSteps);
        SimulatedNode anew = Following(Trusting);
        anew.Deliver(NodeEvent.ReplayMarkForgotten(0, TestConfig.AddressOf('z')));
        Follow(anew, 'z', 11);
        anew.Hear('z', 0);
        Assert.Equal(1ul, anew.First.ReleasedTargets);
    }

    // 4: any advert of the station voids its release, also one that a preempting node discards.
    [Theory]
    [InlineData(200)]
    [InlineData(50)]
    public void An_advert_voids_the_release(byte priority)
    {
        SimulatedNode m = Following(Trusting);
        m.Hear('z', 0);
        m.Driver.Advance(0.3);
        m.Hear('z', priority);
        Assert.Equal(0ul, m.First.ReleasedTargets);
        m.Driver.Advance(0.2);
        m.Hear('z', 0);
        m.Driver.Advance(1);
        Assert.Single(m.OpenSteps);
    }

    // 4: refused packets can be forged by anybody. They hold back, and grant nothing.
    [Fact]
    public void A_refused_packet_grants_nothing()
    {
        foreach (DecodeError error in Enum.GetValues<DecodeError>())
        {
            SimulatedNode m = Following(Trusting);
            VrrpState before = m.First;
            m.Deliver(NodeEvent.PacketRefused(0, error, TestConfig.AddressOf('z')));
            Assert.Equal((before.FollowedSince, before.ReleasedTargets, before.MasterDownAt, before.IsMasterReleased), (m.First.FollowedSince, m.First.ReleasedTargets, m.First.MasterDownAt, m.First.IsMasterReleased));
            m.Driver.Advance(20);
            Assert.DoesNotContain(m.Entries, entry => entry.Kind == TimelineKind.StepReleased);
        }
    }

    // 4 (R2): when a promotion has come to nothing we have said priority 0 ourselves, and anybody may have taken over since.
    [Theory]
    [InlineData("step")]
    [InlineData("master")]
    [InlineData("stall")]
    public void A_promotion_that_came_to_nothing_voids_what_is_known(string end)
    {
        SimulatedNode m = Following(Trust(TestConfig.Instance().Promote(TestConfig.Check(), TestConfig.Fence("z"))).Plan(plan => plan with { RetryAfter = TimeSpan.FromSeconds(1) }));
        m.Hear('z', 0);
        m.Driver.Advance(1);
        switch (end)
        {
            case "step":
                m.Fail();
                break;
            case "master":
                m.Hear('y', 200);
                m.Driver.Advance(0.1);
                m.Hear('y', 0);
                break;
            default:
                m.Driver.Suspend(20);
                m.Driver.Advance(0.001);
                m.Answer(StepOutcome.Success);
                break;
        }

        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Equal(0ul, m.First.ReleasedTargets);
        m.Driver.AdvanceTo(m.First.MasterDownAt);
        m.Answer(m.OpenSteps.Last(), StepOutcome.Success);
        Assert.Equal(StepKind.Fence, m.OpenSteps.Last().Step.Kind);
    }

    // 4 (R2): after having been Master nothing is known, and following begins anew.
    [Fact]
    public void Whoever_was_master_knows_nothing()
    {
        SimulatedNode m = Following(Trusting);
        m.Hear('z', 0);
        m.Driver.Advance(1);
        Assert.Equal(VrrpPhase.Master, m.Phase);
        Assert.Equal(0ul, m.First.ReleasedTargets);
        m.Hear('z', 200);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Follow(m, 'z', 9);
        m.Hear('z', 0);
        m.Driver.Advance(1);
        Assert.Single(m.OpenSteps);
    }

    // 4 (R2): the same for a candidate whose step hangs in the kernel: it has said priority 0 although its promotion is not over.
    [Fact]
    public void A_candidate_that_has_released_cannot_succeed_any_more()
    {
        SimulatedNode m = Following(Trust(TestConfig.Instance().Promote(TestConfig.Fence("z"), TestConfig.Run() with { Timeout = TimeSpan.FromSeconds(5), Attempts = 3 }, TestConfig.Fence("y")) with { }));
        m.Hear('z', 0);
        m.Driver.Advance(20);
        Assert.Equal(1, m.Releases);
        m.Succeed();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Equal(0ul, m.First.ReleasedTargets);
    }

    // 4: with fence_scope all every target is fenced that is not known to have released.
    [Fact]
    public void With_scope_all_whoever_has_not_released_is_fenced()
    {
        SimulatedNode m = Following(Trust(TestConfig.Instance().Promote(TestConfig.Fence("y"), TestConfig.Fence("z"))));
        m.Hear('z', 0);
        m.Driver.Advance(1);
        Assert.Equal("fence_y", m.OpenSteps.Single().Step.Name);
        m.Succeed();
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // 4: several can be known to have released, one after the other.
    [Fact]
    public void A_release_is_remembered_while_another_master_is_followed()
    {
        SimulatedNode m = Following(Trust(TestConfig.Instance().Promote(TestConfig.Fence("y"), TestConfig.Fence("z"))));
        m.Hear('z', 0);
        Follow(m, 'y', 11);
        m.Hear('y', 0);
        m.Driver.Advance(1);
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // 4: a device that fences several runs unless all of them have released.
    [Fact]
    public void A_device_of_several_targets_runs_unless_all_have_released()
    {
        SimulatedNode m = Following(Trust(TestConfig.Instance().Promote(TestConfig.Fence("yz"))));
        m.Hear('z', 0);
        m.Driver.Advance(1);
        Assert.Single(m.OpenSteps);
    }

    // 4: all levels of a fence are replaced together.
    [Fact]
    public void A_release_replaces_all_levels()
    {
        SimulatedNode m = Following(Trust(TestConfig.Instance().Promote(TestConfig.Levels("a and b then c"), TestConfig.Run())));
        m.Hear('z', 0);
        m.Driver.Advance(1);
        Assert.Equal(StepKind.Run, m.OpenSteps.Single().Step.Kind);
    }

    // 4: whoever advertises after its release ends the promotion that goes by it; what has been started is awaited; the next promotion fences it.
    [Theory]
    [InlineData(50)]
    [InlineData(200)]
    public void A_station_that_advertises_after_its_release_ends_the_promotion(byte priority)
    {
        SimulatedNode m = Following(Trust(TestConfig.Instance().Promote(TestConfig.Fence("z"), TestConfig.Run())));
        m.Hear('z', 0);
        m.Driver.Advance(1);
        m.Hear('z', priority);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.Succeed();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.True(m.Recorded(TimelineKind.ReleaseVoid));
        Assert.Equal(0, m.First.FailedPromotions);
        m.Driver.AdvanceTo(m.First.MasterDownAt);
        Assert.Equal(StepKind.Fence, m.OpenSteps.Single().Step.Kind);
    }

    // 4: before the fence has been passed over, an advert makes it run after all.
    [Fact]
    public void A_station_that_advertises_before_its_fence_was_passed_over_is_fenced()
    {
        SimulatedNode m = Following(Trust(TestConfig.Instance().Promote(TestConfig.Check(), TestConfig.Fence("y"), TestConfig.Fence("z"))));
        m.Hear('z', 0);
        Follow(m, 'y', 11);
        m.Hear('y', 0);
        m.Driver.Advance(1);
        m.Hear('z', 50);
        m.Succeed();
        Assert.Equal("fence_z", m.OpenSteps.Single().Step.Name);
    }

    // 4: whoever has released does not become Master before that release is too old to be accepted: 10 s, counted beside the steps.
    [Fact]
    public void Whoever_has_released_is_not_master_again_before_its_release_is_stale()
    {
        SimulatedNode m = Following(Trusting);
        m.Hear('z', 0);
        m.Driver.Advance(1);
        Assert.Equal(VrrpPhase.Master, m.Phase);
        m.Deliver(NodeEvent.LinkChanged(0, false));
        Assert.Equal(2, m.Releases);
        MonotonicInstant released = m.Driver.Now;
        m.Deliver(NodeEvent.LinkChanged(0, true));
        m.Driver.Advance(4);
        m.Succeed();
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        Assert.True(m.Recorded(TimelineKind.OutlivingRelease));
        m.Driver.AdvanceTo(released + TimeSpan.FromSeconds(9.99));
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.Driver.Advance(0.02);
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // 4: a daemon that has just started may have released in its life before.
    [Fact]
    public void A_start_counts_as_a_release()
    {
        SimulatedNode m = MachineDriver.Alone(Trusting);
        m.Driver.Advance(4);
        m.Succeed();
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.Driver.Advance(6.1);
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // 4: the probe comes after that wait, not before it.
    [Fact]
    public void The_link_is_asked_after_the_wait()
    {
        SimulatedNode m = MachineDriver.Alone(Trusting.Plan(plan => plan with { IsProbing = true }));
        m.Driver.Probes = (_, _) => null;
        m.Driver.Advance(4);
        m.Succeed();
        Assert.Empty(m.OpenProbes);
        m.Driver.Advance(6.1);
        Assert.Single(m.OpenProbes);
    }

    // 4.1: a silent candidate waits before its first fence: whoever comes up beside it would shoot it in the wait, and be shot in its own (found by the simulator, seed 19703).
    [Fact]
    public void A_silent_candidate_waits_before_its_first_fence()
    {
        SimulatedNode m = MachineDriver.Alone(Trusting.Plan(plan => plan with { IsAdvertising = false }));
        m.Driver.Advance(9.9);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        Assert.Empty(m.OpenSteps);
        m.Driver.Advance(0.2);
        m.Succeed();
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // 4.1 and 3: an operator who answers for that fence has not to wait for it; the wait is then before Master.
    [Fact]
    public void A_confirmed_fence_is_passed_in_the_wait()
    {
        SimulatedNode m = MachineDriver.Alone(Trust(TestConfig.Instance().Promote(TestConfig.Fence("z"), TestConfig.Check())).Plan(plan => plan with { IsAdvertising = false }));
        m.Driver.Advance(5);
        m.Deliver(NodeEvent.OperatorConfirmed(0, TestConfig.AddressOf('z')));
        Assert.Equal(StepKind.Check, m.OpenSteps.Single().Step.Kind);
        m.Succeed();
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.Driver.Advance(5.1);
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // 4: without the option nobody waits.
    [Fact]
    public void Without_the_option_nobody_waits_for_a_release_of_his_own()
    {
        SimulatedNode m = MachineDriver.Alone(Trusting.Plan(plan => plan with { IsReleaseEnough = false }));
        m.Driver.Advance(4);
        m.Succeed();
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // 4: a living master ends the wait, as it ends everything in Promoting.
    [Fact]
    public void A_living_master_ends_the_wait()
    {
        SimulatedNode m = MachineDriver.Alone(Trusting);
        m.Driver.Advance(4);
        m.Succeed();
        m.Hear('y', 200);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        m.Driver.Advance(3);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    private static VrrpConfig Trust(VrrpConfig config) =>
        config.Plan(plan => plan with { IsReleaseEnough = true }) with { Hmac = HmacSamples.Hmac() };

    /// <summary>A node that has followed z for 20 s, and heard it this moment.</summary>
    private static SimulatedNode Following(VrrpConfig config)
    {
        SimulatedNode m = MachineDriver.Alone(config);
        Follow(m, 'z', 20);
        return m;
    }

    private static void Follow(SimulatedNode m, char master, double seconds)
    {
        MonotonicInstant end = m.Driver.Now + TimeSpan.FromSeconds(seconds);
        m.Hear(master, 200);
        while (m.Driver.Now + TimeSpan.FromSeconds(1) < end)
        {
            m.Driver.Advance(1);
            m.Hear(master, 200);
        }

        m.Driver.AdvanceTo(end);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }
}
