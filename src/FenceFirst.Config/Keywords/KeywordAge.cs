namespace FenceFirst.Config.Keywords;

/// <summary>Since which release keepalived knows a keyword, found by searching its released sources for the words that they install.</summary>
internal static class KeywordAge
{
    private static readonly Dictionary<string, string> Ages = Releases()
        .SelectMany(release => release.Names.Split(' ').Select(name => (name, release.Version)))
        .ToDictionary(pair => pair.name, pair => pair.Version, StringComparer.Ordinal);

    /// <summary>The release; empty for a keyword that is older than 2.0 (or younger than 2.4.3).</summary>
    public static string Since(string name) => Ages.GetValueOrDefault(name, "");

    private static (string Version, string Names)[] Releases() =>
    [
        ("2.0.0",
            "bfd_instance bfd_no_swap bfd_priority bfd_rlimit_rtime bfd_rt_priority checker checker_rlimit_rtime checker_rt_priority " +
            "child_wait_time dynamic_interfaces enable_snmp_vrrp file hoplimit idle_tx init_file lvs_netlink_cmd_rcv_bufs " +
            "lvs_netlink_cmd_rcv_bufs_force lvs_netlink_monitor_rcv_bufs lvs_netlink_monitor_rcv_bufs_force max_hops min_rx min_tx " +
            "multiplier neighbor_ip neighbour_ip no_checker_emails no_email_faults passive rs_init_notifies smtp_alert_checker " +
            "smtp_alert_vrrp source_ip sync_group_tracking_weight track_bfd track_file track_src_ip ttl vrrp " +
            "vrrp_netlink_cmd_rcv_bufs vrrp_netlink_cmd_rcv_bufs_force vrrp_netlink_monitor_rcv_bufs " +
            "vrrp_netlink_monitor_rcv_bufs_force vrrp_rlimit_rtime vrrp_rt_priority vrrp_track_file"),
        ("2.0.3", "kernel_rx_buf_size track_group vrrp_rx_bufs_multiplier vrrp_rx_bufs_policy"),
        ("2.0.6", "notify_master_rx_lower_pri"),
        ("2.0.9", "umask"),
        ("2.0.11",
            "checker_log_all_failures delay full_command nftables nftables_counters nftables_ifindex nftables_priority process " +
            "process_monitor_rcv_bufs process_monitor_rcv_bufs_force track_process vrrp_track_process"),
        ("2.0.12", "vrrp_min_garp"),
        ("2.0.13", "linkbeat_interfaces"),
        ("2.0.14", "vrrp_startup_delay"),
        ("2.0.15", "lvs_flush_onstop random_seed"),
        ("2.0.16",
            "bfd_process_name fork_delay log_unknown_vrids lvs_process_name notify_priority_changes param_match process_name " +
            "process_names quorum_max terminate_delay vrrp_notify_priority_changes vrrp_process_name"),
        ("2.0.17", "bfd_cpu_affinity checker_cpu_affinity use_ipvlan vrrp_cpu_affinity"),
        ("2.1.0",
            "bfd_rlimit_rttime check_unicast_src checker_rlimit_rttime max_auto_priority min_auto_priority_delay net_namespace_ipvs " +
            "notify_deleted reload_repeat reload_time_file shutdown_script shutdown_script_timeout startup_script " +
            "startup_script_timeout unicast_ttl vrrp_rlimit_rttime"),
        ("2.2.0",
            "checker_process_name disable_local_igmp include_check lvs_flush_on_stop reload_check_config reload_file " +
            "tmp_config_directory use_vmac_addr vmac_addr_prefix vmac_garp_intvl vmac_prefix vrrp_vmac_garp_intvl"),
        ("2.2.2", "nftables_ipvs nftables_ipvs_priority nftables_ipvs_start_fwmark"),
        ("2.2.3",
            "config_save_dir data_use_instance down_timer_adverts garp_extra_if interface_up_down_delays vrrp_down_timer_adverts " +
            "vrrp_garp_extra_if"),
        ("2.2.5", "fifo_write_vrrp_states_on_reload mcast_dst_ip unicast_fault_no_peer vrf"),
        ("2.2.8", "json_version multihop no_virtual_ipaddress timer_expired_backup v3_checksum_as_v2"),
        ("2.3.0", "dbus_no_interface_name snmp_rs_stats_update_interval snmp_vs_stats_update_interval use_symlink_paths"),
        ("2.3.2", "iproute_etc_dir iproute_usr_dir thread_timer_expired"),
        ("2.3.3", "json_dump_file owner_ignore_adverts state_dump_file stats_dump_file vrrp_owner_ignore_adverts"),
        ("2.4.0", "active_key anti_replay auth_hmac mode time_window vrrp_delay_after_boot"),
    ];
}
