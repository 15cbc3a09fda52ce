using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Sim;

/// <summary>G10: at no instant do two nodes hold the same address.</summary>
/// <remarks>
/// Not given, and then excused: when a node that holds has no fence for the other; with fence_scope last_master and three nodes or more; when the
/// fence by which one of them came to hold had reported success although the other had power all the time since the promotion began; when an operator
/// had confirmed what was not true; when a release replaced the fence and a wall clock was set by more than its window meanwhile (docs/promotion.md 4.1).
/// </remarks>
internal sealed class OneOwner(Cast cast) : Checker(cast, "G10")
{
    private readonly uint[] _holders = new uint[cast.Instances];
    private readonly long[] _doubleSince = new long[cast.Instances];
    private readonly bool[] _hasPower = new bool[cast.Nodes.Length];
    private readonly long[] _powerChangedAt = new long[cast.Nodes.Length];
    private long _clockSetAt = -1;
    // Of the promotion, which is one for all members of a sync group.
    private readonly Evidence[] _evidence = new Evidence[cast.Nodes.Length * cast.Instances];

    /// <summary>Nanoseconds in which an address was held more than once, excused or not.</summary>
    public long DoubleTime { get; private set; }

    /// <inheritdoc/>
    public override bool ReadsJournal => true;

    /// <inheritdoc/>
    public override bool Wants(SightingKind kind) => kind is SightingKind.PowerOn or SightingKind.PowerOff or SightingKind.Added or SightingKind.Removed
        or SightingKind.StepStarted or SightingKind.StepEnded or SightingKind.Confirmed or SightingKind.WallClockSet;

    /// <inheritdoc/>
    public override void See(in Sighting sighting)
    {
        switch (sighting.Kind)
        {
            case SightingKind.PowerOn:
            case SightingKind.PowerOff:
                _hasPower[sighting.Node] = sighting.Kind == SightingKind.PowerOn;
                _powerChangedAt[sighting.Node] = sighting.At;
                break;
            case SightingKind.StepStarted when !sighting.IsDemotion:
                ref Evidence begun = ref _evidence[PlanSlot(sighting.Node, sighting.Instance)];
                begun.Attempt = sighting.Attempt;
                begun.StartedClock = sighting.Clock;
                break;
            case SightingKind.StepEnded when !sighting.IsDemotion && sighting.Outcome.IsSuccess:
                FenceSucceeded(sighting);
                break;
            case SightingKind.Confirmed when sighting.Number == 0:
                _evidence[PlanSlot(sighting.Node, sighting.Instance)].Untrue |= 1u << sighting.By;
                break;
            case SightingKind.WallClockSet:
                _clockSetAt = sighting.At;
                break;
            case SightingKind.Added when sighting.Thing == Thing.Addresses:
                Take(sighting);
                break;
            case SightingKind.Removed when sighting.Thing == Thing.Addresses:
                Change(sighting.Instance, _holders[sighting.Instance] & ~(1u << sighting.Node), sighting.At);
                break;
        }
    }

    /// <inheritdoc/>
    public override void Read(int node, in TimelineEntry entry, long at, long clock)
    {
        switch (entry.Kind)
        {
            case TimelineKind.PromotionStarted:
                // Evidence belongs to one promotion; what an operator has just said begins it.
                ref Evidence evidence = ref _evidence[PlanSlot(node, entry.Index)];
                evidence = new Evidence { StartedAt = at, Untrue = entry.Reason == PromotionReason.Operator ? evidence.Untrue : 0 };
                break;
            case TimelineKind.StepReleased:
                _evidence[PlanSlot(node, entry.Index)].Released |= Cast.NodesOf(Cast.Nodes[node].Instances[entry.Index].Promotion!.Steps[entry.First].Targets); // A step belongs to a plan.
                break;
        }
    }

    /// <inheritdoc/>
    public override void End(long at)
    {
        for (int i = 0; i < _holders.Length; i++)
        {
            Change(i, 0, at);
        }
    }

