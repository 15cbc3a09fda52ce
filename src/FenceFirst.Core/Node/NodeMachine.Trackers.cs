using FenceFirst.Core.Timeline;
using FenceFirst.Core.Tracking;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Node;

/// <content>Interfaces, files and processes that instances track. Each has a state of its own; what they add up to is computed anew (TrackingRules).</content>
public static partial class NodeMachine
{
    private static void LinkChanged(NodeConfig config, NodeState state, int link, bool isUp, MonotonicInstant now, EffectBuffer effects)
    {
        ref LinkState known = ref state.Links[link];
        known.IsUp = isUp;
        known.ChangeAt = MonotonicInstant.Never;
        TimeSpan delay = state.IsStarted && state.LinksUp[link] != isUp ? DelayOf(config, link, isUp) : TimeSpan.Zero;
        if (delay > TimeSpan.Zero)
        {
            known.ChangeAt = now + delay;
            Record(effects, new TimelineEntry { Kind = TimelineKind.LinkDelayed, Index = link, First = isUp ? 1 : 0, Duration = delay });
        }
        else
        {
            state.LinksUp[link] = isUp;
        }

        ReevaluateAll(config, state, now, effects);
    }

    private static TimeSpan DelayOf(NodeConfig config, int link, bool isUp)
    {
        foreach (ref readonly LinkDelay delay in config.LinkDelays.Span)
        {
            if (delay.Link == link)
            {
                return isUp ? delay.Up : delay.Down;
            }
        }

        return TimeSpan.Zero;
    }

    private static void LinkDeadline(NodeConfig config, NodeState state, int link, MonotonicInstant now, EffectBuffer effects)
    {
        ref LinkState known = ref state.Links[link];
        if (known.ChangeAt > now)
        {
            return;
        }

        known.ChangeAt = MonotonicInstant.Never;
        state.LinksUp[link] = known.IsUp;
        ReevaluateAll(config, state, now, effects);
    }

    private static void FileChanged(NodeConfig config, NodeState state, int file, int value, MonotonicInstant now, EffectBuffer effects)
    {
        if (state.Files[file] == value)
        {
            return;
        }

        state.Files[file] = value;
        Record(effects, new TimelineEntry { Kind = TimelineKind.FileChanged, Index = file, First = value });
        for (int i = 0; i < state.Instances.Length; i++)
        {
            if (IsTracked(config.Instances[i].TrackFiles, file))
            {
                Reevaluate(config, state, i, now, effects);
            }
        }
    }

    private static void ProcessesCounted(NodeConfig config, NodeState state, int index, int count, MonotonicInstant now, EffectBuffer effects)
    {
        ref ProcessState known = ref state.Processes[index];
        ProcessTracker tracker = config.Processes[index];
        TimeSpan delay = !known.IsKnown ? TimeSpan.Zero : count > known.Count ? tracker.ForkDelay : tracker.TerminateDelay;
        bool isGood = tracker.IsQuorum(count);
        known.Count = count;
        if (known.IsKnown && isGood == known.IsGood)
        {
            known.ChangeAt = MonotonicInstant.Never;
        }
        else if (delay <= TimeSpan.Zero)
        {
            JudgeProcesses(config, state, index, now, effects);
        }
        else if (known.ChangeAt.IsNever)
        {
            known.ChangeAt = now + delay;
        }
    }

    private static void ProcessDeadline(NodeConfig config, NodeState state, int index, MonotonicInstant now, EffectBuffer effects)
    {
        if (state.Processes[index].ChangeAt <= now)
        {
            JudgeProcesses(config, state, index, now, effects);
        }
    }

    private static void JudgeProcesses(NodeConfig config, NodeState state, int index, MonotonicInstant now, EffectBuffer effects)
    {
        ref ProcessState known = ref state.Processes[index];
        known.ChangeAt = MonotonicInstant.Never;
        known.IsKnown = true;
        known.IsGood = config.Processes[index].IsQuorum(known.Count);
        Record(effects, new TimelineEntry { Kind = TimelineKind.ProcessesChanged, Index = index, First = known.IsGood ? 1 : 0, Second = known.Count });
        for (int i = 0; i < state.Instances.Length; i++)
        {
            if (IsTracked(config.Instances[i].TrackProcesses, index))
            {
                Reevaluate(config, state, i, now, effects);
            }
        }
    }

    private static bool IsTracked(in EquatableArray<TrackReference> references, int index)
    {
        foreach (ref readonly TrackReference reference in references.Span)
        {
            if (reference.Index == index)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A timer that is not an instance's: check scripts, then interfaces, then processes.</summary>
    private static void TrackerDeadline(NodeConfig config, NodeState state, int timer, MonotonicInstant now, EffectBuffer effects)
    {
        if (timer < state.Scripts.Length)
        {
            ScriptDeadline(config, state, timer, now, effects);
        }
        else if (timer < state.Scripts.Length + state.Links.Length)
        {
            LinkDeadline(config, state, timer - state.Scripts.Length, now, effects);
        }
        else
        {
            ProcessDeadline(config, state, timer - state.Scripts.Length - state.Links.Length, now, effects);
        }
    }

    private static void ArmTrackers(NodeState state, EffectBuffer effects)
    {
        int timer = state.Instances.Length + state.Scripts.Length;
        foreach (ref readonly LinkState link in state.Links.AsSpan())
        {
            Arm(state, effects, timer++, link.ChangeAt);
        }

        foreach (ref readonly ProcessState process in state.Processes.AsSpan())
        {
            Arm(state, effects, timer++, process.ChangeAt);
        }
    }
}
