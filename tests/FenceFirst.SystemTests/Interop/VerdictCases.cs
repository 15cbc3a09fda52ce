namespace FenceFirst.SystemTests;

/// <summary>One generated file: a good one in which one line, or one block, is tried.</summary>
/// <param name="Block">Where the line stands; a key of <see cref="VerdictCases.Text"/>.</param>
/// <param name="Line">The line.</param>
internal sealed record VerdictCase(char Block, string Line)
{
    /// <summary>Block and line as one line, for people and for lists of differences.</summary>
    public string Name => $"{Block} {string.Join(' ', Line.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries))}";
}

/// <summary>The files of <see cref="VerdictTests"/>: every honoured keyword that keepalived 2.2.7 knows, with values on both sides of its limits.</summary>
internal static class VerdictCases
{
    private const string Head = "global_defs {\n    enable_script_security\n    script_user root\n    {0}\n}\n{1}\nvrrp_script good {\n    script \"/usr/bin/true\"\n    {2}\n}\n";
    private const string Peers = "unicast_peer {\n        10.99.0.20\n    }";

    private const string TrackGroup = "track_group T {\n    group {\n        V\n    }\n}\n";

    private static readonly string[] Switches = ["", "on", "off", "yes", "no", "true", "false", "maybe", "ON"];
    private static readonly string[] FewSwitches = ["", "off", "maybe"];
    private static readonly string[] Scripts = ["\"/usr/bin/true\"", "\"/usr/bin/true a b\" root", "\"/usr/bin/true\" absent_user", "/absent/script"];
    private static readonly string[] Delays = ["0.000001", "3600", "0", "3601", "x"];

    /// <summary>Every case.</summary>
    public static IEnumerable<VerdictCase> All =>
        Global().Concat(GlobalFiles()).Concat(Mail()).Concat(Script()).Concat(Instance()).Concat(InstanceOther()).Concat(Vmac()).Concat(Group()).Concat(Trackers())
            .SelectMany(row => row.Values.Select(value => new VerdictCase(row.Block, value.Length == 0 ? row.Keyword : $"{row.Keyword} {value}")))
            .Concat(Lists().SelectMany(row => row.Entries.Select(entry => new VerdictCase(row.Block, $"{row.List} {{\n        {entry}\n    }}"))))
            .Concat(Whole().Select(text => new VerdictCase('r', text)));

    /// <summary>The whole file. g = global_defs, r = top level, s = vrrp_script, i = vrrp_instance, y = vrrp_sync_group, f = track_file, p = vrrp_track_process, a = garp_group.</summary>
    public static string Text(VerdictCase wanted)
    {
        string At(char block) => wanted.Block == block ? wanted.Line : "";
        string top = wanted.Block switch
        {
            'r' => wanted.Line,
            'y' => $"vrrp_sync_group G {{\n    group {{\n        V\n        W\n    }}\n    {wanted.Line}\n}}\n{Node("W", 52, "")}",
            'f' => $"track_file tracked {{\n    file /run/fencefirst_tracked\n    {wanted.Line}\n}}",
            'p' => $"vrrp_track_process tracked {{\n    process sshd\n    {wanted.Line}\n}}",
            'a' => $"garp_group {{\n    interface eth0\n    {wanted.Line}\n}}",
            _ => "",
        };
        string inside = wanted.Block switch
        {
            'i' => wanted.Line,
            'f' => "track_file {\n        tracked\n    }",
            'p' => "track_process {\n        tracked\n    }",
            _ => "",
        };

        // The members of a group must not track scripts of their own: keepalived drops those. Then another instance tracks it, so that it is used.
        const string Track = "track_script {\n        good\n    }\n    ";
        bool isGrouped = top.Contains("vrrp_sync_group", StringComparison.Ordinal);
        return Head.Replace("{0}", At('g'), StringComparison.Ordinal).Replace("{1}", top, StringComparison.Ordinal).Replace("{2}", At('s'), StringComparison.Ordinal) + Node("V", 51, (isGrouped ? "" : Track) + inside) + (isGrouped ? Node("U", 53, Track) : "");
    }

