using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>Notify scripts: one at a time, in order, the newest state last; and scripts that misbehave.</summary>
public sealed class NotifyScriptTests(ITestOutputHelper output)
{
    [NeedsTheory("fencefirst")]
    [InlineData("no", false)]
    [InlineData("yes", true)]
    public Task Our_scripts_run_one_after_the_other_unless_told_otherwise(string parallel, bool isMixed) =>
        TellAsync((node, conf) => node.StartFenceFirst(conf), $"    notify_parallel {parallel}\n", isMixed);

    [NeedsFact("keepalived")]
    public Task The_scripts_of_keepalived_run_beside_each_other() => TellAsync((node, conf) => node.StartKeepalived(conf), "", isMixed: true);

    [NeedsFact("fencefirst")]
    public async Task Scripts_and_steps_have_the_groups_of_their_user()
    {
        // The daemon sees another /etc/group. What a program says is in the log.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        string groups = a.WriteFile("group", File.ReadAllText("/etc/group") + "ff-test:x:4711:nobody\n");
        string run = a.WriteScript("run.sh", "echo \"step $(/usr/bin/id -G)\"");
        string notify = a.WriteScript("notify.sh", "echo \"told $(/usr/bin/id -G)\"");
        Daemon daemon = a.StartFenceFirst(
            Conf.File("global_defs {\n    set_supplementary_groups\n}\n", new Conf(lab.Virtual) { Extra = $"    promotion {{\n        run {run} user nobody\n    }}\n    notify_master {notify} nobody\n" }),
            ["unshare", "-m", "sh", "-c", $"mount --bind {groups} /etc/group && exec \"$@\"", "sh"]);
        await daemon.WaitForLogAsync("step 65534 4711");
        await daemon.WaitForLogAsync("told 65534 4711");
    }

    private async Task TellAsync(Func<Node, string, Daemon> start, string extra, bool isMixed)
    {
        // Every script takes a second; three changes follow each other faster. Both of one event, and those of several events, must not mix.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        ScriptLog log = lab.OpenScriptLog();
        string gate = a.WriteFile("gate", "0\n");
        string own = a.WriteScript("own.sh", "note begin own $1 ${FENCEFIRST_GENERATION:-0}\nsleep 1\nnote end own $1", log);
        string any = a.WriteScript("any.sh", "note begin any $3 ${FENCEFIRST_GENERATION:-0}\nsleep 1\nnote end any $3", log);
        Daemon daemon = start(a, Conf.File(
            $"track_file gate {{\n    file {gate}\n    weight 0\n}}\n",
            new Conf(lab.Virtual)
            {
                Extra = $"    track_file {{\n        gate\n    }}\n    notify_master \"{own} MASTER\"\n    notify_backup \"{own} BACKUP\"\n    notify_fault \"{own} FAULT\"\n    notify {any}\n{extra}",
            }));
        await log.WaitForAsync("begin own MASTER");
        await daemon.WaitForLogAsync("Entering MASTER STATE");
        int mark = daemon.Log.Mark;
        a.WriteFile("gate", "1\n");
        await daemon.WaitForLogAsync("Entering FAULT STATE", 5, mark);
        a.WriteFile("gate", "0\n");
        await daemon.WaitForLogAsync("Entering BACKUP STATE", 5, mark);
        mark = daemon.Log.Mark;
        a.WriteFile("gate", "1\n");
        await daemon.WaitForLogAsync("Entering FAULT STATE", 5, mark);
        await log.WaitForAsync("end any FAULT", 15, occurrence: isMixed ? 2 : 1);

        string[] lines = [.. log.Lines.Select(line => line.Text)];
        int running = 0, most = 0;
        foreach (string line in lines)
        {
            running += line.StartsWith("begin", StringComparison.Ordinal) ? 1 : -1;
            most = Math.Max(most, running);
        }
        if (isMixed)
        {
            Assert.True(most > 1, "nothing ran at the same time");
            return;
        }
        Assert.Equal(1, most);
        Assert.Equal("end any FAULT", lines[^1]);
        ulong[] generations = [.. lines.Where(line => line.StartsWith("begin", StringComparison.Ordinal)).Select(line => ulong.Parse(line.Split(' ')[3]))];
        Assert.Equal(generations.Order(), generations);
        Assert.True(generations[0] > 0);
    }

