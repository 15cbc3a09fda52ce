using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Network;

namespace FenceFirst.Daemon.Links;

/// <summary>Asks the kernel for addresses, routes and rules, and waits for each acknowledgement.</summary>
internal sealed class KernelRunner(LinkTable links, AddressFilter filter) : IDisposable
{
    private readonly RtNetlink _netlink = new();
    private bool _isFilterRefused;

    /// <summary>The kernel's own words for the last refusal; empty when it gave none.</summary>
    public string LastExplanation => _isFilterRefused ? "nftables refused the filter of no_accept, without which the addresses are not added" : _netlink.LastExplanation;

    /// <summary>Carries out one side effect of an instance; returns 0 when all of it is done, else the first error number.</summary>
    public int Run(VrrpConfig config, SideEffect effect) => effect switch
    {
        SideEffect.AddAddresses => Add(config, config.Addresses),
        SideEffect.AddExcluded => Add(config, config.ExcludedAddresses),
        SideEffect.RemoveAddresses => Remove(config, config.Addresses),
        SideEffect.RemoveExcluded => Remove(config, config.ExcludedAddresses),
        SideEffect.AddRoutes => AddEach(config.Routes, Add),
        SideEffect.RemoveRoutes => RemoveEach(config.Routes, route => _netlink.RemoveRoute(route, links.IndexOf)),
        SideEffect.AddRules => AddEach(config.Rules, Add),
        SideEffect.RemoveRules => RemoveEach(config.Rules, _netlink.RemoveRule),
        SideEffect.Advertise or SideEffect.Announce or SideEffect.AnnounceOwn or SideEffect.Demote or SideEffect.Release or SideEffect.Notify or SideEffect.Enter =>
            throw new InvalidOperationException($"{effect} is not the kernel's"),
    };

    /// <summary>Removes the filter that an earlier life of the daemon left, after its addresses; what cannot be removed is not there.</summary>
    public void SweepFilter() => filter.Clear();

    /// <summary>Removes one address; what is not there is not an error.</summary>
    public int Remove(VirtualAddress address) => Removed(_netlink.RemoveAddress(links.IndexOf(address.Link), address));

    /// <summary>Adds a static address, whose link is the kernel's number already; 0 or the error number (EEXIST: it is there).</summary>
    public int AddStatic(VirtualAddress address) => _netlink.AddAddress(address.Link, address);

    /// <summary>Removes a static address.</summary>
    public int RemoveStatic(VirtualAddress address) => Removed(_netlink.RemoveAddress(address.Link, address));

    /// <summary>Adds a static route, whose links are the kernel's numbers already.</summary>
    public int AddStatic(VirtualRoute route) => _netlink.AddRoute(route, static index => index);

    /// <summary>Removes a static route.</summary>
    public int RemoveStatic(VirtualRoute route) => Removed(_netlink.RemoveRoute(route, static index => index));

    /// <summary>Adds a static rule.</summary>
    public int AddStatic(VirtualRule rule) => _netlink.AddRule(rule);

    /// <summary>Removes a static rule.</summary>
    public int RemoveStatic(VirtualRule rule) => Removed(_netlink.RemoveRule(rule));

    /// <summary>Removes one route; 0 also when there was none.</summary>
    public int RemoveIfThere(VirtualRoute route, out bool wasThere)
    {
        int errno = _netlink.RemoveRoute(route, links.IndexOf);
        wasThere = errno == 0;
        return Removed(errno);
    }

    /// <summary>Removes one rule; 0 also when there was none.</summary>
    public int RemoveIfThere(VirtualRule rule, out bool wasThere)
    {
        int errno = _netlink.RemoveRule(rule);
        wasThere = errno == 0;
        return Removed(errno);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _netlink.Dispose();
    }

    private int Add(VirtualRoute route)
    {
        int errno = _netlink.AddRoute(route, links.IndexOf);
        if (errno == ErrorNumber.AlreadyExists)
        {
            links.Routes.Found(route);
        }

        return errno;
    }

    private int Add(VirtualRule rule)
    {
        int errno = _netlink.AddRule(rule);
        if (errno == ErrorNumber.AlreadyExists)
        {
            links.Routes.Found(rule);
        }

        return errno;
    }

    // no_accept: nobody reaches an address that is added before it is filtered, and none is without its filter before it is gone.
    private int Add(VrrpConfig config, in EquatableArray<VirtualAddress> addresses)
    {
        int errno = config.IsFiltered ? filter.Add(addresses) : 0;
        _isFilterRefused = errno != 0;
        return errno != 0 ? errno : ChangeAddresses(addresses, isAdded: true, config.LeaseSeconds);
    }

    private int Remove(VrrpConfig config, in EquatableArray<VirtualAddress> addresses)
    {
        _isFilterRefused = false;
        int errno = ChangeAddresses(addresses, isAdded: false);
        if (errno == 0 && config.IsFiltered)
        {
            // A filter that stays, of addresses that are gone, hurts nobody: it holds no release back and is removed with the next change.
            _ = filter.Remove(addresses);
        }

        return errno;
    }

    private int ChangeAddresses(in EquatableArray<VirtualAddress> addresses, bool isAdded, int leaseSeconds = 0)
    {
        int first = 0;
        if (addresses.Count == 1)
        {
            return ChangeOne(addresses[0], isAdded, leaseSeconds);
        }

        AddressRequest[] requests = new AddressRequest[addresses.Count];
        int[] errors = new int[addresses.Count];
        for (int i = 0; i < requests.Length; i++)
        {
            requests[i] = new AddressRequest(isAdded, links.IndexOf(addresses[i].Link), addresses[i]) { LeaseSeconds = leaseSeconds };
        }

        _netlink.ApplyAll(requests, errors);
        for (int i = 0; i < errors.Length; i++)
        {
            int errno = isAdded ? Added(errors[i], addresses[i]) : Removed(errors[i]);
            first = first == 0 ? errno : first;
        }

        return first;
    }

    private int ChangeOne(VirtualAddress address, bool isAdded, int leaseSeconds)
    {
        int index = links.IndexOf(address.Link);
        return isAdded ? Added(_netlink.AddAddress(index, address, leaseSeconds), address) : Removed(_netlink.RemoveAddress(index, address));
    }

    private int Added(int errno, VirtualAddress address)
    {
        if (errno == ErrorNumber.AlreadyExists)
        {
            // A renewal, of which the table is not told, may have put it back.
            links.Found(address);
        }

        return Added(errno);
    }

    /// <summary>Adds in order, and nothing after what was refused.</summary>
    private static int AddEach<T>(in EquatableArray<T> items, Func<T, int> add)
        where T : IEquatable<T>
    {
        foreach (T item in items)
        {
            int errno = Added(add(item));
            if (errno != 0)
            {
                return errno;
            }
        }

        return 0;
    }

    /// <summary>Removes all of them, whatever is refused; returns 0 or the first error number.</summary>
    private static int RemoveEach<T>(in EquatableArray<T> items, Func<T, int> remove)
        where T : IEquatable<T>
    {
        int first = 0;
        foreach (T item in items)
        {
            int errno = Removed(remove(item));
            first = first == 0 ? errno : first;
        }

        return first;
    }

    /// <summary>What is there already is there.</summary>
    private static int Added(int errno) => errno == ErrorNumber.AlreadyExists ? 0 : errno;

    /// <summary>What is not there, or whose interface is gone, is gone.</summary>
    private static int Removed(int errno) => TransitionOrder.IsGone(errno) ? 0 : errno;
}
