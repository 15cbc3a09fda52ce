namespace FenceFirst.Config;

/// <content>The top level and global_defs.</content>
internal static partial class KeywordTable
{
    private const string NoMail = "no mail is sent yet: use a notify script";
    private const string NoSnmp = "there is no SNMP agent yet";
    private const string NoTuning = "the process is tuned by its service unit instead";
    private const string NoFirewall = "no firewall rules are made; they only serve no_accept and use_vmac, which are refused";
    private const string NoLvs = "LVS is not part of FenceFirst: let keepalived do it beside, with `keepalived -C`";
    private const string NoBfd = "there is no BFD, and a tracker that is silently missing would count as healthy; let a BFD daemon write its verdict into a file and use track_file";

    private static IEnumerable<Keyword> RootRows() =>
    [
        Block(BlockKind.Root, "global_defs", BlockKind.GlobalDefs, "settings of the whole node; several blocks add up"),
        Block(BlockKind.Root, "vrrp_script", BlockKind.VrrpScript, "a check script that instances can track", isNamed: true),
        Block(BlockKind.Root, "vrrp_instance", BlockKind.VrrpInstance, "one virtual router", isNamed: true),
        Block(BlockKind.Root, "vrrp_sync_group", BlockKind.VrrpSyncGroup, "instances that change state together", isNamed: true) with
        {
            Support = Support.NotYet, Advice = "members would move one by one, which is what the group is meant to prevent; put the addresses into one instance",
        },
        Block(BlockKind.Root, "track_file", BlockKind.TrackFileDefinition, "a file whose number is tracked", true),
        Block(BlockKind.Root, "vrrp_track_file", BlockKind.TrackFileDefinition, "old name of track_file", true),
        Block(BlockKind.Root, "vrrp_track_process", BlockKind.TrackProcessDefinition, "a process that is tracked", true),
        Block(BlockKind.Root, "bfd_instance", BlockKind.BfdInstance, "a BFD session that is tracked", true) with { Support = Support.Refused, Advice = NoBfd },
        NotYet(BlockKind.Root, "track_group", "instances that track static items", opens: BlockKind.Opaque) with { IsNamed = true },
        NotYet(BlockKind.Root, "static_ipaddress", "addresses held all the time", "set them up in the system's network configuration", BlockKind.Entries),
        NotYet(BlockKind.Root, "static_routes", "routes held all the time", "set them up in the system's network configuration", BlockKind.Entries),
        NotYet(BlockKind.Root, "static_rules", "rules held all the time", "set them up in the system's network configuration", BlockKind.Entries),
        NotYet(BlockKind.Root, "garp_group", "limits gratuitous ARP over several interfaces", opens: BlockKind.GarpGroup),
        NotYet(BlockKind.Root, "linkbeat_interfaces", "interfaces whose carrier is polled", opens: BlockKind.Entries),
        Block(BlockKind.Root, "interface_up_down_delays", BlockKind.Entries, "IF DOWN [UP]: seconds for which a change of an interface is doubted"),
        Warned(BlockKind.Root, "linkbeat_use_polling", "polls the carrier of all interfaces", "the kernel's own notice is used"),
        NotYet(BlockKind.Root, "net_namespace", "runs in a network namespace", "start FenceFirst in it: ip netns exec NAME fencefirst run"),
        Warned(BlockKind.Root, "net_namespace_ipvs", "namespace of the LVS side", NoLvs, "lvs"),
        Warned(BlockKind.Root, "namespace_with_ipsets", "allows ipsets in a namespace", NoFirewall, "firewall"),
        Warned(BlockKind.Root, "use_pid_dir", "puts the pid files into a directory", "there is no pid file: the service manager knows the process", "pid"),
        Warned(BlockKind.Root, "instance", "names this daemon", "use --state-dir and --socket to run several", "pid"),
        Warned(BlockKind.Root, "child_wait_time", "how long the parent waits for its children", "there are no child daemons"),
        .. Many(
            name => new Keyword(BlockKind.Root, name, ValueShape.Free, Support.Warned, "LVS") { Opens = BlockKind.Opaque, Advice = NoLvs, Topic = "lvs" },
            "virtual_server", "virtual_server_group", "SSL"),
    ];

