using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Daemon;

/// <summary>What a reload keeps: instances and check scripts that are the same in both configurations keep their state.</summary>
internal static class NodeReload
{
    /// <summary>For every instance of the new configuration the index of the same instance in the old one, or -1.</summary>
    public static int[] KeptInstances(NodeConfig old, NodeConfig next)
    {
        int[] kept = new int[next.Instances.Count];
        for (int i = 0; i < kept.Length; i++)
        {
            kept[i] = -1;
            for (int o = 0; o < old.Instances.Count; o++)
            {
                if (old.Instances[o].Name == next.Instances[i].Name && Translate(old.Instances[o], old, next) == next.Instances[i])
                {
                    kept[i] = o;
                    break;
                }
            }
        }

        return kept;
    }

    /// <summary>State for the new configuration with everything kept carried over.</summary>
    public static NodeState Carry(NodeConfig old, NodeState state, NodeConfig next, ReadOnlySpan<int> kept)
    {
        NodeState carried = state.For(next);
        for (int i = 0; i < kept.Length; i++)
        {
            if (kept[i] >= 0)
            {
                carried.Instances[i] = state.Instances[kept[i]];
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
        }

        return carried;
    }

    /// <summary>An old instance with its references by index turned into those of the new configuration.</summary>
    private static VrrpConfig Translate(VrrpConfig instance, NodeConfig old, NodeConfig next) => instance with
    {
        Link = Link(instance.Link, old, next),
        Addresses = Addresses(instance.Addresses, old, next),
        ExcludedAddresses = Addresses(instance.ExcludedAddresses, old, next),
        Routes = instance.Routes.Select(route => route with { Link = Link(route.Link, old, next) }).ToEquatableArray(),
        TrackLinks = instance.TrackLinks.Select(track => track with { Index = Link(track.Index, old, next) }).ToEquatableArray(),
        TrackScripts = instance.TrackScripts
            .Select(track => track with { Index = next.Scripts.Span.IndexOf(old.Scripts[track.Index]) }).ToEquatableArray(),
    };

    private static EquatableArray<VirtualAddress> Addresses(EquatableArray<VirtualAddress> addresses, NodeConfig old, NodeConfig next) =>
        addresses.Select(address => address with { Link = Link(address.Link, old, next) }).ToEquatableArray();

    private static int Link(int link, NodeConfig old, NodeConfig next) =>
        link < 0 ? link : next.Links.Span.IndexOf(old.Links[link]) is >= 0 and int found ? found : -2;
}
