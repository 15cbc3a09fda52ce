using System.Diagnostics;
using System.Net;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>The laboratory itself, with Debian's keepalived as every node: what the observers say must agree with what is known of keepalived.</summary>
public sealed class LabTests(ITestOutputHelper output)
{
    [NeedsFact("keepalived")]
    public async Task A_killed_master_is_followed_in_the_order_of_keepalived()
    {
        // Stock keepalived: advert, address, gratuitous ARP, notify script; seen by capture, netlink and a script.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        Capture capture = await lab.CaptureAsync();
        ScriptLog scripts = lab.OpenScriptLog();
        string notify = b.WriteScript("notify.sh", $"note notify_master $(ip -o addr show dev eth0 | grep -c '{lab.Virtual}/')", scripts);
        Daemon first = a.StartKeepalived(Conf.File(new Conf(lab.Virtual) { Priority = 150 }));
        await a.WaitForAddressAsync(lab.Virtual);
        Daemon second = b.StartKeepalived(Conf.File(new Conf(lab.Virtual) { Priority = 100, Extra = $"    notify_master \"{notify}\"\n" }));
        await second.WaitForLogAsync("(VI_1) Entering BACKUP STATE");

        DateTime killed = DateTime.UtcNow;
        first.Crash();
        DateTime added = await b.WaitForAddressAsync(lab.Virtual);
        ScriptLine notified = await scripts.WaitForAsync("notify_master");
        await second.WaitForLogAsync("(VI_1) Entering MASTER STATE");

        Frame.Vrrp advert = await capture.WaitForAdvertAsync(b, each => each.Priority == 100, "its own priority");
        await capture.CatchUpAsync();
        Frame.Neighbour announced = capture.Announcements(lab.Virtual).First(each => each.At > killed);
        // The address is seen from user space, after the fact: it may follow the announcement by that much. The next announcement is 5 s away.
        TimeSpan observing = TimeSpan.FromSeconds(1);
        Assert.True(advert.At > killed && advert.At < added, $"advert {advert.At:O}, address {added:O}");
        Assert.True(added < announced.At + observing, $"address {added:O}, announced {announced.At:O}");
        Assert.True(announced.At < notified.At, $"announced {announced.At:O}, script {notified.At:O}");
        Assert.Equal("notify_master 1", notified.Text);
        // 3 x 0.2 s + 0.2 x 156/256 s after the last advert that was heard.
        Assert.InRange((added - capture.AdvertsOf(a)[^1].At).TotalSeconds, 0.70, 5.0);
        // A killed daemon leaves its address behind: the observers must see that both hold it.
        Assert.True(lab.OwnershipOf(lab.Virtual).HeldTwice > TimeSpan.Zero);
        await capture.AssertCleanAsync();
    }

    [NeedsFact("keepalived")]
    public async Task A_stopped_master_hands_over_with_priority_0()
    {
        // The capture's own decoder and tshark must agree on every advert, and on the one with priority 0.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        Capture capture = await lab.CaptureAsync();
        Daemon first = a.StartKeepalived(Conf.File(new Conf(lab.Virtual) { Priority = 150 }));
        await a.WaitForAddressAsync(lab.Virtual);
        b.StartKeepalived(Conf.File(new Conf(lab.Virtual) { Priority = 100 }));

        Assert.Equal(0, await first.StopAsync());
        await b.WaitForAddressAsync(lab.Virtual);
        await capture.CatchUpAsync();

        Frame.Vrrp released = capture.AdvertsOf(a)[^1];
        Assert.Equal(0, released.Priority);
        Ownership ownership = lab.OwnershipOf(lab.Virtual);
        Assert.Equal(["a", "b"], ownership.Owners);
        Assert.True(ownership.HeldTwice == TimeSpan.Zero, ownership.ToString());
        await capture.AssertCleanAsync();
        IReadOnlyList<string[]> rows = await capture.TsharkAsync("vrrp", "ip.src", "ip.dst", "vrrp.version", "vrrp.virt_rtr_id", "vrrp.prio", "vrrp.short_adver_int", "vrrp.ip_addr");
        Assert.Equal(
            capture.Adverts().Select(each => $"{each.Source}|{each.Destination}|{each.Version}|{each.Vrid}|{each.Priority}|{each.Interval.TotalMilliseconds / 10}|{each.Addresses[0]}"),
            rows.Select(row => string.Join('|', row)));
    }

