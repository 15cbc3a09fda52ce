using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Sim;

/// <summary>
/// G3: until the outcome of a fence is known no second attempt on the same target starts on that node, on behalf of any instance, nor between two devices of a level;
/// attempts are numbered, and no number is used twice. A fence that lives on when its daemon dies is one of them for the next life as well. Of a sync group one fence or
/// run is under way at a time, whichever member started it.
/// </summary>
/// <remarks>Excused: a number that is used again, but not while its first program lives, because a disk that failed had not been told of it when the daemon died.</remarks>
internal sealed class Remembered(Cast cast) : Checker(cast, "G3")
{
    private readonly List<Open> _open = [];
    private readonly HashSet<uint>[] _used = [.. cast.Nodes.Select(_ => new HashSet<uint>())];
    private readonly uint[] _lastUsed = new uint[cast.Nodes.Length];
    private readonly uint[] _lastOfEarlierLives = new uint[cast.Nodes.Length];
    private readonly bool[] _isForgotten = new bool[cast.Nodes.Length];
    private readonly uint[] _running = new uint[cast.Nodes.Length * cast.Instances];
    private readonly uint[] _halfDone = new uint[cast.Nodes.Length * cast.Instances];

    /// <inheritdoc/>
    public override bool ReadsJournal => true;

    /// <inheritdoc/>
    public override bool Wants(SightingKind kind) =>
        kind is SightingKind.MemoryLost or SightingKind.DaemonEnded or SightingKind.PowerOff or SightingKind.StepStarted or SightingKind.StepEnded or SightingKind.LeftoverEnded;

    /// <inheritdoc/>
    public override void See(in Sighting sighting)
    {
        int node = sighting.Node;
        switch (sighting.Kind)
        {
            case SightingKind.MemoryLost:
                _isForgotten[node] |= sighting.Number == 1;
                break;
            case SightingKind.DaemonEnded:
                EndLife(node);
                break;
            case SightingKind.PowerOff:
                EndLife(node);
                _open.RemoveAll(open => open.Node == node);
                break;
            case SightingKind.StepStarted:
                Start(sighting);
                break;
            case SightingKind.StepEnded:
            case SightingKind.LeftoverEnded:
                uint ended = sighting.Attempt;
                ref uint running = ref _running[PlanSlot(node, sighting.Instance)];
                running = running == ended ? 0 : running;
                _open.RemoveAll(open => open.Node == node && open.Attempt == ended);
                break;
        }
    }

    /// <inheritdoc/>
    public override void Read(int node, in TimelineEntry entry, long at, long clock)
    {
        if (entry is { Kind: TimelineKind.StepEnded, Phase: VrrpPhase.Promoting })
        {
            NoteHalfDone(node, entry);
        }
        else if (entry.Kind is TimelineKind.FenceLevelFailed or TimelineKind.PowerNotRestored or TimelineKind.StepConfirmed or TimelineKind.PromotionStarted or TimelineKind.EnteredBackup
            or TimelineKind.EnteredFault or TimelineKind.Stopped)
        {
            _halfDone[PlanSlot(node, entry.Index)] = 0;
        }
    }

    private void EndLife(int node)
    {
        _lastOfEarlierLives[node] = _lastUsed[node];
        _used[node].Clear();
        _halfDone.AsSpan(Slot(node, 0), Cast.Instances).Clear();
        _running.AsSpan(Slot(node, 0), Cast.Instances).Clear();
    }

    /// <summary>Between the devices of a level the others keep their hands off: a reboot of one supply would undo what this fence goes by.</summary>
    private void NoteHalfDone(int node, in TimelineEntry entry)
    {
        PromotionStep step = Cast.Nodes[node].Instances[entry.Index].Promotion!.Steps[entry.First]; // A promotion step belongs to a plan.
        int devices = step.DeviceCount(entry.Level);
        bool isOver = devices == 1 || (entry.Outcome.IsSuccess && entry.Device + 1 == devices);
        bool hasBegun = entry.Device > 0 || entry.Outcome.IsSuccess;
        _halfDone[PlanSlot(node, entry.Index)] = !isOver && hasBegun ? Cast.NodesOf(step.Targets) : 0;
    }

    private void Start(in Sighting sighting)
    {
        Judged++;
        int node = sighting.Node;
        uint number = sighting.Attempt;
        bool isOfEarlierLife = sighting.Attempt <= _lastOfEarlierLives[node];
        bool isNew = _used[node].Add(sighting.Attempt);
        if (isOfEarlierLife && isNew && _isForgotten[node] && !_open.Exists(open => open.Node == node && open.Attempt == number))
        {
            Excuse("a disk that failed had not been told of the numbers when the daemon died");
        }
        else if (isOfEarlierLife || !isNew)
        {
            Violate(sighting.At, $"{Who(node, sighting.Instance)} uses attempt number {sighting.Attempt} again");
        }

        _lastUsed[node] = Math.Max(_lastUsed[node], sighting.Attempt);
        if (sighting.IsDemotion)
        {
            return;
        }

        PromotionStep step = Cast.Nodes[node].Instances[sighting.Instance].Promotion!.Steps[sighting.Number]; // As above.
        if (step.Kind != StepKind.Check && Cast.HasGroups)
        {
            BeginForGroup(sighting);
        }

        uint targets = step.Kind == StepKind.Fence ? Cast.NodesOf(step.Targets) : 0;
        if (targets == 0)
        {
            return;
        }

        for (int i = _open.Count - 1; i >= 0; i--)
        {
            if (_open[i].Node == node && (_open[i].Targets & targets) != 0)
            {
                Violate(sighting.At, $"{Who(node, sighting.Instance)} starts fence attempt {sighting.Attempt} while attempt {_open[i].Attempt} on the same target is under way");
            }
        }

        for (int i = 0; i < Cast.Instances; i++)
        {
            if (i != Cast.LeaderOf(node, sighting.Instance) && (_halfDone[Slot(node, i)] & targets) != 0)
            {
                Violate(sighting.At, $"{Who(node, sighting.Instance)} starts fence attempt {sighting.Attempt} between two devices of {Who(node, i)} on the same target");
            }
        }

        _open.Add(new Open(node, sighting.Attempt, targets));
    }

    /// <summary>Within one life of the daemon; what lives on after it is judged by its targets.</summary>
    private void BeginForGroup(in Sighting sighting)
    {
        ref uint running = ref _running[PlanSlot(sighting.Node, sighting.Instance)];
        if (running != 0)
        {
            Violate(sighting.At, $"{Who(sighting.Node, sighting.Instance)} starts attempt {sighting.Attempt} while attempt {running} of its promotion is under way");
        }

        running = sighting.Attempt;
    }

    private readonly record struct Open(int Node, uint Attempt, uint Targets);
}
