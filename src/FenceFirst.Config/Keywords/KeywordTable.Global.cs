namespace FenceFirst.Config.Keywords;

/// <content>The top level and global_defs.</content>
internal static partial class KeywordTable
{
    private const string NoSnmp = "there is no SNMP agent yet";
    private const string NoTuning = "the process is tuned by its service unit instead";
    private const string NoFirewall = "the rules of no_accept are made by nftables, and know no interfaces";
    private const string NoLvs = "LVS is not part of FenceFirst: let keepalived do it beside, with `keepalived -C`";
    private const string NoBfd = "there is no BFD, and a tracker that is silently missing would count as healthy; let a BFD daemon write its verdict into a file and use track_file";

    private static IEnumerable<Keyword> RootRows() =>
    [
        Block(BlockKind.Root, "global_defs", BlockKind.GlobalDefs, "settings of the whole node; several blocks add up"),
        Block(BlockKind.Root, "vrrp_script", BlockKind.VrrpScript, "a check script that instances can track", isNamed: true),
        Block(BlockKind.Root, "vrrp_instance", BlockKind.VrrpInstance, "one virtual router", isNamed: true),
        Block(BlockKind.Root, "vrrp_sync_group", BlockKind.VrrpSyncGroup, "instances that change state together", isNamed: true),
        Block(BlockKind.Root, "track_file", BlockKind.TrackFileDefinition, "a file whose number is tracked", true),
        Block(BlockKind.Root, "vrrp_track_file", BlockKind.TrackFileDefinition, "old name of track_file", true),
        Block(BlockKind.Root, "vrrp_track_process", BlockKind.TrackProcessDefinition, "a process that is tracked", true),
        Block(BlockKind.Root, "bfd_instance", BlockKind.BfdInstance, "a BFD session that is tracked", true) with { Support = Support.Refused, Advice = NoBfd },
        Block(BlockKind.Root, "track_group", BlockKind.TrackGroup, "instances that also track the interfaces of the static items that say track_group NAME", isNamed: true),
        Block(BlockKind.Root, "static_ipaddress", BlockKind.Entries, "addresses held while the daemon runs, one per line, as in virtual_ipaddress"),
        Block(BlockKind.Root, "static_routes", BlockKind.Entries, "routes held while the daemon runs, one per line, as in virtual_routes"),
        Block(BlockKind.Root, "static_rules", BlockKind.Entries, "rules held while the daemon runs, one per line, as in virtual_rules"),
        Block(BlockKind.Root, "garp_group", BlockKind.GarpGroup, "interfaces that share the spacing of announcements"),
        Block(BlockKind.Root, "linkbeat_interfaces", BlockKind.Entries, "IF [MII|ETHTOOL|IOCTL]: interfaces whose carrier is polled once a second"),
        Block(BlockKind.Root, "interface_up_down_delays", BlockKind.Entries, "IF DOWN [UP]: seconds for which a change of an interface is doubted"),
        Flag(BlockKind.Root, "linkbeat_use_polling", "polls the carrier of the interfaces of all instances; linkbeat_interfaces replaces it"),
        Awaits(Word(BlockKind.Root, "net_namespace", "runs in a network namespace"), "start FenceFirst in it: ip netns exec NAME fencefirst run"),
        Unused(Free(BlockKind.Root, "net_namespace_ipvs", "namespace of the LVS side"), NoLvs, "lvs"),
        Unused(Flag(BlockKind.Root, "namespace_with_ipsets", "allows ipsets in a namespace"), NoFirewall, "firewall"),
        Unused(Flag(BlockKind.Root, "use_pid_dir", "puts the pid files into a directory"), "--pid-file says where the pid file is", "pid"),
        Unused(Word(BlockKind.Root, "instance", "names this daemon"), "use --state-dir and --socket to run several", "pid"),
        Unused(Integer(BlockKind.Root, "child_wait_time", 0, 4294967, "5", "how long the parent waits for its children", "s"), "there are no child daemons"),
        .. Many(
            name => Unused(Block(BlockKind.Root, name, BlockKind.Opaque, "LVS"), NoLvs, "lvs"),
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
        Integer(BlockKind.GlobalDefs, "vrrp_garp_master_delay", 0, 4294, "5", "from becoming Master to the second burst; 0 = none", "s"),
        Integer(BlockKind.GlobalDefs, "vrrp_garp_master_repeat", 0, 1000, "5", "announcements per address in a burst; 0 means 1") with { IsZeroOne = true },
        Integer(BlockKind.GlobalDefs, "vrrp_garp_master_refresh", 0, 86400, "0", "period of refreshes; 0 = none", "s"),
        Integer(BlockKind.GlobalDefs, "vrrp_garp_master_refresh_repeat", 0, 1000, "1", "announcements per address in a refresh; 0 means 1") with { IsZeroOne = true },
        Integer(BlockKind.GlobalDefs, "vrrp_garp_lower_prio_delay", 0, 4294, "as vrrp_garp_master_delay", "from a lower-priority advert to the second burst", "s"),
        Integer(BlockKind.GlobalDefs, "vrrp_garp_lower_prio_repeat", 0, 1000, "as vrrp_garp_master_repeat", "announcements after a lower-priority advert"),
        Seconds(BlockKind.GlobalDefs, "vrrp_garp_interval", 0, 4294.967295m, "0", "least spacing of gratuitous ARP on an interface; 0 = none"),
        Seconds(BlockKind.GlobalDefs, "vrrp_gna_interval", 0, 4294.967295m, "0", "least spacing of neighbour advertisements on an interface; 0 = none"),
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
        Boolean(BlockKind.GlobalDefs, "vrrp_strict", "strict_mode of instances that say nothing themselves"),
        Row(BlockKind.GlobalDefs, "notify_master_before_vip", ValueShape.Free, "notify_master is awaited before the address is added") with { IsOwn = true },
    ];

    private static IEnumerable<Keyword> GlobalProcessRows() =>
    [
        Boolean(BlockKind.GlobalDefs, "use_symlink_paths", "keeps symbolic links in script paths; what they point to is checked all the same"),
        Row(BlockKind.GlobalDefs, "default_interface", ValueShape.Interface, "interface of static addresses without dev") with { Default = "eth0" },
        Boolean(BlockKind.GlobalDefs, "set_supplementary_groups", "scripts and steps run with all groups of their user in /etc/group; `USER :GROUP` says it for one script"),
        Row(BlockKind.GlobalDefs, "startup_script", ValueShape.Script, "runs before the daemon does anything, and is waited for"),
        Row(BlockKind.GlobalDefs, "shutdown_script", ValueShape.Script, "runs after the daemon has let go of everything, and is waited for"),
        Integer(BlockKind.GlobalDefs, "startup_script_timeout", 1, 1000, "10", "bound on startup_script", "s"),
        Integer(BlockKind.GlobalDefs, "shutdown_script_timeout", 1, 1000, "10", "bound on shutdown_script", "s"),
        Boolean(BlockKind.GlobalDefs, "vrrp_owner_ignore_adverts", "an address owner ignores adverts"),
        Seconds(BlockKind.GlobalDefs, "vrrp_startup_delay", 0.001m, 4294, "0", "holds all instances after the start of the daemon, not after a reload"),
        Seconds(BlockKind.GlobalDefs, "vrrp_delay_after_boot", 0.001m, 4294, "0", "holds all instances until the machine has run for so long"),
        Free(BlockKind.GlobalDefs, "dynamic_interfaces", "[allow_if_changes]: an interface that does not exist yet is a warning, and waited for in Fault; that one may change its kind is so anyway"),
        Words(BlockKind.GlobalDefs, "vrrp_garp_extra_if", "[all] SECONDS, 1 to 86400: one address is announced again and again on each virtual MAC interface, or each interface, from which no adverts leave"),
        Words(BlockKind.GlobalDefs, "vrrp_vmac_garp_intvl", "old name of vrrp_garp_extra_if"),
        Unused(Flag(BlockKind.GlobalDefs, "disable_local_igmp", "no IGMP reports for 224.0.0.x"), "the kernel's setting is left alone"),
        .. UnusedAll(
            "firewall",
            NoFirewall,
            Free(BlockKind.GlobalDefs, "vrrp_iptables", "[IN [OUT]]: chains"),
            Free(BlockKind.GlobalDefs, "vrrp_ipsets", "names of sets"),
            Flag(BlockKind.GlobalDefs, "nftables_ifindex", "interfaces by number")),
        Word(BlockKind.GlobalDefs, "nftables", "[TABLE]: name of the tables of no_accept") with { Default = "fencefirst", IsOptional = true, IsFirstHeld = true },
        Integer(BlockKind.GlobalDefs, "nftables_priority", int.MinValue, int.MaxValue, "-1", "priority of their chains"),
        Flag(BlockKind.GlobalDefs, "nftables_counters", "their rules count what they drop"),
        Word(BlockKind.GlobalDefs, "vmac_prefix", "how the names of use_vmac interfaces begin") with { Default = "vrrp", IsFirstHeld = true },
        Word(BlockKind.GlobalDefs, "vmac_addr_prefix", "how the names of use_vmac_addr interfaces begin") with { Default = "vmac_prefix", IsFirstHeld = true },
        .. UnusedAll("tuning", NoTuning, [.. TuningRows()]),
        .. UnusedAll(
            "snmp",
            NoSnmp,
            Free(BlockKind.GlobalDefs, "snmp_socket", "the agentx socket"),
            Flag(BlockKind.GlobalDefs, "enable_snmp_vrrp", "KEEPALIVED-MIB"),
            Flag(BlockKind.GlobalDefs, "enable_snmp_keepalived", "old name of enable_snmp_vrrp"),
            Flag(BlockKind.GlobalDefs, "enable_snmp_rfc", "both RFC MIBs"),
            Flag(BlockKind.GlobalDefs, "enable_snmp_rfcv2", "RFC 2787 MIB"),
            Flag(BlockKind.GlobalDefs, "enable_snmp_rfcv3", "RFC 6527 MIB"),
            Flag(BlockKind.GlobalDefs, "enable_traps", "SNMP traps")),
        .. UnusedAll(
            "dbus",
            "there is no D-Bus interface",
            Flag(BlockKind.GlobalDefs, "enable_dbus", "D-Bus interface"),
            Word(BlockKind.GlobalDefs, "dbus_service_name", "its name"),
            Word(BlockKind.GlobalDefs, "dbus_no_interface_name", "path element of instances without interface")),
        .. UnusedAll(
            "files",
            "FenceFirst keeps its files in --state-dir",
            [
                .. Many(
                    name => Word(BlockKind.GlobalDefs, name, "where a file is kept"),
                    "config_save_dir", "tmp_config_directory", "iproute_usr_dir", "iproute_etc_dir"),
                Boolean(BlockKind.GlobalDefs, "data_use_instance", "names of dump files hold the instance"),
            ]),
        .. DumpRows(),
        .. UnusedAll(
            "reload",
            "a reload always checks the new file first and keeps the old configuration when it is bad",
            Free(BlockKind.GlobalDefs, "reload_check_config", "[LOGFILE]: checks before a reload"),
            Word(BlockKind.GlobalDefs, "reload_time_file", "a file that schedules a reload"),
            Flag(BlockKind.GlobalDefs, "reload_repeat", "repeats it daily"),
            Free(BlockKind.GlobalDefs, "reload_file", "a file that is there during a reload")),
        Integer(BlockKind.GlobalDefs, "random_seed", 0, uint.MaxValue, "drawn at start", "seed of ${_RANDOM}, for the lines that follow"),
        Free(BlockKind.GlobalDefs, "include_check", "[+|-]read|match|wildcard_match|brace_match ...: how strict a plain include is, to the end of the file; nothing = all"),
        .. UnusedAll(
            "lvs",
            NoLvs,
            [
                .. Many(
                    name => Free(BlockKind.GlobalDefs, name, "LVS"),
                    "lvs_process_name", "checker_process_name", "smtp_alert_checker", "checker_log_all_failures", "lvs_timeouts", "lvs_flush", "lvs_flush_on_stop",
                    "lvs_flush_onstop", "lvs_sync_daemon", "lvs_notify_fifo", "lvs_notify_fifo_script", "checker_priority", "checker_no_swap", "checker_rt_priority",
                    "checker_cpu_affinity", "checker_rlimit_rttime", "checker_rlimit_rtime", "nftables_ipvs", "nftables_ipvs_priority", "nftables_ipvs_start_fwmark",
                    "enable_snmp_checker", "snmp_vs_stats_update_interval", "snmp_rs_stats_update_interval", "lvs_netlink_cmd_rcv_bufs", "lvs_netlink_monitor_rcv_bufs",
                    "lvs_netlink_cmd_rcv_bufs_force", "lvs_netlink_monitor_rcv_bufs_force", "rs_init_notifies", "no_checker_emails"),
            ]),
    ];

    private static IEnumerable<Keyword> DumpRows() =>
    [
        Dump("state_dump_file", "state dump, SIGUSR1", "keepalived.data"),
        Dump("stats_dump_file", "statistics, SIGUSR2", "keepalived.stats"),
        Dump("json_dump_file", "JSON dump, SIGRTMIN+2", "keepalived.json"),
        Dump("state_file_location", "as state_dump_file: the name in keepalived's manual", "keepalived.data"),
        Dump("stats_file_location", "as stats_dump_file: the name in keepalived's manual", "keepalived.stats"),
        Dump("json_file_location", "as json_dump_file: the name in keepalived's manual", "keepalived.json"),
        Row(BlockKind.GlobalDefs, "json_version", ValueShape.Choice, "layout of the JSON dump; 2 holds tracked processes too") with { Choices = ["1", "2"], Default = "1" },
    ];

    private static Keyword Dump(string name, string what, string standard) =>
        Word(BlockKind.GlobalDefs, name, $"{what}: a path, a directory that ends with /, or a name in --dump-dir") with { Default = standard };

    private static IEnumerable<Keyword> TuningRows() =>
    [
        Flag(BlockKind.GlobalDefs, "process_names", "gives the processes their own names"),
        .. Many(name => Word(BlockKind.GlobalDefs, name, "name of a process, up to 15 characters"), "process_name", "vrrp_process_name", "bfd_process_name"),
        Word(BlockKind.GlobalDefs, "umask", "mask of created files"),
        .. Many(name => Words(BlockKind.GlobalDefs, name, "processors to run on"), "vrrp_cpu_affinity", "bfd_cpu_affinity"),
        .. Many(
            name => Integer(BlockKind.GlobalDefs, name, 1, int.MaxValue, "10000", "bound on real-time running without a pause", "\u00b5s"),
            "vrrp_rlimit_rttime", "vrrp_rlimit_rtime", "bfd_rlimit_rttime", "bfd_rlimit_rtime"),
        Integer(BlockKind.GlobalDefs, "bfd_priority", -20, 19, "0", "nice value of the BFD process"),
        Flag(BlockKind.GlobalDefs, "bfd_no_swap", "locks the memory of the BFD process"),
        Integer(BlockKind.GlobalDefs, "bfd_rt_priority", 1, 99, "", "SCHED_RR priority of the BFD process"),
        Free(BlockKind.GlobalDefs, "max_auto_priority", "[-1..99]: limit of automatic real-time priority"),
        Integer(BlockKind.GlobalDefs, "min_auto_priority_delay", 1, 10_000_000, "1000000", "lateness before that", "\u00b5s"),
        Word(BlockKind.GlobalDefs, "vrrp_rx_bufs_policy", "MTU, ADVERT or bytes: size of receive buffers"),
        Integer(BlockKind.GlobalDefs, "vrrp_rx_bufs_multiplier", 1, int.MaxValue, "3", "times that size"),
        .. Many(
            name => Integer(BlockKind.GlobalDefs, name, 1, int.MaxValue, "", "size of a netlink buffer", "bytes"),
            "vrrp_netlink_cmd_rcv_bufs", "vrrp_netlink_monitor_rcv_bufs", "process_monitor_rcv_bufs"),
        .. Many(
            name => Boolean(BlockKind.GlobalDefs, name, "even beyond the system's limit"),
            "vrrp_netlink_cmd_rcv_bufs_force", "vrrp_netlink_monitor_rcv_bufs_force", "process_monitor_rcv_bufs_force"),
    ];
}
