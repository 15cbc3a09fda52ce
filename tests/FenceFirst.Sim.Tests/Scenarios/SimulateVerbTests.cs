using System.Text.Json;
using FenceFirst.Simulate;

namespace FenceFirst.Sim.Tests;

/// <summary><c>fencefirst simulate</c> on a user's own files.</summary>
public class SimulateVerbTests
{
    private const string Partition = "at 5 cut a b\nexpect never two owners\nfor 60\n";

    [Fact]
    public void The_seed_file_has_two_owners_in_a_partition_and_with_a_promotion_none()
    {
        // The configuration that the project began with, on two nodes; then the same with a fence.
        string seed = File.ReadAllText(Path.Combine(Play.Root, "tests", "FenceFirst.Tests", "Corpus", "valid", "seed.conf"));
        Play plain = Play.Files(seed, seed.Replace("priority 100", "priority 90", StringComparison.Ordinal));
        Assert.Equal(1, plain.Run(Partition));
        Assert.Contains("NOT HELD expect never two owners", plain.Output);
        Assert.Contains("not guaranteed, 1 times: G10 OneOwner: no fence configured", plain.Output);

        Play fenced = Play.Files(
            WithFence(seed, "192.168.173.203", "192.168.173.204"),
            WithFence(seed.Replace("priority 100", "priority 90", StringComparison.Ordinal), "192.168.173.204", "192.168.173.203"));
        Assert.True(fenced.Run(Partition) == 0, fenced.Output + fenced.Error);
        Assert.Contains("never two owners", fenced.Output);
        Assert.Contains("a * POWER OFF, fenced by b", fenced.Output);
    }

    // Shown: files with a sync group: one fence for both sides of a router, which move together, by a fence and by a handover of all; the files have their
    // instances in another order, one of them in no group, and the peer is named by its address on each side.
    [Fact]
    public void A_sync_group_moves_as_one_with_one_fence()
    {
        string File(char peer, int priority, string group, params string[] instances) => $$"""
            fence_device board {
                script "/fence.sh"
                targets 192.168.1.{{peer}} 10.1.0.{{peer}}
            }
            vrrp_sync_group ROUTER {
                group {
                    {{group}}
                }
                promotion {
                    fence board
                    fence_scope all
                }
            }
            {{string.Join('\n', instances.Select(name => $$"""
                vrrp_instance {{name}} {
                    state BACKUP
                    nopreempt
                    interface {{(name == "OUTSIDE" ? "eth0" : "eth1")}}
                    virtual_router_id {{(name == "OUTSIDE" ? 51 : name == "INSIDE" ? 52 : 53)}}
                    priority {{priority}}
                    virtual_ipaddress {
                        {{(name == "OUTSIDE" ? "192.168.1.100/24" : name == "INSIDE" ? "10.1.0.100/24" : "10.1.0.101/24")}}
                    }
                }
                """))}}
            """;
        Play play = Play.Files(File('2', 101, "OUTSIDE INSIDE", "OUTSIDE", "INSIDE", "ALONE"), File('1', 100, "INSIDE OUTSIDE", "ALONE", "INSIDE", "OUTSIDE"));
        const string Story = "at 5 link-down a\nat 5 expect b master within 15\nat 20 link-up a\nat 20 power-on a\nat 40 handover b within 20\nat 40 expect a master within 15\nexpect never two owners\nfor 90\n";
        Assert.True(play.Run(Story) == 0, play.Output + play.Error);
        Assert.Single(play.Output.Split('\n'), line => line.Contains("a * POWER OFF, fenced by b", StringComparison.Ordinal));
        Assert.Contains(" b   VRRP_Group(ROUTER) all members are in MASTER state", play.Output);
        Assert.Contains(" a   VRRP_Group(ROUTER) all members are in MASTER state", play.Output);
    }

    [Fact]
    public void Two_owners_are_told_with_their_seconds_also_when_nobody_has_asked()
    {
        Play play = Play.Pair(ShippedScenarioTests.WithoutPromotion);
        Assert.Equal(1, play.Run("at 5 cut a b\nfor 60\n"));
        Assert.Matches(@"TWO OWNERS for 5\d\.\d\d\d s", play.Output);
        Assert.Contains("two nodes held the same address", play.Output);
        Assert.Equal(0, play.Run("at 5 cut a b\nexpect two owners\nfor 60\n"));
    }

    [Fact]
    public void An_expectation_that_does_not_hold_is_told_with_what_was_seen()
    {
        Play play = Play.Pair();
        Assert.Equal(1, play.Run("at 5 cut a b\nat 7 expect b master\nexpect a never fenced\nfor 60\n"));
        Assert.Contains("    7.000 NOT HELD expect b master (line 2): a master; b backup", play.Output);
        Assert.Contains("NOT HELD expect a never fenced (line 3)", play.Output);
        Assert.Contains("2 of 2 expectations did not hold", play.Output);
    }

    [Fact]
    public void The_timeline_has_the_words_of_the_log_and_the_letter_of_the_node()
    {
        Play play = Play.Pair();
        Assert.Equal(0, play.Run("at 5 power-off a\n"));
        Assert.Contains(" b   (VI_1) Entering MASTER STATE\n", play.Output);
        Assert.Contains("    5.000 --> power-off a\n    5.000 a * POWER OFF\n", play.Output);
        Assert.DoesNotContain("Sending/queueing", play.Output);
    }

