using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;

namespace FenceFirst.Sim;

/// <summary>What a walk has shown.</summary>
/// <param name="States">Different states of the world.</param>
/// <param name="Transitions">Steps between them.</param>
/// <param name="Depth">Steps from the beginning to the furthest state.</param>
/// <param name="IsComplete">Whether there is nothing more; else a bound was reached.</param>
/// <param name="NodeStates">Different states of single nodes.</param>
/// <param name="Story">The shortest way to two owners; empty = there is none.</param>
/// <param name="StoryLength">Its steps.</param>
internal sealed record SmallResult(int States, long Transitions, int Depth, bool IsComplete, int NodeStates, string Story, int StoryLength);

/// <summary>Walks every state that a few nodes can reach together, breadth first: whatever may happen does, in every order (G10).</summary>
/// <remarks>
/// <para>Each node has its own clock, and nothing ties the clocks together: time passes on one node while the others stand still, so every pause, every drift and
/// every delay of a packet is among the walks. What is shown here holds whatever the timing.</para>
/// <para>A world is: the state of each node (see <see cref="SmallNodes"/>); whether it has power and holds the address; which targets of its fence under way have
/// been struck; which nodes may still be struck by a fence that is over; which packets are in the network.</para>
/// </remarks>
internal sealed class SmallWorld
{
    /// <summary>Nodes that a world has room for.</summary>
    public const int NodesMax = 3;

    private const int IdBits = 20;
    private const int DeadAt = IdBits * NodesMax;
    private const int PowerAt = 0;
    private const int HoldsAt = 3;
    private const int StruckAt = 6;
    private const int LateAt = 15;
    private const int PacketsAt = 18;

    private readonly SmallOptions _options;
    private readonly SmallNodes[] _nodes;
    private readonly uint[][] _targets;
    private readonly WorldTable _table = new();
    private readonly int _count;
    private long _transitions;
    private int _from;
    private int _twoOwners = -1;

    /// <summary>A world with everybody up and nobody owning.</summary>
    public SmallWorld(SmallOptions options)
    {
        _options = options;
        _count = options.Nodes.Length;
        if (_count is 0 or > NodesMax || options.Nodes.Any(node => node.Instances.Count != 1))
        {
            throw new ArgumentException($"a small world has 1 to {NodesMax} nodes with one instance each", nameof(options));
        }

        _nodes = [.. Enumerable.Range(0, _count).Select(i => new SmallNodes(options, i))];
        Cast cast = new(options.Nodes, [.. Enumerable.Range(0, _count).Select(SimCluster.AddressOf)]);
        _targets = [.. options.Nodes.Select(node => node.Instances[0].Promotion is { } plan ? plan.Steps.Select(step => cast.NodesOf(step.Targets)).ToArray() : [])];
    }

    private enum Move : byte
    {
        Event = 0,
        Strike,
        StrikeLate,
        PowerOff,
        PowerOn,
        DaemonDies,
        DaemonStarts,
        Lost,
    }

    /// <summary>Looks at everything.</summary>
    public SmallResult Walk()
    {
        World first = default;
        for (int i = 0; i < _count; i++)
        {
            first = WithNode(first, i, _nodes[i].Fresh);
            first.Flags |= 1u << (PowerAt + i);
        }

        if (_options.IsReplaying)
        {
            // Also what an earlier life has sent may arrive; so every packet is in the network from the beginning, and stays there.
            first.Flags |= uint.MaxValue << PacketsAt;
        }

        _table.TryAdd(first, -1, 0);
        int depth = 0;
        int levelEnd = 1;
        bool isBounded = false;
        for (_from = 0; _from < _table.Count && _twoOwners < 0; _from++)
        {
            if (_from == levelEnd)
            {
                levelEnd = _table.Count;
                depth++;
            }

            if (depth >= _options.DepthMax || _table.Count >= _options.StatesMax)
            {
                isBounded = true;
                break;
            }

            Expand(_table[_from]);
        }

        (string story, int length) = _twoOwners < 0 ? ("", 0) : Tell(_twoOwners);
        return new SmallResult(_table.Count, _transitions, depth, !isBounded && _twoOwners < 0, _nodes.Sum(node => node.Count), story, length);
    }

