using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;
using FenceFirst.Linux.Network;

namespace FenceFirst.Daemon.Links;

/// <summary>One interface with a virtual MAC address as it shall be, with names in place of the configuration's numbers.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Lower">Name of the interface below.</param>
/// <param name="Mac">Its Ethernet address.</param>
/// <param name="IsIPv6">Family of its addresses.</param>
/// <param name="IsSending">Whether adverts leave through it.</param>
/// <param name="Group">Link group; -1 = that of the interface below.</param>
/// <param name="IsLowerTold">Whether listeners are told of the interface below.</param>
internal sealed record WantedVmac(string Name, string Lower, MacAddress Mac, bool IsIPv6, bool IsSending, long Group, bool IsLowerTold);

/// <summary>The interfaces with virtual MAC addresses that a configuration asks for, and what it asks of others.</summary>
internal sealed record VmacPlan
{
    /// <summary>The interfaces to be made.</summary>
    public EquatableArray<WantedVmac> Links { get; private init; }

    /// <summary>The instance of each, for messages.</summary>
    public EquatableArray<string> Instances { get; private init; }

    /// <summary>Source addresses that the configuration gives, each; absent = none.</summary>
    public EquatableArray<InternetAddress> Sources { get; private init; }

    /// <summary>Virtual addresses that are link-local: they are not ours to send from.</summary>
    public EquatableArray<InternetAddress> Virtual { get; private init; }

    /// <summary>Whether there is nothing to do.</summary>
    public bool IsEmpty => Links.IsEmpty;

    /// <summary>Nothing.</summary>
    public static VmacPlan None { get; } = new();

    /// <summary>What a configuration asks for.</summary>
    public static VmacPlan Of(NodeConfig config)
    {
        if (!config.Instances.Any(instance => instance.EachVirtualLink().Any()))
        {
            return None;
        }

        (VrrpConfig Instance, VirtualLink Link)[] all = [.. config.Instances.SelectMany(instance => instance.EachVirtualLink().Select(link => (instance, link)))];
        return new VmacPlan
        {
            Links = all.Select(each => new WantedVmac(
                config.Links[each.Link.Link],
                config.Links[each.Link.Lower],
                MacAddress.FromNumber(each.Link.Mac),
                each.Link.IsIPv6,
                each.Link.IsSending,
                each.Link.Group,
                each.Link.IsLowerTold)).ToEquatableArray(),
            Instances = all.Select(each => each.Instance.Name).ToEquatableArray(),
            Sources = all.Select(each => each.Link.IsSending ? each.Instance.Source : InternetAddress.None).ToEquatableArray(),
            Virtual = config.Instances.SelectMany(instance => instance.Addresses.Concat(instance.ExcludedAddresses))
                .Select(address => address.Address).Where(address => address.IsIPv6 && address.IsLinkLocal).Distinct().ToEquatableArray(),
        };
    }
}

/// <summary>Something to tell of the work on these interfaces.</summary>
internal readonly record struct VmacNews(Core.Timeline.TimelineLevel Level, string Instance, string Text);
