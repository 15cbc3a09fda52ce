using FenceFirst.Config;
using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;

namespace FenceFirst.Tests.Config;

/// <summary>Fence agents: options against the agent's own metadata, secrets from private files, and no message that shows a value.</summary>
public sealed class AgentBinderTests
{
    private const string SecretPath = "/etc/fencefirst/b.password";

    // What fence_ipmilan prints, shortened, with a warning of its interpreter around it.
    private const string Metadata = """
        /usr/sbin/fence_x:5: DeprecationWarning: 'pipes' is deprecated
        <?xml version="1.0" ?>
        <resource-agent name="fence_x" shortdesc="Fence agent for X" >
        <longdesc>X &amp; Y</longdesc>
        <parameters>
          <parameter name="action" unique="0" required="1"><content type="string" default="reboot"  /></parameter>
          <parameter name="ip" unique="0" required="1" obsoletes="ipaddr"><content type="string"  /></parameter>
          <parameter name="ipaddr" unique="0" required="1" deprecated="1"><content type="string"  /></parameter>
          <parameter name="ipport" unique="0" required="1"><content type="integer" default="623"  /></parameter>
          <parameter name="username" unique="0" required="0" obsoletes="login"><content type="string"  /></parameter>
          <parameter name="password" unique="0" required="0" obsoletes="passwd"><content type="string"  /></parameter>
          <parameter name="password_script" unique="0" required="0"><content type="string"  /></parameter>
        </parameters>
        <actions><action name="on" automatic="0"/><action name="off" /><action name="reboot" /><action name="status" /></actions>
        </resource-agent>
        """;

    [Fact]
    public void A_good_agent_is_bound_with_its_options_and_asked_once()
    {
        int asked = 0;
        (NodeConfig? config, DiagnosticBag diagnostics) = Load(
            $"agent fence_x\noption ip 10.0.0.12\noption username \"admin one\"\noption_file password {SecretPath}\naction reboot\n", command =>
            {
                asked++;
                Assert.Equal("/usr/sbin/fence_x", Assert.Single(command.Arguments));
                return Metadata;
            });
        Assert.Equal("", DiagnosticText.Render(diagnostics));
        PromotionStep step = config!.Instances[0].Promotion!.Steps[0]; // No diagnostics, so both are there.
        FenceAgent agent = step.Agent!;
        Assert.Equal(1, asked);
        Assert.Equal("/usr/sbin/fence_x", Assert.Single(step.Command.Arguments));
        Assert.Equal((FenceAction.Reboot, true), (agent.Action, agent.IsVerified));
        Assert.Equal([new AgentOption("ip", "10.0.0.12"), new AgentOption("username", "admin one")], agent.Options);
        Assert.Equal([new AgentOption("password", SecretPath)], agent.OptionFiles);
        Assert.DoesNotContain("10.0.0.12", step.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("option ipp 10.0.0.12", "FF1430", "/usr/sbin/fence_x has no option ipp")]
    [InlineData("option ipp 10.0.0.12", "FF1430", "did you mean ip?")]
    [InlineData("", "FF1431", "needs option ip")]
    [InlineData("option ip 1\noption ip 2", "FF1430", "option ip is given twice")]
    [InlineData("option ip 1\noption action on", "FF1430", "the action is not an option")]
    [InlineData("option ip", "FF1430", "option takes a name and a value")]
    [InlineData("option ip 1\nscript /etc/fencefirst/f.sh", "FF1430", "not both")]
    [InlineData("option ip 1\noption_file password /etc/fencefirst/missing.password", "FF1432", "does not exist or is not accessible")]
    [InlineData("option ip 1\noption_file password relative", "FF1432", "no absolute path")]
    public void What_the_agent_does_not_know_or_needs_is_an_error(string lines, string code, string text)
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = Load("agent fence_x\n" + lines + "\n", _ => Metadata);
        Assert.Null(config);
        string shown = DiagnosticText.Render(diagnostics);
        Assert.Contains("error " + code, shown, StringComparison.Ordinal);
        Assert.Contains(text, shown, StringComparison.Ordinal);
    }

