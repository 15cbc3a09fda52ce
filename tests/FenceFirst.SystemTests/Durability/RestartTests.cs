using System.Text.RegularExpressions;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>docs/promotion.md 9: what a killed daemon leaves to its next life.</summary>
public sealed class RestartTests(ITestOutputHelper output)
{
    [NeedsTheory("fencefirst")]
    [InlineData("sleep 30 & wait", 2)]
    [InlineData("trap '' TERM; while :; do sleep 0.1; done", 4)]
    public async Task A_fence_that_outlives_the_daemon_is_ended_before_the_next_one_starts(string body, double seconds)
    {
        // SIGKILL to the daemon only, its fence script lives on (one of them ignores SIGTERM). The next life ends it, waits for its end, waits its pause out, and
        // fences anew under a greater number. A lock that only a living script holds shows that the two never ran beside each other.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog scripts = lab.OpenScriptLog();
        string running = $$"""
            grep -q "\"attempt\":$FENCEFIRST_ATTEMPT," '{{b.Folder}}/state/state.json' && note remembered $FENCEFIRST_ATTEMPT
            exec 9> '{{b.Folder}}/alive'
            flock -n 9 || note beside another one
            note begin $FENCEFIRST_ATTEMPT $$
            """;
        b.WriteScript("fence.sh", running + "\n" + body.Replace("sleep", "sleep 9>&-", StringComparison.Ordinal), scripts);
        string text = Conf.File(Promotion.Device(Path.Combine(b.Folder, "fence.sh"), 60, a), new Conf(lab.Virtual) { Extra = Promotion.Fence(1) });
        Daemon first = b.StartFenceFirst(text);
        int script = int.Parse((await scripts.WaitForAsync("begin", 15)).Text.Split(' ')[2]);
        first.Send(Signal.Kill);
        await first.WaitForExitAsync();
        Assert.True(Native.IsAlive(script), "the script ended with the daemon");

        b.WriteScript("fence.sh", running + "\nexit 0", scripts);
        Daemon second = b.StartFenceFirst(text);
        await second.WaitForLogAsync($"process {script} of attempt 1, which an earlier run of the daemon started, still runs");
        Seen ended = await second.WaitForLogAsync("attempt 1 of an earlier run of the daemon has ended", seconds + 5);
        Assert.False(Native.IsAlive(script));
        await b.WaitForAddressAsync(lab.Virtual);
        ScriptLine[] begun = [.. scripts.Lines.Where(line => line.Text.StartsWith("begin", StringComparison.Ordinal))];
        Assert.Equal(2, begun.Length);
        Assert.True(begun[1].At > ended.At);
        Assert.True(int.Parse(begun[1].Text.Split(' ')[1]) > 1, "the number was used again");
        Assert.Equal(2, scripts.Count("remembered"));
        Assert.Equal(0, scripts.Count("beside"));
    }

    [NeedsFact("fencefirst")]
    public async Task A_fence_is_found_although_its_process_was_never_written_down()
    {
        // The daemon died between the start of the script and the note of its process, or its file was damaged. The script's own environment tells, once for
        // either case; another program with the same environment, a server that the fence would have left behind, is not touched.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog scripts = lab.OpenScriptLog();
        string server = b.WriteScript("server.sh", "note server $$\nexec sleep 60", scripts);
        string fence = b.WriteScript("fence.sh", $"note begin $FENCEFIRST_ATTEMPT $$\nsetsid {server} &\nsleep 30 & wait", scripts);
        string text = Conf.File(Promotion.Device(fence, 60, a), new Conf(lab.Virtual) { Extra = Promotion.Fence(1) });
        string file = Path.Combine(b.Folder, "state", "state.json");
        for (int life = 1; life <= 3; life++)
        {
            Daemon daemon = b.StartFenceFirst(text);
            ScriptLine begun = await scripts.WaitForAsync("begin", 15, life);
            await scripts.WaitForAsync("server", 5, life);
            await lab.UntilAsync(() => File.ReadAllText(file).Contains("started_ticks", StringComparison.Ordinal), 5, "the process to be written down");
            daemon.Send(Signal.Kill);
            await daemon.WaitForExitAsync();
            string line = File.ReadAllText(file).Split('\n')[0];
            File.WriteAllText(file, life == 1 ? Summed(Regex.Replace(line, ",\"pid\":[0-9]*,\"started_ticks\":[0-9]*", "")) : "damage");
            if (life == 3)
            {
                break;
            }

            string pid = begun.Text.Split(' ')[2];
            Daemon next = b.StartFenceFirst(text);
            await next.WaitForLogAsync(life == 1 ? "was under way when the daemon ended" : "cannot be used: it is not whole");
            await next.WaitForLogAsync($"process {pid} of attempt {begun.Text.Split(' ')[1]}");
            await lab.UntilAsync(() => !Native.IsAlive(int.Parse(pid)), 5, "the old fence to be ended");
            next.Send(Signal.Kill);
            await next.WaitForExitAsync();
        }

        Assert.All(scripts.Lines.Where(line => line.Text.StartsWith("server", StringComparison.Ordinal)), line => Assert.True(Native.IsAlive(int.Parse(line.Text.Split(' ')[1])), "a server was ended"));
        string[] numbers = [.. scripts.Lines.Where(line => line.Text.StartsWith("begin", StringComparison.Ordinal)).Select(line => line.Text.Split(' ')[1])];
        Assert.Equal(numbers.Select(int.Parse).Order(), numbers.Select(int.Parse));
        Assert.Equal(numbers.Distinct(), numbers);
    }

