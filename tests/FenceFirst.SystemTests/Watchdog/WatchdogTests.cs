using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>
/// The watchdog against a stand-in (stand_in.c): a real character device that sees every open, byte and close; its driver's ioctls are answered at the border of
/// the system calls, and its reset cuts the node's power. What no container can show is that a driver of the kernel does what its manual says.
/// </summary>
[Collection(Alone.Name)]
public sealed class WatchdogTests(ITestOutputHelper output)
{
    [NeedsFact("fencefirst", "gcc")]
    public async Task Armed_before_the_fence_fed_while_master_and_disarmed_by_a_stop()
    {
        // advert_int 1: the timeout is 3 s, the smallest time in which a peer may take over. Armed before the fence script runs, fed at least every second, and
        // after an orderly stop disarmed with the magic character, when the address has gone. No reset.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog scripts = lab.OpenScriptLog(), dog = lab.OpenScriptLog("watchdog.log");
        string fence = a.WriteScript("fence.sh", "note fence", scripts);
        Daemon daemon = await StartAsync(lab, a, dog, Text(a, Promotion.Device(fence, 5, b), new Conf(lab.Virtual) { Interval = "1", Extra = Promotion.Fence(1) }));
        DateTime held = await a.WaitForAddressAsync(lab.Virtual, 15);
        ScriptLine armed = await dog.WaitForAsync("armed");
        Assert.True(armed.At < (await scripts.WaitForAsync("fence")).At);
        await dog.WaitForAsync("timeout 3");
        await daemon.WaitForLogAsync("is armed: the machine resets when the loop is not on time for 3 s");
        await lab.WhileAsync(() => dog.Count("reset") == 0, 4, "no reset");
        DateTime[] fed = [.. dog.Lines.Where(line => line.Text == "fed").Select(line => line.At), DateTime.UtcNow];
        Assert.All(fed.Zip(fed.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, TimeSpan.Zero, TimeSpan.FromSeconds(2)));
        Assert.Equal(0, await daemon.StopAsync());
        ScriptLine disarmed = await dog.WaitForAsync("disarmed");
        Assert.True(a.Observer.Events.Last(each => each.Address.Equals(lab.Virtual)).At < disarmed.At, "disarmed while the address was still there");
        Assert.True(held < disarmed.At);
        Assert.Equal(1, dog.Count("magic"));
        Assert.Equal(0, dog.Count("reset"));
        Assert.Equal(0, dog.Count("closed"));
    }

    [NeedsTheory("fencefirst", "gcc")]
    [InlineData("Stop")]
    [InlineData("Kill")]
    public async Task A_master_whose_loop_hangs_or_dies_is_reset(string signal)
    {
        // SIGSTOP: nobody feeds. SIGKILL: the device is closed without the magic character. advert_int 0.2, so the timeout is the shortest there is, 1 s: the node is
        // reset by then, and its address gone with it. Nothing else would have removed it: there is no lease.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        ScriptLog dog = lab.OpenScriptLog("watchdog.log");
        Daemon daemon = await StartAsync(lab, a, dog, Text(a, "", new Conf(lab.Virtual)));
        await a.WaitForAddressAsync(lab.Virtual);
        await dog.WaitForAsync("timeout 1");
        await lab.WhileAsync(() => dog.Count("reset") == 0, 2, "no reset while the loop is on time");
        DateTime from = DateTime.UtcNow;
        daemon.Send(Enum.Parse<Signal>(signal));
        DateTime gone = await a.WaitForNoAddressAsync(lab.Virtual);
        ScriptLine reset = await dog.WaitForAsync("reset");
        DateTime lastFed = dog.Lines.Last(line => line.Text == "fed").At;
        output.WriteLine($"{signal}: last fed {(from - lastFed).TotalMilliseconds:0} ms before, reset {(reset.At - from).TotalMilliseconds:0} ms after, address gone {(gone - reset.At).TotalMilliseconds:0} ms later");
        // The next longer timeout is 2 s.
        Assert.InRange(reset.At - lastFed, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1.9));
        Assert.True(reset.At < gone);
        Assert.Equal(0, dog.Count("magic"));
    }

    [NeedsFact("fencefirst", "gcc")]
    public async Task A_loop_that_is_late_again_and_again_is_not_fed_for()
    {
        // Stopped for 0.7 s in every 0.75 s: no single pause is longer than the timeout of 1 s, nor a stall (1.08 s), but no beat is on time either, so the machine is reset.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        ScriptLog dog = lab.OpenScriptLog("watchdog.log");
        Daemon daemon = await StartAsync(lab, a, dog, Text(a, "", new Conf(lab.Virtual) { Interval = "0.3" }));
        await a.WaitForAddressAsync(lab.Virtual);
        await dog.WaitForAsync("timeout 1");
        for (int i = 0; i < 20 && dog.Count("reset") == 0; i++)
        {
            Native.Kill(daemon.Id, Signal.Stop);
            await lab.WhileAsync(() => true, 0.7, "");
            Native.Kill(daemon.Id, Signal.Cont);
            await lab.WhileAsync(() => true, 0.05, "");
        }

        Assert.Equal(1, dog.Count("reset"));
    }

    [NeedsTheory("fencefirst")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Without_its_device_a_required_watchdog_refuses_mastership(bool isRequired)
    {
        // There is no such device. Required: the address never comes, and the peer is not fenced for nothing. Not required: told of, and the address comes.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog scripts = lab.OpenScriptLog();
        string fence = a.WriteScript("fence.sh", "note fence", scripts);
        Daemon daemon = a.StartFenceFirst(Text(a, Promotion.Device(fence, 5, b), new Conf(lab.Virtual) { Extra = Promotion.Fence(1) }, isRequired ? " required" : ""));
        if (isRequired)
        {
            await lab.UntilAsync(() => daemon.Log.Count("is required and cannot be armed: No such file or directory") >= 2, 15, "two refusals");
            Assert.False(a.EverHeld(lab.Virtual));
            Assert.Empty(scripts.Lines);
            Assert.Null(daemon.Log.Find("Entering MASTER STATE"));
        }
        else
        {
            await daemon.WaitForLogAsync("cannot be armed: No such file or directory; it is not required", 15);
            await a.WaitForAddressAsync(lab.Virtual);
        }

        Assert.Equal(0, await daemon.StopAsync());
    }

    private static string Text(Node node, string definitions, Conf instance, string required = " required") =>
        Conf.File(definitions, instance).Replace("    router_id LAB\n", $"    router_id LAB\n    watchdog {Path.Combine(node.Folder, "watchdog")}{required}\n", StringComparison.Ordinal);

    private static async Task<Daemon> StartAsync(Lab lab, Node node, ScriptLog dog, string text)
    {
        string program = Path.Combine(lab.Folder, "stand_in");
        await lab.RunAsync("gcc", ["-O1", "-o", program, Path.Combine(AppContext.BaseDirectory, "Watchdog", "stand_in.c")]);
        string file = node.WriteFile("fencefirst.conf", text);
        return node.Start("fencefirst", [program, Path.Combine(node.Folder, "watchdog"), dog.File, node.PowerOffCommands, .. node.FenceFirstCommand("run", "-f", file)]);
    }
}
