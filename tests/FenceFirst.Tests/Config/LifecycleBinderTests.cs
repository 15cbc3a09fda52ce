using FenceFirst.Config;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Config;

/// <summary>startup_script and shutdown_script with their bounds (keepalived), and the settings of the filter.</summary>
public sealed class LifecycleBinderTests
{
    [Theory]
    [InlineData("", "user postgres", "26")]
    [InlineData("set_supplementary_groups", "user postgres", "26 4 113")]
    [InlineData("set_supplementary_groups yes", "user root", "0")]
    [InlineData("set_supplementary_groups off", "user postgres :root", "0 4 26 113")]
    [InlineData("", "user postgres root", "0")]
    public void Other_groups_of_the_user_are_for_who_asks(string globals, string user, string groups)
    {
        // For all with the keyword of global_defs, which may stand behind script_user; for one script with a colon before its group (keepalived).
        FakeMachine machine = new();
        machine.Files["test.conf"] = $"global_defs {{\nscript_user root\nenable_script_security\n{globals}\n}}\nvrrp_script s {{\nscript /root/s.sh\n{user}\n}}\n"
            + "vrrp_instance A {\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress {\n10.0.0.1/24\n}\ntrack_script {\ns\n}\n}\n";
        CommandLine command = ConfigLoader.Load("test.conf", null, machine.Facts).Config!.Scripts[0].Command;
        Assert.Equal(groups, string.Join(' ', [command.GroupId, .. command.SupplementaryGroups]));
    }

    [Fact]
    public void Scripts_and_bounds_are_read_and_the_user_may_be_said_further_down()
    {
        ProcessConfig process = Load("startup_script \"/root/s.sh a b\"\nshutdown_script /root/s.sh\nshutdown_script_timeout 1000\nscript_user postgres").Config!.Process;
        Assert.Equal("/root/s.sh a b", process.StartupScript!.ToString());
        Assert.NotEqual(0u, process.StartupScript.UserId);
        Assert.Equal(["/root/s.sh"], process.ShutdownScript!.Arguments);
        Assert.Equal((10, 1000), (process.StartupTimeout.TotalSeconds, process.ShutdownTimeout.TotalSeconds));
    }

    [Fact]
    public void Without_a_word_nothing_runs()
    {
        ProcessConfig process = Load("").Config!.Process;
        Assert.Null(process.StartupScript);
        Assert.Null(process.ShutdownScript);
    }

    [Theory]
    [InlineData("startup_script /root/missing.sh", "FF1301")]
    [InlineData("startup_script_timeout 0", "FF1202")]
    [InlineData("shutdown_script_timeout 1001", "FF1202")]
    [InlineData("nftables_priority x", "FF1201")]
    [InlineData("nftables \"\"", "FF1211")]
    [InlineData("nftables fencefirst_vmac", "FF1211")]
    public void What_is_wrong_is_an_error(string line, string code) =>
        Assert.Contains(Load(line).Diagnostics.Sorted(), each => each.Code.Id == code && each.Severity == Severity.Error);

    [Theory]
    [InlineData("", "fencefirst", -1, false)]
    [InlineData("nftables", "fencefirst", -1, false)]
    [InlineData("nftables own\nnftables other\nnftables_priority -7\nnftables_counters", "own", -7, true)]
    public void The_filter_is_shaped(string lines, string table, int priority, bool hasCounters) =>
        Assert.Equal(new FilterConfig { Table = table, Priority = priority, HasCounters = hasCounters }, Load(lines).Config!.Filter);

    private static (NodeConfig? Config, DiagnosticBag Diagnostics) Load(string global)
    {
        FakeMachine machine = new();
        machine.Files["test.conf"] =
            $"global_defs {{\n{global}\n}}\nvrrp_instance A {{\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress {{\n10.0.0.1\n}}\n}}\n";
        return ConfigLoader.Load("test.conf", null, machine.Facts);
    }
}
