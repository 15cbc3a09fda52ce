using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>docs/promotion.md 4: leaving Master.</summary>
public class DemotionTests
{
    private static readonly VrrpConfig Demoting = TestConfig.Instance().Demote(TestConfig.Run("stop_writes"));

    // 3.4: on purpose: addresses first, then the steps while still advertising, then priority 0 twice, then the notify scripts.
    [Fact]
    public void Leaving_on_purpose_advertises_until_the_steps_are_done()
    {
        SimulatedNode m = MachineDriver.Master(Demoting);
        m.Deliver(NodeEvent.StopRequested());
        Assert.Equal("RemoveAddresses step:0", m.Seen);
        int before = m.Sent.Count;
        m.Driver.Advance(10);
        Assert.Equal(10, m.Sent.Count - before);
        m.Succeed();
        Assert.Equal("advert:0 advert:0 notify:Stop", m.Seen);
        Assert.True(m.State.IsStopped);
    }

    // 3.4: a fault leaves on purpose as well, and comes to rest in Fault.
    [Fact]
    public void A_fault_demotes_and_comes_to_rest_in_fault()
    {
        SimulatedNode m = MachineDriver.Master(Demoting);
        m.Deliver(NodeEvent.LinkChanged(0, false));
        Assert.Equal("RemoveAddresses step:0", m.Seen);
        m.Succeed();
        Assert.Equal("advert:0 advert:0 notify:Fault", m.Seen);
    }

    // 3.4: a better advert: silent at once, remove, demote, then priority 0.
    [Fact]
    public void Yielding_is_silent_at_once()
    {
        SimulatedNode m = MachineDriver.Master(Demoting);
        m.Hear('z', 200);
        Assert.Equal("RemoveAddresses step:0", m.Seen);
        int before = m.Sent.Count;
        m.Driver.Advance(10);
        Assert.Equal(before, m.Sent.Count);
        m.Succeed();
        Assert.Equal("advert:0 advert:0 notify:Backup", m.Seen);
        Assert.Equal(TestConfig.AddressOf('z'), m.First.Master);
    }

    // 3.4: a better advert while leaving on purpose: silent from then on; its interval counts afterwards.
    [Fact]
    public void A_better_master_heard_while_demoting_silences_us()
    {
        SimulatedNode m = MachineDriver.Master(Demoting.Version3(1000));
        m.Deliver(NodeEvent.LinkChanged(0, false));
        m.Hear('z', 200, interval: TimeSpan.FromSeconds(3));
        int before = m.Sent.Count;
        m.Driver.Advance(5);
        Assert.Equal(before, m.Sent.Count);
        m.Deliver(NodeEvent.LinkChanged(0, true));
        m.Succeed();
        Assert.Equal(m.Driver.Now + VrrpTimers.MasterDown(3, 100, TimeSpan.FromSeconds(3), 3), m.First.MasterDownAt);
    }

