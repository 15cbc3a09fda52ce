using FenceFirst.Config;
using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;

namespace FenceFirst.Tests.Config;

/// <summary>`fence a and b then c`, delays and release_is_enough: what they become, and what is refused with what to do.</summary>
public sealed class FenceLevelBinderTests
{
    private const string Hmac = "auth_hmac {\nkey 7 hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\nactive_key 7\n}\n";

    [Fact]
    public void Levels_and_devices_are_bound_in_their_order()
    {
        PromotionStep fence = Plan("fence a and b then c").Steps[0];
        Assert.Equal("a and b then c", fence.Name);
        Assert.Equal(["a b", "c"], fence.Levels.Select(level => string.Join(' ', level.Devices.Select(device => device.Name))));
        Assert.Equal([InternetAddress.Parse("192.168.173.204")], fence.Targets);
        Assert.Equal((3, TimeSpan.FromSeconds(7)), (fence.Levels[0].Devices[1].Attempts, fence.Levels[1].Devices[0].Timeout));
        Assert.Equal("/etc/fencefirst/a.sh", fence.Command.ToString());
    }

    [Fact]
    public void Names_in_a_row_are_still_fences_of_their_own()
    {
        PromotionPlan plan = Plan("fence a c");
        Assert.Equal(["a", "c"], plan.Steps.Select(step => step.Name));
        Assert.All((IEnumerable<PromotionStep>)plan.Steps, step => Assert.True(step.Levels.IsEmpty));
    }

    [Theory]
    [InlineData("fence a b then c", "FF1451", "before b `and` or `then` is missing")]
    [InlineData("fence a then", "FF1451", "`then` stands between two names")]
    [InlineData("fence and a", "FF1451", "`and` stands between two names")]
    [InlineData("fence a and then c", "FF1451", "`then` stands between two names")]
    [InlineData("fence a and a", "FF1451", "a stands twice in one level")]
    [InlineData("fence a then missing", "FF1404", "there is no fence_device missing")]
    [InlineData("fence a then wide\nfence_scope all", "FF1452", "wide fences 192.168.173.204 192.168.173.205, but a fences 192.168.173.204")]
    [InlineData("fence wide then a\nfence_scope all", "FF1452", "a level that covers fewer would leave one alive")]
    [InlineData("fence a and other\nfence_scope all", "FF1452", "or a `fence` line for each of them")]
    [InlineData("fence self then a", "FF1411", "the node would shoot itself")]
    [InlineData("fence boot and a", "FF1453", "all have to be proved off before one is switched on again")]
    [InlineData("fence boot and hasty", "FF1453", "boot and hasty cannot reboot together")]
    [InlineData("fence a then b then c then a then b then c then a then b then c", "FF1451", "at most 8 levels")]
    public void What_is_no_fence_is_refused(string line, string code, string text)
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = Load(line);
        Assert.Null(config);
        string shown = DiagnosticText.Render(diagnostics);
        Assert.Contains("error " + code, shown, StringComparison.Ordinal);
        Assert.Contains(text, shown, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_joins_cannot_be_the_name_of_a_device()
    {
        string shown = DiagnosticText.Render(Load("fence a", more: "fence_device then {\nscript /etc/fencefirst/x.sh\ntargets 192.168.173.204\n}\n").Diagnostics);
        Assert.Contains("'then' cannot be the name of a fence_device", shown, StringComparison.Ordinal);
    }

    [Fact]
    public void Devices_that_reboot_together_are_all_off_before_one_is_on_again()
    {
        FenceLevel level = Plan("fence boot and reboot").Steps[0].Levels[0];
        Assert.Equal(
            ["boot Off 3", "reboot Off 3", "boot On 1", "reboot On 1"],
            level.Devices.Select(device => $"{device.Name} {device.Agent!.Action} {device.Attempts}")); // Both are agents.
        Assert.Equal([false, false, true, true], level.Devices.Select(device => device.IsRestoring));
        Assert.Equal(TimeSpan.FromSeconds(4), level.Devices[0].Delay);
        Assert.All(level.Devices.Skip(2), device => Assert.Equal(TimeSpan.Zero, device.DelayFor(100)));
    }

    [Fact]
    public void A_single_reboot_in_a_level_of_its_own_stays_one()
    {
        PromotionStep fence = Plan("fence boot then a").Steps[0];
        Assert.Equal(FenceAction.Reboot, Assert.Single((IEnumerable<PromotionStep>)fence.Levels[0].Devices).Agent!.Action); // It is an agent.
    }

    [Theory]
    [InlineData("delay 2", 2, 0, 0)]
    [InlineData("delay 2 random 3", 2, 3, 0)]
    [InlineData("delay 2 priority 60", 2, 0, 60)]
    [InlineData("delay 2 priority 60 random 3", 2, 3, 60)]
    public void The_parts_of_a_delay_stand_in_any_order(string line, int seconds, int random, int priority)
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = Load("fence d", line);
        Assert.True(config is not null, DiagnosticText.Render(diagnostics));
        PromotionStep device = config.Instances[0].Promotion!.Steps[0]; // It was accepted with its promotion.
        Assert.Equal((seconds, random, priority), (device.Delay.Seconds, device.RandomDelay.Seconds, (int)device.PriorityDelay.TotalSeconds));
    }

    [Theory]
    [InlineData("delay 2 random")]
    [InlineData("delay 2 sometimes 3")]
    [InlineData("delay 2 random 3 random 4")]
    [InlineData("delay 2 random 3 priority 4 random 5")]
    public void What_is_no_delay_is_refused(string line) =>
        Assert.Contains("delay SECONDS [random SECONDS] [priority SECONDS]", DiagnosticText.Render(Load("fence d", line).Diagnostics), StringComparison.Ordinal);

