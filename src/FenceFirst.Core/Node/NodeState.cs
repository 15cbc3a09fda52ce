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
        Groups = new SyncGroupState[config.Groups.Count];
        Scripts = new ScriptState[config.Scripts.Count];
        LinksUp = new bool[config.Links.Count];
        Links = new LinkState[config.Links.Count];
        Links.AsSpan().Fill(LinkState.Initial);
        Files = new int[config.Files.Count];
        Processes = new ProcessState[config.Processes.Count];
        Armed = new MonotonicInstant[Instances.Length + Scripts.Length + Links.Length + Processes.Length + 1];
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

        Processes.AsSpan().Fill(ProcessState.Initial);
    }

    private NodeState(NodeState other)
    {
        Epoch = other.Epoch;
        Chance = other.Chance;
        LastAttempt = other.LastAttempt;
        Leftovers = other.Leftovers;
        Watchdog = other.Watchdog;
        WatchdogArmedAs = other.WatchdogArmedAs;
        WatchdogAttempt = other.WatchdogAttempt;
        IsStarted = other.IsStarted;
        MaintenanceUntil = other.MaintenanceUntil;
        MaintenanceCheckAt = other.MaintenanceCheckAt;
        TestedTargets = other.TestedTargets;
        RenewAt = other.RenewAt;
        RenewalInterval = other.RenewalInterval;
        RenewalPhase = other.RenewalPhase;
        Instances = [.. other.Instances];
        Groups = [.. other.Groups];
        Scripts = [.. other.Scripts];
        LinksUp = [.. other.LinksUp];
        Links = [.. other.Links];
        Files = [.. other.Files];
        Processes = [.. other.Processes];
        Armed = [.. other.Armed];
    }

    /// <summary>The highest epoch used so far (FENCEFIRST_EPOCH).</summary>
    public ulong Epoch { get; internal set; }

    /// <summary>The highest attempt number used so far; numbers are never used again, in a later life of the daemon either (G3).</summary>
    public uint LastAttempt { get; internal set; }

    /// <summary>Attempts of an earlier life of the daemon that have a living process; no others on their targets, and none of their instances, start beside them (G3).</summary>
    public EquatableArray<AttemptMemory> Leftovers { get; internal set; }

    /// <summary>What we know of the watchdog.</summary>
    public WatchdogPhase Watchdog { get; internal set; }

    /// <summary>The configuration that it was armed for; absent = it is off.</summary>
    public WatchdogConfig? WatchdogArmedAs { get; internal set; }

    /// <summary>Number of the request to arm it whose answer is awaited; 0 = none.</summary>
    public uint WatchdogAttempt { get; internal set; }

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

    /// <summary>Until when the whole node is in maintenance; Zero = it is not, Never = until an operator ends it. An instance that a reload adds takes it over.</summary>
    public MonotonicInstant MaintenanceUntil { get; internal set; }

    /// <summary>Targets of a fence that runs outside of any promotion (<c>fencefirst fence-test</c>); empty = none does.</summary>
    public EquatableArray<InternetAddress> TestedTargets { get; internal set; }

    /// <summary>No maintenance ends before this, of the node or of an instance.</summary>
    internal MonotonicInstant MaintenanceCheckAt { get; set; } = MonotonicInstant.Never;

    /// <summary>One state per instance.</summary>
    public VrrpState[] Instances { get; }

    /// <summary>One state per sync group.</summary>
    public SyncGroupState[] Groups { get; }

    /// <summary>One state per check script.</summary>
    public ScriptState[] Scripts { get; }

    /// <summary>Whether each link counts as up, after its delays.</summary>
    public bool[] LinksUp { get; }

    /// <summary>What was last heard of each link.</summary>
    public LinkState[] Links { get; }

    /// <summary>The number in each tracked file; 0 = none.</summary>
    public int[] Files { get; }

    /// <summary>One state per tracked set of processes.</summary>
    public ProcessState[] Processes { get; }

    /// <summary>Deadline last given to the host per timer: instances first, then scripts, links, processes, then the one of <see cref="RenewAt"/>.</summary>
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

    /// <summary>State for another configuration that goes on where this one is: same numbers, same maintenance, everything else as before a start.</summary>
    public NodeState For(NodeConfig config)
    {
        NodeState next = new(config, Epoch, Chance)
        {
            LastAttempt = LastAttempt,
            Leftovers = Leftovers,
            Watchdog = Watchdog,
            WatchdogArmedAs = WatchdogArmedAs,
            WatchdogAttempt = WatchdogAttempt,
            MaintenanceUntil = MaintenanceUntil,
            MaintenanceCheckAt = MaintenanceCheckAt,
            TestedTargets = TestedTargets,
            RenewalPhase = RenewalPhase,
        };
        foreach (ref VrrpState instance in next.Instances.AsSpan())
        {
            instance.MaintenanceUntil = MaintenanceUntil;
        }

        return next;
    }

    /// <summary>A copy that shares nothing.</summary>
    public NodeState Clone() => new(this);

    /// <summary>Whether both hold the same values.</summary>
    public bool ValueEquals(NodeState other) =>
        Epoch == other.Epoch
        && LastAttempt == other.LastAttempt
        && Leftovers == other.Leftovers
        && Watchdog == other.Watchdog
        && WatchdogArmedAs == other.WatchdogArmedAs
        && WatchdogAttempt == other.WatchdogAttempt
        && Chance == other.Chance
        && IsStarted == other.IsStarted
        && MaintenanceUntil == other.MaintenanceUntil
        && MaintenanceCheckAt == other.MaintenanceCheckAt
        && TestedTargets == other.TestedTargets
        && RenewAt == other.RenewAt
        && RenewalPhase == other.RenewalPhase
        && Instances.AsSpan().SequenceEqual(other.Instances)
        && Groups.AsSpan().SequenceEqual(other.Groups)
        && Scripts.AsSpan().SequenceEqual(other.Scripts)
        && LinksUp.AsSpan().SequenceEqual(other.LinksUp)
        && Links.AsSpan().SequenceEqual(other.Links)
        && Files.AsSpan().SequenceEqual(other.Files)
        && Processes.AsSpan().SequenceEqual(other.Processes);

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

    /// <summary>
    /// Whether an instance has a fence under way: an attempt, or a level of several devices half of which have run. Nobody else may touch its targets
    /// meanwhile: a reboot of one power supply would undo what this fence goes by.
    /// </summary>
    internal bool IsFencing(NodeConfig config, int instance)
    {
        ref readonly VrrpState state = ref Instances[instance];
        return state.Phase == VrrpPhase.Promoting
            && (state.Steps.Attempt != 0 || state.Steps.Device != 0)
            && config.Instances[instance].Promotion is { } plan
            && plan.Steps[state.Steps.Index].Kind == StepKind.Fence;
    }

    /// <summary>Whether another instance than <paramref name="self"/>, or an operator's test, has a fence under way on one of the targets (G3).</summary>
    internal bool IsFencing(NodeConfig config, int self, in EquatableArray<InternetAddress> targets)
    {
        if (Overlaps(TestedTargets, targets))
        {
            return true;
        }

        for (int i = 0; i < Instances.Length; i++)
        {
            if (i != self
                && IsFencing(config, i)
                && Overlaps(config.Instances[i].Promotion!.Steps[Instances[i].Steps.Index].Targets, targets))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The attempt of an earlier life that keeps an instance from starting a fence of the targets, or a run (no targets); 0 = none (G3).</summary>
    internal uint LeftoverInTheWay(string instance, in EquatableArray<InternetAddress> targets)
    {
        foreach (AttemptMemory leftover in Leftovers)
        {
            if (leftover.Instance == instance || Overlaps(leftover.Targets, targets))
            {
                return leftover.Attempt;
            }
        }

        return 0;
    }

    internal static bool Overlaps(in EquatableArray<InternetAddress> a, in EquatableArray<InternetAddress> b)
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
