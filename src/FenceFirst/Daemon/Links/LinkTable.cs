using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Daemon.Dumps;
using FenceFirst.Linux.Network;

namespace FenceFirst.Daemon.Links;

/// <summary>What the kernel says about the interfaces and addresses that the configuration names.</summary>
internal sealed class LinkTable : ILinkFacts, IDisposable
{
    /// <summary>Reads before a storm of news is worse than a new list.</summary>
    private const int ReadsMax = 16;

    private readonly LinkMonitor _monitor = new();
    private readonly LogWriter _log;
    private readonly LinkPolling _polling;
    private readonly PresentAddresses _addresses = new();
    private readonly Dictionary<string, Link> _byName = [];
    private readonly HashSet<(int LinkIndex, InternetAddress Address)> _virtualPlaces = [];
    private readonly HashSet<InternetAddress> _virtualAddresses = [];
    private readonly HashSet<string> _vmacs = [];
    private NodeConfig _config;
    private Link[] _configured = [];
    private int[] _lower = [];
    private bool _isStaticSuspected;
    private bool _isRouteDropped;

    /// <summary>Begins to listen; <see cref="Resync"/> gives the first picture.</summary>
    public LinkTable(NodeConfig config, LogWriter log)
    {
        _log = log;
        _config = config;
        FindVirtual();
        Routes.Configure(config);
        _polling = new LinkPolling(config, log);
    }

    /// <summary>Which routes and rules of ours are gone.</summary>
    public RouteWatch Routes { get; } = new();

    /// <summary>The descriptor to watch for reading.</summary>
    public int Descriptor => _monitor.Descriptor;

    /// <summary>Readable when an interface that is polled has changed.</summary>
    public int PolledDescriptor => _polling.Descriptor;

    /// <summary>Grows with every change of an interface or of the configuration: what was found out before may be different now.</summary>
    public int Version { get; private set; }

    /// <summary>Name of a configured link.</summary>
    public string NameOf(int link) => _config.Links[link];

    /// <summary>Kernel index of a configured link; 0 = it does not exist.</summary>
    public int IndexOf(int link) => Configured(link).Index;

    /// <summary>Ethernet address of a configured link.</summary>
    public MacAddress MacOf(int link) => Configured(link).Mac;

    /// <summary>The configured link below a virtual MAC interface; any other link itself.</summary>
    public int LowerOf(int link) => (uint)link < (uint)_lower.Length ? _lower[link] : link;

    /// <summary>Kernel index and Ethernet address of an interface; 0 = it does not exist.</summary>
    public (int Index, MacAddress Mac) Find(string name) => _byName.TryGetValue(name, out Link link) ? (link.Index, link.Mac) : default;

    /// <summary>The first link-local address of an interface that is not virtual; absent = there is none.</summary>
    public InternetAddress LinkLocalOf(string name)
    {
        foreach (AddressInfo address in _addresses.Of(Find(name).Index))
        {
            if (address.Address.IsLinkLocal && address.Address.IsIPv6 && !_virtualAddresses.Contains(address.Address))
            {
                return address.Address;
            }
        }

        return InternetAddress.None;
    }

