using FenceFirst.Config;
using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Core.Node;

namespace FenceFirst.Tests.Config;

/// <summary>The line <c>watchdog DEVICE [required]</c> in global_defs.</summary>
public sealed class WatchdogBinderTests
{
    // Shown: device, required, and the timeout that fits the fastest instance.
    [Theory]
    [InlineData("watchdog /dev/watchdog", false)]
    [InlineData("watchdog /dev/watchdog required", true)]
    public void The_device_and_whether_it_is_required(string line, bool isRequired)
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = Load(line, "advert_int 2");
        Assert.False(diagnostics.HasErrors);
        Assert.Equal(new WatchdogConfig("/dev/watchdog", isRequired, TimeSpan.FromSeconds(6)), config!.Watchdog);
    }

    [Fact]
    public void Without_the_line_there_is_none() => Assert.Null(Load("", "").Config!.Watchdog);

    // Shown: what is wrong, by its code.
    [Theory]
    [InlineData("watchdog watchdog", "FF1460", Severity.Error)]
    [InlineData("watchdog /etc/fencefirst/some.file", "FF1460", Severity.Error)]
    [InlineData("watchdog /dev/watchdog require", "FF1207", Severity.Error)]
    [InlineData("watchdog /dev/watchdog required now", "FF1207", Severity.Error)]
    [InlineData("watchdog /dev/missing", "FF1560", Severity.Warning)]
    public void What_cannot_be_a_watchdog_is_told(string line, string code, Severity severity)
    {
        Diagnostic found = Assert.Single(Load(line, "").Diagnostics.Sorted(), each => each.Code.Id == code);
        Assert.Equal(severity, found.Code.Severity);
    }

    // Shown: adverts so fast that no watchdog can keep up are warned of.
    [Fact]
    public void Adverts_faster_than_any_watchdog_are_warned_of()
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = Load("watchdog /dev/watchdog", "version 3\nadvert_int 0.2");
        Assert.Contains(diagnostics.Sorted(), each => each.Code.Id == "FF1561");
        Assert.Equal(WatchdogConfig.TimeoutMin, config!.Watchdog!.Timeout);
    }

    private static (NodeConfig? Config, DiagnosticBag Diagnostics) Load(string global, string instance)
    {
        FakeMachine machine = new();
        machine.Kinds["/dev/watchdog"] = new FileFacts(FileKind.Other, 0, 0, 0);
        machine.Files["test.conf"] = $"global_defs {{\n{global}\n}}\nvrrp_instance A {{\ninterface eth0\nvirtual_router_id 5\n{instance}\nvirtual_ipaddress {{\n10.0.0.1\n}}\n}}\n";
        return ConfigLoader.Load("test.conf", null, machine.Facts);
    }
}