    [Fact]
    public void Equal_seeds_tell_equal_stories_and_others_differ()
    {
        Play play = Play.Pair();
        string Told(ulong seed)
        {
            play.Run(Partition, new SimulateRequest { Seed = seed });
            return play.Output;
        }

        Assert.Equal(Told(7), Told(7));
        Assert.NotEqual(Told(7), Told(8));
    }

    [Fact]
    public void Many_runs_tell_which_seeds_failed_and_how_to_see_one()
    {
        // A board that needs around 40 s: some seeds are late.
        Play play = Play.Pair();
        Assert.Equal(1, play.Run("at 5 power-off a\nat 5 expect b master within 15.3\n", new SimulateRequest { Runs = 60, Seed = 100 }));
        Assert.Contains("60 runs, seeds 100 to 159: ", play.Output);
        Assert.Contains("to see one: fencefirst simulate -f /a.conf -f /b.conf -s /test.scenario --seed ", play.Output);
        ulong seed = ulong.Parse(play.Output.TrimEnd().Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(1, play.Run("at 5 power-off a\nat 5 expect b master within 15.3\n", new SimulateRequest { Seed = seed }));
    }

    [Fact]
    public void Without_a_scenario_faults_come_by_chance_and_no_guarantee_breaks()
    {
        Play play = Play.Pair();
        Assert.True(play.Run(null, new SimulateRequest { Runs = 20 }) == 0, play.Output);
        Assert.Contains("20 runs, seeds 1 to 20: ", play.Output);
        Assert.Equal(0, play.Run(null, new SimulateRequest { Seed = 3 }));
        Assert.Contains("faults by chance, seed 3: ", play.Output);
    }

    [Fact]
    public void Json_holds_the_same()
    {
        Play play = Play.Pair();
        Assert.Equal(0, play.Run(Partition, new SimulateRequest { IsJson = true }));
        JsonElement root = JsonDocument.Parse(play.Output).RootElement;
        Assert.True(root.GetProperty("good").GetBoolean());
        Assert.Equal("192.168.10.1", root.GetProperty("nodes")[0].GetProperty("address").GetString());
        Assert.Equal("a", root.GetProperty("held")[0].GetProperty("node").GetString());
        Assert.Contains(root.GetProperty("timeline").EnumerateArray(), line => line.GetProperty("kind").GetString() == "EnteredMaster" && line.GetProperty("node").GetString() == "b");
        Assert.True(root.GetProperty("expectations")[0].GetProperty("held").GetBoolean());
        Assert.Equal(0, play.Run(Partition, new SimulateRequest { IsJson = true, Runs = 3 }));
        Assert.Equal(3, JsonDocument.Parse(play.Output).RootElement.GetProperty("runs").GetInt32());
    }

    [Fact]
    public void Nodes_that_refuse_each_others_adverts_do_so_here_too()
    {
        Play play = Play.Pair();
        Assert.Equal(0, play.Run("for 20\nexpect b backup\n"));
        int node = 0;
        Play other = Play.Pair(text => node++ == 0 ? text : text.Replace("advert_int 1\n    vip_lease 4", "advert_int 2\n    vip_lease 8", StringComparison.Ordinal));
        other.Run("for 20\n");
        Assert.Contains("interval", other.Output, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Files_with_other_virtual_routers_are_refused()
    {
        int node = 0;
        Play play = Play.Pair(text => node++ == 0 ? text : text.Replace("virtual_router_id 51", "virtual_router_id 52", StringComparison.Ordinal));
        Assert.Equal(2, play.Run(Partition));
        Assert.Contains("/b.conf: error FF1720: there is no instance with virtual_router_id 51 for IPv4, as VI_1 of /a.conf has it", play.Error);
    }

    [Fact]
    public void A_fence_for_nobody_here_is_told_of()
    {
        Play play = Play.Pair(text => text.Replace("targets 192.168.10.1", "targets 192.168.10.7", StringComparison.Ordinal));
        play.Run(Partition);
        Assert.Contains("warning FF1722: a fence targets 192.168.10.7, which is the address of none of the nodes here", play.Error);
    }

    [Theory]
    [InlineData(0, "which nodes?")]
    [InlineData(1, "two nodes or more")]
    [InlineData(9, "at most 7 nodes")]
    public void A_number_of_files_that_cannot_be_simulated_is_refused(int count, string message)
    {
        StringWriter error = new();
        Assert.Equal(2, SimulateVerb.Run(new SimulateRequest { Files = [.. Enumerable.Repeat("/a.conf", count)] }, Play.Pair().Facts(), TextWriter.Null, error));
        Assert.Contains(message, error.ToString());
    }

    [Fact]
    public void A_missing_scenario_or_configuration_is_told_by_its_name()
    {
        StringWriter error = new();
        SimulateRequest request = new() { Files = ["/a.conf", "/c.conf"], Scenario = "/none.scenario" };
        Assert.Equal(2, SimulateVerb.Run(request, Play.Pair().Facts(), TextWriter.Null, error));
        Assert.Contains("/c.conf: error FF1001", error.ToString());
        Assert.Contains("/none.scenario: error FF1701: the scenario does not exist or cannot be read", error.ToString());
    }

    private static string WithFence(string text, string own, string peer) =>
        $"fence_device peer {{\n script \"/root/fence.sh\"\n targets {peer}\n}}\n"
        + text.Replace("    nopreempt\n", $"    nopreempt\n    unicast_src_ip {own}\n    promotion {{\n        fence peer\n    }}\n", StringComparison.Ordinal);
}
