using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>startup_script and shutdown_script: before everything and after everything, waited for, with keepalived for comparison.</summary>
public sealed class LifecycleScriptTests(ITestOutputHelper output)
{
    [NeedsTheory("keepalived", "fencefirst")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_runs_before_the_address_comes_and_one_after_it_has_gone(bool isOurs)
    {
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        string log = Path.Combine(a.Folder, "story"), look = $"ip addr show dev eth0 | grep -c ' {lab.Virtual}/'";
        string begin = a.WriteScript("begin", $"sleep 0.5; echo \"begin $({look})\" >> {log}; exit 3\n");
        string end = a.WriteScript("end", $"echo \"end $1 $({look})\" >> {log}\n");
        string conf = Conf.File(new Conf(lab.Virtual) { Interval = "0.1" })
            .Replace("global_defs {", $"global_defs {{\n    startup_script {begin}\n    shutdown_script \"{end} now\"", StringComparison.Ordinal);
        Daemon daemon = isOurs ? a.StartFenceFirst(conf) : a.StartKeepalived(conf);
        await a.WaitForAddressAsync(lab.Virtual);
        Assert.Equal("begin 0\n", await File.ReadAllTextAsync(log));
        Assert.Equal(0, await daemon.StopAsync());
        Assert.Equal("begin 0\nend now 0\n", await File.ReadAllTextAsync(log));
    }

    // Shown: the bound, and that a signal does not have to wait for it.
    [NeedsFact("fencefirst")]
    public async Task A_script_that_hangs_is_ended_and_a_stop_does_not_wait_for_it()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        string hang = a.WriteScript("hang", "exec sleep 600\n");
        string conf = Conf.File(new Conf(lab.Virtual) { Interval = "0.1" });
        Daemon daemon = a.StartFenceFirst(conf.Replace("global_defs {", $"global_defs {{\n    startup_script {hang}\n    startup_script_timeout 1", StringComparison.Ordinal));
        await daemon.WaitForLogAsync("startup_script has not ended after 1 s: it is ended");
        await a.WaitForAddressAsync(lab.Virtual);
        Assert.Equal(0, await daemon.StopAsync());
        daemon = a.StartFenceFirst(conf.Replace("global_defs {", $"global_defs {{\n    startup_script {hang}\n    startup_script_timeout 1000", StringComparison.Ordinal));
        await daemon.WaitForLogAsync("Running startup_script");
        Assert.Equal(0, await daemon.StopAsync());
        Assert.NotNull(daemon.Log.Find("startup_script is ended, because of a signal"));
        Assert.False(a.Holds(lab.Virtual));
    }
}
