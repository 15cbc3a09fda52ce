using FenceFirst.Core.Promotion;
using FenceFirst.Core.Wire;

namespace FenceFirst.Core.Vrrp;

/// <summary>One virtual router as configured, complete and legal: every default is filled in, every range was checked by the binder.</summary>
/// <remarks>
/// Times are exact, not rounded to centiseconds again. Names follow RFC 9568 section 6.1 and keepalived.conf(5). Compared by value: a reload
/// keeps an instance's state when old and new are equal.
/// </remarks>
public sealed record VrrpConfig
{
    /// <summary>Name of the vrrp_instance block; unique in a file.</summary>
    public required string Name { get; init; }

    /// <summary>Virtual router identifier, 1..255 (virtual_router_id).</summary>
    public required byte Vrid { get; init; }

    /// <summary>Protocol version, 2 or 3; default 2 for IPv4 and 3 for IPv6 (keepalived).</summary>
    public byte Version { get; init; } = 2;

    /// <summary>Whether adverts travel over IPv6.</summary>
    public bool IsIPv6 { get; init; }

    /// <summary>Index into <see cref="Node.NodeConfig.Links"/> of the interface that adverts use; -1 for unicast without interface.</summary>
    public int Link { get; init; } = -1;

    /// <summary>The interface with the virtual MAC address, on top of <see cref="Link"/>; absent = none, the default (use_vmac).</summary>
    public VirtualLink? Vmac { get; init; }

    /// <summary>Further ones, for addresses on other interfaces or of the other family; empty = none, the default (use_vmac_addr).</summary>
    public EquatableArray<VirtualLink> AddressVmacs { get; init; }

    /// <summary>Configured priority, 1..255; default 100; 255 = address owner.</summary>
    public byte BasePriority { get; init; } = 100;

    /// <summary>Whether <c>state MASTER</c> was written: with priority 255 the instance becomes Master without waiting.</summary>
    public bool IsStateMaster { get; init; }

    /// <summary>Advertisement_Interval: version 2 whole seconds 1..255, version 3 0.01..40.95 s in centiseconds; default 1 s.</summary>
    public TimeSpan AdvertInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Preempt_Mode; default true; false after <c>nopreempt</c>.</summary>
    public bool IsPreempt { get; init; } = true;

    /// <summary>Seconds a lower-priority master is left in place before preempting it; 0..1000 s, default 0 (preempt_delay).</summary>
    public TimeSpan PreemptDelay { get; init; }

    /// <summary>Missed adverts before the master counts as lost; 1..100, default 3 (down_timer_adverts).</summary>
    public int DownTimerAdverts { get; init; } = 3;

    /// <summary>Addresses carried in adverts, in configuration order (virtual_ipaddress).</summary>
    public EquatableArray<VirtualAddress> Addresses { get; init; }

    /// <summary>
    /// Seconds after which the kernel removes the addresses unless the daemon renews them, 1..3600; 0 = never, the default (vip_lease). They are
    /// renewed twice in that time.
    /// </summary>
    public int LeaseSeconds { get; init; }

    /// <summary>Addresses added and removed with the others but not advertised (virtual_ipaddress_excluded).</summary>
    public EquatableArray<VirtualAddress> ExcludedAddresses { get; init; }

    /// <summary>Routes added after the addresses (virtual_routes).</summary>
    public EquatableArray<VirtualRoute> Routes { get; init; }

    /// <summary>Policy rules added after the routes (virtual_rules).</summary>
    public EquatableArray<VirtualRule> Rules { get; init; }

    /// <summary>Version 2 authentication: none, a simple password, or an IP authentication header (IPv4 only).</summary>
    public AuthenticationType Authentication { get; init; }

    /// <summary>The password, exactly 8 bytes, zero padded; empty without authentication. A secret: never logged.</summary>
    public EquatableArray<byte> Password { get; init; }

    /// <summary>Signed adverts, both versions; absent = none (auth_hmac). Excludes <see cref="Authentication"/>.</summary>
    public HmacAuthentication? Hmac { get; init; }

    /// <summary>Unicast peers in configuration order; empty = multicast (unicast_peer). Our own address has been taken out.</summary>
    public EquatableArray<UnicastPeer> UnicastPeers { get; init; }

    /// <summary>Whether adverts are sent to <see cref="UnicastPeers"/> instead of the multicast group.</summary>
    public bool IsUnicast { get; init; }

