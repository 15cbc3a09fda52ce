namespace FenceFirst.Sim;

/// <summary>After the faults there is exactly one owner of every address within the bound.</summary>
/// <remarks>
/// Excused: none at all where <see cref="NoFlapping"/> is excused, since who is shot again and again may be down at the end.
/// </remarks>
internal sealed class EventuallyOwned(Cast cast) : Checker(cast, "liveness")
{
    private readonly uint[] _holders = new uint[cast.Instances];
    private bool _isHealed;

    /// <inheritdoc/>
    public override bool Wants(SightingKind kind) => kind is SightingKind.Added or SightingKind.Removed or SightingKind.Healed;

    /// <inheritdoc/>
    public override void See(in Sighting sighting)
    {
        _isHealed |= sighting.Kind == SightingKind.Healed;
        uint bit = 1u << sighting.Node;
        if (sighting.Thing == Thing.Addresses)
        {
            _holders[sighting.Instance] = sighting.Kind == SightingKind.Added ? _holders[sighting.Instance] | bit : _holders[sighting.Instance] & ~bit;
        }
    }

    /// <inheritdoc/>
    public override void End(long at)
    {
        for (int i = 0; _isHealed && i < _holders.Length; i++)
        {
            Judged++;
            int count = System.Numerics.BitOperations.PopCount(_holders[i]);
            if (count == 0 && Cast.Restless is { } reason)
            {
                Excuse(reason);
            }
            else if (count != 1)
            {
                Violate(at, $"long after the last fault {count} nodes hold the address of {Cast.Nodes[0].Instances[i].Name}");
            }
        }
    }
}

/// <summary>Once things have settled after the faults, no address moves any more.</summary>
/// <remarks>
/// Excused: two instances on the same nodes that preempt by fencing, or on the same three nodes whose candidates fence in silence (<see cref="Cast.Restless"/>). Each failover of
/// one then shoots a node that the other one needs.
/// </remarks>
internal sealed class NoFlapping(Cast cast, long settleTime) : Checker(cast, "liveness")
{
    private long _quietFrom = Nano.Never;

    /// <inheritdoc/>
    public override bool Wants(SightingKind kind) => kind is SightingKind.Added or SightingKind.Removed or SightingKind.Healed;

    /// <inheritdoc/>
    public override void See(in Sighting sighting)
    {
        if (sighting.Kind == SightingKind.Healed)
        {
            _quietFrom = sighting.At + settleTime;
            return;
        }

        Judged++;
        if (sighting.At <= _quietFrom || sighting.Thing != Thing.Addresses)
        {
            return;
        }

        if (Cast.Restless is { } reason)
        {
            Excuse(reason);
        }
        else
        {
            Violate(sighting.At, $"{Nano.Text(sighting.At - _quietFrom + settleTime)} s after the last fault the address still moves: {Who(sighting.Node, sighting.Instance)} {(sighting.Kind == SightingKind.Added ? "takes" : "leaves")} it");
        }
    }
}
