using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Tracking;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Node;

/// <summary>The whole host as a pure function: (configuration, state, event, now) → (state changed in place, effects).</summary>
/// <remarks>
/// No clock, no randomness, no I/O, no thread: the daemon and the simulator run this very code. The host delivers events one at a time, carries
/// the effects out in order, and answers every StartStep, StartScript and AskKernel exactly once with its attempt number.
/// </remarks>
public static partial class NodeMachine
{
    /// <summary>Handles one event.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="state">Changed in place.</param>
    /// <param name="nodeEvent">What happened.</param>
    /// <param name="now">When it happened on the node's own clock; never earlier than in the call before.</param>
    /// <param name="effects">What the host shall do is appended here, in order.</param>
    public static void Step(NodeConfig config, NodeState state, in NodeEvent nodeEvent, MonotonicInstant now, EffectBuffer effects)
    {
        bool isOver = state.MaintenanceCheckAt <= now;
        if (isOver)
        {
            MaintenanceRules.Expire(config, state, now, effects);
        }

        bool isFrequent = nodeEvent.Kind
                is NodeEventKind.AdvertReceived or NodeEventKind.PacketRefused or NodeEventKind.KernelAnswered or NodeEventKind.AddressesProbed or NodeEventKind.MemoryKept
            || (nodeEvent.Kind == NodeEventKind.DeadlineReached && nodeEvent.Index < state.Instances.Length);
        bool wasFencing = isFrequent && state.IsFencing(config, nodeEvent.Index);
        switch (nodeEvent.Kind)
        {
            case NodeEventKind.Started:
                Start(config, state, now, effects);
                break;
            case NodeEventKind.DeadlineReached:
                // The host's timer has fired: whatever is still due has to be armed again, at the same instant even.
                state.Armed[nodeEvent.Index] = MonotonicInstant.Never;
                if (nodeEvent.Index < state.Instances.Length)
                {
                    Machine(config, state, nodeEvent.Index, now, effects).DeadlineReached();
                }
                else if (nodeEvent.Index == state.Armed.Length - 1)
                {
                    LeaseRules.Renew(config, state, now, effects);
                }
                else
                {
                    TrackerDeadline(config, state, nodeEvent.Index - state.Instances.Length, now, effects);
                }

                break;
            case NodeEventKind.AdvertReceived:
                Machine(config, state, nodeEvent.Index, now, effects).AdvertReceived(nodeEvent.Advert, nodeEvent.Address, nodeEvent.Duration);
                break;
            case NodeEventKind.PacketRefused:
                Machine(config, state, nodeEvent.Index, now, effects).PacketRefused(nodeEvent.Error, nodeEvent.Address, nodeEvent.Number != 0);
                break;
            case NodeEventKind.StepEnded:
                Machine(config, state, nodeEvent.Index, now, effects).StepEnded(nodeEvent.Attempt, nodeEvent.Outcome);
                break;
            case NodeEventKind.KernelAnswered:
                Machine(config, state, nodeEvent.Index, now, effects).KernelAnswered(nodeEvent.Attempt, nodeEvent.Number);
                break;
            case NodeEventKind.ScriptEnded:
                ScriptEnded(config, state, nodeEvent, now, effects);
                break;
            case NodeEventKind.LinkChanged:
                LinkChanged(config, state, nodeEvent.Index, nodeEvent.Number != 0, now, effects);
                break;
            case NodeEventKind.FileChanged:
                FileChanged(config, state, nodeEvent.Index, nodeEvent.Number, now, effects);
                break;
            case NodeEventKind.ProcessesCounted:
                ProcessesCounted(config, state, nodeEvent.Index, nodeEvent.Number, now, effects);
                break;
            case NodeEventKind.SourceChanged:
                state.Instances[nodeEvent.Index].Source = nodeEvent.Address;
                Reevaluate(config, state, nodeEvent.Index, now, effects);
                break;
            case NodeEventKind.AddressLost:
                Machine(config, state, nodeEvent.Index, now, effects).AddressLost();
                break;
            case NodeEventKind.AddressesProbed:
                Machine(config, state, nodeEvent.Index, now, effects)
                    .AddressesProbed(nodeEvent.Attempt, nodeEvent.Address, nodeEvent.Station, nodeEvent.Number);
                break;
            case NodeEventKind.StopRequested:
                for (int i = 0; i < state.Instances.Length; i++)
                {
                    if (nodeEvent.Index < 0 || nodeEvent.Index == i)
                    {
                        Machine(config, state, i, now, effects).StopRequested(nodeEvent.Number != 0);
                    }
                }

                break;
            case NodeEventKind.RenewalPhaseFound:
                LeaseRules.ChangePhase(state, nodeEvent.Number, now);
                break;
            case NodeEventKind.LeftoverEnded:
                NodeRecall.LeftoverEnded(config, state, nodeEvent.Attempt, effects);
                break;
            case NodeEventKind.WatchdogAnswered:
                WatchdogRules.Answered(config, state, nodeEvent.Attempt, nodeEvent.Number, now, effects);
                break;
            case NodeEventKind.MemoryKept:
                Machine(config, state, nodeEvent.Index, now, effects).MemoryKept(nodeEvent.Attempt);
                break;
            case NodeEventKind.OperatorRetry:
                foreach (int member in config.Together(nodeEvent.Index))
                {
                    Machine(config, state, member, now, effects).OperatorRetry();
                }

                break;
            case NodeEventKind.OperatorConfirmed:
                Machine(config, state, config.Together(nodeEvent.Index)[0], now, effects).OperatorConfirmed(nodeEvent.Address);
                break;
            case NodeEventKind.ReplayMarkForgotten:
                Machine(config, state, nodeEvent.Index, now, effects).ReplayMarkForgotten();
                break;
            case NodeEventKind.OperatorHandover:
                Handover(config, state, nodeEvent, now, effects);
                break;
            case NodeEventKind.MaintenanceChanged:
                MaintenanceRules.Change(config, state, nodeEvent.Index, nodeEvent.Until, now, effects);
                break;
            case NodeEventKind.FenceTestChanged:
                state.TestedTargets = nodeEvent.Targets;
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }

        int touched = isFrequent && !isOver ? config.Instances[nodeEvent.Index].SyncGroup : -1;
        SettleGroups(config, state, isFrequent && !isOver, touched, now, effects);
        WatchdogRules.DisarmIfIdle(state, effects);
        if (!isFrequent || isOver || (wasFencing && !state.IsFencing(config, nodeEvent.Index)))
        {
            WakeQueuedFences(config, state, now, effects);
            SettleGroups(config, state, false, -1, now, effects);
            ArmTimers(state, effects);
        }
        else
        {
            // The frequent events touch one instance or group: with hundreds of instances a look at all of them would be the dearest part.
            foreach (int member in touched < 0 ? default : config.Groups[touched].Members.Span)
            {
                Arm(state, effects, member, state.Instances[member].NextDeadline);
            }

            Arm(state, effects, nodeEvent.Index, state.Instances[nodeEvent.Index].NextDeadline);
        }

        Arm(state, effects, state.Armed.Length - 1, state.RenewAt);
    }

