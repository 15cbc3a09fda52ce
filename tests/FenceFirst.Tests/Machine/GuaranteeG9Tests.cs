using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>G9 Silence is not death.</summary>
public class GuaranteeG9Tests
{
    // Shown: an hour of silence with a fence that fails each time never leads to an address.
    [Fact]
    public void An_hour_of_silence_without_proof_adds_nothing()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("z")));
        m.Driver.Steps = (_, _) => (TimeSpan.FromSeconds(1), new Core.Promotion.StepOutcome(Core.Promotion.StepOutcomeKind.Exited, 1));
        m.Driver.Advance(3600);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.False(m.Holds());
        Assert.DoesNotContain(m.Entries, entry => entry.Kind == Core.Timeline.TimelineKind.EnteredMaster);
    }

    // Shown: priority 0 from a candidate says nothing about the master that we follow; its own does (our deviation from RFC 9568 section 6.4.2).
    [Fact]
    public void The_release_of_somebody_else_does_not_shorten_the_wait_for_the_master()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("z")));
        m.Hear('z', 200);
        Core.MonotonicInstant due = m.First.MasterDownAt;
        m.Hear('y', 0);
        Assert.Equal(due, m.First.MasterDownAt);
        m.Hear('z', 0);
        Assert.True(m.First.MasterDownAt < due);
    }

    // Shown: a lower candidate that cannot hear our master promotes, and gives up. The master that we hear is not shot for that.
    [Fact]
    public void A_lower_candidate_that_gives_up_says_nothing_about_the_master()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Fence("z")));
        m.Hear('z', 200);
        Core.MonotonicInstant due = m.First.MasterDownAt;
        m.Hear('a', 50);
        m.Hear('a', 0);
        Assert.Equal(due, m.First.MasterDownAt);
        m.Driver.Advance(1);
        m.Hear('z', 200);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Empty(m.OpenSteps);
    }
}
