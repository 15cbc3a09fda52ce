using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Sim;

/// <summary>G10: at no instant do two nodes hold the same address.</summary>
/// <remarks>
/// Not given, and then excused: when a node that holds has no fence for the other; with fence_scope last_master and three nodes or more; when the
/// fence by which one of them came to hold had reported success although the other had power all the time since it was started; when an operator
/// had confirmed what was not true.
/// </remarks>
internal sealed class OneOwner(Cast cast) : Checker(cast, "G10")
{
    private readonly uint[] _holders = new uint[cast.Instances];
    private readonly long[] _doubleSince = new long[cast.Instances];
    private readonly bool[] _hasPower = new bool[cast.Nodes.Length];
    private readonly long[] _powerChangedAt = new long[cast.Nodes.Length];
    private readonly Evidence[] _evidence = new Evidence[cast.Nodes.Length * cast.Instances];

    /// <summary>Nanoseconds in which an address was held more than once, excused or not.</summary>
    public long DoubleTime { get; private set; }

    /// <inheritdoc/>
    public override bool ReadsJournal => true;

    /// <inheritdoc/>
    public override bool Wants(SightingKind kind) => kind is SightingKind.PowerOn or SightingKind.PowerOff or SightingKind.Added or SightingKind.Removed
        or SightingKind.StepStarted or SightingKind.StepEnded or SightingKind.Confirmed;

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
                ref Evidence begun = ref _evidence[Slot(sighting.Node, sighting.Instance)];
                begun.Attempt = sighting.Attempt;
                begun.StartedAt = sighting.At;
                begun.StartedClock = sighting.Clock;
                break;
            case SightingKind.StepEnded when !sighting.IsDemotion && sighting.Outcome.IsSuccess:
                FenceSucceeded(sighting);
                break;
            case SightingKind.Confirmed when sighting.Number == 0:
                _evidence[Slot(sighting.Node, sighting.Instance)].Untrue |= 1u << sighting.By;
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
        if (entry.Kind == TimelineKind.PromotionStarted && entry.Reason != PromotionReason.Operator)
        {
            // Evidence belongs to one promotion.
            _evidence[Slot(node, entry.Index)] = default;
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
        ref Evidence evidence = ref _evidence[Slot(sighting.Node, sighting.Instance)];
        bool isLate = step.Timeout != TimeSpan.MaxValue && sighting.Clock - evidence.StartedClock > Nano.Of(step.Timeout);
        if (step.Kind != StepKind.Fence || sighting.Attempt != evidence.Attempt || isLate)
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

            // It told the truth if the target was without power at any time since the attempt was started.
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

        return (_evidence[Slot(node, instance)].Untrue & (1u << other)) != 0 ? "a fence reported success and the target had power" : null;
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
    }
}
