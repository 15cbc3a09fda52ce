using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>notify_fifo and vrrp_notify_fifo: the lines of keepalived, and what becomes of pipes and their programs when things go wrong.</summary>
public sealed class NamedPipeTests(ITestOutputHelper output)
{
    private const string ReloadedName = "fencefirst.conf";

    [NeedsFact("keepalived", "fencefirst")]
    public async Task The_lines_are_those_of_keepalived()
    {
        // The same story told to both, one after the other: start, a priority, master, fault, back, another master, stop. keepalived ends its
        // program before it writes STOP, so that is compared apart.
        string[] ours = await TellAsync((node, conf) => node.StartFenceFirst(conf));
        string[] theirs = await TellAsync((node, conf) => node.StartKeepalived(conf));
        Assert.Equal(theirs.Where(line => !line.Contains("STOP", StringComparison.Ordinal)), ours.Where(line => !line.Contains("STOP", StringComparison.Ordinal)));
        Assert.Equal("INSTANCE \"VI_1\" STOP 103", ours[^1]);
    }

    private async Task<string[]> TellAsync(Func<Node, string, Daemon> start)
    {
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"];
        string lines = Path.Combine(a.Folder, "lines"), number = a.WriteFile("number", "0\n"), gate = a.WriteFile("gate", "0\n");
        string reader = a.WriteScript("reader.sh", $"while read -r line; do echo \"$line\" >> '{lines}'; done < \"$1\"");
        string conf = Conf.File(
            $"global_defs {{\n    vrrp_notify_fifo {a.Folder}/pipe\n    vrrp_notify_fifo_script {reader}\n    vrrp_notify_priority_changes on\n}}\n"
            + $"track_file number {{\n    file {number}\n}}\ntrack_file gate {{\n    file {gate}\n    weight 0\n}}\n",
            new Conf(lab.Virtual) { Extra = "    track_file {\n        number\n        gate\n    }\n" });
        Daemon daemon = start(a, conf);
        async Task UntilAsync(string line) => await lab.UntilAsync(() => Lines(lines).LastOrDefault() == line, 10, line);
        await UntilAsync("INSTANCE \"VI_1\" MASTER 100");
        a.WriteFile("number", "3\n");
        await UntilAsync("INSTANCE \"VI_1\" MASTER_PRIORITY 103");
        a.WriteFile("gate", "1\n");
        await UntilAsync("INSTANCE \"VI_1\" FAULT 103");
        a.WriteFile("gate", "0\n");
        await UntilAsync("INSTANCE \"VI_1\" MASTER 103");
        Daemon other = lab["b"].StartKeepalived(Conf.File(new Conf(lab.Virtual) { Priority = 200 }));
        await UntilAsync("INSTANCE \"VI_1\" BACKUP 103");
        await other.WaitForLogAsync("(VI_1) Entering MASTER STATE");
        await daemon.StopAsync();
        return Lines(lines);
    }

    [NeedsFact("fencefirst")]
    public async Task A_pipe_that_is_deleted_or_replaced_is_made_again()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        string pipe = Path.Combine(a.Folder, "pipe"), gate = a.WriteFile("gate", "0\n");
        Daemon daemon = a.StartFenceFirst(WithPipe(lab, pipe, gate));
        await daemon.WaitForLogAsync("(VI_1) Entering BACKUP STATE");
        Assert.Equal("INSTANCE \"VI_1\" BACKUP 100", await ReadLineAsync(a, pipe));
        Assert.Equal("INSTANCE \"VI_1\" MASTER 100", await ReadLineAsync(a, pipe));
        File.Delete(pipe);
        a.WriteFile("gate", "1\n");
        await daemon.WaitForLogAsync($"notify pipe {pipe} was deleted or replaced: made again");
        Assert.Equal("INSTANCE \"VI_1\" FAULT 100", await ReadLineAsync(a, pipe));