    private static IEnumerable<Keyword> GlobalRows() =>
    [
        Row(BlockKind.GlobalDefs, "router_id", ValueShape.Word, "name of this node in messages") with { Default = "host name" },
        Row(BlockKind.GlobalDefs, "script_user", ValueShape.User, "identity of scripts that name none") with { Default = "keepalived_script if it exists, else the daemon's" },
        Row(BlockKind.GlobalDefs, "enable_script_security", ValueShape.Flag, "an insecure script is an error instead of a warning"),
        Row(BlockKind.GlobalDefs, "vrrp_version", ValueShape.Choice, "version of IPv4 instances that name none") with { Choices = ["2", "3"], Default = "2" },
        Row(BlockKind.GlobalDefs, "vrrp_mcast_group4", ValueShape.Address, "where IPv4 adverts go") with { Default = "224.0.0.18" },
        Row(BlockKind.GlobalDefs, "vrrp_mcast_group6", ValueShape.Address, "where IPv6 adverts go") with { Default = "ff02::12" },
        Integer(BlockKind.GlobalDefs, "vrrp_garp_master_delay", 0, 86400, "5", "from becoming Master to the second burst; 0 = none", "s"),
        Integer(BlockKind.GlobalDefs, "vrrp_garp_master_repeat", 0, 1000, "5", "announcements per address in a burst; 0 means 1"),
        Integer(BlockKind.GlobalDefs, "vrrp_garp_master_refresh", 0, 86400, "0", "period of refreshes; 0 = none", "s"),
        Integer(BlockKind.GlobalDefs, "vrrp_garp_master_refresh_repeat", 0, 1000, "1", "announcements per address in a refresh; 0 means 1"),
        Integer(BlockKind.GlobalDefs, "vrrp_garp_lower_prio_delay", 0, 86400, "as vrrp_garp_master_delay", "from a lower-priority advert to the second burst", "s"),
        Integer(BlockKind.GlobalDefs, "vrrp_garp_lower_prio_repeat", 0, 1000, "as vrrp_garp_master_repeat", "announcements after a lower-priority advert"),
        Seconds(BlockKind.GlobalDefs, "vrrp_garp_interval", 0, 4294.967295m, "0", "least spacing of gratuitous ARP on an interface") with
        {
            Support = Support.Warned, Topic = "spacing", Advice = "announcements are not spaced yet (0 = no spacing needs no keyword)",
        },
        Seconds(BlockKind.GlobalDefs, "vrrp_gna_interval", 0, 4294.967295m, "0", "least spacing of neighbour advertisements on an interface") with
        {
            Support = Support.Warned, Topic = "spacing", Advice = "announcements are not spaced yet (0 = no spacing needs no keyword)",
        },
        Row(BlockKind.GlobalDefs, "vrrp_min_garp", ValueShape.Boolean, "one announcement, no second burst, no refresh, unless set otherwise"),
        Integer(BlockKind.GlobalDefs, "vrrp_down_timer_adverts", 1, 100, "3", "missed adverts before the master counts as lost"),
        Row(BlockKind.GlobalDefs, "vrrp_lower_prio_no_advert", ValueShape.Boolean, "a Master does not answer lower-priority adverts at once"),
        Row(BlockKind.GlobalDefs, "vrrp_higher_prio_send_advert", ValueShape.Boolean, "one advert is sent before yielding"),
        Row(BlockKind.GlobalDefs, "vrrp_check_unicast_src", ValueShape.Flag, "unicast adverts from others than the peers are refused"),
        Row(BlockKind.GlobalDefs, "vrrp_skip_check_adv_addr", ValueShape.Boolean, "the address list of the known master's adverts is not compared"),
        Row(BlockKind.GlobalDefs, "v3_checksum_as_v2", ValueShape.Boolean, "version 3 IPv4 checksum without pseudo header"),
        Row(BlockKind.GlobalDefs, "log_unknown_vrids", ValueShape.Flag, "adverts for other virtual routers are logged"),
        Integer(BlockKind.GlobalDefs, "vrrp_priority", -20, 19, "0", "nice value of the process"),
        Row(BlockKind.GlobalDefs, "vrrp_no_swap", ValueShape.Flag, "memory is locked"),
        Integer(BlockKind.GlobalDefs, "vrrp_rt_priority", 1, 99, "", "SCHED_RR priority of the process"),
        Row(BlockKind.GlobalDefs, "vrrp_strict", ValueShape.Boolean, "strict RFC behaviour; only `off` is accepted") with
        {
            Advice = "it drops packets to the addresses (needs a firewall), refuses unicast and passwords; write the parts you want",
        },
        Row(BlockKind.GlobalDefs, "notify_master_before_vip", ValueShape.Free, "notify_master is awaited before the address is added") with { IsOwn = true },
        .. WarnedAll(
            BlockKind.GlobalDefs, "mail", NoMail,
            "notification_email_from", "smtp_server", "smtp_helo_name", "smtp_connect_timeout", "smtp_alert", "smtp_alert_vrrp", "no_email_faults"),
        Warned(BlockKind.GlobalDefs, "notification_email", "mail recipients", NoMail, "mail") with { Opens = BlockKind.WordList },
    ];

