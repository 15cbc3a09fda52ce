using System.Text;
using System.Text.Json;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Output;
using FenceFirst.Core.Node;

namespace FenceFirst.Tests.Config;

/// <summary>The effective values of a file (`check --dump`); that they are those of keepalived is shown by CheckDumpTests.</summary>
public sealed class ConfigDumpTests
{
    public static TheoryData<string, string> Entries => new()
    {
        { "virtual_ipaddress_excluded", "10.5.0.1/24 brd + label eth0:x scope link" },
        { "virtual_ipaddress_excluded", "10.5.0.1 peer 10.5.0.2 dev eth1 no_track preferred_lft 60" },
        { "virtual_ipaddress_excluded", "10.5.0.1/24 noprefixroute autojoin scope 42" },
        { "virtual_ipaddress_excluded", "fd05::1/64 home mngtmpaddr -nodad preferred_lft forever" },
        { "virtual_ipaddress_excluded", "fd05::1 preferred_lft 0" },
        { "virtual_routes", "10.1.0.0/16 via 10.0.0.2 dev eth1 src 10.0.0.1 table 1000 metric 7 tos 0x10 scope link" },
        { "virtual_routes", "blackhole 10.1.0.0/16 no_track append" },
        { "virtual_routes", "default via 10.0.0.2 dev eth1 onlink" },
        { "virtual_routes", "default via fd00::2 dev eth1 metric 5 pref high expires 60 from fd00::/64" },
        { "virtual_routes", "10.1.0.0/16 via inet6 fd00::2 dev eth1" },
        { "virtual_routes", "10.1.0.0/16 dev eth1 mtu lock 1400 rtt 300ms rttvar 0.3s rto_min 200 hoplimit 60 features ecn congctl lock cubic quickack 1" },
        { "virtual_routes", "10.1.0.0/16 dev eth1 realms 3/4 protocol keepalived append" },
        { "virtual_routes", "10.1.0.0/16 no_track protocol 99 nexthop via 10.0.0.2 dev eth1 weight 256 onlink nexthop via inet6 fd00::2 realms 5" },
        { "virtual_routes", "10.1.0.0/16 dev eth1 encap ip id 7 dst 10.0.0.2 tos 4 ttl-propagate enabled" },
        { "virtual_routes", "fd01::/32 dev eth1 encap ip6 dst fd00::2 src fd00::1 hoplimit 9 tc 3 flags 1 metric 3" },
        { "virtual_routes", "10.1.0.0/16 dev eth1 encap mpls 100/200" },
        { "virtual_routes", "fd01::/64 dev eth1 encap ila 2001:db8:1:2" },
        { "virtual_rules", "from 10.9.1.0/24 to 10.60.0.0/16 table 1000 priority 500" },
        { "virtual_rules", "not from fd00::/64 table 100 order 500" },
        { "virtual_rules", "fwmark 0x10/0xff iif eth0 oif eth1 tos 16 table 1000 priority 503" },
        { "virtual_rules", "uidrange 100-200 sport 80-90 dport 443-443 ipproto tcp table 1000 priority 505" },
        { "virtual_rules", "from 10.11.0.0/16 type blackhole priority 506" },
        { "virtual_rules", "from 10.12.0.0/16 goto 600 priority 507" },
        { "virtual_rules", "table main suppress_prefixlength 0 sup_group 3 realms 3/4 priority 508" },
        { "virtual_rules", "tunnel-id 55 l3mdev priority 509 no_track protocol 44" },
        { "virtual_rules", "inet6 table 5 priority 510" },
        { "virtual_ipaddress_excluded", "10.5.0.1/24 label \"eth0 x\"" },
    };

    [Theory]
    [MemberData(nameof(Entries))]
    public void An_entry_of_the_dump_reads_back_as_what_it_was(string block, string entry)
    {
        // So no option is lost or misnamed, and another reading of the file cannot hide behind the dump.
        NodeConfig config = Load(block, entry);
        Assert.Equal(config.Instances[0], Load(block, Dumped(config, block)).Instances[0]);
    }