        // A regular file in its place: nothing is written into it; the lines wait for a pipe.
        File.Delete(pipe);
        await File.WriteAllTextAsync(pipe, "");
        int mark = daemon.Log.Mark;
        a.WriteFile("gate", "0\n");
        await daemon.WaitForLogAsync($"notify pipe {pipe} is not a named pipe: changes wait", 5, mark);
        await a.WaitForAddressAsync(lab.Virtual);
        Assert.Equal("", await File.ReadAllTextAsync(pipe));
        File.Delete(pipe);
        await daemon.WaitForLogAsync($"notify pipe {pipe} was deleted or replaced: made again", 5, mark);
        Assert.Equal("INSTANCE \"VI_1\" BACKUP 100", await ReadLineAsync(a, pipe));
        Assert.Equal(0, await daemon.StopAsync());
        Assert.False(File.Exists(pipe));
    }

    [NeedsFact("fencefirst")]
    public async Task The_program_that_reads_is_started_again_and_hears_the_last_line()
    {
        // Killed, it comes back after a second and reads what was written meanwhile; at the end it reads STOP and the end of the file.
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        ScriptLog log = lab.OpenScriptLog();
        string pipe = Path.Combine(a.Folder, "pipe"), gate = a.WriteFile("gate", "0\n");
        string reader = a.WriteScript("reader.sh", "note started $$ $2\nwhile read -r line; do note \"$line\"; done < \"$2\"\nnote ended", log);
        Daemon daemon = a.StartFenceFirst(WithPipe(lab, pipe, gate, $"    notify_fifo_script \"{reader} one\"\n"));
        await log.WaitForAsync("MASTER");
        string[] words = (await log.WaitForAsync("started")).Text.Split(' ');
        Assert.Equal(pipe, words[2]);
        Native.Kill(int.Parse(words[1]), Signal.Kill);
        await daemon.WaitForLogAsync("killed by signal 9 although it should run all the time; started again in 1 s");
        a.WriteFile("gate", "1\n");
        await log.WaitForAsync("started", occurrence: 2);
        await log.WaitForAsync("FAULT");
        Assert.Equal(0, await daemon.StopAsync());
        Assert.Equal(["INSTANCE \"VI_1\" STOP 100", "ended"], log.Lines.TakeLast(2).Select(line => line.Text));
    }

    [NeedsFact("fencefirst")]
    public async Task A_pipe_that_nobody_reads_holds_nobody_up()
    {
        // Some lines stay in the pipe; the daemon goes on and stops in time. (What happens when it is full is shown without a network: PipeWriterTests.)
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        string pipe = Path.Combine(a.Folder, "pipe"), gate = a.WriteFile("gate", "0\n");
        Daemon daemon = a.StartFenceFirst(WithPipe(lab, pipe, gate));
        await a.WaitForAddressAsync(lab.Virtual);
        Assert.Equal(0, await daemon.StopAsync(5));
    }

    [NeedsFact("fencefirst")]
    public async Task A_reload_tells_the_present_states_and_that_an_instance_is_gone()
    {
        await using Lab lab = await Lab.OpenAsync(output, "a");
        Node a = lab["a"];
        ScriptLog log = lab.OpenScriptLog();
        string pipe = Path.Combine(a.Folder, "pipe");
        string script = a.WriteScript("note.sh", "note \"$*\"", log);
        string definitions = $"global_defs {{\n    notify_fifo {pipe}\n    fifo_write_vrrp_states_on_reload\n}}\n";
        Conf one = new(lab.Virtual);
        Conf two = new(lab.SecondVirtual) { Name = "VI_2", Vrid = 52, Extra = $"    notify \"{script} any\"\n    notify_deleted \"{script} own\"\n    notify_stop \"{script} stop\"\n" };
        Daemon daemon = a.StartFenceFirst(Conf.File(definitions, one, two));
        await a.WaitForAddressAsync(lab.Virtual);
        await a.WaitForAddressAsync(lab.SecondVirtual);
        await log.WaitForAsync("any INSTANCE VI_2 MASTER 100");
        string[] before = await DrainAsync(a, pipe);
        Assert.Equal(4, before.Length);
        a.WriteFile(ReloadedName, Conf.File(definitions, one));
        daemon.Send(Signal.Hup);
        await daemon.WaitForLogAsync("reload complete");
        await log.WaitForAsync("any INSTANCE VI_2 DELETED 100");
        Assert.Equal(["INSTANCE \"VI_2\" DELETED 100", "INSTANCE \"VI_1\" MASTER 100"], await DrainAsync(a, pipe));
        Assert.Equal(1, log.Count("own"));
        Assert.Equal(0, log.Count("stop"));
    }

    private static string WithPipe(Lab lab, string pipe, string gate, string more = "") => Conf.File(
        $"global_defs {{\n    notify_fifo {pipe}\n{more}}}\ntrack_file gate {{\n    file {gate}\n    weight 0\n}}\n",
        new Conf(lab.Virtual) { Extra = "    track_file {\n        gate\n    }\n" });

    private static string[] Lines(string file) => File.Exists(file) ? File.ReadAllText(file).Split('\n', StringSplitOptions.RemoveEmptyEntries) : [];

    /// <summary>One line; `head` would take more out of the pipe than it shows.</summary>
    private static async Task<string> ReadLineAsync(Node node, string pipe) =>
        (await node.RunAsync("timeout", "5", "sh", "-c", $"read -r line < '{pipe}' && echo \"$line\"")).Trim();

    /// <summary>Everything that is in the pipe now.</summary>
    private static async Task<string[]> DrainAsync(Node node, string pipe) =>
        (await node.RunAsync("sh", "-c", $"timeout 1 cat '{pipe}' || true")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
