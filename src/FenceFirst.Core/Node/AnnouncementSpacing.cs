namespace FenceFirst.Core.Node;

/// <summary>Least time between two announcements of addresses, so that switches that limit such traffic lose none (keepalived).</summary>
public sealed record AnnouncementSpacing
{
    /// <summary>Between gratuitous ARPs on one interface, 0..4294.967295 s; default 0 = none (vrrp_garp_interval).</summary>
    public TimeSpan Arp { get; init; }

    /// <summary>Between unsolicited neighbour advertisements on one interface, 0..4294.967295 s; default 0 = none (vrrp_gna_interval).</summary>
    public TimeSpan Neighbor { get; init; }

    /// <summary>Interfaces that share their spacing; those in none go by the values above (garp_group).</summary>
    public EquatableArray<AnnouncementGroup> Groups { get; init; }
}

/// <summary>Interfaces that together announce no faster than one (garp_group).</summary>
/// <param name="Links">Indexes into <see cref="NodeConfig.Links"/>; an interface is in one group only.</param>
/// <param name="Arp">Between gratuitous ARPs; 0 = no spacing (garp_interval).</param>
/// <param name="Neighbor">Between unsolicited neighbour advertisements; 0 = no spacing (gna_interval).</param>
public sealed record AnnouncementGroup(EquatableArray<int> Links, TimeSpan Arp, TimeSpan Neighbor);
