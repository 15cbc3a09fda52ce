using System.Globalization;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>Generated files, judged by keepalived -t and by us: the verdicts agree but for the differences that are named here with their reasons.</summary>
public sealed class VerdictTests(ITestOutputHelper output)
{
    private const string Head = "global_defs {\n    enable_script_security\n    script_user root\n    {0}\n}\n{1}\nvrrp_script good {\n    script \"/usr/bin/true\"\n    {2}\n}\n";
    private const string Instance = "vrrp_instance V {\n    interface eth0\n    virtual_router_id 51\n    track_script {\n        good\n    }\n    virtual_ipaddress {\n        10.99.0.1/24\n    }\n    {3}\n}\n";

    private const string TooMany = "more than 1000 announcements in a burst keep the loop from everything else";

    /// <summary>Where a case agrees on purpose not: the case and the reason.</summary>
    private static readonly Dictionary<string, string> Reasons = new(StringComparer.Ordinal)
    {
        ["interval 0.5"] = "2.2.7 reads whole seconds, later releases and we read fractions",
        ["track_src_ip"] = "without a source address it tracks nothing, which keepalived does not say",
        ["timeout 0.5"] = "as interval",
        ["vrrp_skip_check_adv_addr maybe"] = "keepalived takes any word for on",
        ["vrrp_skip_check_adv_addr ON"] = "keepalived takes any word for on",
        ["mcast_src_ip 10.99.0.7/24"] = "keepalived loses the prefix length without a word",
        ["vrrp_garp_master_repeat 86400"] = TooMany,
        ["garp_master_repeat 86400"] = TooMany,
        ["vrrp_garp_master_refresh_repeat 86400"] = TooMany,
        ["garp_master_refresh_repeat 86400"] = TooMany,
        ["vrrp_garp_lower_prio_repeat 86400"] = TooMany,
        ["garp_lower_prio_repeat 86400"] = TooMany,
    };

    /// <summary>Block (g = global_defs, r = top level, s = vrrp_script, i = vrrp_instance) and line; every honoured keyword with values on both sides of its limits.</summary>
    private static IEnumerable<(char Block, string Line)> Cases()
    {
        foreach ((char block, string keyword, string[] values) in Keywords())
        {
            foreach (string value in values)
            {
                yield return (block, value.Length == 0 ? keyword : $"{keyword} {value}");
            }
        }

        foreach ((string list, string[] entries) in Lists())
        {
            foreach (string entry in entries)
            {
                yield return ('i', $"{list} {{\n        {entry}\n    }}");
            }
        }
    }

    private static IEnumerable<(char Block, string Keyword, string[] Values)> Keywords()
    {
        string[] seconds = ["0", "5", "86400", "-1", "x"];
        string[] switches = ["", "on", "off", "yes", "no", "true", "false", "maybe", "ON"];
        foreach (string name in (string[])["garp_master_delay", "garp_master_refresh", "garp_lower_prio_delay", "garp_master_repeat", "garp_master_refresh_repeat", "garp_lower_prio_repeat"])
        {
            yield return ('g', "vrrp_" + name, seconds);
            yield return ('i', name, seconds);
        }

        foreach (string name in (string[])["lower_prio_no_advert", "higher_prio_send_advert"])
        {
            yield return ('g', "vrrp_" + name, switches);
            yield return ('i', name, switches);
        }

        yield return ('g', "router_id", ["a", "\"a b\""]);
        yield return ('g', "vrrp_version", ["2", "3", "1", "4", "x"]);
        yield return ('g', "vrrp_mcast_group4", ["224.0.0.19", "10.0.0.1", "x", "ff02::13"]);
        yield return ('g', "vrrp_mcast_group6", ["ff02::13", "fd00::1", "x"]);
        yield return ('g', "vrrp_min_garp", switches);
        yield return ('g', "vrrp_skip_check_adv_addr", switches);
        yield return ('g', "vrrp_down_timer_adverts", ["1", "100", "0", "101", "x"]);
        yield return ('g', "vrrp_check_unicast_src", [""]);
        yield return ('g', "log_unknown_vrids", [""]);
        yield return ('g', "vrrp_priority", ["-20", "19", "-21", "20", "x"]);
        yield return ('g', "vrrp_rt_priority", ["1", "99", "x"]);
        yield return ('g', "random_seed", ["0", "5", "x"]);
        yield return ('g', "default_interface", ["eth0", "absent0"]);
        yield return ('s', "interval", ["1", "0.5", "0", "x", "-1", "5000"]);
        yield return ('s', "timeout", ["1", "0.5", "x", "-1"]);
        yield return ('s', "weight", ["-253", "253", "-254", "254", "5 reverse", "x"]);
        yield return ('s', "rise", ["1", "10", "0", "x"]);
        yield return ('s', "fall", ["1", "10", "0", "x"]);
        yield return ('s', "user", ["root", "absent_user"]);
        yield return ('s', "init_fail", [""]);
        yield return ('i', "state", ["MASTER\n    priority 100", "BACKUP", "master", "x"]);
        yield return ('i', "virtual_router_id", ["1", "255", "0", "256", "x"]);
        yield return ('i', "priority", ["1", "254", "255", "0", "256", "x", "100x"]);
        yield return ('i', "advert_int", ["1", "2", "255", "0", "256", "x"]);
        yield return ('i', "version", ["2", "3", "1", "4", "x"]);
        yield return ('i', "mcast_src_ip", ["10.99.0.7", "x", "10.99.0.7/24"]);
        yield return ('i', "mcast_dst_ip", ["224.0.0.20", "10.0.0.1", "x"]);
        yield return ('i', "dont_track_primary", [""]);
        yield return ('i', "nopreempt", ["", "\n    state MASTER\n    priority 100"]);
        yield return ('i', "preempt", [""]);
        yield return ('i', "preempt_delay", ["0", "1000", "0.5", "1001", "-1", "x"]);
        yield return ('i', "accept", [""]);
        yield return ('i', "skip_check_adv_addr", switches);
        yield return ('i', "down_timer_adverts", ["1", "100", "0", "101", "x"]);
        yield return ('i', "check_unicast_src", [""]);
        yield return ('i', "unicast_ttl", ["5", "256"]);
        yield return ('i', "native_ipv6", [""]);
        yield return ('i', "track_src_ip", ["", "\n    mcast_src_ip 10.99.0.50"]);
        yield return ('i', "notify_master", ["\"/usr/bin/true\"", "\"/usr/bin/true\" root", "\"/usr/bin/true a b\""]);
        yield return ('i', "nonsense", ["", "5"]);
        yield return ('i', "authentication {\n        auth_type", ["PASS\n        auth_pass secret\n    }", "PASS\n        auth_pass much_too_long\n    }", "NONE\n        auth_pass x\n    }"]);
    }

