using FenceFirst.Cli;
using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Config;

public sealed class BinderTests
{
    // keepalived, vrrp_complete_instance: without a state it is MASTER if and only if the priority is 255.
    [Theory]
    [InlineData("priority 255", true)]
    [InlineData("priority 254", false)]
    [InlineData("state BACKUP\npriority 255", false)]
    public void An_owner_that_names_no_state_begins_as_master(string lines, bool isMaster) => Assert.Equal(isMaster, Instance(lines).IsStateMaster);

    [Theory]
    [InlineData("advert_int 1.4", 2, 1.0)]
    [InlineData("advert_int 1.5", 2, 2.0)]
    [InlineData("advert_int 0.2", 2, 1.0)]
    [InlineData("version 3\nadvert_int 0.254", 3, 0.25)]
    [InlineData("version 3\nadvert_int 100", 3, 40.95)]
    public void The_interval_is_rounded_as_the_version_demands(string lines, int version, double seconds)
    {
        // Half up to whole seconds in version 2, to centiseconds up to 40.95 in version 3.
        VrrpConfig instance = Instance(lines);
        Assert.Equal((version, TimeSpan.FromSeconds(seconds)), (instance.Version, instance.AdvertInterval));
    }

    [Theory]
    [InlineData("state MASTER", 255, true)]
    [InlineData("state MASTER\npriority 100\nnopreempt", 100, true)]
    [InlineData("state BACKUP\npriority 100\nnopreempt", 100, false)]
    [InlineData("nopreempt\npreempt", 100, true)]
    [InlineData("priority 255\nnopreempt", 255, true)]
    public void State_and_priority_decide_about_preemption_as_in_keepalived(string lines, int priority, bool isPreempt)
    {
        // state MASTER without priority is the address owner, and cancels nopreempt.
        VrrpConfig instance = Instance(lines);
        Assert.Equal((priority, isPreempt), (instance.BasePriority, instance.IsPreempt));
    }

    [Fact]
    public void Global_settings_hold_wherever_they_stand()
    {
        // After the instance, in two blocks, overridden by the instance.
        NodeConfig config = Load(Wrapped("garp_master_repeat 2") + "global_defs {\nvrrp_garp_master_delay 7\n}\nglobal_defs {\nvrrp_min_garp\nvrrp_version 3\n}\n");
        GratuitousSchedule schedule = config.Instances[0].Gratuitous;
        Assert.Equal((7.0, 2, 7.0, 1), (schedule.MasterDelay.TotalSeconds, schedule.MasterRepeat, schedule.LowerPriorityDelay.TotalSeconds, schedule.LowerPriorityRepeat));
        Assert.Equal(3, config.Instances[0].Version);
    }

    [Theory]
    [InlineData("", "eth0:0")]
    [InlineData("dont_track_primary", "")]
    [InlineData("track_interface {\neth0 weight 5\neth1 weight -5\n}", "eth1:-5 eth0:0")]
    [InlineData("virtual_ipaddress_excluded {\n10.0.0.2 dev eth2\n10.0.0.3 dev eth1 no_track\n}", "eth0:0 eth2:0")]
    public void Interfaces_are_tracked_unless_told_otherwise(string lines, string expected)
    {
        // The own interface and those of addresses, weight 0.
        NodeConfig config = Load(Wrapped(lines));
        Assert.Equal(expected, string.Join(' ', config.Instances[0].TrackLinks.Select(reference => $"{config.Links[reference.Index]}:{reference.Weight}")));
    }

    [Theory]
    [InlineData("dynamic_interfaces", "")]
    [InlineData("dynamic_interfaces allow_if_changes", "")]
    [InlineData("dynamic_interfaces allow_it", "FF1207")]
    public void With_dynamic_interfaces_one_that_is_missing_is_waited_for(string line, string code)
    {
        // Wherever global_defs stands. Everything else about the file is as if the interface were there.
        string text = Wrapped("track_interface {\nppp0 weight -10\n}\nvirtual_ipaddress_excluded {\n10.0.0.2 dev ppp1\n}");
        AssertCode(text, "FF1210", Severity.Error);
        (NodeConfig? config, DiagnosticBag diagnostics) = FakeMachine.Load(text + "global_defs {\n" + line + "\n}\n");
        string[] codes = [.. diagnostics.Sorted().Select(diagnostic => diagnostic.Code.Id).Where(id => id.StartsWith("FF12", StringComparison.Ordinal))];
        Assert.Equal(code.Length > 0 ? ["FF1213", "FF1213", code] : ["FF1213", "FF1213"], codes);
        Assert.Equal(code.Length > 0, config is null || diagnostics.HasErrors);
        Assert.Equal(code.Length > 0 ? [] : ["eth0", "ppp1", "ppp0"], config?.Links ?? []);
    }

