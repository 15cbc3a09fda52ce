using FenceFirst.Config.Diagnostics;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Config;

/// <summary>track_group: its instances track the interfaces of the static items that name it (keepalived.conf(5), "Static track groups").</summary>
public sealed class TrackGroupTests
{
    private const string Instances = "vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.9\n}\n}\nvrrp_instance B {\ninterface eth0\nvirtual_router_id 2\nvirtual_ipaddress {\n10.0.0.10\n}\n}\n";
    private const string Group = "track_group G {\ngroup {\nA\n}\n}\n";

    [Theory]
    [InlineData("static_ipaddress {\n10.1.0.1/24 dev eth1 track_group G\n}\n")]
    [InlineData("static_routes {\n10.6.0.0/16 via 10.1.0.9 dev eth1 track_group G\n}\n")]
    [InlineData("static_rules {\nfrom 10.6.0.0/16 iif eth1 table 100 priority 99 track_group G\n}\n")]
    public void The_instances_of_the_group_track_the_interface_and_no_other_does(string block)
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = FakeMachine.Load(Group + block + Instances);
        Assert.Equal("", DiagnosticText.Render(diagnostics));
        int link = config!.Links.Span.IndexOf("eth1");
        Assert.Contains(new TrackReference(link, 0, false), config.Instances[0].TrackLinks);
        Assert.DoesNotContain(config.Instances[1].TrackLinks, each => each.Index == link);
    }

    [Fact]
    public void An_interface_that_is_tracked_already_keeps_its_weight()
    {
        string text = Group + "static_ipaddress {\n10.1.0.1/24 dev eth1 track_group G\n}\n" + Instances.Replace("virtual_router_id 1\n", "virtual_router_id 1\ntrack_interface {\neth1 weight -20\n}\n", StringComparison.Ordinal);
        NodeConfig config = FakeMachine.Load(text).Config!;
        Assert.Equal(-20, Assert.Single(config.Instances[0].TrackLinks, each => config.Links[each.Index] == "eth1").Weight);
    }

    [Theory]
    [InlineData("static_ipaddress {\n10.1.0.1/24 dev eth1 track_group H\n}\n", "there is no track_group H")]
    [InlineData("static_routes {\n10.6.0.0/16 via 10.1.0.9 track_group G\n}\n", "track_group G needs an interface")]
    [InlineData("track_group G {\ngroup {\nB\n}\n}\n", "there are two track_group G")]
    [InlineData("track_group H {\ngroup {\nC\n}\n}\n", "there is no vrrp_instance C")]
    [InlineData("track_group H {\n}\n", "track_group H has no instances")]
    public void What_does_not_fit_is_said(string block, string message) =>
        Assert.Contains(message, DiagnosticText.Render(FakeMachine.Load(Group + block + Instances).Diagnostics), StringComparison.Ordinal);
}
