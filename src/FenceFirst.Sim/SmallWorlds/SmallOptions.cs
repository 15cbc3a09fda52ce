using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Sim;

/// <summary>What may happen in a small world; everything that may happen does, in every order.</summary>
/// <param name="Nodes">The nodes, each with one instance; at most <see cref="SmallWorld.NodesMax"/>.</param>
internal sealed record SmallOptions(NodeConfig[] Nodes)
{
    /// <summary>Whether a packet that was ever sent may arrive at any time, any number of times: loss, delay, reordering, duplication and replay without bound.</summary>
    /// <remarks>Otherwise a packet is in flight until it arrives once or is lost, in any order, at most one of a kind on each path.</remarks>
    public bool IsReplaying { get; init; } = true;

    /// <summary>Whether hosts lose their power, daemons die and start again.</summary>
    public bool IsCrashing { get; init; } = true;

    /// <summary>Whether a daemon that starts may get what its last life knew, and find what that one had started; it may always get nothing, as after a disk that failed.</summary>
    public bool IsRemembering { get; init; } = true;

    /// <summary>Whether operators stop daemons in order.</summary>
    public bool IsStopping { get; init; } = true;

    /// <summary>Whether a fence that was reported as failed, or whose node died, may still strike.</summary>
    public bool IsStrikingLate { get; init; } = true;

    /// <summary>Whether fences report success without having worked.</summary>
    public bool IsLying { get; init; }

    /// <summary>Whether a timer may wake its node so much too late; zero = always on time.</summary>
    public TimeSpan Oversleep { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Whether time may pass on a node in steps of this without anything being due; zero = only from deadline to deadline.</summary>
    public TimeSpan Quantum { get; init; }

    /// <summary>Whether the kernel may refuse to remove an address.</summary>
    public bool IsKernelRefusing { get; init; }

    /// <summary>Depth after which nothing more is looked at.</summary>
    public int DepthMax { get; init; } = int.MaxValue;

    /// <summary>Number of states after which nothing more is looked at.</summary>
    public int StatesMax { get; init; } = 20_000_000;

    /// <summary>Nodes that fence each other, the first with the best priority, with intervals that keep the number of states small.</summary>
    /// <param name="count">2 or 3.</param>
    /// <param name="change">Changes the instance of node i.</param>
    /// <param name="hasWatchdog">Whether no promotion goes on without a watchdog.</param>
    public static NodeConfig[] Cluster(int count, Func<VrrpConfig, int, VrrpConfig>? change = null, bool hasWatchdog = false)
    {
        NodeConfig[] nodes = new NodeConfig[count];
        for (int i = 0; i < count; i++)
        {
            VrrpConfig instance = new()
            {
                Name = "VI_1",
                Vrid = 51,
                Version = 3,
                Link = 0,

                // Skews of 1/4, 1/2 and 3/4 s: all times are multiples of a quarter of a second, and so few of them differ.
                BasePriority = (byte)(192 - (64 * i)),
                AdvertInterval = TimeSpan.FromSeconds(1),
                DownTimerAdverts = 1,
                Addresses = [new VirtualAddress(InternetAddress.FromIPv4(0x0a000164), 24, 0)],
                TrackLinks = [new TrackReference(0, 0, false)],
                Gratuitous = new GratuitousSchedule { MasterDelay = TimeSpan.Zero, LowerPriorityRepeat = 0, LowerPriorityDelay = TimeSpan.Zero },
                Promotion = new PromotionPlan
                {
                    Steps = Enumerable.Range(0, count).Where(target => target != i).Select(Fence).ToEquatableArray(),
                    RetryAfter = TimeSpan.FromSeconds(1),
                    PreemptWait = TimeSpan.FromSeconds(2),
                    ListenAfter = TimeSpan.Zero,
                },
            };
            nodes[i] = new NodeConfig
            {
                RouterId = SimCluster.NameOf(i),
                Links = ["eth0"],
                Instances = [change is null ? instance : change(instance, i)],
                Watchdog = hasWatchdog ? new WatchdogConfig("/dev/watchdog", IsRequired: true, WatchdogConfig.TimeoutMin) : null,
            };
        }

        return nodes;
    }

    private static PromotionStep Fence(int target) => new(StepKind.Fence, SimCluster.NameOf(target), new CommandLine(["/fence"]))
    {
        Targets = [SimCluster.AddressOf(target)],
        Timeout = TimeSpan.FromSeconds(2),
    };
}
