using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Node;

/// <summary>
/// What keeps the members of a sync group together after every event (docs/sync-groups.md): faults are shared, the promotion begins when all want it and
/// ends for all, all leave Master when one does, and the group is told of when all have arrived.
/// </summary>
/// <remarks>
/// Each rule looks at the present states only, so that it cannot be missed: whatever has moved a member, the others follow before the event is over. Members move
/// in their order; nobody holds an address before the leader's promotion has succeeded (G1), and nobody says priority 0 before everything of all is gone (G5).
/// </remarks>
internal static class SyncGroupRules
{
    /// <summary>Rounds after which a group must have come to rest: more than any chain of consequences has links, so that a bug cannot hold the loop.</summary>
    private const int RoundsPerMember = 8;

    /// <summary>Applies the rules to one group.</summary>
    public static void Settle(NodeConfig config, NodeState state, int group, MonotonicInstant now, EffectBuffer effects)
    {
        EquatableArray<int> members = config.Groups[group].Members;
        bool hasMoved = true;
        for (int round = 0; hasMoved; round++)
        {
            Invariant.Check(round < RoundsPerMember * (members.Count + 1), "a sync group comes to rest");
            hasMoved = false;
            foreach (int member in members)
            {
                hasMoved |= Machine(config, state, member, now, effects).SyncFaults();
            }

            hasMoved |= LeaveTogether(config, state, members, now, effects);
            hasMoved |= DemoteTogether(config, state, members, now, effects);
            hasMoved |= PromoteTogether(config, state, members, now, effects);
        }

        Tell(state, group, Arrived(state, members), effects);
    }

    /// <summary>Tells that the members are about to start as Backup: before they do, as in keepalived. Of a fault at the start they are told first, as of every other one.</summary>
    public static void TellBeforeStart(NodeConfig config, NodeState state, int group, MonotonicInstant now, EffectBuffer effects)
    {
        EquatableArray<int> members = config.Groups[group].Members;
        FaultCauses faults = FaultCauses.None;
        bool isWaiting = Machine(config, state, members[0], now, effects).IsGroupOfOwners;
        foreach (int member in members)
        {
            Machine(config, state, member, now, effects).EvaluateBeforeStart();
        }

        foreach (int member in members)
        {
            ref readonly VrrpState one = ref state.Instances[member];
            faults |= one.Faults & ~FaultCauses.Group;
            isWaiting |= one.IsAwaitingScripts || one.Phase != VrrpPhase.Initialize || one.IsStopping;
        }

        if (!isWaiting && faults == FaultCauses.None)
        {
            Tell(state, group, Notification.Backup, effects);
        }
    }

    private static VrrpMachine Machine(NodeConfig config, NodeState state, int member, MonotonicInstant now, EffectBuffer effects) =>
        new(config, state, member, now, effects);

    /// <summary>Members are Master together, or candidates together, or neither.</summary>
    private static bool LeaveTogether(NodeConfig config, NodeState state, EquatableArray<int> members, MonotonicInstant now, EffectBuffer effects)
    {
        bool isAnyOut = false;
        Transition transition = Transition.Yield;
        foreach (int member in members)
        {
            ref readonly VrrpState one = ref state.Instances[member];
            isAnyOut |= one.Phase is not (VrrpPhase.Promoting or VrrpPhase.Master);
            transition = one.Phase == VrrpPhase.Demoting && one.Transition == Transition.Release ? Transition.Release : transition;
        }

        bool hasMoved = false;
        ref readonly VrrpState leader = ref state.Instances[members[0]];
        foreach (int member in members)
        {
            VrrpMachine machine = Machine(config, state, member, now, effects);
            ref readonly VrrpState one = ref state.Instances[member];
            if (one.Phase == VrrpPhase.Master && isAnyOut)
            {
                machine.LeaveWithGroup(transition);
                hasMoved = true;
            }
            else if (one.Phase != VrrpPhase.Promoting)
            {
                continue;
            }
            else if (member == members[0])
            {
                if (isAnyOut && !one.Steps.IsQuitting)
                {
                    machine.EndPromotionWithGroup();
                    hasMoved = true;
                }
            }
            else if (leader.Phase is not (VrrpPhase.Promoting or VrrpPhase.Master))
            {
                machine.FollowDown();
                hasMoved = true;
            }
            else if (leader.Steps.HasReleased && !one.Steps.HasReleased)
            {
                machine.FollowIntoSilence();
                hasMoved = true;
            }
        }

        return hasMoved;
    }

