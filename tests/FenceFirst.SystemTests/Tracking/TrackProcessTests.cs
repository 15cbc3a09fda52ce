using System.Diagnostics;
using FenceFirst.Core.Tracking;
using FenceFirst.Linux.Processes;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>Tracked processes. keepalived hears of processes in the first network namespace only, so there is none beside; the rules are in its manual.</summary>
public sealed class TrackProcessTests(ITestOutputHelper output)
{
    [NeedsFact("fencefirst")]
    public async Task An_instance_follows_the_processes_it_tracks()
    {
        // In another network namespace the kernel tells no events: /proc is read every second. Weight 0 decides, a weight shifts.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        Capture capture = await lab.CaptureAsync();
        string program = Path.Combine(a.Folder, "lab_server");
        ProgramFile.Copy("/bin/sleep", program);
        Daemon daemon = a.StartFenceFirst(Conf.File(
            """
            vrrp_track_process server {
                process lab_server
            }
            vrrp_track_process twice {
                process lab_server
                quorum 2
                weight 10
            }
            vrrp_track_process exact {

            """ + $"    process {program} 1003\n    weight -5\n}}\n",
            new Conf(lab.Virtual) { Extra = "    track_process {\n        server\n        twice\n        exact\n    }\n" }));
        await daemon.WaitForLogAsync("(VI_1) Entering FAULT STATE");
        await daemon.WaitForLogAsync("/proc is read every second");
        Daemon first = a.Start("server", program, "1001");
        await a.WaitForAddressAsync(lab.Virtual);
        DateTime from = (await capture.WaitForAdvertAsync(a, each => each.Priority == 95, "priority 95")).At;
        Daemon second = a.Start("server", program, "1002");
        from = (await capture.WaitForAdvertAsync(a, each => each.Priority == 105, "priority 105", from: from)).At;
        Daemon third = a.Start("server", program, "1003");
        await capture.WaitForAdvertAsync(a, each => each.Priority == 110, "priority 110", from: from);

        int mark = daemon.Log.Mark;
        foreach (Daemon each in new[] { first, second, third })
        {
            each.Send(Signal.Kill);
        }
        await daemon.WaitForLogAsync("Quorum lost for tracked process server", 5, mark);
        await daemon.WaitForLogAsync("(VI_1) Entering FAULT STATE", 5, mark);
        await a.WaitForNoAddressAsync(lab.Virtual);
    }

    [NeedsFact]
    public async Task Processes_are_counted_by_name_and_by_command_line()
    {
        // Straight from the watcher, in this machine's first namespace, where the kernel tells events unless a container hides them.
        string folder = Directory.CreateTempSubdirectory("fencefirst-").FullName;
        string program = Path.Combine(folder, "ffwatched" + (Environment.ProcessId % 100_000));
        ProgramFile.Copy("/bin/sleep", program);
        string name = Path.GetFileName(program);
        ProcessPattern[] patterns =
        [
            new(new ProcessTracker("name", name)),
            new(new ProcessTracker("exact", program) { Parameters = ["1000"], Match = ParameterMatch.Exact, IsFullCommand = true }),
            new(new ProcessTracker("none", name + "x")),
        ];
        using ProcessWatcher watcher = new(patterns);
        int[] counts = [-1, -1, -1];
        async Task UntilAsync(int byName, int byLine)
        {
            Stopwatch time = Stopwatch.StartNew();
            while (counts[0] != byName || counts[1] != byLine || counts[2] != 0)
            {
                Assert.True(time.Elapsed < TimeSpan.FromSeconds(10), $"counted {string.Join(' ', counts)}, expected {byName} {byLine} 0 ({watcher.Problem})");
                while (watcher.TryTake(out ProcessCount count))
                {
                    counts[count.Pattern] = count.Count;
                }
                await Task.Delay(10);
            }
        }
        List<Process> started = [];
        try
        {
            await UntilAsync(0, 0);
            started.Add(Process.Start(program, "1000"));
            await UntilAsync(1, 1);
            started.Add(Process.Start(program, "2000"));
            await UntilAsync(2, 1);
            started[0].Kill();
            await UntilAsync(1, 0);
        }
        finally
        {
            started.ForEach(each => each.Kill());
            started.ForEach(each => each.WaitForExit());
            Directory.Delete(folder, recursive: true);
        }
        await UntilAsync(0, 0);
        output.WriteLine(watcher.Problem);
    }
}