    /// <summary>Source address of adverts; absent = the interface's first address that is not virtual (mcast_src_ip, unicast_src_ip).</summary>
    public InternetAddress Source { get; init; }

    /// <summary>Whether losing <see cref="Source"/> is a fault (track_src_ip).</summary>
    public bool IsSourceTracked { get; init; }

    /// <summary>Multicast destination; default 224.0.0.18 or ff02::12.</summary>
    public InternetAddress Group { get; init; }

    /// <summary>TTL or hop limit of unicast adverts, 0..255; -1 = 255 for IPv4 and the kernel's default for IPv6 (unicast_ttl).</summary>
    public int UnicastTtl { get; init; } = -1;

    /// <summary>Whether unicast adverts from addresses that are not peers are refused (check_unicast_src; default false as in keepalived).</summary>
    public bool IsUnicastSourceChecked { get; init; }

    /// <summary>Whether the address list of an advert from the known master is not compared (skip_check_adv_addr).</summary>
    public bool IsAddressCheckSkipped { get; init; }

    /// <summary>Whether the version 3 IPv4 checksum is sent without a pseudo header (v3_checksum_as_v2).</summary>
    public bool IsChecksumAsV2 { get; init; }

    /// <summary>What the pseudo header of version 3 unicast checksums holds (old_unicast_checksum); default: what the peer's holds.</summary>
    public OldChecksum OldChecksum { get; init; }

    /// <summary>Whether the kernel keeps the other addresses of a network when the first one is removed; default: its own setting (promote_secondaries).</summary>
    public bool IsPromotingSecondaries { get; init; }

    /// <summary>Gratuitous ARP and neighbour advertisement schedule.</summary>
    public GratuitousSchedule Gratuitous { get; init; } = new();

    /// <summary>Whether a lower-priority advert heard as Master is not answered by an immediate advert; default false (lower_prio_no_advert).</summary>
    public bool IsLowerPriorityUnanswered { get; init; }

    /// <summary>Whether one advert is sent before yielding to a better one; default false (higher_prio_send_advert).</summary>
    public bool IsHigherPriorityAnswered { get; init; }

    /// <summary>Whether strict_mode has had its effect on the other settings; default false. Only told in dumps.</summary>
    public bool IsStrict { get; init; }

    /// <summary>Whether an address owner leaves adverts unread; default false, true in strict_mode (owner_ignore_adverts, RFC 9568 section 7.1).</summary>
    public bool IsIgnoringAdverts { get; init; }

    /// <summary>Tracked scripts and what each contributes.</summary>
    public EquatableArray<TrackReference> TrackScripts { get; init; }

    /// <summary>Tracked interfaces and what each contributes. The own interface is here with weight 0 unless dont_track_primary.</summary>
    public EquatableArray<TrackReference> TrackLinks { get; init; }

    /// <summary>Tracked files; the number is multiplied by the weight, 0 = any other number than 0 means Fault. -254..254.</summary>
    public EquatableArray<TrackReference> TrackFiles { get; init; }

    /// <summary>Tracked processes and what each contributes. -254..254.</summary>
    public EquatableArray<TrackReference> TrackProcesses { get; init; }

    /// <summary>Whether named pipes are told of changes of the effective priority; default false (notify_priority_changes).</summary>
    public bool IsPriorityNotified { get; init; }

    /// <summary>Whether notify_master runs once more after another master has yielded to this one; default false (reassert, ours).</summary>
    public bool IsReasserting { get; init; }

    /// <summary>Scripts told about state changes.</summary>
    public NotifyScripts Notify { get; init; } = new();

    /// <summary>Index into <see cref="Node.NodeConfig.Groups"/> of the sync group that the instance is a member of; -1 = none (vrrp_sync_group).</summary>
    public int SyncGroup { get; init; } = -1;

    /// <summary>What must succeed before the addresses are added; absent = plain VRRP. All members of a sync group have the same one.</summary>
    public PromotionPlan? Promotion { get; init; }

    /// <summary>What runs after the addresses are gone; absent = nothing.</summary>
    public DemotionPlan? Demotion { get; init; }

    /// <summary>All addresses that this router adds and removes, the excluded ones last. Walking them allocates nothing.</summary>
    public AddressWalk EachAddress() => new(Addresses, ExcludedAddresses);

    /// <summary>All interfaces that the daemon makes for this router.</summary>
    public IEnumerable<VirtualLink> EachVirtualLink() => Vmac is null ? AddressVmacs : AddressVmacs.Prepend(Vmac);

