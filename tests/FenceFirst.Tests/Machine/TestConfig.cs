using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Machine;

/// <summary>Short ways to write configurations in tests.</summary>
internal static class TestConfig
{
    /// <summary>Primary address of the node with the given letter: a is 10.0.0.1, b is 10.0.0.2 and so on.</summary>
    public static InternetAddress AddressOf(char node) => InternetAddress.FromIPv4(0x0a000000u + (uint)(node - 'a' + 1));

    /// <summary>A daemon with one link and the given virtual routers.</summary>
    public static NodeConfig Node(params VrrpConfig[] instances) => new()
    {
        Links = ["eth0"],
        Instances = instances.ToEquatableArray(),
    };

    /// <summary>A daemon with one link and the given virtual routers as one sync group, promoted and demoted together.</summary>
    public static NodeConfig Group(params VrrpConfig[] members)
    {
        NodeConfig node = Node([.. members.Select(member => member with { SyncGroup = 0, Promotion = members[0].Promotion, Demotion = members[0].Demotion })]);
        return node with { Groups = [new SyncGroupConfig("G", Enumerable.Range(0, members.Length).ToEquatableArray())] };
    }

    /// <summary>A virtual router of version 2 with one address on link 0.</summary>
    public static VrrpConfig Instance(byte priority = 100, string name = "VI_1", byte vrid = 51) => new()
    {
        Name = name,
        Vrid = vrid,
        Link = 0,
        BasePriority = priority,
        Addresses = [new VirtualAddress(InternetAddress.FromIPv4(0x0a000100u + vrid), 24, 0)],
        TrackLinks = [new TrackReference(0, 0, false)],
    };

    /// <summary>Version 3 with an interval.</summary>
    public static VrrpConfig Version3(this VrrpConfig config, int milliseconds) =>
        config with { Version = 3, AdvertInterval = TimeSpan.FromMilliseconds(milliseconds) };

    /// <summary>With promotion steps.</summary>
    public static VrrpConfig Promote(this VrrpConfig config, params PromotionStep[] steps) =>
        config with { Promotion = new PromotionPlan { Steps = steps.ToEquatableArray() } };

    /// <summary>Changes the promotion plan.</summary>
    public static VrrpConfig Plan(this VrrpConfig config, Func<PromotionPlan, PromotionPlan> change) =>
        config with { Promotion = change(config.Promotion!) };

    /// <summary>With demotion steps.</summary>
    public static VrrpConfig Demote(this VrrpConfig config, params PromotionStep[] steps) =>
        config with { Demotion = new DemotionPlan { Steps = steps.ToEquatableArray() } };

    /// <summary>A fence of the nodes with the given letters.</summary>
    public static PromotionStep Fence(string targets) => new(StepKind.Fence, "fence_" + targets, Command("/fence_" + targets))
    {
        Targets = targets.Select(AddressOf).ToEquatableArray(),
    };

    /// <summary>A fence of node z with levels: "a and b then c" has two, of devices with these names.</summary>
    public static PromotionStep Levels(string text, Func<PromotionStep, PromotionStep>? change = null)
    {
        change ??= device => device;
        PromotionStep Device(string name) => change(Fence("z") with { Name = name, Command = Command("/" + name) });
        return Fence("z") with
        {
            Name = text,
            Levels = text.Split(" then ").Select(level => new FenceLevel(level.Split(" and ").Select(Device).ToEquatableArray())).ToEquatableArray(),
        };
    }

    /// <summary>A device that restores the power of z, the last of its level.</summary>
    public static PromotionStep On(string name) =>
        Fence("z") with { Name = name, Command = Command("/" + name), Agent = new FenceAgent { Action = FenceAction.On } };

    /// <summary>A check step.</summary>
    public static PromotionStep Check() => new(StepKind.Check, "witness", Command("/witness"));

    /// <summary>A run step.</summary>
    public static PromotionStep Run(string name = "promote") => new(StepKind.Run, name, Command("/" + name));

    /// <summary>A command without arguments.</summary>
    public static CommandLine Command(string path) => new([path]);
}