    // 3.4: a failed step withholds priority 0; the later steps still run.
    [Fact]
    public void A_failed_step_withholds_priority_zero()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance().Demote(TestConfig.Run("one"), TestConfig.Run("two")));
        m.Deliver(NodeEvent.StopRequested());
        m.Fail();
        m.Succeed();
        Assert.Equal("notify:Stop", m.Seen);
        Assert.Equal(0, m.Releases);
        Assert.True(m.Recorded(TimelineKind.ReleaseWithheld));
    }

    // 4: priority 0 means that the demotion succeeded. A node whose demotion failed does not say so later either, as a candidate that gives up.
    [Fact]
    public void A_candidate_whose_demotion_failed_says_nothing()
    {
        SimulatedNode m = MachineDriver.Master(Demoting.Promote(TestConfig.Fence("z")));
        m.Hear('z', 200);
        m.Fail();
        Assert.True(m.Recorded(TimelineKind.ReleaseWithheld));
        m.Driver.Advance(5);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.Fail();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Equal(0, m.Releases);
    }

    // 3: demotion on_failure release.
    [Fact]
    public void A_failed_step_releases_when_configured_so()
    {
        SimulatedNode m = MachineDriver.Master(Demoting with { Demotion = Demoting.Demotion! with { IsReleasedOnFailure = true } });
        m.Deliver(NodeEvent.StopRequested());
        m.Fail();
        Assert.Equal(2, m.Releases);
    }

    // 3: attempts and retry_interval of a demotion step.
    [Fact]
    public void A_demotion_step_is_tried_again()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance().Demote(TestConfig.Run() with { Attempts = 2 }));
        m.Deliver(NodeEvent.StopRequested());
        m.Fail();
        Assert.Empty(m.OpenSteps);
        m.Driver.Advance(1.001);
        m.Succeed();
        Assert.Equal(2, m.Releases);
    }

    // G2: a timed out demotion step has failed.
    [Fact]
    public void A_timed_out_demotion_step_has_failed()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance().Demote(TestConfig.Run() with { Timeout = TimeSpan.FromSeconds(5) }));
        m.Deliver(NodeEvent.StopRequested());
        m.Driver.Advance(5.5);
        Assert.Single(m.Killed);
        m.Succeed();
        Assert.Equal(0, m.Releases);
    }

    // 3.4 with a bound on every wait: a demotion step that cannot be killed must not keep the others waiting on our adverts for ever.
    [Fact]
    public void A_demotion_step_that_cannot_be_killed_silences_us()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance().Demote(TestConfig.Run() with { Timeout = TimeSpan.FromSeconds(5) }));
        m.Deliver(NodeEvent.StopRequested());
        m.Driver.Advance(60);
        Assert.True(m.First.AdvertAt.IsNever);
        Assert.Equal(0, m.Releases);
        Assert.Equal(VrrpPhase.Demoting, m.Phase);
    }

    // G5: rules, routes, addresses in this order, each acknowledged; nothing else before.
    [Fact]
    public void Everything_is_gone_and_acknowledged_before_the_first_step()
    {
        VrrpConfig config = Demoting with
        {
            ExcludedAddresses = [new VirtualAddress(InternetAddress.Parse("10.0.2.1"), 24, 0)],
            Routes = [new VirtualRoute(InternetAddress.Parse("10.9.0.0"), 16)],
            Rules = [new VirtualRule(false, 100, 7)],
        };
        SimulatedNode m = MachineDriver.Master(config);
        m.Driver.Kernel = (_, _) => null;
        m.Deliver(NodeEvent.StopRequested());
        SideEffect[] order = [SideEffect.RemoveRules, SideEffect.RemoveRoutes, SideEffect.RemoveAddresses, SideEffect.RemoveExcluded];
        foreach (SideEffect effect in order)
        {
            Assert.Empty(m.OpenSteps);
            Assert.Equal(effect, m.OpenKernel.Single().Effect);
            m.AnswerKernel();
        }

        Assert.Single(m.OpenSteps);
    }

    // 3.4: an address that may still be there withholds priority 0.
    [Fact]
    public void An_address_that_cannot_be_removed_withholds_priority_zero()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance());
        m.Driver.Kernel = (_, _) => 1;
        m.Deliver(NodeEvent.StopRequested());
        m.Driver.Advance(5);
        Assert.True(m.State.IsStopped);
        Assert.Equal(0, m.Releases);
    }

    // 3.4: the doubt outlives the demotion: a later promotion that fails does not say "I hold nothing" either.
    [Fact]
    public void An_address_that_could_not_be_removed_withholds_priority_zero_of_later_candidates()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance().Promote(TestConfig.Run()));
        m.Driver.Kernel = (_, _) => 1;
        m.Hear('z', 200);
        m.Driver.Advance(5);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        m.Fail();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Equal(0, m.Releases);
    }

    // 3.4: what is not there any more (ENOENT, ESRCH, ENODEV, EADDRNOTAVAIL) is gone: no doubt, priority 0 is true.
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(19)]
    [InlineData(99)]
    public void An_address_that_is_not_there_any_more_is_gone(int errno)
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance().Demote(TestConfig.Run()));
        m.Driver.Kernel = (node, request) => null;
        m.Deliver(NodeEvent.StopRequested());
        KernelRequest request = m.OpenKernel.Single();
        m.AnswerKernel(errno);
        Assert.False(m.First.IsRemovalDoubtful);
        Assert.Equal(SideEffect.RemoveAddresses, request.Effect);
    }

    // An address removed by somebody else is put back in place; Master stays Master.
    [Fact]
    public void A_lost_address_is_put_back()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance());
        m.Deliver(NodeEvent.AddressLost(0));
        Assert.Equal("AddAddresses announce:5", m.Seen);
        Assert.Equal(VrrpPhase.Master, m.Phase);
    }

    // Lost while another transition is under way: put back when that has ended.
    [Fact]
    public void An_address_lost_while_it_is_being_added_is_put_back_afterwards()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance());
        m.Driver.Kernel = (_, _) => null;
        m.Driver.AdvanceTo(m.First.MasterDownAt);
        m.Deliver(NodeEvent.AddressLost(0));
        m.AnswerKernel();
        Assert.Equal(SideEffect.AddAddresses, m.OpenKernel.Single().Effect);
        Assert.Contains("notify:Master", m.Seen, StringComparison.Ordinal);
    }

    // G5: leaving while the kernel has not answered an addition yet: the late answer changes nothing, the removal follows.
    [Fact]
    public void Leaving_while_an_addition_is_under_way_removes_it()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance());
        m.Driver.Kernel = (_, _) => null;
        m.Driver.AdvanceTo(m.First.MasterDownAt);
        m.Deliver(NodeEvent.StopRequested());
        Assert.Equal([SideEffect.AddAddresses, SideEffect.RemoveAddresses], m.OpenKernel.Select(request => request.Effect));
        m.AnswerKernel();
        Assert.Equal("", m.Seen);
        m.AnswerKernel();
        Assert.Equal("advert:0 advert:0 notify:Stop", m.Seen);
    }
}
