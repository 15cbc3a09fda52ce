using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>G6 and G7 on a real kernel: a daemon that is killed, stopped or stalled does not keep its addresses.</summary>
[Collection(Alone.Name)]
public sealed class LeaseTests(ITestOutputHelper output)
{
    /// <summary>Beside each other, each in a laboratory of its own.</summary>
    private const int Runs = 5;

    // The lease is 2 s and the kernel is exact to a quarter of a second (bench/run lease measures that); how long its worker and our observer wait for a
    // processor is the machine's affair. A lifetime that is not the lease's at all is found with this.
    private static readonly TimeSpan GoneNotBefore = TimeSpan.FromSeconds(1.9);
    private static readonly TimeSpan GoneWithin = TimeSpan.FromSeconds(4);

    [NeedsFact("keepalived", "fencefirst")]
    public Task The_kernel_removes_the_addresses_of_a_killed_daemon() => InEachRunAsync(async lab =>
    {
        // SIGKILL, five times. IPv4, IPv6 and a labelled excluded address are gone a lease after their last renewal; a killed keepalived keeps its own for ever.
        Node a = lab["a"], b = lab["b"];
        Daemon other = await StartKeepalivedAsync(lab, b);
        other.Crash();
        Daemon daemon = a.StartFenceFirst(Conf.File(Leased(lab)));
        await HeldAsync(lab, a);
        daemon.Send(Signal.Kill);
        await GoneAsync(lab, a);
        await daemon.WaitForExitAsync();
        Assert.True(b.Holds(lab.SecondVirtual), "keepalived's address went although nobody removed it");
    });

    [NeedsFact("keepalived", "fencefirst")]
    public Task The_kernel_removes_the_addresses_of_a_stopped_daemon() => InEachRunAsync(async lab =>
    {
        // SIGSTOP and, when the addresses are gone, SIGCONT, five times: the daemon finds that it stalled and elects anew. A stopped keepalived keeps its address.
        Node a = lab["a"], b = lab["b"];
        Daemon other = await StartKeepalivedAsync(lab, b);
        Daemon daemon = a.StartFenceFirst(Conf.File(Leased(lab)));
        foreach (int pid in Native.Family(other.Id))
        {
            Native.Kill(pid, Signal.Stop);
        }
        await HeldAsync(lab, a);
        daemon.Send(Signal.Stop);
        await GoneAsync(lab, a);
        int mark = daemon.Log.Mark;
        daemon.Send(Signal.Cont);
        await daemon.WaitForLogAsync("(VI_1) Entering MASTER STATE", 10, mark);
        Assert.True(b.Holds(lab.SecondVirtual), "keepalived's address went although nobody removed it");
    });

    [NeedsFact("fencefirst")]
    public async Task A_lease_is_kept_up_and_follows_a_reload()
    {
        // 10 s without a gap, with label and lifetime as configured; then another lifetime, then none, without losing an address.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        Daemon daemon = a.StartFenceFirst(Conf.File(Leased(lab)));
        await HeldAsync(lab, a);
        await lab.WhileAsync(() => AddressesOf(lab).All(a.Holds), 10, "all addresses to stay");
        await LifetimesAsync(lab, a, "valid_lft [12]sec");
        string text = await a.RunAsync("ip", "-o", "addr", "show", "dev", "eth0");
        string labelled = text.Split('\n').Single(line => line.Contains($"{Labelled(lab)}/", StringComparison.Ordinal));
        Assert.Contains("eth0:vip", labelled, StringComparison.Ordinal);
        foreach ((string lease, string expected) in new[] { ("60", "valid_lft (60|59|58|[45][0-9])sec"), ("off", "valid_lft forever") })
        {
            int mark = daemon.Log.Mark;
            a.WriteFile("fencefirst.conf", Conf.File(Leased(lab, lease)));
            daemon.Send(Signal.Hup);
            await daemon.WaitForLogAsync("reload complete", 10, mark);
            await LifetimesAsync(lab, a, expected);
        }
        await lab.WhileAsync(() => AddressesOf(lab).All(a.Holds), 3, "all addresses to stay without a lease");
        Assert.All(AddressesOf(lab), each => Assert.Single(lab.OwnershipOf(each).Intervals));
    }