    /// <summary>Which keywords a file uses, each with the block it stands in; the name of the block is the one of docs/keywords.md.</summary>
    public static IEnumerable<(string Block, string Keyword)> Keywords(string text)
    {
        Stack<string> open = new(["Top level"]);
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string word = line.Split(' ')[0];
            if (word != "}")
            {
                yield return (open.Peek(), word);
            }

            if (line.EndsWith('{'))
            {
                // What is no block of keywords at this place is a list of entries.
                open.Push((open.Count, word) switch { (1, "vrrp_track_file") => "track_file", (1, _) or (2, "authentication") => word, _ => "" });
            }
            else if (line.EndsWith('}') && open.Count > 1)
            {
                open.Pop();
            }
        }
    }

    private static string Node(string name, int vrid, string inside) =>
        $"vrrp_instance {name} {{\n    interface eth0\n    virtual_router_id {vrid}\n    virtual_ipaddress {{\n        10.99.0.{vrid - 50}/24\n    }}\n    {inside}\n}}\n";

    private static IEnumerable<(char Block, string Keyword, string[] Values)> Global()
    {
        foreach (string name in AnnouncementNames)
        {
            yield return ('g', "vrrp_" + name, ["0", "5", "86400", "-1", "x"]);
        }

        foreach (string name in (string[])["vrrp_garp_interval", "vrrp_gna_interval"])
        {
            yield return ('g', name, ["0.001", "4294.967295", "0", "-1", "4295", "x"]);
        }

        foreach (string name in (string[])["vrrp_lower_prio_no_advert", "vrrp_higher_prio_send_advert", "vrrp_min_garp", "vrrp_skip_check_adv_addr", "vrrp_notify_priority_changes"])
        {
            yield return ('g', name, Switches);
        }

        yield return ('g', "router_id", ["a", "\"a b\""]);
        yield return ('g', "script_user", ["root", "root root", "absent_user"]);
        yield return ('g', "vrrp_version", ["2", "3", "1", "4", "x"]);
        yield return ('g', "vrrp_mcast_group4", ["224.0.0.19", "10.0.0.1", "x", "ff02::13"]);
        yield return ('g', "vrrp_mcast_group6", ["ff02::13", "fd00::1", "x"]);
        yield return ('g', "vrrp_down_timer_adverts", ["1", "100", "0", "101", "x"]);
        yield return ('g', "vrrp_check_unicast_src", [""]);
        yield return ('g', "log_unknown_vrids", [""]);
        yield return ('g', "vrrp_priority", ["-20", "19", "-21", "20", "x"]);
        yield return ('g', "vrrp_no_swap", [""]);
        yield return ('g', "vrrp_rt_priority", ["1", "99", "x"]);
        yield return ('g', "vrrp_strict", [.. Switches]);
        yield return ('g', "vrrp_startup_delay", ["0.001", "4294", "0", "-1", "4295", "x"]);
        yield return ('g', "nftables", ["", "own_name", "\"\""]);
        yield return ('g', "nftables_priority", ["-5", "0", "100000", "3000000000", "x"]);
        yield return ('g', "nftables_counters", [""]);
        foreach (string name in (string[])["startup_script", "shutdown_script"])
        {
            yield return ('g', name, Scripts);
            yield return ('g', name + "_timeout", ["1", "1000", "0", "1001", "x"]);
        }

        yield return ('g', "random_seed", ["0", "5", "x"]);
        yield return ('g', "default_interface", ["eth0", "absent0"]);
        yield return ('g', "dynamic_interfaces", ["", "allow_if_changes", "other"]);
        yield return ('g', "set_supplementary_groups", FewSwitches);
    }

    private static IEnumerable<(char Block, string Keyword, string[] Values)> GlobalFiles()
    {
        yield return ('g', "include_check", ["", "read match", "nonsense"]);
        yield return ('g', "state_file_location", ["/run/x.data"]);
        yield return ('g', "stats_file_location", ["/run/x.stats"]);
        yield return ('g', "json_file_location", ["/run/x.json"]);
        yield return ('g', "fifo_write_vrrp_states_on_reload", [""]);
        foreach (string name in (string[])["notify_fifo", "vrrp_notify_fifo"])
        {
            yield return ('g', name, ["/run/ff_fifo", "/run/ff_fifo root root", "/run/ff_fifo absent_user", ""]);
            yield return ('g', name + "_script", ["\"/usr/bin/true\""]);
            yield return ('g', $"{name} /run/ff_fifo\n    {name}_script", Scripts);
        }
    }

    private static IEnumerable<(char Block, string Keyword, string[] Values)> Mail()
    {
        yield return ('g', "smtp_server", ["10.99.0.25", "10.99.0.25 587", "fd00::25 25", "no-such-host.invalid", "10.99.0.25 0", "10.99.0.25 65536", "10.99.0.25 x"]);
        yield return ('g', "smtp_helo_name", ["a.example.org"]);
        yield return ('g', "smtp_connect_timeout", ["1", "4294", "0", "-1", "4295", "x"]);
        yield return ('g', "notification_email_from", ["a@example.org", "\"A <a@example.org>\""]);
        yield return ('g', "notification_email", ["{\n        a@example.org b@example.org\n    }", "{\n    }"]);
        yield return ('g', "no_email_faults", [""]);
        foreach ((char block, string name) in ((char, string)[])[('g', "smtp_alert"), ('g', "smtp_alert_vrrp"), ('i', "smtp_alert"), ('y', "smtp_alert")])
        {
            yield return (block, name, FewSwitches);
        }
    }

    private static IEnumerable<(char Block, string Keyword, string[] Values)> Script()
    {
        yield return ('s', "interval", ["1", "0.5", "0", "x", "-1", "5000"]);
        yield return ('s', "timeout", ["1", "0.5", "x", "-1"]);
        yield return ('s', "weight", ["-253", "253", "-254", "254", "5 reverse", "x"]);
        yield return ('s', "rise", ["1", "10", "0", "x"]);
        yield return ('s', "fall", ["1", "10", "0", "x"]);
        yield return ('s', "user", ["root", "root root", "absent_user"]);
        yield return ('s', "init_fail", [""]);
    }

    private static IEnumerable<(char Block, string Keyword, string[] Values)> Instance()
    {
        foreach (string name in AnnouncementNames)
        {
            yield return ('i', name, ["0", "5", "86400", "-1", "x"]);
        }

        foreach (string name in (string[])["lower_prio_no_advert", "higher_prio_send_advert", "skip_check_adv_addr", "notify_priority_changes"])
        {
            yield return ('i', name, Switches);
        }

        foreach (string name in (string[])["notify_master", "notify_backup", "notify_fault", "notify_stop", "notify_master_rx_lower_pri", "notify_deleted", "notify"])
        {
            yield return ('i', name, Scripts);
        }

        yield return ('i', "notify_master", ["", "\"/usr/bin/true\" root"]);
        yield return ('i', "notify_deleted", [""]);
        yield return ('i', "state", ["MASTER\n    priority 100", "BACKUP", "master", "x"]);
        yield return ('i', "interface", ["eth0", "absent0", ""]);
        yield return ('i', "virtual_router_id", ["1", "255", "0", "256", "x"]);
        yield return ('i', "priority", ["1", "254", "255", "0", "256", "x", "100x"]);
        yield return ('i', "advert_int", ["1", "2", "255", "0", "256", "x"]);
        yield return ('i', "version", ["2", "3", "1", "4", "x"]);
        yield return ('i', "authentication {\n        auth_type", ["PASS\n        auth_pass secret\n    }", "PASS\n        auth_pass much_too_long\n    }", "NONE\n        auth_pass x\n    }", "AH\n        auth_pass secret\n    }", "AH\n    }", "AH\n        auth_pass secret\n    }\n    state MASTER\n    priority 100", "AH\n        auth_pass secret\n    }\n    state MASTER\n    priority 255", "AH\n        auth_pass secret\n    }\n    version 3"]);
    }

    private static IEnumerable<(char Block, string Keyword, string[] Values)> InstanceOther()
    {
        yield return ('i', "mcast_src_ip", ["10.99.0.7", "x", "10.99.0.7/24"]);
        yield return ('i', "mcast_dst_ip", ["224.0.0.20", "10.0.0.1", "x"]);
        yield return ('i', "unicast_src_ip", ["10.99.0.7", "x", "fd99::7", $"10.99.0.7\n    {Peers}", $"10.99.0.7/24\n    {Peers}"]);
        yield return ('i', "unicast_ttl", ["5", "256"]);
        yield return ('i', $"{Peers}\n    unicast_ttl", ["0", "255", "-1", "256", "x"]);
        yield return ('i', "check_unicast_src", ["", $"\n    {Peers}"]);
        yield return ('i', "unicast_fault_no_peer", ["", $"\n    {Peers}"]);
        yield return ('i', "dont_track_primary", [""]);
        yield return ('i', "track_src_ip", ["", "\n    mcast_src_ip 10.99.0.50"]);
        yield return ('i', "nopreempt", ["", "\n    state MASTER\n    priority 100"]);
        yield return ('i', "preempt", [""]);
        yield return ('i', "preempt_delay", ["0", "1000", "0.5", "1001", "-1", "x"]);
        yield return ('i', "accept", [""]);
        yield return ('i', "no_accept", [""]);
        yield return ('i', "strict_mode", [.. Switches]);
        yield return ('i', "strict_mode\n   ",
            ["state MASTER", "state MASTER\n    priority 100", "state BACKUP\n    priority 255", "state BACKUP\n    priority 100", "preempt_delay 5", "preempt_delay 0", "down_timer_adverts 4", "down_timer_adverts 3",
                "garp_lower_prio_repeat 1", "garp_lower_prio_repeat 0", "garp_lower_prio_delay 1", "lower_prio_no_advert", "lower_prio_no_advert off", "higher_prio_send_advert", "higher_prio_send_advert off",
                "accept", "accept\n    version 3", "no_accept", "nopreempt", Peers, "native_ipv6", "state MASTER\n    priority 100\n    nopreempt",
                "authentication {\n        auth_type PASS\n        auth_pass secret\n    }", "authentication {\n        auth_type AH\n        auth_pass secret\n    }"]);
        yield return ('i', "linkbeat_use_polling", [""]);
        yield return ('i', "old_unicast_checksum", ["", "never", "x", $"never\n    {Peers}", $"\n    version 3\n    {Peers}"]);
        yield return ('i', "down_timer_adverts", ["1", "100", "0", "101", "x"]);
        yield return ('i', "native_ipv6", [""]);
        yield return ('i', "nonsense", ["", "5"]);
    }

    private static IEnumerable<(char Block, string Keyword, string[] Values)> Vmac()
    {
        yield return ('g', "vmac_prefix", ["vip", "a-prefix-of-20-chars"]);
        yield return ('g', "vmac_addr_prefix", ["vip", "vip\n    vmac_addr_prefix vap"]);
        yield return ('g', "vrrp_garp_extra_if", ["1", "all 86400", "10 all", "0", "86401", "all", "x"]);
        yield return ('g', "vrrp_vmac_garp_intvl", ["10"]);
        yield return ('i', "use_vmac",
        [
            "", "vip0", "02:00:00:00:00:07", "vip0 02:00:00:00:00:07", "02:00:00:00:00:07 vip0", "2:0:0:0:7", "2:0:0:0:7:", "2:0:0:7", "02:00:00:00:00:007", "02:00:00:00:00:zz", "02:00:00:00:00:07:08",
            "01:00:00:00:00:07", "00:00:5e:00:01:07", "00:00:5e:00:02:07", "00:00:5e:00:03:07", "02:00:00:00:00:07 02:00:00:00:00:08", "vip0 vip1", "name-of-16-letter", "a/b", "..", "eth0", "lo",
            $"\n    {Peers}", $"\n    vmac_xmit_base\n    {Peers}", "\n    no_accept", "02:00:00:00:00:07\n    strict_mode", "\n    vmac_xmit_base\n    strict_mode", "\n    strict_mode", "\n    virtual_ipaddress_excluded {\n        10.99.0.9 dev eth0 use_vmac\n    }",
        ]);
        yield return ('i', "use_vmac_addr", ["", "\n    virtual_ipaddress_excluded {\n        fd99::9/64\n    }"]);
        yield return ('i', "vmac_xmit_base", ["", "\n    use_vmac"]);
        yield return ('i', "promote_secondaries", ["", "\n    use_vmac"]);
        yield return ('i', "garp_extra_if", ["0", "86400", "all 5", "86401", "all", "x"]);
        yield return ('i', "vmac_garp_intvl", ["10"]);
    }

    private static IEnumerable<(char Block, string Keyword, string[] Values)> Group()
    {
        foreach (string name in (string[])["notify_master", "notify_backup", "notify_fault", "notify_stop", "notify"])
        {
            yield return ('y', name, Scripts);
        }

        yield return ('y', "notify_priority_changes", FewSwitches);
        yield return ('y', "sync_group_tracking_weight", [""]);
        yield return ('y', "global_tracking", [""]);
        yield return ('y', "nonsense", [""]);
    }

    private static IEnumerable<(char Block, string Keyword, string[] Values)> Trackers()
    {
        yield return ('f', "weight", ["-254", "254", "-255", "255", "1 reverse", "1 nonsense", "x"]);
        yield return ('f', "init_file", ["", "5", "5 overwrite", "overwrite", "x"]);
        yield return ('f', "file", ["/run/other"]);
        yield return ('f', "nonsense", [""]);
        yield return ('p', "process", ["nginx"]);
        yield return ('p', "param_match", ["", "initial", "partial", "nonsense"]);
        yield return ('p', "full_command", [""]);
        yield return ('p', "weight", ["-254", "254", "-255", "255", "5 reverse", "x"]);
        yield return ('p', "quorum", ["1", "65535", "0", "65536", "x", "5\n    quorum_max 3"]);
        yield return ('p', "quorum_max", ["0", "65535", "-1", "65536", "x"]);
        yield return ('p', "delay", Delays);
        yield return ('p', "fork_delay", Delays);
        yield return ('p', "terminate_delay", Delays);
        yield return ('a', "interface", ["lo", "absent0"]);
        yield return ('a', "garp_interval", ["0.1", "0", "-1", "4295", "x"]);
        yield return ('a', "gna_interval", ["0.1", "0", "-1", "4295", "x", "0.1\n    garp_interval 0"]);
        yield return ('a', "nonsense", [""]);
    }

    private static IEnumerable<(char Block, string List, string[] Entries)> Lists()
    {
        yield return ('i', "virtual_ipaddress", ["10.99.0.2", "10.99.0.3/24 dev eth0 brd + label eth0:x scope link", "10.99.0.4/33", "x", "10.99.0.5 dev absent0", "10.99.0.6 nonsense", "10.99.0.7 brd +", "fd99::1"]);
        yield return ('i', "virtual_ipaddress_excluded", ["10.99.1.2", "fd99::1/64", "fd99::2 brd +", "10.99.1.3/24 preferred_lft 5", "10.99.1.5 use_vmac", "fd99::3/64 dev eth0 use_vmac", "10.99.1.4 label much_too_long_a_label"]);
        yield return ('i', "virtual_routes",
            ["10.98.0.0/16 via 10.99.0.9 dev eth0", "10.98.0.0/16 via 10.99.0.9", "blackhole 10.98.0.0/16 no_track", "via 10.99.0.9 dev eth0", "10.98.0.0/16 dev eth0 mtu lock 1400 table 5",
                "10.98.0.0/16 dev eth0 table nonsense", "10.98.0.0/16 dev eth0 metric x", "10.98.0.0/16 gw 10.99.0.9 dev eth0", "10.98.0.0/16 via fd99::1 dev eth0",
                "10.98.0.0/16 no_track nexthop via 10.99.0.8 weight 2 nexthop via 10.99.0.9", "10.98.0.0/16 no_track nexthop via 10.99.0.8 weight 0", "via 10.99.0.9 dev eth0 default"]);
        yield return ('i', "virtual_rules",
            ["from 10.99.0.1 table 5 priority 100", "from 10.99.0.1 table 5", "from 10.99.0.1 priority 100", "sport 80 table 5 priority 100", "sport 80-90 table 5 priority 100", "from 10.99.0.1 blackhole priority 100",
                "fwmark 5/x table 5 priority 100", "from 10.99.0.1 to fd99::1 table 5 priority 100", "table 0 priority 100", "goto 50 priority 100", "not iif eth0 table 5 priority 100", "nonsense table 5 priority 100"]);
        yield return ('i', "track_interface", ["eth0", "lo weight 10", "lo\n        lo", "lo weight 255", "lo nonsense", "absent0"]);
        yield return ('i', "track_script", ["absent", "good weight 5", "good weight 300"]);
        yield return ('i', "track_file", ["absent"]);
        yield return ('i', "track_process", ["absent"]);
        yield return ('i', "unicast_peer", ["10.99.0.20", "10.99.0.20 min_ttl 250", "10.99.0.20 min_ttl 5 max_ttl 5", "10.99.0.20 min_ttl 7 max_ttl 6", "x", "fd99::5"]);
        yield return ('y', "track_interface", ["lo", "lo weight 5", "absent0"]);
        yield return ('y', "track_script", ["good", "absent"]);
        yield return ('y', "track_file", ["absent"]);
        yield return ('y', "track_process", ["absent"]);
        yield return ('a', "interfaces", ["lo", "absent0"]);
        yield return ('r', "static_ipaddress", ["10.99.2.1/24 dev eth0", "10.99.2.1", "fd99::5/64 dev eth0", "10.99.2.1/24 dev absent0", "10.99.2.1/33 dev eth0", "x"]);
        yield return ('r', "static_routes", ["10.97.0.0/16 via 10.99.0.9 dev eth0", "10.97.0.0/16 via 10.99.0.9 dev eth0 no_track", "blackhole 10.97.0.0/16", "10.97.0.0/16 dev absent0", "x"]);
        yield return ('r', "static_rules", ["from 10.99.0.1 table 5 priority 100 no_track", "from 10.99.0.1 table 5", "from 10.99.0.1 table 5 priority x", "x"]);
        yield return ('r', "interface_up_down_delays", ["lo 5", "lo 5 10", "lo 0", "eth0 0.1", "lo x", "lo", "absent0 5"]);
    }

    private static IEnumerable<string> Whole() =>
    [
        "vrrp_script unused {\n    script \"/usr/bin/true\"\n}",
        "vrrp_instance N {\n    interface eth0\n    virtual_router_id 54\n    native_ipv6\n    virtual_ipaddress {\n        fd99::9/64\n    }\n}",
        "vrrp_instance N {\n    interface eth0\n    virtual_router_id 54\n    priority 100\\#50\n    virtual_ipaddress { @absent_id 10.99.0.9/24\n        10.99.0.8/24\n    }\n}",
        "vrrp_track_file old {\n    file /run/fencefirst_tracked\n}",
        "linkbeat_use_polling",
        "linkbeat_interfaces {\n    eth0\n}",
        "linkbeat_interfaces {\n    eth0 ETHTOOL\n    lo\n}",
        "linkbeat_interfaces {\n    eth0 mii\n}",
        "linkbeat_interfaces {\n    eth0 MII x\n}",
        "linkbeat_interfaces {\n    absent0\n}",
        "track_file tracked {\n    weight 5\n}",
        "track_file {\n    file /run/fencefirst_tracked\n}",
        "vrrp_track_process tracked {\n    weight 5\n}",
        "garp_group {\n    garp_interval 0.1\n    gna_interval 0.1\n    interfaces {\n        eth0\n        lo\n    }\n}",
        TrackGroup + "static_ipaddress {\n    10.98.0.1/24 dev eth0 track_group T\n}\nstatic_rules {\n    from 10.98.0.1 table 5 priority 100 iif eth0 track_group T\n}",
        TrackGroup + "static_routes {\n    10.97.0.0/16 via 10.99.0.9 dev eth0 track_group T\n}",
        TrackGroup + "static_routes {\n    10.97.0.0/16 via 10.99.0.9 track_group T\n}",
        "static_routes {\n    10.97.0.0/16 via 10.99.0.9 dev eth0 track_group T\n}",
        TrackGroup + TrackGroup,
        "track_group T {\n    group {\n        V\n        absent\n    }\n}",
        "track_group T {\n}",
        "vrrp_sync_group G {\n    group {\n        V\n    }\n}",
        "vrrp_sync_group G {\n    group {\n        absent\n    }\n}",
        "vrrp_sync_group G {\n}",
        "track_file tracked {\n    file /run/fencefirst_tracked\n}\nvrrp_track_process tracked {\n    process sshd\n}\nvrrp_script mine {\n    script \"/usr/bin/true\"\n}\n" +
            "vrrp_sync_group G {\n    group {\n        V\n        W\n    }\n    track_script {\n        mine\n    }\n    track_file {\n        tracked\n    }\n    track_process {\n        tracked\n    }\n}\n" + Node("W", 52, ""),
    ];

    private static readonly string[] AnnouncementNames =
        ["garp_master_delay", "garp_master_refresh", "garp_lower_prio_delay", "garp_master_repeat", "garp_master_refresh_repeat", "garp_lower_prio_repeat"];
}
