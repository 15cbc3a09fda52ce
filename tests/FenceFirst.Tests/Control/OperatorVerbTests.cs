using FenceFirst.Cli;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Daemon.Operator;
using FenceFirst.Daemon.Reload;
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
                "VI_2: changed, goes on in place",
                "VI_4: changed, is stopped in order and started anew",
                "VI_3: added",
                "check script a: changed",
                "fence_device fence_z: removed",
                "settings of the process itself (vrrp_rt_priority, vrrp_no_swap and the like) take effect at the next start",
            ],
            Describe(next));
        Assert.Equal(["VI_2: removed, is stopped in order"], Describe(old with { Instances = [one, four] }));
        Assert.Equal(["mail: changed"], Describe(old with { Mail = new MailConfig { Server = "mail.example.org" } }));

        List<string> Describe(NodeConfig other)
        {
            ReloadPlan plan = ReloadPlan.Make(old, other);
            return ReloadSummary.Describe(plan, plan.Kept(state));
        }
    }
}
