using System.Text.RegularExpressions;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>docs/simulate.md: an incident becomes a test. What a real daemon recorded comes out again, decision by decision and line by line.</summary>
public sealed partial class RecordTests(ITestOutputHelper output)
{
    [NeedsFact("fencefirst")]
    public async Task A_recorded_failover_is_replayed_with_the_lines_of_the_log()
    {
        // Both nodes record, and sign with a key in a file, which is not in the record. The standby reloads a file with one more instance, the master loses its power, the standby fences it, takes over and is stopped.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog scripts = lab.OpenScriptLog();
        Daemon master = Record(a, Conf.File(new Conf(lab.Virtual) { Priority = 150, Extra = $"{Signed(a)}" }));
        await a.WaitForAddressAsync(lab.Virtual);
        string device = Promotion.Device(b.WriteScript("fence.sh", "note fence\n" + a.PowerOffCommands, scripts), 10, a);
        Conf one = new(lab.Virtual) { Extra = $"{Signed(b)}{Promotion.Fence(5)}" };
        Daemon standby = Record(b, Conf.File(device, one));
        await standby.WaitForLogAsync("(VI_1) Entering BACKUP STATE");

        b.WriteFile("fencefirst.conf", Conf.File(device, one, new Conf(lab.SecondVirtual) { Name = "VI_2", Vrid = 52 }));
        standby.Send(Signal.Hup);
        await standby.WaitForLogAsync("reload complete");
        await b.WaitForAddressAsync(lab.SecondVirtual);
        await a.PowerOffAsync();
        await b.WaitForAddressAsync(lab.Virtual, 15);
        await standby.WaitForLogAsync("(VI_1) Entering MASTER STATE");
        Assert.Equal(0, await standby.StopAsync());
        Assert.Equal(1, scripts.Count("fence"));

        string told = await ReplayAsync(lab, standby, b);
        Assert.Contains("every one came out as it was recorded; it ends because the daemon ended", told);
        Assert.Contains("(VI_2) Entering MASTER STATE", told);

        // The record of the master is cut off where its power went; it is replayed as far as it goes.
        told = await ReplayAsync(lab, master, a);
        Assert.Contains("every one came out as it was recorded; it ", told);
        Assert.Contains("the daemon was killed", told);
    }

    private static Signing Signed(Node node) => new(1, 1) { KeyFiles = node };

    private static Daemon Record(Node node, string configuration)
    {
        string file = node.WriteFile("fencefirst.conf", configuration);
        return node.Start("fencefirst", [.. node.FenceFirstCommand("run", "-f", file, "--record", RecordOf(node))]);
    }

    private static string RecordOf(Node node) => Path.Combine(node.Folder, "incident.record");

    /// <summary>Replays a node's record somewhere else; what it tells of the instances has to be what the daemon logged of them.</summary>
    private static async Task<string> ReplayAsync(Lab lab, Daemon daemon, Node node)
    {
        // Neither the configuration nor the scripts may be needed.
        string elsewhere = Path.Combine(lab.Folder, node.Name + ".record");
        File.Move(RecordOf(node), elsewhere);
        File.Delete(Path.Combine(node.Folder, "fencefirst.conf"));
        File.Delete(Path.Combine(node.Folder, "key1"));
        (int status, string told) = await lab.TryRunAsync(Needs.FenceFirst, ["simulate", "--replay", elsewhere]);
        Assert.True(status == 0, told);
        string[] logged = [.. daemon.Log.Lines.Select(line => LogLine().Match(line.Text)).Where(line => line.Success).Select(line => line.Groups[1].Value)];
        Assert.NotEmpty(logged);
        Assert.Equal(logged, told.Split('\n').Select(line => ToldLine().Match(line)).Where(line => line.Success).Select(line => line.Groups[1].Value));
        return told;
    }

    [GeneratedRegex(@"^\S+ \S+ ((\w+: )?\(VI_\d\) .*)$")]
    private static partial Regex LogLine();

    [GeneratedRegex(@"^ *\d+\.\d{6} ((\w+: )?\(VI_\d\) .*)$")]
    private static partial Regex ToldLine();
}
