using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Sim.Tests;

/// <summary>A story told by hand, sighting by sighting: what a checker has to find must not need a machine that does it.</summary>
internal sealed class Told(Checker checker)
{
    private long _now;

    /// <summary>The verdict; null = the guarantee held.</summary>
    public Violation? Violation => checker.Violation;

    /// <summary>Two nodes (or more) that fence each other.</summary>
    public static Cast Cluster(int nodes = 2, Func<VrrpConfig, int, VrrpConfig>? change = null)
    {
        NodeConfig[] configs = SmallOptions.Cluster(nodes, (instance, i) =>
        {
            instance = instance with { DownTimerAdverts = 3 };
            return change is null ? instance : change(instance, i);
        });
        return new Cast(configs, [.. Enumerable.Range(0, nodes).Select(SimCluster.AddressOf)]);
    }

    /// <summary>The same two nodes, with two instances in a sync group.</summary>
    public static Cast Group(Func<VrrpConfig, VrrpConfig>? change = null)
    {
        NodeConfig[] nodes = [.. SmallOptions.Cluster(2, (instance, _) => instance with { DownTimerAdverts = 3, SyncGroup = 0 }).Select(node =>
        {
            VrrpConfig first = change is null ? node.Instances[0] : change(node.Instances[0]);
            return node with { Instances = [first, first with { Name = "VI_2", Vrid = 52 }], Groups = [new SyncGroupConfig("G1", [0, 1])] };
        })];
        return new Cast(nodes, [SimCluster.AddressOf(0), SimCluster.AddressOf(1)]);
    }

    /// <summary>Time passes.</summary>
    public Told After(double seconds)
    {
        _now += (long)(seconds * Nano.Second);
        return this;
    }

    /// <summary>Every node has power and a daemon.</summary>
    public Told AllUp(int nodes = 2)
    {
        for (int i = 0; i < nodes; i++)
        {
            See(SightingKind.PowerOn, i).See(SightingKind.DaemonStarted, i);
        }

        return After(1);
    }

    /// <summary>Something is seen, if the checker wants it.</summary>
    public Told See(
        SightingKind kind, int node, Thing thing = Thing.None, int number = 0, uint attempt = 0, int by = -1, bool isDemotion = false, StepOutcome outcome = default,
        byte device = 0, byte instance = 0)
    {
        if (checker.Wants(kind))
        {
            checker.See(new Sighting
            {
                Kind = kind,
                Node = (byte)node,
                Instance = instance,
                Thing = thing,
                Number = number,
                Attempt = attempt,
                By = (sbyte)by,
                IsDemotion = isDemotion,
                Device = device,
                Outcome = outcome,
                At = _now,
                Clock = _now,
            });
        }

        return this;
    }

    /// <summary>The addresses come.</summary>
    public Told Add(int node, Thing thing = Thing.Addresses, byte instance = 0) => See(SightingKind.Added, node, thing, instance: instance);

    /// <summary>The addresses go.</summary>
    public Told Remove(int node, Thing thing = Thing.Addresses, RemovalCause cause = RemovalCause.Daemon, byte instance = 0) =>
        See(SightingKind.Removed, node, thing, (int)cause, instance: instance);

    /// <summary>An advert is sent.</summary>
    public Told Advert(int node, int priority = 100, byte instance = 0) => See(SightingKind.AdvertSent, node, number: priority, instance: instance);

    /// <summary>A promotion step runs and ends.</summary>
    public Told Step(int node, int step, uint attempt, StepOutcome outcome, double seconds = 1) =>
        See(SightingKind.StepStarted, node, number: step, attempt: attempt).After(seconds).See(SightingKind.StepEnded, node, number: step, attempt: attempt, outcome: outcome);

    /// <summary>The journal says something.</summary>
    public Told Journal(
        int node, TimelineKind kind, SideEffect effect = default, int by = -1, int first = 0, StepOutcome outcome = default, VrrpPhase phase = VrrpPhase.Promoting, byte device = 0,
        int instance = 0)
    {
        if (checker.ReadsJournal)
        {
            InternetAddress address = by < 0 ? InternetAddress.None : SimCluster.AddressOf(by);
            checker.Read(node, new TimelineEntry { Kind = kind, Index = instance, Effect = effect, Address = address, First = first, Outcome = outcome, Phase = phase, Device = device }, _now, _now);
        }

        return this;
    }

    /// <summary>The run is over.</summary>
    public Told End()
    {
        checker.End(_now);
        return this;
    }

    /// <summary>The guarantee is broken.</summary>
    public void IsBroken(string words)
    {
        Assert.NotNull(checker.Violation);
        Assert.Contains(words, checker.Violation.Text, StringComparison.Ordinal);
    }

    /// <summary>The guarantee held, and nothing had to be excused.</summary>
    public void Holds()
    {
        Assert.Null(checker.Violation);
        Assert.Empty(checker.Excuses);
    }

    /// <summary>The guarantee was broken under a condition under which it is not given.</summary>
    public void IsExcused(string words)
    {
        Assert.Null(checker.Violation);
        Assert.Contains(checker.Excuses.Keys, condition => condition.Contains(words, StringComparison.Ordinal));
    }
}
