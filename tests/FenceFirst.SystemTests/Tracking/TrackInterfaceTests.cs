using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>Tracked interfaces: weights, deletion and re-creation, debouncing.</summary>
public sealed class TrackInterfaceTests(ITestOutputHelper output)
{
    [NeedsFact("fencefirst")]
    public Task A_deleted_interface_counts_as_down_until_it_is_made_again() => TellDeletionAsync((node, conf) => node.StartFenceFirst(conf));

    [NeedsFact("keepalived")]
    public Task A_deleted_interface_counts_as_down_for_keepalived_too() => TellDeletionAsync((node, conf) => node.StartKeepalived(conf));

    private async Task TellDeletionAsync(Func<Node, string, Daemon> start)
    {
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        Capture capture = await lab.CaptureAsync();
        await MakeAsync(a, "weighted");
        await MakeAsync(a, "zero");
        Daemon daemon = start(a, Conf.File(new Conf(lab.Virtual) { Extra = "    track_interface {\n        weighted weight -30\n        zero\n    }\n" }));
        await a.WaitForAddressAsync(lab.Virtual);
        DateTime from = (await capture.WaitForAdvertAsync(a, each => each.Priority == 100, "priority 100")).At;
        await a.RunAsync("ip", "link", "del", "weighted");
        from = (await capture.WaitForAdvertAsync(a, each => each.Priority == 70, "priority 70", from: from)).At;
        await MakeAsync(a, "weighted");
        await capture.WaitForAdvertAsync(a, each => each.Priority == 100, "priority 100 again", from: from);
        int mark = daemon.Log.Mark;
        await a.RunAsync("ip", "link", "del", "zero");
        await daemon.WaitForLogAsync("(VI_1) Entering FAULT STATE", 5, mark);
        await a.WaitForNoAddressAsync(lab.Virtual);
        await MakeAsync(a, "zero");
        await daemon.WaitForLogAsync("(VI_1) Entering BACKUP STATE", 5, mark);
        await a.WaitForAddressAsync(lab.Virtual);
    }

    [NeedsFact("fencefirst")]
    public Task An_interface_that_does_not_exist_yet_is_waited_for() => TellAbsenceAsync((node, conf) => node.StartFenceFirst(conf));

    [NeedsFact("keepalived")]
    public Task An_interface_that_does_not_exist_yet_is_waited_for_by_keepalived_too() => TellAbsenceAsync((node, conf) => node.StartKeepalived(conf));

    private async Task TellAbsenceAsync(Func<Node, string, Daemon> start)
    {
        // The interface of the adverts comes after the start; a weighted one that is missing costs its weight.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        System.Net.IPAddress on = System.Net.IPAddress.Parse("10.99.1.100");
        Daemon daemon = start(a, Conf.File(
            "global_defs {\n    dynamic_interfaces\n}\n",
            new Conf(on) { Extra = "    track_interface {\n        weighted weight -30\n    }\n" }).Replace("interface eth0", "interface late0", StringComparison.Ordinal));
        await daemon.WaitForLogAsync("(VI_1) Entering FAULT STATE");
        int mark = daemon.Log.Mark;
        await MakeAsync(a, "late0", "10.99.1.1/24");
        await daemon.WaitForLogAsync("(VI_1) Entering MASTER STATE", 10, mark);
        await lab.UntilAsync(() => a.Holds(on), 10, "the address");
        await MakeAsync(a, "weighted");
        await daemon.WaitForLogAsync("effective priority from 70 to 100", 10, mark);
    }

    [NeedsFact("fencefirst")]
    public async Task An_instance_comes_back_when_its_own_interface_is_made_again()
    {
        // The interface of the adverts itself: another index, another socket, the same instance. keepalived: 2.2.7 does the same.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        const string own = "own0", address = "10.99.1.1/24";
        await MakeAsync(a, own, address);
        string conf = Conf.File(new Conf(System.Net.IPAddress.Parse("10.99.1.100"))).Replace("interface eth0", "interface " + own, StringComparison.Ordinal);
        Daemon daemon = a.StartFenceFirst(conf);
        for (int round = 0; round < 2; round++)
        {
            int mark = daemon.Log.Mark;
            await lab.UntilAsync(() => a.Holds(System.Net.IPAddress.Parse("10.99.1.100")), 10, "the address");
            await a.RunAsync("ip", "link", "del", own);
            await daemon.WaitForLogAsync($"Interface {own} deleted", 5, mark);
            await daemon.WaitForLogAsync("(VI_1) Entering FAULT STATE", 5, mark);
            await MakeAsync(a, own, address);
            await daemon.WaitForLogAsync("(VI_1) Entering BACKUP STATE", 5, mark);
            await daemon.WaitForLogAsync("(VI_1) Entering MASTER STATE", 5, mark);
            await lab.UntilAsync(() => a.Holds(System.Net.IPAddress.Parse("10.99.1.100")), 10, "the address");
        }
        Assert.Null(daemon.Log.Find("could not be sent"));
    }

