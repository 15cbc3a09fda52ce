using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>G5 Order, with a kernel that answers only when told.</summary>
public class GuaranteeG5Tests
{
    private static readonly VrrpConfig Everything = TestConfig.Instance().Promote(TestConfig.Run()) with
    {
        ExcludedAddresses = [new VirtualAddress(InternetAddress.Parse("10.0.2.1"), 24, 0)],
        Routes = [new VirtualRoute(InternetAddress.Parse("10.9.0.0"), 16)],
        Rules = [new VirtualRule(false, 100, 7)],
    };

    // Shown: steps, addresses, excluded addresses, routes, rules, announcements, notify; each waits for the answer to the one before.
    [Fact]
    public void Promotion_order_waits_for_every_acknowledgement()
    {
        SimulatedNode m = MachineDriver.Alone(Everything);
        m.Driver.Kernel = (_, _) => null;
        m.Driver.Advance(4);
        Assert.Empty(m.OpenKernel);
        m.Succeed();
        SideEffect[] order = [SideEffect.AddAddresses, SideEffect.AddExcluded, SideEffect.AddRoutes, SideEffect.AddRules];
        foreach (SideEffect effect in order)
        {
            Assert.Equal(effect, m.OpenKernel.Single().Effect);
            Assert.DoesNotContain("announce", m.Seen, StringComparison.Ordinal);
            Assert.DoesNotContain("notify", m.Seen, StringComparison.Ordinal);
            m.Driver.Advance(2);
            m.AnswerKernel();
        }

        Assert.Equal("announce:5 notify:Master", m.Seen);
    }

    // Shown: priority 0 and notify wait for the removal's acknowledgement.
    [Fact]
    public void Priority_zero_waits_for_the_removal()
    {
        SimulatedNode m = MachineDriver.Master(TestConfig.Instance());
        m.Driver.Kernel = (_, _) => null;
        m.Deliver(NodeEvent.StopRequested());
        m.Driver.Advance(2);
        Assert.Equal(0, m.Releases);
        m.AnswerKernel();
        Assert.Equal("advert:0 advert:0 notify:Stop", m.Seen);
    }

    // Shown: what is added has been told before (G8: nothing is held that nobody was told of); what is removed is removed first and told afterwards (G7).
    [Fact]
    public void Adding_is_told_before_and_removing_afterwards()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Instance());
        m.Driver.Kernel = (_, _) => null;
        for (int turn = 0; turn < 10 && m.OpenKernel.Count == 0; turn++)
        {
            m.Driver.RunNext(MonotonicInstant.Never);
        }

        Assert.Equal(["Record AddAddresses", "AskKernel AddAddresses"], Told(m));
        m.AnswerKernel();
        m.Deliver(NodeEvent.StopRequested());
        Assert.Equal(["AskKernel RemoveAddresses", "Record RemoveAddresses"], Told(m));

        static IEnumerable<string> Told(SimulatedNode node) => node.Last
            .Where(effect => effect.Kind == NodeEffectKind.AskKernel || (effect.Kind == NodeEffectKind.Record && effect.Entry.Kind == TimelineKind.KernelAsked))
            .Select(effect => $"{effect.Kind} {(effect.Kind == NodeEffectKind.Record ? effect.Entry.Effect : effect.Effect)}");
    }
}
