using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Sim;

/// <summary>
/// G1 and G2: an address is added only after every step of one promotion has succeeded, in order, each within its bound, in one life of the daemon; exit
/// status 0 is the only success. A fence of several devices has succeeded when everything that switches off in one level has. In a sync group it is the one
/// promotion of the group, whose steps succeed once for all members, while each member asks for its own addresses (docs/sync-groups.md).
/// </summary>
/// <remarks>Counted as excused: a fence that is passed over with release_is_enough, when each of its targets has said priority 0 since it last held the address.</remarks>
internal sealed class Permission(Cast cast) : Checker(cast, "G1, G2")
{
    private readonly uint[] _released = new uint[cast.Instances];
    // Of the promotion, which is one for all members of a sync group; and what is asked for each of them.
    private readonly Progress[] _progress = new Progress[cast.Nodes.Length * cast.Instances];
    private readonly Asked[] _asked = new Asked[cast.Nodes.Length * cast.Instances];

    /// <inheritdoc/>
    public override bool ReadsJournal => true;

    /// <inheritdoc/>
    public override bool Wants(SightingKind kind) => kind is SightingKind.DaemonStarted or SightingKind.DaemonEnded or SightingKind.PowerOff or SightingKind.Added or SightingKind.Removed
        or SightingKind.Refreshed or SightingKind.Refused or SightingKind.AdvertSent or SightingKind.StepStarted or SightingKind.StepEnded or SightingKind.ProbeStarted or SightingKind.ProbeEnded;

    /// <inheritdoc/>
    public override void See(in Sighting sighting)
    {
        ref Progress progress = ref _progress[PlanSlot(sighting.Node, sighting.Instance)];
        ref Asked asked = ref _asked[Slot(sighting.Node, sighting.Instance)];
        switch (sighting.Kind)
        {
            case SightingKind.DaemonStarted:
            case SightingKind.DaemonEnded:
            case SightingKind.PowerOff:
                _progress.AsSpan(Slot(sighting.Node, 0), Cast.Instances).Clear();
                _asked.AsSpan(Slot(sighting.Node, 0), Cast.Instances).Clear();
                break;
            case SightingKind.StepStarted when !sighting.IsDemotion:
                StepStarted(sighting, ref progress);
                break;
            case SightingKind.StepEnded when !sighting.IsDemotion && sighting.Attempt == progress.Attempt:
                StepEnded(sighting, ref progress);
                break;
            case SightingKind.ProbeStarted:
                asked.Probe = sighting.Attempt;
                asked.IsProbed = false;
                break;
            case SightingKind.ProbeEnded when sighting.Attempt == asked.Probe:
                asked.IsProbed = sighting.Number == 1;
                break;
            case SightingKind.AdvertSent when sighting.Number == 0:
                _released[sighting.Instance] |= 1u << sighting.Node;
                break;
            case SightingKind.Added:
                _released[sighting.Instance] &= sighting.Thing == Thing.Addresses ? ~(1u << sighting.Node) : uint.MaxValue;
                Judge(sighting, progress, ref asked, "adds an address");
                break;
            case SightingKind.Refreshed when sighting.Number == 1:
                Judge(sighting, progress, ref asked, "renews an address");
                break;
            case SightingKind.Removed when sighting.Thing == Thing.Addresses && (RemovalCause)sighting.Number == RemovalCause.Daemon:
            case SightingKind.Refused when sighting.Number == 0:
                Void(sighting.Node, sighting.Instance);
                break;
        }
    }

    /// <inheritdoc/>
    public override void Read(int node, in TimelineEntry entry, long at, long clock)
    {
        switch (entry.Kind)
        {
            case TimelineKind.PromotionStarted:
                uint confirmed = entry.Reason == PromotionReason.Operator ? _progress[PlanSlot(node, entry.Index)].Confirmed : 0;
                Void(node, entry.Index);
                _progress[PlanSlot(node, entry.Index)].Confirmed = confirmed;
                break;
            case TimelineKind.StepStarted when entry.Phase == VrrpPhase.Promoting:
                // What was confirmed when the step was decided on; it starts when the disk has its promise.
                ref Progress decided = ref _progress[PlanSlot(node, entry.Index)];
                decided.Decided = decided.Confirmed;
                break;
            case TimelineKind.StepEnded when entry.Phase == VrrpPhase.Promoting && entry.Outcome.IsSuccess && Cast.Together(node, entry.Index).Count > 1:
                NoteKnown(node, entry);
                break;
            case TimelineKind.EnteredBackup:
            case TimelineKind.EnteredFault:
            case TimelineKind.Stopped:
                Void(node, entry.Index);
                break;
            case TimelineKind.OperatorConfirmed when entry.First == (int)ConfirmVerdict.Accepted:
                _progress[PlanSlot(node, entry.Index)].Confirmed |= Cast.NodesOf([entry.Address]);
                break;
            case TimelineKind.ConfirmationVoid:
                _progress[PlanSlot(node, entry.Index)].Confirmed &= ~Cast.NodesOf([entry.Address]);
                break;
        }
    }

    /// <summary>Whatever was achieved counts no more, for no member of the group.</summary>
    private void Void(int node, int instance)
    {
        _progress[PlanSlot(node, instance)] = default;
        foreach (int member in Cast.Together(node, instance))
        {
            _asked[Slot(node, member)] = default;
        }
    }