    [Fact]
    public void A_fence_without_any_delay_is_told_of()
    {
        Assert.Contains("FF1552", DiagnosticText.Render(Load("fence a then b").Diagnostics), StringComparison.Ordinal);
        Assert.DoesNotContain("FF1552", DiagnosticText.Render(Load("fence d", "delay 0").Diagnostics), StringComparison.Ordinal);
        Assert.DoesNotContain("FF1552", DiagnosticText.Render(Load("check /usr/bin/true").Diagnostics), StringComparison.Ordinal);
    }

    [Fact]
    public void A_promotion_has_a_bound_on_its_steps()
    {
        string lines = string.Concat(Enumerable.Repeat("check /usr/bin/true\n", 65));
        Assert.Contains("FF1454", DiagnosticText.Render(Load(lines).Diagnostics), StringComparison.Ordinal);
        Assert.NotNull(Load(lines["check /usr/bin/true\n".Length..]).Config);
    }

    [Fact]
    public void Listening_defaults_to_nothing_when_every_fence_is_verified()
    {
        Assert.True(Plan("fence reboot").IsEveryFenceVerified);
        Assert.False(Plan("fence hasty").IsEveryFenceVerified);
        Assert.False(Plan("fence reboot then a").IsEveryFenceVerified);
        Assert.True(Plan("fence boot and reboot").IsEveryFenceVerified);
        Assert.Null(Plan("fence reboot").ListenAfter);
    }

    [Fact]
    public void Release_is_enough_with_signed_adverts_that_cannot_be_replayed()
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = Load("fence d\nrelease_is_enough yes", "delay 0", Hmac);
        Assert.Equal("", DiagnosticText.Render(diagnostics));
        Assert.True(config!.Instances[0].Promotion!.IsReleaseEnough); // No diagnostics, so both are there.
    }

    [Theory]
    [InlineData("", "adverts are not signed", "auth_hmac { key ... active_key ... } on all nodes")]
    [InlineData("permissive", "auth_hmac accepts unsigned adverts as well", "mode enforce")]
    [InlineData("receive-only", "auth_hmac accepts unsigned adverts as well", "mode enforce")]
    [InlineData("monotonic", "anti_replay monotonic accepts an advert that was held back for days", "anti_replay time")]
    public void Release_is_enough_is_refused_where_a_release_proves_nothing(string setting, string why, string what)
    {
        string line = setting is "monotonic" ? "anti_replay monotonic\n}" : $"mode {setting}\n}}";
        (NodeConfig? config, DiagnosticBag diagnostics) = Load("fence d\nrelease_is_enough yes", "delay 0", setting.Length == 0 ? "" : Hmac.Replace("}", line, StringComparison.Ordinal));
        Assert.Null(config);
        string shown = DiagnosticText.Render(diagnostics);
        Assert.Contains("error FF1450", shown, StringComparison.Ordinal);
        Assert.Contains(why, shown, StringComparison.Ordinal);
        Assert.Contains(what, shown, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bad_signature_block_is_told_of_once()
    {
        string shown = DiagnosticText.Render(Load("fence d\nrelease_is_enough yes", "delay 0", "auth_hmac {\nactive_key 7\n}\n").Diagnostics);
        Assert.Contains("FF1422", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("FF1450", shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("check /usr/bin/true\nrelease_is_enough yes", "", "release_is_enough has no effect")]
    [InlineData("fence d\n@fencefirst release_is_enough yes", "", "a plain keepalived sends priority 0 before its addresses are gone")]
    [InlineData("fence d\nrelease_is_enough yes", "demotion {\nrun /usr/bin/true\non_failure release\n}\n", "although its demotion has failed")]
    public void What_makes_a_release_worth_less_is_told_of(string lines, string more, string text)
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = Load(lines, "delay 0", Hmac + more);
        Assert.NotNull(config);
        Assert.Contains(text, DiagnosticText.Render(diagnostics), StringComparison.Ordinal);
    }

    private static PromotionPlan Plan(string line)
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = Load(line);
        Assert.True(config is not null, DiagnosticText.Render(diagnostics));
        return config.Instances[0].Promotion!; // The file has one.
    }

    private static (NodeConfig? Config, DiagnosticBag Diagnostics) Load(string promotion, string device = "", string instance = "", string more = "")
    {
        static string Script(string name, string lines) => $"fence_device {name} {{\nscript /etc/fencefirst/{name}.sh\n{lines}\n}}\n";
        static string Agent(string name, string lines) => $"fence_device {name} {{\nagent fence_x\naction reboot\ntargets 192.168.173.204\n{lines}\n}}\n";
        const string Target = "targets 192.168.173.204";
        string text = "global_defs {\nscript_user root\nenable_script_security\n}\n" + more
            + Script("a", Target) + Script("b", Target) + Script("c", Target + "\ntimeout 7") + Script("d", $"{Target}\n{device}")
            + Script("wide", Target + " 192.168.173.205") + Script("other", "targets 192.168.173.205") + Script("self", "targets 192.168.173.203")
            + Agent("boot", "delay 4") + Agent("reboot", "") + Agent("hasty", "verify no")
            + $"vrrp_instance A {{\ninterface eth0\nvirtual_router_id 1\nnopreempt\nvirtual_ipaddress {{\n10.0.0.1/24\n}}\n{instance}promotion {{\n{promotion}\n}}\n}}\n";
        FakeMachine machine = new();
        machine.Kinds["/usr/sbin/fence_x"] = new FileFacts(FileKind.Regular, 0b111_101_101, 0, 0);
        machine.Files["test.conf"] = text;
        return ConfigLoader.Load("test.conf", null, machine.Facts);
    }
}
