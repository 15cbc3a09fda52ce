using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>docs/promotion.md 4.2: a removal that the kernel refuses is asked again, and never called a release.</summary>
public class RemovalTests
{
    private const int Busy = 16;

    private static readonly VrrpConfig Demoting = TestConfig.Instance().Promote(TestConfig.Fence("z")).Demote(TestConfig.Run("stop_writes"));

    // Shown: refused twice, then done: the demotion waits for it, the adverts go on meanwhile, and priority 0 is sent after all, because now it is true.
    [Fact]
    public void A_removal_that_is_refused_for_a_moment_is_made_up_for()
    {
        SimulatedNode m = MachineDriver.Master(Demoting);
        int asked = 0;
        m.Driver.Kernel = (_, request) => request.Effect == SideEffect.RemoveAddresses && ++asked <= 2 ? Busy : 0;
        m.Deliver(NodeEvent.StopRequested());
        Assert.Empty(m.OpenSteps);
        Assert.True(m.Holds());
        m.Driver.Advance(0.4);
        Assert.False(m.Holds());
        Assert.Equal(3, asked);
        Assert.True(m.Recorded(TimelineKind.RemovedAtLast));
        Assert.Equal(0, m.Releases);
        m.Succeed();
        Assert.Equal(2, m.Releases);
        Assert.True(m.State.IsStopped);
    }

    // Shown: refused on and on: after three repetitions the alarm, the demotion (it makes the others safer), no release; then the question goes on at a pace that
    // falls to one in 30 s, through every phase, until the kernel does it.
    [Fact]
    public void A_removal_is_asked_for_until_it_is_done()
    {
        SimulatedNode m = MachineDriver.Master(Demoting);
        bool isRefusing = true;
        List<MonotonicInstant> asked = [];
        m.Driver.Kernel = (node, request) =>
        {
            if (request.Effect == SideEffect.RemoveAddresses)
            {
                asked.Add(node.Driver.Now);
            }

            return request.Effect == SideEffect.RemoveAddresses && isRefusing ? Busy : 0;
        };
        m.Hear('y', 200);
        m.Driver.Advance(1);
        Assert.Equal(4, asked.Count);
        Assert.True(m.Recorded(TimelineKind.StillHeld));
        m.Succeed();
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.Equal(0, m.Releases);
        for (int i = 0; i < 600; i++)
        {
            m.Hear('y', 200);
            m.Driver.Advance(1);
        }

        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.InRange(asked.Count, 20, 32);
        Assert.All(asked.Zip(asked.Skip(1)), pair => Assert.InRange((pair.Second - pair.First).TotalSeconds, 0.099, 30.1));
        isRefusing = false;
        for (int i = 0; i < 31; i++)
        {
            m.Hear('y', 200);
            m.Driver.Advance(1);
        }

        Assert.False(m.Holds());
        Assert.False(m.First.IsRemovalDoubtful);
        Assert.True(m.Recorded(TimelineKind.RemovedAtLast));
        int count = asked.Count;
        m.Driver.Advance(3);
        Assert.Equal(count, asked.Count);
    }

    // Shown: the alarm is told once per story, not with every question.
    [Fact]
    public void The_alarm_is_told_once()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance());
        m.Driver.Kernel = (_, request) => request.Effect == SideEffect.RemoveAddresses ? Busy : 0;
        m.Deliver(NodeEvent.LinkChanged(0, false));
        m.Driver.Advance(120);
        Assert.Equal(VrrpPhase.Fault, m.Phase);
        Assert.Single(m.Entries, entry => entry.Kind == TimelineKind.StillHeld);
        Assert.Equal(0, m.Releases);
    }

    // Shown: each kind for itself: only what was refused is asked again, and a rule that stays does not keep the address from being removed.
    [Fact]
    public void Only_what_was_refused_is_asked_again()
    {
        VrrpConfig config = TestConfig.Instance() with
        {
            Routes = [new VirtualRoute(InternetAddress.Parse("10.9.0.0"), 16)],
            Rules = [new VirtualRule(false, 100, 7)],
        };
        SimulatedNode m = MachineDriver.Master(config);
        List<SideEffect> asked = [];
        m.Driver.Kernel = (_, request) =>
        {
            asked.Add(request.Effect);
            return request.Effect == SideEffect.RemoveRules && asked.Count < 5 ? Busy : 0;
        };
        m.Hear('z', 200);
        Assert.False(m.Holds());
        m.Driver.Advance(0.5);
        Assert.Equal([SideEffect.RemoveRules, SideEffect.RemoveRoutes, SideEffect.RemoveAddresses, SideEffect.RemoveRules, SideEffect.RemoveRules], asked);
    }

    // Shown: who becomes Master again holds the address rightly: nothing is asked any more, and a late answer changes nothing.
    [Fact]
    public void A_new_mastership_ends_the_questions()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance());
        m.Driver.Kernel = (_, request) => request.Effect == SideEffect.RemoveAddresses ? Busy : 0;
        m.Hear('z', 200);
        m.Driver.Advance(2.5);
        Assert.Equal(VrrpPhase.Backup, m.Phase);
        Assert.True(m.First.IsRemovalDoubtful);
        m.Driver.Kernel = (_, request) => request.Effect == SideEffect.RemoveAddresses ? null : 0;
        m.Driver.Advance(2.5);
        Assert.Equal(VrrpPhase.Master, m.Phase);
        uint late = m.OpenKernel[0].Attempt;
        m.Deliver(NodeEvent.KernelAnswered(0, late, 0));
        m.Driver.Advance(60);
        Assert.Equal(VrrpPhase.Master, m.Phase);
        Assert.True(m.Holds());
        Assert.False(m.First.IsRemovalDoubtful);
    }

    // Shown: what the start-up sweep could not remove is asked again before anything else, and no candidate of this life says "I hold nothing" meanwhile.
    [Fact]
    public void What_the_sweep_could_not_remove_is_asked_again()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance().Promote(TestConfig.Run()), isBooted: false);
        int asked = 0;
        m.Driver.Kernel = (_, request) => request.Effect == SideEffect.RemoveAddresses && ++asked <= 3 ? Busy : 0;
        m.Boot(() => NodeRecall.NoteRefusedRemoval(m.Config, m.State, 0, SideEffect.RemoveAddresses, m.Driver.Now, new EffectBuffer()));
        m.Driver.Advance(4);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
        Assert.Equal(2, asked);
        m.Fail();
        Assert.Equal(0, m.Releases);
        m.Driver.Advance(20);
        Assert.Equal(4, asked);
        Assert.False(m.First.IsRemovalDoubtful);
    }

    // Shown: a reload or a stop waits for the repetitions, not for ever, and tells what it leaves behind.
    [Fact]
    public void A_stop_tells_what_it_leaves_behind()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance());
        m.Driver.Kernel = (_, request) => request.Effect == SideEffect.RemoveAddresses ? Busy : 0;
        m.Deliver(NodeEvent.StopRequested());
        Assert.False(m.State.IsStopped);
        m.Driver.Advance(1);
        Assert.True(m.State.IsStopped);
        Assert.Contains(m.Entries, entry => entry.Kind == TimelineKind.StillHeld && entry.Phase != VrrpPhase.Initialize);
        Assert.Equal(0, m.Releases);
        Assert.Equal(MonotonicInstant.Never, m.First.NextDeadline);
    }
}