    [Theory]
    [MemberData(nameof(CorpusTests.Valid), MemberType = typeof(CorpusTests))]
    public void Text_and_json_say_the_values_and_no_secret(string name)
    {
        // Passwords and keys are neither in the one nor in the other.
        NodeConfig config = CorpusTests.Load("valid", name).Config!;
        string text = ConfigDump.Text(config);
        using JsonDocument json = JsonDocument.Parse(ConfigDump.Json(config));
        JsonElement[] instances = [.. json.RootElement.GetProperty("vrrp_instance").EnumerateArray()];
        Assert.Equal(config.Instances.Select(instance => instance.Name), instances.Select(instance => instance.GetProperty("name").GetString()));
        Assert.Equal(config.Instances.Select(instance => (int)instance.BasePriority), instances.Select(instance => instance.GetProperty("priority").GetInt32()));
        Assert.All(config.Instances, instance => Assert.Contains($"vrrp_instance {instance.Name} {{", text, StringComparison.Ordinal));
        Assert.All(config.FenceDevices, device => Assert.Contains($"fence_device {device.Name} {{", text, StringComparison.Ordinal));
        IEnumerable<string> secrets = config.Instances.Where(instance => !instance.Password.IsEmpty).Select(instance => Encoding.UTF8.GetString([.. instance.Password]).TrimEnd('\0'))
            .Concat(config.Instances.SelectMany(instance => instance.Hmac is { } hmac ? hmac.Keys : []).SelectMany(key => new[] { Convert.ToHexStringLower([.. key.Bytes]), Encoding.UTF8.GetString([.. key.Bytes]) }));
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, text + json.RootElement.GetRawText(), StringComparison.OrdinalIgnoreCase));
    }

    // Shown: the text of a dump is a file of the same meaning, but for secrets, which are put in here, and users, which stand in comments and need no account here.
    [Theory]
    [MemberData(nameof(CorpusTests.Valid), MemberType = typeof(CorpusTests))]
    public void The_text_of_a_dump_is_a_file_that_means_the_same(string name)
    {
        string text = ConfigDump.Text(CorpusTests.Load("valid", name).Config!).Replace("    enable_script_security\n", "", StringComparison.Ordinal);
        string again = ConfigDump.Text(Read(WithSecrets(text)));
        Assert.Equal(WithoutUsers(text), WithoutUsers(again));
    }

    [Theory]
    [InlineData("global_defs {\nstartup_script \"/root/a.sh 'b  c' \\\"\\\\ \\x27 ''\"\nstartup_script_timeout 3\nshutdown_script /root/b.sh\nshutdown_script_timeout 4\nvrrp_startup_delay 1.5\nvrrp_delay_after_boot 60\n}", "")]
    [InlineData("global_defs {\nvrrp_garp_interval 0.01\nvrrp_gna_interval 0.02\nstate_dump_file /run/a\njson_dump_file b\njson_version 2\n}\ngarp_group {\ninterfaces {\neth0\neth1\n}\ngarp_interval 0.5\n}", "")]
    [InlineData("global_defs {\nnotify_fifo /run/missing_a\nnotify_fifo_script /root/f.sh\nvrrp_notify_fifo /run/missing_b\n}", "")]
    [InlineData("track_file f {\nfile /run/missing_f\ninit_file 5 overwrite\n}\nvrrp_track_process p {\nprocess /usr/sbin/x -a \"b c\"\nparam_match initial\nquorum_max 3\n}", "track_file {\nf weight 3\n}\ntrack_process {\np\n}")]
    [InlineData("", "notify_master /root/m.sh\nnotify_master_before_vip")]
    [InlineData("", "notify_master /root/m.sh\nnotify_master_before_vip timeout 5\npromotion {\nrun /root/r.sh timeout 3\nprobe no\n}")]
    [InlineData("", "notify_deleted /root/d.sh\nnotify_parallel\nreassert yes")]
    [InlineData("", "notify_deleted")]
    [InlineData("", "strict_mode\nversion 3\naccept")]
    [InlineData("", "promotion {\ncheck ping 10.0.0.9 10.0.0.10 at_least 2 dev eth1 delay 1\ncheck tcp 10.0.0.9:80 timeout 2 attempts 3 retry_interval 4\ncheck \"/root/c.sh {\" attempts 7\nadvertise no\non_failure fault\nlisten_after 2\n}\ndemotion {\nrun /root/d.sh timeout 9\non_failure release\n}")]
    [InlineData("fence_device a {\nscript \"/root/f.sh #1 !2\"\ntargets 10.0.0.9 10.0.0.10\ndelay 1 random 2 priority 3\ntimeout 7\n}\nfence_device b {\nagent fence_ipmilan\ntargets 10.0.0.9 10.0.0.10\noption ip \"10.1.0.1 x\"\naction reboot\nverify no\nmonitor_interval 60\n}",
        "promotion {\nfence a then b\nfence_scope last_master\n}")]
    public void What_a_file_says_is_said_again_by_its_dump(string before, string inside)
    {
        // Everything that the dump once left out, or said in words that are no keywords.
        NodeConfig config = Read($"{before}\nvrrp_instance A {{\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress {{\n10.0.0.1/24\n}}\n{inside}\n}}\n");
        Same(config, Read(ConfigDump.Text(config)));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("notify_master /root/m.sh\nnotify_master_before_vip\nnotify_stop /root/s.sh\nsmtp_alert\nnotify_priority_changes no\n", "notify_priority_changes")]
    [InlineData("sync_group_tracking_weight\ntrack_script {\ns weight 5\n}\ntrack_interface {\neth2\n}\n", "track_script {\ns\nt weight 7\n}")]
    [InlineData("promotion {\nprobe yes\n}\ndemotion {\nrun /root/d.sh\n}\n", "")]
    public void A_sync_group_is_in_the_dump(string group, string member)
    {
        // With its members, what it tracks and runs; its steps stand in it and not in the members, as a file has to say it.
        string Instance(string name, int vrid, string lines) => $"vrrp_instance {name} {{\ninterface eth0\nvirtual_router_id {vrid}\nvirtual_ipaddress {{\n10.0.{vrid}.1/24\n}}\n{lines}\n}}\n";
        NodeConfig config = Read(
            $"vrrp_script s {{\nscript /root/s.sh\n}}\nvrrp_script t {{\nscript /root/t.sh\n}}\nvrrp_sync_group G {{\ngroup {{\nB\nA\n}}\n{group}}}\n{Instance("A", 51, member)}{Instance("B", 52, "")}{Instance("C", 53, "track_script {\ns\nt\n}")}");
        NodeConfig again = Read(ConfigDump.Text(config));
        Same(config, again);
        Assert.Equal(config.Groups, again.Groups);
        using JsonDocument json = JsonDocument.Parse(ConfigDump.Json(config));
        Assert.Equal(["B", "A"], json.RootElement.GetProperty("vrrp_sync_group")[0].GetProperty("group").EnumerateArray().Select(each => each.GetString()));
    }

    private static void Same(NodeConfig config, NodeConfig again)
    {
        Assert.Equal(ConfigDump.Text(config), ConfigDump.Text(again));
        Assert.Equal(ConfigDump.Json(config), ConfigDump.Json(again));
        Assert.Equal(config.Process, again.Process);
        Assert.Equal(config.Spacing, again.Spacing);
        Assert.Equal(config.FenceDevices, again.FenceDevices);
    }

    private static string WithoutUsers(string text) => string.Join('\n', text.Split('\n').Select(line => line.Split(" # uid ")[0]));

    /// <summary>The text with something good in place of what it does not show.</summary>
    private static string WithSecrets(string text) => text.Replace("auth_pass \"(not shown)\"", "auth_pass x", StringComparison.Ordinal)
        .Replace("\"(not shown)\"", "01234567890123456789012345678901", StringComparison.Ordinal);

    // Shown: what every keyword of virtual MAC addresses says is said again by the dump, which is a file that means the same: interfaces, names, MAC addresses,
    // and what is put on them (docs/vmac.md). The dump of the dump is the dump.
    [Theory]
    [InlineData("use_vmac")]
    [InlineData("use_vmac vip0")]
    [InlineData("use_vmac name group")]
    [InlineData("use_vmac 02:00:00:00:00:07")]
    [InlineData("use_vmac 2:0:0:a:b: vip0")]
    [InlineData("use_vmac vip0 02:00:00:00:00:07 netlink_notify_msg group 5")]
    [InlineData("use_vmac\nvmac_xmit_base")]
    [InlineData("use_vmac\nuse_vmac_addr")]
    [InlineData("use_vmac 02:00:00:00:00:07\nuse_vmac_addr")]
    [InlineData("use_vmac_addr")]
    [InlineData("use_vmac\ndont_track_primary")]
    [InlineData("use_vmac\ngarp_extra_if 60")]
    [InlineData("use_vmac\ngarp_extra_if all 60")]
    [InlineData("use_vmac\ngarp_extra_if 0")]
    [InlineData("promote_secondaries")]
    [InlineData("use_vmac vip0\nvirtual_routes {\n10.5.0.0/16 dev vip0\n}")]
    [InlineData("use_vmac\ntrack_interface {\neth2 weight 5\n}")]
    [InlineData("use_vmac\nversion 3\nstrict_mode")]
    public void A_dump_with_virtual_MAC_addresses_reads_back_as_what_it_was(string lines)
    {
        const string Before = "global_defs {\nvmac_prefix own\nvmac_addr_prefix addr\nvrrp_garp_extra_if 90\n}\ninterface_up_down_delays {\neth0 1\n}\n";
        const string Addresses = "virtual_ipaddress {\n10.0.0.1/24\n10.0.0.2/24 dev eth0\n10.1.0.1/24 dev eth1\n10.2.0.1/24 dev eth2 use_vmac\n}\nvirtual_ipaddress_excluded {\nfd00::1/64\n}\n";
        string other = "vrrp_instance B {\ninterface eth1\nvirtual_router_id 52\nuse_vmac\nvirtual_ipaddress {\nfe80::5/64\n}\n}\n";
        foreach (string text in new[] { $"vrrp_instance A {{\ninterface eth0\nvirtual_router_id 51\n{lines}\n{Addresses}}}\n{other}", $"{Before}vrrp_instance A {{\ninterface eth0\nvirtual_router_id 51\n{lines}\n{Addresses}}}\n{other}" })
        {
            NodeConfig config = Read(text);
            string dump = ConfigDump.Text(config);
            NodeConfig again = Read(dump);
            Assert.Equal(dump, ConfigDump.Text(again));
            Assert.Equal(ConfigDump.Json(config), ConfigDump.Json(again));
            Assert.Equal(Made(config), Made(again));
            Assert.NotEmpty(Made(config));
        }
    }

    private static string[] Made(NodeConfig config) => [.. config.Instances.SelectMany(instance => instance.EachVirtualLink().Select(link =>
        $"{instance.Name}: {(link with { Link = 0, Lower = 0 })} {config.Links[link.Link]} on {config.Links[link.Lower]}, tracked: {instance.TrackLinks.Any(track => track.Index == link.Link)}"))];

    private static NodeConfig Read(string text)
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = FakeMachine.Load(text);
        Assert.False(diagnostics.HasErrors, $"{text}\n{DiagnosticText.Render(diagnostics)}");
        return config!; // There is one without errors.
    }

    private static string Dumped(NodeConfig config, string block)
    {
        using JsonDocument json = JsonDocument.Parse(ConfigDump.Json(config));
        return json.RootElement.GetProperty("vrrp_instance")[0].GetProperty(block)[0].GetString()!;
    }

    private static NodeConfig Load(string block, string entry) => FakeMachine.Load(
        $"vrrp_instance A {{\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress {{\n10.0.0.1/24\n}}\n{block} {{\n{entry}\n}}\n}}\n").Config!;
}
