using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>docs/promotion.md section 3: nopreempt and no master known, so a worse station may be a candidate like us or a master.</summary>
public class TieTests
{
    private static readonly VrrpConfig Checking = TestConfig.Instance().Promote(TestConfig.Check(), TestConfig.Fence("b")) with { IsPreempt = false };

    // Shown: of two equal candidates that started at the same instant exactly one gives way, once; the other one promotes.
    // How: without jitter, where they would otherwise end each other's promotions for ever, and with 50 seeds of jitter.
    [Fact]
    public void Of_two_equal_candidates_exactly_one_gives_way()
    {
        for (int seed = 0; seed <= 50; seed++)
        {
            Random random = new(seed);
            MachineDriver driver = new(TestConfig.Node(Checking), TestConfig.Node(Checking with { Promotion = TestConfig.Instance().Promote(TestConfig.Check(), TestConfig.Fence("a")).Promotion }));
            driver.Delivery = (_, _) => TimeSpan.FromMilliseconds(seed == 0 ? 1 : 0.2 + random.NextDouble());
            driver.Lateness = () => seed == 0 ? TimeSpan.Zero : TimeSpan.FromMicroseconds(random.Next(900));
            driver.Steps = (_, _) => (TimeSpan.FromSeconds(1), StepOutcome.Success);
            driver.Start().Advance(12);
            Assert.Equal([VrrpPhase.Backup, VrrpPhase.Master], driver.Nodes.Select(node => node.Phase));
            Assert.Equal(2, driver.Nodes.Sum(node => node.Entries.Count(entry => entry.Kind == TimelineKind.PromotionStarted)));
        }
    }

    // Shown: what can be given up goes on, what cannot is not started before the rival has given way; then it is started at once.
    [Fact]
    public void Nothing_that_cannot_be_given_up_starts_before_the_rival_has_given_way()
    {
        SimulatedNode m = Candidate(Checking);
        m.Hear('b', 100);
        m.Succeed();
        Assert.True(m.First.Steps.IsHeld);
        Assert.Empty(m.OpenSteps);
        m.Hear('b', 0);
        Assert.Equal(StepKind.Fence, m.OpenSteps.Single().Step.Kind);
        Assert.False(m.First.Steps.IsHeld);
    }

    // Shown: whoever advertises again does not hear us, or is a master that is not to be preempted.
    [Theory]
    [InlineData('b', 'b')]
    [InlineData('b', 'c')]
    public void A_second_advert_ends_the_promotion(char first, char second)
    {
        SimulatedNode m = Candidate(Checking);
        m.Hear(first, 100);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.Hear(second, 50);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Equal(TestConfig.AddressOf(second), m.First.Master);
    }

    // Shown: a rival that falls silent holds as long as a master would be waited for, and no longer.
    [Fact]
    public void A_rival_that_falls_silent_is_waited_for_like_a_master()
    {
        SimulatedNode m = Candidate(Checking);
        m.Hear('b', 100);
        m.Succeed();
        m.Driver.Advance(3.6);
        Assert.Empty(m.OpenSteps);
        m.Driver.Advance(0.1);
        Assert.Single(m.OpenSteps);
    }

    // Shown: better stations, silent candidates, committed ones and lost masters: as before, one advert is enough.
    [Fact]
    public void Everybody_else_ends_the_promotion_at_once()
    {
        Ends(Candidate(Checking), 'z', 100);
        Ends(Candidate(Checking.Plan(plan => plan with { IsAdvertising = false })), 'b', 100);
        SimulatedNode lost = MachineDriver.Alone(Checking);
        lost.Hear('b', 50);
        lost.Driver.Advance(4);
        Ends(lost, 'b', 50);
        SimulatedNode committed = Candidate(Checking);
        committed.Succeed();
        committed.Hear('a', 100);
        Assert.True(committed.First.Steps.IsQuitting);

        static void Ends(SimulatedNode m, char sender, byte priority)
        {
            m.Hear(sender, priority);
            Assert.Equal(VrrpPhase.Backup, m.Phase);
        }
    }

    private static SimulatedNode Candidate(VrrpConfig config)
    {
        SimulatedNode m = MachineDriver.Alone(config);
        m.Driver.Advance(4);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        return m;
    }
}
