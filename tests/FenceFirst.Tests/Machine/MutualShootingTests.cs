using FenceFirst.Core;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>docs/fencing.md, "Two nodes that shoot each other": two nodes that start cut off from each other, with the delays that the page asks for.</summary>
public class MutualShootingTests
{
    /// <summary>How long a fence needs from its start until the other node has no power, at most.</summary>
    private const double FenceSeconds = 8;

    /// <summary>How far apart the two nodes start, at most.</summary>
    private const double StartSeconds = 5;

    // Shown: with delays that differ by more than a fence and the two starts take, exactly one of the two is switched off, and the other one owns the address.
    // How: 100 seeds; the starts, the length of every fence and the random parts differ; delay on one node, or priority on both.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void With_delays_as_documented_only_one_is_shot(bool isByPriority)
    {
        for (int seed = 1; seed <= 100; seed++)
        {
            Assert.Equal((1, 1), Start(seed, isByPriority ? TimeSpan.Zero : TimeSpan.FromSeconds(14), isByPriority ? TimeSpan.FromSeconds(75) : TimeSpan.Zero));
        }
    }

    // Shown: the test can fail: without any delay both are off in most runs.
    [Fact]
    public void Without_a_delay_both_are_shot()
    {
        int both = Enumerable.Range(1, 100).Count(seed => Start(seed, TimeSpan.Zero, TimeSpan.Zero).Shot == 2);
        Assert.InRange(both, 50, 100);
    }

    /// <summary>Returns how many nodes were switched off and how many hold the address at the end. Node b has the delay, or the worse priority.</summary>
    private static (int Shot, int Owners) Start(int seed, TimeSpan delay, TimeSpan byPriority)
    {
        Random random = new(seed);
        VrrpConfig Node(string peer, byte priority, TimeSpan before) => TestConfig.Instance(priority).Promote(TestConfig.Fence(peer) with
        {
            Delay = before,
            RandomDelay = TimeSpan.FromSeconds(0.5),
            PriorityDelay = byPriority,
        });
        MachineDriver driver = new(TestConfig.Node(Node("b", 150, TimeSpan.Zero)), TestConfig.Node(Node("a", 100, delay)));
        HashSet<char> shot = [];
        driver.Steps = (node, request) =>
        {
            TimeSpan off = TimeSpan.FromSeconds(0.5 + (random.NextDouble() * (FenceSeconds - 0.5)));
            SimulatedNode target = driver.Nodes.Single(other => other != node);
            driver.After(off, () =>
            {
                // A board carries out what it was told, also when the node that told it has lost its power meanwhile.
                shot.Add(target.Name);
                target.Crash();
            });
            return (off + TimeSpan.FromSeconds(1), StepOutcome.Success);
        };
        foreach (SimulatedNode node in driver.Nodes)
        {
            driver.After(TimeSpan.FromSeconds(random.NextDouble() * StartSeconds), () => node.Boot());
        }

        driver.Advance(120);
        return (shot.Count, driver.Nodes.Count(node => node.IsRunning && node.Holds()));
    }
}