    private static World WithNode(World world, int node, int id)
    {
        if (id >= 1 << IdBits)
        {
            throw new InvalidOperationException("a node has more states than a small world has room for");
        }

        int at = node * IdBits;
        world.Nodes = (world.Nodes & ~(((1UL << IdBits) - 1) << at)) | ((ulong)id << at);
        return world;
    }

    private static bool IsDead(in World world, int node) => (world.Nodes & (1UL << (DeadAt + node))) != 0;

    /// <summary>A node without a daemon: its state is the one in which the next life begins.</summary>
    private static World WithDead(World world, int node, int next)
    {
        world = WithNode(world, node, next);
        world.Nodes |= 1UL << (DeadAt + node);
        return world;
    }

    private static int NodeOf(in World world, int node) => (int)(world.Nodes >> (node * IdBits)) & ((1 << IdBits) - 1);

    private static bool Has(in World world, int at, int node) => (world.Flags & (1u << (at + node))) != 0;

    private static uint Struck(in World world, int node) => (world.Flags >> (StruckAt + (3 * node))) & 7;

    /// <summary>Bit of a packet from one node to another: adverts first, then releases. Paths count 0..5 for three nodes.</summary>
    private static int Packet(int from, int to, bool isRelease) => PacketsAt + (2 * ((from * 2) + (to > from ? to - 1 : to))) + (isRelease ? 1 : 0);

    private void Expand(in World world)
    {
        for (int i = 0; i < _count; i++)
        {
            if (!Has(world, PowerAt, i))
            {
                Put(Start(world, i), Move.PowerOn, i, 0);
            }
            else if (IsDead(world, i))
            {
                Put(Start(world, i), Move.DaemonStarts, i, 0);
            }
            else
            {
                ExpandNode(world, i);
            }

            if (Has(world, PowerAt, i) && _options.IsCrashing)
            {
                Put(PowerOff(world, i), Move.PowerOff, i, 0);
            }

            if (Has(world, LateAt, i))
            {
                World struck = PowerOff(world, i);
                struck.Flags &= ~(1u << (LateAt + i));
                Put(struck, Move.StrikeLate, i, 0);
            }
        }
    }

    private void ExpandNode(in World world, int node)
    {
        Fire(world, node, (int)SmallEvent.Deadline);
        if (_options.Oversleep > TimeSpan.Zero)
        {
            Fire(world, node, (int)SmallEvent.LateDeadline);
        }

        if (_options.Quantum > TimeSpan.Zero)
        {
            Fire(world, node, (int)SmallEvent.Tick);
        }

        if (_options.IsStopping)
        {
            Fire(world, node, (int)SmallEvent.Stop);
        }

        if (_options.IsCrashing)
        {
            World abandoned = Abandon(world, node);
            Put(WithDead(abandoned, node, _nodes[node].Fresh), Move.DaemonDies, node, 0);
            for (int code = (int)SmallEvent.Dead; code <= (int)SmallEvent.DeadWithLeftover; code++)
            {
                SmallRow left = _nodes[node].Row(NodeOf(world, node), code);
                if (left.IsPossible)
                {
                    Put(WithDead(abandoned, node, left.Next), Move.DaemonDies, node, code);
                }
            }
        }

        ExpandStep(world, node);
        Fire(world, node, (int)SmallEvent.WatchdogArmed);
        Fire(world, node, (int)SmallEvent.WatchdogRefused);
        Fire(world, node, (int)SmallEvent.LeftoverEnded);
        Fire(world, node, (int)SmallEvent.ProbedFree);
        for (int other = 0; other < _count; other++)
        {
            if (other == node)
            {
                continue;
            }

            if (Has(world, HoldsAt, other))
            {
                Fire(world, node, (int)SmallEvent.ProbedInUse);
            }

            for (int kind = 0; kind < 2; kind++)
            {
                int packet = Packet(other, node, kind == 1);
                if ((world.Flags & (1u << packet)) == 0)
                {
                    continue;
                }

                World after = world;
                if (!_options.IsReplaying)
                {
                    after.Flags &= ~(1u << packet);
                    Put(after, Move.Lost, node, (other * 2) + kind);
                }

                Fire(after, node, (int)SmallEvent.Advert + (2 * other) + kind);
            }
        }
    }

