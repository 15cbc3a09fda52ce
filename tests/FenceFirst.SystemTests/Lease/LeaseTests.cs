using System.Net;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>G6 and G7 on a real kernel: a daemon that is killed, stopped or stalled does not keep its addresses.</summary>
[Collection(Alone.Name)]
public sealed class LeaseTests(ITestOutputHelper output)
{
    private const int Runs = 5;
    private static readonly TimeSpan GoneWithin = TimeSpan.FromSeconds(2.3);

    // The kernel moves an expiry by up to 0.25 s to a whole second, and its worker and our observer may have to wait for a processor besides.
    private static readonly TimeSpan GoneAtLastWithin = TimeSpan.FromSeconds(2.6);
    private readonly List<TimeSpan> _lasted = [];

    [NeedsFact("keepalived", "fencefirst")]
    public async Task The_kernel_removes_the_addresses_of_a_killed_daemon()
    {
        // SIGKILL, five times. IPv4, IPv6 and a labelled excluded address are gone within 2.3 s of their last renewal; a killed keepalived keeps its own for ever.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        Daemon other = await StartKeepalivedAsync(lab, b);
        other.Crash();
        for (int run = 0; run < Runs; run++)
        {
            Daemon daemon = a.StartFenceFirst(Conf.File(Leased(lab)));
            await HeldAsync(lab, a);
            daemon.Send(Signal.Kill);
            await GoneAsync(lab, a);
            await daemon.WaitForExitAsync();
        }
        AssertMedian();
        Assert.True(b.Holds(lab.SecondVirtual), "keepalived's address went although nobody removed it");
    }

    [NeedsFact("keepalived", "fencefirst")]
    public async Task The_kernel_removes_the_addresses_of_a_stopped_daemon()
    {
        // SIGSTOP and, when the addresses are gone, SIGCONT, five times: the daemon finds that it stalled and elects anew. A stopped keepalived keeps its address.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        Daemon other = await StartKeepalivedAsync(lab, b);
        Daemon daemon = a.StartFenceFirst(Conf.File(Leased(lab)));
        foreach (int pid in Native.Family(other.Id))
        {
            Native.Kill(pid, Signal.Stop);
        }
        for (int run = 0; run < Runs; run++)
        {
            await HeldAsync(lab, a);
            daemon.Send(Signal.Stop);
            await GoneAsync(lab, a);
            int mark = daemon.Log.Mark;
            daemon.Send(Signal.Cont);
            await daemon.WaitForLogAsync("(VI_1) Entering MASTER STATE", 10, mark);
        }
        AssertMedian();
        Assert.True(b.Holds(lab.SecondVirtual), "keepalived's address went although nobody removed it");
    }

    [NeedsFact("fencefirst")]
    public async Task A_lease_is_kept_up_and_follows_a_reload()
    {
        // 10 s without a gap, with label and lifetime as configured; then another lifetime, then none, without losing an address.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        Daemon daemon = a.StartFenceFirst(Conf.File(Leased(lab)));
        await HeldAsync(lab, a);
        await lab.WhileAsync(() => AddressesOf(lab).All(a.Holds), 10, "all addresses to stay");
        string text = await a.RunAsync("ip", "-o", "addr", "show", "dev", "eth0");
        string labelled = text.Split('\n').Single(line => line.Contains($"{Labelled(lab)}/", StringComparison.Ordinal));
        Assert.Contains("eth0:vip", labelled, StringComparison.Ordinal);
        Assert.Matches("valid_lft [12]sec", labelled);
        Assert.Matches("valid_lft [12]sec", text.Split('\n').Single(line => line.Contains($"{lab.Virtual6}/", StringComparison.Ordinal)));

        foreach ((string lease, string expected) in new[] { ("60", "valid_lft (60|59|58|[45][0-9])sec"), ("off", "valid_lft forever") })
        {
            int mark = daemon.Log.Mark;
            a.WriteFile("fencefirst.conf", Conf.File(Leased(lab, lease)));
            daemon.Send(Signal.Hup);
            await daemon.WaitForLogAsync("reload complete", 10, mark);
            DateTime reloaded = DateTime.UtcNow;
            await lab.UntilAsync(() => AddressesOf(lab).All(each => a.Observer.Events.Any(one => one.Added && one.At > reloaded && one.Address.Equals(each))), 5, "a renewal of every address");
            text = await a.RunAsync("ip", "-o", "addr", "show", "dev", "eth0");
            Assert.All(AddressesOf(lab), each => Assert.Matches(expected, text.Split('\n').Single(line => line.Contains($"{each}/", StringComparison.Ordinal))));
        }
        await lab.WhileAsync(() => AddressesOf(lab).All(a.Holds), 3, "all addresses to stay without a lease");
        Assert.All(AddressesOf(lab), each => Assert.Single(lab.OwnershipOf(each).Intervals));
    }

