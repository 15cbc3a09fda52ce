using FenceFirst.Config.Binding;

namespace FenceFirst.Config.Keywords;

/// <content>vrrp_script, vrrp_instance, vrrp_sync_group and the blocks inside them.</content>
internal static partial class KeywordTable
{
    private const string NoIpvlan = "without it the peers and switches see another station than configured; use_vmac gives the addresses an interface of their own too";

    private const string StallIsKnown = "a stalled Master always releases first, whatever the value";

    private static IEnumerable<Keyword> ScriptRows() =>
    [
        Row(BlockKind.VrrpScript, "script", ValueShape.Script, "the command line, in one pair of quotes"),
        Seconds(BlockKind.VrrpScript, "interval", 0, 4294m, "1", "from start to start; 0 means 1", 3) with { IsZeroOne = true },
        Seconds(BlockKind.VrrpScript, "timeout", 0, 4294m, "the interval", "bound on one run; 0 means 1", 3) with { IsZeroOne = true },
        Row(BlockKind.VrrpScript, "weight", ValueShape.Weight, "0 = failure means Fault; otherwise added to the priority") with { Min = -ValueReader.WeightMax, Max = ValueReader.WeightMax, Default = "0" },
        Integer(BlockKind.VrrpScript, "rise", 1, 2147483647, "1", "successes in a row before it counts as good"),
        Integer(BlockKind.VrrpScript, "fall", 1, 2147483647, "1", "failures in a row before it counts as bad"),
        Row(BlockKind.VrrpScript, "user", ValueShape.User, "identity it runs as") with { Default = "script_user" },
        Row(BlockKind.VrrpScript, "init_fail", ValueShape.Flag, "counts as bad until it has succeeded `rise` times (has no effect in keepalived)"),
    ];

