using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;

namespace FenceFirst.Core.Vrrp;

/// <summary>Whether an operator may answer for a fence now, and if not, why (docs/promotion.md 3).</summary>
public enum ConfirmVerdict : byte
{
    /// <summary>That target counts as down in this promotion; a fence all of whose targets do counts as succeeded.</summary>
    Accepted = 0,

    /// <summary>No fence of this instance has that address among its targets.</summary>
    NoSuchFence,

    /// <summary>That fence has succeeded in this promotion already.</summary>
    AlreadyDone,

    /// <summary>The promotion under way is ending: a living master, a fault or a stop.</summary>
    Ending,

    /// <summary>Backup, and a master is heard.</summary>
    MasterIsHeard,

    /// <summary>Backup, and no promotion has failed lately: there is nothing to answer for.</summary>
    NothingFailed,

    /// <summary>In Fault, Master, Demoting or Initialize no promotion can be under way.</summary>
    WrongPhase,

    /// <summary>Maintenance is on: no promotion starts.</summary>
    Maintenance,
}

/// <summary>Whether an instance may hand its addresses over now, and if not, why (docs/promotion.md 7).</summary>
public enum HandoverVerdict : byte
{
    /// <summary>It leaves Master in order and waits for another one.</summary>
    Accepted = 0,

    /// <summary>It is not Master, so there is nothing to hand over.</summary>
    NotMaster,

    /// <summary>A handover is under way already.</summary>
    UnderWay,

    /// <summary>The daemon is stopping, which hands over by itself.</summary>
    Stopping,

    /// <summary>Priority 255: RFC 9568 lets the address owner take the addresses back whatever is configured.</summary>
    Owner,
}

/// <summary>What an operator may do, as questions to the state; nothing is changed here.</summary>
public static class OperatorRules
{
    /// <summary>Judges <c>confirm INSTANCE --target ADDRESS</c> in the present state. The steps of a sync group are its leader's, whichever member is named.</summary>
    public static ConfirmVerdict JudgeConfirm(NodeConfig config, NodeState node, int instance, InternetAddress target, MonotonicInstant now)
    {
        int leader = config.Together(instance)[0];
        ref readonly VrrpState state = ref node.Instances[leader];
        ulong steps = StepsOf(config.Instances[leader], target);
        if (steps == 0)
        {
            return ConfirmVerdict.NoSuchFence;
        }

        switch (state.Phase)
        {
            case VrrpPhase.Promoting:
                if (state.Steps.IsQuitting || state.Steps.IsRefuted || state.Steps.IsAwaitingRelease)
                {
                    return ConfirmVerdict.Ending;
                }

                return From(steps, state.Steps.Index) == 0 ? ConfirmVerdict.AlreadyDone : ConfirmVerdict.Accepted;
            case VrrpPhase.Backup when now < state.MaintenanceUntil:
                return ConfirmVerdict.Maintenance;
            case VrrpPhase.Backup:
                foreach (int member in config.Together(instance))
                {
                    if (!IsSilent(node.Instances[member], now))
                    {
                        return ConfirmVerdict.MasterIsHeard;
                    }
                }

                return state.FailedPromotions > 0 && now < state.RetryAt ? ConfirmVerdict.Accepted : ConfirmVerdict.NothingFailed;
            case VrrpPhase.Initialize:
            case VrrpPhase.Master:
            case VrrpPhase.Demoting:
            case VrrpPhase.Fault:
                return ConfirmVerdict.WrongPhase;
        }

        return ConfirmVerdict.WrongPhase;
    }

    /// <summary>Whether no master is heard by a Backup. One of a sync group is heard only until the timer fires that would have it want the promotion.</summary>
    private static bool IsSilent(in VrrpState state, MonotonicInstant now)
    {
        // A master that only was is kept with priority 0; a postponed promotion means that the last one has gone silent.
        bool isMasterSilent = state.Master.IsNone || state.MasterPriority == 0 || state.MasterDownAt == state.RetryAt || state.IsWantingMaster;
        bool isLowerSilent = state.LowerMaster.IsNone || now >= state.MasterDownAt;
        return state.Phase == VrrpPhase.Backup && isMasterSilent && isLowerSilent;
    }

    /// <summary>Judges <c>handover INSTANCE</c> in the present state.</summary>
    public static HandoverVerdict JudgeHandover(NodeConfig config, NodeState node, int instance)
    {
        ref readonly VrrpState state = ref node.Instances[instance];
        return state.IsStopping ? HandoverVerdict.Stopping
            : state.Handover.Number != 0 ? HandoverVerdict.UnderWay
            : state.Phase != VrrpPhase.Master ? HandoverVerdict.NotMaster
            : config.Instances[instance].IsOwner ? HandoverVerdict.Owner
            : HandoverVerdict.Accepted;
    }

    /// <summary>Whether any instance, a test, or an earlier life of the daemon has a fence under way on one of the targets (G3).</summary>
    public static bool IsFencing(NodeConfig config, NodeState node, EquatableArray<InternetAddress> targets)
    {
        foreach (AttemptMemory leftover in node.Leftovers)
        {
            if (NodeState.Overlaps(leftover.Targets, targets))
            {
                return true;
            }
        }

        return node.IsFencing(config, -1, targets);
    }

    /// <summary>
    /// The targets that have to be confirmed as well before a fence of this one counts as succeeded, in the order of the file; empty = none, or nothing is promoted.
    /// </summary>
    public static IReadOnlyList<InternetAddress> StillToConfirm(NodeConfig config, NodeState node, int instance, InternetAddress target)
    {
        int leader = config.Together(instance)[0];
        ref readonly VrrpState state = ref node.Instances[leader];
        List<InternetAddress> missing = [];
        if (state.Phase != VrrpPhase.Promoting || config.Instances[leader].Promotion is not { } plan)
        {
            return missing;
        }

        for (int i = state.Steps.Index; i < plan.Steps.Count; i++)
        {
            PromotionStep step = plan.Steps[i];
            foreach (InternetAddress other in step.Kind == StepKind.Fence && step.Targets.Span.Contains(target) ? step.Targets : default)
            {
                if ((state.Steps.Confirmed & TargetBit(plan, other)) == 0 && !missing.Contains(other))
                {
                    missing.Add(other);
                }
            }
        }

        return missing;
    }

    /// <summary>The fences that have the address among their targets, a bit per step.</summary>
    internal static ulong StepsOf(VrrpConfig config, InternetAddress target)
    {
        ulong steps = 0;
        ReadOnlySpan<PromotionStep> plan = config.Promotion is { } promotion && TargetBit(promotion, target) != 0 ? promotion.Steps.Span : default;
        for (int i = 0; i < plan.Length && i < PromotionPlan.StepsMax; i++)
        {
            if (plan[i].Kind == StepKind.Fence && plan[i].Targets.Span.Contains(target))
            {
                steps |= 1UL << i;
            }
        }

        return steps;
    }

    /// <summary>The steps of a set that have not been passed yet.</summary>
    internal static ulong From(ulong steps, byte index) => index >= PromotionPlan.StepsMax ? 0 : steps & (ulong.MaxValue << index);

    /// <summary>The bit of a fence target in a set of the plan's targets; 0 = it is none, or the set has no room for it.</summary>
    internal static ulong TargetBit(PromotionPlan plan, InternetAddress target)
    {
        int index = plan.IndexOfTarget(target);
        return index is >= 0 and < VrrpState.ReleasedTargetsMax ? 1UL << index : 0;
    }
}
