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
        SightingKind kind, int node, Thing thing = Thing.None, int number = 0, uint attempt = 0, int by = -1, bool isDemotion = false, StepOutcome outcome = default)
    {
        if (checker.Wants(kind))
        {
            checker.See(new Sighting
            {
                Kind = kind,
                Node = (byte)node,
                Thing = thing,
                Number = number,
                Attempt = attempt,
                By = (sbyte)by,
                IsDemotion = isDemotion,
                Outcome = outcome,
                At = _now,
                Clock = _now,
            });
        }

        return this;
    }

    /// <summary>The addresses come.</summary>
    public Told Add(int node, Thing thing = Thing.Addresses) => See(SightingKind.Added, node, thing);

    /// <summary>The addresses go.</summary>
    public Told Remove(int node, Thing thing = Thing.Addresses, RemovalCause cause = RemovalCause.Daemon) => See(SightingKind.Removed, node, thing, (int)cause);

    /// <summary>An advert is sent.</summary>
    public Told Advert(int node, int priority = 100) => See(SightingKind.AdvertSent, node, number: priority);

    /// <summary>A promotion step runs and ends.</summary>
    public Told Step(int node, int step, uint attempt, StepOutcome outcome, double seconds = 1) =>
        See(SightingKind.StepStarted, node, number: step, attempt: attempt).After(seconds).See(SightingKind.StepEnded, node, number: step, attempt: attempt, outcome: outcome);

    /// <summary>The journal says something.</summary>
    public Told Journal(
        int node, TimelineKind kind, SideEffect effect = default, int by = -1, int first = 0, StepOutcome outcome = default, VrrpPhase phase = VrrpPhase.Promoting)
    {
        if (checker.ReadsJournal)
        {
            InternetAddress address = by < 0 ? InternetAddress.None : SimCluster.AddressOf(by);
            checker.Read(node, new TimelineEntry { Kind = kind, Effect = effect, Address = address, First = first, Outcome = outcome, Phase = phase }, _now, _now);
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