    private static IEnumerable<Keyword> InstanceRows() =>
    [
        Row(BlockKind.VrrpInstance, "state", ValueShape.Choice, "cancels nopreempt and preempt_delay when MASTER; little else") with { Choices = ["MASTER", "BACKUP"], Default = "BACKUP; MASTER with priority 255" },
        Row(BlockKind.VrrpInstance, "interface", ValueShape.Interface, "where adverts are sent and addresses are added"),
        Integer(BlockKind.VrrpInstance, "virtual_router_id", 1, 255, "", "identifies the virtual router on the link; mandatory"),
        Integer(BlockKind.VrrpInstance, "priority", 1, 255, "100", "the highest becomes Master; 255 = address owner"),
        Seconds(BlockKind.VrrpInstance, "advert_int", 0.01m, 255, "1", "time between adverts; version 2: whole seconds, version 3: 0.01 to 40.95"),
        Block(BlockKind.VrrpInstance, "authentication", BlockKind.Authentication, "a password for version 2, IPv4"),
        Row(BlockKind.Authentication, "auth_type", ValueShape.Choice, "PASS: the password in clear text; AH: an IP authentication header with HMAC-MD5") with { Choices = ["PASS", "AH"] },
        Row(BlockKind.Authentication, "auth_pass", ValueShape.Word, "the first 8 bytes are the password (PASS) or the key (AH)"),
        Block(BlockKind.VrrpInstance, "virtual_ipaddress", BlockKind.Entries, "advertised addresses, one per line"),
        Block(BlockKind.VrrpInstance, "virtual_ipaddress_excluded", BlockKind.Entries, "addresses that are not advertised, one per line"),
        Block(BlockKind.VrrpInstance, "virtual_routes", BlockKind.Entries, "routes, one per line: to, via, src, dev, table, metric, scope, onlink, no_track"),
        Block(BlockKind.VrrpInstance, "virtual_rules", BlockKind.Entries, "policy rules, one per line: from, to, table, priority"),
        Block(BlockKind.VrrpInstance, "track_interface", BlockKind.Entries, "interfaces, one per line: NAME [weight N [reverse]]"),
        Block(BlockKind.VrrpInstance, "track_script", BlockKind.Entries, "scripts, one per line: NAME [weight N [reverse|noreverse]]"),
        Row(BlockKind.VrrpInstance, "dont_track_primary", ValueShape.Flag, "the own interface may be down"),
        Row(BlockKind.VrrpInstance, "track_src_ip", ValueShape.Flag, "losing the source address is a fault"),
        Row(BlockKind.VrrpInstance, "mcast_src_ip", ValueShape.Address, "source address of adverts") with { Default = "primary address of the interface" },
        Row(BlockKind.VrrpInstance, "mcast_dst_ip", ValueShape.Address, "multicast group of this instance") with { Default = "vrrp_mcast_group4/6" },
        Row(BlockKind.VrrpInstance, "unicast_src_ip", ValueShape.Address, "source address of adverts, unicast") with { Default = "primary address of the interface" },
        Block(BlockKind.VrrpInstance, "unicast_peer", BlockKind.Entries, "peers, one per line: ADDRESS [min_ttl N] [max_ttl N]"),
        Integer(BlockKind.VrrpInstance, "unicast_ttl", 0, 255, "255", "TTL of unicast adverts"),
        Row(BlockKind.VrrpInstance, "check_unicast_src", ValueShape.Flag, "adverts from others than the peers are refused"),
        Row(BlockKind.VrrpInstance, "version", ValueShape.Choice, "protocol version") with { Choices = ["2", "3"], Default = "vrrp_version; 3 for IPv6" },
        Row(BlockKind.VrrpInstance, "v3_checksum_as_v2", ValueShape.Boolean, "version 3 IPv4 checksum without pseudo header"),
        Row(BlockKind.VrrpInstance, "native_ipv6", ValueShape.Flag, "IPv6 even without an address that says so"),
        Row(BlockKind.VrrpInstance, "nopreempt", ValueShape.Flag, "a lower-priority master is left alone"),
        Row(BlockKind.VrrpInstance, "preempt", ValueShape.Flag, "the default; takes nopreempt back"),
        Seconds(BlockKind.VrrpInstance, "preempt_delay", 0, 1000, "0", "how long a lower-priority master is left in place"),
        Row(BlockKind.VrrpInstance, "accept", ValueShape.Flag, "packets to the addresses are accepted: the default; takes no_accept back"),
        Row(BlockKind.VrrpInstance, "skip_check_adv_addr", ValueShape.Boolean, "the address list of the known master's adverts is not compared"),
        Unused(Integer(BlockKind.VrrpInstance, "debug", 0, 4, "0", "a debug level that keepalived stores and never uses") with { IsOptional = true }, "it has no effect, in keepalived neither"),
        Row(BlockKind.VrrpInstance, "notify_master", ValueShape.Script, "runs after becoming Master"),
        Row(BlockKind.VrrpInstance, "notify_backup", ValueShape.Script, "runs after becoming Backup"),
        Row(BlockKind.VrrpInstance, "notify_fault", ValueShape.Script, "runs after entering Fault"),
        Row(BlockKind.VrrpInstance, "notify_stop", ValueShape.Script, "runs when the daemon stops"),
        Row(BlockKind.VrrpInstance, "notify", ValueShape.Script, "runs after every change with INSTANCE, name, state and priority"),
        Row(BlockKind.VrrpInstance, "notify_master_rx_lower_pri", ValueShape.Script, "runs when a Master hears a lower-priority advert"),
        Integer(BlockKind.VrrpInstance, "garp_master_delay", 0, 4294, "vrrp_garp_master_delay", "from becoming Master to the second burst; 0 = none", "s"),
        Integer(BlockKind.VrrpInstance, "garp_master_repeat", 0, 1000, "vrrp_garp_master_repeat", "announcements per address in a burst; 0 means 1") with { IsZeroOne = true },
        Integer(BlockKind.VrrpInstance, "garp_master_refresh", 0, 86400, "vrrp_garp_master_refresh", "period of refreshes; 0 = none", "s"),
        Integer(BlockKind.VrrpInstance, "garp_master_refresh_repeat", 0, 1000, "vrrp_garp_master_refresh_repeat", "announcements per address in a refresh") with { IsZeroOne = true },
        Integer(BlockKind.VrrpInstance, "garp_lower_prio_delay", 0, 4294, "vrrp_garp_lower_prio_delay", "from a lower-priority advert to the second burst", "s"),
        Integer(BlockKind.VrrpInstance, "garp_lower_prio_repeat", 0, 1000, "vrrp_garp_lower_prio_repeat", "announcements after a lower-priority advert"),
        Integer(BlockKind.VrrpInstance, "down_timer_adverts", 1, 100, "vrrp_down_timer_adverts", "missed adverts before the master counts as lost"),
        Row(BlockKind.VrrpInstance, "lower_prio_no_advert", ValueShape.Boolean, "a Master does not answer lower-priority adverts at once"),
        Row(BlockKind.VrrpInstance, "higher_prio_send_advert", ValueShape.Boolean, "one advert is sent before yielding"),
        Boolean(BlockKind.VrrpInstance, "strict_mode", "what the RFCs say where keepalived usually does otherwise: no password, no unicast, no_accept, lower priorities unanswered") with { Default = "vrrp_strict" },
    ];

