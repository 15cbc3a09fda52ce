using FenceFirst.Core.Node;

namespace FenceFirst.Tests.Machine;

/// <summary>What befalls a node in every random walk, whatever else its own walk does to it.</summary>
internal static class Disturbance
{
    /// <summary>Kinds of disturbance; a walk puts its own behind them.</summary>
    public const int Kinds = 9;

    /// <summary>Does one of them.</summary>
    /// <param name="kind">0 up to but not including <see cref="Kinds"/>.</param>
    /// <param name="node">Whom it befalls.</param>
    /// <param name="instance">The instance it befalls, if it is about one.</param>
    /// <param name="fault">What puts an instance into Fault.</param>
    /// <param name="recovery">What brings it back.</param>
    public static void Do(int kind, SimulatedNode node, int instance, in NodeEvent fault, in NodeEvent recovery)
    {
        switch (kind)
        {
            case 0 when node.IsRunning:
                node.Crash();
                break;
            case 1:
            case 2:
                BootIfDown(node);
                break;
            case 3:
                node.DeliverIfRunning(fault);
                break;
            case 4:
            case 5:
                node.DeliverIfRunning(recovery);
                break;
            case 6 when node.IsRunning && node.State.IsStopped:
                node.Crash();
                node.Boot();
                break;
            case 6:
                node.DeliverIfRunning(NodeEvent.StopRequested());
                break;
            case 7:
                node.DeliverIfRunning(NodeEvent.AddressLost(instance));
                break;
            case 8:
                node.DeliverIfRunning(NodeEvent.PacketRefused(instance, Core.Wire.DecodeError.WrongChecksum, TestConfig.AddressOf('z')));
                break;
        }
    }

    /// <summary>Switches a node on that is off.</summary>
    public static void BootIfDown(SimulatedNode node)
    {
        if (!node.IsRunning)
        {
            node.Boot();
        }
    }

    /// <summary>A fence is truthful: its targets lose power before success is reported.</summary>
    /// <param name="driver">The walk.</param>
    /// <param name="node">Who fences.</param>
    /// <param name="request">The fence.</param>
    /// <param name="after">When it reports success.</param>
    /// <param name="random">Chance.</param>
    /// <param name="comesBack">Whether a target comes back by itself, some time after.</param>
    public static void FenceTruthfully(MachineDriver driver, SimulatedNode node, StepRequest request, TimeSpan after, Random random, Func<bool> comesBack) => driver.After(after / 2, () =>
    {
        foreach (SimulatedNode target in driver.Nodes.Where(other => request.Step.Targets.Contains(TestConfig.AddressOf(other.Name)) && other.IsRunning && node.OpenSteps.Contains(request)))
        {
            target.Crash();
            if (comesBack())
            {
                driver.After(after + TimeSpan.FromSeconds(random.NextDouble() * 20), () => BootIfDown(target));
            }
        }
    });
}
