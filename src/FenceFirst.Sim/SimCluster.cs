using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Sim;

/// <summary>Draws clusters from seeds: which nodes there are, how they are configured, and what goes wrong.</summary>
internal static class SimCluster
{
    /// <summary>Primary address of a node: 10.0.0.1 for the first.</summary>
    public static InternetAddress AddressOf(int node) => InternetAddress.FromIPv4(0x0a000001u + (uint)node);

    /// <summary>Name of a node in reports: a, b, c.</summary>
    public static string NameOf(int node) => node < 0 ? "nobody" : ((char)('a' + node)).ToString();

    /// <summary>The default mix: two or three nodes (or as many as wanted), one or two instances, or two to four with sync groups, each kind of fault on or off.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="nodes">2 or 3; 0 = the seed decides.</param>
    /// <param name="instances">1 or 2, and no sync groups; 0 = the seed decides.</param>
    /// <param name="allowed">Faults that the seed may choose from.</param>
    /// <param name="isGrouped">Whether there are sync groups; absent = the seed decides.</param>
    public static SimOptions FromSeed(ulong seed, int nodes = 0, int instances = 0, SimFaults allowed = SimFaults.Truthful, bool? isGrouped = null)
    {
        // Sync groups are drawn apart: a seed without them stays what it was before there were any.
        Prng groupChance = new(seed ^ 0x6a01_17e5);
        bool isDrawn = groupChance.OneIn(4) && instances == 0;
        bool hasGroups = isGrouped ?? isDrawn;
        Prng chance = new(seed ^ 0x5eed_c1a5);
        int nodeCount = nodes != 0 ? nodes : chance.OneIn(3) ? 3 : 2;
        int instanceCount = instances != 0 ? instances : chance.OneIn(6) ? 2 : 1;
        instanceCount = hasGroups ? groupChance.Pick(2, 2, 2, 3, 4) : instanceCount;
        SimFaults faults = Swarm(chance) & allowed;
        NodeConfig[] configs = Draw(chance, nodeCount, instanceCount);
        if (chance.OneIn(4))
        {
            bool isRequired = chance.OneIn(2);
            configs = [.. configs.Select(node => node with { Watchdog = new WatchdogConfig("/dev/watchdog", isRequired, WatchdogConfig.TimeoutFor(node.Instances)) })];
        }

        configs = hasGroups ? SimGroups.Join(groupChance, configs) : configs;
        return new SimOptions { Seed = seed, Nodes = configs, Faults = faults };
    }

    /// <summary>The faults of a seed for nodes of a user's own: each kind on or off, devices tell the truth.</summary>
    public static SimFaults FaultsOf(ulong seed) => Swarm(new Prng(seed ^ 0x0f_a175)) & SimFaults.Truthful;

    /// <summary>The same nodes without promotion and demotion: plain VRRP.</summary>
    public static NodeConfig[] Plain(NodeConfig[] nodes) =>
    [
        .. nodes.Select(node => node with
        {
            Instances = node.Instances.Select(instance => instance with { Promotion = null, Demotion = null, LeaseSeconds = 0 }).ToEquatableArray(),
        }),
    ];

    /// <summary>Each kind of fault with probability one half; now and then none at all.</summary>
    private static SimFaults Swarm(Prng chance)
    {
        SimFaults drawn = (SimFaults)(chance.Next() & (ulong)SimFaults.All);
        return chance.OneIn(16) ? SimFaults.None : drawn;
    }

