using FenceFirst.Config;
using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Config;

/// <summary>Named pipes, and how notify scripts are run.</summary>
public sealed class NotifyBinderTests
{
    [Fact]
    public void Pipes_are_bound_in_the_order_in_which_they_are_written_to()
    {
        (NodeConfig? config, string shown) = Load(
            "enable_script_security\nscript_user root\nvrrp_notify_fifo /run/vrrp.missing postgres\nnotify_fifo /run/all.missing\nnotify_fifo_script \"/usr/bin/reader -v\"\nfifo_write_vrrp_states_on_reload\nnotify_timeout 5\nnotify_stop_timeout 30\n");
        Assert.Equal("", shown);
        NotifyConfig notify = config!.Notify; // No diagnostics, so it is there.
        Assert.Equal(["/run/all.missing", "/run/vrrp.missing"], notify.Pipes.Select(pipe => pipe.Path));
        Assert.Equal(["/usr/bin/reader", "-v"], notify.Pipes[0].Script!.Arguments);
        Assert.Equal((26u, 26u), (notify.Pipes[1].UserId, notify.Pipes[1].GroupId));
        Assert.Null(notify.Pipes[1].Script);
        Assert.True(notify.IsStateWrittenOnReload);
        Assert.Equal((5, 30), (notify.ScriptTimeout.TotalSeconds, notify.StopTimeout.TotalSeconds));
    }

    [Fact]
    public void Without_a_word_everything_is_as_documented()
    {
        NotifyConfig notify = Load("").Config!.Notify; // A good file.
        Assert.Empty(notify.Pipes);
        Assert.Equal((60, 10), (notify.ScriptTimeout.TotalSeconds, notify.StopTimeout.TotalSeconds));
        Assert.False(notify.IsStateWrittenOnReload);
    }

    // An instance's own word beats that of global_defs.
    [Theory]
    [InlineData("", "", false, false)]
    [InlineData("notify_parallel\nvrrp_notify_priority_changes", "", true, true)]
    [InlineData("notify_parallel yes\nvrrp_notify_priority_changes on", "notify_parallel no\nnotify_priority_changes off", false, false)]
    [InlineData("", "notify_parallel\nnotify_priority_changes", true, true)]
    public void Switches_are_inherited(string globals, string lines, bool isParallel, bool isPriorityNotified)
    {
        VrrpConfig instance = Load(globals, lines).Config!.Instances[0]; // A good file.
        Assert.Equal((isParallel, isPriorityNotified), (instance.Notify.IsParallel, instance.IsPriorityNotified));
    }

    [Theory]
    [InlineData("", false, false, false)]
    [InlineData("notify_deleted", true, false, false)]
    [InlineData("notify_deleted /usr/bin/gone\nreassert yes", true, true, true)]
    public void Removal_and_reassertion_are_asked_for(string lines, bool isTold, bool hasScript, bool isReasserting)
    {
        VrrpConfig instance = Load("", lines).Config!.Instances[0]; // A good file.
        Assert.Equal((isTold, hasScript, isReasserting), (instance.Notify.IsDeletedTold, instance.Notify.Deleted is not null, instance.IsReasserting));
    }

    [Theory]
    [InlineData("notify_fifo /run/file.txt", "FF1471", "is a regular file, not a named pipe")]
    [InlineData("notify_fifo /run/folder", "FF1471", "is a directory, not a named pipe")]
    [InlineData("notify_fifo /run/link", "FF1471", "is a symbolic link, not a named pipe")]
    [InlineData("notify_fifo run/pipe", "FF1471", "is not the absolute path of a file")]
    [InlineData("notify_fifo /missing/pipe", "FF1471", "/missing is not a directory")]
    [InlineData("notify_fifo /run/p.missing nobody_here", "FF1303", "there is no user 'nobody_here'")]
    [InlineData("notify_fifo /run/p.missing\nnotify_fifo_script /usr/bin/missing", "FF1301", "does not exist")]
    [InlineData("notify_timeout 0", "FF1202", "outside")]
    public void A_pipe_that_cannot_be_is_an_error(string globals, string code, string text)
    {
        (NodeConfig? config, string shown) = Load(globals);
        Assert.Null(config);
        Assert.Contains("error " + code, shown, StringComparison.Ordinal);
        Assert.Contains(text, shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("notify_fifo /run/p.missing\nvrrp_notify_fifo /run/p.missing", "FF1110", "is notify_fifo already")]
    [InlineData("notify_fifo_script /usr/bin/reader", "FF1514", "has no effect without notify_fifo")]
    public void What_has_no_effect_is_told(string globals, string code, string text)
    {
        (NodeConfig? config, string shown) = Load(globals);
        Assert.True(config!.Notify.Pipes.Count < 2);
        Assert.Contains("warning " + code, shown, StringComparison.Ordinal);
        Assert.Contains(text, shown, StringComparison.Ordinal);
    }

    private static (NodeConfig? Config, string Shown) Load(string globals, string lines = "")
    {
        FakeMachine machine = new();
        machine.Files["test.conf"] =
            $"global_defs {{\n{globals}\n}}\nvrrp_instance VI_1 {{\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress {{\n10.0.0.100/24\n}}\n{lines}\n}}\n";
        machine.Kinds["/run/link"] = new FileFacts(FileKind.SymbolicLink, 0b111_111_111, 0, 0, "/run/file.txt");
        (NodeConfig? config, DiagnosticBag diagnostics) = ConfigLoader.Load("test.conf", null, machine.Facts);
        return (config, DiagnosticText.Render(diagnostics));
    }
}