    /// <summary>Brings the members of sync groups together again: of one group, or of all.</summary>
    private static void SettleGroups(NodeConfig config, NodeState state, bool isOne, int group, MonotonicInstant now, EffectBuffer effects)
    {
        int first = isOne ? Math.Max(0, group) : 0;
        int end = isOne ? group + 1 : state.Groups.Length;
        for (int i = first; state.IsStarted && i < end; i++)
        {
            SyncGroupRules.Settle(config, state, i, now, effects);
        }
    }

    /// <summary>The members of a sync group hand over together, or none does: the one that was asked is judged.</summary>
    private static void Handover(NodeConfig config, NodeState state, in NodeEvent asked, MonotonicInstant now, EffectBuffer effects)
    {
        Machine(config, state, asked.Index, now, effects).OperatorHandover(asked.Duration);
        if (state.Instances[asked.Index].Handover.Number == 0)
        {
            return;
        }

        foreach (int member in config.Together(asked.Index))
        {
            if (member != asked.Index && OperatorRules.JudgeHandover(config, state, member) == HandoverVerdict.Accepted)
            {
                Machine(config, state, member, now, effects).OperatorHandover(asked.Duration);
            }
        }
    }

    internal static VrrpMachine Machine(NodeConfig config, NodeState state, int index, MonotonicInstant now, EffectBuffer effects)
    {
        VrrpMachine machine = new(config, state, index, now, effects);

        // What has come to its end by the clock has ended before anything else is judged, whichever event is the first to come later.
        machine.HandoverExpired();
        return machine;
    }

    private static void Start(NodeConfig config, NodeState state, MonotonicInstant now, EffectBuffer effects)
    {
        state.IsStarted = true;
        WatchdogRules.Reconfigured(config, state, effects);
        for (int i = 0; i < state.Groups.Length; i++)
        {
            SyncGroupRules.TellBeforeStart(config, state, i, now, effects);
        }

        for (int i = 0; i < state.Instances.Length; i++)
        {
            // After a reload some instances are new and the others go on.
            VrrpMachine machine = Machine(config, state, i, now, effects);
            if (state.Instances[i].Phase == VrrpPhase.Initialize)
            {
                machine.Started();
            }
            else
            {
                machine.Reconfigured();
            }

            if (state.Instances[i].IsLeased)
            {
                // The addresses still have the lifetime of the old configuration, and the grid of the new one may be wider than that.
                state.RenewAt = now;
            }
        }

        for (int i = 0; i < state.Scripts.Length; i++)
        {
            if (state.Scripts[i].RunAt.IsNever && state.Scripts[i].Attempt == 0)
            {
                state.Scripts[i].RunAt = now;
            }
        }
    }