    private static NodeConfig[] Draw(Prng chance, int nodeCount, int instanceCount)
    {
        // What a cluster has in common.
        byte version = (byte)(chance.OneIn(2) ? 2 : 3);
        TimeSpan interval = version == 3 && chance.OneIn(6) ? TimeSpan.FromMilliseconds(chance.Pick(300, 500)) : TimeSpan.FromSeconds(chance.OneIn(8) ? 2 : 1);
        bool isPreempt = chance.OneIn(2);
        bool isAdvertising = !chance.OneIn(3);
        bool hasScript = chance.OneIn(4);
        bool hasHmac = chance.OneIn(3);
        bool isReleaseEnough = hasHmac && chance.OneIn(2);
        int lease = chance.OneIn(3) ? chance.Pick(2, 3, 4, 6) : 0;
        int plainNode = chance.OneIn(12) ? chance.Below(nodeCount) : -1;

        // Set on all nodes or on none: a plain one does not keep its rules.
        isReleaseEnough &= plainNode < 0;
        int levels = chance.OneIn(3) ? 1 + chance.Below(4) : 0;
        FenceScope scope = nodeCount > 2 && chance.OneIn(6) ? FenceScope.LastMaster : FenceScope.All;
        bool isUnprobed = chance.OneIn(3);
        TimeSpan? listen = chance.Below(3) switch { 0 => TimeSpan.Zero, 1 => null, _ => TimeSpan.FromSeconds(2) };
        bool hasDemotion = chance.OneIn(2);
        bool hasRoutes = chance.OneIn(6);
        bool isFaultOnFailure = chance.OneIn(10);
        NodeConfig[] configs = new NodeConfig[nodeCount];
        for (int i = 0; i < nodeCount; i++)
        {
            VrrpConfig[] drawn = new VrrpConfig[instanceCount];
            for (int k = 0; k < instanceCount; k++)
            {
                PromotionPlan plan = new()
                {
                    Steps = Steps(chance, i, nodeCount, levels).ToEquatableArray(),
                    RetryAfter = TimeSpan.FromSeconds(chance.Pick(2, 5, 10)),
                    IsFaultOnFailure = isFaultOnFailure,
                    IsAdvertising = isAdvertising,
                    PreemptWait = TimeSpan.FromSeconds(chance.Pick(4, 8)),
                    Scope = scope,
                    IsProbing = !isUnprobed,
                    ListenAfter = listen,
                    IsReleaseEnough = isReleaseEnough,
                };
                byte vrid = (byte)(51 + k);
                InternetAddress virtualAddress = InternetAddress.FromIPv4(0x0a000100u + vrid);
                drawn[k] = new VrrpConfig
                {
                    Name = $"VI_{k + 1}",
                    Vrid = vrid,
                    Version = version,
                    Link = 0,
                    BasePriority = Priority(chance, i, nodeCount),
                    IsStateMaster = chance.OneIn(4),
                    AdvertInterval = interval,
                    IsPreempt = isPreempt,
                    PreemptDelay = isPreempt && chance.OneIn(6) ? TimeSpan.FromSeconds(4) : TimeSpan.Zero,
                    Addresses = [new VirtualAddress(virtualAddress, 24, 0)],
                    ExcludedAddresses = hasRoutes ? [new VirtualAddress(InternetAddress.FromIPv4(0x0a000200u + vrid), 32, 0)] : default,
                    Routes = hasRoutes ? [new VirtualRoute(InternetAddress.FromIPv4(0x0b000000u), 8) { Link = 0 }] : default,
                    LeaseSeconds = lease,
                    Hmac = hasHmac ? TestKey(interval) : null,
                    TrackLinks = [new TrackReference(0, 0, false)],
                    TrackScripts = hasScript ? [new TrackReference(0, chance.Pick(0, 0, -30), false)] : default,
                    Group = InternetAddress.FromIPv4(0xe0000012),
                    Promotion = i == plainNode ? null : plan,
                    Demotion = hasDemotion && i != plainNode ? Demotion(chance) : null,
                };
            }

            configs[i] = new NodeConfig
            {
                RouterId = NameOf(i),
                Links = ["eth0"],
                Scripts = hasScript ? [new ScriptTracker("check", Command("/check")) { Interval = TimeSpan.FromSeconds(2), Timeout = TimeSpan.FromSeconds(2) }] : default,
                Instances = drawn.ToEquatableArray(),
            };
        }

        return configs;
    }