    private static IEnumerable<Keyword> InstanceOtherRows() =>
    [
        Block(BlockKind.VrrpInstance, "auth_hmac", BlockKind.AuthHmac, "signs adverts with a trailer of 28 bytes, versions 2 and 3; replaces authentication"),
        Row(BlockKind.AuthHmac, "key", ValueShape.Words, "ID VALUE: id 1 to 255; 32 to 64 bytes as hex:DIGITS, printable ASCII or file:PATH; several for a rotation"),
        Integer(BlockKind.AuthHmac, "active_key", 1, 255, "", "the id of the key that signs; mandatory"),
        Integer(BlockKind.AuthHmac, "time_window", 1, 300, "3 advert_int, 5 to 300", "how far the sender's clock may differ", "s"),
        Row(BlockKind.AuthHmac, "anti_replay", ValueShape.Choice, "time: within the window and growing; monotonic: growing") with { Choices = ["time", "monotonic"], Default = "time" },
        Row(BlockKind.AuthHmac, "mode", ValueShape.Choice, "permissive also accepts unsigned adverts, receive-only also sends them") with
        {
            Choices = ["enforce", "permissive", "receive-only"], Default = "enforce",
        },
        Block(BlockKind.VrrpInstance, "track_file", BlockKind.Entries, "files, one per line: NAME [weight N [reverse|noreverse]]"),
        Block(BlockKind.VrrpInstance, "track_process", BlockKind.Entries, "processes, one per line: NAME [weight N [reverse|noreverse]]"),
        Block(BlockKind.VrrpInstance, "track_bfd", BlockKind.Entries, "BFD sessions, one per line: NAME [weight N [reverse|noreverse]]") with { Support = Support.Refused, Advice = NoBfd },
        Free(BlockKind.VrrpInstance, "use_vmac", "[[name] IF] [MAC] [netlink_notify_msg] [group ID]: addresses and adverts have the virtual MAC address, on an interface that is made for them") with
        {
            Default = "off; with it vrrp.VRID and 00:00:5e:00:01:VRID, IPv6 00:00:5e:00:02:VRID",
        },
        Flag(BlockKind.VrrpInstance, "use_vmac_addr", "the same for addresses on other interfaces, and for excluded ones of the other family"),
        Flag(BlockKind.VrrpInstance, "vmac_xmit_base", "adverts leave from the interface below, with its own MAC address"),
        Awaits(Free(BlockKind.VrrpInstance, "use_ipvlan", "[[name] IF] [ADDRESS] [bridge|private|vepa] [group ID]: an ipvlan interface"), NoIpvlan),
        Awaits(Row(BlockKind.VrrpInstance, "vrf", ValueShape.Interface, "the VRF of unicast adverts without interface")),
        Flag(BlockKind.VrrpInstance, "no_accept", "packets to the addresses are dropped unless owner, by nftables; neighbour discovery and ARP go on"),
        Boolean(BlockKind.VrrpInstance, "owner_ignore_adverts", "an address owner ignores adverts; always so in strict_mode") with { Default = "vrrp_owner_ignore_adverts" },
        Unused(Integer(BlockKind.VrrpInstance, "timer_expired_backup", 1, 254, "254", "leaves Master when own timers ran late") with { IsOptional = true }, StallIsKnown, "stall"),
        Unused(Integer(BlockKind.VrrpInstance, "thread_timer_expired", 1, 254, "254", "old name of timer_expired_backup") with { IsOptional = true }, StallIsKnown, "stall"),
        Row(BlockKind.VrrpInstance, "old_unicast_checksum", ValueShape.Choice, "version 3 unicast checksum with the multicast group, as keepalived up to 1.3.6; `never`: not even when a peer sends it so") with
        {
            Choices = ["never"], IsOptional = true, Default = "once a peer sends it so",
        },
        Flag(BlockKind.VrrpInstance, "unicast_fault_no_peer", "unicast without peers is not replaced by multicast: always so, it is an error"),
        Flag(BlockKind.VrrpInstance, "no_virtual_ipaddress", "an instance without addresses is meant"),
        Flag(BlockKind.VrrpInstance, "promote_secondaries", "removing an address keeps others of its network: the sysctl of the interface, until the daemon ends; always so with use_vmac"),
        Words(BlockKind.VrrpInstance, "garp_extra_if", "[all] SECONDS, 0 to 86400: one address is announced again and again on each virtual MAC interface, or each interface, from which no adverts leave") with { Default = "vrrp_garp_extra_if" },
        Words(BlockKind.VrrpInstance, "vmac_garp_intvl", "old name of garp_extra_if"),
        Unused(Integer(BlockKind.VrrpInstance, "kernel_rx_buf_size", 1, int.MaxValue, "", "receive buffer", "bytes"), NoTuning, "tuning"),
        Flag(BlockKind.VrrpInstance, "linkbeat_use_polling", "polls the carrier of the own interface; linkbeat_interfaces replaces it"),
        Unused(Row(BlockKind.VrrpInstance, "lvs_sync_daemon_interface", ValueShape.Interface, "interface of the LVS sync daemon"), NoLvs, "lvs"),
    ];