    /// <summary>Whether a link is the router's own: the interface, or the virtual one on top of it.</summary>
    public bool IsOwnLink(int link) => link == Link || (Vmac is not null && link == Vmac.Link);

    /// <summary>Accept_Mode: whether packets to the addresses are accepted while Master; default true; false after <c>no_accept</c>.</summary>
    public bool IsAccepting { get; init; } = true;

    /// <summary>Whether packets to and from the addresses are dropped; never for the owner (RFC 9568 section 6.1, keepalived).</summary>
    public bool IsFiltered => !IsAccepting && !IsOwner;

    /// <summary>Whether this router is the address owner (priority 255): weights do not apply.</summary>
    public bool IsOwner => BasePriority == 255;
}

/// <summary>The checksum of version 3 unicast adverts over IPv4 with the multicast group in place of the peer, as keepalived up to 1.3.6 sent it.</summary>
public enum OldChecksum : byte
{
    /// <summary>Sent once a peer has sent one; accepted.</summary>
    Learnt = 0,

    /// <summary>Sent; accepted as the right one is.</summary>
    Always,

    /// <summary>Neither sent nor accepted.</summary>
    Never,
}

/// <summary>One virtual address with its kernel attributes (keepalived).</summary>
/// <param name="Address">The address.</param>
/// <param name="PrefixLength">0..32 or 0..128; without one in the file: full length.</param>
/// <param name="Link">Index into <see cref="Node.NodeConfig.Links"/> of the device it is put on.</param>
public sealed record VirtualAddress(InternetAddress Address, byte PrefixLength, int Link)
{
    /// <summary>Broadcast address; absent = none (brd).</summary>
    public InternetAddress Broadcast { get; init; }

    /// <summary>Point-to-point peer; absent = none (peer).</summary>
    public InternetAddress Peer { get; init; }

    /// <summary>Interface label up to 15 characters; empty = none (label).</summary>
    public string Label { get; init; } = "";

    /// <summary>Kernel scope, 0 = global, 253 = link, 254 = host (scope).</summary>
    public byte Scope { get; init; }

    /// <summary>Whether duplicate address detection is asked for (IPv6 <c>-nodad</c>); default false: the address is usable at once.</summary>
    public bool IsDuplicateDetected { get; init; }

    /// <summary>Preferred lifetime in seconds; -1 = forever, -2 = the default: 0 for an IPv6 /128, else forever (preferred_lft).</summary>
    public int PreferredLifetimeSeconds { get; init; } = -2;

    /// <summary>Kernel flags from home, mngtmpaddr, noprefixroute, autojoin (IFA_F_*); 0 = none.</summary>
    public uint Flags { get; init; }

    /// <summary>Whether it was asked for to be on an interface with a virtual MAC address (use_vmac of an address); <see cref="Link"/> is that one already.</summary>
    public bool IsOnVmac { get; init; }

    /// <summary>Whether the device is not tracked and external removal is not noticed (no_track).</summary>
    public bool IsUntracked { get; init; }

    /// <summary>The address as an operator writes it, with its prefix length.</summary>
    public override string ToString() => $"{Address}/{PrefixLength}";
}

/// <summary>Walks through the addresses of a router, the excluded ones last.</summary>
public struct AddressWalk
{
    private readonly EquatableArray<VirtualAddress> _addresses;
    private readonly EquatableArray<VirtualAddress> _excluded;
    private int _index = -1;

    /// <summary>A walk that begins before the first address.</summary>
    public AddressWalk(in EquatableArray<VirtualAddress> addresses, in EquatableArray<VirtualAddress> excluded)
    {
        _addresses = addresses;
        _excluded = excluded;
    }

    /// <summary>The address that the walk has come to.</summary>
    public readonly VirtualAddress Current => _index < _addresses.Count ? _addresses[_index] : _excluded[_index - _addresses.Count];

    /// <summary>Goes on; false after the last address.</summary>
    public bool MoveNext() => ++_index < _addresses.Count + _excluded.Count;

    /// <summary>Itself, for foreach.</summary>
    public readonly AddressWalk GetEnumerator() => this;
}

/// <summary>A unicast peer.</summary>
/// <param name="Address">Where adverts go and come from.</param>
/// <param name="MinTtl">Lowest TTL accepted, 0..255; default 0 (min_ttl).</param>
/// <param name="MaxTtl">Highest TTL accepted, 0..255; default 255 (max_ttl).</param>
public readonly record struct UnicastPeer(InternetAddress Address, byte MinTtl = 0, byte MaxTtl = 255);

