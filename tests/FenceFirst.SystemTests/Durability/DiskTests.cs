using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>A state directory that is full, read-only, hangs or was torn: the daemon goes on, says so at a bounded rate, and its adverts stay on time.</summary>
[Collection(Alone.Name)]
public sealed class DiskTests(ITestOutputHelper output)
{
    /// <summary>Three intervals: no peer would have missed the master.</summary>
    private static readonly TimeSpan AdvertsAtLeastEvery = TimeSpan.FromSeconds(0.6);

    [NeedsTheory("fencefirst")]
    [InlineData("dd if=/dev/zero of=$STATE/fill bs=1k 2>/dev/null", "No space left on device", "rm $STATE/fill")]
    [InlineData("mount -o remount,ro $STATE", "Read-only file system", "mount -o remount,rw $STATE")]
    public async Task A_full_or_read_only_disk_stops_nothing(string spoil, string reason, string mend)
    {
        // The state directory is a memory disk of 64 kB in a mount namespace of the daemon's own, spoilt before its start. A fence runs all the same, told of loudly;
        // the other instance's adverts stay on time; everything is told of once. When there is room again both files are written and say what is missing.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        Capture capture = await lab.CaptureAsync();
        Daemon daemon = StartOn(b, $"mount -t tmpfs -o size=64k none $STATE && {spoil}", TwoInstances(lab, a, b));
        await b.WaitForAddressAsync(lab.SecondVirtual);
        DateTime from = DateTime.UtcNow;
        await b.WaitForAddressAsync(lab.Virtual, 15);
        await daemon.WaitForLogAsync("is started although it is not written down: " + reason);
        await daemon.WaitForLogAsync("(VI_2) the promotion goes on although it is not written down that its demotion will be due: " + reason);
        foreach (string file in new[] { "state.json", "journal.jsonl" })
        {
            await daemon.WaitForLogAsync($"{file} cannot be written: {reason}");
            Assert.Equal(1, daemon.Log.Count($"{file} cannot be written: {reason}"));
        }

        await daemon.WaitForLogAsync("epochs go on from the wall clock");
        Assert.Equal(1, daemon.Log.Count("epochs go on from the wall clock"));
        await lab.WhileAsync(() => !daemon.HasExited, 1, "the daemon to live");
        await capture.CatchUpAsync();
        Assert.InRange(capture.LargestGap(b, 52, from, capture.AdvertsOf(b, 52)[^1].At), TimeSpan.Zero, AdvertsAtLeastEvery);

        await InsideAsync(lab, b, daemon, mend);
        await daemon.WaitForLogAsync("state.json is written again", 15);
        Assert.Equal(0, (await b.TryRunAsync(Needs.FenceFirst, "retry", "VI_1", "--socket", SocketOf(b))).Status);
        await daemon.WaitForLogAsync("journal.jsonl is written again", 15);
        Assert.Contains("\"attempts\":[]", await InsideAsync(lab, b, daemon, "cat $STATE/state.json"));
        Assert.Equal(0, await daemon.StopAsync());
    }

