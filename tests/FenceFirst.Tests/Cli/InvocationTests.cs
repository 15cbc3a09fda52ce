using System.Text.Json;
using FenceFirst.Cli;
using FenceFirst.Config.Output;

namespace FenceFirst.Tests.Cli;

/// <summary>Command lines that cannot be carried out: one line that says why, on standard error, and a status of their own (docs/decisions/125).</summary>
public class InvocationTests
{
    // Shown: what is wrong and where to read on, in one line; a name that is nearly right is named.
    [Theory]
    [InlineData("statsu", "fencefirst: 'statsu' is no verb, perhaps 'status'; see 'fencefirst --help'")]
    [InlineData("bogus", "fencefirst: 'bogus' is no verb; see 'fencefirst --help'")]
    [InlineData("demo-machin", "fencefirst: 'demo-machin' is no verb; see 'fencefirst --help'")]
    [InlineData("check --jsn", "fencefirst check: there is no option '--jsn', perhaps '--json'; see 'fencefirst check --help'")]
    [InlineData("check -f", "fencefirst check: -f needs a value; see 'fencefirst check --help'")]
    [InlineData("check extra", "fencefirst check: nothing is expected here: 'extra'; see 'fencefirst check --help'")]
    [InlineData("handover", "fencefirst handover: INSTANCE is missing; see 'fencefirst handover --help'")]
    [InlineData("confirm VI_1", "fencefirst confirm: --target is missing; see 'fencefirst confirm --help'")]
    [InlineData("maintenance maybe", "fencefirst maintenance: 'maybe' is not one of off, on; see 'fencefirst maintenance --help'")]
    [InlineData("run --log loud", "fencefirst run: 'loud' is not one of keyvalue, syslog, text; see 'fencefirst run --help'")]
    [InlineData("simulate --seed many", "fencefirst simulate: --seed cannot be 'many'; see 'fencefirst simulate --help'")]
    [InlineData("simulate --seed", "fencefirst simulate: --seed needs a value; see 'fencefirst simulate --help'")]
    public void A_command_line_that_cannot_be_read_is_told_in_one_line(string arguments, string expected)
    {
        StringWriter error = new();
        Assert.Equal(2, Invocation.Run(CommandLineVerbs.Create(), arguments.Split(' '), TextWriter.Null, error));
        Assert.Equal(expected + "\n", error.ToString());
    }

    // Shown: the status of a wrong time or address is that of a wrong command line, not that of a refusal by the daemon.
    [Theory]
    [InlineData("handover VI_1 --within soon --socket /nowhere")]
    [InlineData("maintenance on --for soon --socket /nowhere")]
    [InlineData("maintenance off --for 2h --socket /nowhere")]
    [InlineData("confirm VI_1 --target db1 --socket /nowhere")]
    [InlineData("journal --since soon --state-dir /nowhere")]
    [InlineData("check --dump --peer /nowhere -f /nowhere")]
    public void A_value_that_cannot_be_used_ends_like_a_command_line_that_cannot_be_read(string arguments) =>
        Assert.Equal(2, Invocation.Run(CommandLineVerbs.Create(), arguments.Split(' '), TextWriter.Null, TextWriter.Null));

    // Shown: @ID is an id, not the name of a file with more arguments.
    [Fact]
    public void A_word_that_begins_with_an_at_sign_is_a_word()
    {
        StringWriter error = new();
        Assert.Equal(1, Invocation.Run(CommandLineVerbs.Create(), ["help", "@/nowhere"], TextWriter.Null, error));
        Assert.DoesNotContain("nowhere' not found", error.ToString());
    }

    // Shown: what cannot be formatted is named in words of ours, and standard input has no file that could be written.
    [Theory]
    [InlineData("fmt /", 1, "fencefirst: /: it is a folder")]
    [InlineData("fmt /nowhere", 1, "fencefirst: /nowhere: it does not exist")]
    [InlineData("fmt --write -", 2, "fencefirst fmt: --write needs a file: - is standard input")]
    public void A_file_that_cannot_be_formatted_is_told(string arguments, int status, string expected)
    {
        StringWriter error = new();
        Assert.Equal(status, Invocation.Run(CommandLineVerbs.Create(), arguments.Split(' '), TextWriter.Null, error));
        Assert.Equal(expected + "\n", error.ToString());
    }

