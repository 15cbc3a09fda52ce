using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config;

/// <summary>static_ipaddress, static_routes and static_rules: what the node holds as long as the daemon runs.</summary>
internal sealed class StaticBinder(BindContext context)
{
    private const string KeepalivedDefaultInterface = "eth0";

    /// <summary>The configuration with everything that the blocks name.</summary>
    public NodeConfig Bind(List<ConfigNode> root, NodeConfig config)
    {
        List<VirtualAddress> addresses = [];
        foreach (ConfigNode entry in Entries(root, "static_ipaddress"))
        {
            AddressBinder binder = new(context, isStatic: true);
            int link = entry.Words.Exists(word => word.Text == "dev") ? -1 : DefaultLink(entry);
            if (binder.Bind(entry, link) is VirtualAddress address)
            {
                addresses.Add(address);
            }
        }

        RouteBinder routes = new(context, isStatic: true);
        RuleBinder rules = new(context, isStatic: true);
        return config with
        {
            StaticAddresses = addresses.ToEquatableArray(),
            StaticRoutes = Entries(root, "static_routes").Select(entry => routes.Route(entry, isIPv6: false)).OfType<VirtualRoute>().ToEquatableArray(),
            StaticRules = Entries(root, "static_rules").Select(entry => rules.Rule(entry, isIPv6: false)).OfType<VirtualRule>().ToEquatableArray(),
        };
    }

    private int DefaultLink(ConfigNode entry) => context.Globals.DefaultInterface is ConfigNode given
        ? context.Link(given.Value, given.ValueSpan)
        : context.Link(KeepalivedDefaultInterface, entry.Span);

    private static IEnumerable<ConfigNode> Entries(List<ConfigNode> root, string name) => root.Where(node => node.Name == name).SelectMany(node => node.Children);
}
