using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>G4 Waiting blocks nothing.</summary>
public class GuaranteeG4Tests
{
    // Shown: one instance waits 60 s for its step; the other sends every second, answers, and the waiting one keeps its own grid.
    [Fact]
    public void Another_instance_keeps_its_adverts_while_a_step_runs()
    {
        SimulatedNode m = MachineDriver.Alone(TestConfig.Node(TestConfig.Instance(200).Promote(TestConfig.Run()), TestConfig.Instance(150, "VI_2", 52)));
        m.Driver.Advance(4);
        m.Sent.Clear();
        m.Driver.Advance(50);
        for (int instance = 0; instance < 2; instance++)
        {
            List<long> times = [.. m.Sent.Where(advert => advert.Instance == instance).Select(advert => advert.At.Nanoseconds)];
            Assert.Equal(50, times.Count);
            Assert.All(times.Zip(times.Skip(1)), pair => Assert.Equal(1_000_000_000, pair.Second - pair.First));
        }

        m.Hear('z', 50, instance: 1);
        Assert.StartsWith("advert:150", m.Seen, StringComparison.Ordinal);
    }

    // Shown: the waiting instance goes on tracking: its adverts carry the new priority.
    [Fact]
    public void The_waiting_instance_keeps_its_tracking()
    {
        NodeConfig config = TestConfig.Node(TestConfig.Instance().Promote(TestConfig.Run()) with { TrackLinks = [new(0, 0, false), new(1, 20, false)] }) with { Links = ["eth0", "eth1"] };
        SimulatedNode m = MachineDriver.Alone(config);
        m.Driver.Advance(4);
        m.Deliver(NodeEvent.LinkChanged(1, true));
        m.Driver.Advance(1);
        Assert.Equal(120, m.Sent[^1].Priority);
        Assert.Equal(VrrpPhase.Promoting, m.Phase);
    }
}