    [NeedsFact("fencefirst")]
    public async Task A_script_that_never_ends_gives_way_when_a_newer_state_waits()
    {
        // Alone it may run as long as it likes. Then it has notify_timeout, and SIGTERM, which it ignores, and 2 s later SIGKILL.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        ScriptLog log = lab.OpenScriptLog();
        string gate = a.WriteFile("gate", "0\n");
        string stubborn = a.WriteScript("stubborn.sh", "note stubborn\ntrap '' TERM\nwhile :; do sleep 0.2; done", log);
        string fault = a.WriteScript("fault.sh", "note fault; echo some output; exit 3", log);
        Daemon daemon = a.StartFenceFirst(Conf.File(
            $"global_defs {{\n    notify_timeout 1\n}}\ntrack_file gate {{\n    file {gate}\n    weight 0\n}}\n",
            new Conf(lab.Virtual) { Extra = $"    track_file {{\n        gate\n    }}\n    notify_master {stubborn}\n    notify_fault {fault}\n" }));
        await log.WaitForAsync("stubborn");
        int mark = daemon.Log.Mark;
        await lab.WhileAsync(() => daemon.Log.Find("notify_timeout", mark) is null, 2, "nobody waits, so nobody is ended");
        a.WriteFile("gate", "1\n");
        DateTime faulted = (await daemon.WaitForLogAsync("Entering FAULT STATE", 5, mark)).At;
        await daemon.WaitForLogAsync("has kept the script of a newer state waiting for 1 s (notify_timeout): it is told to end", 5, mark);
        ScriptLine ran = await log.WaitForAsync("fault");
        Assert.InRange((ran.At - faulted).TotalSeconds, 2.5, 20);
        await daemon.WaitForLogAsync("fault.sh exited with status 3", 5, mark);
        await daemon.WaitForLogAsync("(VI_1) fault.sh: some output", 5, mark);
    }

    [NeedsFact("fencefirst")]
    public async Task Whatever_a_notify_script_does_the_next_one_runs_and_nobody_is_held_up()
    {
        // Each Fault runs a script that does something else; notify_backup follows every time, in the same line.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        ScriptLog log = lab.OpenScriptLog();
        Capture capture = await lab.CaptureAsync();
        string gate = a.WriteFile("gate", "0\n");
        string body =
            $"""
            mode=$(cat '{a.Folder}/mode')
            note $mode
            case $mode in
            fork) sleep 60 & ;;
            flood) head -c 100000000 /dev/zero ;;
            closed) exec 0<&- 1>&- 2>&- ;;
            esac
            """;
        string fault = a.WriteScript("fault.sh", body, log), backup = a.WriteScript("backup.sh", "note backup", log);
        const int second = 52;
        Daemon daemon = a.StartFenceFirst(Conf.File(
            $"track_file gate {{\n    file {gate}\n    weight 0\n}}\n",
            new Conf(lab.Virtual) { Extra = $"    track_file {{\n        gate\n    }}\n    notify_fault {fault}\n    notify_backup {backup}\n" },
            new Conf(lab.SecondVirtual) { Name = "VI_2", Vrid = second }));
        await a.WaitForAddressAsync(lab.SecondVirtual);
        DateTime from = DateTime.UtcNow;
        int backups = 1;
        foreach (string mode in (string[])["fork", "flood", "closed", "gone"])
        {
            int mark = daemon.Log.Mark;
            a.WriteFile("mode", mode);
            if (mode == "gone")
            {
                File.Delete(fault);
            }
            a.WriteFile("gate", "1\n");
            if (mode == "gone")
            {
                await daemon.WaitForLogAsync("fault.sh could not be started", 5, mark);
            }
            else
            {
                await log.WaitForAsync(mode);
            }
            a.WriteFile("gate", "0\n");
            await log.WaitForAsync("backup", occurrence: ++backups);
        }
        DateTime to = (await capture.WaitForAdvertAsync(a, _ => true, "anything", vrid: second, from: DateTime.UtcNow)).At;
        TimeSpan gap = capture.LargestGap(a, second, from, to);
        Assert.True(gap < TimeSpan.FromSeconds(1), $"VI_2 was silent for {gap.TotalSeconds} s");
        Assert.Equal(0, await daemon.StopAsync());
    }

