using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;
using FenceFirst.Linux.Network;

namespace FenceFirst.Daemon.Links;

/// <summary>Which tracked routes and rules of the configuration are gone, by what the kernel has told. Those with no_track are not looked at.</summary>
/// <remarks>
/// What we have removed ourselves is gone too, until it is added again: only the one who should hold it now asks. Routes are known by destination
/// and table, rules by priority and table; two that differ in less are put back together, of which the one that was there stays as it is.
/// </remarks>
internal sealed class RouteWatch
{
    private readonly Dictionary<RouteKey, List<int>> _routes = [];
    private readonly HashSet<RuleKey> _rules = [];
    private readonly HashSet<RouteKey> _goneRoutes = [];
    private readonly HashSet<RuleKey> _goneRules = [];

    /// <summary>Whether any route is watched.</summary>
    public bool HasRoutes => _routes.Count > 0;

    /// <summary>Whether any rule is watched.</summary>
    public bool HasRules => _rules.Count > 0;

    /// <summary>Takes another configuration; what is known to be gone stays so.</summary>
    public void Configure(NodeConfig config)
    {
        _routes.Clear();
        _rules.Clear();
        foreach (VrrpConfig instance in config.Instances)
        {
            Watch(instance.Routes, instance.Rules);
        }

        Watch(config.StaticRoutes, config.StaticRules);
        _goneRoutes.RemoveWhere(key => !_routes.ContainsKey(key));
        _goneRules.RemoveWhere(key => !_rules.Contains(key));
    }

    /// <summary>Takes what the kernel has told, in its order; whether something watched has gone.</summary>
    public bool Take(IReadOnlyList<RouteChange> routes, IReadOnlyList<RuleChange> rules)
    {
        bool isGone = false;
        for (int i = 0; i < routes.Count; i++)
        {
            RouteChange change = routes[i];
            RouteKey key = new(change.Destination, change.PrefixLength, change.Table);
            if (change.Protocol == LinkMonitor.KeepalivedProtocol && _routes.ContainsKey(key))
            {
                isGone |= !change.IsAdded && _goneRoutes.Add(key);
                _ = change.IsAdded && _goneRoutes.Remove(key);
            }
        }

        for (int i = 0; i < rules.Count; i++)
        {
            RuleChange change = rules[i];
            RuleKey key = new(change.IsIPv6, change.Priority, change.Table);
            if (change.Protocol == LinkMonitor.KeepalivedProtocol && _rules.Contains(key))
            {
                isGone |= !change.IsAdded && _goneRules.Add(key);
                _ = change.IsAdded && _goneRules.Remove(key);
            }
        }

        return isGone;
    }

    /// <summary>
    /// An interface has come up, or has lost its last IPv4 address: with either the kernel drops its IPv4 routes without a word. Whether any watched
    /// route may be gone by that.
    /// </summary>
    /// <param name="link">Its index in the configuration.</param>
    public bool LinkDropped(int link)
    {
        bool isGone = false;
        foreach ((RouteKey key, List<int> links) in _routes)
        {
            // Without dev the kernel has chosen the interface: which one is not known here, and not to keepalived.
            isGone |= link >= 0 && key.Destination.IsIPv4 && links.Contains(link) && _goneRoutes.Add(key);
        }

        return isGone;
    }

    /// <summary>News have been lost: everything may be gone. Whether anything is watched.</summary>
    public bool NewsLost()
    {
        _goneRoutes.UnionWith(_routes.Keys);
        _goneRules.UnionWith(_rules);
        return HasRoutes || HasRules;
    }

    /// <summary>Whether a watched route is gone.</summary>
    public bool IsGone(VirtualRoute route) => !route.IsUntracked && _goneRoutes.Count > 0 && _goneRoutes.Contains(KeyOf(route));

    /// <summary>Whether a watched rule is gone.</summary>
    public bool IsGone(VirtualRule rule) => !rule.IsUntracked && _goneRules.Count > 0 && _goneRules.Contains(KeyOf(rule));

    /// <summary>The kernel says that it is there.</summary>
    public void Found(VirtualRoute route) => _goneRoutes.Remove(KeyOf(route));

    /// <summary>The kernel says that it is there.</summary>
    public void Found(VirtualRule rule) => _goneRules.Remove(KeyOf(rule));

    private static RouteKey KeyOf(VirtualRoute route) => new(route.Destination, route.PrefixLength, route.Table);

    private static RuleKey KeyOf(VirtualRule rule) => new(rule.IsIPv6, rule.Priority, rule.Table);

    private void Watch(in EquatableArray<VirtualRoute> routes, in EquatableArray<VirtualRule> rules)
    {
        foreach (VirtualRoute route in routes)
        {
            if (!route.IsUntracked)
            {
                if (!_routes.TryGetValue(KeyOf(route), out List<int>? links))
                {
                    _routes[KeyOf(route)] = links = [];
                }

                links.Add(route.Link);
                links.AddRange(route.NextHops.Select(hop => hop.Link));
            }
        }

        foreach (VirtualRule rule in rules)
        {
            if (!rule.IsUntracked)
            {
                _rules.Add(KeyOf(rule));
            }
        }
    }

    private readonly record struct RouteKey(InternetAddress Destination, byte PrefixLength, uint Table);

    private readonly record struct RuleKey(bool IsIPv6, uint Priority, uint Table);
}
