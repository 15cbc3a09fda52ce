using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Sim;

/// <summary>
/// G1 and G2: an address is added only after every step of one promotion has succeeded, in order, each within its bound, in one life of the daemon; exit
/// status 0 is the only success.
/// </summary>
internal sealed class Permission(Cast cast) : Checker(cast, "G1, G2")
{
    private readonly Progress[] _progress = new Progress[cast.Nodes.Length * cast.Instances];

    /// <inheritdoc/>
    public override bool ReadsJournal => true;

    /// <inheritdoc/>
    public override bool Wants(SightingKind kind) => kind is SightingKind.DaemonStarted or SightingKind.DaemonEnded or SightingKind.PowerOff or SightingKind.Added or SightingKind.Removed
        or SightingKind.Refreshed or SightingKind.Refused or SightingKind.StepStarted or SightingKind.StepEnded or SightingKind.ProbeStarted or SightingKind.ProbeEnded;

    /// <inheritdoc/>
    public override void See(in Sighting sighting)
    {
        ref Progress progress = ref _progress[Slot(sighting.Node, sighting.Instance)];
        switch (sighting.Kind)
        {
            case SightingKind.DaemonStarted:
            case SightingKind.DaemonEnded:
            case SightingKind.PowerOff:
                _progress.AsSpan(Slot(sighting.Node, 0), Cast.Instances).Clear();
                break;
            case SightingKind.StepStarted when !sighting.IsDemotion:
                StepStarted(sighting, ref progress);
                break;
            case SightingKind.StepEnded when !sighting.IsDemotion && sighting.Attempt == progress.Attempt:
                StepEnded(sighting, ref progress);
                break;
            case SightingKind.ProbeStarted:
                progress.Probe = sighting.Attempt;
                progress.IsProbed = false;
                break;
            case SightingKind.ProbeEnded when sighting.Attempt == progress.Probe:
                progress.IsProbed = sighting.Number == 1;
                break;
            case SightingKind.Added:
                Judge(sighting, ref progress, "adds an address");
                break;
            case SightingKind.Refreshed when sighting.Number == 1:
                Judge(sighting, ref progress, "renews an address");
                break;
            case SightingKind.Removed when sighting.Thing == Thing.Addresses && (RemovalCause)sighting.Number == RemovalCause.Daemon:
            case SightingKind.Refused when sighting.Number == 0:
                progress.Void();
                break;
        }
    }

    /// <inheritdoc/>
    public override void Read(int node, in TimelineEntry entry, long at, long clock)
    {
        switch (entry.Kind)
        {
            case TimelineKind.PromotionStarted:
                uint confirmed = entry.Reason == PromotionReason.Operator ? _progress[Slot(node, entry.Index)].Confirmed : 0;
                _progress[Slot(node, entry.Index)] = new Progress { Confirmed = confirmed };
                break;
            case TimelineKind.EnteredBackup:
            case TimelineKind.EnteredFault:
            case TimelineKind.Stopped:
                _progress[Slot(node, entry.Index)].Void();
                break;
            case TimelineKind.OperatorConfirmed when entry.First == (int)ConfirmVerdict.Accepted:
                _progress[Slot(node, entry.Index)].Confirmed |= Cast.NodesOf([entry.Address]);
                break;
            case TimelineKind.ConfirmationVoid:
                _progress[Slot(node, entry.Index)].Confirmed &= ~Cast.NodesOf([entry.Address]);
                break;
        }
    }

    private void StepStarted(in Sighting sighting, ref Progress progress)
    {
        Judged++;
        PromotionPlan plan = PlanOf(sighting)!; // A step belongs to a plan.
        if (Missing(plan, progress, sighting.Number) is { } missing)
        {
            Violate(sighting.At, $"{Who(sighting.Node, sighting.Instance)} starts step {sighting.Number} although {missing}");
        }

        progress.Attempt = sighting.Attempt;
        progress.StartedAt = sighting.Clock;
        progress.Done &= ~(1UL << sighting.Number);
        progress.IsPermitted = false;
    }

    private void StepEnded(in Sighting sighting, ref Progress progress)
    {
        PromotionStep step = PlanOf(sighting)!.Steps[sighting.Number]; // As above.
        bool isInTime = step.Timeout == TimeSpan.MaxValue || sighting.Clock - progress.StartedAt <= Nano.Of(step.Timeout);
        if (sighting.Outcome.IsSuccess && isInTime)
        {
            progress.Done |= 1UL << sighting.Number;
        }

        progress.Attempt = 0;
    }

    private void Judge(in Sighting sighting, ref Progress progress, string what)
    {
        if (PlanOf(sighting) is not { IsEmpty: false } plan || progress.IsPermitted)
        {
            return;
        }

        Judged++;
        string? missing = Missing(plan, progress, plan.Steps.Count)
            ?? (progress.Attempt != 0 ? "a step is still under way" : plan.IsProbing && !progress.IsProbed ? "nobody was asked for the address, or somebody has it" : null);
        if (missing is not null)
        {
            Violate(sighting.At, $"{Who(sighting.Node, sighting.Instance)} {what} although {missing}");
        }

        progress.IsPermitted = true;
    }

    /// <summary>The first of the steps before the given one that has not succeeded; null = all have.</summary>
    private string? Missing(PromotionPlan plan, in Progress progress, int before)
    {
        for (int i = 0; i < before; i++)
        {
            PromotionStep step = plan.Steps[i];
            bool isConfirmed = step.Kind == StepKind.Fence && step.Targets.Count == 1 && (Cast.NodesOf(step.Targets) & ~progress.Confirmed) == 0;
            bool isSkippable = step.Kind == StepKind.Fence && plan.Scope == FenceScope.LastMaster && Cast.Nodes.Length > 2;
            if ((progress.Done & (1UL << i)) == 0 && !isConfirmed && !isSkippable)
            {
                return $"step {i} ({step.Name}) has not succeeded within its bound";
            }
        }

        return null;
    }

    private PromotionPlan? PlanOf(in Sighting sighting) => Cast.Nodes[sighting.Node].Instances[sighting.Instance].Promotion;

    private struct Progress
    {
        public ulong Done;
        public uint Attempt;
        public long StartedAt;
        public uint Probe;
        public bool IsProbed;
        public bool IsPermitted;
        public uint Confirmed;

        public void Void() => this = default;
    }
}
