using System.Net;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>Reload by difference: twelve kinds of change under a master, with keepalived beside that gets the same ones.</summary>
public sealed class ReloadChangeTests(ITestOutputHelper output)
{
    private const int KeepalivedVrid = 61;
    private const string Script = "vrrp_script good {\n    script \"/usr/bin/true\"\n    interval 1\n    weight 2\n}\n";

    /// <summary>A lost advert leaves a gap of two intervals.</summary>
    private static readonly TimeSpan GapMax = TimeSpan.FromSeconds(0.8);

    [NeedsFact("keepalived", "fencefirst")]
    public async Task No_change_costs_an_advert_or_the_address()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        Conf ours = new(lab.Virtual) { Interval = "0.5", Priority = 150 };
        Conf theirs = new(lab.SecondVirtual) { Interval = "0.5", Priority = 150, Vrid = KeepalivedVrid };
        IPAddress added = IPAddress.Parse("10.99.0.1");
        Capture capture = await lab.CaptureAsync();
        Daemon daemon = a.StartFenceFirst(Conf.File(ours)), keepalived = b.StartKeepalived(Conf.File(theirs));
        await a.WaitForAddressAsync(lab.Virtual);
        await b.WaitForAddressAsync(lab.SecondVirtual);
        await daemon.WaitForLogAsync("(VI_1) Entering MASTER STATE"); // Written after the address is there.
        DateTime from = DateTime.UtcNow;
        int begin = daemon.Log.Mark;
        foreach (Change change in Changes(added))
        {
            int mark = daemon.Log.Mark;
            a.WriteFile("fencefirst.conf", change.Of(ours));
            b.WriteFile("keepalived.conf", change.Of(theirs));
            string told = (await Verb.RunAsync(a, "reload", "--dry-run")).Output;
            Assert.Contains(change.Told, told, StringComparison.Ordinal);
            keepalived.Send(Signal.Hup);
            daemon.Send(Signal.Hup);
            await daemon.WaitForLogAsync("reload complete", 10, mark);
            output.WriteLine($"{change.Name}: {told.Trim()}");
            await lab.UntilAsync(() => a.Holds(added) == change.IsAdded, 5, $"{change.Name}: the second address");
            await capture.WaitForAdvertAsync(a, _ => true, "an advert after it", from: DateTime.UtcNow.AddSeconds(0.55));
        }

        TimeSpan gap = capture.LargestGap(a, 51, from, capture.AdvertsOf(a)[^1].At);
        Assert.True(gap <= GapMax, $"silent for {gap.TotalSeconds} s");
        Assert.Null(daemon.Log.Find("(VI_1) Entering", begin));
        Assert.Null(daemon.Log.Find("(other) Entering BACKUP", begin));
        Assert.Single(lab.OwnershipOf(lab.Virtual).Intervals);
        output.WriteLine($"keepalived meanwhile: largest gap {capture.LargestGap(b, KeepalivedVrid, from, DateTime.UtcNow).TotalSeconds:0.00} s, its address {lab.OwnershipOf(lab.SecondVirtual).Intervals.Count} time(s)");
        await BadFileAsync(lab, daemon, keepalived, capture);
    }

    /// <summary>An instance without virtual_router_id: keepalived ends and leaves its address behind (S-04), we go on as before.</summary>
    private static async Task BadFileAsync(Lab lab, Daemon daemon, Daemon keepalived, Capture capture)
    {
        Node a = lab["a"], b = lab["b"];
        const string bad = "vrrp_instance VI_1 {\n    interface eth0\n    virtual_ipaddress {\n        10.99.0.9/24\n    }\n}\n";
        a.WriteFile("fencefirst.conf", bad);
        b.WriteFile("keepalived.conf", bad);
        (int status, string words) = await Verb.RunAsync(a, "reload", "--dry-run");
        Assert.Equal(1, status);
        Assert.Contains("a reload would be refused", words, StringComparison.Ordinal);
        Assert.True((await Verb.StatusAsync(a)).GetProperty("last_reload").GetProperty("accepted").GetBoolean()); // Only asked, not done.
        keepalived.Send(Signal.Hup);
        int mark = daemon.Log.Mark;
        daemon.Send(Signal.Hup);
        await daemon.WaitForLogAsync("reload refused", 5, mark);
        await lab.UntilAsync(() => keepalived.HasExited, 10, "keepalived to end");
        await capture.WaitForAdvertAsync(a, _ => true, "an advert after the refused file", from: DateTime.UtcNow);
        Assert.False(daemon.HasExited);
        Assert.True(a.Holds(lab.Virtual));
        Assert.True(b.Holds(lab.SecondVirtual), "keepalived leaves its address behind");
    }

    private static IEnumerable<Change> Changes(IPAddress added)
    {
        string address = $"    virtual_ipaddress {{\n        {added}/32\n    }}\n";
        const string inPlace = "VI_1: changed, goes on in place";
        yield return new("nothing", conf => Conf.File(conf), "a reload would change nothing");
        yield return new("priority", conf => Conf.File(conf with { Priority = 140 }), inPlace);
        yield return new("script", conf => Conf.File(Script, conf with { Extra = "    track_script {\n        good\n    }\n" }), inPlace);
        yield return new("interface", conf => Conf.File(conf with { Extra = "    track_interface {\n        lo weight 3\n    }\n" }), inPlace);
        yield return new("interval", conf => Conf.File(conf with { Interval = "0.4" }), inPlace);
        yield return new("address added", conf => Conf.File(conf with { Extra = address }), inPlace) { IsAdded = true };
        yield return new("address excluded", conf => Conf.File(conf with { Extra = address.Replace("ipaddress", "ipaddress_excluded", StringComparison.Ordinal) }), inPlace) { IsAdded = true };
        yield return new("address removed", conf => Conf.File(conf), inPlace);
        yield return new("route and rule", conf => Conf.File(conf with { Extra = "    virtual_routes {\n        10.96.0.0/16 dev eth0\n    }\n    virtual_rules {\n        from 10.96.0.0/16 table 9 priority 900\n    }\n" }), inPlace);
        yield return new("notify script", conf => Conf.File(conf with { Extra = "    notify \"/usr/bin/true\"\n" }), inPlace);
        yield return new("announcements", conf => Conf.File(conf with { Extra = "    garp_master_refresh 1\n" }), inPlace);
        yield return new("promotion steps", conf => Conf.File(conf with { Extra = "@fencefirst     promotion {\n@fencefirst         check \"/usr/bin/true\"\n@fencefirst     }\n" }), inPlace);
        yield return new("instance added", conf => Conf.File(conf, conf with { Name = "second", Vrid = conf.Vrid + 1, Virtual = IPAddress.Parse("10.99.0.3") }), "second: added");
        yield return new("instance removed", conf => Conf.File(conf), "second: removed, is stopped in order");
        yield return new("another name", conf => Conf.File(conf with { Name = "other" }), "other: changed, goes on in place (was VI_1)");
    }

    /// <summary>One kind of change.</summary>
    /// <param name="Name">What is changed.</param>
    /// <param name="Of">The file with it.</param>
    /// <param name="Told">What <c>reload --dry-run</c> says of it.</param>
    private sealed record Change(string Name, Func<Conf, string> Of, string Told)
    {
        /// <summary>Whether the second address is there afterwards.</summary>
        public bool IsAdded { get; init; }
    }
}