    [Theory]
    [InlineData("authentication {\nauth_type PASS\n}", "FF1405")]
    [InlineData("auth_hmac {\nkey 1 secret\nactive_key 1\n}", "FF1420")]
    [InlineData("interface lo", "FF1210")]
    [InlineData("unicast_peer {\n192.168.173.203\n}", "FF1409")]
    [InlineData("unicast_peer {\n10.0.0.8\n10.0.0.9 min_ttl 7 max_ttl 6\n}", "FF1202")]
    [InlineData("version 2\nvirtual_ipaddress {\n2001:db8::1\n}", "FF1208")]
    [InlineData("notify_master_before_vip", "FF1401")]
    [InlineData("vip_lease 3601", "FF1202")]
    [InlineData("vip_lease 0", "FF1202")]
    [InlineData("vip_lease 2.5", "FF1201")]
    [InlineData("@fencefrist promotion {", "FF1019")]
    [InlineData("notify_master /root/missing.sh", "FF1301")]
    public void What_would_change_safety_is_an_error(string lines, string code) => AssertCode(Wrapped(lines), code, Severity.Error);

    [Theory]
    [InlineData("authentication {\nauth_type PASS\nauth_pass 123456789\n}", "FF1504")]
    [InlineData("version 3\nauthentication {\nauth_type PASS\nauth_pass 12345678\n}", "FF1406")]
    [InlineData("unicast_src_ip 10.9.9.9", "FF1508")]
    [InlineData("nopreempt 1", "FF1109")]
    [InlineData("skip_check_adv_addr off", "FF1512")]
    [InlineData("smtp_alert", "FF1595")]
    [InlineData("vip_lease 1", "FF1541")]
    public void What_is_only_surprising_is_a_warning(string lines, string code) => AssertCode(Wrapped(lines), code, Severity.Warning);

    [Theory]
    [InlineData("vip_lease 2", 2)]
    [InlineData("advert_int 20\nvip_lease 2", 2)]
    [InlineData("vip_lease off", 0)]
    [InlineData("", 0)]
    public void A_lease_of_two_seconds_goes_with_every_advert_interval(string lines, int seconds) => Assert.Equal(seconds, Instance(lines).LeaseSeconds);

    [Fact]
    public void The_password_is_eight_bytes_padded_with_zeros()
    {
        // As on the wire.
        VrrpConfig instance = Instance("authentication {\nauth_type PASS\nauth_pass \"a#b\"\n}");
        Assert.Equal("a#b\0\0\0\0\0"u8.ToArray(), instance.Password);
    }

    [Fact]
    public void Before_vip_the_script_is_the_last_step_and_no_notification()
    {
        // Once, without a time limit unless one is given; from global_defs only where there is a notify_master.
        NodeConfig config = Load(Wrapped("notify_master \"/root/n.sh a\" postgres") + Wrapped("", "B", 6) + "global_defs {\nnotify_master_before_vip\n}\n");
        PromotionStep step = Assert.Single((IEnumerable<PromotionStep>)config.Instances[0].Promotion!.Steps);
        Assert.Equal((StepKind.Run, TimeSpan.MaxValue, 26u), (step.Kind, step.Timeout, step.Command.UserId));
        Assert.Null(config.Instances[0].Notify.Master);
        Assert.Null(config.Instances[1].Promotion);
    }

    [Fact]
    public void The_facts_of_this_machine_are_read_without_an_exception()
    {
        // Every Linux has a loopback interface, root and a shell.
        MachineFacts facts = RealMachineFacts.Create();
        Assert.True(facts.HasInterface("lo"));
        Assert.Equal(0u, facts.FindUser("root")?.UserId);
        Assert.Equal(0u, facts.Inspect("/")?.OwnerId);
        Assert.Equal(FileKind.Folder, facts.Inspect("/")?.Kind);
        Assert.Null(facts.Inspect("/no\0where"));
        Assert.NotNull(new ScriptPath(facts).Resolve("/bin/sh"));
        Assert.Contains(InternetAddress.Parse("127.0.0.1"), facts.OwnAddresses());
    }

    private static string Wrapped(string lines, string name = "A", int vrid = 5) =>
        $"vrrp_instance {name} {{\ninterface eth0\nvirtual_router_id {vrid}\nvirtual_ipaddress {{\n10.0.0.{vrid}\n}}\n{lines}\n}}\n";

    private static VrrpConfig Instance(string lines) => Load(Wrapped(lines)).Instances[0];

    private static NodeConfig Load(string text)
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = FakeMachine.Load(text);
        Assert.True(config is not null, DiagnosticText.Render(diagnostics));
        return config;
    }

    private static void AssertCode(string text, string code, Severity severity)
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = FakeMachine.Load(text);
        Assert.Contains(diagnostics.Sorted(), diagnostic => diagnostic.Code.Id == code && diagnostic.Severity == severity);
        Assert.Equal(severity == Severity.Error, config is null);
    }
}
