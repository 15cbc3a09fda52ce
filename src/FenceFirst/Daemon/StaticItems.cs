using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Daemon;

/// <summary>Addresses, routes and rules that are there as long as the daemon runs (static_ipaddress, static_routes, static_rules).</summary>
/// <remarks>They are kept with the kernel's numbers of the interfaces, so that those of two configurations can be compared.</remarks>
internal sealed class StaticItems(KernelRunner kernel, LinkTable links, LogWriter log)
{
    private List<VirtualAddress> _addresses = [];
    private List<VirtualRoute> _routes = [];
    private List<VirtualRule> _rules = [];

    /// <summary>Removes what the configuration does not hold any more and adds what is new in it.</summary>
    public void Apply(NodeConfig config)
    {
        List<VirtualAddress> addresses = [.. config.StaticAddresses.Select(address => address with { Link = links.IndexOf(address.Link) })];
        List<VirtualRoute> routes = [.. config.StaticRoutes.Select(Bound)];
        List<VirtualRule> rules = [.. config.StaticRules];
        Change(_rules.Except(rules).Reverse(), "static rule", kernel.RemoveStatic, "remove");
        Change(_routes.Except(routes).Reverse(), "static route", kernel.RemoveStatic, "remove");
        Change(_addresses.Except(addresses).Reverse(), "static address", kernel.RemoveStatic, "remove");
        Change(addresses.Except(_addresses), "static address", kernel.AddStatic, "add");
        Change(routes.Except(_routes), "static route", kernel.AddStatic, "add");
        Change(rules.Except(_rules), "static rule", kernel.AddStatic, "add");
        (_addresses, _routes, _rules) = (addresses, routes, rules);
    }

    /// <summary>Removes everything, at the end of the daemon.</summary>
    public void Remove() => Apply(new NodeConfig());

    private VirtualRoute Bound(VirtualRoute route) => route with
    {
        Link = route.Link < 0 ? -1 : links.IndexOf(route.Link),
        NextHops = route.NextHops.Select(hop => hop with { Link = hop.Link < 0 ? -1 : links.IndexOf(hop.Link) }).ToEquatableArray(),
    };

    private void Change<T>(IEnumerable<T> items, string what, Func<T, int> change, string verb)
    {
        // A list of its own: what is removed from is enumerated.
        foreach (T item in items.ToArray())
        {
            int errno = change(item);
            string outcome = errno == 0 ? $"{verb}{(verb.EndsWith('e') ? "d" : "ed")}" : $"cannot {verb}: {ErrnoText.Describe(errno)}{(kernel.LastExplanation.Length > 0 ? $" ({kernel.LastExplanation})" : "")}";
            log.Write(errno == 0 ? TimelineLevel.Detail : TimelineLevel.Error, $"{what} {item}: {outcome}");
        }
    }
}
