using System.Globalization;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>Generated files, judged by keepalived -t and by us: the verdicts agree but for the differences that are named here with their reasons.</summary>
public sealed class VerdictTests(ITestOutputHelper output)
{
    /// <summary>The release that is compared with; keywords that are younger are not tried.</summary>
    private static readonly Version Compared = new(2, 2, 7);

    /// <summary>Honoured keywords that keepalived never accepts, with the reason.</summary>
    private static readonly Dictionary<(string Block, string Keyword), string> NeverAccepted = new()
    {
        [("global_defs", "state_file_location")] = "in the manual only; the parser knows state_dump_file, from 2.3.3 on",
        [("global_defs", "stats_file_location")] = "as above",
        [("global_defs", "json_file_location")] = "as above",
        [("vrrp_instance", "linkbeat_use_polling")] = "deprecated there, which counts as an error; read here with a warning",
        [("global_defs", "vrrp_vmac_garp_intvl")] = "an old word, of which keepalived complains",
        [("vrrp_instance", "vmac_garp_intvl")] = "as above",
        [("global_defs", "set_supplementary_groups")] = "younger than 2.4.3",
        [("vrrp_sync_group", "global_tracking")] = "an old word, of which keepalived complains",
    };

    /// <summary>Where a case agrees on purpose not: the case and the reason.</summary>
    private static readonly Dictionary<string, string> Reasons = new(
    [
        .. For("2.2.7 reads whole seconds, later releases and we read fractions", "s interval 0.5", "s timeout 0.5"),
        .. For("without a source address it tracks nothing, which keepalived does not say", "i track_src_ip"),
        .. For("keepalived takes any word for on", "g vrrp_skip_check_adv_addr maybe", "g vrrp_skip_check_adv_addr ON", "g vrrp_strict maybe", "g vrrp_strict ON"),
        .. For("keepalived loses the prefix length without a word", "i mcast_src_ip 10.99.0.7/24", "i unicast_src_ip 10.99.0.7/24 unicast_peer { 10.99.0.20 }"),
        .. For("more than 1000 announcements in a burst keep the loop from everything else", [.. Repeats.SelectMany(name => (string[])[$"g vrrp_{name} 86400", $"i {name} 86400"])]),
        .. For("in keepalived's manual, unknown to its parser", "g state_file_location /run/x.data", "g stats_file_location /run/x.stats", "g json_file_location /run/x.json"),
        .. For("younger than 2.4.3, read here", "g set_supplementary_groups", "g set_supplementary_groups off"),
        .. For("2.2.7 calls each word after the first a repetition", "g include_check read match"),
        .. For("a script that nothing feeds; keepalived does not say so", "g notify_fifo_script \"/usr/bin/true\"", "g vrrp_notify_fifo_script \"/usr/bin/true\""),
        .. For("keepalived gives the pipe to somebody else without a word", "g notify_fifo /run/ff_fifo absent_user", "g vrrp_notify_fifo /run/ff_fifo absent_user"),
        .. For("keepalived drops a notify script without an error", [.. NotifyLines.SelectMany(line => (string[])[line + " \"/usr/bin/true\" absent_user", line + " /absent/script"])]),
        .. For("a check never uses the network", "g smtp_server no-such-host.invalid"),
        .. For("a group that spaces nothing; keepalived does not say so", "a garp_interval 0", "a gna_interval 0"),
        .. For("keepalived drops a startup script without an error", "g startup_script /absent/script", "g shutdown_script /absent/script"),
        .. For("2.2.7 takes a table without a name", "g nftables \"\""),
        .. For("2.2.7 has the message and misses the case; later releases refuse it", "i strict_mode unicast_peer { 10.99.0.20 }"),
        .. For("2.2.7 accepts a script that nobody tracks", "r vrrp_script unused { script \"/usr/bin/true\" }"),
        .. For("an old word, of which keepalived complains; read here", "y global_tracking"),
        .. For("keepalived reads six bytes of seven", "i use_vmac 02:00:00:00:00:07:08"),
        .. For("what is not in a track_group, keepalived says when it starts and not before", "r track_group T { group { V absent } }", "r track_group T { }"),
        .. For("a delay that is missing is not said by keepalived", "r interface_up_down_delays { lo }"),
    ], StringComparer.Ordinal);

    private static string[] Repeats => ["garp_master_repeat", "garp_master_refresh_repeat", "garp_lower_prio_repeat"];

