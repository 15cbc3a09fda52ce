using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Sim;

/// <summary>docs/promotion.md 8: in maintenance no promotion starts, and one that is under way starts no further step. A sync group is in maintenance as a whole.</summary>
/// <remarks>Times are the node's own. What a life of the daemon was told ends with it here, whatever it remembers.</remarks>
internal sealed class Maintenance(Cast cast) : Checker(cast, "promotion.md 8")
{
    private readonly long[] _until = new long[cast.Nodes.Length * cast.Instances];

    /// <inheritdoc/>
    public override bool ReadsJournal => true;

    /// <inheritdoc/>
    public override bool Wants(SightingKind kind) => kind is SightingKind.Maintained or SightingKind.DaemonEnded or SightingKind.PowerOff;

    /// <inheritdoc/>
    public override void See(in Sighting sighting)
    {
        if (sighting.Kind != SightingKind.Maintained)
        {
            _until.AsSpan(Slot(sighting.Node, 0), Cast.Instances).Clear();
            return;
        }

        for (int i = 0; i < Cast.Instances; i++)
        {
            if (sighting.Attempt == 0 || Cast.LeaderOf(sighting.Node, sighting.Instance) == Cast.LeaderOf(sighting.Node, i))
            {
                _until[Slot(sighting.Node, i)] = sighting.Number == 0 ? 0 : sighting.Clock + (sighting.Number * Nano.Second);
            }
        }
    }

    /// <inheritdoc/>
    public override void Read(int node, in TimelineEntry entry, long at, long clock)
    {
        bool isBeginning = entry.Kind == TimelineKind.PromotionStarted || (entry.Kind == TimelineKind.StepStarted && entry.Phase == VrrpPhase.Promoting);
        if (!isBeginning)
        {
            return;
        }

        Judged++;
        if (clock < _until[Slot(node, entry.Index)])
        {
            Violate(at, $"{Who(node, entry.Index)} {(entry.Kind == TimelineKind.StepStarted ? "starts a step" : "starts a promotion")} in maintenance");
        }
    }
}
