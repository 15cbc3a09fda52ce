using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Sim;

/// <summary>G8: the journals alone tell who held what: what they say is compared with the kernel each time a daemon has done what there was to do.</summary>
/// <remarks>
/// Excused: what others took away, or the kernel after a lease, until the daemon has noticed.
/// </remarks>
internal sealed class Story(Cast cast) : Checker(cast, "G8")
{
    private readonly Told[] _told = new Told[cast.Nodes.Length * cast.Instances];
    private readonly bool[] _isChanged = new bool[cast.Nodes.Length];

    /// <inheritdoc/>
    public override bool ReadsJournal => true;

    /// <inheritdoc/>
    public override bool Wants(SightingKind kind) => kind is SightingKind.DaemonStarted or SightingKind.Added or SightingKind.Removed or SightingKind.TurnEnded;

    /// <inheritdoc/>
    public override void See(in Sighting sighting)
    {
        ref Told told = ref _told[Slot(sighting.Node, sighting.Instance)];
        switch (sighting.Kind)
        {
            case SightingKind.DaemonStarted:
                for (int i = 0; i < Cast.Instances; i++)
                {
                    // A start is told, and it begins with nothing held.
                    _told[Slot(sighting.Node, i)].Says = false;
                }

                break;
            case SightingKind.Added when sighting.Thing == Thing.Addresses:
                told.IsThere = true;
                told.IsTaken = false;
                _isChanged[sighting.Node] = true;
                break;
            case SightingKind.Removed when sighting.Thing == Thing.Addresses:
                told.IsThere = false;
                told.IsTaken = (RemovalCause)sighting.Number is RemovalCause.Lease or RemovalCause.Stranger;
                _isChanged[sighting.Node] = true;
                break;
            case SightingKind.TurnEnded when _isChanged[sighting.Node]:
                Compare(sighting);
                break;
        }
    }

    /// <inheritdoc/>
    public override void Read(int node, in TimelineEntry entry, long at, long clock)
    {
        if (entry.Kind is not (TimelineKind.KernelAsked or TimelineKind.KernelRefused) || entry.Effect is not (SideEffect.AddAddresses or SideEffect.RemoveAddresses))
        {
            return;
        }

        ref Told told = ref _told[Slot(node, entry.Index)];
        bool isAdding = entry.Effect == SideEffect.AddAddresses;
        if (entry.Kind == TimelineKind.KernelAsked)
        {
            told.Before = told.Says;
            told.Says = isAdding;
        }
        else if (isAdding && !told.Says)
        {
            // A removal was asked for before the kernel's answer to the addition was read: there was nothing to remove.
            told.Before = false;
        }
        else
        {
            told.Says = told.Before;
        }

        _isChanged[node] = true;
    }

    private void Compare(in Sighting sighting)
    {
        _isChanged[sighting.Node] = false;
        for (int i = 0; i < Cast.Nodes[sighting.Node].Instances.Count; i++)
        {
            ref Told told = ref _told[Slot(sighting.Node, i)];
            Judged++;
            if (told.Says == told.IsThere)
            {
                continue;
            }

            if (told.IsTaken)
            {
                Excuse("somebody else removed an address");
            }
            else
            {
                Violate(sighting.At, $"the journal of {Who(sighting.Node, i)} says that the address is {(told.Says ? "held" : "not held")}, and it is{(told.IsThere ? "" : " not")}");
            }
        }
    }

    private struct Told
    {
        public bool IsThere;
        public bool Says;
        public bool Before;
        public bool IsTaken;
    }
}