/// <summary>How often an address is announced (keepalived garp_*).</summary>
public sealed record GratuitousSchedule
{
    /// <summary>Seconds from becoming Master to the second burst; default 5; 0 = none (garp_master_delay).</summary>
    public TimeSpan MasterDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Announcements per address in a burst; 1 or more, default 5 (garp_master_repeat).</summary>
    public int MasterRepeat { get; init; } = 5;

    /// <summary>Period of refreshes while Master; 0 = none, the default (garp_master_refresh).</summary>
    public TimeSpan Refresh { get; init; }

    /// <summary>Announcements per address in a refresh; 1 or more, default 1 (garp_master_refresh_repeat).</summary>
    public int RefreshRepeat { get; init; } = 1;

    /// <summary>Seconds from a lower-priority advert to the second burst; default as <see cref="MasterDelay"/> (garp_lower_prio_delay).</summary>
    public TimeSpan LowerPriorityDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Announcements after a lower-priority advert; 0 = none; default as <see cref="MasterRepeat"/> (garp_lower_prio_repeat).</summary>
    public int LowerPriorityRepeat { get; init; } = 5;

    /// <summary>Period of announcements on interfaces from which no adverts leave, while Master; whole seconds up to a day; 0 = none, the default (garp_extra_if).</summary>
    public TimeSpan Extra { get; init; }

    /// <summary>Whether those interfaces include ones without a virtual MAC address; default false (garp_extra_if all).</summary>
    public bool IsExtraForAll { get; init; }
}

/// <summary>What one tracker contributes to one instance (keepalived).</summary>
/// <param name="Index">Index into the list of trackers of its kind in <see cref="Node.NodeConfig"/>.</param>
/// <param name="Weight">0 = failure means Fault; above 0 = added while good; below 0 = taken off while bad. -253..253.</param>
/// <param name="IsReversed">Good and bad are exchanged (reverse).</param>
public readonly record struct TrackReference(int Index, int Weight, bool IsReversed);

/// <summary>Scripts told about state changes, each absent unless configured, and whether mails are sent. They run after the fact: nothing waits for them.</summary>
public sealed record NotifyScripts
{
    /// <summary>Run on becoming Master (notify_master).</summary>
    public CommandLine? Master { get; init; }

    /// <summary>Run on becoming Backup (notify_backup).</summary>
    public CommandLine? Backup { get; init; }

    /// <summary>Run on entering Fault (notify_fault).</summary>
    public CommandLine? Fault { get; init; }

    /// <summary>Run when the daemon stops (notify_stop).</summary>
    public CommandLine? Stop { get; init; }

    /// <summary>Run on every change with INSTANCE, name, state and priority as further arguments (notify).</summary>
    public CommandLine? Any { get; init; }

    /// <summary>Run when a Master hears a lower-priority advert (notify_master_rx_lower_pri).</summary>
    public CommandLine? MasterHeardLower { get; init; }

    /// <summary>Run when a reload removes the instance (notify_deleted).</summary>
    public CommandLine? Deleted { get; init; }

    /// <summary>Whether the removal is told of as DELETED; default false: as FAULT (notify_deleted, with or without a script).</summary>
    public bool IsDeletedTold { get; init; }

    /// <summary>Whether changes are mailed; default smtp_alert_vrrp, then smtp_alert of global_defs, then false (smtp_alert).</summary>
    public bool IsMailed { get; init; }

    /// <summary>Whether scripts are started at once and beside each other, as keepalived does; default false: one at a time (notify_parallel, ours).</summary>
    public bool IsParallel { get; init; }
}

/// <summary>A program with its arguments and the identity it runs as. Executed directly, never through a shell.</summary>
/// <param name="Arguments">argv; the first is the path of the program as resolved when the file was read.</param>
public sealed record CommandLine(EquatableArray<string> Arguments)
{
    /// <summary>User id it runs as; default 0 or what script_user says.</summary>
    public uint UserId { get; init; }

    /// <summary>Group id it runs as.</summary>
    public uint GroupId { get; init; }

    /// <summary>Other groups it runs with; default none (keepalived: set_supplementary_groups, or a colon before the group of `user`).</summary>
    public EquatableArray<uint> SupplementaryGroups { get; init; }

    /// <summary>User name as written, for messages; empty = not written.</summary>
    public string UserName { get; init; } = "";

    /// <summary>The program and its arguments separated by blanks, for messages.</summary>
    public override string ToString() => string.Join(' ', Arguments);
}
