using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Tests.Wire;

namespace FenceFirst.Tests.Machine;

/// <summary>Seeded walks over small worlds with every fault we know; first safety (G10), then liveness without faults.</summary>
public class RandomWalkTests
{
    private const int EventsPerSeed = 2000;

    /// <summary>The first of two power supplies: alone it switches nothing off.</summary>
    private const string HalfOff = "half";

    // Shown: with truthful fences and fence_scope all, two nodes never hold the address at once, and after the faults there is one owner.
    // How: 300 seeds, two and three nodes, each walked over random deliveries, losses, delays, suspensions, crashes, link and step failures.
    [Fact]
    public void Two_nodes_never_hold_the_same_address()
    {
        for (int seed = 1; seed <= 150; seed++)
        {
            Walk(seed, nodeCount: 2);
        }
    }

    // Shown and how: as above with three nodes.
    [Fact]
    public void Three_nodes_never_hold_the_same_address()
    {
        for (int seed = 1; seed <= 150; seed++)
        {
            Walk(seed, nodeCount: 3);
        }
    }

    // Shown: G10 with release_is_enough, where masters leave on purpose again and again and their priority 0 may be 12 s under way.
    // How: as above, with fewer faults, so that a master is followed long enough for its release to count.
    [Theory]
    [InlineData(2, 60, 200)]
    [InlineData(3, 60, 100)]
    public void Releases_never_make_two_owners(int nodeCount, int seeds, int replacedMin)
    {
        int replaced = 0;
        for (int seed = 1; seed <= seeds; seed++)
        {
            replaced += Walk(seed, nodeCount, isReleasing: true);
        }

        Assert.True(replaced >= replacedMin, $"only {replaced} fences were replaced by a release: the walk does not reach what it is to show");
    }

    /// <summary>Returns how many fences were replaced by a release.</summary>
    private static int Walk(int seed, int nodeCount, bool isReleasing = false)
    {
        int replaced = 0;
        Random random = new((nodeCount * 100_000) + seed);
        MachineDriver driver = new(Configs(random, nodeCount, isReleasing)) { TranscriptLimit = 60_000 };
        bool isFaulty = true;
        try
        {
            Prepare(driver, random, () => isFaulty, isReleasing);
            driver.Start();
            int events = 0;
            driver.AfterEvent = node =>
            {
                events++;
                replaced += node.Last.Count(effect => effect.Kind == NodeEffectKind.Record && effect.Entry.Kind == TimelineKind.StepReleased);
                int holders = driver.Nodes.Count(other => other.IsRunning && other.Holds());
                Assert.True(holders <= 1, $"G10: {holders} nodes hold the address");
            };
            while (events < EventsPerSeed)
            {
                driver.Advance(random.NextDouble() * (isReleasing ? 20 : 3));
                if (isReleasing && random.Next(3) != 0)
                {
                    Leave(driver, random);
                }
                else
                {
                    Disturb(driver, random);
                }
            }

            isFaulty = false;
            Heal(driver);
            driver.Advance(600);
            Assert.Equal(1, driver.Nodes.Count(node => node.IsRunning && node.Holds()));
            return replaced;
        }
        catch (Exception failure)
        {
            string text = driver.Transcript;
            throw new InvalidOperationException($"seed {seed}, {nodeCount} nodes: {failure.Message}\n{text[Math.Max(0, text.Length - 12_000)..]}", failure);
        }
    }

    private static NodeConfig[] Configs(Random random, int nodeCount, bool isReleasing)
    {
        NodeConfig[] configs = new NodeConfig[nodeCount];
        bool isPreempt = random.Next(2) == 0;
        bool isAdvertising = random.Next(3) != 0;
        bool isReleaseEnough = isReleasing || random.Next(2) == 0;
        for (int i = 0; i < nodeCount; i++)
        {
            List<PromotionStep> steps = [];
            if (random.Next(2) == 0)
            {
                steps.Add(TestConfig.Check());
            }

            for (int target = 0; target < nodeCount; target++)
            {
                if (target != i)
                {
                    steps.Add(Fence(((char)('a' + target)).ToString(), random, i));
                }
            }

            if (random.Next(2) == 0)
            {
                steps.Add(TestConfig.Run());
            }

            byte priority = (byte)(100 + random.Next(3));
            VrrpConfig instance = TestConfig.Instance(priority).Promote([.. steps]).Plan(plan => plan with
            {
                RetryAfter = TimeSpan.FromSeconds(5),
                PreemptWait = TimeSpan.FromSeconds(8),
                IsAdvertising = isAdvertising,
                IsReleaseEnough = isReleaseEnough,
                IsProbing = random.Next(4) != 0,
                ListenAfter = random.Next(3) switch { 0 => TimeSpan.Zero, 1 => null, _ => TimeSpan.FromSeconds(2) },
            });
            instance = instance with { IsPreempt = isPreempt, Hmac = isReleaseEnough ? HmacSamples.Hmac() : null };
            if (random.Next(2) == 0)
            {
                instance = instance.Demote(TestConfig.Run("stop_writes") with { Timeout = TimeSpan.FromSeconds(5) });
            }

            configs[i] = TestConfig.Node(instance);
        }

        return configs;
    }

    /// <summary>One device, or both power supplies, switched on again or not, and then the management board.</summary>
    private static PromotionStep Fence(string target, Random random, int node)
    {
        PromotionStep fence = TestConfig.Fence(target) with
        {
            Timeout = TimeSpan.FromSeconds(10),
            Attempts = 1 + random.Next(3),
            Delay = TimeSpan.FromSeconds(random.Next(2) * node),
        };
        if (random.Next(3) != 0)
        {
            return fence;
        }

        PromotionStep half = fence with { Name = HalfOff };
        PromotionStep on = fence with { Agent = new FenceAgent { Action = FenceAction.On }, Attempts = 1, Delay = TimeSpan.Zero };
        PromotionStep[] supplies = random.Next(2) == 0 ? [half, fence] : [half, fence, on, on];
        return fence with { Levels = [new FenceLevel(supplies.ToEquatableArray()), new FenceLevel([fence])] };
    }

