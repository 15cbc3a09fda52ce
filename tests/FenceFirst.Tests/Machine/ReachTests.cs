using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>docs/promotion.md 3.1: who is cut off finds out before it fences.</summary>
public class ReachTests
{
    private static readonly ReachCheck Gateways = new(ReachMethod.Ping, [new(TestConfig.AddressOf('x')), new(TestConfig.AddressOf('y')), new(TestConfig.AddressOf('z'))]) { AtLeast = 2 };
    private static readonly VrrpConfig Guarded = TestConfig.Instance().Promote(Step(Gateways), TestConfig.Fence("b"));
    private static readonly ReachTally OneOfThree = default(ReachTally).With(1, ReachAnswer.Answered).With(2, ReachAnswer.Refused);

    // Shown: too few answers end the promotion before the fence; the log says who was silent.
    [Fact]
    public void Who_reaches_too_few_does_not_fence()
    {
        SimulatedNode m = Promoting();
        m.Answer(new StepOutcome(StepOutcomeKind.NotReached, OneOfThree.Code));
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.DoesNotContain(m.Entries, entry => entry.Kind == TimelineKind.StepStarted && entry.First == 1);
        string text = TimelineText.Describe(m.Config, m.Entries.Single(entry => entry.Kind == TimelineKind.PromotionFailed));
        Assert.Contains("failed at check ping, which had too few answers (1 of 3 answered, at_least 2 wanted: 10.0.0.24 silent, 10.0.0.26 refused)", text);
    }

    // Shown: enough answers lead to the fence; the log says who answered.
    [Fact]
    public void Who_reaches_enough_goes_on()
    {
        SimulatedNode m = Promoting();
        m.Answer(new StepOutcome(StepOutcomeKind.Reached, OneOfThree.With(0, ReachAnswer.Answered).Code));
        Assert.Equal(StepKind.Fence, m.OpenSteps.Single().Step.Kind);
        string text = TimelineText.Describe(m.Config, m.Entries.Single(entry => entry.Kind == TimelineKind.StepEnded));
        Assert.Contains("check ping succeeded (10.0.0.24 answered, 10.0.0.25 answered; 2 of 3 wanted) after", text);
    }

    // G2: the bound has passed; what was counted so far is told, and an answer that comes together with the end of the bound is too late.
    [Theory]
    [InlineData(StepOutcomeKind.NotReached, StepOutcomeKind.NotReached)]
    [InlineData(StepOutcomeKind.Reached, StepOutcomeKind.TimedOut)]
    public void Silence_ends_at_the_bound(StepOutcomeKind answer, StepOutcomeKind verdict)
    {
        SimulatedNode m = Promoting();
        m.Driver.Advance(3.1);
        Assert.Equal(m.OpenSteps.Single().Attempt, m.Killed.Single());
        m.Answer(new StepOutcome(answer, OneOfThree.Code));
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Equal(verdict, m.Entries.Single(entry => entry.Kind == TimelineKind.PromotionFailed).Outcome.Kind);
    }

    // Shown: it is a check, so a living master ends it at once.
    [Fact]
    public void A_living_master_ends_it_at_once()
    {
        SimulatedNode m = Promoting();
        m.Hear('z', 150);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Single(m.Killed);
    }

    // Shown: two bits per address hold every answer of 15 addresses apart.
    [Fact]
    public void A_tally_keeps_every_answer()
    {
        ReachTally tally = default;
        for (int i = 0; i < ReachCheck.TargetsMax; i++)
        {
            tally = tally.With(i, ReachAnswer.Unreachable).With(i, (ReachAnswer)(i % 4));
        }

        Assert.All(Enumerable.Range(0, ReachCheck.TargetsMax), i => Assert.Equal((ReachAnswer)(i % 4), tally[i]));
        Assert.Equal((4, 4, 3), (tally.Count(ReachAnswer.Answered), tally.Count(ReachAnswer.Refused), tally.Count(ReachAnswer.Unreachable)));
        Assert.True(tally.Code >= 0, "the journal shows it as a number");
    }

    private static SimulatedNode Promoting()
    {
        SimulatedNode m = MachineDriver.Alone(Guarded);
        m.Hear('z', 90);
        m.Driver.Advance(4);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        return m;
    }

    private static PromotionStep Step(ReachCheck check) => new(StepKind.Check, "ping", TestConfig.Command("ping")) { Reach = check, Timeout = TimeSpan.FromSeconds(3) };
}
