using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;

namespace FenceFirst.Sim;

/// <summary>A guarantee that did not hold.</summary>
/// <param name="Checker">Who found it.</param>
/// <param name="Guarantee">Which one, for example G10.</param>
/// <param name="At">When, in simulated time, nanoseconds.</param>
/// <param name="Text">What happened.</param>
internal sealed record Violation(string Checker, string Guarantee, long At, string Text)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Guarantee} {Checker}: {Text}";
}

/// <summary>Who plays: what every checker may know of the cluster, which is its configuration.</summary>
internal sealed class Cast
{
    private readonly InternetAddress[] _addresses;
    private readonly EquatableArray<int>[] _together;

    /// <summary>Nodes with their configurations; node i sends from <paramref name="addresses"/>[i].</summary>
    public Cast(NodeConfig[] nodes, InternetAddress[] addresses)
    {
        Nodes = nodes;
        _addresses = addresses;
        Instances = nodes.Max(node => node.Instances.Count);
        HasGroups = nodes.Any(node => !node.Groups.IsEmpty);
        _together = new EquatableArray<int>[nodes.Length * Instances];
        for (int slot = 0; slot < _together.Length; slot++)
        {
            (int node, int instance) = (slot / Instances, slot % Instances);
            _together[slot] = instance < nodes[node].Instances.Count ? nodes[node].Together(instance) : [instance];
        }
    }

    /// <summary>The cluster of a run.</summary>
    public static Cast Of(SimOptions options) => new(options.Nodes, [.. Enumerable.Range(0, options.Nodes.Length).Select(i => SimHost.AddressOf(options.Nodes[i], i))]);

    /// <summary>The configurations.</summary>
    public NodeConfig[] Nodes { get; }

    /// <summary>The most instances that a node has.</summary>
    public int Instances { get; }

    /// <summary>Whether any node has a sync group.</summary>
    public bool HasGroups { get; }

    /// <summary>The members of the sync group of an instance, in their order, with one promotion for all; the instance alone when it is in none.</summary>
    public EquatableArray<int> Together(int node, int instance) => _together[(node * Instances) + instance];

    /// <summary>The first member of the sync group of an instance, for which the promotion of the group is told; the instance itself when it is in none.</summary>
    public int LeaderOf(int node, int instance) => _together[(node * Instances) + instance][0];

    /// <summary>Why it need not come to rest after the faults, in words; null = it has to.</summary>
    public string? Restless => !HasSeveralPromotions ? null
        : IsCrossed ? "two instances on the same nodes preempt by fencing"
        : IsUnheard ? "two instances on the same three nodes fence and do not advertise before" : null;

    /// <summary>Whether a node has more than one promotion; that of a sync group is one.</summary>
    private bool HasSeveralPromotions => Nodes.Index().Any(node => Enumerable.Range(0, node.Item.Instances.Count).Select(i => LeaderOf(node.Index, i)).Distinct().Skip(1).Any());

    /// <summary>
    /// Whether two instances on the same nodes preempt by fencing: each failback of one shoots a node that the other one needs, which comes back and preempts.
    /// </summary>
    private bool IsCrossed => Nodes.Any(node => node.Instances.Any(instance => (instance.IsPreempt || instance.IsOwner) && instance.Promotion is { HasFence: true }));

    /// <summary>
    /// Whether the others do not hear that a node is about to take a second instance (advertise no): the two that it has fenced for the first one come back and fence it for
    /// the second, one of them wins, and fences two again. Two nodes take turns at this with the pauses of their failures; with three somebody is always back in time.
    /// </summary>
    private bool IsUnheard => Nodes.Length > 2 && Nodes.Any(node => node.Instances.Any(instance => instance.Promotion is { HasFence: true, IsAdvertising: false }));

    /// <summary>Where a node sends from.</summary>
    public InternetAddress AddressOf(int node) => _addresses[node];

    /// <summary>The nodes that the addresses belong to, a bit each.</summary>
    public uint NodesOf(in EquatableArray<InternetAddress> targets)
    {
        uint nodes = 0;
        for (int i = 0; i < _addresses.Length; i++)
        {
            if (targets.Span.Contains(_addresses[i]))
            {
                nodes |= 1u << i;
            }
        }

        return nodes;
    }
}

/// <summary>Watches one guarantee from outside: it knows the configuration and what can be seen, and nothing of the machine's insides.</summary>
/// <remarks>
/// When a guarantee is broken under a condition under which it is not given (a device that lies, no fence), the checker says so and counts it
/// as excused; nothing is taken out of the run for that.
/// </remarks>
internal abstract class Checker(Cast cast, string guarantee)
{
    private readonly Dictionary<string, long> _excuses = [];

    /// <summary>Who plays.</summary>
    protected Cast Cast { get; } = cast;

    /// <summary>The guarantee, for example G10.</summary>
    public string Guarantee { get; } = guarantee;

    /// <summary>The first violation; null = none.</summary>
    public Violation? Violation { get; private set; }

    /// <summary>How often the guarantee was broken under which condition.</summary>
    public IReadOnlyDictionary<string, long> Excuses => _excuses;

    /// <summary>Things that were judged: a checker that has judged nothing has shown nothing.</summary>
    public long Judged { get; protected set; }

    /// <summary>Whether it looks at journals.</summary>
    public virtual bool ReadsJournal => false;

    /// <summary>Whether it wants to see this.</summary>
    public abstract bool Wants(SightingKind kind);

    /// <summary>Something was seen.</summary>
    public abstract void See(in Sighting sighting);

    /// <summary>An entry was written into a node's journal, at this instant in simulated time and on the node's own clock.</summary>
    public virtual void Read(int node, in TimelineEntry entry, long at, long clock)
    {
    }

    /// <summary>The run is over.</summary>
    public virtual void End(long at)
    {
    }

    /// <summary>The guarantee is broken.</summary>
    protected void Violate(long at, string text) => Violation ??= new Violation(GetType().Name, Guarantee, at, text);

    /// <summary>The guarantee is broken under a condition under which it is not given.</summary>
    protected void Excuse(string condition) =>
        System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_excuses, condition, out _)++;

    /// <summary>Where the instance of a node stands in arrays.</summary>
    protected int Slot(int node, int instance) => (node * Cast.Instances) + instance;

    /// <summary>Where the promotion of an instance stands in arrays: with the first member of its sync group, or with itself.</summary>
    protected int PlanSlot(int node, int instance) => (node * Cast.Instances) + Cast.LeaderOf(node, instance);

    /// <summary>Room for every instance of every node.</summary>
    protected T[] PerInstance<T>() => new T[Cast.Nodes.Length * Cast.Instances];

    /// <summary>A node and its instance in words.</summary>
    protected string Who(int node, int instance) => $"{SimCluster.NameOf(node)} ({Cast.Nodes[node].Instances[instance].Name})";
}
