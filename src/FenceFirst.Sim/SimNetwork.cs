using FenceFirst.Core.Node;
using FenceFirst.Core.Wire;

namespace FenceFirst.Sim;

/// <summary>The links that all nodes share: one path per ordered pair of nodes, each with its own troubles; a cut may be of one link only.</summary>
internal sealed class SimNetwork
{
    private const int AdvertsCut = 1;
    private const int AllCut = 2;

    /// <summary>Longer than any run, nanoseconds.</summary>
    public const long Forever = 1_000_000 * Nano.Second;
    /// <summary>How long a frame takes on a good link, nanoseconds; the difference is a power of two less one.</summary>
    private const long LinkDelayMin = 50_000;
    private const long LinkDelayMax = LinkDelayMin + 0x3ffff;

    private readonly SimWorld _world;
    private readonly int _count;
    private readonly byte[] _cut;
    private readonly uint[] _cutLinks;
    private readonly uint[] _links;
    private readonly uint[] _cutGeneration;
    private readonly int[] _lossPerMille;
    private readonly long[] _delay;
    private readonly long[] _lastArrival;
    private readonly bool[] _isThiefHere;

    /// <summary>Whole paths, no thief.</summary>
    public SimNetwork(SimWorld world, int nodes, int instances)
    {
        _world = world;
        _count = nodes;
        _cut = new byte[nodes * nodes];
        _cutLinks = new uint[nodes * nodes];
        _links = [.. Enumerable.Range(0, instances).Select(i => LinkOf(world.Options.Nodes, i))];
        HasSeveralLinks = _links.Distinct().Skip(1).Any();
        _cutGeneration = new uint[nodes * nodes];
        _lossPerMille = new int[nodes * nodes];
        _delay = new long[nodes * nodes];
        _lastArrival = new long[nodes * nodes];
        _isThiefHere = new bool[instances];
        if (world.Has(SimFaults.Loss))
        {
            for (int i = 0; i < _lossPerMille.Length; i++)
            {
                _lossPerMille[i] = world.Chance.OneIn(2) ? world.Chance.Below(world.Options.LossPerMille) : 0;
            }
        }
    }

    /// <summary>Node whose adverts are refused by the others and theirs by it; -1 = none.</summary>
    public int Mismatched { get; set; } = -1;

    /// <summary>Whether somebody who is none of ours uses the address of an instance.</summary>
    public bool HasThief(int instance) => _isThiefHere[instance];

    /// <summary>Brings or removes the thief of an instance's address.</summary>
    public void SetThief(int instance, bool isHere) => _isThiefHere[instance] = isHere;

    /// <summary>Whether the instances are on more than one link.</summary>
    public bool HasSeveralLinks { get; }

    /// <summary>Cuts a path for a while: everywhere, or only on the link of one instance.</summary>
    public void Cut(int from, int to, bool isAdvertsOnly, long duration, int instance = -1)
    {
        int path = Path(from, to);
        _cutLinks[path] = instance < 0 ? uint.MaxValue : _links[instance];
        _cut[path] = isAdvertsOnly ? (byte)AdvertsCut : (byte)AllCut;
        _world.Queue.Push(new SimItem
        {
            Time = _world.Now + duration,
            Kind = ItemKind.CutEnds,
            From = (byte)from,
            Node = (byte)to,
            Attempt = ++_cutGeneration[path],
        });
    }

    /// <summary>The end of a cut, unless another one has begun since.</summary>
    public void EndCut(in SimItem item)
    {
        int path = Path(item.From, item.Node);
        if (_cutGeneration[path] == item.Attempt)
        {
            _cut[path] = 0;
        }
    }

    /// <summary>A path is whole again, whichever cut it was.</summary>
    public void Mend(int from, int to)
    {
        _cut[Path(from, to)] = 0;
        _cutGeneration[Path(from, to)]++;
    }

    /// <summary>So many of 1000 packets on a path are lost from now on.</summary>
    public void SetLoss(int from, int to, int perMille) => _lossPerMille[Path(from, to)] = perMille;

    /// <summary>Packets on a path take so many nanoseconds longer from now on.</summary>
    public void SetDelay(int from, int to, long delay) => _delay[Path(from, to)] = delay;

