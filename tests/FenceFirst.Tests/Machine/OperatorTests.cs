using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>docs/promotion.md section 3: what an operator may answer for, for how long, and what makes it void.</summary>
public class OperatorTests
{
    private static readonly InternetAddress Z = TestConfig.AddressOf('z');

    // Shown: after a failed promotion the confirmed fence is not run, every other step is.
    [Fact]
    public void Confirm_after_a_failed_promotion_starts_one_at_once_and_runs_every_other_step()
    {
        SimulatedNode m = Failed(TestConfig.Instance().Promote(TestConfig.Fence("z"), TestConfig.Run()));
        Confirm(m);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        Assert.Equal(StepKind.Run, m.OpenSteps.Single().Step.Kind);
        Assert.True(m.Recorded(TimelineKind.StepConfirmed));
        m.Succeed();
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // Shown: proof for one promotion only; the next one needs the fence again.
    [Fact]
    public void A_confirmation_is_proof_for_one_promotion_only()
    {
        SimulatedNode m = Failed(TestConfig.Instance().Promote(TestConfig.Fence("z"), TestConfig.Run()));
        Confirm(m);
        m.Fail();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        m.Driver.Advance(70);
        Assert.Equal(StepKind.Fence, m.OpenSteps.Single().Step.Kind);
    }

    // Shown: a running attempt is awaited (G3); its failure then does not matter.
    [Fact]
    public void Confirm_while_the_fence_runs_waits_for_its_end()
    {
        SimulatedNode m = Promoting(TestConfig.Instance().Promote(TestConfig.Fence("z")));
        Confirm(m);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        Assert.Single(m.OpenSteps);
        m.Fail();
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // Shown: while another instance fences the same target its outcome is awaited first (G3), whatever it is.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_confirmed_fence_waits_for_the_fence_of_another_instance(bool isWaiting)
    {
        VrrpConfig first = TestConfig.Instance().Promote(TestConfig.Fence("z"));
        VrrpConfig second = TestConfig.Instance(name: "VI_2", vrid: 52).Promote(TestConfig.Fence("z") with { Delay = TimeSpan.FromSeconds(isWaiting ? 10 : 0) });
        SimulatedNode m = MachineDriver.Alone(TestConfig.Node(first, second));
        m.Driver.Advance(4);
        m.Deliver(NodeEvent.OperatorConfirmed(1, Z));
        Assert.Equal(VrrpPhase.Promoting, m.State.Instances[1].Phase);
        Assert.True(m.State.Instances[1].Steps.IsQueued);
        m.Fail(0);
        Assert.Equal(VrrpPhase.Master, m.State.Instances[1].Phase);
    }

    // Shown: between two attempts nothing has to be awaited.
    [Fact]
    public void Confirm_between_two_attempts_counts_at_once()
    {
        SimulatedNode m = Promoting(TestConfig.Instance().Promote(TestConfig.Fence("z") with { Attempts = 3, RetryInterval = TimeSpan.FromSeconds(5) }));
        m.Fail();
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        Confirm(m);
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // Shown: an advert of the target before its step is passed makes the word void, and the failing fence counts again.
    [Fact]
    public void A_confirmation_is_void_when_the_target_is_heard_while_its_fence_runs()
    {
        SimulatedNode m = Promoting(TestConfig.Instance().Promote(TestConfig.Fence("z")));
        Confirm(m);
        m.Hear('z', 50);
        Assert.True(m.Recorded(TimelineKind.ConfirmationVoid));
        m.Fail();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // Shown: afterwards it ends the promotion; a run step under way is awaited, and no address is added.
    [Theory]
    [InlineData(50)]
    [InlineData(0)]
    public void A_target_that_is_heard_after_its_confirmed_fence_fails_the_promotion(byte priority)
    {
        SimulatedNode m = Failed(TestConfig.Instance().Promote(TestConfig.Fence("z"), TestConfig.Run()));
        Confirm(m);
        m.Hear('z', priority);
        m.Succeed();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.False(m.Holds());
        Assert.True(m.Recorded(TimelineKind.ConfirmationVoid));
    }

    // Shown: every refusal, by its name, and that it changes nothing.
    [Fact]
    public void A_confirmation_is_refused_where_there_is_nothing_to_answer_for()
    {
        VrrpConfig config = TestConfig.Instance().Promote(TestConfig.Fence("z"), TestConfig.Fence("xy"));
        Refused(ConfirmVerdict.NothingFailed, MachineDriver.Alone(config), 'z');
        Refused(ConfirmVerdict.NoSuchFence, Failed(config), 'w');
        Refused(ConfirmVerdict.NoSuchFence, MachineDriver.Alone(TestConfig.Instance()), 'z');
        Refused(ConfirmVerdict.WrongPhase, MachineDriver.Master(config), 'z');
        SimulatedNode heard = Failed(config);
        heard.Hear('z', 200);
        Refused(ConfirmVerdict.MasterIsHeard, heard, 'z');
        SimulatedNode lower = Failed(config);
        lower.Hear('a', 50);
        Refused(ConfirmVerdict.MasterIsHeard, lower, 'z');
        SimulatedNode ending = Promoting(config);
        ending.Hear('y', 200);
        Refused(ConfirmVerdict.Ending, ending, 'z');
        SimulatedNode second = Promoting(config);
        second.Succeed();
        Refused(ConfirmVerdict.AlreadyDone, second, 'z');
        SimulatedNode late = Failed(TestConfig.Instance().Promote(TestConfig.Check(), TestConfig.Fence("z")));
        late.Driver.Advance(29);
        Assert.Equal(VrrpPhase.Backup, late.Phase);
        Confirm(late);
        Assert.Equal(VrrpPhase.Promoting, late.Phase);
    }

    // Shown: a fence of several targets is passed when each of them is confirmed, in any order; before that it has to succeed, and it is tried.
    [Theory]
    [InlineData('z', 'y')]
    [InlineData('y', 'z')]
    public void A_fence_of_several_targets_needs_the_word_for_each(char first, char second)
    {
        SimulatedNode m = Failed(TestConfig.Instance().Promote(TestConfig.Fence("yz"), TestConfig.Run()));
        Confirm(m, first);
        Assert.Equal([TestConfig.AddressOf(second)], OperatorRules.StillToConfirm(m.Config, m.State, 0, TestConfig.AddressOf(first)));
        Assert.Equal(StepKind.Fence, m.OpenSteps.Single().Step.Kind);
        Assert.False(m.Recorded(TimelineKind.StepConfirmed));
        Confirm(m, second);
        Assert.Empty(OperatorRules.StillToConfirm(m.Config, m.State, 0, TestConfig.AddressOf(first)));
        Assert.Equal(StepKind.Fence, m.OpenSteps.Single().Step.Kind);
        m.Fail();
        Assert.Equal(StepKind.Run, m.OpenSteps.Single().Step.Kind);
        m.Succeed();
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // Shown: the word for one of two is not enough: the fence fails, and so does the promotion; the next one knows nothing of that word.
    [Fact]
    public void Half_of_the_targets_is_not_enough()
    {
        SimulatedNode m = Failed(TestConfig.Instance().Promote(TestConfig.Fence("yz")));
        Confirm(m, 'z');
        m.Fail();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Confirm(m, 'y');
        m.Fail();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.False(m.Holds());
        Assert.False(m.Recorded(TimelineKind.StepConfirmed));
    }

    // Shown: what is heard of one target makes the word for that one void, and only for that one.
    [Fact]
    public void The_word_for_each_target_is_void_by_itself()
    {
        SimulatedNode m = Promoting(TestConfig.Instance().Promote(TestConfig.Fence("yz")));
        Confirm(m, 'z');
        Confirm(m, 'y');
        m.Hear('z', 50);
        Assert.Equal([Z], OperatorRules.StillToConfirm(m.Config, m.State, 0, TestConfig.AddressOf('y')));
        m.Fail();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        SimulatedNode late = Promoting(TestConfig.Instance().Promote(TestConfig.Fence("yz"), TestConfig.Run()));
        Confirm(late, 'z');
        Confirm(late, 'y');
        late.Fail();
        Assert.Equal(StepKind.Run, late.OpenSteps.Single().Step.Kind);
        late.Hear('z', 50);
        late.Succeed();
        Assert.Equal(VrrpPhase.Backup, late.Phase);
        Assert.False(late.Holds());
    }

    // Shown: a device that has really switched its targets off is judged as such, though one of them was confirmed: its last packets prove nothing.
    [Fact]
    public void A_word_that_was_not_needed_does_not_end_the_promotion_by_the_last_packets_of_a_target()
    {
        SimulatedNode m = Promoting(TestConfig.Instance().Promote(TestConfig.Fence("yz"), TestConfig.Run()));
        Confirm(m, 'z');
        m.Succeed();
        m.Hear('z', 50);
        m.Succeed();
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // Shown: a target of two fences, one of which has others: the word passes the one, and the other goes on.
    [Fact]
    public void A_target_of_two_fences_passes_the_one_that_has_no_other()
    {
        SimulatedNode m = Failed(TestConfig.Instance().Promote(TestConfig.Fence("z"), TestConfig.Fence("zy")));
        Confirm(m, 'z');
        Assert.Equal(2, m.OpenSteps.Single().Step.Targets.Count);
        Assert.Single(m.Entries, entry => entry.Kind == TimelineKind.StepConfirmed);
    }

    // Shown: the failure names the command and everybody who has to be looked at.
    [Fact]
    public void The_failure_of_a_fence_of_several_targets_names_them_all()
    {
        SimulatedNode m = Failed(TestConfig.Instance().Promote(TestConfig.Fence("xyz")));
        string text = TimelineText.Describe(m.Config, m.Entries.Single(entry => entry.Kind == TimelineKind.PromotionFailed));
        InternetAddress x = TestConfig.AddressOf('x'), y = TestConfig.AddressOf('y');
        Assert.EndsWith($"If {x}, {y} and {Z} are certainly down: fencefirst confirm VI_1 --target {x} --i-have-checked, and then the same for {y} and {Z}", text);
    }

    // Shown: retry ends the pause; the silence has been waited for already.
    [Fact]
    public void Retry_ends_the_pause_after_a_failed_promotion()
    {
        SimulatedNode m = Failed(TestConfig.Instance().Promote(TestConfig.Fence("z")));
        m.Driver.Advance(10);
        Assert.True(m.Recorded(TimelineKind.PromotionPostponed));
        m.Deliver(NodeEvent.OperatorRetry(0));
        m.Driver.Advance(0.001);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
    }

    // Shown: on_failure fault is taken back; nothing starts before the silence has lasted long enough again.
    [Fact]
    public void Retry_takes_back_the_fault_of_a_failed_promotion()
    {
        SimulatedNode m = Failed(TestConfig.Instance().Promote(TestConfig.Fence("z")).Plan(plan => plan with { IsFaultOnFailure = true }));
        Assert.Equal(VrrpPhase.Fault, m.Phase);
        m.Deliver(NodeEvent.OperatorRetry(0));
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        m.Driver.Advance(4);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
    }

    // Shown: another cause of the fault stays.
    [Fact]
    public void Retry_does_not_take_back_a_link_that_is_down()
    {
        SimulatedNode m = Failed(TestConfig.Instance().Promote(TestConfig.Fence("z")).Plan(plan => plan with { IsFaultOnFailure = true }));
        m.Deliver(NodeEvent.LinkChanged(0, false));
        m.Deliver(NodeEvent.OperatorRetry(0));
        Assert.Equal(VrrpPhase.Fault, m.Phase);
        m.Deliver(NodeEvent.LinkChanged(0, true));
        Assert.Equal(VrrpPhase.Backup, m.Phase);
    }

    // Shown: the failure names the exact command.
    [Fact]
    public void The_failure_of_a_fence_names_the_command_for_the_operator()
    {
        SimulatedNode m = Failed(TestConfig.Instance().Promote(TestConfig.Fence("z")));
        TimelineEntry failed = m.Entries.Single(entry => entry.Kind == TimelineKind.PromotionFailed);
        Assert.EndsWith($"fencefirst confirm VI_1 --target {Z} --i-have-checked", TimelineText.Describe(m.Config, failed));
    }

    private static SimulatedNode Promoting(VrrpConfig config)
    {
        SimulatedNode m = MachineDriver.Alone(config);
        m.Hear('z', 200);
        m.Driver.Advance(4);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        return m;
    }

    private static SimulatedNode Failed(VrrpConfig config)
    {
        SimulatedNode m = Promoting(config);
        m.Fail();
        return m;
    }

    private static void Confirm(SimulatedNode m, char target = 'z') => m.Deliver(NodeEvent.OperatorConfirmed(0, TestConfig.AddressOf(target)));

    private static void Refused(ConfirmVerdict expected, SimulatedNode m, char target)
    {
        VrrpPhase before = m.Phase;
        m.Deliver(NodeEvent.OperatorConfirmed(0, TestConfig.AddressOf(target)));
        Assert.Equal(before, m.Phase);
        Assert.Equal(expected, (ConfirmVerdict)m.Entries.Last(entry => entry.Kind == TimelineKind.OperatorConfirmed).First);
    }
}
