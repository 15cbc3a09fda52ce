using System.Net;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>promote_secondaries: the kernel keeps the other addresses of a network when the first one goes.</summary>
public sealed class SecondariesTests(ITestOutputHelper output)
{
    // Shown: the sysctl is set while the daemon runs and only then, by keepalived and by us, and an address of the operator outlives the virtual one before it.
    [NeedsTheory("keepalived", "fencefirst")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_address_stays_when_the_first_of_its_network_is_removed(bool isOurs)
    {
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        const string sysctl = "net.ipv4.conf.eth0.promote_secondaries";
        await a.RunAsync("sysctl", "-qw", sysctl + "=0", "net.ipv4.conf.all.promote_secondaries=0");
        string conf = Conf.File(new Conf(IPAddress.Parse("10.98.7.1")) { Interval = "0.1", Extra = "    promote_secondaries\n" });
        Daemon daemon = isOurs ? a.StartFenceFirst(conf) : a.StartKeepalived(conf);
        await a.WaitForAddressAsync(IPAddress.Parse("10.98.7.1"));
        Assert.Equal("1", (await a.RunAsync("sysctl", "-n", sysctl)).Trim());
        await a.RunAsync("ip", "addr", "add", "10.98.7.2/24", "dev", "eth0");
        Assert.Equal(0, await daemon.StopAsync());
        await a.WaitForNoAddressAsync(IPAddress.Parse("10.98.7.1"));
        Assert.True(a.Holds(IPAddress.Parse("10.98.7.2")));
        Assert.Equal("0", (await a.RunAsync("sysctl", "-n", sysctl)).Trim());
    }
}
