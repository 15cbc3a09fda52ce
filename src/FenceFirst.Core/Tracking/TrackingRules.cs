using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Tracking;

/// <summary>What the trackers of an instance add up to, computed anew from the present state of each (never from a shared bit).</summary>
public readonly record struct TrackingResult(byte Priority, FaultCauses Faults, bool IsAwaitingScripts);

/// <summary>The contribution table of keepalived.</summary>
public static class TrackingRules
{
    /// <summary>Effective priority, tracker faults, and whether weight 0 scripts have yet to run or processes to be counted.</summary>
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

        foreach (ref readonly TrackReference reference in config.TrackFiles.Span)
        {
            ContributeFile(reference, state.Files[reference.Index], ref total, ref faults);
        }

        foreach (ref readonly TrackReference reference in config.TrackProcesses.Span)
        {
            ref readonly ProcessState processes = ref state.Processes[reference.Index];
            if (!processes.IsKnown)
            {
                isAwaiting |= reference.Weight == 0;
                continue;
            }

            Contribute(reference, processes.IsGood, FaultCauses.Process, ref total, ref faults);
        }

        byte priority = config.IsOwner ? (byte)255 : (byte)Math.Clamp(total, 1, 254);
        return new TrackingResult(priority, faults, isAwaiting);
    }

    /// <summary>The number times the weight; -254 and less is a fault, more than 253 counts as 253 (keepalived.conf(5), track files).</summary>
    private static void ContributeFile(in TrackReference reference, int value, ref int total, ref FaultCauses faults)
    {
        const int Lowest = -254;
        const int Highest = 253;
        if (reference.Weight == 0)
        {
            faults |= (value != 0) != reference.IsReversed ? FaultCauses.File : FaultCauses.None;
            return;
        }

        long product = (long)value * reference.Weight * (reference.IsReversed ? -1 : 1);
        if (product <= Lowest)
        {
            faults |= FaultCauses.File;
        }
        else
        {
            total += (int)Math.Min(product, Highest);
        }
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