    private static void ScriptDeadline(NodeConfig config, NodeState state, int index, MonotonicInstant now, EffectBuffer effects)
    {
        ref ScriptState script = ref state.Scripts[index];
        ScriptTracker tracker = config.Scripts[index];
        bool isStuck = script.IsTimedOut;
        if (script.TimeoutAt <= now)
        {
            // A check that outlives its bound has failed now, not when the kernel finally lets it die.
            script.TimeoutAt = MonotonicInstant.Never;
            script.IsTimedOut = true;
            effects.Add(new NodeEffect { Kind = NodeEffectKind.KillScript, Index = index, Attempt = script.Attempt });
            Record(effects, new TimelineEntry { Kind = TimelineKind.ScriptTimedOut, Index = index, Duration = tracker.Timeout });
            CountScript(config, state, index, isSuccess: false, now, effects);
        }

        if (script.RunAt <= now)
        {
            if (script.Attempt == 0)
            {
                script.Attempt = ++state.LastAttempt;
                script.IsTimedOut = false;
                script.TimeoutAt = now + tracker.Timeout;
                effects.Add(new NodeEffect { Kind = NodeEffectKind.StartScript, Index = index, Attempt = script.Attempt });
            }
            else if (isStuck)
            {
                // Still not dead at the next tick (uninterruptible sleep): each tick is one more failure.
                CountScript(config, state, index, isSuccess: false, now, effects);
            }

            script.RunAt = NextOnGrid(script.RunAt, tracker.Interval, now);
        }
    }

    private static void ScriptEnded(NodeConfig config, NodeState state, in NodeEvent ended, MonotonicInstant now, EffectBuffer effects)
    {
        ref ScriptState script = ref state.Scripts[ended.Index];
        if (script.Attempt != ended.Attempt)
        {
            return;
        }

        bool isCounted = script.IsTimedOut;
        script.Attempt = 0;
        script.IsTimedOut = false;
        script.TimeoutAt = MonotonicInstant.Never;
        if (!isCounted)
        {
            CountScript(config, state, ended.Index, ended.Outcome.IsSuccess, now, effects, ended.Outcome);
        }
    }

    private static void CountScript(
        NodeConfig config, NodeState state, int index, bool isSuccess, MonotonicInstant now, EffectBuffer effects, StepOutcome outcome = default)
    {
        if (!state.Scripts[index].Count(config.Scripts[index], isSuccess))
        {
            return;
        }

        Record(effects, new TimelineEntry
        {
            Kind = TimelineKind.ScriptChanged,
            Index = index,
            First = state.Scripts[index].IsGood ? 1 : 0,
            Outcome = state.Scripts[index].IsTimedOut ? new StepOutcome(StepOutcomeKind.TimedOut) : outcome,
        });
        for (int i = 0; i < state.Instances.Length; i++)
        {
            foreach (ref readonly TrackReference reference in config.Instances[i].TrackScripts.Span)
            {
                if (reference.Index == index)
                {
                    Reevaluate(config, state, i, now, effects);
                    break;
                }
            }
        }
    }

    private static void ReevaluateAll(NodeConfig config, NodeState state, MonotonicInstant now, EffectBuffer effects)
    {
        for (int i = 0; i < state.Instances.Length; i++)
        {
            Reevaluate(config, state, i, now, effects);
        }
    }

    private static void Reevaluate(NodeConfig config, NodeState state, int index, MonotonicInstant now, EffectBuffer effects) =>
        Machine(config, state, index, now, effects).TrackersChanged();

    private static void WakeQueuedFences(NodeConfig config, NodeState state, MonotonicInstant now, EffectBuffer effects)
    {
        // G3: a fence that waited for another instance's attempt on the same target may start now; in index order, one after the other.
        for (int i = 0; i < state.Instances.Length; i++)
        {
            if (state.Instances[i].Steps.IsQueued)
            {
                Machine(config, state, i, now, effects).ContinueQueuedStep();
            }
        }
    }

    private static void ArmTimers(NodeState state, EffectBuffer effects)
    {
        for (int i = 0; i < state.Instances.Length; i++)
        {
            Arm(state, effects, i, state.Instances[i].NextDeadline);
        }

        for (int i = 0; i < state.Scripts.Length; i++)
        {
            Arm(state, effects, state.Instances.Length + i, state.Scripts[i].NextDeadline);
        }

        ArmTrackers(state, effects);
    }

    private static void Arm(NodeState state, EffectBuffer effects, int timer, MonotonicInstant deadline)
    {
        if (state.Armed[timer] != deadline)
        {
            state.Armed[timer] = deadline;
            effects.Add(new NodeEffect { Kind = NodeEffectKind.ArmTimer, Index = timer, Deadline = deadline });
        }
    }

    private static void Record(EffectBuffer effects, in TimelineEntry entry) =>
        effects.Add(new NodeEffect { Kind = NodeEffectKind.Record, Index = entry.Index, Entry = entry });

    /// <summary>The first point of the grid after <paramref name="now"/>: absolute, so that lateness never adds up.</summary>
    internal static MonotonicInstant NextOnGrid(MonotonicInstant due, TimeSpan interval, MonotonicInstant now)
    {
        MonotonicInstant next = due + interval;
        if (next > now)
        {
            return next;
        }

        long behind = (now - due).Ticks / interval.Ticks;
        return due + new TimeSpan((behind + 1) * interval.Ticks);
    }
}