    [NeedsFact("fencefirst")]
    public async Task Maintenance_survives_the_daemon()
    {
        // SIGKILL while maintenance is on: the next life is in maintenance before it listens, and takes nothing although nobody is master.
        await using Lab lab = await Lab.OpenAsync(output, "b");
        Node b = lab["b"];
        string text = Conf.File(new Conf(lab.Virtual)), socket = Path.Combine(b.Folder, "fencefirst.sock");
        Daemon daemon = b.StartFenceFirst(text);
        await b.WaitForAddressAsync(lab.Virtual);
        await b.RunAsync(Needs.FenceFirst, "maintenance", "on", "--for", "2h", "--socket", socket);
        await lab.UntilAsync(() => File.ReadAllText(Path.Combine(b.Folder, "state", "state.json")).Contains("\"until\"", StringComparison.Ordinal), 5, "maintenance to be written down");
        daemon.Send(Signal.Kill);
        await daemon.WaitForExitAsync();
        daemon = b.StartFenceFirst(text);
        Seen on = await daemon.WaitForLogAsync("MAINTENANCE is on");
        Seen heldBack = await daemon.WaitForLogAsync("no promotion starts for another 119 min");
        Assert.True(on.At < heldBack.At);
        Assert.False(b.Holds(lab.Virtual));
        await b.RunAsync(Needs.FenceFirst, "maintenance", "off", "--socket", socket);
        await b.WaitForAddressAsync(lab.Virtual);
        Assert.Equal(0, await daemon.StopAsync());
    }

    [NeedsFact("fencefirst")]
    public async Task Failures_and_the_fault_after_them_survive_the_daemon()
    {
        // retry_after 60: a killed daemon's next life goes on waiting, a stopped one's as well. on_failure fault: it stays down until retry.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog scripts = lab.OpenScriptLog();
        string fence = b.WriteScript("fence.sh", "note fence\nexit 1", scripts);
        string text = Conf.File(Promotion.Device(fence, 5, a), new Conf(lab.Virtual) { Extra = Promotion.Fence(60) });
        Daemon daemon = b.StartFenceFirst(text);
        await daemon.WaitForLogAsync("next try in 60 s", 15);
        await lab.UntilAsync(() => File.ReadAllText(Path.Combine(b.Folder, "state", "state.json")).Contains("\"failed_promotions\":1", StringComparison.Ordinal), 5, "the failure to be written down");
        daemon.Send(Signal.Kill);
        await daemon.WaitForExitAsync();
        daemon = b.StartFenceFirst(text);
        await daemon.WaitForLogAsync("1 promotion in a row had failed before the daemon ended; next try in ");
        await daemon.WaitForLogAsync("promotion: the last one failed, next try in ", 10);
        Assert.Equal(0, await daemon.StopAsync());
        daemon = b.StartFenceFirst(text);
        await daemon.WaitForLogAsync("1 promotion in a row had failed before the daemon ended; next try in ");
        await daemon.StopAsync();
        Assert.Equal(1, scripts.Count("fence"));

        string faulting = Conf.File(Promotion.Device(fence, 5, a), new Conf(lab.Virtual) { Extra = "    promotion {\n        fence peers\n        on_failure fault\n    }\n" });
        daemon = b.StartFenceFirst(faulting);
        await daemon.WaitForLogAsync("Entering BACKUP STATE");
        Assert.Equal(0, (await b.TryRunAsync(Needs.FenceFirst, "retry", "VI_1", "--socket", Path.Combine(b.Folder, "fencefirst.sock"))).Status);
        await daemon.WaitForLogAsync("Entering FAULT STATE", 15);
        await lab.UntilAsync(() => File.ReadAllText(Path.Combine(b.Folder, "state", "state.json")).Contains("\"fault\":true", StringComparison.Ordinal), 5, "the fault to be written down");
        daemon.Send(Signal.Kill);
        await daemon.WaitForExitAsync();
        daemon = b.StartFenceFirst(faulting);
        await daemon.WaitForLogAsync("Entering FAULT STATE: a promotion failed and on_failure fault is configured");
        Assert.Equal(2, scripts.Count("fence"));
    }