    [NeedsFact("fencefirst")]
    public async Task A_stalled_master_removes_before_it_sends()
    {
        // No lease. Stopped for more than three times the Master_Down_Interval (0.68 s): the first thing after SIGCONT is the removal, adverts follow the new election.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"];
        Capture capture = await lab.CaptureAsync();
        Daemon daemon = a.StartFenceFirst(Conf.File(new Conf(lab.Virtual) { Priority = 150 }));
        await a.WaitForAddressAsync(lab.Virtual);
        for (int run = 0; run < Runs; run++)
        {
            await capture.WaitForAdvertAsync(a, _ => true, "an advert as Master", from: DateTime.UtcNow);
            daemon.Send(Signal.Stop);
            await lab.WhileAsync(() => a.Holds(lab.Virtual), 2.1, "the address to stay while nobody runs");
            DateTime resumed = DateTime.UtcNow;
            daemon.Send(Signal.Cont);
            DateTime removed = await a.WaitForNoAddressAsync(lab.Virtual);
            output.WriteLine($"run {run}: removed {(removed - resumed).TotalMilliseconds:0.0} ms after SIGCONT");
            Assert.True(removed - resumed < TimeSpan.FromSeconds(0.5), $"removed {(removed - resumed).TotalSeconds} s after SIGCONT");
            Frame.Vrrp first = await capture.WaitForAdvertAsync(a, _ => true, "an advert after the stall", from: resumed);
            Assert.True(first.At > removed, $"an advert {(removed - first.At).TotalMilliseconds} ms before the removal");
            await a.WaitForAddressAsync(lab.Virtual);
        }
    }

    private static Conf Leased(Lab lab, string lease = "2") => new(lab.Virtual)
    {
        Priority = 150,
        Extra = $"    vip_lease {lease}\n    virtual_ipaddress_excluded {{\n        {lab.Virtual6}/64\n        {Labelled(lab)}/24 label eth0:vip\n    }}\n",
    };

    private static IPAddress Labelled(Lab lab)
    {
        byte[] bytes = lab.Virtual.GetAddressBytes();
        bytes[3] += 5;
        return new IPAddress(bytes);
    }

    private static IPAddress[] AddressesOf(Lab lab) => [lab.Virtual, lab.Virtual6, Labelled(lab)];

    private static async Task<Daemon> StartKeepalivedAsync(Lab lab, Node node)
    {
        Daemon daemon = node.StartKeepalived(Conf.File(new Conf(lab.SecondVirtual) { Vrid = 52, Name = "VI_2" }));
        await node.WaitForAddressAsync(lab.SecondVirtual);
        return daemon;
    }

    // Two renewals at least, so that the lifetime that is measured is a renewed one.
    private static async Task HeldAsync(Lab lab, Node node)
    {
        DateTime from = DateTime.UtcNow;
        await lab.UntilAsync(
            () => AddressesOf(lab).All(each => node.Holds(each) && node.Observer.Events.Count(one => one.Added && one.At > from && one.Address.Equals(each)) >= 3),
            15,
            "every address to be held and renewed");
    }

    private void AssertMedian()
    {
        TimeSpan median = _lasted.Order().ElementAt(_lasted.Count / 2);
        Assert.True(median <= GoneWithin, $"the median is {median.TotalSeconds} s");
    }

    private async Task GoneAsync(Lab lab, Node node)
    {
        await lab.UntilAsync(() => !AddressesOf(lab).Any(node.Holds), 10, "the kernel to remove every address");
        foreach (IPAddress address in AddressesOf(lab))
        {
            IReadOnlyList<AddressEvent> events = [.. node.Observer.Events.Where(each => each.Address.Equals(address))];
            TimeSpan lasted = events[^1].At - events.Last(each => each.Added).At;
            output.WriteLine($"{address}: gone {lasted.TotalSeconds:0.000} s after its last renewal");
            Assert.False(events[^1].Added);
            _lasted.Add(lasted);
            Assert.True(lasted <= GoneAtLastWithin, $"{address} went {lasted.TotalSeconds} s after its last renewal");
        }
    }
}
