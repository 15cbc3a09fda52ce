using FenceFirst.Core;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Linux.Files;
using FenceFirst.Linux.Filters;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Network;

namespace FenceFirst.Daemon.Links;

/// <summary>Makes and removes interfaces with virtual MAC addresses, as keepalived does (vrrp_vmac.c, vrrp_if_config.c). Every call waits for the kernel; by one thread at a time.</summary>
internal sealed class VmacWork : IDisposable
{
    private const string Kind = "macvlan";
    private const int PrivateMode = 1;
    private const int NotSupported = 95;
    private const int Busy = 16;
    private const int AddressInUse = 98;

    private readonly RtNetlink _netlink = new();
    private readonly PacketFilter _filter = new();
    private readonly SavedSettings _settings;
    private readonly ReversePath _reversePath;
    private readonly Dictionary<string, WantedVmac> _made = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _troubles = new(StringComparer.Ordinal);
    private HashSet<string>? _filtered;
    private bool _isFilterLost;
    private List<VmacNews> _news = [];

    /// <summary>Opens what it needs.</summary>
    public VmacWork()
    {
        _settings = new SavedSettings(_netlink);
        _reversePath = new ReversePath(_netlink);
    }

    /// <summary>Whether the filter was removed by somebody else and could not be put back. Of the last work that has ended.</summary>
    public bool IsFilterMissing { get; private set; }

    /// <summary>Who makes the filter.</summary>
    public PacketFilter FilterMaker => _filter;

    /// <summary>Makes everything as a plan wants it, and removes what was made before and is not in it; returns what there is to tell.</summary>
    /// <param name="plan">What is wanted.</param>
    /// <param name="isFilterLost">Whether somebody else has removed the filter since.</param>
    public List<VmacNews> Apply(VmacPlan plan, bool isFilterLost = false)
    {
        _news = [];
        _isFilterLost |= isFilterLost;
        try
        {
            Carry(plan);
        }
        catch (LinuxException exception)
        {
            Trouble("", "", exception.Message);
        }

        return _news;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _filter.Dispose();
        _netlink.Dispose();
    }

    private void Carry(VmacPlan plan)
    {
        if (plan.IsEmpty && _made.Count == 0 && _filtered is { Count: 0 } && _settings.IsEmpty)
        {
            return;
        }

        RemoveOthers(plan);
        Filter(plan);
        Dictionary<string, LinkInfo> links = Links();
        string[] lowers = [.. plan.Links.Where(wanted => !wanted.IsIPv6).Select(wanted => wanted.Lower).Distinct()];
        _settings.Apply(links, [
            .. lowers.Select(lower => (lower, IPv4Setting.ArpIgnore, 1u)),
            .. lowers.Select(lower => (lower, IPv4Setting.ArpFilter, 1u)),

            // Ours: what the interface below asks for a virtual address would give the asked its own MAC address for it.
            .. lowers.Select(lower => (lower, IPv4Setting.ArpAnnounce, 2u)),
        ]);
        _reversePath.Apply(links, isNeeded: lowers.Length > 0, _news);
        for (int i = 0; i < plan.Links.Count; i++)
        {
            if (links.TryGetValue(plan.Links[i].Lower, out LinkInfo? lower))
            {
                Make(plan, i, lower, links);
            }
        }
    }

    private Dictionary<string, LinkInfo> Links() => _netlink.DumpLinks().ToDictionary(link => link.Name, StringComparer.Ordinal);

    private void RemoveOthers(VmacPlan plan)
    {
        WantedVmac[] others = [.. _made.Values.Where(made => !plan.Links.Contains(made))];
        if (others.Length == 0)
        {
            return;
        }

        Dictionary<string, LinkInfo> links = Links();
        foreach (WantedVmac made in others)
        {
            _made.Remove(made.Name);
            if (!links.TryGetValue(made.Name, out LinkInfo? present) || present.Kind != Kind || present.Mac != made.Mac)
            {
                continue;
            }

            int errno = _netlink.DeleteLink(present.Index);
            if (errno is not (0 or ErrorNumber.NoDevice))
            {
                Trouble("", made.Name, $"virtual MAC interface {made.Name} could not be removed: {ErrnoText.Describe(errno)}");
            }

            TellOfLower(made, links.GetValueOrDefault(made.Lower));
        }
    }