    [NeedsFact("fencefirst")]
    public async Task Addresses_routes_and_rules_of_a_killed_daemon_are_removed_first()
    {
        // Everything that a Master adds, left by SIGKILL. The next life removes it before its first advert; what an administrator has added beside stays.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"];
        string own = lab.Virtual.ToString().Replace(".100", "", StringComparison.Ordinal);
        string extra = $"    virtual_ipaddress_excluded {{\n        {lab.Virtual6}/64\n    }}\n"
            + $"    virtual_routes {{\n        192.0.2.0/24 via {own}.9 dev eth0\n        198.51.100.0/24 dev eth0 table 77\n    }}\n"
            + "    virtual_rules {\n        from 192.0.2.0/24 table 77 priority 7777\n    }\n";
        string text = Conf.File(new Conf(lab.Virtual) { Extra = extra });
        await a.RunAsync("ip", "route", "add", "203.0.113.0/24", "via", own + ".9");
        await a.RunAsync("ip", "rule", "add", "from", "203.0.113.0/24", "table", "78", "priority", "7778");
        Daemon daemon = a.StartFenceFirst(text);
        await lab.UntilAsync(() => a.Holds(lab.Virtual) && a.Holds(lab.Virtual6), 10, "both addresses");
        await WaitForRoutingAsync(a, lab, isThere: true);
        daemon.Send(Signal.Kill);
        await daemon.WaitForExitAsync();
        await WaitForRoutingAsync(a, lab, isThere: true);
        Capture capture = await lab.CaptureAsync();
        DateTime started = DateTime.UtcNow;
        daemon = a.StartFenceFirst(text);
        await daemon.WaitForLogAsync("Entering BACKUP STATE");
        await WaitForRoutingAsync(a, lab, isThere: false);
        await lab.UntilAsync(() => daemon.Log.Count("was left by an earlier run: removed") >= 5, 10, "the removals to be told of");
        foreach (string what in new[] { $"{lab.Virtual}/24 on eth0", $"{lab.Virtual6}/64 on eth0", "route 192.0.2.0/24", "route 198.51.100.0/24", "rule 7777" })
        {
            Assert.NotNull(daemon.Log.Find($"{what}"));
        }

        Assert.Equal(5, daemon.Log.Count("was left by an earlier run: removed"));
        Assert.Contains("203.0.113.0/24", await a.RunAsync("ip", "route"));
        Assert.Contains("7778", await a.RunAsync("ip", "rule"));
        DateTime removed = await a.WaitForNoAddressAsync(lab.Virtual);
        Frame.Vrrp advert = await capture.WaitForAdvertAsync(a, _ => true, "an advert of the next life", from: started);
        Assert.True(removed < advert.At);
    }

    [NeedsFact("fencefirst")]
    public async Task Two_daemons_with_one_state_directory_are_refused()
    {
        // The second one says whose the directory is and ends with 1; the first goes on and its files are whole.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        Daemon first = a.StartFenceFirst(Conf.File(new Conf(lab.Virtual)));
        await first.WaitForLogAsync("Entering MASTER STATE");
        string file = b.WriteFile("fencefirst.conf", Conf.File(new Conf(lab.SecondVirtual) { Vrid = 52 }));
        Daemon second = b.Start("fencefirst", Needs.FenceFirst, "run", "-f", file, "--state-dir", Path.Combine(a.Folder, "state"), "--socket", Path.Combine(b.Folder, "fencefirst.sock"));
        Assert.Equal(1, await second.WaitForExitAsync());
        Assert.NotNull(second.Log.Find($"is used by another daemon, process {first.Id}"));
        Assert.NotNull(second.Log.Find("--state-dir"));
        Assert.False(first.HasExited);
        Assert.Equal(0, await first.StopAsync());
    }

    private static async Task WaitForRoutingAsync(Node node, Lab lab, bool isThere)
    {
        // Dumps are asked for until they say so: routes have no observer here.
        for (int round = 0; round < 1000; round++)
        {
            string routes = await node.RunAsync("ip", "route", "show", "table", "all"), rules = await node.RunAsync("ip", "rule");
            bool[] each = [routes.Contains("192.0.2.0/24", StringComparison.Ordinal), routes.Contains("198.51.100.0/24", StringComparison.Ordinal), rules.Contains("7777", StringComparison.Ordinal)];
            if (each.All(one => one == isThere))
            {
                return;
            }
        }

        throw lab.Failure($"The routes and the rule should be {(isThere ? "there" : "gone")}.");
    }

    // FNV-1a, as the file's own checksum.
    private static string Summed(string json)
    {
        ulong sum = 0xcbf29ce484222325;
        foreach (byte each in System.Text.Encoding.UTF8.GetBytes(json))
        {
            sum = unchecked((sum ^ each) * 0x100000001b3);
        }

        return $"{json}\n{sum:x16}\n";
    }
}