    private void ExpandStep(in World world, int node)
    {
        int id = NodeOf(world, node);
        if (_nodes[node].StepOf(id) is not { } step)
        {
            return;
        }

        uint targets = TargetsOf(node, id, step);
        uint left = targets & ~Struck(world, node);
        for (int target = 0; target < _count; target++)
        {
            if ((left & (1u << target)) != 0)
            {
                // The power goes; who has none has been without it since the fence was started.
                World struck = PowerOff(world, target);
                struck.Flags |= 1u << (StruckAt + (3 * node) + target);
                Put(struck, Move.Strike, node, target);
            }
        }

        if (left == 0 || _options.IsLying)
        {
            Fire(world, node, (int)SmallEvent.StepSucceeded);
        }

        Fire(Abandon(world, node), node, (int)SmallEvent.StepFailed);
    }

    private uint TargetsOf(int node, int id, PromotionStep step) =>
        step.Kind == StepKind.Fence ? _targets[node][_nodes[node][id].Instances[0].Steps.Index] : 0;

    /// <summary>The fence of a node is over without success; what it has not struck yet it may still strike.</summary>
    private World Abandon(World world, int node)
    {
        int id = NodeOf(world, node);
        if (!IsDead(world, node) && _options.IsStrikingLate && _nodes[node].StepOf(id) is { } step)
        {
            world.Flags |= (TargetsOf(node, id, step) & ~Struck(world, node)) << LateAt;
        }

        world.Flags &= ~(7u << (StruckAt + (3 * node)));
        return world;
    }

    private World PowerOff(World world, int node)
    {
        if (!Has(world, PowerAt, node))
        {
            return world;
        }

        SmallRow left = _nodes[node].Row(NodeOf(world, node), (int)SmallEvent.Booted);
        world = WithDead(Abandon(world, node), node, left.IsPossible ? left.Next : _nodes[node].Fresh);
        world.Flags &= ~((1u << (PowerAt + node)) | (1u << (HoldsAt + node)));
        return world;
    }

    /// <summary>A daemon starts and removes what an earlier life has left.</summary>
    private static World Start(World world, int node)
    {
        world.Flags |= 1u << (PowerAt + node);
        world.Flags &= ~(1u << (HoldsAt + node));
        world.Nodes &= ~(1UL << (DeadAt + node));
        return world;
    }

    /// <summary>An event of a node, if it can happen.</summary>
    private void Fire(in World world, int node, int code)
    {
        FireOne(world, node, code);
        if (_options.IsKernelRefusing)
        {
            FireOne(world, node, code + _nodes[node].Refusing);
        }
    }

    private void FireOne(World world, int node, int code)
    {
        SmallRow row = _nodes[node].Row(NodeOf(world, node), code);
        if (!row.IsPossible)
        {
            return;
        }

        bool isDouble = row.IsTaken && ((world.Flags >> HoldsAt) & 7 & ~(1u << node)) != 0;
        if (row.IsStepStarted || row.IsEnded)
        {
            world.Flags &= ~(7u << (StruckAt + (3 * node)));
        }

        if (row.Holding == 1)
        {
            world.Flags |= 1u << (HoldsAt + node);
        }
        else if (row.Holding == 2)
        {
            world.Flags &= ~(1u << (HoldsAt + node));
        }

        world = row.IsEnded ? WithDead(world, node, row.Next) : WithNode(world, node, row.Next);
        if (row.Sent == 0)
        {
            PutOrFind(world, node, code, isDouble);
            return;
        }

        Send(world, node, code, row.Sent, to: 0, isDouble);
    }