    /// <summary>Before the interfaces are up: their first report of membership is sent at once.</summary>
    private void Filter(VmacPlan plan)
    {
        HashSet<string> names = [.. plan.Links.Select(wanted => wanted.Name)];
        if (!_isFilterLost && _filtered is not null && _filtered.SetEquals(names))
        {
            return;
        }

        // Both families: where /proc/sys is read-only, IPv6 stays on.
        int errno = _filter.ReplaceReportFilter(isIPv6: false, [.. names]);
        int errno6 = _filter.ReplaceReportFilter(isIPv6: true, [.. names]);
        errno = errno == 0 ? errno6 : errno;
        _filtered = names;
        _isFilterLost &= errno != 0 && names.Count > 0;
        TellOfFilter(names.Count > 0 ? errno : 0);
        IsFilterMissing = _isFilterLost;
    }

    private void TellOfFilter(int errno)
    {
        const string What = "the filter for reports of group membership from virtual MAC addresses";
        if (errno == 0 && IsFilterMissing)
        {
            _news.Add(new VmacNews(TimelineLevel.Notice, "", $"{What} is back"));
        }
        else if (errno != 0 && !IsFilterMissing)
        {
            string again = _isFilterLost ? "; tried again every second" : "";
            _news.Add(new VmacNews(TimelineLevel.Warning, "", $"nftables refused {What}: {ErrnoText.Describe(errno)}; switches may send a standby what is for the master{again}"));
        }
    }

    private void Make(VmacPlan plan, int at, LinkInfo lower, Dictionary<string, LinkInfo> links)
    {
        WantedVmac wanted = plan.Links[at];
        string instance = plan.Instances[at];
        links.TryGetValue(wanted.Name, out LinkInfo? present);

        // On a macvlan the kernel puts it on what that one is on.
        bool isOnLower = present?.LowerIndex == lower.Index || (lower.Kind == Kind && present?.LowerIndex == lower.LowerIndex);
        if (present is not null && (present.Kind != Kind || !isOnLower))
        {
            Trouble(instance, wanted.Name, $"interface {wanted.Name} is there already and is not a macvlan on {lower.Name}: remove it, or give use_vmac another name");
            return;
        }

        if (present is not null && (present.Mac != wanted.Mac || present.MacvlanMode != PrivateMode))
        {
            _news.Add(new VmacNews(TimelineLevel.Warning, instance, $"interface {wanted.Name} has another MAC address or mode: it is made anew"));
            _netlink.DeleteLink(present.Index);
            present = null;
        }

        if (present is not null && _made.ContainsKey(wanted.Name))
        {
            SetLinkLocal(plan, at, present.Index, lower);
            return;
        }

        int index = present?.Index ?? Create(wanted, instance, lower, links);
        if (index == 0 || !SetUp(wanted, instance, index))
        {
            return;
        }

        _made[wanted.Name] = wanted;
        _troubles.Remove(wanted.Name);
        SetLinkLocal(plan, at, index, lower);
        TellOfLower(wanted, lower);
        _news.Add(new VmacNews(
            present is null ? TimelineLevel.Notice : TimelineLevel.Warning,
            instance,
            $"interface {wanted.Name} with {wanted.Mac} on {lower.Name} {(present is null ? "made" : "was left by an earlier run: it is taken over")}"));
    }

    private int Create(WantedVmac wanted, string instance, LinkInfo lower, Dictionary<string, LinkInfo> links)
    {
        bool isInVrf = links.Values.Any(link => link.Index == lower.MasterIndex && link.Kind == "vrf");
        int errno = _netlink.CreateMacvlan(new MacvlanRequest(wanted.Name, lower.Index, wanted.Mac)
        {
            MasterIndex = isInVrf ? lower.MasterIndex : 0,
            Group = wanted.Group >= 0 ? (uint)wanted.Group : lower.Group == 0 ? null : lower.Group,
        });
        if (errno != 0)
        {
            string why = errno switch
            {
                NotSupported => "the kernel has no macvlan driver: modprobe macvlan, or remove use_vmac",
                Busy => $"{lower.Name} belongs to a bridge or a bond: use_vmac belongs on that one",
                _ => ErrnoText.Describe(errno) + (_netlink.LastExplanation.Length > 0 ? $" ({_netlink.LastExplanation})" : ""),
            };
            Trouble(instance, wanted.Name, $"virtual MAC interface {wanted.Name} cannot be made on {lower.Name}: {why}");
            return 0;
        }

        return RtNetlink.IndexOf(wanted.Name);
    }

