using FenceFirst.Config.Diagnostics;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;

namespace FenceFirst.Tests.Config;

/// <summary>vrrp_sync_group: members, what the group adds to them, and what it refuses.</summary>
public sealed class SyncGroupBinderTests
{
    private const string Globals = "global_defs {\nenable_script_security\nscript_user root\n}\n";
    private const string Weighted = "vrrp_script s {\nscript /root/s.sh\nweight 10\n}\n";
    private const string Device = "fence_device d {\nscript /root/f.sh\ntargets 10.0.0.9\ndelay 0\n}\n";

    [Fact]
    public void Members_stand_in_the_order_of_the_group()
    {
        NodeConfig config = Good(Group("", "B\nA") + Instance("A", 1) + Instance("B", 2));
        SyncGroupConfig group = Assert.Single(config.Groups);
        Assert.Equal(("G", "B A"), (group.Name, string.Join(' ', group.Members.Select(member => config.Instances[member].Name))));
        Assert.All(config.Instances, instance => Assert.Equal(0, instance.SyncGroup));
        Assert.Equal("G", config.GroupNameOf(config.Instances[0]));
    }

    // One plan for all members, in the group; each member has the same one.
    [Fact]
    public void Promotion_and_demotion_of_the_group_are_those_of_its_members()
    {
        NodeConfig config = Good(
            Device + Group("promotion {\nfence d\n}\ndemotion {\nrun /root/stop.sh\n}\n") + Instance("A", 1, "nopreempt") + Instance("B", 2, "nopreempt"));
        Assert.Equal(StepKind.Fence, config.Instances[0].Promotion!.Steps[0].Kind);
        Assert.Same(config.Instances[0].Promotion, config.Instances[1].Promotion);
        Assert.Same(config.Instances[0].Demotion, config.Instances[1].Demotion);
    }

    // A neighbour's virtual address may well be what one asks before taking one's own.
    [Fact]
    public void A_check_of_one_group_is_not_held_against_the_addresses_of_the_next()
    {
        static string Two(string asked) =>
            $"vrrp_sync_group G {{\ngroup {{\nA\n}}\npromotion {{\ncheck ping {asked}\n}}\n}}\nvrrp_sync_group H {{\ngroup {{\nB\n}}\npromotion {{\ncheck ping 10.0.0.8\n}}\n}}\n"
            + Instance("A", 1) + Instance("B", 2);

        Assert.DoesNotContain("FF1441", Shown(Two("10.0.0.2")), StringComparison.Ordinal);
        Assert.Contains("FF1441", Shown(Two("10.0.0.1")), StringComparison.Ordinal);
    }

    [Fact]
    public void Notify_master_before_vip_makes_the_groups_own_script_a_step()
    {
        NodeConfig config = Good(Group("notify_master /root/m.sh\nnotify_backup /root/b.sh\nnotify_master_before_vip\n") + Instance("A", 1) + Instance("B", 2, "notify_master /root/m.sh"));
        Assert.Equal("notify_master", Assert.Single(config.Instances[0].Promotion!.Steps).Name);
        Assert.Null(config.Groups[0].Notify.Master);
        Assert.NotNull(config.Groups[0].Notify.Backup);
        Assert.NotNull(config.Instances[1].Notify.Master);
    }

    // SEMANTICS of keepalived: without sync_group_tracking_weight a member's weights are zeroed or dropped.
    [Theory]
    [InlineData("", 0, 0)]
    [InlineData("sync_group_tracking_weight\n", 1, -5)]
    [InlineData("global_tracking\n", 1, -5)]
    public void Weights_of_members_count_only_when_the_group_says_so(string lines, int scripts, int linkWeight)
    {
        (NodeConfig? config, _) = FakeMachine.Load(
            Globals + Weighted + Group(lines) + Instance("A", 1, "track_script {\ns\n}\ntrack_interface {\neth1 weight -5\n}\n") + Instance("B", 2));
        Assert.NotNull(config);
        Assert.Equal(scripts, config.Instances[0].TrackScripts.Count);
        Assert.Equal(linkWeight, config.Instances[0].TrackLinks[0].Weight);
    }

