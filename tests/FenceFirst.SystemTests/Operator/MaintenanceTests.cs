using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>docs/promotion.md 8 with real trackers and a real loss of the master; and what else status and reload tell an operator.</summary>
public sealed class MaintenanceTests(ITestOutputHelper output)
{
    [NeedsFact("fencefirst")]
    public async Task A_master_keeps_its_address_while_its_check_script_fails()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        a.WriteFile("verdict", "0");
        string script = a.WriteScript("check.sh", $"exit $(cat '{a.Folder}/verdict')");
        Daemon daemon = a.StartFenceFirst(Conf.File(
            $"vrrp_script db {{\n    script \"{script}\"\n    interval 1\n    fall 1\n    rise 1\n}}\n",
            new Conf(lab.Virtual) { Extra = "    track_script {\n        db\n    }\n    vip_lease 3\n" }));
        await a.WaitForAddressAsync(lab.Virtual);
        (int status, string words) = await Verb.RunAsync(a, "maintenance", "on");
        Assert.True(status == 0, words);
        await daemon.WaitForLogAsync("MAINTENANCE is on: no promotion starts and trackers demote nobody until 'fencefirst maintenance off'");
        a.WriteFile("verdict", "1");
        await daemon.WaitForLogAsync("VRRP_Script(db) failed");
        await lab.WhileAsync(() => a.Holds(lab.Virtual), 3, "the master keeps its address");
        (status, words) = await Verb.RunAsync(a, "status");
        Assert.Equal(0, status);
        Assert.Contains("*** MAINTENANCE until 'fencefirst maintenance off'", words);
        Assert.Contains("check script db: failed", words);
        Assert.Matches(@"vip_lease 3 s; renewed [0-2]\.[0-9] s ago, [0-3]\.[0-9] s left", words);

        int mark = daemon.Log.Mark;
        Assert.Equal(0, (await Verb.RunAsync(a, "maintenance", "off")).Status);
        await daemon.WaitForLogAsync("MAINTENANCE is over", 5, mark);
        await daemon.WaitForLogAsync("(VI_1) Entering FAULT STATE", 5, mark);
        await a.WaitForNoAddressAsync(lab.Virtual);
        string journal = await Verb.JournalAsync(a);
        Assert.Contains("operator: root (user 0), process ", journal);
        Assert.Contains("asks: maintenance off", journal);
        Assert.Single(lab.OwnershipOf(lab.Virtual).Intervals);
    }

    [NeedsFact("keepalived", "fencefirst")]
    public async Task A_standby_takes_nothing_over_before_maintenance_ends_by_itself()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        a.StartKeepalived(Conf.File(new Conf(lab.Virtual) { Priority = 150 }));
        await a.WaitForAddressAsync(lab.Virtual);
        Daemon standby = b.StartFenceFirst(Conf.File(new Conf(lab.Virtual)));
        await standby.WaitForLogAsync($"master is {a.Address}");
        Assert.Equal(1, (await Verb.RunAsync(b, "maintenance", "on", "VI_9")).Status);
        Assert.Equal(2, (await Verb.RunAsync(b, "maintenance", "on", "--for", "soon")).Status);
        DateTime from = DateTime.UtcNow;
        Assert.Equal(0, (await Verb.RunAsync(b, "maintenance", "on", "VI_1", "--for", "8s")).Status);
        await a.PowerOffAsync();
        await standby.WaitForLogAsync("is silent, but no promotion starts");
        (int status, string words) = await Verb.RunAsync(b, "status");
        Assert.Equal(1, status);
        Assert.Contains("THE MASTER IS SILENT", words);
        Assert.False(b.EverHeld(lab.Virtual));
        DateTime taken = await b.WaitForAddressAsync(lab.Virtual, 20);
        Assert.InRange((taken - from).TotalSeconds, 8.0, 18.0);
        await standby.WaitForLogAsync("(VI_1) MAINTENANCE is over");
        Assert.False((await Verb.StatusAsync(b)).GetProperty("instances")[0].TryGetProperty("maintenance", out _));
    }

    [NeedsFact("fencefirst")]
    public async Task A_reload_says_what_changed_or_why_it_was_refused()
    {
        // A file with two errors: both are printed to the caller, status 1, and status goes on to tell of it. A good one: what is different, and all is well.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        Conf one = new(lab.Virtual);
        Conf two = new(lab.SecondVirtual) { Name = "VI_2", Vrid = 52 };
        a.StartFenceFirst(Conf.File(one));
        await a.WaitForAddressAsync(lab.Virtual);
        a.WriteFile("fencefirst.conf", Conf.File(one with { Extra = "    no_such_keyword 1\n    priority 300\n" }));
        (int status, string words) = await Verb.RunAsync(a, "reload");
        Assert.Equal(1, status);
        Assert.Contains("no_such_keyword", words);
        Assert.Contains("FF1202", words);
        Assert.Contains("reload refused: the file has errors; the running configuration stays", words);
        (status, words) = await Verb.RunAsync(a, "status");
        Assert.Equal(1, status);
        Assert.Contains("was refused; the configuration from before is in force", words);
        Assert.Contains("no_such_keyword", words);

        a.WriteFile("fencefirst.conf", Conf.File(one with { Priority = 120 }, two));
        (status, words) = await Verb.RunAsync(a, "reload");
        Assert.True(status == 0, words);
        Assert.Contains("VI_1: changed, goes on in place", words);
        Assert.Contains("VI_2: added", words);
        (status, words) = await Verb.RunAsync(a, "status", "VI_2");
        Assert.Equal(0, status);
        Assert.Contains("VI_2", words);
        Assert.DoesNotContain("VI_1", words);
        await a.WaitForAddressAsync(lab.SecondVirtual);
        Assert.Single(lab.OwnershipOf(lab.Virtual).Intervals);
        Assert.Contains("nothing is different", (await Verb.RunAsync(a, "reload")).Output);
        Assert.Equal(3, (await Verb.JournalAsync(a)).Split('\n').Count(line => line.Contains("asks: reload", StringComparison.Ordinal)));
        Assert.Equal("accepted", (await Verb.StatusAsync(a)).GetProperty("last_reload").GetProperty("accepted").GetBoolean() ? "accepted" : "refused");
    }
}