    private static void Prepare(MachineDriver driver, Random random, Func<bool> isFaulty, bool isReleasing)
    {
        foreach (SimulatedNode node in driver.Nodes)
        {
            node.IsKeeping = false;
        }

        driver.Delivery = (_, _) =>
            !isFaulty() ? TimeSpan.FromMicroseconds(100 + random.Next(900))
            : random.Next(100) < (isReleasing ? 8 : 35) ? null
            : isReleasing && random.Next(100) < 10 ? TimeSpan.FromSeconds(random.NextDouble() * 12)
            : TimeSpan.FromMilliseconds(random.Next(100) < 90 ? random.Next(5) : random.Next(4000));
        driver.Lateness = () => isFaulty() && random.Next(isReleasing ? 500 : 50) == 0 ? TimeSpan.FromSeconds(random.NextDouble() * 6) : TimeSpan.FromMicroseconds(random.Next(900));
        driver.Kernel = (node, request) => isFaulty() && random.Next(60) == 0 ? 12 : 0;
        driver.Steps = (node, request) =>
        {
            TimeSpan after = TimeSpan.FromSeconds(random.NextDouble() * (isFaulty() ? 14 : 2));
            if (isFaulty() && random.Next(3) == 0)
            {
                return (after, new StepOutcome(StepOutcomeKind.Exited, 1));
            }

            if (request.Step.Name == HalfOff)
            {
                return (after, StepOutcome.Success);
            }

            if (request.Step.IsRestoring)
            {
                driver.After(after / 2, () => Disturbance.BootIfDown(driver[request.Step.Name[^1]]));
                return (after, StepOutcome.Success);
            }

            Disturbance.FenceTruthfully(driver, node, request, after, random, () => !isFaulty() || random.Next(2) == 0);
            return (after, StepOutcome.Success);
        };
    }

    private static void Disturb(MachineDriver driver, Random random)
    {
        SimulatedNode node = driver.Nodes[random.Next(driver.Nodes.Count)];
        int kind = random.Next(16);
        switch (kind)
        {
            case < Disturbance.Kinds:
                Disturbance.Do(kind, node, 0, NodeEvent.LinkChanged(0, false), NodeEvent.LinkChanged(0, true));
                break;
            case 9:
                // A late answer to an attempt that is not under way any more, and to no probe at all.
                node.DeliverIfRunning(NodeEvent.AddressesProbed(0, 0, InternetAddress.None));
                uint stale = (uint)random.Next(1, 40);
                if (node.State.Instances[0].Steps.Attempt != stale)
                {
                    node.DeliverIfRunning(NodeEvent.StepEnded(0, stale, StepOutcome.Success));
                }

                break;
            case 10:
                node.DeliverIfRunning(NodeEvent.OperatorHandover(0, TimeSpan.FromSeconds(1 + random.Next(30))));
                break;
            case 11 when random.Next(3) == 0:
                MonotonicInstant until = random.Next(4) == 0 ? MonotonicInstant.Never : driver.Now + TimeSpan.FromSeconds(random.Next(60));
                node.DeliverIfRunning(NodeEvent.MaintenanceChanged(random.Next(2) - 1, until));
                break;
            case 12:
                node.DeliverIfRunning(NodeEvent.MaintenanceChanged(-1, MonotonicInstant.Zero));
                break;
            case 13:
                // A test that is not truthful: nobody is switched off, but nobody may fence the target meanwhile either.
                EquatableArray<InternetAddress> tested = [TestConfig.AddressOf(driver.Nodes[random.Next(driver.Nodes.Count)].Name)];
                if (node.IsRunning && !OperatorRules.IsFencing(node.Config, node.State, tested))
                {
                    node.Deliver(NodeEvent.FenceTestChanged(tested));
                }

                break;
            case 14:
                node.DeliverIfRunning(NodeEvent.FenceTestChanged([]));
                break;
            default:
                break;
        }
    }

    /// <summary>Whoever is Master leaves in order, by a stop or a fault, and comes back; whoever is off is switched on.</summary>
    private static void Leave(MachineDriver driver, Random random)
    {
        foreach (SimulatedNode node in driver.Nodes)
        {
            Disturbance.BootIfDown(node);
            bool isStop = random.Next(2) == 0;
            if (node.Phase != VrrpPhase.Master)
            {
                continue;
            }

            node.Deliver(isStop ? NodeEvent.StopRequested() : NodeEvent.LinkChanged(0, false));
            driver.After(TimeSpan.FromSeconds(random.NextDouble() * 15), () =>
            {
                if (node.IsRunning && node.State.IsStopped)
                {
                    node.Crash();
                }

                Disturbance.BootIfDown(node);
                node.Deliver(NodeEvent.LinkChanged(0, true));
            });
        }
    }

    private static void Heal(MachineDriver driver)
    {
        foreach (SimulatedNode node in driver.Nodes)
        {
            if (node.State.Instances[0].IsStopping && node.IsRunning)
            {
                node.Crash();
            }

            Disturbance.BootIfDown(node);
            node.DeliverIfRunning(NodeEvent.LinkChanged(0, true));
            node.DeliverIfRunning(NodeEvent.MaintenanceChanged(-1, MonotonicInstant.Zero));
            node.DeliverIfRunning(NodeEvent.FenceTestChanged([]));
        }
    }
}
