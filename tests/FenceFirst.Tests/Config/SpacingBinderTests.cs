using FenceFirst.Config;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Core.Node;

namespace FenceFirst.Tests.Config;

/// <summary>vrrp_garp_interval, vrrp_gna_interval and garp_group as written.</summary>
public sealed class SpacingBinderTests
{
    [Fact]
    public void Intervals_and_groups_as_written()
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = Load("vrrp_garp_interval 0.01\nvrrp_gna_interval 0.000001", "garp_group {\ngarp_interval 1.5\ninterfaces {\neth0 eth1\n}\n}\n");
        Assert.False(diagnostics.HasErrors);
        Assert.Equal(TimeSpan.FromMilliseconds(10), config!.Spacing.Arp);
        Assert.Equal(TimeSpan.FromMicroseconds(1), config.Spacing.Neighbor);
        AnnouncementGroup group = Assert.Single(config.Spacing.Groups);
        Assert.Equal(["eth0", "eth1"], group.Links.Select(link => config.Links[link]));
        Assert.Equal((TimeSpan.FromSeconds(1.5), TimeSpan.Zero), (group.Arp, group.Neighbor));
    }

    [Theory]
    [InlineData("interface eth0", "FF1401")]
    [InlineData("garp_interval 1", "FF1401")]
    [InlineData("garp_interval 1\ninterface eth0\ninterface eth0", "FF1402")]
    [InlineData("garp_interval 1\ninterface eth77", "FF1210")]
    [InlineData("garp_interval 0\ngna_interval 1\ninterface eth0", "FF1593")]
    [InlineData("garp_interval soon\ninterface eth0", "FF1201")]
    public void What_cannot_be_a_group_is_told(string lines, string code) =>
        Assert.Contains(Load("", $"garp_group {{\n{lines}\n}}\n").Diagnostics.Sorted(), each => each.Code.Id == code);

    private static (NodeConfig? Config, DiagnosticBag Diagnostics) Load(string global, string root)
    {
        FakeMachine machine = new();
        machine.Files["test.conf"] = $"global_defs {{\n{global}\n}}\n{root}vrrp_instance A {{\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress {{\n10.0.0.1\n}}\n}}\n";
        return ConfigLoader.Load("test.conf", null, machine.Facts);
    }
}