    [NeedsFact("fencefirst", "mkfs.ext4", "fsfreeze")]
    public async Task A_disk_that_hangs_holds_a_step_for_two_seconds_and_nothing_else()
    {
        // A real ext4 on a loop device that is frozen: every write to it waits in the kernel, unkillable. The log waits as well, so what is looked at are packets and
        // addresses: the other instance's adverts stay on time, the fence starts when its two seconds are over, and after the thaw the log tells the story.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        a.StartKeepalived(Conf.File(new Conf(lab.Virtual) { Priority = 150 }));
        await a.WaitForAddressAsync(lab.Virtual);
        string image = Path.Combine(b.Folder, "disk.img");
        Capture capture = await lab.CaptureAsync();
        Daemon daemon = StartOn(b, $"truncate -s 16M {image} && mkfs.ext4 -q {image} && mount -o loop {image} $STATE", TwoInstances(lab, a, b));
        await b.WaitForAddressAsync(lab.SecondVirtual);
        await daemon.WaitForLogAsync("(VI_1) Entering BACKUP STATE");
        int mark = daemon.Log.Mark;

        // Whatever becomes of this test, the disk thaws by itself: nobody could end what waits for it.
        await InsideAsync(lab, b, daemon, "fsfreeze -f $STATE && (sleep 20; fsfreeze -u $STATE) >/dev/null 2>&1 &");
        DateTime frozen = DateTime.UtcNow;
        await a.PowerOffAsync();
        DateTime held = await b.WaitForAddressAsync(lab.Virtual);
        Assert.InRange(held - frozen, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(18));
        await capture.CatchUpAsync();
        Assert.InRange(capture.LargestGap(b, 52, frozen, capture.AdvertsOf(b, 52)[^1].At), TimeSpan.Zero, AdvertsAtLeastEvery);
        await InsideAsync(lab, b, daemon, "fsfreeze -u $STATE");
        await daemon.WaitForLogAsync("is started although it is not written down: the disk has not answered for 2 s", 15, mark);
        await lab.UntilAsync(() => daemon.Log.Find("Entering MASTER STATE", mark) is not null, 10, "the log to go on after the thaw");
        Assert.Equal(0, await daemon.StopAsync());
    }

    [NeedsFact("fencefirst")]
    public async Task A_torn_journal_is_told_of_and_goes_on()
    {
        // The last line is cut in the middle, as a power cut does. The next start says so once, and every whole line is still read.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        string text = Conf.File(new Conf(lab.Virtual)), file = Path.Combine(a.Folder, "state", "journal.jsonl");
        Daemon daemon = a.StartFenceFirst(text);
        await daemon.WaitForLogAsync("Entering MASTER STATE");
        await daemon.StopAsync();
        byte[] bytes = File.ReadAllBytes(file);
        File.WriteAllBytes(file, bytes[..^20]);
        daemon = a.StartFenceFirst(text);
        await daemon.WaitForLogAsync("journal.jsonl was torn");
        await daemon.WaitForLogAsync("Entering MASTER STATE");
        await daemon.StopAsync();
        Assert.Equal(1, daemon.Log.Count("was torn"));
        string[] lines = File.ReadAllLines(file);
        Assert.Equal(1, lines.Count(line => !line.EndsWith('}')));
        string printed = await a.RunAsync(Needs.FenceFirst, "journal", "--state-dir", Path.Combine(a.Folder, "state"));
        Assert.Equal(lines.Length - 1, printed.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    private static string SocketOf(Node node) => Path.Combine(node.Folder, "fencefirst.sock");

    private static string TwoInstances(Lab lab, Node target, Node node) => Conf.File(
        Promotion.Device(node.WriteScript("fence.sh", "exit 0"), 20, target),
        new Conf(lab.Virtual) { Extra = Promotion.Fence(1) },
        new Conf(lab.SecondVirtual) { Vrid = 52, Name = "VI_2", Extra = "    demotion {\n        run \"/usr/bin/true\" timeout 2\n    }\n" });

    // `ip netns exec` gives every command a mount namespace of its own: what is mounted there is nobody else's, and goes with the daemon.
    private static Daemon StartOn(Node node, string prepare, string text)
    {
        string file = node.WriteFile("fencefirst.conf", text), state = Path.Combine(node.Folder, "state");
        return node.Start("fencefirst", "sh", "-c", $"STATE={state}; {prepare}; exec {Needs.FenceFirst} run -f {file} --state-dir {state} --socket {SocketOf(node)}");
    }

    private static Task<string> InsideAsync(Lab lab, Node node, Daemon daemon, string command) =>
        lab.RunAsync("nsenter", ["-t", daemon.Id.ToString(), "-m", "sh", "-c", $"STATE={Path.Combine(node.Folder, "state")}; {command}"]);
}
