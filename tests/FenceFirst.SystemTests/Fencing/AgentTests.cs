using System.Net;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>Fence agents of ClusterLabs: the real fence_ipmilan, the real ipmitool, and a simulated board whose power switch is real for the node.</summary>
public sealed class AgentTests(ITestOutputHelper output)
{
    [NeedsFact("fencefirst", "keepalived", "fence_ipmilan", "ipmitool", "ipmi_sim")]
    public async Task A_master_behind_a_cut_is_switched_off_by_its_board_before_its_address_is_taken()
    {
        // The board kills everything on node a and takes its link down. The status is asked after it; the password is nowhere in what is logged.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog scripts = lab.OpenScriptLog();
        Bmc bmc = await Bmc.StartAsync(b, a, scripts);
        Daemon standby = await StandbyAsync(lab, bmc.Device(a));
        await CheckIsCleanAsync(lab);

        await CutAsync(lab);
        ScriptLine off = await scripts.WaitForAsync("set power 0", 20);
        Seen verified = await standby.WaitForLogAsync("fence peers: the status says off", 20);
        DateTime added = await b.WaitForAddressAsync(lab.Virtual);
        await standby.WaitForLogAsync("(VI_1) Entering MASTER STATE");

        Assert.True(off.At < added);
        Assert.True(off.At < verified.At);
        Assert.False(bmc.IsOn);
        Assert.False(a.Holds(lab.Virtual));
        Assert.Equal(1, scripts.Count("set power 0"));
        Assert.Equal(TimeSpan.Zero, lab.OwnershipOf(lab.Virtual).HeldTwice);
        Assert.Null(standby.Log.Find(Bmc.Password));
    }

    [NeedsFact("fencefirst", "keepalived", "fence_ipmilan", "ipmitool", "ipmi_sim")]
    public async Task A_board_that_says_done_and_switches_nothing_off_leaves_the_address_where_it_is()
    {
        // fence_ipmilan looks for the power to go before it says success. Other agents do not: a wrapper answers `off` as they do, the status is the real one's.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog scripts = lab.OpenScriptLog();
        Bmc bmc = await Bmc.StartAsync(b, a, scripts, isLying: true);
        string hasty = b.WriteScript("hasty.sh", "options=$(cat)\ncase $options in *action=off*) echo Success: Powered OFF; exit 0 ;; esac\nprintf '%s\\n' \"$options\" | fence_ipmilan", scripts);
        Daemon standby = await StandbyAsync(lab, bmc.Device(a, "timeout 10").Replace("agent fence_ipmilan", "agent " + hasty, StringComparison.Ordinal));

        await CutAsync(lab);
        await standby.WaitForLogAsync("the status says that the target is still on", 20);
        await standby.WaitForLogAsync("timed out after 10", 20);
        await standby.WaitForLogAsync("no address was added", 10);
        Assert.False(b.EverHeld(lab.Virtual));
        Assert.True(a.Holds(lab.Virtual));
        Assert.True(bmc.IsOn);
        Assert.True(scripts.Count("get power") >= 2, "the status was asked once only");
        Assert.Null(standby.Log.Find("Entering MASTER STATE"));
        Assert.Null(standby.Log.Find(Bmc.Password));
    }

    [NeedsFact("fencefirst", "keepalived", "fence_ipmilan", "ipmitool")]
    public async Task A_board_that_cannot_be_reached_is_a_failure_that_is_logged_and_tried_again()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        string password = b.WriteFile("bmc.password", Bmc.Password + "\n");
        File.SetUnixFileMode(password, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Daemon standby = await StandbyAsync(
            lab,
            $$"""
            fence_device peers {
                agent fence_ipmilan
                option ip {{IPAddress.Loopback}}
                option ipport 9
                option username admin
                option_file password {{password}}
                option login_timeout 1
                targets {{a.Address}}
                timeout 20
                attempts 1
            }
            """);

        await CutAsync(lab);
        await standby.WaitForLogAsync("fence peers exited with status 1", 25);
        await standby.WaitForLogAsync("no address was added", 10);
        await standby.WaitForLogAsync("next try in", 5);
        Assert.False(b.EverHeld(lab.Virtual));
        Assert.Null(standby.Log.Find(Bmc.Password));
    }

    [NeedsFact("fencefirst", "keepalived")]
    public async Task A_time_bound_ends_the_program_of_a_sequence_and_no_further_one_is_started()
    {
        // The agent answers `off` and hangs in `status`; it also says its password aloud.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        ScriptLog scripts = lab.OpenScriptLog();
        string password = b.WriteFile("agent.password", Bmc.Password + "\n");
        File.SetUnixFileMode(password, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        string agent = b.WriteScript(
            "agent.sh", "options=$(cat)\necho \"$options\"\ncase $options in *action=off*) note off; exit 0 ;; *action=status*) note status $$; exec sleep 60 ;; esac\nexit 1", scripts);
        Daemon standby = await StandbyAsync(
            lab, $"fence_device peers {{\n    agent {agent}\n    option_file password {password}\n    targets {a.Address}\n    timeout 4\n    attempts 1\n}}\n");

        await CutAsync(lab);
        ScriptLine status = await scripts.WaitForAsync("status", 20);
        await standby.WaitForLogAsync("timed out after 4", 10);
        await standby.WaitForLogAsync("no address was added", 10);
        int hanging = int.Parse(status.Text.Split(' ')[1]);
        await lab.UntilAsync(() => !Directory.Exists($"/proc/{hanging}"), 5, "the hanging agent to be gone");
        Assert.Equal((1, 1), (scripts.Count("off"), scripts.Count("status")));
        Assert.False(b.EverHeld(lab.Virtual));
        await standby.WaitForLogAsync("password=***");
        Assert.Null(standby.Log.Find(Bmc.Password));
    }

    private static async Task<Daemon> StandbyAsync(Lab lab, string device)
    {
        lab["a"].StartKeepalived(Conf.File(new Conf(lab.Virtual) { Priority = 150 }));
        await lab["a"].WaitForAddressAsync(lab.Virtual);
        Daemon standby = lab["b"].StartFenceFirst(Conf.File(device, new Conf(lab.Virtual) { Extra = Promotion.Fence(30) }));
        await standby.WaitForLogAsync("(VI_1) Entering BACKUP STATE");
        return standby;
    }

    /// <summary>The configuration of node b passes `check`, which asks the agent for its metadata.</summary>
    private static async Task CheckIsCleanAsync(Lab lab)
    {
        Node b = lab["b"];
        (int status, string text) = await b.TryRunAsync(Needs.FenceFirst, "check", "-f", Path.Combine(b.Folder, "fencefirst.conf"));
        Assert.True(status == 0, text);
        string wrong = b.WriteFile("wrong.conf", File.ReadAllText(Path.Combine(b.Folder, "fencefirst.conf")).Replace("option username", "option user_name", StringComparison.Ordinal));
        (status, text) = await b.TryRunAsync(Needs.FenceFirst, "check", "-f", wrong);
        Assert.True(status == 1 && text.Contains("did you mean username?", StringComparison.Ordinal), text);
    }

    private static async Task CutAsync(Lab lab)
    {
        await lab.CutAsync(lab["a"], lab["b"]);
        await lab.CutAsync(lab["b"], lab["a"]);
    }
}