    [Fact]
    public void A_deprecated_option_is_good_and_told()
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = Load("agent fence_x\noption ipaddr 10.0.0.12\n", _ => Metadata);
        Assert.NotNull(config);
        string shown = DiagnosticText.Render(diagnostics);
        Assert.Contains("warning FF1530", shown, StringComparison.Ordinal);
        Assert.Contains("write ip", shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "did not tell its options within 10 s")]
    [InlineData("usage: x", "holds no <resource-agent> document")]
    [InlineData("<resource-agent><parameters></resource-agent>", "is not good XML")]
    [InlineData("<resource-agent></resource-agent>", "describes no parameter")]
    [InlineData("<resource-agent><!DOCTYPE a [<!ENTITY b \"c\">]></resource-agent>", "is not good XML")]
    public void Metadata_that_is_none_is_an_error(string? answer, string text)
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = Load("agent fence_x\n", _ => answer);
        Assert.Null(config);
        Assert.Contains(text, DiagnosticText.Render(diagnostics), StringComparison.Ordinal);
    }

    [Fact]
    public void An_action_that_the_agent_lacks_is_an_error()
    {
        string without = Metadata.Replace("<action name=\"status\" />", "", StringComparison.Ordinal);
        Assert.Contains("cannot do `status`", Problem("agent fence_x\noption ip 1\n", without), StringComparison.Ordinal);
        Assert.Equal("", Problem("agent fence_x\noption ip 1\nverify no\n", without));
        Assert.Contains("cannot do `monitor`", Problem("agent fence_x\noption ip 1\nverify no\nmonitor_interval 60\n", without), StringComparison.Ordinal);
        Assert.Equal("", Problem("agent fence_x\noption ip 1\nverify no\nmonitor_interval 0\n", without));
    }

    [Fact]
    public void A_device_is_known_with_its_monitoring_whether_it_is_used_or_not()
    {
        FenceDeviceConfig device = Load("agent fence_x\noption ip 1\nmonitor_interval 3600\n", null).Config!.FenceDevices[0]; // Loaded without an error.
        Assert.Equal(TimeSpan.FromHours(1), device.MonitorInterval);
        Assert.Equal("status", device.Step.Agent!.Question); // It has an agent line.
        Assert.Equal("monitor", (device.Step.Agent with { IsVerified = false }).Question);
    }

    [Fact]
    public void Without_the_question_the_rest_is_checked_all_the_same()
    {
        // As `run` reads the file: it never waits for a program.
        Assert.NotNull(Load("agent fence_x\noption whatever 1\n", null).Config);
        Assert.Null(Load("agent missing_agent\n", null).Config);
    }

    [Theory]
    [InlineData(0b110_100_000, 0u, "SECRETSECRET", "/etc/fencefirst/b.password has mode 0640")]
    [InlineData(0b110_000_000, 26u, "SECRETSECRET", "belongs to user 26")]
    [InlineData(0b110_000_000, 0u, "\nSECRETSECRET", "the first line of /etc/fencefirst/b.password is empty")]
    public void A_secret_file_has_to_be_private_and_hold_something(int mode, uint owner, string contents, string text)
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = Load(
            $"agent fence_x\noption ip 1\noption_file password {SecretPath}\n", _ => Metadata, new FileFacts(FileKind.Regular, mode, owner, 0), contents);
        Assert.Null(config);
        string shown = DiagnosticText.Render(diagnostics);
        Assert.Contains(text, shown, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("option password SECRETSECRET", "FF1531")]
    [InlineData("option pasword SECRETSECRET", "FF1430")]
    [InlineData("option password \"SECRET SECRET\"", "FF1531")]
    [InlineData("option password SECRET SECRET", "FF1430")]
    [InlineData("option password=SECRETSECRET", "FF1430")]
    [InlineData("options password SECRETSECRET", "FF1101")]
    [InlineData("option password \"SECRET\tSECRET\"", "FF1430")]
    public void No_message_shows_the_value_of_an_option(string line, string code)
    {
        string shown = DiagnosticText.Render(Load($"agent fence_x\noption ip 1\n{line}\n", _ => Metadata).Diagnostics);
        Assert.Contains(code, shown, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("verify yes", "verify needs an agent")]
    [InlineData("monitor_interval 3600", "monitor_interval needs an agent")]
    [InlineData("option ip 1", "option belongs to `agent`")]
    [InlineData("action reboot", "action only means something to an agent")]
    public void What_belongs_to_an_agent_is_told_without_one(string line, string text) =>
        Assert.Contains(text, Problem($"script /etc/fencefirst/f.sh\n{line}\n", Metadata), StringComparison.Ordinal);

    private static string Problem(string lines, string metadata) => DiagnosticText.Render(Load(lines, _ => metadata).Diagnostics);

    private static (NodeConfig? Config, DiagnosticBag Diagnostics) Load(
        string lines, Func<FenceFirst.Core.Vrrp.CommandLine, string?>? ask, FileFacts? secret = null, string contents = "SECRETSECRET\n")
    {
        FakeMachine machine = new();
        machine.Files[SecretPath] = contents;
        machine.Kinds[SecretPath] = secret ?? new FileFacts(FileKind.Regular, 0b110_000_000, 0, 0);
        machine.Kinds["/usr/sbin/fence_x"] = new FileFacts(FileKind.Regular, 0b111_101_101, 0, 0);
        machine.Files["test.conf"] = "global_defs {\nscript_user root\nenable_script_security\n}\nfence_device b {\ntargets 192.168.173.204\ndelay 0\n" + lines
            + "}\nvrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nnopreempt\nvirtual_ipaddress {\n10.0.0.1/24\n}\npromotion {\nfence b\n}\n}\n";
        return ConfigLoader.Load("test.conf", null, machine.Facts with { AgentMetadata = ask });
    }
}
