using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Linux.Native;

namespace FenceFirst.Daemon.Links;

/// <summary>Addresses, routes and rules that are there as long as the daemon runs (static_ipaddress, static_routes, static_rules).</summary>
/// <remarks>Those that are tracked are put back when somebody removes them, or when their interface returns, as keepalived does. They are kept with the kernel's numbers of the interfaces, so that those of two configurations can be compared.</remarks>
internal sealed class StaticItems(KernelRunner kernel, LinkTable links, LogWriter log, VanishingAlarm alarm)
{
    private NodeConfig _config = new();
    private List<VirtualAddress> _addresses = [];
    private List<VirtualRoute> _routes = [];
    private List<VirtualRule> _rules = [];

    /// <summary>Removes what the configuration does not hold any more and adds what is new in it.</summary>
    public void Apply(NodeConfig config)
    {
        _config = config;
        List<VirtualAddress> addresses = [.. config.StaticAddresses.Select(Bound)];
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

    /// <summary>Puts back what is gone; to be called after the table has read what the kernel has told.</summary>
    public void PutBack(MonotonicInstant now)
    {
        bool isNone = _config.StaticAddresses.IsEmpty && _config.StaticRoutes.IsEmpty && _config.StaticRules.IsEmpty;
        if (!links.TakeSuspicion() || isNone)
        {
            return;
        }

        foreach (VirtualAddress address in _config.StaticAddresses)
        {
            if (!address.IsUntracked && links.IndexOf(address.Link) != 0 && !links.Has(address.Link, address.Address))
            {
                PutBack(Bound(address), "address", kernel.AddStatic, links.Found, address, now);
            }
        }

        foreach (VirtualRoute route in _config.StaticRoutes)
        {
            if (links.Routes.IsGone(route))
            {
                PutBack(Bound(route), "route", kernel.AddStatic, links.Routes.Found, route, now);
            }
        }

        foreach (VirtualRule rule in _config.StaticRules)
        {
            if (links.Routes.IsGone(rule))
            {
                PutBack(rule, "rule", kernel.AddStatic, links.Routes.Found, rule, now);
            }
        }

        // Interfaces may have come back with other numbers.
        _addresses = [.. _config.StaticAddresses.Select(Bound)];
        _routes = [.. _config.StaticRoutes.Select(Bound)];
    }

    /// <summary>Removes everything, at the end of the daemon.</summary>
    public void Remove() => Apply(new NodeConfig());

    private void PutBack<T>(T bound, string what, Func<T, int> add, Action<T> found, T item, MonotonicInstant now)
    {
        int errno = add(bound);
        if (errno == ErrorNumber.AlreadyExists)
        {
            found(item);
        }
        else if (errno == 0 && alarm.PutBack("", "static addresses, routes or rules", now))
        {
            // The words of keepalived.
            log.Write(TimelineLevel.Warning, $"Restoring deleted static {what} {item}");
        }
        else if (errno != 0)
        {
            // An interface that is not up yet: it is tried again when it is.
            log.Write(TimelineLevel.Detail, $"static {what} {item}: cannot be put back: {ErrnoText.Describe(errno)}");
        }
    }

    private VirtualAddress Bound(VirtualAddress address) => address with { Link = links.IndexOf(address.Link) };

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
            int result = change(item);
            int errno = result == ErrorNumber.AlreadyExists ? 0 : result;
            string outcome = errno == 0 ? $"{verb}{(verb.EndsWith('e') ? "d" : "ed")}" : $"cannot {verb}: {ErrnoText.Describe(errno)}{(kernel.LastExplanation.Length > 0 ? $" ({kernel.LastExplanation})" : "")}";
            log.Write(errno == 0 ? TimelineLevel.Detail : TimelineLevel.Error, $"{what} {item}: {outcome}");
        }
    }
}
