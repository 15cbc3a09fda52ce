using FenceFirst.Core.Tracking;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Node;

/// <summary>What a reload keeps: instances and check scripts that are the same in both configurations keep their state.</summary>
public static class NodeReload
{
    /// <summary>For every instance of the new configuration the index of the instance in the old one whose state it takes over, or -1.</summary>
    /// <remarks>
    /// The same instance has the same Vrid, family, interface and source, whatever its name (keepalived). It goes on in place when what it holds
    /// is unchanged and no steps of a changed plan are under way; otherwise it is stopped in order and starts anew.
    /// </remarks>
    /// <param name="old">The configuration that was in force.</param>
    /// <param name="state">The state under it.</param>
    /// <param name="next">The configuration that shall be.</param>
    public static int[] KeptInstances(NodeConfig old, NodeState state, NodeConfig next)
    {
        int[] kept = new int[next.Instances.Count];
        for (int i = 0; i < kept.Length; i++)
        {
            kept[i] = -1;
            for (int o = 0; o < old.Instances.Count; o++)
            {
                if (!state.Instances[o].IsStopping && CanGoOn(Translate(old.Instances[o], old, next), state.Instances[o], next.Instances[i]))
                {
                    kept[i] = o;
                    break;
                }
            }
        }

        ForgetBrokenGroups(old, next, kept);
        return kept;
    }

    /// <summary>The members of a sync group go on together or not at all: one that starts anew would make the others leave Master anyway.</summary>
    private static void ForgetBrokenGroups(NodeConfig old, NodeConfig next, int[] kept)
    {
        for (bool hasForgotten = true; hasForgotten;)
        {
            hasForgotten = false;
            for (int i = 0; i < kept.Length; i++)
            {
                if (kept[i] >= 0 && !IsGroupKept(old, next, kept, i))
                {
                    kept[i] = -1;
                    hasForgotten = true;
                }
            }
        }
    }

    private static bool IsGroupKept(NodeConfig old, NodeConfig next, int[] kept, int instance)
    {
        VrrpConfig before = old.Instances[kept[instance]];
        if (before.SyncGroup < 0 && next.Instances[instance].SyncGroup < 0)
        {
            return true;
        }

        return before.SyncGroup >= 0
            && next.Instances[instance].SyncGroup >= 0
            && next.Together(instance).Select(member => kept[member]).SequenceEqual(old.Together(kept[instance]));
    }

    /// <summary>State for the new configuration with everything kept carried over.</summary>
    /// <param name="old">The configuration that was in force.</param>
    /// <param name="state">The state under it, when everything that is not kept has stopped.</param>
    /// <param name="next">The configuration that is in force from now on.</param>
    /// <param name="kept">As <see cref="KeptInstances"/> gave it.</param>
    public static NodeState Carry(NodeConfig old, NodeState state, NodeConfig next, ReadOnlySpan<int> kept)
    {
        NodeState carried = state.For(next);
        for (int i = 0; i < kept.Length; i++)
        {
            if (kept[i] >= 0)
            {
                carried.Instances[i] = state.Instances[kept[i]];

                // Whoever reads the configuration anew has looked: a failed promotion with on_failure fault may be tried again.
                carried.Instances[i].Faults &= ~FaultCauses.Promotion;
                if (old.Instances[kept[i]] != next.Instances[i])
                {
                    // Other targets, another key or another window: what is known of releases is learned anew (docs/promotion.md 4).
                    carried.Instances[i].ReleasedTargets = 0;
                    carried.Instances[i].FollowedSince = MonotonicInstant.Never;
                }

                if (carried.Instances[i].Phase == VrrpPhase.Master && old.Instances[kept[i]].LeaseSeconds != next.Instances[i].LeaseSeconds)
                {
                    // Addresses that stay take over another lifetime, or none, at once.
                    carried.Instances[i].IsLeased = true;
                }

                if (next.Instances[i].Version == 2)
                {
                    // Version 2 does not learn: the interval is always the configured one.
                    carried.Instances[i].MasterAdvertInterval = next.Instances[i].AdvertInterval;
                }
            }
        }

        for (int i = 0; i < next.Groups.Count; i++)
        {
            int first = kept[next.Groups[i].Members[0]];
            if (first >= 0)
            {
                carried.Groups[i] = state.Groups[old.Instances[first].SyncGroup];
            }
        }

        for (int i = 0; i < next.Scripts.Count; i++)
        {
            int o = old.Scripts.Span.IndexOf(next.Scripts[i]);
            if (o >= 0)
            {
                carried.Scripts[i] = state.Scripts[o];
            }
        }

        for (int i = 0; i < next.Links.Count; i++)
        {
            int o = old.Links.Span.IndexOf(next.Links[i]);
            carried.LinksUp[i] = o >= 0 && state.LinksUp[o];
            carried.Links[i] = o >= 0 ? state.Links[o] : LinkState.Initial;
        }

        for (int i = 0; i < next.Files.Count; i++)
        {
            int o = old.Files.Span.IndexOf(next.Files[i]);
            carried.Files[i] = o >= 0 ? state.Files[o] : 0;
        }

        for (int i = 0; i < next.Processes.Count; i++)
        {
            int o = old.Processes.Span.IndexOf(next.Processes[i]);
            carried.Processes[i] = o >= 0 ? state.Processes[o] : carried.Processes[i];
        }

        return carried;
    }

