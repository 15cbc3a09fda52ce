using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <content>What the instance tracks: interfaces and scripts.</content>
internal sealed partial class InstanceBinder
{
    private void CompleteTracking()
    {
        List<TrackReference> links = new(1);
        foreach (ConfigNode node in _trackLinkNodes)
        {
            int link = context.Link(node.Name, node.Span);
            if (!_values.TryWeight(node, -ValueReader.WeightMax, ValueReader.WeightMax, 0, false, out int weight, out bool isReversed) || link < 0)
            {
                continue;
            }

            if (link == _config.Link || IsTracked(links, link))
            {
                _diagnostics.Add(
                    link == _config.Link ? DiagnosticCodes.OwnInterfaceTracked : DiagnosticCodes.TrackedTwice,
                    node.Span,
                    link == _config.Link ? $"{node.Name} is the instance's own interface: this line is ignored, as in keepalived" : $"{node.Name} is tracked twice; the first one holds",
                    link == _config.Link ? "it is tracked anyway unless dont_track_primary is written" : "");
                continue;
            }

            links.Add(new TrackReference(link, weight, isReversed));
        }

        // Implicitly tracked with weight 0: the own interface, and those of addresses and routes (keepalived.conf(5), dont_track_primary, no_track).
        if (!_isPrimaryUntracked)
        {
            TrackToo(links, _config.Link);
            TrackToo(links, _config.Vmac?.Link ?? -1);
        }

        foreach (VirtualAddress address in new AddressWalk(_config.Addresses, _config.ExcludedAddresses))
        {
            if (!address.IsUntracked && !_config.IsOwnLink(address.Link))
            {
                TrackToo(links, address.Link);
            }
        }

        foreach (VirtualRoute route in _config.Routes)
        {
            if (!route.IsUntracked && !_config.IsOwnLink(route.Link))
            {
                TrackToo(links, route.Link);
            }
        }

        EquatableArray<TrackReference> tracked = new ScriptLines(context, scripts).Of(_trackScriptNodes);
        _config.TrackLinks = links.ToEquatableArray();
        _config.TrackScripts = tracked;
    }

    private static void TrackToo(List<TrackReference> links, int link)
    {
        if (link >= 0 && !IsTracked(links, link))
        {
            links.Add(new TrackReference(link, 0, false));
        }
    }

    private static bool IsTracked(List<TrackReference> links, int link)
    {
        foreach (TrackReference reference in links)
        {
            if (reference.Index == link)
            {
                return true;
            }
        }

        return false;
    }
}