    private static IEnumerable<Keyword> GroupRows() =>
    [
        Block(BlockKind.VrrpSyncGroup, "group", BlockKind.WordList, "the members, once; the first one runs the steps for all"),
        .. Many(
            name => Block(BlockKind.VrrpSyncGroup, name, BlockKind.Entries, "trackers of every member, as in vrrp_instance"),
            "track_interface", "track_script", "track_file", "track_process"),
        Block(BlockKind.VrrpSyncGroup, "track_bfd", BlockKind.Entries, "BFD sessions of every member, as in vrrp_instance") with { Support = Support.Refused, Advice = NoBfd },
        Row(BlockKind.VrrpSyncGroup, "notify_master", ValueShape.Script, "runs when all members are Master"),
        Row(BlockKind.VrrpSyncGroup, "notify_backup", ValueShape.Script, "runs when all members are Backup"),
        Row(BlockKind.VrrpSyncGroup, "notify_fault", ValueShape.Script, "runs when all members are in Fault"),
        Row(BlockKind.VrrpSyncGroup, "notify_stop", ValueShape.Script, "runs when all members have stopped"),
        Row(BlockKind.VrrpSyncGroup, "notify", ValueShape.Script, "runs after every change with GROUP, name, state and 0"),
        Row(BlockKind.VrrpSyncGroup, "notify_priority_changes", ValueShape.Boolean, "as in vrrp_instance, for members that do not say so themselves") with { Default = "vrrp_notify_priority_changes" },
        Flag(BlockKind.VrrpSyncGroup, "sync_group_tracking_weight", "weights of trackers apply to members too"),
        Flag(BlockKind.VrrpSyncGroup, "global_tracking", "old name of sync_group_tracking_weight"),
    ];
}