    private bool SetUp(WantedVmac wanted, string instance, int index)
    {
        // Also with IPv6: an interface that answers ARP for the addresses of the one below would teach everybody the virtual MAC address for them.
        int errno = wanted.IsIPv6
            ? _netlink.SetIPv4(index, [(IPv4Setting.ArpIgnore, 1)])
            : _netlink.SetIPv4(
                index, [(IPv4Setting.ArpIgnore, 1), (IPv4Setting.AcceptLocal, 1), (IPv4Setting.ReversePathFilter, 0), (IPv4Setting.PromoteSecondaries, 1)]);
        if (errno != 0)
        {
            _news.Add(new VmacNews(TimelineLevel.Warning, instance, $"settings of {wanted.Name} were refused: {ErrnoText.Describe(errno)}"));
        }

        string ipv6 = $"net/ipv6/conf/{wanted.Name}/disable_ipv6";
        if (!Sysctl.TryWrite(ipv6, wanted.IsIPv6 ? 0 : 1) && wanted.IsIPv6 && Sysctl.TryRead(ipv6, out int isOff) && isOff == 1)
        {
            _news.Add(new VmacNews(TimelineLevel.Error, instance, $"IPv6 is off on {wanted.Name} and /proc/sys cannot be written: ProtectKernelTunables=no in the service unit"));
        }

        // RFC 9568 section 7.4: no address that is made of the virtual MAC address. A kernel without IPv6 has none.
        _ = _netlink.SetNoGeneratedAddress(index);
        errno = _netlink.SetLinkUp(index, isUp: true);
        if (errno != 0)
        {
            string why = errno is AddressInUse or Busy ? $"something else on {wanted.Lower} has the address {wanted.Mac}" : ErrnoText.Describe(errno);
            Trouble(instance, wanted.Name, $"virtual MAC interface {wanted.Name} cannot be brought up: {why}");
        }

        return errno == 0;
    }

    /// <summary>The source of IPv6 adverts, deprecated so that nothing else is sent from it: the one configured, else the link-local address of the interface below, else one made of its Ethernet address (keepalived).</summary>
    private void SetLinkLocal(VmacPlan plan, int at, int index, LinkInfo lower)
    {
        WantedVmac wanted = plan.Links[at];
        if (wanted is not { IsIPv6: true, IsSending: true })
        {
            return;
        }

        List<AddressInfo> all = _netlink.DumpAddresses();
        InternetAddress source = plan.Sources[at];
        source = source.IsNone ? OwnLinkLocals(all, lower.Index, plan).FirstOrDefault() : source;
        source = source.IsNone ? LinkLocalAddress.Of(lower.Mac) : source;
        bool isThere = false;
        foreach (InternetAddress address in OwnLinkLocals(all, index, plan).ToArray())
        {
            isThere |= address == source;
            if (address != source)
            {
                _netlink.RemoveAddress(index, new VirtualAddress(address, LinkLocalAddress.PrefixLength, 0));
            }
        }

        int errno = isThere ? 0 : _netlink.AddAddress(index, new VirtualAddress(source, LinkLocalAddress.PrefixLength, 0) { PreferredLifetimeSeconds = 0 });
        if (errno is not (0 or ErrorNumber.AlreadyExists))
        {
            Trouble(plan.Instances[at], wanted.Name, $"{source} cannot be added to {wanted.Name}: {ErrnoText.Describe(errno)}");
        }
    }

    private static IEnumerable<InternetAddress> OwnLinkLocals(List<AddressInfo> all, int index, VmacPlan plan) =>
        all.Where(each => each.LinkIndex == index && each.Address.IsIPv6 && each.Address.IsLinkLocal && !plan.Virtual.Contains(each.Address)).Select(each => each.Address);

    private void TellOfLower(WantedVmac vmac, LinkInfo? lower)
    {
        if (vmac.IsLowerTold && lower is not null)
        {
            _ = _netlink.SetGroup(lower.Index, lower.Group);
        }
    }

    /// <summary>What cannot be mended here is told once, not at every change of an interface.</summary>
    private void Trouble(string instance, string name, string text)
    {
        if (!_troubles.TryGetValue(name, out string? told) || told != text)
        {
            _troubles[name] = text;
            _news.Add(new VmacNews(TimelineLevel.Error, instance, text));
        }
    }
}
