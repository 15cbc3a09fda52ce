using FenceFirst.Config;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Config;

/// <summary>strict_mode and vrrp_strict: what they change, what they take back, what they refuse (keepalived, vrrp_complete_instance).</summary>
public sealed class StrictBinderTests
{
    private const string Hmac = "auth_hmac {\nkey 1 0123456789012345678901234567890123456789\nactive_key 1\nmode permissive\n}\n";

    [Fact]
    public void Strict_mode_changes_the_defaults()
    {
        VrrpConfig strict = Instance("strict_mode");
        Assert.True(strict.IsStrict);
        Assert.True(strict.IsFiltered);
        Assert.True(strict.IsLowerPriorityUnanswered);
        Assert.False(strict.IsHigherPriorityAnswered);
        Assert.Equal((0, TimeSpan.Zero), (strict.Gratuitous.LowerPriorityRepeat, strict.Gratuitous.LowerPriorityDelay));
        Assert.Equal((5, TimeSpan.FromSeconds(5)), (strict.Gratuitous.MasterRepeat, strict.Gratuitous.MasterDelay));
        Assert.False(strict.IsIgnoringAdverts);
    }

    [Fact]
    public void The_address_owner_accepts_ignores_adverts_and_begins_as_master()
    {
        VrrpConfig owner = Instance("strict_mode\npriority 255");
        Assert.False(owner.IsFiltered);
        Assert.True(owner.IsIgnoringAdverts);
        Assert.True(owner.IsStateMaster);
    }

    [Theory]
    [InlineData("vrrp_strict", "", true)]
    [InlineData("vrrp_strict on", "strict_mode off", false)]
    [InlineData("vrrp_strict off", "strict_mode", true)]
    [InlineData("", "", false)]
    public void The_instance_goes_before_the_global_word(string global, string lines, bool isStrict) =>
        Assert.Equal(isStrict, Load(lines, global).Config!.Instances[0].IsStrict);

    [Theory]
    [InlineData("state MASTER\npriority 100")]
    [InlineData("state BACKUP\npriority 255")]
    [InlineData("preempt_delay 5")]
    [InlineData("down_timer_adverts 4")]
    [InlineData("garp_lower_prio_repeat 1")]
    [InlineData("garp_lower_prio_delay 1")]
    [InlineData("lower_prio_no_advert off")]
    [InlineData("higher_prio_send_advert")]
    [InlineData("accept")]
    [InlineData("owner_ignore_adverts off\npriority 255")]
    [InlineData("authentication {\nauth_type PASS\nauth_pass x\n}")]
    [InlineData("authentication {\nauth_type AH\nauth_pass x\n}")]
    [InlineData(Hmac)]
    public void What_it_takes_back_is_said_and_the_instance_is_as_without_the_line(string lines)
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = Load("strict_mode\n" + lines, "");
        Assert.Equal("FF1592", Assert.Single(diagnostics.Sorted(), each => each.Code.Id != "FF1520").Code.Id);
        string remaining = lines.Contains("priority 255", StringComparison.Ordinal) ? "priority 255" : "";
        string enforced = lines == Hmac ? Hmac.Replace("permissive", "enforce", StringComparison.Ordinal) : "";
        Assert.Equal(Instance("strict_mode\n" + remaining + enforced), config!.Instances[0]);
    }

    [Theory]
    [InlineData("state MASTER\npriority 255")]
    [InlineData("state BACKUP\npriority 254")]
    [InlineData("preempt_delay 0\ndown_timer_adverts 3\ngarp_lower_prio_repeat 0\nlower_prio_no_advert\nhigher_prio_send_advert off\nno_accept")]
    [InlineData("version 3\naccept")]
    [InlineData("nopreempt")]
    public void What_agrees_with_it_is_left_alone(string lines) => Assert.Empty(Load("strict_mode\n" + lines, "").Diagnostics.Sorted());

    [Fact]
    public void Version_3_may_accept_packets()
    {
        Assert.False(Instance("strict_mode\nversion 3\naccept").IsFiltered);
        Assert.True(Instance("strict_mode\nversion 3").IsFiltered);
    }

    [Fact]
    public void Unicast_on_an_interface_is_an_error()
    {
        (_, DiagnosticBag diagnostics) = Load("strict_mode\nunicast_peer {\n10.0.0.9\n}", "");
        Assert.Contains(diagnostics.Sorted(), each => each.Code.Id == "FF1490" && each.Severity == Severity.Error);
    }

    [Fact]
    public void An_instance_without_address_is_an_error_even_if_it_is_meant()
    {
        FakeMachine machine = new();
        machine.Files["test.conf"] = "vrrp_instance A {\ninterface eth0\nvirtual_router_id 5\nstrict_mode\nno_virtual_ipaddress\n}\n";
        (_, DiagnosticBag diagnostics) = ConfigLoader.Load("test.conf", null, machine.Facts);
        Assert.Contains(diagnostics.Sorted(), each => each.Code.Id == "FF1407" && each.Severity == Severity.Error);
    }

    // RFC 9568 section 5.2.9.
    [Theory]
    [InlineData("fd00::1", true)]
    [InlineData("fe80::1\nfd00::1", false)]
    public void The_first_IPv6_address_should_be_link_local(string addresses, bool isSaid)
    {
        FakeMachine machine = new();
        machine.Files["test.conf"] = $"vrrp_instance A {{\ninterface eth0\nvirtual_router_id 5\nstrict_mode\nvirtual_ipaddress {{\n{addresses}\n}}\n}}\n";
        (NodeConfig? config, DiagnosticBag diagnostics) = ConfigLoader.Load("test.conf", null, machine.Facts);
        Assert.Equal(isSaid, diagnostics.Sorted().Any(each => each.Code.Id == "FF1592"));
        Assert.NotNull(config);
    }

    [Theory]
    [InlineData("owner_ignore_adverts\npriority 255", "", true)]
    [InlineData("priority 255", "vrrp_owner_ignore_adverts", true)]
    [InlineData("priority 254", "vrrp_owner_ignore_adverts", false)]
    [InlineData("owner_ignore_adverts off\npriority 255", "vrrp_owner_ignore_adverts", false)]
    [InlineData("priority 255", "", false)]
    public void Who_ignores_adverts(string lines, string global, bool isIgnoring) =>
        Assert.Equal(isIgnoring, Load(lines, global).Config!.Instances[0].IsIgnoringAdverts);

    [Fact]
    public void Ignoring_without_owning_has_no_effect_and_off_means_off()
    {
        Assert.Equal("FF1514", Assert.Single(Load("owner_ignore_adverts", "").Diagnostics.Sorted()).Code.Id);
        Assert.Equal("FF1512", Assert.Single(Load("owner_ignore_adverts off\npriority 255", "").Diagnostics.Sorted()).Code.Id);
    }

    private static VrrpConfig Instance(string lines) => Load(lines, "").Config!.Instances[0];

    private static (NodeConfig? Config, DiagnosticBag Diagnostics) Load(string lines, string global)
    {
        FakeMachine machine = new();
        machine.Files["test.conf"] =
            $"global_defs {{\n{global}\n}}\nvrrp_instance A {{\ninterface eth0\nvirtual_router_id 5\n{lines}\nvirtual_ipaddress {{\n10.0.0.1\n}}\n}}\n";
        return ConfigLoader.Load("test.conf", null, machine.Facts);
    }
}
