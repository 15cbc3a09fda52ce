using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using FenceFirst.Cli;
using FenceFirst.Config;
using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;

namespace FenceFirst.Tests.Config;

/// <summary>Every lint of docs/lints.md, with the smallest file that earns it.</summary>
public sealed partial class LintTests
{
    private const string Vip = "virtual_ipaddress {\n10.0.0.1/24\n}\n";
    private const string Start = "interface eth0\nvirtual_router_id 5\n" + Vip;
    private const string Device = "fence_device d {\nscript /root/f.sh\ntargets 10.0.0.9\n}\n";
    private const string Hmac = "auth_hmac {\nkey 1 0123456789012345678901234567890123456789\nactive_key 1\n}\n";
    private const string Script = "vrrp_script s {\nscript /root/s.sh\n}\n";

    /// <summary>Code, what stands before the instance, what stands inside it.</summary>
    public static TheoryData<string, string, string> Cases => new()
    {
        { "FF1009", "", Start + "priority 100#50\n" },
        { "FF1010", "", Start + "include \"test.conf\"\n" },
        { "FF1020", "", Start + "priority 100\\#50\n" },
        { "FF1021", "$A=/root\n", Start + "notify_master \"/root/s.sh $A\"\n" },
        { "FF1109", "", Start + "priority 100 advert_int 3\n" },
        { "FF1301", "", Start + "notify_master /root/missing.sh\n" },
        { "FF1302", "", Start + "notify_master /srv/plain.sh\n" },
        { "FF1304", "", Start + "notify_master /srv/open.sh\n" },
        { "FF1305", "", Start + "notify_master /root/s.sh\n" },
        { "FF1306", "", Start + "notify_master /root/s.sh root\n" },
        { "FF1307", "", Start + "notify_master true\n" },
        { "FF1308", "", Start + "notify_master /srv/text.sh\n" },
        { "FF1309", Script, Start },
        { "FF1403", "vrrp_instance B {\n" + Start + "}\n", Start },
        { "FF1404", "", Start + "track_script {\nabsent\n}\n" },
        { "FF1405", "", Start + "authentication { auth_type PASS auth_pass x }\n" },
        { "FF1406", "", Start + "version 3\nauthentication {\nauth_type PASS\nauth_pass x\n}\n" },
        { "FF1501", "", Start + "unicast_peer {\n192.168.173.203\n192.168.173.204\n}\n" },
        { "FF1502", "", Start + "state MASTER\npriority 100\nnopreempt\n" },
        { "FF1503", "", Start + "state MASTER\n" },
        { "FF1504", "", Start + "authentication {\nauth_type PASS\nauth_pass 123456789\n}\n" },
        { "FF1505", "vrrp_script s {\nscript /root/s.sh\nweight -20\n}\n", Start + "nopreempt\ntrack_script {\ns\n}\n" },
        { "FF1506", Device, Start + "promotion {\nfence d\n}\n" },
        { "FF1507", "", Start + "track_interface {\neth0\n}\n" },
        { "FF1508", "", Start + "unicast_src_ip 192.168.173.203\n" },
        { "FF1509", Device, Start + "unicast_peer {\n10.0.0.8\n}\npromotion {\nfence d\n}\n" },
        { "FF1510", "", Start + Vip },
        { "FF1511", "vrrp_script s {\nscript /root/s.sh\nweight -20\n}\n", Start + "priority 255\ntrack_script {\ns\n}\n" },
        { "FF1512", "", Start + "skip_check_adv_addr off\n" },
        { "FF1513", "", Start + "track_script {\nlate\n}\n}\nvrrp_script late {\nscript /root/s.sh\n" },
        { "FF1514", "", Start + "unicast_ttl 5\n" },
        { "FF1515", "", Start + "virtual_rules {\ntable 5\n}\n" },
        { "FF1516", "", Start + "virtual_routes {\n10.1.0.0/16 via 10.0.0.2\n}\n" },
        { "FF1517", "", Start + "virtual_routes {\n10.1.0.0/16 gw 10.0.0.2 dev eth0\n}\n" },
        { "FF1518", "vrrp_sync_group G {\ngroup {\nA\n}\n}\n", Start },
        { "FF1519", "", Start + "virtual_routes {\n}\n" },
        { "FF1520", "", Start + "auth_hmac {\nkey 1 0123456789012345678901234567890123456789\nactive_key 1\nmode permissive\n}\n" },
        { "FF1521", "global_defs {\nvrrp_garp_interval 0\n}\n", Start },
        { "FF1522", Script + "vrrp_sync_group G {\ngroup {\nA\nB\n}\n}\n", Start + "track_script {\ns weight 10\n}\n" },
        { "FF1580", "vrrp_sync_group G {\ngroup {\nA\nB\n}\n}\nvrrp_instance B {\ninterface eth0\nvirtual_router_id 6\npriority 90\nvirtual_ipaddress {\n10.0.0.2/24\n}\n}\n", Start },
        { "FF1595", "global_defs {\nsmtp_alert\n}\n", Start },
        { "FF1596", "global_defs {\nnotification_email {\ndbä@example.org\n}\n}\n", Start },
        { "FF1540", "", Start + "unicast_peer {\n10.0.0.8\n}\npromotion {\ncheck ping 10.0.0.8\n}\n" },
        { "FF1541", "", Start + "vip_lease 1\n" },
        { "FF1550", Device, Start + Hmac + "promotion {\nfence d\n@fencefirst release_is_enough yes\n}\n" },
        { "FF1551", Device, Start + Hmac + "promotion {\nfence d\nrelease_is_enough yes\n}\ndemotion {\nrun /root/s.sh\non_failure release\n}\n" },
        { "FF1552", Device, Start + "promotion {\nfence d\n}\n" },
        { "FF1553", Device + "vrrp_instance B {\n" + Start.Replace("id 5", "id 6", StringComparison.Ordinal) + "priority 150\npromotion {\nfence d\n}\n}\n", Start + "promotion {\nfence d\n}\n" },
        { "FF1590", "", Start + "authentication {\nauth_type AH\nauth_pass x\n}\n" },
        { "FF1591", "", Start + "state MASTER\npriority 100\nauthentication {\nauth_type AH\nauth_pass x\n}\n" },
        { "FF1592", "", Start + "strict_mode\npreempt_delay 5\n" },
        { "FF1593", "garp_group {\ninterface eth0\ngarp_interval 0.1\ngna_interval 0\n}\n", Start },
        { "FF1560", "global_defs {\nwatchdog /dev/missing\n}\n", Start },
        { "FF1561", "global_defs {\nwatchdog /dev/missing\n}\n", Start + "version 3\nadvert_int 0.1\n" },
        { "FF1570", "track_file f {\nfile /run/f\n}\n", Start },
        { "FF1571", "vrrp_track_process p {\nprocess /usr/sbin/nginx\n}\n", Start + "track_process {\np\n}\n" },
        { "FF1572", "interface_up_down_delays {\neth0 5\n}\n", Start },
    };