    private static byte Priority(Prng chance, int node, int nodeCount) => chance.Below(8) switch
    {
        0 => (byte)chance.Pick(100, 101),
        1 when node == 0 => 255,
        _ => (byte)(100 + (10 * (nodeCount - node))),
    };

    private static List<PromotionStep> Steps(Prng chance, int node, int nodeCount, int levels)
    {
        List<PromotionStep> steps = [];
        if (chance.OneIn(3))
        {
            steps.Add(new PromotionStep(StepKind.Check, "witness", Command("/witness")) { Timeout = TimeSpan.FromSeconds(3) });
        }

        bool isOneDevice = chance.OneIn(6);
        EquatableArray<InternetAddress> all = Enumerable.Range(0, nodeCount).Where(peer => peer != node).Select(AddressOf).ToEquatableArray();
        for (int target = 0; target < nodeCount; target++)
        {
            if (target == node || (isOneDevice && steps.Any(step => step.Kind == StepKind.Fence)))
            {
                continue;
            }

            PromotionStep fence = new(StepKind.Fence, isOneDevice ? "all" : NameOf(target), Command("/fence"))
            {
                Targets = isOneDevice ? all : [AddressOf(target)],
                Timeout = TimeSpan.FromSeconds(chance.Pick(4, 10)),
                Attempts = 1 + chance.Below(3),
                RetryInterval = TimeSpan.FromSeconds(2),
                Delay = TimeSpan.FromSeconds(chance.Below(2) * node),
                RandomDelay = TimeSpan.FromSeconds(chance.Below(2) * 2),
            };
            steps.Add(fence with { Levels = Levels(chance, fence, levels) });
        }

        if (chance.OneIn(3))
        {
            steps.Add(new PromotionStep(StepKind.Run, "promote", Command("/promote")) { Timeout = TimeSpan.FromSeconds(6), Attempts = 1 + chance.Below(2) });
        }

        return steps;
    }

    /// <summary>Nothing; "a then b"; "a and b" (two power supplies); "a and b then c"; "a and b" that reboot: off, off, on, on.</summary>
    private static EquatableArray<FenceLevel> Levels(Prng chance, PromotionStep fence, int kind)
    {
        PromotionStep Device(string name, FenceAction? action = null) => fence with
        {
            Name = name,
            Agent = action is { } what ? new FenceAgent { Action = what, IsVerified = what == FenceAction.Off } : null,
            Attempts = 1 + chance.Below(2),
            Timeout = TimeSpan.FromSeconds(chance.Pick(3, 6)),
            Delay = TimeSpan.FromSeconds(chance.OneIn(4) ? 1 : 0),
        };
        FenceLevel both = new([Device("left"), Device("right")]);
        FenceLevel board = new([Device("board")]);
        return kind switch
        {
            0 => default,
            1 => [board, new FenceLevel([Device("mains")])],
            2 => [both],
            3 => [both, board],
            _ => [new FenceLevel([Device("left", FenceAction.Off), Device("right", FenceAction.Off), Device("left", FenceAction.On), Device("right", FenceAction.On)])],
        };
    }

    private static DemotionPlan Demotion(Prng chance) => new()
    {
        Steps = [new PromotionStep(StepKind.Run, "stop_writes", Command("/stop_writes")) { Timeout = TimeSpan.FromSeconds(4) }],
        IsReleasedOnFailure = chance.OneIn(3),
    };

    private static HmacAuthentication TestKey(TimeSpan interval)
    {
        byte[] key = new byte[HmacKey.BytesMin];
        key.AsSpan().Fill(7);
        bool isGood = HmacAuthentication.TryCreate(
            [new HmacKey(1, key.ToEquatableArray())], 1, HmacAuthentication.DefaultTimeWindowSeconds(interval), HmacAntiReplay.Time, HmacMode.Enforce, out HmacAuthentication? made, out _);
        return isGood ? made! : throw new InvalidOperationException("the simulator's own key is refused"); // TryCreate gives one or says no.
    }

    internal static CommandLine Command(string path) => new([path]);
}