    [NeedsFact("fencefirst")]
    public Task Our_notify_stop_has_its_time() => TellStopAsync((node, conf) => node.StartFenceFirst(conf), isEnding: true);

    [NeedsFact("keepalived")]
    public Task The_notify_stop_of_keepalived_has_one_second() => TellStopAsync((node, conf) => node.StartKeepalived(conf), isEnding: false);

    private async Task TellStopAsync(Func<Node, string, Daemon> start, bool isEnding)
    {
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        ScriptLog log = lab.OpenScriptLog();
        string stop = a.WriteScript("stop.sh", $"note begin $(ip -o addr show | grep -c '{lab.Virtual}/')\nsleep 3\nnote end", log);
        Daemon daemon = start(a, Conf.File(new Conf(lab.Virtual) { Extra = $"    notify_stop {stop}\n" }));
        await a.WaitForAddressAsync(lab.Virtual);
        await daemon.StopAsync(15);
        Assert.Equal("begin 0", log.Lines[0].Text);
        Assert.Equal(isEnding ? 1 : 0, log.Count("end"));
    }

    [NeedsFact("fencefirst")]
    public async Task A_stop_waits_for_its_scripts_only_so_long()
    {
        // notify_master never ends and is told to end after half of the bound; notify_stop never ends either and is killed with the bound.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        ScriptLog log = lab.OpenScriptLog();
        string master = a.WriteScript("master.sh", "note master\nexec sleep 1000", log);
        string stop = a.WriteScript("stop.sh", "note stop\ntrap '' TERM\nwhile :; do sleep 0.2; done", log);
        Daemon daemon = a.StartFenceFirst(Conf.File(
            "global_defs {\n    notify_stop_timeout 4\n}\n", new Conf(lab.Virtual) { Extra = $"    notify_master {master}\n    notify_stop {stop}\n" }));
        await log.WaitForAsync("master");
        DateTime asked = DateTime.UtcNow;
        Assert.Equal(0, await daemon.StopAsync(15));
        Assert.InRange((DateTime.UtcNow - asked).TotalSeconds, 3.5, 30);
        Assert.Equal(1, log.Count("stop"));
        Assert.NotNull(daemon.Log.Find("notify scripts still run after 4 s (notify_stop_timeout); they are killed"));
    }

    [NeedsFact("keepalived", "fencefirst")]
    public async Task After_a_won_conflict_notify_master_runs_once_more()
    {
        // No advert gets through for a while: both are master, and the other one's script takes what cannot be held twice. Healed right after an
        // advert of ours, so that the other one's, five times as frequent, are heard before it hears us and yields.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog log = lab.OpenScriptLog();
        string ours = a.WriteScript("ours.sh", "note ours $1", log), theirs = b.WriteScript("theirs.sh", "note theirs", log);
        Capture capture = await lab.CaptureAsync();
        Daemon daemon = a.StartFenceFirst(Conf.File(new Conf(lab.Virtual)
        {
            Priority = 150,
            Interval = "1",
            Extra = $"    notify_master \"{ours} master\"\n    notify_master_rx_lower_pri \"{ours} lower\"\n    reassert yes\n",
        }));
        await log.WaitForAsync("ours master");
        Daemon other = b.StartKeepalived(Conf.File(new Conf(lab.Virtual) { Extra = $"    notify_master {theirs}\n" }));
        await other.WaitForLogAsync("(VI_1) Entering BACKUP STATE");
        await lab.CutAdvertsAsync();
        await log.WaitForAsync("theirs");
        await capture.WaitForAdvertAsync(a, _ => true, "our advert", from: DateTime.UtcNow);
        await lab.HealAsync();
        await log.WaitForAsync("ours lower");
        ScriptLine again = await log.WaitForAsync("ours master", occurrence: 2);
        Assert.True(again.At > log.Lines.Last(line => line.Text == "theirs").At);
        await daemon.WaitForLogAsync("has yielded: the addresses are announced and notify_master runs once more (reassert)");
        Assert.NotEmpty(capture.Announcements(lab.Virtual));
        await lab.WhileAsync(() => log.Count("ours master") == 2, 2, "only once");
    }
}
