using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>docs/tracking.md: whatever a check script does, it succeeds with exit status 0 in time or it has failed, and nobody else is disturbed.</summary>
public sealed class BadCheckScriptTests(ITestOutputHelper output)
{
    private static readonly TimeSpan GapMax = TimeSpan.FromSeconds(1);

    [NeedsFact("fencefirst")]
    public async Task Every_way_to_misbehave_is_a_failure_and_the_next_good_run_heals()
    {
        // VI_1 tracks the script, VI_2 does not: its adverts show whether anything was held up.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        const int second = 52;
        Capture capture = await lab.CaptureAsync();
        a.WriteFile("mode", "ok");
        string body =
            $"""
            case $(cat '{a.Folder}/mode') in
            forever) trap '' TERM; while :; do sleep 0.1; done ;;
            flood) head -c 100000000 /dev/zero; exit 1 ;;
            closed) exec 0<&- 1>&- 2>&-; exit 1 ;;
            fork) sleep 3 & exit 1 ;;
            forkgood) sleep 3 & exit 0 ;;
            signal) kill -SEGV $$ ;;
            esac
            exit 0
            """;
        string script = a.WriteScript("check.sh", body);
        Daemon daemon = a.StartFenceFirst(Conf.File(
            $"vrrp_script check {{\n    script \"{script}\"\n    interval 0.5\n}}\n",
            new Conf(lab.Virtual) { Extra = "    track_script {\n        check\n    }\n" },
            new Conf(lab.SecondVirtual) { Name = "VI_2", Vrid = second }));
        await a.WaitForAddressAsync(lab.Virtual);
        await a.WaitForAddressAsync(lab.SecondVirtual);
        DateTime from = DateTime.UtcNow;
        foreach ((string mode, string reason) in new[]
                 {
                     ("forever", "timed out"), ("flood", "exited with status 1"), ("closed", "exited with status 1"), ("fork", "exited with status 1"),
                     ("signal", "killed by signal 11"), ("gone", "could not be started: No such file or directory"),
                 })
        {
            int mark = daemon.Log.Mark;
            if (mode == "gone")
            {
                File.Delete(script);
            }
            a.WriteFile("mode", mode);
            await daemon.WaitForLogAsync($"VRRP_Script(check) failed ({reason}", 10, mark);
            await daemon.WaitForLogAsync("(VI_1) Entering FAULT STATE", 10, mark);
            await a.WaitForNoAddressAsync(lab.Virtual);
            a.WriteFile("mode", "ok");
            a.WriteScript("check.sh", body);
            await daemon.WaitForLogAsync("VRRP_Script(check) succeeded", 10, mark);
            await a.WaitForAddressAsync(lab.Virtual);
        }

        // What a good script leaves behind is its own affair: the exit status is the answer.
        int last = daemon.Log.Mark;
        a.WriteFile("mode", "forkgood");
        await lab.WhileAsync(() => daemon.Log.Find("VRRP_Script(check)", last) is null, 2, "good");
        Frame.Vrrp end = await capture.WaitForAdvertAsync(a, _ => true, "anything", vrid: second, from: DateTime.UtcNow);
        TimeSpan gap = capture.LargestGap(a, second, from, end.At);
        Assert.True(gap < GapMax, $"VI_2 was silent for {gap.TotalSeconds} s");
        Assert.Null(daemon.Log.Find("(VI_2) Entering FAULT STATE"));
        Assert.Equal(0, await daemon.StopAsync());
    }
}
