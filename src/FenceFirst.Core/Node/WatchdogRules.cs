using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Node;

/// <summary>When the watchdog is armed and disarmed: from the start of the first promotion until no instance promotes, holds or removes anything (docs/self-fencing.md).</summary>
internal static class WatchdogRules
{
    /// <summary>Has it armed, unless it is or is being.</summary>
    public static void Arm(NodeConfig config, NodeState state, EffectBuffer effects)
    {
        if (state.Watchdog == WatchdogPhase.Off)
        {
            state.Watchdog = WatchdogPhase.Arming;
            state.WatchdogArmedAs = config.Watchdog;
            state.WatchdogAttempt = ++state.LastAttempt;
            effects.Add(new NodeEffect { Kind = NodeEffectKind.ArmWatchdog, Attempt = state.WatchdogAttempt });
        }
    }

    /// <summary>Has it disarmed; an answer that is still under way changes nothing.</summary>
    public static void Disarm(NodeState state, EffectBuffer effects)
    {
        if (state.Watchdog != WatchdogPhase.Off)
        {
            Forget(state);
            effects.Add(new NodeEffect { Kind = NodeEffectKind.DisarmWatchdog });
        }
    }

    /// <summary>Nobody needs it any more.</summary>
    public static void DisarmIfIdle(NodeState state, EffectBuffer effects)
    {
        if (state.Watchdog != WatchdogPhase.Off && !IsNeeded(state))
        {
            Disarm(state, effects);
        }
    }

    /// <summary>The host has armed it (errno 0) or could not. Answers to any request but the last change nothing.</summary>
    public static void Answered(NodeConfig config, NodeState state, uint attempt, int errno, MonotonicInstant now, EffectBuffer effects)
    {
        if (attempt == 0 || attempt != state.WatchdogAttempt)
        {
            return;
        }

        state.WatchdogAttempt = 0;
        state.Watchdog = WatchdogPhase.Armed;
        if (errno != 0)
        {
            Forget(state);
        }

        for (int i = 0; i < state.Instances.Length; i++)
        {
            new VrrpMachine(config, state, i, now, effects).WatchdogAnswered(errno);
        }
    }

    /// <summary>After a reload: what is configured now takes the place of what was.</summary>
    public static void Reconfigured(NodeConfig config, NodeState state, EffectBuffer effects)
    {
        if (state.Watchdog != WatchdogPhase.Off && state.WatchdogArmedAs != config.Watchdog)
        {
            Disarm(state, effects);
        }

        if (config.Watchdog is not null && IsNeeded(state))
        {
            Arm(config, state, effects);
        }
    }

    private static bool IsNeeded(NodeState state)
    {
        foreach (ref readonly VrrpState instance in state.Instances.AsSpan())
        {
            if (instance.Phase is VrrpPhase.Promoting or VrrpPhase.Master or VrrpPhase.Demoting || (instance.IsRemovalDoubtful && !instance.IsStopped))
            {
                return true;
            }
        }

        return false;
    }

    private static void Forget(NodeState state)
    {
        state.Watchdog = WatchdogPhase.Off;
        state.WatchdogArmedAs = null;
        state.WatchdogAttempt = 0;
    }
}