    /// <summary>Everything is whole.</summary>
    public void Heal()
    {
        _cut.AsSpan().Clear();
        _lossPerMille.AsSpan().Clear();
        _isThiefHere.AsSpan().Clear();
        Mismatched = -1;
    }

    /// <summary>Whether ARP goes through, there and back.</summary>
    public bool CanAsk(int a, int b, int instance) =>
        CutOf(a, b, instance) != AllCut && CutOf(b, a, instance) != AllCut && _world.Hosts[a].IsLinkUpFor(instance) && _world.Hosts[b].IsLinkUpFor(instance) && !IsLost(a, b);

    /// <summary>Whether a broadcast frame that is no advert reaches a node.</summary>
    public bool CanReach(int from, int to, int instance) =>
        CutOf(from, to, instance) != AllCut && _world.Hosts[from].IsLinkUpFor(instance) && _world.Hosts[to].IsLinkUpFor(instance) && !IsLost(from, to);

    /// <summary>Sends an advert to all others.</summary>
    public void Send(int from, int instance, byte priority, ulong sequence)
    {
        for (int to = 0; to < _count; to++)
        {
            if (to == from || CutOf(from, to, instance) != 0 || IsLost(from, to))
            {
                continue;
            }

            Put(from, to, instance, priority, sequence, InOrder(from, to, Delay() + _delay[Path(from, to)]));
            if (!_world.IsHealed && _world.Has(SimFaults.Duplication) && _world.Chance.OneIn(20))
            {
                Put(from, to, instance, priority, sequence, _world.Chance.Between(0, _world.Chance.OneIn(2) ? 5 * Nano.Millisecond : 20 * Nano.Second));
            }
        }
    }

    private int Path(int from, int to) => (from * _count) + to;

    private int CutOf(int from, int to, int instance)
    {
        int path = Path(from, to);
        return _cut[path] != 0 && (_cutLinks[path] & _links[instance]) != 0 ? _cut[path] : 0;
    }

    /// <summary>The link of an instance, which is the same for all nodes: what the first one that has it calls it.</summary>
    private static uint LinkOf(NodeConfig[] nodes, int instance) => SimHost.LinkBit(nodes.First(node => instance < node.Instances.Count).Instances[instance].Link);

    private bool IsLost(int from, int to)
    {
        int loss = _lossPerMille[Path(from, to)];
        return loss > 0 && _world.Chance.PerMille(loss);
    }

    /// <summary>Frames of one sender keep their order on a link, unless they are delayed by a fault.</summary>
    private long InOrder(int from, int to, long delay)
    {
        if (delay > LinkDelayMax)
        {
            return delay;
        }

        ref long last = ref _lastArrival[Path(from, to)];
        last = Math.Max(last + 1, _world.Now + delay);
        return last - _world.Now;
    }

    private long Delay()
    {
        Prng chance = _world.Chance;
        if (!_world.IsHealed && _world.Has(SimFaults.Delay) && chance.OneIn(8))
        {
            return chance.OneIn(4) ? chance.Between(0, 4 * Nano.Second) : chance.Between(0, 20 * Nano.Millisecond);
        }

        return LinkDelayMin + (long)(chance.Next() & (LinkDelayMax - LinkDelayMin));
    }

    private void Put(int from, int to, int instance, byte priority, ulong sequence, long delay)
    {
        SimItem item = new()
        {
            Time = _world.Now + delay,
            Kind = ItemKind.Packet,
            Node = (byte)to,
            From = (byte)from,
            Instance = (byte)instance,
            Number = priority,
            Data = sequence,
        };
        if (!_world.IsHealed && _world.Has(SimFaults.Damage) && _world.Chance.OneIn(40))
        {
            item.Kind = ItemKind.Refused;
            item.Number = (int)DecodeError.WrongChecksum;
        }
        else if (_world.Options.RefusalOf?.Invoke(from, to, instance) is { } refusal and not DecodeError.None)
        {
            item.Kind = ItemKind.Refused;
            item.Number = (int)refusal;
        }
        else if (Mismatched >= 0 && (Mismatched == from || Mismatched == to))
        {
            item.Kind = ItemKind.Refused;
            item.Number = (int)DecodeError.WrongPassword;
        }

        _world.Queue.Push(item);
    }
}
