using FenceFirst.Core.Promotion;
using FenceFirst.Core.Tracking;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Node;

/// <summary>State of one daemon: arrays of values, one per instance, check script and link of its configuration.</summary>
/// <remarks>Changed in place by <see cref="NodeMachine"/> only. <see cref="Clone"/> and <see cref="ValueEquals"/> make it a value where one is needed.</remarks>
public sealed class NodeState
{
    /// <summary>The state before anything has happened: links down, no source addresses, scripts not run.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="epochBase">A number greater than every epoch this node has used before.</param>
    /// <param name="seed">Where the random delays begin; two nodes need different ones.</param>
    public NodeState(NodeConfig config, ulong epochBase, ulong seed = 1)
    {
        Epoch = epochBase;
        Chance = seed == 0 ? 1 : seed;
        Instances = new VrrpState[config.Instances.Count];
        Scripts = new ScriptState[config.Scripts.Count];
        LinksUp = new bool[config.Links.Count];
        Armed = new MonotonicInstant[Instances.Length + Scripts.Length + 1];
        RenewalInterval = LeaseRules.Interval(config);
        Armed.AsSpan().Fill(MonotonicInstant.Never);
        for (int i = 0; i < Instances.Length; i++)
        {
            Instances[i] = VrrpState.Initial(config.Instances[i]);
        }

        for (int i = 0; i < Scripts.Length; i++)
        {
            Scripts[i] = ScriptState.Initial(config.Scripts[i]);
        }
    }

    private NodeState(NodeState other)
    {
        Epoch = other.Epoch;
        Chance = other.Chance;
        LastAttempt = other.LastAttempt;
        IsStarted = other.IsStarted;
        RenewAt = other.RenewAt;
        RenewalInterval = other.RenewalInterval;
        RenewalPhase = other.RenewalPhase;
        Instances = [.. other.Instances];
        Scripts = [.. other.Scripts];
        LinksUp = [.. other.LinksUp];
        Armed = [.. other.Armed];
    }

    /// <summary>The highest epoch used so far (FENCEFIRST_EPOCH).</summary>
    public ulong Epoch { get; internal set; }

    /// <summary>The highest attempt number used so far; numbers are never used again in one life of the daemon (G3).</summary>
    public uint LastAttempt { get; internal set; }

    /// <summary>State of the random delays (xorshift), never 0: chance is part of the state, so that a run can be repeated.</summary>
    public ulong Chance { get; private set; }

    /// <summary>Whether the daemon has started.</summary>
    public bool IsStarted { get; internal set; }

    /// <summary>When all leased addresses get a new lifetime (G6); Never = nothing is leased.</summary>
    public MonotonicInstant RenewAt { get; internal set; } = MonotonicInstant.Never;

    /// <summary>Time between two rounds of renewals: half of the shortest lease.</summary>
    internal TimeSpan RenewalInterval { get; }

    /// <summary>Where the grid of the rounds begins, in nanoseconds, 0 up to a second; 0 until the host has found out better.</summary>
    internal int RenewalPhase { get; set; }

    /// <summary>One state per instance.</summary>
    public VrrpState[] Instances { get; }

    /// <summary>One state per check script.</summary>
    public ScriptState[] Scripts { get; }

    /// <summary>Whether each link is up.</summary>
    public bool[] LinksUp { get; }

    /// <summary>Deadline last given to the host per timer: instances first, then scripts, then the one of <see cref="RenewAt"/>.</summary>
    public MonotonicInstant[] Armed { get; }

    /// <summary>Whether every instance has come to rest after a stop.</summary>
    public bool IsStopped
    {
        get
        {
            foreach (ref readonly VrrpState instance in Instances.AsSpan())
            {
                if (!instance.IsStopped)
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>State for another configuration that goes on where this one is: same numbers, everything else as before a start.</summary>
    public NodeState For(NodeConfig config) => new(config, Epoch, Chance) { LastAttempt = LastAttempt, RenewalPhase = RenewalPhase };

    /// <summary>A copy that shares nothing.</summary>
    public NodeState Clone() => new(this);

    /// <summary>Whether both hold the same values.</summary>
    public bool ValueEquals(NodeState other) =>
        Epoch == other.Epoch
        && LastAttempt == other.LastAttempt
        && Chance == other.Chance
        && IsStarted == other.IsStarted
        && RenewAt == other.RenewAt
        && RenewalPhase == other.RenewalPhase
        && Instances.AsSpan().SequenceEqual(other.Instances)
        && Scripts.AsSpan().SequenceEqual(other.Scripts)
        && LinksUp.AsSpan().SequenceEqual(other.LinksUp);

    /// <summary>A random duration from zero up to the bound.</summary>
    internal TimeSpan DrawUpTo(TimeSpan bound)
    {
        if (bound <= TimeSpan.Zero)
        {
            return TimeSpan.Zero;
        }

        // xorshift64 (Marsaglia); the upper half is the better one.
        Chance ^= Chance << 13;
        Chance ^= Chance >> 7;
        Chance ^= Chance << 17;
        return new TimeSpan((long)(bound.Ticks * ((Chance >> 32) / 4294967296.0)));
    }

    /// <summary>Whether another instance than <paramref name="self"/> has a fence under way on one of the targets (G3).</summary>
    internal bool IsFencing(NodeConfig config, int self, in EquatableArray<InternetAddress> targets)
    {
        for (int i = 0; i < Instances.Length; i++)
        {
            if (i == self
                || Instances[i].Steps.Attempt == 0
                || Instances[i].Phase != VrrpPhase.Promoting
                || config.Instances[i].Promotion is not { } plan)
            {
                continue;
            }

            PromotionStep step = plan.Steps[Instances[i].Steps.Index];
            if (step.Kind == StepKind.Fence && Overlaps(step.Targets, targets))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Overlaps(in EquatableArray<InternetAddress> a, in EquatableArray<InternetAddress> b)
    {
        foreach (ref readonly InternetAddress address in a.Span)
        {
            if (b.Span.Contains(address))
            {
                return true;
            }
        }

        return false;
    }
}