    /// <summary>Whether any interface of this machine has the Ethernet address, and no other machine; a virtual MAC address is everybody's.</summary>
    public bool IsOwn(ulong station)
    {
        foreach ((string name, Link link) in _byName)
        {
            if (link.Mac.Value == station && !_vmacs.Contains(name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a configured link does not speak ARP (loopback, tunnels).</summary>
    public bool IsWithoutArp(int link) => link < 0 || Configured(link).IsWithoutArp;

    /// <summary>Whether an address is present on a configured link.</summary>
    public bool Has(int link, InternetAddress address) => _addresses.Has(IndexOf(link), address);

    /// <inheritdoc/>
    public (int Index, bool IsUp, string Mac) Look(int link)
    {
        Link one = _byName.GetValueOrDefault(_config.Links[link]);
        return (one.Index, IsUp(link, one), one.Mac.ToString());
    }

    /// <inheritdoc/>
    public InternetAddress FirstAddress(int link, bool isIPv6)
    {
        foreach (AddressInfo address in _addresses.Of(IndexOf(link)))
        {
            if (address.Address.IsIPv6 == isIPv6)
            {
                return address.Address;
            }
        }

        return InternetAddress.None;
    }

    /// <summary>Takes another configuration; call <see cref="Retell"/> when the others have it too.</summary>
    public void Reconfigure(NodeConfig config)
    {
        _config = config;
        FindVirtual();
        Routes.Configure(config);
        _polling.Reconfigure(config);
        FindConfigured();
    }

    /// <summary>Whether static items may have gone since it was asked last.</summary>
    public bool TakeSuspicion()
    {
        bool isSuspected = _isStaticSuspected;
        _isStaticSuspected = false;
        return isSuspected;
    }

    /// <summary>Takes what the kernel has told up to now, and tells the loop what is different from what Core knows of its new configuration.</summary>
    /// <remarks>The table holds every interface, named in the configuration or not: listing them anew, some milliseconds with hundreds of addresses, is not needed.</remarks>
    public void Retell(EventLoop loop)
    {
        _monitor.Hear(Routes.HasRoutes, Routes.HasRules);
        MonitorResult result = _monitor.Read();
        for (int i = 0; i < ReadsMax && result == MonitorResult.Changes; i++)
        {
            ApplyLinks();
            ApplyAddresses(out _);
            Routes.Take(_monitor.Routes, _monitor.Rules);
            result = _monitor.Read();
        }

        if (result != MonitorResult.Nothing)
        {
            Resync(loop);
            return;
        }

        Tell(loop);
    }

    /// <summary>Is not told of IPv4 addresses that the renewer renews.</summary>
    public void Ignore(AddressRenewer renewer) => _monitor.Ignore(renewer);

    /// <summary>When the lifetime of an address was last set, as the kernel's tick counter has it; 0 = it is not there, or the kernel does not say.</summary>
    public uint StampOf(int linkIndex, InternetAddress address)
    {
        foreach (AddressInfo each in _monitor.DumpAddresses())
        {
            if (each.LinkIndex == linkIndex && each.Address == address)
            {
                return each.Stamp;
            }
        }

        return 0;
    }

    /// <summary>The kernel says that an address is there, of which the table may not have been told.</summary>
    public void Found(VirtualAddress address)
    {
        int link = IndexOf(address.Link);
        if (link != 0 && !_addresses.Has(link, address.Address))
        {
            _addresses.Add(new AddressInfo(link, address.Address, address.PrefixLength, 0, 0, 0));
        }
    }

    /// <summary>Reads everything anew and tells the loop what is different from what Core knows.</summary>
    public void Resync(EventLoop loop)
    {
        _monitor.Hear(Routes.HasRoutes, Routes.HasRules);
        NetworkSnapshot snapshot = _monitor.Resync();
        _isStaticSuspected = true;
        _byName.Clear();
        _addresses.Clear();
        foreach (LinkInfo link in snapshot.Links)
        {
            _byName[link.Name] = new Link(link.Index, link.IsUp, link.Mac, link.IsWithoutArp);
        }

        foreach (AddressInfo address in snapshot.Addresses)
        {
            _addresses.Add(address);
        }

        FindConfigured();
        Tell(loop);
    }

    private void Tell(EventLoop loop)
    {
        IndexVirtualAddresses();
        TellLinks(loop);
        TellSources(loop);
        TellLost(loop);
    }

    /// <summary>Reads what the kernel has told and passes on what concerns Core; whether an interface or an address is different now.</summary>
    public bool Read(EventLoop loop)
    {
        MonitorResult result = _monitor.Read();
        if (result == MonitorResult.Overrun)
        {
            _log.Write(TimelineLevel.Warning, "the kernel told of more changes than fit: reading all interfaces and addresses anew");
            Routes.NewsLost();
            Resync(loop);
            return true;
        }

        if (result == MonitorResult.Nothing)
        {
            return false;
        }

        bool isLinkChanged = ApplyLinks();
        bool isAddressChanged = ApplyAddresses(out bool isLost);
        bool isRouteLost = Routes.Take(_monitor.Routes, _monitor.Rules);
        isLost |= isRouteLost | _isRouteDropped;
        _isStaticSuspected |= isLinkChanged | isRouteLost;
        _isRouteDropped = false;
        if (isLinkChanged)
        {
            TellLinks(loop);
        }

        if (isLinkChanged || isAddressChanged)
        {
            TellSources(loop);
        }

        if (isLost)
        {
            TellLost(loop);
        }

        return isLinkChanged || isAddressChanged;
    }

    /// <summary>Passes on what polling has found.</summary>
    public void TakePolled(EventLoop loop)
    {
        _polling.Drain();
        for (int link = 0; link < _config.Links.Count; link++)
        {
            bool isUp = IsUp(link, Configured(link));
            if (_polling.Has(link) && Configured(link).Index != 0 && loop.State.Links[link].IsUp != isUp)
            {
                _log.Write(TimelineLevel.Notice, $"Linkbeat reports {_config.Links[link]} {(isUp ? "up" : "down")}");
            }
        }

        TellLinks(loop);
    }

    /// <summary>The virtual addresses of an instance that are on their interfaces now: left from an earlier life.</summary>
    public IEnumerable<VirtualAddress> PresentOf(int instance)
    {
        foreach (VirtualAddress address in _config.Instances[instance].EachAddress())
        {
            if (Has(address.Link, address.Address))
            {
                yield return address;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _polling.Dispose();
        _monitor.Dispose();
    }

    private bool ApplyLinks()
    {
        bool isChanged = false;
        bool isIndexChanged = false;
        for (int i = 0; i < _monitor.Links.Count; i++)
        {
            LinkChange change = _monitor.Links[i];
            Link before = _byName.GetValueOrDefault(change.Name);
            string? oldName = NameOfIndex(change.Index);
            if (oldName is not null && (change.IsDeleted || oldName != change.Name))
            {
                _byName.Remove(oldName);
            }

            if (change.IsDeleted)
            {
                _addresses.Remove(change.Index);
            }
            else
            {
                _byName[change.Name] = new Link(change.Index, change.IsUp, change.Mac, change.IsWithoutArp);
            }

            bool isPolled = _polling.Has(_config.Links.Span.IndexOf(change.Name));
            if (IsConfigured(change.Name) && (change.IsDeleted || before.Index != change.Index || (before.IsUp != change.IsUp && !isPolled)))
            {
                _log.Write(TimelineLevel.Notice, change.IsDeleted ? $"Interface {change.Name} deleted" : $"Netlink reports {change.Name} {(change.IsUp ? "up" : "down")}");
                isIndexChanged |= before.Index != change.Index || change.IsDeleted;
                _isRouteDropped |= change.IsUp && !change.IsDeleted && Routes.LinkDropped(_config.Links.Span.IndexOf(change.Name));
            }

            isChanged = true;
        }

        if (isChanged)
        {
            FindConfigured();
        }

        if (isIndexChanged)
        {
            IndexVirtualAddresses();
        }

        return isChanged;
    }

    private bool ApplyAddresses(out bool isVirtualLost)
    {
        isVirtualLost = false;
        bool isChanged = false;
        for (int i = 0; i < _monitor.Addresses.Count; i++)
        {
            AddressChange change = _monitor.Addresses[i];
            isChanged |= _addresses.Apply(change);
            if (!change.IsAdded)
            {
                _isStaticSuspected = true;
                _isRouteDropped |= change.Address.IsIPv4 && !_addresses.HasIPv4(change.LinkIndex) && Routes.LinkDropped(ConfiguredIndexOf(change.LinkIndex));
                isVirtualLost |= _virtualPlaces.Contains((change.LinkIndex, change.Address));
            }
        }

        return isChanged;
    }

    private void TellLinks(EventLoop loop)
    {
        for (int link = 0; link < _config.Links.Count; link++)
        {
            bool isUp = _byName.TryGetValue(_config.Links[link], out Link known) && IsUp(link, known);
            if (loop.State.Links[link].IsUp != isUp)
            {
                loop.Enqueue(NodeEvent.LinkChanged(link, isUp));
            }
        }
    }

    private void TellSources(EventLoop loop)
    {
        for (int i = 0; i < _config.Instances.Count; i++)
        {
            InternetAddress source = SourceOf(_config.Instances[i]);
            if (loop.State.Instances[i].Source != source)
            {
                loop.Enqueue(NodeEvent.SourceChanged(i, source));
            }

            loop.OpenSocket(i, source);
        }

        loop.CommitSockets();
    }

    private void TellLost(EventLoop loop)
    {
        for (int i = 0; i < _config.Instances.Count; i++)
        {
            if (loop.State.Instances[i].Phase == VrrpPhase.Master && loop.State.Instances[i].Transition == Transition.None && IsAnyMissing(_config.Instances[i]))
            {
                loop.Enqueue(NodeEvent.AddressLost(i));
            }
        }
    }

    private bool IsAnyMissing(VrrpConfig config)
    {
        foreach (VirtualAddress address in config.EachAddress())
        {
            if (!address.IsUntracked && !Has(address.Link, address.Address))
            {
                return true;
            }
        }

        foreach (VirtualRoute route in config.Routes)
        {
            if (Routes.IsGone(route))
            {
                return true;
            }
        }

        foreach (VirtualRule rule in config.Rules)
        {
            if (Routes.IsGone(rule))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The configured source, or the interface's first usable address that is not virtual; for IPv6 a link-local one, of the interface that sends.</summary>
    private InternetAddress SourceOf(VrrpConfig config)
    {
        int index = IndexOf(config.Vmac is { IsIPv6: true, IsSending: true } ? config.Vmac.Link : config.Link);
        if (!config.Source.IsNone)
        {
            return config.IsSourceTracked && !_addresses.Has(index, config.Source) ? InternetAddress.None : config.Source;
        }

        foreach (AddressInfo address in _addresses.Of(index))
        {
            if (address.Address.IsIPv6 == config.IsIPv6
                && !address.IsTentative
                && (!config.IsIPv6 || address.Address.IsLinkLocal)
                && !_virtualAddresses.Contains(address.Address))
            {
                return address.Address;
            }
        }

        return InternetAddress.None;
    }

    private void IndexVirtualAddresses()
    {
        _virtualPlaces.Clear();
        _virtualAddresses.Clear();
        foreach (VrrpConfig instance in _config.Instances)
        {
            foreach (VirtualAddress address in instance.EachAddress())
            {
                _virtualPlaces.Add((IndexOf(address.Link), address.Address));
                _virtualAddresses.Add(address.Address);
            }
        }
    }

    /// <summary>By index in the configuration: looked up by name once per change and not once per address.</summary>
    private void FindConfigured()
    {
        Version++;
        _configured = new Link[_config.Links.Count];
        for (int i = 0; i < _configured.Length; i++)
        {
            _configured[i] = _byName.GetValueOrDefault(_config.Links[i]);
        }
    }

    private void FindVirtual()
    {
        _vmacs.Clear();
        _lower = [.. Enumerable.Range(0, _config.Links.Count)];
        foreach (VirtualLink vmac in _config.Instances.SelectMany(instance => instance.EachVirtualLink()))
        {
            _vmacs.Add(_config.Links[vmac.Link]);
            _lower[vmac.Link] = vmac.Lower;
        }
    }

    /// <summary>As polling finds it where the interface is polled, else as the kernel says.</summary>
    private bool IsUp(int link, in Link known) => _polling.Has(link) ? known.Index != 0 && _polling.IsUp(link) : known.IsUp;

    private int ConfiguredIndexOf(int kernelIndex) => Array.FindIndex(_configured, link => link.Index == kernelIndex);

    private Link Configured(int link) => (uint)link < (uint)_configured.Length ? _configured[link] : default;

    private string? NameOfIndex(int index)
    {
        foreach ((string name, Link link) in _byName)
        {
            if (link.Index == index)
            {
                return name;
            }
        }

        return null;
    }

    private bool IsConfigured(string name) => _config.Links.Span.Contains(name);

    private readonly record struct Link(int Index, bool IsUp, MacAddress Mac, bool IsWithoutArp);
}
