using System.Text.Json;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>A fence device is proved, and watched, before the night in which it is needed: a simulated board with the real agent, and agents that fail.</summary>
public sealed class FenceTestTests(ITestOutputHelper output)
{
    private const string Sure = "--i-know-this-powers-off-the-target";

    [NeedsFact("fencefirst", "fence_ipmilan", "ipmitool", "ipmi_sim")]
    public async Task A_board_is_asked_and_then_really_switches_off()
    {
        // The question switches nothing; a test without consent neither; the test with it takes the power from node a and its own status proves it.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog scripts = lab.OpenScriptLog();
        Bmc bmc = await Bmc.StartAsync(b, a, scripts);
        string text = Conf.File(bmc.Device(a), new Conf(lab.Virtual) { Extra = Promotion.Fence(30) });
        string file = b.WriteFile("alone.conf", text);
        (int status, string words) = await Verb.RunAsync(b, "fence-test", "peers", "--status-only", "-f", file);
        Assert.True(status == 0, words);
        Assert.Contains("the device answers: the target is on", words);

        a.StartFenceFirst(Conf.File(new Conf(lab.Virtual) { Priority = 150 }));
        await a.WaitForAddressAsync(lab.Virtual);
        Daemon standby = b.StartFenceFirst(text);
        await standby.WaitForLogAsync($"master is {a.Address}");
        (status, words) = await Verb.RunAsync(b, "fence-test", "peers", "--status-only", "--json");
        Assert.True(status == 0, words);
        Assert.Equal("succeeded", JsonDocument.Parse(words).RootElement.GetProperty("state").GetString());
        (status, words) = await Verb.RunAsync(b, "fence-test", "peers");
        Assert.Equal(1, status);
        Assert.Contains("takes the power from " + a.Address, words);
        Assert.Contains("is the master of VI_1 NOW", words);
        Assert.Contains(Sure, words);
        (status, words) = await Verb.RunAsync(b, "fence-test", "peers", Sure, "-f", file);
        Assert.Equal(1, status);
        Assert.Contains("a daemon answers", words);
        Assert.True(bmc.IsOn);
        Assert.Equal(0, scripts.Count("set power"));
        Assert.True(a.Holds(lab.Virtual));

        (status, words) = await Verb.RunAsync(b, "fence-test", "peers", Sure);
        Assert.True(status == 0, words);
        Assert.Contains("the target was switched off, and its status says off", words);
        Assert.False(bmc.IsOn);
        Assert.False(a.Holds(lab.Virtual));
        string journal = await Verb.JournalAsync(b);
        Assert.Contains("asks: fence-test peers " + Sure, journal);
        Assert.Contains("fence_device peers: test good", journal);
        Assert.Null(standby.Log.Find(Bmc.Password));
        Assert.DoesNotContain(Bmc.Password, journal + words);
        await b.WaitForAddressAsync(lab.Virtual, 20);
    }

    [NeedsFact("keepalived", "fencefirst")]
    public async Task A_test_neither_runs_beside_a_fence_of_the_same_target_nor_of_a_script_that_is_only_asked()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog scripts = lab.OpenScriptLog();
        a.StartKeepalived(Conf.File(new Conf(lab.Virtual) { Priority = 150 }));
        await a.WaitForAddressAsync(lab.Virtual);
        string open = b.WriteFile("open-TEST", "");
        string fence = b.WriteScript("fence.sh", $"note fence $FENCEFIRST_STATE $FENCEFIRST_TARGETS\nwhile [ ! -e '{b.Folder}/open-'$FENCEFIRST_STATE ]; do sleep 0.05; done\nnote done\nexit 0", scripts);
        Daemon standby = b.StartFenceFirst(Conf.File(Promotion.Device(fence, 20, a), new Conf(lab.Virtual) { Extra = Promotion.Fence(60) }));
        await standby.WaitForLogAsync("(VI_1) Entering BACKUP STATE");
        (int status, string words) = await Verb.RunAsync(b, "fence-test", "peers", "--status-only");
        Assert.Equal(1, status);
        Assert.Contains("is a script, which cannot be asked", words);
        (status, words) = await Verb.RunAsync(b, "fence-test", "pears", Sure);
        Assert.Equal(1, status);
        Assert.Contains("there are peers", words);
        (status, words) = await Verb.RunAsync(b, "fence-test", "peers", Sure);
        Assert.True(status == 0, words);
        Assert.Equal(1, scripts.Count($"fence TEST {a.Address}"));

        // A test takes its time while the master is lost: the promotion's fence waits for it.
        File.Delete(open);
        await a.PowerOffAsync();
        Task<(int Status, string Output)> test = Verb.RunAsync(b, "fence-test", "peers", Sure);
        await standby.WaitForLogAsync("waits until the fence of the same target that is under way, another instance's or an operator's test, has answered", 15);
        Assert.Equal(0, scripts.Count("fence PROMOTING"));
        b.WriteFile("open-TEST", "");
        (status, words) = await test;
        Assert.True(status == 0, words);
        await scripts.WaitForAsync("fence PROMOTING", 10);