    [NeedsFact("fencefirst")]
    public async Task Both_of_two_interfaces_have_to_come_back()
    {
        // keepalived since 2.3.3 has one bit for all of them: the first one that comes back ends the fault.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        await MakeAsync(a, "one");
        await MakeAsync(a, "two");
        Daemon daemon = a.StartFenceFirst(Conf.File(new Conf(lab.Virtual) { Extra = "    track_interface {\n        one\n        two\n    }\n" }));
        await a.WaitForAddressAsync(lab.Virtual);
        int mark = daemon.Log.Mark;
        await a.RunAsync("ip", "link", "set", "one", "down");
        await a.RunAsync("ip", "link", "set", "two", "down");
        await a.WaitForNoAddressAsync(lab.Virtual);
        await a.RunAsync("ip", "link", "set", "one", "up");
        await daemon.WaitForLogAsync("Netlink reports one up", 5, mark);
        await lab.WhileAsync(() => daemon.Log.Find("(VI_1) Entering BACKUP STATE", mark) is null, 1.5, "still in fault");
        await a.RunAsync("ip", "link", "set", "two", "up");
        await a.WaitForAddressAsync(lab.Virtual);
    }

    [NeedsFact("fencefirst")]
    public async Task A_link_that_flaps_faster_than_its_delay_changes_nothing()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        Daemon daemon = a.StartFenceFirst(Conf.File("interface_up_down_delays {\n    eth0 2\n}\n", new Conf(lab.Virtual) { Interval = "1" }));
        await a.WaitForAddressAsync(lab.Virtual);

        // The log is written by a thread of its own, so its line may come after the address.
        await daemon.WaitForLogAsync("(VI_1) Entering MASTER STATE");
        int mark = daemon.Log.Mark;
        await lab.SetCableAsync(a, plugged: false);
        await daemon.WaitForLogAsync("Interface eth0 is down, which counts in 2 s unless it changes back", 5, mark);
        await lab.SetCableAsync(a, plugged: true);
        await lab.WhileAsync(() => daemon.Log.Find("(VI_1) Entering", mark) is null && a.Holds(lab.Virtual), 3, "still master");
        await lab.SetCableAsync(a, plugged: false);
        await daemon.WaitForLogAsync("(VI_1) Entering FAULT STATE", 5, mark);
        await a.WaitForNoAddressAsync(lab.Virtual);
    }

    // Shown: the polled interface is asked and not listened to; one beside it is told of by netlink. keepalived's own words, with keepalived for comparison.
    [NeedsTheory("keepalived", "fencefirst")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_polled_interface_is_down_when_it_is_asked(bool isOurs)
    {
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        string conf = Conf.File("linkbeat_interfaces {\n    eth0 ETHTOOL\n}\n", new Conf(lab.Virtual) { Interval = "0.1" });
        Daemon daemon = isOurs ? a.StartFenceFirst(conf) : a.StartKeepalived(conf);
        await a.WaitForAddressAsync(lab.Virtual);
        int mark = daemon.Log.Mark;
        await lab.SetCableAsync(a, plugged: false);
        await daemon.WaitForLogAsync("Linkbeat reports eth0 down", 5, mark);
        await daemon.WaitForLogAsync("(VI_1) Entering FAULT STATE", 5, mark);
        await a.WaitForNoAddressAsync(lab.Virtual);
        await lab.SetCableAsync(a, plugged: true);
        await daemon.WaitForLogAsync("Linkbeat reports eth0 up", 5, mark);
        await a.WaitForAddressAsync(lab.Virtual);
        Assert.Null(daemon.Log.Find("Netlink reports eth0"));
    }

    private static async Task MakeAsync(Node node, string name, string? address = null)
    {
        await node.RunAsync("ip", "link", "add", "name", name, "type", "veth", "peer", "name", name + "-peer");
        await node.RunAsync("ip", "link", "set", name + "-peer", "up");
        if (address is not null)
        {
            await node.RunAsync("ip", "addr", "add", address, "dev", name);
        }
        await node.RunAsync("ip", "link", "set", name, "up");
    }
}