    private static IEnumerable<string> NotifyLines =>
    [
        .. ((string[])["master", "backup", "fault", "stop", "master_rx_lower_pri", "deleted"]).Select(when => "i notify_" + when),
        .. ((string[])["master", "backup", "fault", "stop"]).Select(when => "y notify_" + when),
        "i notify", "y notify", "g notify_fifo /run/ff_fifo notify_fifo_script", "g vrrp_notify_fifo /run/ff_fifo vrrp_notify_fifo_script",
    ];

    /// <summary>Honoured keywords of docs/keywords.md, which is made from the keyword table, that the compared release knows.</summary>
    private static IEnumerable<(string Block, string Keyword)> Honoured()
    {
        string block = "";
        foreach (string line in File.ReadLines(Path.Combine(Needs.Repository, "docs", "keywords.md")))
        {
            block = line.StartsWith("## ", StringComparison.Ordinal) ? line[3..] : block;
            string[] cells = line.Split(" | ");
            bool isRow = line.StartsWith("| `", StringComparison.Ordinal) && !cells[0].Contains("*own*", StringComparison.Ordinal);
            if (isRow && cells.Contains("honoured") && (cells[3].Length == 0 || Version.Parse(cells[3]) <= Compared) && block != "auth_hmac")
            {
                yield return (block, cells[0].Split('`')[1]);
            }
        }
    }

    [Fact]
    public void Every_honoured_keyword_is_tried()
    {
        // A keyword that is added to the table needs cases in VerdictCases.cs.
        (string, string)[] honoured = [.. Honoured()];
        HashSet<(string, string)> tried = [.. VerdictCases.All.SelectMany(each => VerdictCases.Keywords(VerdictCases.Text(each)))];
        Assert.InRange(honoured.Length, 130, 999);
        Assert.Contains(("vrrp_instance", "virtual_router_id"), honoured);
        Assert.Empty(honoured.Except(tried));
    }

    [NeedsFact("keepalived", "fencefirst")]
    public async Task Verdicts_on_generated_files_agree()
    {
        // One file per case. Accepted means that keepalived exits with 0 and that we do with keepalived's statuses; everything else is a refusal or a warning.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node node = lab["a"];
        VerdictCase[] cases = [.. VerdictCases.All];
        for (int i = 0; i < cases.Length; i++)
        {
            node.WriteFile($"case{i:0000}.conf", VerdictCases.Text(cases[i]));
        }

        // Two at a time: a file costs two processes, and there may be two processors. A hundred per command: a command has its time.
        string one = $"keepalived -t -P -f $0 >/dev/null 2>&1; k=$?; {Needs.FenceFirst} check --keepalived-exit-codes -f $0 >/dev/null 2>&1; echo $0 $k $?";
        List<string> verdicts = [];
        for (int hundred = 0; hundred * 100 < cases.Length; hundred++)
        {
            string told = await node.RunAsync("sh", "-c", $"cd {node.Folder}; ls case{hundred:00}*.conf | xargs -n 1 -P 2 sh -c '{one}' | sort");
            verdicts.AddRange(told.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }

        Assert.Equal(cases.Length, verdicts.Count);
        List<string> differences = [];
        HashSet<string> used = [];
        HashSet<(string, string)> accepted = [];
        for (int i = 0; i < cases.Length; i++)
        {
            string[] statuses = verdicts[i].Split(' ');
            bool isGoodThere = statuses[1] == "0";
            bool isGoodHere = statuses[2] == "0";
            accepted.UnionWith(isGoodThere ? VerdictCases.Keywords(VerdictCases.Text(cases[i])) : []);
            if (isGoodThere != isGoodHere)
            {
                used.Add(cases[i].Name);
            }

            if (isGoodThere != isGoodHere && !Reasons.ContainsKey(cases[i].Name))
            {
                differences.Add(string.Create(CultureInfo.InvariantCulture, $"{cases[i].Name}: keepalived {statuses[1]}, we {statuses[2]}"));
            }
        }

        Assert.True(differences.Count == 0, $"{cases.Length} cases; not agreed and without a reason:\n{string.Join('\n', differences)}");
        Assert.Empty(Reasons.Keys.Except(used));
        Assert.Equal(NeverAccepted.Keys.Order(), Honoured().Except(accepted).Order());
        output.WriteLine($"{cases.Length} cases, {used.Count} differences with a reason, {Honoured().Count()} keywords");
    }

    private static IEnumerable<KeyValuePair<string, string>> For(string reason, params string[] names) => names.Select(name => KeyValuePair.Create(name, reason));
}