    // What the group tracks counts for every member; in both, the group's weight replaces a member's unless that is 0.
    [Fact]
    public void Trackers_of_the_group_are_those_of_every_member()
    {
        NodeConfig config = Good(
            Weighted + Group("track_script {\ns weight 20\n}\ntrack_interface {\neth1\n}\n") + Instance("A", 1, "track_script {\ns weight 0\n}\n") + Instance("B", 2));
        Assert.Equal(0, Assert.Single(config.Instances[0].TrackScripts).Weight);
        Assert.Equal(20, Assert.Single(config.Instances[1].TrackScripts).Weight);
        Assert.All(config.Instances, instance => Assert.Contains(instance.TrackLinks, link => config.Links[link.Index] == "eth1" && link.Weight == 0));
    }

    // With an address owner among the members weights of the group mean fault (keepalived).
    [Fact]
    public void With_an_owner_the_groups_weights_mean_fault()
    {
        (NodeConfig? config, _) = FakeMachine.Load(
            Globals + Weighted + Group("track_script {\ns weight 20\n}\n") + Instance("A", 1, priority: 255) + Instance("B", 2));
        Assert.NotNull(config);
        Assert.Equal(0, Assert.Single(config.Instances[1].TrackScripts).Weight);
    }

    [Fact]
    public void Priority_changes_are_told_of_members_that_do_not_say_otherwise()
    {
        NodeConfig config = Good(Group("notify_priority_changes\n") + Instance("A", 1) + Instance("B", 2, "notify_priority_changes off"));
        Assert.Equal([true, false], config.Instances.Select(instance => instance.IsPriorityNotified));
    }

    [Theory]
    [InlineData("", "promotion {\nrun /root/p.sh\n}\n", "FF1480", "move promotion into the vrrp_sync_group")]
    [InlineData("", "demotion {\nrun /root/p.sh\n}\n", "FF1480", "move demotion into the vrrp_sync_group")]
    [InlineData("", "notify_master /root/m.sh\nnotify_master_before_vip\n", "FF1480", "move notify_master_before_vip into the vrrp_sync_group")]
    [InlineData("notify_master_before_vip\n", "", "FF1401", "needs a notify_master in the vrrp_sync_group")]
    [InlineData("promotion {\nfence d\nrelease_is_enough yes\n}\n", "", "FF1481", "release_is_enough is refused in a vrrp_sync_group")]
    [InlineData("promotion {\nrun /root/p.sh\n}\npromotion {\nrun /root/p.sh\n}\n", "", "FF1402", "one promotion block")]
    [InlineData("track_script {\nabsent\n}\n", "", "FF1404", "there is no vrrp_script absent")]
    [InlineData("track_file {\nabsent\n}\n", "", "FF1404", "there is no track_file absent")]
    [InlineData("notify_deleted /root/m.sh\n", "", "FF1102", "notify_deleted")]
    public void What_a_group_cannot_have_is_an_error(string groupLines, string memberLines, string code, string text)
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = FakeMachine.Load(Globals + Device + Group(groupLines) + Instance("A", 1, memberLines) + Instance("B", 2));
        string shown = DiagnosticText.Render(diagnostics);
        Assert.Null(config);
        Assert.Contains(code, shown, StringComparison.Ordinal);
        Assert.Contains(text, shown, StringComparison.Ordinal);
    }

    private static string Instance(string name, int vrid, string lines = "", int priority = 100) =>
        $"vrrp_instance {name} {{\nstate BACKUP\ninterface eth0\nvirtual_router_id {vrid}\npriority {priority}\nvirtual_ipaddress {{\n10.0.0.{vrid}/24\n}}\n{lines}\n}}\n";

    private static string Group(string lines, string members = "A\nB") => $"vrrp_sync_group G {{\ngroup {{\n{members}\n}}\n{lines}\n}}\n";

    private static string Shown(string text) => DiagnosticText.Render(FakeMachine.Load(Globals + text).Diagnostics);

    private static NodeConfig Good(string text)
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = FakeMachine.Load(Globals + text);
        Assert.Equal("", DiagnosticText.Render(diagnostics));
        return config!; // No diagnostics, so it is there.
    }
}