        // And the other way round: while the promotion fences, no test begins.
        (status, words) = await Verb.RunAsync(b, "fence-test", "peers", Sure);
        Assert.Equal(1, status);
        Assert.Contains("is being fenced just now", words);
        b.WriteFile("open-PROMOTING", "");
        await b.WaitForAddressAsync(lab.Virtual, 15);
        Assert.Equal(2, scripts.Count("fence TEST"));
    }

    [NeedsFact("keepalived", "fencefirst")]
    public async Task A_question_is_given_up_when_the_target_is_fenced()
    {
        // An operator asks a board that does not answer; meanwhile the master is lost. The fence does not share the board with the question, which ends at once.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog scripts = lab.OpenScriptLog();
        a.StartKeepalived(Conf.File(new Conf(lab.Virtual) { Priority = 150 }));
        await a.WaitForAddressAsync(lab.Virtual);
        string agent = b.WriteScript("agent.sh", $"options=$(cat)\nnote agent $options\ncase $options in *action=off*) exit 0 ;; esac\nsleep 60\nexit 1", scripts);
        Daemon standby = b.StartFenceFirst(Conf.File(
            $"fence_device peers {{\n    agent {agent}\n    verify no\n    targets {a.Address}\n    delay 0\n    timeout 50\n}}\n", new Conf(lab.Virtual) { Extra = Promotion.Fence(30) }));
        await standby.WaitForLogAsync($"master is {a.Address}");
        Task<(int Status, string Output)> question = Verb.RunAsync(b, "fence-test", "peers", "--status-only");
        await scripts.WaitForAsync("action=monitor", 10);
        await a.PowerOffAsync();
        await b.WaitForAddressAsync(lab.Virtual, 15);
        (int status, string words) = await question;
        Assert.Equal(1, status);
        Assert.Contains("the question was given up: a target is being fenced", words);
    }

    [NeedsFact("fencefirst")]
    public async Task A_test_that_is_broken_off_ends_its_program_and_says_so()
    {
        // First by Ctrl-C where the command line does it alone, then by the stop of the daemon that does it. Nothing goes on fencing behind the operator's back.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog scripts = lab.OpenScriptLog();
        string fence = b.WriteScript("fence.sh", "trap 'note ended; exit 0' TERM\nnote begun\nsleep 60 &\nwait", scripts);
        string text = Conf.File(Promotion.Device(fence, 50, a), new Conf(lab.Virtual));
        string file = b.WriteFile("alone.conf", text);
        Daemon alone = b.Start("alone", Needs.FenceFirst, "fence-test", "peers", Sure, "-f", file, "--socket", Verb.SocketOf(b));
        await scripts.WaitForAsync("begun", 10);
        alone.Send(Signal.Int);
        Assert.Equal(130, await alone.WaitForExitAsync());
        Assert.NotNull(alone.Log.Find("whether the target is off is not known"));
        Assert.Equal(1, scripts.Count("ended"));

        Daemon daemon = b.StartFenceFirst(text);
        await daemon.WaitForLogAsync("Entering BACKUP STATE");
        Task<(int Status, string Output)> test = Verb.RunAsync(b, "fence-test", "peers", Sure);
        await scripts.WaitForAsync("begun", 10, 2);
        Assert.Equal(0, await daemon.StopAsync());
        Assert.Equal(2, scripts.Count("ended"));
        Assert.NotNull(daemon.Log.Find("fence_device peers: the test was ended after "));
        Assert.Contains("fence_device peers: the test was ended after ", await Verb.JournalAsync(b));
        Assert.NotEqual(0, (await test).Status);
    }

    [NeedsFact("fencefirst")]
    public async Task A_device_that_fails_is_told_of_before_it_is_needed_and_so_is_its_return()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog scripts = lab.OpenScriptLog();
        b.WriteFile("answer", "0");
        string agent = b.WriteScript("agent.sh", $"options=$(cat)\nnote agent $options\necho board says $(cat '{b.Folder}/answer')\nexit $(cat '{b.Folder}/answer')", scripts);
        Daemon daemon = b.StartFenceFirst(Conf.File(
            $"fence_device peers {{\n    agent {agent}\n    targets {a.Address}\n    monitor_interval 1\n    timeout 5\n}}\n", new Conf(lab.Virtual)));
        await daemon.WaitForLogAsync("fence_device peers: the device answers: the target is on");
        Assert.Equal(0, (await Verb.RunAsync(b, "status")).Status);
        b.WriteFile("answer", "1");
        Seen alarm = await daemon.WaitForLogAsync("ALARM: fence_device peers does not answer: the agent exited with status 1: board says 1");
        (int status, string words) = await Verb.RunAsync(b, "status");
        Assert.Equal(1, status);
        Assert.Contains("FAILING since", words);
        await scripts.WaitForAsync("action=status", 10, scripts.Count("action=status") + 3);
        Assert.Single(daemon.Log.Lines, line => line.Text.Contains("ALARM:", StringComparison.Ordinal));
        b.WriteFile("answer", "2");
        Seen again = await daemon.WaitForLogAsync("fence_device peers: the device answers: the target is off again");
        Assert.True(again.At > alarm.At);
        Assert.Equal(0, (await Verb.RunAsync(b, "status")).Status);
        Assert.Contains("ALARM: fence_device peers does not answer", await Verb.JournalAsync(b));
        Assert.Equal(0, scripts.Count("action=off"));
    }
}
