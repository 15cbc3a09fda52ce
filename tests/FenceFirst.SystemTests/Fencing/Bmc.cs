using System.Net;

namespace FenceFirst.SystemTests;

/// <summary>A management board for a node: OpenIPMI's simulator beside the standby, whose power switch really switches the node off.</summary>
internal sealed class Bmc
{
    public const string Password = "hunter2-of-bmc";
    private const int Port = 9623;

    private readonly Node _host;
    private readonly string _powerFile;

    private Bmc(Node host, string powerFile, string passwordFile)
    {
        _host = host;
        _powerFile = powerFile;
        PasswordFile = passwordFile;
    }

    /// <summary>Private, as option_file wants it.</summary>
    public string PasswordFile { get; }

    /// <summary>Starts the simulator on a node.</summary>
    /// <param name="host">Where the board's network address is (loopback): reachable however the nodes' line is cut.</param>
    /// <param name="target">The node whose power it switches.</param>
    /// <param name="scripts">Where every request is noted.</param>
    /// <param name="isLying">Whether it says done and switches nothing off.</param>
    public static async Task<Bmc> StartAsync(Node host, Node target, ScriptLog scripts, bool isLying = false)
    {
        string power = host.WriteFile("bmc.power", "1\n");
        string password = host.WriteFile("bmc.password", Password + "\n");
        File.SetUnixFileMode(password, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        string script = host.WriteScript(
            "bmc.sh",
            $"""
            note bmc "$2 $3 $4"
            case "$2 $3 $4" in
            "get power "*) echo "power:$(cat {power})" ;;
            "get boot "*) echo boot:none ;;
            "set power 0") {(isLying ? "exit 0" : "")}
            {target.PowerOffCommands}
            echo 0 > {power} ;;
            "set power 1") echo 1 > {power} ;;
            esac
            exit 0
            """,
            scripts);
        string lan = host.WriteFile(
            "bmc.lan.conf",
            $"""
            name "bmc"
            set_working_mc 0x20
              startlan 1
                addr 127.0.0.1 {Port}
                priv_limit admin
                allowed_auths_callback none md2 md5 straight
                allowed_auths_user none md2 md5 straight
                allowed_auths_operator none md2 md5 straight
                allowed_auths_admin none md2 md5 straight
                guid a123456789abcdefa123456789abcdef
              endlan
              chassis_control "{script} 0x20"
              user 1 true "" "" user 10 none md2 md5 straight
              user 2 true "admin" "{Password}" admin 10 none md2 md5 straight

            """);
        string emulation = host.WriteFile(
            "bmc.emu", "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\nsel_enable 0x20 1000 0x0a\nmc_enable 0x20\n");
        Bmc bmc = new(host, power, password);
        await host.RunAsync("ip", "link", "set", "lo", "up");
        host.Start("bmc", "ipmi_sim", "-n", "-c", lan, "-f", emulation, "-s", Path.Combine(host.Folder, "bmc.state"));
        await bmc.UntilReadyAsync();
        return bmc;
    }

    /// <summary>A fence_device that uses the board.</summary>
    public string Device(Node target, string more = "") =>
        $$"""
        fence_device peers {
            agent fence_ipmilan
            option ip 127.0.0.1
            option ipport {{Port}}
            option username admin
            option_file password {{PasswordFile}}
            option power_wait 0
            targets {{target.Address}}
            timeout 20
            attempts 1
            retry_interval 1
            {{more}}
        }
        """;

    /// <summary>Whether the board says that its node is on.</summary>
    public bool IsOn => File.ReadAllText(_powerFile).Trim() == "1";

    private async Task UntilReadyAsync()
    {
        const int triesMax = 20;
        for (int i = 0; i < triesMax; i++)
        {
            (int status, _) = await _host.TryRunAsync(
                "ipmitool", "-I", "lan", "-H", IPAddress.Loopback.ToString(), "-p", Port.ToString(), "-U", "admin", "-f", PasswordFile, "-N", "1", "-R", "1", "chassis", "power", "status");
            if (status == 0)
            {
                return;
            }
            await Task.Delay(200);
        }
        throw new Xunit.Sdk.XunitException("ipmi_sim does not answer");
    }
}
