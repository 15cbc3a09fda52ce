using FenceFirst.Cli;
using FenceFirst.Config.Output;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Daemon.Operator;
using FenceFirst.Daemon.Reload;
using FenceFirst.Tests.Config;
using FenceFirst.Tests.Machine;

namespace FenceFirst.Tests.Control;

/// <summary>What the operator's verbs refuse before any daemon is asked, and the book in which their operations are kept.</summary>
public class OperatorVerbTests
{
    // Shown: times as people write them, one second to thirty days.
    [Theory]
    [InlineData("1", 1)]
    [InlineData("90s", 90)]
    [InlineData("10m", 600)]
    [InlineData("2h", 7200)]
    [InlineData("30d", 2_592_000)]
    [InlineData("0", 0)]
    [InlineData("", 0)]
    [InlineData("s", 0)]
    [InlineData("-5s", 0)]
    [InlineData("2 h", 0)]
    [InlineData("31d", 0)]
    [InlineData("1w", 0)]
    [InlineData("2147483647d", 0)]
    [InlineData("99999999999", 0)]
    public void A_time_is_seconds_minutes_hours_or_days(string text, int expected)
    {
        StringWriter error = new();
        Assert.Equal(expected != 0, OperatorVerbs.TryParseSpan("--for", text, error, out int seconds));
        Assert.Equal(expected, seconds);
        Assert.Equal(expected == 0, error.ToString().Contains("say 90s, 10m, 2h or 3d", StringComparison.Ordinal));
    }

    // Shown: who cannot be asked has to say it with the option, and nothing happens otherwise.
    [Fact]
    public void What_cannot_be_undone_needs_the_option_where_nobody_can_be_asked()
    {
        StringWriter error = new();
        Assert.False(Consent.Ask(isGiven: false, "it is switched off.", "fencefirst fence-test db1 --sure", error));
        Assert.Contains("Nothing was done. If that is what you want, say it with fencefirst fence-test db1 --sure", error.ToString());
        Assert.True(Consent.Ask(isGiven: true, "it is switched off.", "--sure", TextWriter.Null));
    }

    // Shown: maintenance off has no end to name, and a bad time is refused before anybody is asked.
    [Fact]
    public void Contradictions_are_refused_without_a_daemon()
    {
        StringWriter error = new();
        Assert.Equal(2, OperatorVerbs.Maintenance("/nowhere", "off", null, "2h", false, TextWriter.Null, error));
        Assert.Contains("--for belongs to 'maintenance on'", error.ToString());
        Assert.Equal(2, OperatorVerbs.Maintenance("/nowhere", "on", null, "soon", false, TextWriter.Null, error));
        Assert.Equal(2, OperatorVerbs.Handover("/nowhere", "VI_1", "0", false, false, TextWriter.Null, error));
        Assert.Equal(2, OperatorVerbs.Handover("/nowhere", "VI_1", "5s", false, false, TextWriter.Null, error));
        Assert.Contains("no daemon answers at /nowhere", error.ToString());
    }

    // Shown: a handover is followed by what Core records, of its own instance only, and ends once.
    [Fact]
    public void A_handover_is_followed_by_what_is_recorded()
    {
        NodeConfig config = TestConfig.Node(TestConfig.Instance(), TestConfig.Instance(name: "VI_2", vrid: 52));
        OperationBook book = new();
        Operation handover = book.Begin("handover", "VI_1", new MonotonicInstant(1));
        book.Take(config, new TimelineEntry { Kind = TimelineKind.HandoverWaiting, Index = 0, Duration = TimeSpan.FromSeconds(60) }, new MonotonicInstant(2));
        Assert.StartsWith("handover: everything is removed", handover.Text);
        book.Take(config, new TimelineEntry { Kind = TimelineKind.HandoverExpired, Index = 1 }, new MonotonicInstant(3));
        Assert.Null(handover.IsGood);
        book.Take(config, new TimelineEntry { Kind = TimelineKind.ReleaseWithheld, Index = 0 }, new MonotonicInstant(3));
        TimelineEntry taken = new() { Kind = TimelineKind.HandoverTaken, Index = 0, Address = TestConfig.AddressOf('z'), Duration = TimeSpan.FromSeconds(0.5) };
        book.Take(config, taken, new MonotonicInstant(4));
        Assert.True(handover.IsGood);
        Assert.Equal((TestConfig.AddressOf('z'), TimeSpan.FromSeconds(0.5)), (handover.By, handover.Gone));
        book.Take(config, new TimelineEntry { Kind = TimelineKind.HandoverExpired, Index = 0 }, new MonotonicInstant(5));
        Assert.True(handover.IsGood);
        Assert.Same(handover, book.Find(handover.Number));
    }

    // Shown: the book is bounded.
    [Fact]
    public void The_oldest_operation_makes_room()
    {
        OperationBook book = new();
        Operation first = book.Begin("reload", "", MonotonicInstant.Zero);
        for (int i = 0; i < 256; i++)
        {
            book.Begin("reload", "", MonotonicInstant.Zero);
        }

        Assert.Null(book.Find(first.Number));
        Assert.NotNull(book.Find(first.Number + 1));
    }