    private void FenceSucceeded(in Sighting sighting)
    {
        PromotionStep step = Cast.Nodes[sighting.Node].Instances[sighting.Instance].Promotion!.Steps[sighting.Number];
        ref Evidence evidence = ref _evidence[PlanSlot(sighting.Node, sighting.Instance)];
        PromotionStep device = step.Device(sighting.Level, sighting.Device);
        bool isLate = device.Timeout != TimeSpan.MaxValue && sighting.Clock - evidence.StartedClock > Nano.Of(device.Timeout);
        bool isOff = sighting.Device + 1 == step.DeviceCount(sighting.Level) || step.Device(sighting.Level, sighting.Device + 1).IsRestoring;
        if (step.Kind != StepKind.Fence || sighting.Attempt != evidence.Attempt || isLate || !isOff || device.IsRestoring)
        {
            return;
        }

        uint targets = Cast.NodesOf(step.Targets);
        for (int target = 0; target < _hasPower.Length; target++)
        {
            if ((targets & (1u << target)) == 0)
            {
                continue;
            }

            // It told the truth if the target was without power at any time since the promotion began.
            bool isTrue = !_hasPower[target] || _powerChangedAt[target] > evidence.StartedAt;
            evidence.Untrue = isTrue ? evidence.Untrue & ~(1u << target) : evidence.Untrue | (1u << target);
        }
    }

    private void Take(in Sighting sighting)
    {
        Judged++;
        int instance = sighting.Instance;
        uint others = _holders[instance] & ~(1u << sighting.Node);
        Change(instance, _holders[instance] | (1u << sighting.Node), sighting.At);
        for (int other = 0; others != 0; other++, others >>= 1)
        {
            if ((others & 1) == 0)
            {
                continue;
            }

            string? excuse = ExcuseOf(sighting.Node, other, instance) ?? ExcuseOf(other, sighting.Node, instance);
            if (excuse is null)
            {
                Violate(sighting.At, $"{Who(sighting.Node, instance)} takes an address that {Who(other, instance)} still holds");
            }
            else
            {
                Excuse(excuse);
            }
        }
    }

    /// <summary>Why a node's permission may be worth nothing against another one; null = it has to be worth something.</summary>
    private string? ExcuseOf(int node, int other, int instance)
    {
        VrrpConfig config = Cast.Nodes[node].Instances[instance];
        bool isCovered = false;
        if (config.Promotion is { } plan)
        {
            foreach (PromotionStep step in plan.Steps)
            {
                isCovered |= step.Kind == StepKind.Fence && (Cast.NodesOf(step.Targets) & (1u << other)) != 0;
            }

            if (isCovered && plan.Scope == FenceScope.LastMaster && Cast.Nodes.Length > 2)
            {
                return "fence_scope last_master with three nodes";
            }
        }

        if (!isCovered)
        {
            return "no fence configured";
        }

        ref readonly Evidence evidence = ref _evidence[PlanSlot(node, instance)];
        if ((evidence.Untrue & (1u << other)) != 0)
        {
            return "a fence reported success and the target had power";
        }

        return (evidence.Released & (1u << other)) != 0 && IsClockSet(config, evidence.StartedAt) ? "a wall clock was set while a release was relied on" : null;
    }

    /// <summary>Whether a wall clock was set so short a time before that a release could be taken for another one's.</summary>
    private bool IsClockSet(VrrpConfig config, long at)
    {
        long window = config.Hmac is { } hmac ? HmacReceiverState.ReplaySeconds(hmac) * Nano.Second : 0;
        return _clockSetAt >= 0 && at - _clockSetAt <= 2 * window;
    }

    private void Change(int instance, uint holders, long at)
    {
        bool wasDouble = IsDouble(_holders[instance]);
        _holders[instance] = holders;
        if (wasDouble)
        {
            DoubleTime += at - _doubleSince[instance];
        }

        _doubleSince[instance] = at;
    }

    private static bool IsDouble(uint holders) => (holders & (holders - 1)) != 0;

    private struct Evidence
    {
        public uint Attempt;
        public long StartedAt;
        public long StartedClock;
        public uint Untrue;
        public uint Released;
    }
}