    /// <summary>With replay every packet may as well be in the network; without it each may be lost at once.</summary>
    private void Send(World world, int node, int code, byte sent, int to, bool isDouble)
    {
        if (to == _count)
        {
            PutOrFind(world, node, code, isDouble);
            return;
        }

        if (to == node)
        {
            Send(world, node, code, sent, to + 1, isDouble);
            return;
        }

        World arrived = world;
        arrived.Flags |= (sent & 1) != 0 ? 1u << Packet(node, to, false) : 0;
        arrived.Flags |= (sent & 2) != 0 ? 1u << Packet(node, to, true) : 0;
        Send(arrived, node, code, sent, to + 1, isDouble);
        if (!_options.IsReplaying && arrived != world)
        {
            Send(world, node, code, sent, to + 1, isDouble);
        }
    }

    private void PutOrFind(in World world, int node, int code, bool isDouble)
    {
        int before = _table.Count;
        Put(world, Move.Event, node, code);
        if (isDouble && _twoOwners < 0)
        {
            if (_table.Count == before)
            {
                // The state itself was known; the way that leads there through two owners is the story.
                _table.AddAnyway(world, _from, Pack(Move.Event, node, code));
            }

            _twoOwners = _table.Count - 1;
        }
    }

    private void Put(in World world, Move move, int node, int argument)
    {
        _transitions++;
        _table.TryAdd(world, _from, Pack(move, node, argument));
    }

    private static ushort Pack(Move move, int node, int argument) => (ushort)(((int)move << 8) | (node << 6) | argument);

    private (string Story, int Length) Tell(int last)
    {
        List<int> way = [];
        for (int at = last; at >= 0; at = _table.ParentOf(at))
        {
            way.Add(at);
        }

        way.Reverse();
        System.Text.StringBuilder story = new();
        for (int step = 1; step < way.Count; step++)
        {
            ushort via = _table.ViaOf(way[step]);
            (Move move, int node, int argument) = ((Move)(via >> 8), (via >> 6) & 3, via & 63);
            World before = _table[way[step - 1]];
            bool isRefusing = move == Move.Event && argument >= _nodes[node].Refusing;
            string happening = Describe(move, isRefusing ? argument - _nodes[node].Refusing : argument) + (isRefusing ? ", and the kernel refuses to remove the address" : "");
            story.Append(System.Globalization.CultureInfo.InvariantCulture, $"{step,4} {SimCluster.NameOf(node)} * {happening}\n");
            NodeConfig config = _options.Nodes[node];
            Action<NodeEffect> journal = effect =>
            {
                if (effect.Kind == NodeEffectKind.Record)
                {
                    story.Append(System.Globalization.CultureInfo.InvariantCulture, $"     {SimCluster.NameOf(node)}   {TimelineText.Describe(config, effect.Entry)}\n");
                }
            };
            if (move == Move.Event)
            {
                _nodes[node].Tell(NodeOf(before, node), argument, journal);
            }
            else if (move is Move.PowerOn or Move.DaemonStarts)
            {
                _nodes[node].TellStart(NodeOf(before, node), journal);
            }
        }

        story.Append("*** two nodes hold the address\n");
        return (story.ToString(), way.Count - 1);
    }