    /// <summary>Whether an instance is the same in both configurations.</summary>
    /// <param name="old">The configuration that was in force.</param>
    /// <param name="before">Index in it.</param>
    /// <param name="next">The other configuration.</param>
    /// <param name="after">Index in that.</param>
    public static bool IsSame(NodeConfig old, int before, NodeConfig next, int after) => Translate(old.Instances[before], old, next) == next.Instances[after];

    private static bool CanGoOn(VrrpConfig before, in VrrpState state, VrrpConfig after)
    {
        if (before == after)
        {
            return true;
        }

        bool isSame = before.Vrid == after.Vrid
            && before.IsIPv6 == after.IsIPv6
            && before.Link == after.Link
            && before.IsUnicast == after.IsUnicast
            && before.Source == after.Source;
        bool isHoldingSame = before.Addresses == after.Addresses
            && before.ExcludedAddresses == after.ExcludedAddresses
            && before.Routes == after.Routes
            && before.Rules == after.Rules
            && before.IsFiltered == after.IsFiltered;
        bool isAtRest = state.Phase is VrrpPhase.Initialize or VrrpPhase.Backup or VrrpPhase.Fault
            || (state.Phase == VrrpPhase.Master && state.Transition == Transition.None);
        bool isPlanSame = before.Promotion == after.Promotion && before.Demotion == after.Demotion;
        return isSame && isHoldingSame && before.Version == after.Version && (isAtRest || isPlanSame);
    }

    /// <summary>An old instance with its references by index turned into those of the new configuration.</summary>
    private static VrrpConfig Translate(VrrpConfig instance, NodeConfig old, NodeConfig next) => instance with
    {
        Link = Link(instance.Link, old, next),
        SyncGroup = Group(instance.SyncGroup, old, next),
        Addresses = Addresses(instance.Addresses, old, next),
        ExcludedAddresses = Addresses(instance.ExcludedAddresses, old, next),
        Routes = instance.Routes.Select(route => route with
        {
            Link = Link(route.Link, old, next),
            NextHops = route.NextHops.Select(hop => hop with { Link = Link(hop.Link, old, next) }).ToEquatableArray(),
        }).ToEquatableArray(),
        TrackLinks = instance.TrackLinks.Select(track => track with { Index = Link(track.Index, old, next) }).ToEquatableArray(),
        TrackScripts = instance.TrackScripts
            .Select(track => track with { Index = next.Scripts.Span.IndexOf(old.Scripts[track.Index]) }).ToEquatableArray(),
        TrackFiles = instance.TrackFiles
            .Select(track => track with { Index = next.Files.Span.IndexOf(old.Files[track.Index]) }).ToEquatableArray(),
        TrackProcesses = instance.TrackProcesses
            .Select(track => track with { Index = next.Processes.Span.IndexOf(old.Processes[track.Index]) }).ToEquatableArray(),
    };

    private static EquatableArray<VirtualAddress> Addresses(EquatableArray<VirtualAddress> addresses, NodeConfig old, NodeConfig next) =>
        addresses.Select(address => address with { Link = Link(address.Link, old, next) }).ToEquatableArray();

    private static int Group(int group, NodeConfig old, NodeConfig next)
    {
        for (int i = 0; group >= 0 && i < next.Groups.Count; i++)
        {
            if (next.Groups[i].Name == old.Groups[group].Name)
            {
                return i;
            }
        }

        return group < 0 ? -1 : -2;
    }

    private static int Link(int link, NodeConfig old, NodeConfig next) =>
        link < 0 ? link : next.Links.Span.IndexOf(old.Links[link]) is >= 0 and int found ? found : -2;
}
