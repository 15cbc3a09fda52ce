using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Tracking;

/// <summary>What the trackers of an instance add up to, computed anew from the present state of each (never from a shared bit).</summary>
public readonly record struct TrackingResult(byte Priority, FaultCauses Faults, bool IsAwaitingScripts);

/// <summary>The contribution table of keepalived.</summary>
public static class TrackingRules
{
    /// <summary>Effective priority, tracker faults, and whether weight 0 scripts have yet to run.</summary>
    public static TrackingResult Evaluate(VrrpConfig config, NodeState state)
    {
        int total = config.BasePriority;
        FaultCauses faults = FaultCauses.None;
        bool isAwaiting = false;
        foreach (ref readonly TrackReference reference in config.TrackScripts.Span)
        {
            ref readonly ScriptState script = ref state.Scripts[reference.Index];
            if (!script.IsKnown)
            {
                // Before the first result a weighted script contributes nothing, a weight 0 script holds the instance back.
                isAwaiting |= reference.Weight == 0;
                continue;
            }

            Contribute(reference, script.IsGood, FaultCauses.Script, ref total, ref faults);
        }

        foreach (ref readonly TrackReference reference in config.TrackLinks.Span)
        {
            Contribute(reference, state.LinksUp[reference.Index], FaultCauses.Link, ref total, ref faults);
        }

        byte priority = config.IsOwner ? (byte)255 : (byte)Math.Clamp(total, 1, 254);
        return new TrackingResult(priority, faults, isAwaiting);
    }

    private static void Contribute(in TrackReference reference, bool isGood, FaultCauses cause, ref int total, ref FaultCauses faults)
    {
        if (reference.Weight == 0)
        {
            if (isGood == reference.IsReversed)
            {
                faults |= cause;
            }

            return;
        }

        int weight = reference.IsReversed ? -reference.Weight : reference.Weight;
        bool counts = reference.Weight > 0 ? isGood : !isGood;
        if (counts)
        {
            total += weight;
        }
    }
}