    [NeedsFact("fencefirst")]
    public async Task A_master_that_was_late_puts_its_addresses_back()
    {
        // Late for longer than the lease, but not for so long that a peer would have taken over: the kernel removes the addresses, the daemon puts them back and
        // stays master. What it believes to hold is then still true: an address that somebody deletes is put back as well.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        Daemon daemon = a.StartFenceFirst(Conf.File(Leased(lab) with { Interval = "2" }));
        await HeldAsync(lab, a);
        daemon.Send(Signal.Stop);
        await lab.UntilAsync(() => !AddressesOf(lab).Any(a.Holds), 10, "the kernel to remove every address");
        daemon.Send(Signal.Cont);
        await lab.UntilAsync(() => AddressesOf(lab).All(a.Holds), 10, "the daemon to put every address back");
        await daemon.WaitForLogAsync("putting it back");
        await HeldAsync(lab, a);
        foreach (IPAddress each in AddressesOf(lab))
        {
            DateTime deleted = DateTime.UtcNow;
            await a.RunAsync("ip", "addr", "del", each.AddressFamily == AddressFamily.InterNetwork ? $"{each}/24" : $"{each}/64", "dev", "eth0");
            await lab.UntilAsync(() => a.Holds(each) && a.Observer.Events.Any(one => one.Added && one.At > deleted && one.Address.Equals(each)), 10, $"{each} to be put back");
        }
        Assert.Equal(1, daemon.Log.Count("Entering MASTER STATE"));
    }

    [NeedsFact("fencefirst")]
    public Task A_stalled_master_removes_before_it_sends() => InEachRunAsync(async lab =>
    {
        // No lease. Stopped for more than three times the Master_Down_Interval (0.68 s): the first thing after SIGCONT is the removal, adverts follow the new election.
        Node a = lab["a"];
        Capture capture = await lab.CaptureAsync();
        Daemon daemon = a.StartFenceFirst(Conf.File(new Conf(lab.Virtual) { Priority = 150 }));
        await a.WaitForAddressAsync(lab.Virtual);
        await capture.WaitForAdvertAsync(a, _ => true, "an advert as Master", from: DateTime.UtcNow);
        daemon.Send(Signal.Stop);
        await lab.WhileAsync(() => a.Holds(lab.Virtual), 2.1, "the address to stay while nobody runs");
        DateTime resumed = DateTime.UtcNow;
        daemon.Send(Signal.Cont);
        // Not "is away": it comes back within a second.
        await lab.UntilAsync(() => Removals().Any(), 10, "the daemon to remove the address");
        DateTime removed = Removals().First().At;
        output.WriteLine($"removed {(removed - resumed).TotalMilliseconds:0.0} ms after SIGCONT");
        Frame.Vrrp first = await capture.WaitForAdvertAsync(a, _ => true, "an advert after the stall", from: resumed);
        Assert.True(first.At > removed, $"an advert {(removed - first.At).TotalMilliseconds} ms before the removal");
        // The same event removes and begins the election, which lasts 0.68 s however late the machine wakes the daemon.
        Assert.True(first.At - removed > TimeSpan.FromSeconds(0.3), $"an advert {(first.At - removed).TotalMilliseconds} ms after the removal: that was not done at once");
        await a.WaitForAddressAsync(lab.Virtual);

        IEnumerable<AddressEvent> Removals() => a.Observer.Events.Where(each => !each.Added && each.Address.Equals(lab.Virtual));
    });

    private Task InEachRunAsync(Func<Lab, Task> run) => Task.WhenAll(Enumerable.Range(0, Runs).Select(async _ =>
    {
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        await run(lab);
    }));

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

    // The renewal of a reload comes within the same moment, so there is no event to wait for: the kernel is asked until it says so.
    private static async Task LifetimesAsync(Lab lab, Node node, string expected)
    {
        const int attempts = 20;
        for (int attempt = 1; ; attempt++)
        {
            string[] lines = (await node.RunAsync("ip", "-o", "addr", "show", "dev", "eth0")).Split('\n');
            string[] ours = [.. lines.Where(line => AddressesOf(lab).Any(each => line.Contains($"{each}/", StringComparison.Ordinal)))];
            if (ours.Length == AddressesOf(lab).Length && ours.All(line => Regex.IsMatch(line, expected)))
            {
                return;
            }
            Assert.True(attempt < attempts, $"expected {expected}:\n{string.Join('\n', ours)}");
            await Task.WhenAny(lab.Changed.Next, Task.Delay(200));
        }
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

    private async Task GoneAsync(Lab lab, Node node)
    {
        await lab.UntilAsync(() => !AddressesOf(lab).Any(node.Holds), 10, "the kernel to remove every address");
        foreach (IPAddress address in AddressesOf(lab))
        {
            IReadOnlyList<AddressEvent> events = [.. node.Observer.Events.Where(each => each.Address.Equals(address))];
            TimeSpan lasted = events[^1].At - events.Last(each => each.Added).At;
            output.WriteLine($"{address}: gone {lasted.TotalSeconds:0.000} s after its last renewal");
            Assert.False(events[^1].Added);
            Assert.InRange(lasted, GoneNotBefore, GoneWithin);
        }
    }
}
