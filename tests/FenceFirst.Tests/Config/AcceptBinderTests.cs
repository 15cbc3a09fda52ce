using FenceFirst.Config;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Config;

/// <summary>accept and no_accept (RFC 9568 section 6.1, Accept_Mode).</summary>
public sealed class AcceptBinderTests
{
    // Shown: accepting is keepalived's default, the last line holds, and the owner of the addresses always accepts.
    [Theory]
    [InlineData("", false)]
    [InlineData("accept", false)]
    [InlineData("no_accept", true)]
    [InlineData("no_accept\naccept", false)]
    [InlineData("no_accept\npriority 255\nstate MASTER", false)]
    public void Whether_packets_are_filtered(string lines, bool isFiltered)
    {
        FakeMachine machine = new();
        machine.Files["test.conf"] = $"vrrp_instance A {{\ninterface eth0\nvirtual_router_id 5\n{lines}\nvirtual_ipaddress {{\n10.0.0.1\n}}\n}}\n";
        (Core.Node.NodeConfig? config, DiagnosticBag diagnostics) = ConfigLoader.Load("test.conf", null, machine.Facts);
        Assert.False(diagnostics.HasErrors);
        VrrpConfig instance = config!.Instances[0];
        Assert.Equal(isFiltered, instance.IsFiltered);
    }
}