    private static string Describe(Move move, int argument) => move switch
    {
        Move.Event when argument >= (int)SmallEvent.Advert =>
            $"hears {((argument - (int)SmallEvent.Advert) % 2 == 1 ? "priority 0" : "an advert")} of {SimCluster.NameOf((argument - (int)SmallEvent.Advert) / 2)}",
        Move.Event => ((SmallEvent)argument) switch
        {
            SmallEvent.Deadline => "a timer is due",
            SmallEvent.LateDeadline => "a timer was due, and it wakes up much later",
            SmallEvent.Tick => "time passes",
            SmallEvent.StepSucceeded => "its step succeeds",
            SmallEvent.StepFailed => "its step fails",
            SmallEvent.ProbedFree => "nobody answers for the address",
            SmallEvent.ProbedInUse => "somebody answers for the address",
            SmallEvent.Stop => "is asked to stop",
            SmallEvent.WatchdogArmed => "its watchdog is armed",
            SmallEvent.WatchdogRefused => "its watchdog cannot be armed",
            SmallEvent.LeftoverEnded => "what an earlier life had started has ended",
            _ => "",
        },
        Move.Strike => $"its fence takes the power of {SimCluster.NameOf(argument)}",
        Move.StrikeLate => "POWER OFF by a fence that is over",
        Move.PowerOff => "POWER OFF",
        Move.PowerOn => "power on, daemon starts",
        Move.DaemonDies => "DAEMON DIES, what it holds stays" + ((SmallEvent)argument switch
        {
            SmallEvent.Dead => "; what it knew is on the disk",
            SmallEvent.DeadWithLeftover => "; what it knew is on the disk, and its program lives on",
            _ => "; what it knew is lost",
        }),
        Move.DaemonStarts => "daemon starts",
        Move.Lost => $"a packet of {SimCluster.NameOf(argument / 2)} to it is lost",
    };
}

/// <summary>A state of the world in 12 bytes.</summary>
internal record struct World
{
    /// <summary>States of the nodes, 20 bits each.</summary>
    public ulong Nodes;

    /// <summary>Power, address, strikes and packets.</summary>
    public uint Flags;
}

/// <summary>Worlds that have been seen, in the order in which they were found, with the way that led to each.</summary>
internal sealed class WorldTable
{
    private World[] _worlds = new World[1 << 16];
    private int[] _parents = new int[1 << 16];
    private ushort[] _vias = new ushort[1 << 16];
    private Slot[] _slots = new Slot[1 << 18];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>A world.</summary>
    public World this[int index] => _worlds[index];

    /// <summary>The world it was found from; -1 = the first.</summary>
    public int ParentOf(int index) => _parents[index];

    /// <summary>What led from there to it.</summary>
    public ushort ViaOf(int index) => _vias[index];

    /// <summary>Adds a world unless it is known.</summary>
    public bool TryAdd(in World world, int parent, ushort via)
    {
        int mask = _slots.Length - 1;
        int slot = (int)Hash(world) & mask;
        while (_slots[slot].IsTaken)
        {
            if (_slots[slot].World == world)
            {
                return false;
            }

            slot = (slot + 1) & mask;
        }

        AddAnyway(world, parent, via);
        _slots[slot] = new Slot { World = world, IsTaken = true };
        if (Count * 2 > _slots.Length)
        {
            Grow();
        }

        return true;
    }

    /// <summary>Adds a world whether it is known or not; it will not be found again.</summary>
    public void AddAnyway(in World world, int parent, ushort via)
    {
        if (Count == _worlds.Length)
        {
            Array.Resize(ref _worlds, Count * 2);
            Array.Resize(ref _parents, Count * 2);
            Array.Resize(ref _vias, Count * 2);
        }

        _worlds[Count] = world;
        _parents[Count] = parent;
        _vias[Count++] = via;
    }

    private static ulong Hash(in World world)
    {
        ulong z = (world.Nodes ^ ((ulong)world.Flags * 0x9e3779b97f4a7c15)) * 0xbf58476d1ce4e5b9;
        z ^= z >> 29;
        z *= 0x94d049bb133111eb;
        return z ^ (z >> 32);
    }

    private void Grow()
    {
        _slots = new Slot[_slots.Length * 2];
        int mask = _slots.Length - 1;
        for (int i = 0; i < Count; i++)
        {
            int slot = (int)Hash(_worlds[i]) & mask;
            while (_slots[slot].IsTaken)
            {
                slot = (slot + 1) & mask;
            }

            _slots[slot] = new Slot { World = _worlds[i], IsTaken = true };
        }
    }

    /// <summary>The world itself rather than its number: looking it up touches memory once.</summary>
    private struct Slot
    {
        public World World;
        public bool IsTaken;
    }
}
