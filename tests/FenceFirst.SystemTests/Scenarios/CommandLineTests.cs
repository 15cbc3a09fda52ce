using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>The command line where it stands in for keepalived's, and where permission is missing.</summary>
public sealed class CommandLineTests(ITestOutputHelper output)
{
    [NeedsTheory("fencefirst")]
    [InlineData("net_raw")]
    [InlineData("net_admin")]
    public async Task A_missing_capability_is_named_in_one_line(string capability)
    {
        // Root without one capability: the daemon ends at once, says which one in one line, and touches nothing.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        string file = a.WriteFile("fencefirst.conf", Conf.File(new Conf(lab.Virtual)));
        Daemon daemon = a.Start("fencefirst", ["setpriv", $"--bounding-set=-{capability}", $"--inh-caps=-{capability}", .. a.FenceFirstCommand("run", "-f", file)]);
        await daemon.WaitForLogAsync("CAP_" + capability.ToUpperInvariant());
        Assert.NotEqual(0, await daemon.WaitForExitAsync());
        Assert.Equal(1, daemon.Log.Count("CAP_"));
        Assert.DoesNotContain(daemon.Log.Lines, each => each.Text.StartsWith("   at ", StringComparison.Ordinal));
        Assert.False(a.EverHeld(lab.Virtual));
    }

    [NeedsFact("fencefirst")]
    public async Task Without_a_verb_the_flags_are_those_of_keepalived()
    {
        // Default places for state and socket; so that this test shares none with the machine, /run and /var/lib are its own.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        string file = a.WriteFile("fencefirst.conf", Conf.File(new Conf(lab.Virtual)));
        Daemon daemon = a.Start("fencefirst", "unshare", "-m", "sh", "-ec",
            $"""
            mount --bind '{lab.Folder}' /mnt
            mount -t tmpfs none /run
            mount -t tmpfs none /var/lib
            mkdir -p '{lab.Folder}'
            mount --bind /mnt '{lab.Folder}'
            exec '{Needs.FenceFirst}' -n -l -D -P -f '{file}' -p /run/keepalived.pid -r /run/vrrp.pid
            """);
        await daemon.WaitForLogAsync("(VI_1) Entering BACKUP STATE");
        await a.WaitForAddressAsync(lab.Virtual);
        Assert.Equal(0, await daemon.StopAsync());
        await a.WaitForNoAddressAsync(lab.Virtual);
    }

    [NeedsTheory("keepalived", "fencefirst")]
    [InlineData("nothing wrong", "", "")]
    [InlineData("unknown keyword", "priority 100", "priorty 100")]
    [InlineData("priority out of range", "priority 100", "priority 999")]
    [InlineData("virtual router id out of range", "virtual_router_id 51", "virtual_router_id 300")]
    [InlineData("no such interface", "interface eth0", "interface nosuch0")]
    [InlineData("no such address", "/24", ".999/24")]
    public async Task The_test_of_a_file_ends_as_that_of_keepalived(string what, string good, string bad)
    {
        // `-t -f FILE` side by side with the original; ours starts nothing either.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        string text = Conf.File(new Conf(lab.Virtual));
        string file = a.WriteFile("tested.conf", good.Length == 0 ? text : text.Replace(good, bad, StringComparison.Ordinal));
        (int theirs, string theirWords) = await a.TryRunAsync("keepalived", "-t", "-f", file);
        (int ours, string ourWords) = await a.TryRunAsync(Needs.FenceFirst, "-t", "-f", file);
        lab.Note("keepalived", theirWords);
        lab.Note("fencefirst", ourWords);
        Assert.True(theirs == ours, $"{what}: keepalived ends with {theirs}, we with {ours}\n{theirWords}\n{ourWords}");
        if (ours != 0)
        {
            Assert.Contains("tested.conf:", ourWords);
        }
    }
}