    // Shown: a file is replaced as a whole, with the mode it had and behind its symbolic link; when that fails it is as it was and nothing is left beside it.
    [Fact]
    public void A_file_is_rewritten_whole_or_not_at_all()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("fencefirst-");
        string file = Path.Combine(folder.FullName, "a.conf"), link = Path.Combine(folder.FullName, "link.conf"), next = file + ".fencefirst-new";
        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        File.WriteAllText(file, "global_defs {\n}\n   # end\n");
        File.SetUnixFileMode(file, mode);
        File.CreateSymbolicLink(link, file);
        string before = File.ReadAllText(file);
        Directory.CreateDirectory(next);
        StringWriter error = new();
        Assert.Equal(1, Invocation.Run(CommandLineVerbs.Create(), ["fmt", "--write", link], TextWriter.Null, error));
        Assert.Equal($"fencefirst: {link}: cannot be written: Is a directory; it is as it was\n", error.ToString());
        Assert.Equal(before, File.ReadAllText(file));

        Directory.Delete(next);
        error = new StringWriter();
        Assert.Equal(0, Invocation.Run(CommandLineVerbs.Create(), ["fmt", "--write", link], TextWriter.Null, error));
        Assert.Equal($"{link}: written\n", error.ToString());
        Assert.Equal(Formatter.Format(before), File.ReadAllText(file));
        Assert.Equal(mode, File.GetUnixFileMode(file));
        Assert.Equal(file, File.ResolveLinkTarget(link, returnFinalTarget: false)?.FullName);
        Assert.Equal(2, folder.GetFileSystemInfos().Length);
        folder.Delete(recursive: true);
    }

    // Shown: an output that cannot be written ends a verb with one line in place of a stack, and is not taken for the verb's own "no".
    [Theory]
    [InlineData("help priority")]
    [InlineData("completion bash")]
    [InlineData("decode 21336401000100")]
    [InlineData("check --json -f /nowhere")]
    [InlineData("--help")]
    public void An_output_that_cannot_be_written_is_told_in_one_line(string arguments)
    {
        StringWriter error = new();
        using FileStream device = new("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        StreamWriter full = new(device) { AutoFlush = true };
        Assert.Equal(2, Invocation.Guard(() => Invocation.Run(CommandLineVerbs.Create(), arguments.Split(' '), full, error), error));
        Assert.Matches("^fencefirst: cannot go on: No space left on device.*\n$", error.ToString());
    }

    // Shown: with --json whoever reads the output finds a document in it, whatever happened.
    [Theory]
    [InlineData("status --socket /nowhere", 2, "no daemon answers at /nowhere")]
    [InlineData("reload --socket /nowhere", 2, "no daemon answers at /nowhere")]
    [InlineData("handover VI_1 --socket /nowhere", 2, "no daemon answers at /nowhere")]
    [InlineData("retry VI_1 --socket /nowhere", 2, "no daemon answers at /nowhere")]
    [InlineData("maintenance on --socket /nowhere", 2, "no daemon answers at /nowhere")]
    [InlineData("confirm VI_1 --target 192.0.2.1 --i-have-checked --socket /nowhere", 2, "no daemon answers at /nowhere")]
    [InlineData("confirm VI_1 --target 192.0.2.1 --socket /nowhere", 1, "nothing was done")]
    [InlineData("fence-test db1 --socket /nowhere", 2, "no daemon answers at /nowhere")]
    [InlineData("fence-test db1 -f /nowhere.conf --socket /nowhere", 1, "/nowhere.conf is refused")]
    [InlineData("decode 2133zz", 2, "neither a file nor a packet in hexadecimal")]
    [InlineData("decode /nowhere.pcap", 2, "/nowhere.pcap: there is no such file")]
    [InlineData("check --dump -f /nowhere.conf", 1, "/nowhere.conf: refused: 1 error, 0 warnings")]
    public void What_was_refused_is_json_too(string arguments, int expected, string reason)
    {
        StringWriter output = new();
        int status = Invocation.Run(CommandLineVerbs.Create(), [.. arguments.Split(' '), "--json"], output, TextWriter.Null);
        Assert.Equal(expected, status);
        JsonElement root = JsonDocument.Parse(output.ToString()).RootElement;
        Assert.Equal(1, root.GetProperty("version").GetInt32());
        Assert.Contains(reason, root.GetProperty("error").GetString());
    }
}