    private static IEnumerable<(string List, string[] Entries)> Lists()
    {
        yield return ("virtual_ipaddress", ["10.99.0.2", "10.99.0.3/24 dev eth0 brd + label eth0:x scope link", "10.99.0.4/33", "x", "10.99.0.5 dev absent0", "10.99.0.6 nonsense", "10.99.0.7 brd +", "fd99::1"]);
        yield return ("virtual_ipaddress_excluded", ["10.99.1.2", "fd99::1/64", "fd99::2 brd +", "10.99.1.3/24 preferred_lft 5", "10.99.1.4 label much_too_long_a_label"]);
        yield return ("virtual_routes", ["10.98.0.0/16 via 10.99.0.9 dev eth0", "10.98.0.0/16 via 10.99.0.9", "blackhole 10.98.0.0/16 no_track", "via 10.99.0.9 dev eth0", "10.98.0.0/16 dev eth0 mtu lock 1400 table 5", "10.98.0.0/16 dev eth0 table nonsense", "10.98.0.0/16 dev eth0 metric x", "10.98.0.0/16 gw 10.99.0.9 dev eth0", "10.98.0.0/16 via fd99::1 dev eth0", "10.98.0.0/16 no_track nexthop via 10.99.0.8 weight 2 nexthop via 10.99.0.9", "10.98.0.0/16 no_track nexthop via 10.99.0.8 weight 0", "via 10.99.0.9 dev eth0 default"]);
        yield return ("virtual_rules", ["from 10.99.0.1 table 5 priority 100", "from 10.99.0.1 table 5", "from 10.99.0.1 priority 100", "sport 80 table 5 priority 100", "sport 80-90 table 5 priority 100", "from 10.99.0.1 blackhole priority 100", "fwmark 5/x table 5 priority 100", "from 10.99.0.1 to fd99::1 table 5 priority 100", "table 0 priority 100", "goto 50 priority 100", "not iif eth0 table 5 priority 100", "nonsense table 5 priority 100"]);
        yield return ("track_interface", ["eth0", "lo weight 10", "lo\n        lo", "lo weight 255", "lo nonsense", "absent0"]);
        yield return ("track_script", ["absent", "good weight 5", "good weight 300"]);
        yield return ("unicast_peer", ["10.99.0.20", "10.99.0.20 min_ttl 250", "x", "fd99::5"]);
    }

    [NeedsFact("keepalived", "fencefirst")]
    public async Task Verdicts_on_generated_files_agree()
    {
        // One file per case. Accepted means that keepalived exits with 0 and that we do with keepalived's statuses; everything else is a refusal or a warning.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node node = lab["a"];
        (char Block, string Line)[] cases = [.. Cases()];
        for (int i = 0; i < cases.Length; i++)
        {
            node.WriteFile($"case{i:0000}.conf", Text(cases[i].Block, cases[i].Line));
        }

        string script = $"cd {node.Folder}; for f in case*.conf; do keepalived -t -P -f $f >/dev/null 2>&1; k=$?; {Needs.FenceFirst} check --keepalived-exit-codes -f $f >/dev/null 2>&1; echo $k $?; done";
        string[] verdicts = (await node.RunAsync("sh", "-c", script)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(cases.Length, verdicts.Length);
        List<string> differences = [];
        HashSet<string> used = [];
        for (int i = 0; i < cases.Length; i++)
        {
            string[] statuses = verdicts[i].Split(' ');
            bool isGoodThere = statuses[0] == "0";
            bool isGoodHere = statuses[1] == "0";
            string name = cases[i].Line.Replace("\n", " ", StringComparison.Ordinal);
            if (isGoodThere == isGoodHere)
            {
                continue;
            }

            used.Add(name);
            if (!Reasons.ContainsKey(name))
            {
                differences.Add(string.Create(CultureInfo.InvariantCulture, $"{cases[i].Block} {name}: keepalived {statuses[0]}, we {statuses[1]}"));
            }
        }

        Assert.True(differences.Count == 0, $"{cases.Length} cases; not agreed and without a reason:\n{string.Join('\n', differences)}");
        Assert.Empty(Reasons.Keys.Except(used));
        output.WriteLine($"{cases.Length} cases, {used.Count} differences with a reason");
    }

    private static string Text(char block, string line)
    {
        string text = Head.Replace("{0}", block == 'g' ? line : "", StringComparison.Ordinal)
            .Replace("{1}", block == 'r' ? line : "", StringComparison.Ordinal)
            .Replace("{2}", block == 's' ? line : "", StringComparison.Ordinal);
        return text + Instance.Replace("{3}", block == 'i' ? line : "", StringComparison.Ordinal);
    }
}