    /// <summary>When everything of all members is gone, the leader demotes; when it has, the others release as it did.</summary>
    private static bool DemoteTogether(NodeConfig config, NodeState state, EquatableArray<int> members, MonotonicInstant now, EffectBuffer effects)
    {
        foreach (int member in members)
        {
            ref readonly VrrpState one = ref state.Instances[member];
            if (one.Phase == VrrpPhase.Master || (one.Phase == VrrpPhase.Demoting && !one.IsAwaitingGroup))
            {
                return false;
            }
        }

        bool hasMoved = false;
        foreach (int member in members)
        {
            if (state.Instances[member].IsAwaitingGroup)
            {
                Machine(config, state, member, now, effects).GoOnDemoting();
                hasMoved = true;
                if (state.Instances[member].Phase == VrrpPhase.Demoting)
                {
                    // Its demotion steps are under way.
                    break;
                }
            }
        }

        return hasMoved;
    }

    /// <summary>The promotion begins when every member stands ready; after the leader the others become Master, one after the other.</summary>
    private static bool PromoteTogether(NodeConfig config, NodeState state, EquatableArray<int> members, MonotonicInstant now, EffectBuffer effects)
    {
        bool isReady = true;
        foreach (int member in members)
        {
            isReady &= Machine(config, state, member, now, effects).IsReadyToPromote;
        }

        if (isReady)
        {
            Machine(config, state, members[0], now, effects).BeginGroupPromotion();
            return true;
        }

        foreach (int member in members)
        {
            ref readonly VrrpState one = ref state.Instances[member];
            if (one.Phase == VrrpPhase.Promoting && member != members[0])
            {
                Machine(config, state, member, now, effects).FollowUp();
                return true;
            }

            if (one.Phase != VrrpPhase.Master || one.Transition == Transition.Raise)
            {
                return false;
            }
        }

        return false;
    }

    /// <summary>What all members have in common now; absent = they are on their way.</summary>
    private static Notification? Arrived(NodeState state, EquatableArray<int> members)
    {
        int masters = 0;
        int backups = 0;
        int faults = 0;
        int stopped = 0;
        int deleted = 0;
        foreach (int member in members)
        {
            ref readonly VrrpState one = ref state.Instances[member];
            masters += one.Phase == VrrpPhase.Master && one.Transition != Transition.Raise ? 1 : 0;
            backups += one.Phase is VrrpPhase.Backup or VrrpPhase.Promoting ? 1 : 0;
            faults += one.Phase == VrrpPhase.Fault ? 1 : 0;
            stopped += one.IsStopped ? 1 : 0;
            deleted += one.IsDeleted ? 1 : 0;
        }

        return masters == members.Count ? Notification.Master
            : backups == members.Count ? Notification.Backup
            : faults == members.Count ? Notification.Fault
            : stopped == members.Count && deleted < members.Count ? Notification.Stop
            : null;
    }

    private static void Tell(NodeState state, int group, Notification? arrived, EffectBuffer effects)
    {
        if (arrived is not { } told || state.Groups[group].Told == told)
        {
            return;
        }

        state.Groups[group].Told = told;
        effects.Add(new NodeEffect
        {
            Kind = NodeEffectKind.Record,
            Index = group,
            Entry = new TimelineEntry { Kind = TimelineKind.GroupChanged, Index = group, First = (int)told },
        });
        effects.Add(new NodeEffect { Kind = NodeEffectKind.NotifyGroup, Index = group, Notification = told });
    }
}