    /// <summary>A step that has succeeded in the eyes of the daemon has done so for the whole group.</summary>
    private void NoteKnown(int node, in TimelineEntry entry)
    {
        PromotionStep step = Cast.Nodes[node].Instances[entry.Index].Promotion!.Steps[entry.First]; // A promotion step belongs to a plan.
        if (entry.Device + 1 == step.DeviceCount(entry.Level))
        {
            _progress[PlanSlot(node, entry.Index)].Known |= 1UL << entry.First;
        }
    }

    private void StepStarted(in Sighting sighting, ref Progress progress)
    {
        Judged++;
        PromotionPlan plan = PlanOf(sighting)!; // A step belongs to a plan.
        if (Missing(plan, progress with { Confirmed = progress.Confirmed | progress.Decided }, sighting.Number, sighting.Instance) is { } missing)
        {
            Violate(sighting.At, $"{Who(sighting.Node, sighting.Instance)} starts step {sighting.Number} although {missing}");
        }

        if ((progress.Known & (1UL << sighting.Number)) != 0)
        {
            Violate(sighting.At, $"{Who(sighting.Node, sighting.Instance)} starts step {sighting.Number} once more, which has succeeded for the whole sync group");
        }

        PromotionStep step = plan.Steps[sighting.Number];
        PromotionStep device = step.Device(sighting.Level, sighting.Device);
        if (sighting.Device == 0 || sighting.Level != progress.Level)
        {
            progress.Devices = 0;
        }

        uint before = (1u << sighting.Device) - 1;
        if ((progress.Devices & before) != before && !device.IsRestoring)
        {
            Violate(sighting.At, $"{Who(sighting.Node, sighting.Instance)} starts device {sighting.Device} of step {sighting.Number} before the others of its level have succeeded");
        }

        progress.Level = sighting.Level;
        progress.Attempt = sighting.Attempt;
        progress.StartedAt = sighting.Clock;
        progress.Done &= device.IsRestoring ? ulong.MaxValue : ~(1UL << sighting.Number);
        foreach (int member in Cast.Together(sighting.Node, sighting.Instance))
        {
            _asked[Slot(sighting.Node, member)].IsPermitted = false;
        }
    }

    private void StepEnded(in Sighting sighting, ref Progress progress)
    {
        PromotionStep step = PlanOf(sighting)!.Steps[sighting.Number]; // As above.
        PromotionStep device = step.Device(sighting.Level, sighting.Device);
        bool isInTime = device.Timeout == TimeSpan.MaxValue || sighting.Clock - progress.StartedAt <= Nano.Of(device.Timeout);
        if (sighting.Outcome.IsSuccess && isInTime)
        {
            progress.Devices |= 1u << sighting.Device;
        }

        // A step of one device, or a fence of which everything that switches off has done so.
        int devices = step.DeviceCount(sighting.Level);
        uint off = 0;
        for (int i = 0; i < devices; i++)
        {
            off |= step.Device(sighting.Level, i).IsRestoring ? 0 : 1u << i;
        }

        progress.Done |= (progress.Devices & off) == off ? 1UL << sighting.Number : 0;

        progress.Attempt = 0;
    }

    private void Judge(in Sighting sighting, in Progress progress, ref Asked asked, string what)
    {
        if (PlanOf(sighting) is not { IsEmpty: false } plan || asked.IsPermitted)
        {
            return;
        }

        Judged++;
        string? missing = Missing(plan, progress, plan.Steps.Count, sighting.Instance)
            ?? (progress.Attempt != 0 ? "a step is still under way" : plan.IsProbing && !asked.IsProbed ? "nobody was asked for the address, or somebody has it" : null);
        if (missing is not null)
        {
            Violate(sighting.At, $"{Who(sighting.Node, sighting.Instance)} {what} although {missing}");
        }

        asked.IsPermitted = true;
    }

    /// <summary>The first of the steps before the given one that has not succeeded; null = all have.</summary>
    private string? Missing(PromotionPlan plan, in Progress progress, int before, int instance)
    {
        for (int i = 0; i < before; i++)
        {
            PromotionStep step = plan.Steps[i];
            bool isConfirmed = step.Kind == StepKind.Fence && (Cast.NodesOf(step.Targets) & ~progress.Confirmed) == 0;
            bool isSkippable = step.Kind == StepKind.Fence && plan.Scope == FenceScope.LastMaster && Cast.Nodes.Length > 2;
            bool isReleased = step.Kind == StepKind.Fence && plan.IsReleaseEnough && (Cast.NodesOf(step.Targets) & ~_released[instance]) == 0;
            if ((progress.Done & (1UL << i)) == 0 && isReleased)
            {
                Excuse("every target had said priority 0 (release_is_enough)");
            }
            else if ((progress.Done & (1UL << i)) == 0 && !isConfirmed && !isSkippable)
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
        public byte Level;
        public uint Devices;
        public long StartedAt;
        public uint Confirmed;
        public uint Decided;

        // Of a sync group: the steps that the journal says have succeeded.
        public ulong Known;
    }

    private struct Asked
    {
        public uint Probe;
        public bool IsProbed;
        public bool IsPermitted;
    }
}
