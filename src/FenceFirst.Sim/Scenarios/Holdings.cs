using System.Numerics;

namespace FenceFirst.Sim;

/// <summary>A time in which a node had the address of an instance.</summary>
/// <param name="Instance">Which one.</param>
/// <param name="Node">Who.</param>
/// <param name="From">Nanoseconds of the world.</param>
/// <param name="To">Nanoseconds of the world.</param>
internal readonly record struct Holding(int Instance, int Node, long From, long To);

/// <summary>Who held which address from when to when. It judges nothing.</summary>
internal sealed class Holdings(Cast cast) : Checker(cast, "who held what")
{
    private readonly long[] _since = Filled(cast.Nodes.Length * cast.Instances);
    private readonly List<Holding> _all = [];

    /// <summary>Every time, complete after the run.</summary>
    public IReadOnlyList<Holding> All => _all;

    /// <inheritdoc/>
    public override bool Wants(SightingKind kind) => kind is SightingKind.Added or SightingKind.Removed;

    /// <inheritdoc/>
    public override void See(in Sighting sighting)
    {
        if (sighting.Thing != Thing.Addresses)
        {
            return;
        }

        ref long since = ref _since[Slot(sighting.Node, sighting.Instance)];
        if (sighting.Kind == SightingKind.Added && since < 0)
        {
            since = sighting.At;
        }
        else if (sighting.Kind == SightingKind.Removed && since >= 0)
        {
            _all.Add(new Holding(sighting.Instance, sighting.Node, since, sighting.At));
            since = -1;
        }
    }

    /// <inheritdoc/>
    public override void End(long at)
    {
        for (int slot = 0; slot < _since.Length; slot++)
        {
            if (_since[slot] >= 0)
            {
                _all.Add(new Holding(slot % Cast.Instances, slot / Cast.Instances, _since[slot], at));
                _since[slot] = -1;
            }
        }

        _all.Sort((a, b) => a.From.CompareTo(b.From));
    }

    /// <summary>Nanoseconds from one instant to another in which an instance's address was held by nobody, and by more than one.</summary>
    public (long Nobody, long Twice) Sum(int instance, long from, long to)
    {
        List<(long At, int Node, bool IsBegin)> edges = [];
        foreach (Holding holding in _all)
        {
            if (holding.Instance == instance && holding.To > Math.Max(from, holding.From) && holding.From < to)
            {
                edges.Add((Math.Max(from, holding.From), holding.Node, true));
                edges.Add((Math.Min(to, holding.To), holding.Node, false));
            }
        }

        // Who takes at the very instant at which another one leaves it has it alone.
        edges.Sort((a, b) => a.At != b.At ? a.At.CompareTo(b.At) : a.IsBegin.CompareTo(b.IsBegin));
        long nobody = 0;
        long twice = 0;
        long before = from;
        uint holders = 0;
        foreach ((long at, int node, bool isBegin) in edges)
        {
            Count(at);
            holders = isBegin ? holders | (1u << node) : holders & ~(1u << node);
        }

        Count(to);
        return (nobody, twice);

        void Count(long at)
        {
            int count = BitOperations.PopCount(holders);
            nobody += count == 0 ? at - before : 0;
            twice += count > 1 ? at - before : 0;
            before = at;
        }
    }

    private static long[] Filled(int count)
    {
        long[] slots = new long[count];
        slots.AsSpan().Fill(-1);
        return slots;
    }
}