    private static IEnumerable<Keyword> GlobalProcessRows() =>
    [
        NotYet(BlockKind.GlobalDefs, "use_symlink_paths", "keeps symbolic links in script paths"),
        NotYet(BlockKind.GlobalDefs, "set_supplementary_groups", "scripts get all groups of their user"),
        NotYet(BlockKind.GlobalDefs, "startup_script", "runs before anything else", "use ExecStartPre= of the service unit"),
        NotYet(BlockKind.GlobalDefs, "shutdown_script", "runs after everything else", "use ExecStopPost= of the service unit"),
        NotYet(BlockKind.GlobalDefs, "startup_script_timeout", "bound on startup_script"),
        NotYet(BlockKind.GlobalDefs, "shutdown_script_timeout", "bound on shutdown_script"),
        NotYet(BlockKind.GlobalDefs, "vrrp_owner_ignore_adverts", "an address owner ignores adverts"),
        NotYet(BlockKind.GlobalDefs, "vrrp_startup_delay", "holds all instances after start"),
        NotYet(BlockKind.GlobalDefs, "vrrp_delay_after_boot", "holds all instances after boot"),
        NotYet(BlockKind.GlobalDefs, "dynamic_interfaces", "interfaces may be missing at start", "create the interface first (After= in the service unit)"),
        Warned(BlockKind.GlobalDefs, "default_interface", "interface of static addresses", "there are no static addresses"),
        Warned(BlockKind.GlobalDefs, "vrrp_garp_extra_if", "announcements on further interfaces", "only the address's own interface announces it", "extra_if"),
        Warned(BlockKind.GlobalDefs, "vrrp_vmac_garp_intvl", "old name of vrrp_garp_extra_if", "only the address's own interface announces it", "extra_if"),
        Warned(BlockKind.GlobalDefs, "disable_local_igmp", "no IGMP reports for 224.0.0.x", "the kernel's setting is left alone"),
        .. WarnedAll(BlockKind.GlobalDefs, "firewall", NoFirewall, "vrrp_iptables", "vrrp_ipsets", "nftables", "nftables_priority", "nftables_ifindex", "nftables_counters"),
        .. WarnedAll(BlockKind.GlobalDefs, "vmac", "there are no virtual MAC interfaces yet", "vmac_prefix", "vmac_addr_prefix"),
        .. WarnedAll(
            BlockKind.GlobalDefs, "tuning", NoTuning,
            "process_names", "process_name", "vrrp_process_name", "bfd_process_name", "umask", "vrrp_cpu_affinity", "vrrp_rlimit_rttime", "vrrp_rlimit_rtime",
            "bfd_priority", "bfd_no_swap", "bfd_rt_priority", "bfd_cpu_affinity", "bfd_rlimit_rttime", "max_auto_priority", "min_auto_priority_delay",
            "vrrp_rx_bufs_policy", "vrrp_rx_bufs_multiplier", "vrrp_netlink_cmd_rcv_bufs", "vrrp_netlink_monitor_rcv_bufs", "process_monitor_rcv_bufs",
            "vrrp_netlink_cmd_rcv_bufs_force", "vrrp_netlink_monitor_rcv_bufs_force", "process_monitor_rcv_bufs_force"),
        .. WarnedAll(
            BlockKind.GlobalDefs, "snmp", NoSnmp,
            "snmp_socket", "enable_snmp_vrrp", "enable_snmp_keepalived", "enable_snmp_rfc", "enable_snmp_rfcv2", "enable_snmp_rfcv3", "enable_traps"),
        .. WarnedAll(BlockKind.GlobalDefs, "dbus", "there is no D-Bus interface", "enable_dbus", "dbus_service_name", "dbus_no_interface_name"),
        .. WarnedAll(
            BlockKind.GlobalDefs, "files", "FenceFirst keeps its files in --state-dir",
            "config_save_dir", "tmp_config_directory", "data_use_instance", "state_dump_file", "stats_dump_file", "json_dump_file", "json_version",
            "state_file_location", "stats_file_location", "json_file_location", "iproute_usr_dir", "iproute_etc_dir"),
        .. WarnedAll(
            BlockKind.GlobalDefs, "reload", "a reload always checks the new file first and keeps the old configuration when it is bad",
            "reload_check_config", "reload_time_file", "reload_repeat", "reload_file"),
        Warned(BlockKind.GlobalDefs, "random_seed", "seed of ${_RANDOM}", "the seed is drawn by the daemon"),
        Warned(BlockKind.GlobalDefs, "include_check", "how strict include is", "write includer, includem, includew, includeb or includea instead"),
        .. WarnedAll(
            BlockKind.GlobalDefs, "lvs", NoLvs,
            "lvs_process_name", "checker_process_name", "smtp_alert_checker", "checker_log_all_failures", "lvs_timeouts", "lvs_flush", "lvs_flush_on_stop",
            "lvs_flush_onstop", "lvs_sync_daemon", "lvs_notify_fifo", "lvs_notify_fifo_script", "checker_priority", "checker_no_swap", "checker_rt_priority",
            "checker_cpu_affinity", "checker_rlimit_rttime", "checker_rlimit_rtime", "nftables_ipvs", "nftables_ipvs_priority", "nftables_ipvs_start_fwmark",
            "enable_snmp_checker", "snmp_vs_stats_update_interval", "snmp_rs_stats_update_interval", "lvs_netlink_cmd_rcv_bufs", "lvs_netlink_monitor_rcv_bufs",
            "lvs_netlink_cmd_rcv_bufs_force", "lvs_netlink_monitor_rcv_bufs_force", "rs_init_notifies", "no_checker_emails"),
    ];
}
