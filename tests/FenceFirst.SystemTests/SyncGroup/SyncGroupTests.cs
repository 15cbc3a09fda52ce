using System.Net;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>vrrp_sync_group with the real kernel, and with the real keepalived as peer and as comparison.</summary>
public sealed class SyncGroupTests(ITestOutputHelper output)
{
    // What keepalived 2.2.7 does is asked of it by the same test; the group stands on both nodes.
    [NeedsFact("fencefirst", "keepalived")]
    public Task Our_group_moves_as_one() => MoveAsync((node, conf) => node.StartFenceFirst(conf), (node, conf) => node.StartKeepalived(conf));

    [NeedsFact("keepalived")]
    public Task The_group_of_keepalived_moves_as_one() => MoveAsync((node, conf) => node.StartKeepalived(conf), (node, conf) => node.StartKeepalived(conf));

    // A fence that takes two seconds: nothing of either instance is added before it has ended, it runs once, and it knows its group.
    [NeedsFact("fencefirst")]
    public async Task One_fence_for_both_addresses()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        ScriptLog log = lab.OpenScriptLog();
        string fence = a.WriteScript("fence.sh", $"note fence $FENCEFIRST_GROUP $FENCEFIRST_INSTANCE held=$(ip -o addr show | grep -c '{lab.Virtual}/\\|{lab.SecondVirtual}/')\nsleep 2\nnote fenced held=$(ip -o addr show | grep -c '{lab.Virtual}/\\|{lab.SecondVirtual}/')", log);
        string stop = a.WriteScript("stop.sh", $"note demote held=$(ip -o addr show | grep -c '{lab.Virtual}/\\|{lab.SecondVirtual}/')", log);
        string definitions = $"fence_device b {{\n    script {fence}\n    targets 10.77.0.2\n    delay 0\n}}\n"
            + $"vrrp_sync_group G {{\n    group {{\n        VI_1\n        VI_2\n    }}\n    promotion {{\n        fence b\n    }}\n    demotion {{\n        run {stop}\n    }}\n}}\n";
        Daemon daemon = a.StartFenceFirst(Conf.File(
            definitions, new Conf(lab.Virtual) { Extra = "    nopreempt\n" }, new Conf(lab.SecondVirtual) { Name = "VI_2", Vrid = 52, Extra = "    nopreempt\n" }));
        await a.WaitForAddressAsync(lab.Virtual, 10);
        await a.WaitForAddressAsync(lab.SecondVirtual);
        await daemon.WaitForLogAsync("VRRP_Group(G) all members are in MASTER state");
        Assert.Equal(["fence G VI_1 held=0", "fenced held=0"], log.Lines.Select(line => line.Text));
        Assert.Equal(0, await daemon.StopAsync());
        Assert.Equal("demote held=0", log.Lines[^1].Text);
        Assert.Equal(1, log.Count("demote"));
    }

    // The steps are the first member's, and an operator may ask about any other one: its status tells of the running step and of the failure, and confirm works.
    [NeedsFact("fencefirst")]
    public async Task An_operator_may_name_any_member()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        string go = Path.Combine(a.Folder, "go");
        string fence = a.WriteScript("fence.sh", $"while [ ! -e '{go}' ]; do sleep 0.05; done\nexit 1");
        string definitions = $"fence_device b {{\n    script {fence}\n    targets 10.77.0.2\n    delay 0\n    attempts 1\n}}\n"
            + "vrrp_sync_group G {\n    group {\n        VI_1\n        VI_2\n    }\n    promotion {\n        check /usr/bin/true\n        fence b\n    }\n}\n";
        Daemon daemon = a.StartFenceFirst(Conf.File(
            definitions, new Conf(lab.Virtual) { Extra = "    nopreempt\n" }, new Conf(lab.SecondVirtual) { Name = "VI_2", Vrid = 52, Extra = "    nopreempt\n" }));
        await daemon.WaitForLogAsync("fence b started");
        (int status, string words) = await Verb.RunAsync(a, "status", "VI_2");
        Assert.Equal(0, status);
        Assert.Contains("step 2 of 2: fence b runs", words);
        a.WriteFile("go", "");
        await daemon.WaitForLogAsync("promotion: failed at");
        (status, words) = await Verb.RunAsync(a, "status", "VI_2");
        Assert.Equal(1, status);
        Assert.Contains("1 failed in a row; no promotion before", words);
        (status, words) = await Verb.RunAsync(a, "confirm", "VI_2", "--target", "10.77.0.2", "--i-have-checked");
        Assert.True(status == 0, words);
        await a.WaitForAddressAsync(lab.SecondVirtual);
    }

    private async Task MoveAsync(Func<Node, string, Daemon> startA, Func<Node, string, Daemon> startB)
    {
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog log = lab.OpenScriptLog();
        string gate = a.WriteFile("gate", "0\n");
        IPAddress[] both = [lab.Virtual, lab.SecondVirtual];
        Daemon daemonA = startA(a, File(lab, a, log, 150, $"track_file gate {{\n    file {gate}\n    weight 0\n}}\n", "    track_file {\n        gate\n    }\n"));
        await log.WaitForAsync("a GROUP G MASTER 0");
        Daemon pipe = a.Start("pipe", "cat", a.Folder + "/pipe");
        startB(b, File(lab, b, log, 100, "", ""));
        await log.WaitForAsync("b GROUP G BACKUP 0");

        // A fault of one member: both addresses go, and come to the peer.
        a.WriteFile("gate", "1\n");
        await log.WaitForAsync("a GROUP G FAULT 0");
        await log.WaitForAsync("b GROUP G MASTER 0");
        foreach (IPAddress address in both)
        {
            await b.WaitForAddressAsync(address);
            await a.WaitForNoAddressAsync(address);
        }

        // The cause goes: the better priority takes both back.
        a.WriteFile("gate", "0\n");
        await log.WaitForAsync("a GROUP G MASTER 0", occurrence: 2);
        await log.WaitForAsync("b GROUP G BACKUP 0", occurrence: 2);
        foreach (IPAddress address in both)
        {
            await a.WaitForAddressAsync(address);
            await b.WaitForNoAddressAsync(address);
        }

        Assert.Equal(0, await daemonA.StopAsync());
        await log.WaitForAsync("b GROUP G MASTER 0", occurrence: 2);

        // Instances before their group, except at the start, where it is the other way round. Which member is first is keepalived's own matter.
        await pipe.WaitForLogAsync("GROUP \"G\" STOP 0");
        string[] lines = [.. pipe.Log.Lines.Select(line => line.Text)];
        Assert.Equal("GROUP \"G\" BACKUP 0", lines[0]);
        foreach (string state in (string[])["BACKUP", "MASTER", "FAULT", "BACKUP", "MASTER", "STOP"])
        {
            string[] part = lines[..3];
            lines = lines[3..];
            Assert.Equal([$"GROUP \"G\" {state} 0", $"INSTANCE \"VI_1\" {state} 150", $"INSTANCE \"VI_2\" {state} 150"], part.Order(StringComparer.Ordinal));
            Assert.True(state == "BACKUP" && lines.Length == 15 ? part[0].StartsWith("GROUP", StringComparison.Ordinal) : part[2].StartsWith("GROUP", StringComparison.Ordinal), string.Join('\n', part));
        }

        Assert.Empty(lines);
    }

    private static string File(Lab lab, Node node, ScriptLog log, int priority, string definitions, string extra)
    {
        string tell = node.WriteScript("tell.sh", $"note {node.Name} $*", log);
        string group = $"vrrp_sync_group G {{\n    group {{\n        VI_1\n        VI_2\n    }}\n    notify {tell}\n}}\n";
        Conf first = new(lab.Virtual) { Priority = priority, Extra = $"    notify {tell}\n" };
        Conf second = new(lab.SecondVirtual) { Name = "VI_2", Vrid = 52, Priority = priority, Extra = $"    notify {tell}\n{extra}" };
        return Conf.File($"global_defs {{\n    vrrp_notify_fifo {node.Folder}/pipe\n}}\n" + definitions + group, first, second);
    }
}