    // Shown: a change of anything that the dump shows is told of, not only one of an instance or a script.
    [Theory]
    [InlineData("global_defs {\nrouter_id other\n}", "global_defs: changed")]
    [InlineData("global_defs {\nnotify_fifo /run/missing_pipe\n}", "  + notify_fifo /run/missing_pipe # uid 0 gid 0")]
    [InlineData("global_defs {\nvrrp_garp_interval 0.5\n}", "  + vrrp_garp_interval 0.5")]
    [InlineData("global_defs {\nnftables own\n}", "  - nftables fencefirst")]
    [InlineData("static_ipaddress {\n10.9.0.1/24 dev eth1\n}", "static_ipaddress: changed")]
    [InlineData("static_routes {\n10.9.0.0/16 dev eth1\n}", "static_routes: changed")]
    [InlineData("static_rules {\nfrom 10.9.0.0/16 table 5 priority 5\n}", "  + from 10.9.0.0/16 priority 5 protocol 18 table 5")]
    [InlineData("linkbeat_interfaces {\neth0\n}", "linkbeat_interfaces: changed")]
    [InlineData("interface_up_down_delays {\neth0 0.1\n}", "interface_up_down_delays: changed")]
    [InlineData("garp_group {\ninterface eth0\ngarp_interval 0.5\n}", "garp_group: changed")]
    [InlineData("track_file f {\nfile /run/missing_f\n}", "track_file f: added")]
    [InlineData("vrrp_track_process p {\nprocess x\n}", "vrrp_track_process p: added")]
    public void Nothing_that_a_reload_changes_is_left_out(string lines, string told)
    {
        const string Instance = "vrrp_instance A {\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress {\n10.0.0.1/24\n}\n}\n";
        string tracked = lines.StartsWith("track_file", StringComparison.Ordinal) ? "track_file {\nf\n}\n" : lines.StartsWith("vrrp_track", StringComparison.Ordinal) ? "track_process {\np\n}\n" : "";
        NodeConfig old = FakeMachine.Load(Instance).Config!; // A good file.
        NodeConfig next = FakeMachine.Load($"{lines}\n{Instance[..^2]}{tracked}}}\n").Config!; // As above.
        ReloadPlan plan = ReloadPlan.Make(old, next);
        Assert.Contains(told, new ReloadSummary(plan, ConfigBlocks.Of(old), ConfigBlocks.Of(next)).Describe(plan.Kept(new NodeState(old, 0))).SelectMany(change => change.Lines));
    }

    // Shown: what is the same is not mentioned, and everything else is.
    [Fact]
    public void A_reload_tells_what_changes()
    {
        VrrpConfig one = TestConfig.Instance();
        VrrpConfig two = TestConfig.Instance(name: "VI_2", vrid: 52);
        VrrpConfig four = TestConfig.Instance(name: "VI_4", vrid: 54);
        NodeConfig old = TestConfig.Node(one, two, four) with { Scripts = [new ScriptTracker("a", TestConfig.Command("/a"))], FenceDevices = [new FenceDeviceConfig(TestConfig.Fence("z"))] };
        NodeState state = new(old, 0);
        Assert.Empty(Describe(old));
        NodeConfig next = TestConfig.Node(one with { BasePriority = 90 }, two with { Addresses = one.Addresses }, four with { Version = 3 }, TestConfig.Instance(name: "VI_3", vrid: 53)) with
        {
            Scripts = [new ScriptTracker("a", TestConfig.Command("/b"))],
            Process = new ProcessConfig { Nice = -5 },
        };
        Assert.Equal(
            [
                "VI_1: changed, goes on in place",
                "  - priority 100",
                "  + priority 90",
                "VI_2: changed, goes on in place",
                "  - virtual_ipaddress 10.0.1.52/24 dev eth0 scope global",
                "  + virtual_ipaddress 10.0.1.51/24 dev eth0 scope global",
                "VI_4: changed, is stopped in order and started anew",
                "  - version 2",
                "  + version 3",
                "VI_3: added",
                "check script a: changed",
                "  - script \"/a\" # uid 0 gid 0",
                "  + script \"/b\" # uid 0 gid 0",
                "fence_device fence_z: removed",
                "global_defs: changed",
                "  - vrrp_priority 0",
                "  + vrrp_priority -5",
                "settings of the process itself (vrrp_rt_priority, vrrp_no_swap and the like) take effect at the next start",
            ],
            Describe(next));
        Assert.Equal(["VI_1: changed, goes on in place", "  a password or key is another one"], Describe(old with { Instances = [one with { Password = [1] }, two, four] }));
        Assert.Equal(["VI_2: removed, is stopped in order"], Describe(old with { Instances = [one, four] }));
        Assert.Equal("mail: changed", Describe(old with { Mail = new MailConfig { Server = "mail.example.org" } })[^1]);

        List<string> Describe(NodeConfig other)
        {
            ReloadPlan plan = ReloadPlan.Make(old, other);
            return [.. new ReloadSummary(plan, ConfigBlocks.Of(old), ConfigBlocks.Of(other)).Describe(plan.Kept(state)).SelectMany(change => change.Lines)];
        }
    }
}
