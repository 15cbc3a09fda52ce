using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>docs/promotion.md section 7: a planned switchover, what ends it, and what it says about the time without an address.</summary>
public class HandoverTests
{
    // Shown: addresses gone and acknowledged, demotion, release, in that order (G5); then Backup, and silent.
    [Fact]
    public void A_handover_leaves_in_order_and_releases()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance().Demote(TestConfig.Run("stop_writes")));
        Begin(m);
        Assert.Equal("RemoveAddresses step:0", m.Seen);
        Assert.False(m.Holds());
        m.Succeed();
        Assert.Equal("advert:0 advert:0 notify:Backup", m.Seen);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // Shown: the node that is better by priority neither promotes nor preempts; it follows whoever takes over.
    [Fact]
    public void Who_has_handed_over_follows_the_new_master_although_its_priority_is_lower()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance(priority: 150));
        Begin(m);
        m.Driver.Advance(0.5);
        m.Hear('z', 50);
        TimelineEntry taken = Result(m);
        Assert.Equal((TimelineKind.HandoverTaken, TestConfig.AddressOf('z'), 50), (taken.Kind, taken.Address, taken.First));
        Assert.Equal(TimeSpan.FromSeconds(0.5), taken.Duration);
        for (int i = 0; i < 30; i++)
        {
            m.Driver.Advance(1);
            m.Hear('z', 50);
        }

        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // Shown: the new master is lost later, and then everything is as after any loss.
    [Fact]
    public void The_new_master_can_be_succeeded_like_any_other()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance(priority: 150));
        Begin(m);
        m.Hear('z', 50);
        m.Driver.Advance(4);
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // Shown: silence starts no promotion before the time is over; afterwards it does, and the result says that nobody took over.
    [Fact]
    public void Nobody_takes_over_and_the_node_becomes_master_again_through_its_promotion()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance().Promote(TestConfig.Fence("z")));
        Begin(m, 60);
        m.Driver.Advance(59.9);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        m.Driver.Advance(0.2);
        Assert.Equal((TimelineKind.HandoverExpired, InternetAddress.None), (Result(m).Kind, Result(m).Address));
        Assert.Equal(StepKind.Fence, m.OpenSteps.Single().Step.Kind);
        m.Succeed();
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // Shown: the time is counted from the release, however long the demotion takes.
    [Fact]
    public void The_waiting_begins_with_the_release()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance().Demote(TestConfig.Run("stop_writes") with { Timeout = TimeSpan.FromSeconds(50) }));
        Begin(m, 10);
        m.Driver.Advance(30);
        m.Succeed();
        m.Driver.Advance(9.9);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        m.Driver.Advance(0.2);
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // Shown: with a promotion the first advert may be a candidate's; the claim on the link is what counts, and what the time is measured by.
    [Fact]
    public void A_candidate_is_no_new_master_before_it_claims_the_addresses()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance().Promote(TestConfig.Fence("z")));
        Begin(m);
        Assert.Contains("watch", m.Seen);
        for (int i = 0; i < 20; i++)
        {
            m.Driver.Advance(1);
            m.Hear('z', 50);
        }

        Assert.Equal(TimelineKind.HandoverWaiting, Result(m).Kind);
        m.SeeClaim();
        TimelineEntry taken = Result(m);
        Assert.Equal((TimelineKind.HandoverTaken, 1, TimeSpan.FromSeconds(20)), (taken.Kind, taken.Second, taken.Duration));
        Assert.Empty(m.OpenWatches);
    }

    // Shown: the claim may come before the advert; the address was back at the claim.
    [Fact]
    public void A_claim_before_the_first_advert_counts_from_its_own_time()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance().Promote(TestConfig.Fence("z")));
        Begin(m);
        m.Driver.Advance(1);
        m.SeeClaim();
        Assert.Equal(TimelineKind.HandoverWaiting, Result(m).Kind);
        m.Driver.Advance(0.5);
        m.Hear('z', 50);
        Assert.Equal((TimelineKind.HandoverTaken, TimeSpan.FromSeconds(1)), (Result(m).Kind, Result(m).Duration));
    }

    // Shown: where the link cannot be watched the first advert is all there is.
    [Fact]
    public void Where_nothing_can_be_watched_the_first_advert_counts()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance().Promote(TestConfig.Fence("z")));
        Begin(m);
        m.SeeClaim(errno: 1);
        m.Driver.Advance(0.25);
        m.Hear('z', 50);
        Assert.Equal((TimelineKind.HandoverTaken, 0, TimeSpan.FromSeconds(0.25)), (Result(m).Kind, Result(m).Second, Result(m).Duration));
    }

    // Shown: a candidate that gives up leaves the time that was given to the others untouched, and is not named in the end.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_candidate_that_gives_up_does_not_end_the_waiting(bool isReleasing)
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance().Promote(TestConfig.Fence("z")));
        Begin(m, 60);
        m.Hear('z', 50);
        if (isReleasing)
        {
            m.Hear('z', 0);
        }

        m.Driver.Advance(59);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        m.Driver.Advance(2);
        Assert.Equal((TimelineKind.HandoverExpired, InternetAddress.None), (Result(m).Kind, Result(m).Address));
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
    }

    // Shown: a candidate that is still at it when the time is over is named, and left to it.
    [Fact]
    public void A_candidate_that_is_not_done_in_time_is_named_and_followed()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance().Promote(TestConfig.Fence("z")));
        Begin(m, 5);
        for (int i = 0; i < 7; i++)
        {
            m.Driver.Advance(1);
            m.Hear('z', 50);
        }

        Assert.Equal((TimelineKind.HandoverExpired, TestConfig.AddressOf('z')), (Result(m).Kind, Result(m).Address));
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Empty(m.OpenWatches);
    }

    // Shown: somebody better takes over while the demotion still runs; that is a success too.
    [Fact]
    public void A_better_master_may_come_before_the_release()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance().Demote(TestConfig.Run("stop_writes")));
        Begin(m);
        m.Driver.Advance(2);
        m.Hear('z', 200);
        m.Succeed();
        Assert.Equal((TimelineKind.HandoverTaken, TimeSpan.FromSeconds(2)), (Result(m).Kind, Result(m).Duration));
    }

    // Shown: a failed demotion withholds the release, and the waiting goes on all the same.
    [Fact]
    public void A_failed_demotion_withholds_the_release_of_a_handover()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance().Demote(TestConfig.Run("stop_writes")));
        Begin(m);
        m.Fail();
        Assert.Equal(0, m.Releases);
        Assert.True(m.Recorded(TimelineKind.ReleaseWithheld));
        m.Driver.Advance(4);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // Shown: what ends the waiting besides: a stop, a fault, and the operator who wants the addresses back.
    [Fact]
    public void A_stop_a_fault_and_a_retry_end_the_waiting()
    {
        SimulatedNode stopped = Waiting();
        stopped.Deliver(NodeEvent.StopRequested());
        Assert.Equal(TimelineKind.HandoverAbandoned, Result(stopped).Kind);
        SimulatedNode failed = Waiting();
        failed.Deliver(NodeEvent.LinkChanged(0, false));
        Assert.Equal(TimelineKind.HandoverAbandoned, Result(failed).Kind);
        Assert.Empty(failed.OpenWatches);
        SimulatedNode again = Waiting();
        again.Driver.Advance(5);
        again.Deliver(NodeEvent.OperatorRetry(0));
        Assert.Equal(TimelineKind.HandoverAbandoned, Result(again).Kind);
        again.Driver.Advance(0.001);
        Assert.Equal(VrrpPhase.Promoting, again.Phase);
    }

    // Shown: every refusal, by its name, and that it changes nothing.
    [Fact]
    public void A_handover_is_refused_where_there_is_nothing_to_hand_over()
    {
        Refused(HandoverVerdict.NotMaster, MachineDriver.Alone(TestConfig.Instance()));
        Refused(HandoverVerdict.UnderWay, Waiting());
        Refused(HandoverVerdict.Owner, MachineDriver.Master(TestConfig.Instance(priority: 255)));
        SimulatedNode stopping = MachineDriver.Master(TestConfig.Instance().Demote(TestConfig.Run()));
        stopping.Deliver(NodeEvent.StopRequested());
        Refused(HandoverVerdict.Stopping, stopping);
    }

    // Shown: between two FenceFirst nodes the address moves, with its promotion, and stays.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_address_moves_to_the_other_node_and_stays(bool isPromoted)
    {
        VrrpConfig a = TestConfig.Instance(priority: 150);
        VrrpConfig b = TestConfig.Instance();
        MachineDriver driver = new MachineDriver(
            TestConfig.Node(isPromoted ? a.Promote(TestConfig.Check()) : a), TestConfig.Node(isPromoted ? b.Promote(TestConfig.Check()) : b)).Connected().Start();
        driver.Steps = (_, _) => (TimeSpan.FromSeconds(3), StepOutcome.Success);
        driver.Advance(20);
        Assert.Equal(VrrpPhase.Master, driver['a'].Phase);
        Begin(driver['a']);
        driver.Advance(300);
        Assert.Equal((VrrpPhase.Backup, VrrpPhase.Master), (driver['a'].Phase, driver['b'].Phase));
        TimelineEntry taken = Result(driver['a']);
        Assert.Equal((TimelineKind.HandoverTaken, TestConfig.AddressOf('b')), (taken.Kind, taken.Address));
        Assert.InRange(taken.Duration.TotalSeconds, isPromoted ? 3.0 : 0.1, isPromoted ? 4.5 : 1.0);
    }

    private static SimulatedNode Waiting()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance().Promote(TestConfig.Fence("z")));
        Begin(m, 60);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        return m;
    }

    private static void Begin(SimulatedNode m, double within = 60) => m.Deliver(NodeEvent.OperatorHandover(0, TimeSpan.FromSeconds(within)));

    private static TimelineEntry Result(SimulatedNode m) => m.Entries.Last(
        entry => entry.Kind is TimelineKind.HandoverStarted or TimelineKind.HandoverWaiting or TimelineKind.HandoverTaken or TimelineKind.HandoverExpired or TimelineKind.HandoverAbandoned);

    private static void Refused(HandoverVerdict expected, SimulatedNode m)
    {
        VrrpPhase before = m.Phase;
        Begin(m);
        Assert.Equal(before, m.Phase);
        Assert.Equal(expected, (HandoverVerdict)Result(m).First);
    }
}