    /// <summary>Code, this node's lines, the peer's lines.</summary>
    public static TheoryData<string, string, string> Pairs => new()
    {
        { "FF1601", Start, Start.Replace("id 5", "id 6", StringComparison.Ordinal) },
        { "FF1602", Start + "version 3\n", Start + "version 2\n" },
        { "FF1603", Start + "advert_int 2\n", Start },
        { "FF1604", Start, Start + "virtual_ipaddress {\n10.0.0.2/24\n}\n" },
        { "FF1605", Start + "authentication {\nauth_type PASS\nauth_pass a\n}\n", Start + "authentication {\nauth_type PASS\nauth_pass b\n}\n" },
        { "FF1606", Start + "unicast_peer {\n10.0.0.9\n}\n", Start },
        { "FF1607", Start, Start },
        { "FF1608", Start + "priority 150\ntrack_script {\ns weight -20\n}\n", Start },
        { "FF1609", Start + "promotion {\nprobe yes\n}\n", Start },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_lint_is_earned(string code, string before, string inside)
    {
        // One instance in a file of its own; other problems of the file do not matter.
        DiagnosticBag diagnostics = ConfigLoader.Load("test.conf", null, Machine($"{before}vrrp_instance A {{\n{inside}}}\n").Facts).Diagnostics;
        Assert.Contains(code, diagnostics.Sorted().Select(diagnostic => diagnostic.Code.Id));
    }

    // RFC 9568 section 5.1.2.1: adverts of IPv6 come from a link-local address. A target has to be a sender of adverts; of several one is enough, so that instances of both families share a device.
    [Theory]
    [InlineData("10.0.0.1/24", "10.0.0.9", "")]
    [InlineData("10.0.0.1/24", "fe80::9 10.0.0.9", "")]
    [InlineData("10.0.0.1/24", "fe80::9", "fence target fe80::9 is no address that adverts of IPv4 come from")]
    [InlineData("fd00::1/64", "fe80::9", "")]
    [InlineData("fd00::1/64", "fd00::9 fe80::9", "")]
    [InlineData("fd00::1/64", "fd00::9", "fence target fd00::9 is no address that adverts of IPv6 come from")]
    public void A_fence_target_is_a_sender_of_adverts(string address, string targets, string warning)
    {
        string file = $"fence_device d {{\nscript /root/f.sh\ntargets {targets}\n}}\n"
            + $"vrrp_instance A {{\ninterface eth0\nvirtual_router_id 5\nversion 3\nvirtual_ipaddress {{\n{address}\n}}\npromotion {{\nfence d\nfence_scope all\n}}\n}}\n";
        Diagnostic? told = ConfigLoader.Load("test.conf", null, Machine(file).Facts).Diagnostics.Sorted().FirstOrDefault(each => each.Code.Id == "FF1509");
        Assert.StartsWith(warning, told?.Message ?? "", StringComparison.Ordinal);
        Assert.Equal(warning.Length > 0, told is not null);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Two_nodes_that_do_not_fit_are_told_so(string code, string ours, string theirs)
    {
        // The peer's scripts and interfaces need not be on this machine.
        (int _, string _, string error) = Compare(ours, theirs.Replace("eth0", "far0", StringComparison.Ordinal));
        Assert.Contains(code, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mode receive-only", "-", "")]
    [InlineData("mode receive-only", "mode permissive", "")]
    [InlineData("mode permissive", "", "")]
    [InlineData("mode permissive", "-", "A: auth_hmac: this node signs, and the peer does not know auth_hmac: who refuses")]
    [InlineData("", "-", "A: auth_hmac: the peer does not sign, and this node wants signed adverts, and this node signs, and the peer does not know auth_hmac: both become Master")]
    [InlineData("", "mode receive-only", "A: auth_hmac: the peer does not sign, and this node wants signed adverts: who refuses")]
    [InlineData("key 2 9876543210987654321098765432109876543210", "key 2 9876543210987654321098765432109876543210\nactive_key 2", "")]
    [InlineData("", "key 2 9876543210987654321098765432109876543210\nactive_key 2", "A: auth_hmac: the peer signs with key 2, which this node does not have: who refuses")]
    [InlineData("key 2 9876543210987654321098765432109876543211", "key 2 9876543210987654321098765432109876543210\nactive_key 2", "A: auth_hmac: key 2 is another one on this node: who refuses")]
    public void Signed_adverts_are_compared_in_both_directions(string ours, string theirs, string told)
    {
        // What one node sends and the other takes, from docs/auth_hmac.md; on the way from unsigned to signed adverts nothing is wrong. "-" has no auth_hmac.
        string Block(string lines) => lines == "-" ? "" : $"auth_hmac {{\nkey 1 0123456789012345678901234567890123456789\n{(lines.Contains("active_key", StringComparison.Ordinal) ? "" : "active_key 1\n")}{lines}\n}}\n";
        (int _, string _, string error) = Compare(Start + Block(ours), Start + Block(theirs) + "priority 90\n");
        string[] lines = [.. error.Split('\n').Where(line => line.Contains("FF1605", StringComparison.Ordinal))];
        Assert.Equal(told.Length == 0 ? 0 : 1, lines.Length);
        Assert.All(lines, line => Assert.Contains(told, line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("unicast_ttl 64\n", "", "min_ttl 255", "this node sends with unicast_ttl 64, and the peer's min_ttl for it is 255")]
    [InlineData("", "", "min_ttl 255", "")]
    [InlineData("unicast_ttl 64\n", "", "min_ttl 64", "")]
    public void A_ttl_that_the_other_one_never_takes_is_told(string ours, string oursPeer, string theirsPeer, string told)
    {
        // Routers lower it, nobody raises it.
        (int _, string _, string error) = Compare(
            $"{Start}unicast_src_ip 192.168.173.203\n{ours}unicast_peer {{\n10.0.0.9 {oursPeer}\n}}\n",
            $"{Start}priority 90\nunicast_src_ip 10.0.0.9\nunicast_peer {{\n192.168.173.203 {theirsPeer}\n}}\n");
        Assert.Equal(told.Length > 0, error.Contains("FF1606", StringComparison.Ordinal));
        Assert.Contains(told, error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_Vrid_on_two_interfaces_is_no_riddle()
    {
        // Each instance is compared with the one that has most in common with it, whatever their order in the files.
        string Node(string first, string second, int priority) =>
            $"interface {first}\nvirtual_router_id 5\npriority {priority}\nvirtual_ipaddress {{\n10.0.{first[^1]}.1/24\n}}\n}}\nvrrp_instance B {{\ninterface {second}\nvirtual_router_id 5\npriority {priority}\nvirtual_ipaddress {{\n10.0.{second[^1]}.1/24\n}}\n";
        (int status, string output, string error) = Compare(Node("eth0", "eth1", 150), Node("eth1", "eth0", 100));
        Assert.DoesNotContain("FF16", error, StringComparison.Ordinal);
        Assert.Equal(0, status);
        Assert.Contains("B: test.conf (priority 150)", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_that_is_a_fault_moves_the_address()
    {
        // Its weight is 0, so the weights of the others are not all there is.
        const string Script = "track_script {\ns weight -20\n}\n";
        Assert.Contains("FF1608", Compare(Start + "priority 150\n" + Script, Start).Error, StringComparison.Ordinal);
        Assert.DoesNotContain("FF1608", Compare(Start + "priority 150\n" + Script + "track_process {\np\n}\n}\nvrrp_track_process p {\nprocess x\n", Start).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_good_pair_is_told_as_a_story()
    {
        // Who is Master, after what time the other one notices, who fences whom.
        string common = Start + "advert_int 1\nstate BACKUP\nnopreempt\n";
        (int status, string output, string error) = Compare(
            common + "priority 150\nunicast_src_ip 192.168.173.203\nunicast_peer {\n10.0.0.9\n}\npromotion {\nfence d\n}\n",
            common + "priority 100\nunicast_src_ip 10.0.0.9\nunicast_peer {\n192.168.173.203\n}\npromotion {\nfence e\n}\n");
        Assert.DoesNotContain("FF16", error, StringComparison.Ordinal);
        Assert.Equal(0, status);
        Assert.Contains("A: test.conf (priority 150) is Master while both live; peer.conf (100) notices its loss after 3.609 s; test.conf leaves it there when it returns (nopreempt)", output, StringComparison.Ordinal);
        Assert.Contains("A: test.conf fences 10.0.0.9 by d before it takes the addresses", output, StringComparison.Ordinal);
        Assert.Contains("A: peer.conf fences 192.168.173.203 by e before it takes the addresses", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pair_is_told_to_programs_in_the_documented_shape()
    {
        // docs/lints.md shows the same pair.
        (int status, string output, string _) = Compare(
            Start + "advert_int 1\nnopreempt\npriority 150\nunicast_src_ip 192.168.173.203\nunicast_peer {\n10.0.0.9\n}\npromotion {\nfence d\n}\n",
            Start + "advert_int 1\nnopreempt\npriority 100\nunicast_src_ip 10.0.0.9\nunicast_peer {\n192.168.173.203\n}\n",
            isJson: true);
        Assert.Equal(0, status);
        JsonElement answer = JsonDocument.Parse(output).RootElement;
        string page = File.ReadAllText(Path.Combine(Golden.Root, "docs", "lints.md"));
        string shown = page[(page.IndexOf("```json\n", StringComparison.Ordinal) + 8)..];
        JsonElement expected = JsonDocument.Parse(shown[..shown.IndexOf("```", StringComparison.Ordinal)]).RootElement;
        Assert.True(JsonElement.DeepEquals(expected.GetProperty("pair"), answer.GetProperty("pair")), output);
        Assert.Equal(expected.GetProperty("version").GetInt32(), answer.GetProperty("version").GetInt32());
        Assert.Equal(Members(expected.GetProperty("problems")[0]), Members(answer.GetProperty("problems")[0]));

        static string[] Members(JsonElement one) => [.. one.EnumerateObject().Select(member => member.Name)];
    }

    [Fact]
    public void Of_two_equal_nodes_neither_is_called_the_master_and_without_a_good_peer_there_is_no_pair()
    {
        Assert.Equal(JsonValueKind.Null, Pair(Start, Start).GetProperty("instances")[0].GetProperty("master").ValueKind);
        Assert.Equal("peer", Pair(Start, Start + "priority 101\n").GetProperty("instances")[0].GetProperty("master").GetString());
        Assert.Equal(JsonValueKind.Null, Pair(Start, Start + "nonsense\n").ValueKind);

        static JsonElement Pair(string ours, string theirs) => JsonDocument.Parse(Compare(ours, theirs, isJson: true).Output).RootElement.GetProperty("pair");
    }

    [Fact]
    public void Every_lint_has_its_section_and_its_case()
    {
        // A code of FF15xx or FF16xx without both cannot be added; agents have tests of their own.
        HashSet<string> sections = [.. Section().Matches(File.ReadAllText(Path.Combine(Golden.Root, "docs", "lints.md"))).Select(match => match.Groups[1].Value)];
        HashSet<string> known = [.. typeof(DiagnosticCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => ((DiagnosticCode)field.GetValue(null)!).Id)];
        HashSet<string> cases = [.. Cases.Concat(Pairs).Select(row => (string)row[0])];
        Assert.Empty(sections.Except(known));
        Assert.Empty(known.Where(code => code.StartsWith("FF15", StringComparison.Ordinal) || code.StartsWith("FF16", StringComparison.Ordinal)).Except(sections));
        Assert.Empty(sections.Except(cases).Except(["FF1530", "FF1531"]));
    }

    private static (int Status, string Output, string Error) Compare(string ours, string theirs, bool isJson = false)
    {
        const string Devices = "vrrp_script s {\nscript /root/s.sh\n}\nfence_device d {\nscript /root/f.sh\ntargets 10.0.0.9\n}\nfence_device e {\nscript /root/f.sh\ntargets 192.168.173.203\n}\n";
        FakeMachine machine = Machine($"{Devices}vrrp_instance A {{\n{ours}}}\n");
        machine.Files["peer.conf"] = $"{Devices}vrrp_instance A {{\n{theirs}}}\n";
        StringWriter output = new() { NewLine = "\n" };
        StringWriter error = new() { NewLine = "\n" };
        int status = CheckVerb.Run(new CheckOptions("test.conf") { PeerFile = "peer.conf", IsJson = isJson }, output, error, machine.Facts);
        return (status, output.ToString(), error.ToString());
    }

    private static FakeMachine Machine(string text)
    {
        FakeMachine machine = new();
        machine.Files["test.conf"] = text;
        machine.Kinds["/srv/plain.sh"] = new FileFacts(FileKind.Regular, 0b110_100_100, 0, 0);
        machine.Kinds["/srv/open.sh"] = new FileFacts(FileKind.Regular, 0b111_111_111, 0, 0);
        machine.Kinds["/srv/text.sh"] = new FileFacts(FileKind.Regular, 0b111_101_101, 0, 0, IsProgram: false);
        machine.Kinds["/usr/bin/true"] = new FileFacts(FileKind.Regular, 0b111_101_101, 0, 0);
        return machine;
    }

    [GeneratedRegex("^### (FF[0-9]{4})$", RegexOptions.Multiline)]
    private static partial Regex Section();
}
