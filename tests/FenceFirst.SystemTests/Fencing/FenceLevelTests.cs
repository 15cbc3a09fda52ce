using System.Text.Json;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>`fence a then b` and `fence a and b` with whole daemons: a real agent with a simulated board, and power supplies whose switches are real for the node.</summary>
public sealed class FenceLevelTests(ITestOutputHelper output)
{
    [NeedsFact("fencefirst", "keepalived", "fence_ipmilan", "ipmitool", "ipmi_sim")]
    public async Task The_board_fences_when_the_level_before_has_failed()
    {
        // The first device fails twice, then the board switches the master off. The journal has one record per attempt, with the device and its level.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog scripts = lab.OpenScriptLog();
        Bmc bmc = await Bmc.StartAsync(b, a, scripts);
        string first = b.WriteScript("ssh.sh", "note ssh $FENCEFIRST_DEVICE $FENCEFIRST_LEVEL $FENCEFIRST_TRY\nexit 1", scripts);
        Daemon standby = await StandbyAsync(
            lab, $"fence_device ssh {{\n    script {first}\n    targets {a.Address}\n    attempts 2\n    retry_interval 0.2\n}}\n{bmc.Device(a)}", "fence ssh then peers");

        await a.PowerOffAsync();
        DateTime added = await b.WaitForAddressAsync(lab.Virtual, 30);
        await standby.WaitForLogAsync("(VI_1) Entering MASTER STATE");

        Assert.Equal(["ssh ssh 1 1", "ssh ssh 1 2"], scripts.Lines.Where(line => line.Text.StartsWith("ssh", StringComparison.Ordinal)).Select(line => line.Text));
        ScriptLine off = await scripts.WaitForAsync("set power 0");
        Assert.True(off.At < added);
        Assert.False(bmc.IsOn);
        await standby.WaitForLogAsync("level 1 of fence ssh then peers has failed at fence ssh (level 1 of 2); level 2 begins");
        Assert.Equal(["ssh 1 Exited 1", "ssh 1 Exited 1", "peers 2 Exited 0"], Attempts(b));
        Assert.Equal(TimeSpan.Zero, lab.OwnershipOf(lab.Virtual).HeldTwice);
    }

    [NeedsFact("fencefirst", "keepalived")]
    public async Task Both_supplies_are_off_before_one_is_switched_on_again()
    {
        // Two sockets of a power strip; the node is off when both are. Rebooting together means off, off, on, on, and the address moves when both are off.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog scripts = lab.OpenScriptLog();
        Daemon standby = await StandbyAsync(lab, Socket(lab, scripts, "left") + Socket(lab, scripts, "right"), "fence left and right");

        await CutAsync(lab);
        DateTime added = await b.WaitForAddressAsync(lab.Virtual, 30);
        await standby.WaitForLogAsync("(VI_1) Entering MASTER STATE");

        ScriptLine[] lines = [.. scripts.Lines];
        Assert.Equal(["left off", "right off", "power off", "left on", "right on"], lines.Select(line => line.Text));
        Assert.True(lines[2].At < added);
        Assert.False(a.Holds(lab.Virtual));
        Assert.Equal(["left 1 Exited 0", "right 1 Exited 0", "left 1 Exited 0", "right 1 Exited 0"], Attempts(b));
        Assert.Equal(TimeSpan.Zero, lab.OwnershipOf(lab.Virtual).HeldTwice);
    }

    [NeedsFact("fencefirst", "keepalived")]
    public async Task A_supply_that_stays_on_keeps_the_address_where_it_is()
    {
        // The second socket says done and stays on: its status is asked until the time bound, the fence has failed, and nothing was switched on again.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog scripts = lab.OpenScriptLog();
        Daemon standby = await StandbyAsync(lab, Socket(lab, scripts, "left") + Socket(lab, scripts, "right", isStuck: true), "fence left and right");

        await CutAsync(lab);
        await standby.WaitForLogAsync("failed at fence left and right: its last level failed at fence right, which timed out", 20);
        Assert.Equal(["left off", "right off"], scripts.Lines.Select(line => line.Text));
        Assert.False(b.EverHeld(lab.Virtual));
        Assert.True(a.Holds(lab.Virtual));
    }

    private static async Task<Daemon> StandbyAsync(Lab lab, string devices, string fence)
    {
        lab["a"].StartKeepalived(Conf.File(new Conf(lab.Virtual) { Priority = 150 }));
        await lab["a"].WaitForAddressAsync(lab.Virtual);
        Daemon standby = lab["b"].StartFenceFirst(Conf.File(
            devices, new Conf(lab.Virtual) { Extra = $"    promotion {{\n        {fence}\n        on_failure retry_after 30\n    }}\n" }));
        await standby.WaitForLogAsync("(VI_1) Entering BACKUP STATE");
        return standby;
    }

    /// <summary>An agent for one socket of node a's power strip: a file holds whether it is on, and the node loses its power when no socket is.</summary>
    private static string Socket(Lab lab, ScriptLog scripts, string name, bool isStuck = false)
    {
        Node a = lab["a"], b = lab["b"];
        string state = b.WriteFile($"{name}.socket", "on\n");
        string agent = b.WriteScript(
            $"{name}.sh",
            $"""
            options=$(cat)
            case $options in
            *action=off*)
                note {name} off
                {(isStuck ? "exit 0" : "")}
                echo off > {state}
                if ! grep -q on {b.Folder}/*.socket; then note power off
            {a.PowerOffCommands}
                fi ;;
            *action=on*) note {name} on; echo on > {state} ;;
            *action=status*) grep -q on {state} && exit 0; exit 2 ;;
            esac
            exit 0
            """,
            scripts);
        return $"fence_device {name} {{\n    agent {agent}\n    action reboot\n    targets {a.Address}\n    timeout 3\n    attempts 1\n}}\n";
    }

    /// <summary>What the journal holds of each attempt: device, level, how it ended.</summary>
    private static List<string> Attempts(Node node)
    {
        List<string> attempts = [];
        foreach (string line in File.ReadAllLines(Path.Combine(node.Folder, "state", "journal.jsonl")))
        {
            JsonElement entry = JsonDocument.Parse(line).RootElement;
            if (entry.GetProperty("kind").GetString() == "StepEnded")
            {
                attempts.Add($"{entry.GetProperty("device").GetString()} {entry.GetProperty("level").GetInt32()} {entry.GetProperty("outcome").GetString()} {entry.GetProperty("code").GetInt32()}");
            }
        }

        return attempts;
    }

    private static async Task CutAsync(Lab lab)
    {
        await lab.CutAsync(lab["a"], lab["b"]);
        await lab.CutAsync(lab["b"], lab["a"]);
    }
}
