using FenceFirst.Core;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config;

/// <content>What the instance tracks: interfaces and scripts.</content>
internal sealed partial class InstanceBinder
{
    /// <summary>Largest weight of a script or an interface.</summary>
    private const int WeightMax = 253;

    private void CompleteTracking()
    {
        List<TrackReference> links = [];
        foreach (ConfigNode node in _trackLinkNodes)
        {
            int link = context.Link(node.Name, node.Span);
            if (!_values.TryWeight(node, -WeightMax, WeightMax, 0, false, out int weight, out bool isReversed) || link < 0)
            {
                continue;
            }

            if (link == _config.Link || links.Any(reference => reference.Index == link))
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
        IEnumerable<int> others = _config.Addresses.Concat(_config.ExcludedAddresses).Where(address => !address.IsUntracked).Select(address => address.Link)
            .Concat(_config.Routes.Where(route => !route.IsUntracked).Select(route => route.Link))
            .Where(link => link != _config.Link);
        foreach (int link in _isPrimaryUntracked ? others : others.Prepend(_config.Link))
        {
            if (link >= 0 && links.All(reference => reference.Index != link))
            {
                links.Add(new TrackReference(link, 0, false));
            }
        }

        EquatableArray<TrackReference> tracked = new ScriptLines(context, scripts).Of(_trackScriptNodes);
        _config = _config with { TrackLinks = links.ToEquatableArray(), TrackScripts = tracked };
    }
}
