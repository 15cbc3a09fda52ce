using FenceFirst.Config;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Core.Node;

namespace FenceFirst.Tests.Config;

/// <summary>linkbeat_interfaces and both linkbeat_use_polling (keepalived): which interfaces are polled.</summary>
public sealed class LinkbeatBinderTests
{
    [Theory]
    [InlineData("", "", "")]
    [InlineData("linkbeat_interfaces {\neth1 MII\neth0\n}", "", "eth1 Mii, eth0 Any")]
    [InlineData("linkbeat_interfaces {\neth0 ETHTOOL\neth2 IOCTL\n}\nlinkbeat_use_polling", "", "eth0 Ethtool, eth2 Ioctl")]
    [InlineData("linkbeat_use_polling", "", "eth0 Any")]
    [InlineData("", "linkbeat_use_polling", "eth0 Any")]
    public void These_interfaces_are_polled(string top, string lines, string expected)
    {
        NodeConfig config = Load(top, lines).Config!;
        Assert.Equal(expected, string.Join(", ", config.PolledLinks.Select(poll => $"{config.Links[poll.Link]} {poll.Method}")));
    }

    [Theory]
    [InlineData("linkbeat_interfaces {\neth0 mii\n}", "", "FF1205")]
    [InlineData("linkbeat_interfaces {\neth0 MII x\n}", "", "FF1205")]
    [InlineData("linkbeat_interfaces {\nabsent0\n}", "", "FF1210")]
    [InlineData("linkbeat_interfaces {\neth0\neth0 MII\n}", "", "FF1110")]
    [InlineData("", "linkbeat_use_polling", "FF1517")]
    public void What_is_wrong_is_said(string top, string lines, string code) => Assert.Equal(code, Assert.Single(Load(top, lines).Diagnostics.Sorted()).Code.Id);

    private static (NodeConfig? Config, DiagnosticBag Diagnostics) Load(string top, string lines)
    {
        FakeMachine machine = new();
        machine.Files["test.conf"] = $"{top}\nvrrp_instance A {{\ninterface eth0\nvirtual_router_id 5\n{lines}\nvirtual_ipaddress {{\n10.0.0.1\n}}\n}}\n";
        return ConfigLoader.Load("test.conf", null, machine.Facts);
    }
}