    [NeedsFact("keepalived")]
    public async Task A_cut_in_both_directions_makes_two_masters()
    {
        // The observers are only worth something if they notice the worst case: here is one on purpose.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        a.StartKeepalived(Conf.File(new Conf(lab.Virtual) { Priority = 150 }));
        await a.WaitForAddressAsync(lab.Virtual);
        Daemon second = b.StartKeepalived(Conf.File(new Conf(lab.Virtual) { Priority = 100 }));
        await second.WaitForLogAsync("Entering BACKUP STATE");

        await lab.CutAsync(b, a);
        await lab.WhileAsync(() => !b.Holds(lab.Virtual), 1.5, "b hears a and stays down");
        await lab.CutAsync(a, b);
        await b.WaitForAddressAsync(lab.Virtual);
        await lab.WhileAsync(() => a.Holds(lab.Virtual), 0.5, "a hears nobody and stays up");
        await lab.HealAsync();
        await b.WaitForNoAddressAsync(lab.Virtual);

        Assert.InRange(lab.OwnershipOf(lab.Virtual).HeldTwice.TotalSeconds, 0.4, 15);
    }

    [NeedsFact("keepalived")]
    public async Task A_pulled_cable_and_a_power_cut_are_seen_as_such()
    {
        // Cable: the node lives on and gives the address up. Power cut: nothing is left of the node.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        Daemon first = a.StartKeepalived(Conf.File(new Conf(lab.Virtual6) { Priority = 150 }));
        await a.WaitForAddressAsync(lab.Virtual6);
        await lab.SetCableAsync(a, plugged: false);
        await first.WaitForLogAsync("Entering FAULT STATE");
        await a.WaitForNoAddressAsync(lab.Virtual6);
        await lab.SetCableAsync(a, plugged: true);
        await a.WaitForAddressAsync(lab.Virtual6);

        b.StartKeepalived(Conf.File(new Conf(lab.Virtual6) { Priority = 100 }));
        await a.PowerOffAsync();
        await first.WaitForExitAsync();
        await b.WaitForAddressAsync(lab.Virtual6);
        Assert.Equal(TimeSpan.Zero, lab.OwnershipOf(lab.Virtual6).HeldTwice);
        await a.PowerOnAsync();
        a.StartKeepalived(Conf.File(new Conf(lab.Virtual6) { Priority = 150 }));
        await a.WaitForAddressAsync(lab.Virtual6);
    }

    [NeedsFact]
    public async Task A_failed_wait_tells_the_whole_story()
    {
        // A failure at night in CI is read from its message alone.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Daemon talker = lab["a"].Start("talker", "sh", "-c", "echo one; echo two >&2; exec sleep 30");
        await talker.WaitForLogAsync("two");
        Exception failure = await Assert.ThrowsAnyAsync<Exception>(() => talker.WaitForLogAsync("three", 0.1));
        Assert.Contains("Waited 0.1 s for a talker to log \"three\"", failure.Message);
        Assert.Contains("one", failure.Message);
        talker.Crash();
        failure = await Assert.ThrowsAnyAsync<Exception>(() => talker.WaitForLogAsync("three"));
        Assert.Contains("ended with status 137", failure.Message);
    }

    [NeedsFact]
    public void What_a_killed_run_left_is_removed_by_the_next_one()
    {
        // A namespace with a process in it, whose owner is a process that has ended.
        using Process owner = Process.Start("true");
        string start = Native.StartTime(owner.Id) ?? "1";
        owner.WaitForExit();
        string id = $"ff{owner.Id}x1", folder = Path.Combine(Lab.Root, id);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "owner"), $"{owner.Id} {start}");
        Process.Start("ip", ["netns", "add", id + "-a"]).WaitForExit();
        using Process left = Process.Start("ip", ["netns", "exec", id + "-a", "sleep", "30"]);
        Assert.True(SpinWait.SpinUntil(() => File.ReadAllText($"/proc/{left.Id}/comm") == "sleep\n", TimeSpan.FromSeconds(30)));

        Lab.RemoveLeftovers();

        Assert.True(left.WaitForExit(30_000));
        Assert.False(File.Exists($"/run/netns/{id}-a"));
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public void Holding_an_address_twice_is_counted_once_per_moment()
    {
        // Two nodes overlap by 2 s, a third one joins for the last of them; a repeated message changes nothing.
        IPAddress address = IPAddress.Loopback;
        DateTime start = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        AddressEvent Event(double at, string node, bool added) => new(start.AddSeconds(at), node, added, address);
        Ownership ownership = Ownership.Of(address,
            [Event(0, "a", true), Event(3, "b", true), Event(3.5, "b", true), Event(4, "c", true), Event(5, "a", false), Event(5, "c", false)], start.AddSeconds(9));
        Assert.Equal(TimeSpan.FromSeconds(2), ownership.HeldTwice);
        Assert.Equal(["a", "b", "c"], ownership.Owners);
        Assert.Equal(start.AddSeconds(9), ownership.Intervals.Single(each => each.Node == "b").To);
    }
}
