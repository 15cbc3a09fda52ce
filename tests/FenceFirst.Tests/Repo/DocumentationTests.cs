using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using FenceFirst.Cli;
using FenceFirst.Config;
using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Keywords;
using FenceFirst.Core;

namespace FenceFirst.Tests.Repo;

/// <summary>What the documentation shows is true of this very program: files are accepted, commands exist, names lead somewhere.</summary>
public partial class DocumentationTests
{
    private static readonly string Root = SourceTree.Root;

    private static readonly Lazy<List<SourceFile>> Sources = new(ReadSources);

    /// <summary>Every shipped example, for every node that it speaks of.</summary>
    public static TheoryData<string, string> Examples()
    {
        TheoryData<string, string> rows = [];
        foreach (string path in Directory.GetFiles(Path.Combine(Root, "packaging", "examples"), "*.conf").Order(StringComparer.Ordinal))
        {
            foreach (string node in NodesOf(File.ReadAllText(path)))
            {
                rows.Add(Path.GetRelativePath(Root, path), node);
            }
        }

        return rows;
    }

    /// <summary>Every Markdown page of the project.</summary>
    public static TheoryData<string> Pages() => [.. MarkdownFiles().Select(path => Path.GetRelativePath(Root, path))];

    [Theory]
    [MemberData(nameof(Examples))]
    public void A_shipped_example_is_accepted_without_a_warning(string file, string node)
    {
        // Interfaces and scripts are taken to be there; everything else is judged as on a real machine.
        DiagnosticBag diagnostics = Load(File.ReadAllText(Path.Combine(Root, file)), node);
        Assert.Empty(Told(diagnostics));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_configuration_on_a_page_is_accepted(string page)
    {
        foreach (string text in Blocks(page, "conf"))
        {
            foreach (string node in NodesOf(text))
            {
                DiagnosticBag diagnostics = Load(text, node);
                Assert.False(diagnostics.HasErrors, $"{page}, as {node}:\n{text}\n{string.Join('\n', Told(diagnostics))}");
            }
        }
    }

    [Fact]
    public void The_first_examples_of_the_readme_and_of_the_manual_are_accepted_without_a_warning()
    {
        Assert.Empty(Told(Load(Blocks("README.md", "conf")[0], "node")));
        string manual = Manual("fencefirst.conf.5");
        string text = manual[manual.IndexOf(".Sh EXAMPLES", StringComparison.Ordinal)..].Split(".Bd -literal -offset indent\n")[1].Split(".Ed\n")[0];
        Assert.Contains("promotion", text);
        Assert.Empty(Told(Load(text, "node")));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_command_on_a_page_can_be_typed(string page)
    {
        // A verb goes through the same parser as on the command line. keepalived's flags are all read before --version answers.
        foreach (string[] words in Commands(page))
        {
            string shown = $"{page}: {string.Join(' ', words)}";
            string[] arguments = words[1..];
            if (KeepalivedFlags.Applies(arguments))
            {
                StringWriter error = new();
                Assert.True(KeepalivedFlags.Run([.. arguments, "--version"], TextWriter.Null, error) == 0, $"{shown}\n{error}");
                continue;
            }

            ParseResult parsed = CommandLineVerbs.Create().Parse(arguments);
            Assert.True(parsed.Errors.Count == 0, $"{shown}\n{string.Join('\n', parsed.Errors.Select(each => each.Message))}");
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_verb_and_an_option_named_in_a_sentence_exist(string page)
    {
        // Whole commands stand in blocks; a sentence may name a verb without what it needs. Two verbs are named because they are not built.
        string[] notBuilt = ["timeline", "explain"];
        string text = WithoutBlocks(File.ReadAllText(Path.Combine(Root, page)));
        RootCommand root = CommandLineVerbs.Create();
        foreach (Match command in Quoted().Matches(text))
        {
            string[] words = command.Groups[1].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words[0] is not ("fencefirst" or "./fencefirst") || words.Length < 2 || words[1].StartsWith('-') || words[1] is "VERB" || notBuilt.Contains(words[1]))
            {
                continue;
            }

            Command? verb = root.Subcommands.FirstOrDefault(each => each.Name == words[1]);
            Assert.True(verb is not null, $"{page}: there is no verb {words[1]}");
            foreach (string word in words[2..].Where(word => word.StartsWith('-') && word.Length > 1))
            {
                Assert.True(verb.Options.Any(option => option.Name == word || option.Aliases.Contains(word)), $"{page}: {words[1]} has no option {word}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_script_of_the_project_that_is_named_on_a_page_can_be_started(string page)
    {
        foreach (Match match in Script().Matches(File.ReadAllText(Path.Combine(Root, page))))
        {
            string path = Path.Combine(Root, match.Groups[1].Value);
            Assert.True(File.Exists(path) && File.GetUnixFileMode(path).HasFlag(UnixFileMode.UserExecute), $"{page}: {match.Groups[1].Value} cannot be started");
        }
    }

    [Fact]
    public void The_packet_of_the_readme_decodes_and_its_example_is_refused_only_for_what_a_machine_lacks()
    {
        // The commands of "Five minutes" that need no root are run as they stand; the demonstration has tests of its own.
        string[][] commands = [.. Commands("README.md")];
        string[] decode = commands.First(words => words[1] == "decode" && words.Length > 10);
        StringWriter output = new();
        Assert.Equal(0, DecodeVerb.Run(string.Join(' ', decode[2..]), json: false, output, TextWriter.Null));
        Assert.Contains("192.168.173.100", output.ToString(), StringComparison.Ordinal);

        string file = commands.First(words => words[1] == "check")[3];
        StringWriter error = new();
        CheckVerb.Run(new CheckOptions(Path.Combine(Root, file)) { IsJson = true }, error, TextWriter.Null);
        string[] codes = [.. JsonDocument.Parse(error.ToString()).RootElement.EnumerateArray().Where(one => one.GetProperty("severity").GetString() == "error").Select(one => one.GetProperty("code").GetString()!)];
        Assert.Subset(new HashSet<string> { "FF1210", "FF1301", "FF1303" }, codes.ToHashSet());
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_link_on_a_page_leads_somewhere(string page)
    {
        string text = WithoutBlocks(File.ReadAllText(Path.Combine(Root, page)));
        string folder = Path.GetDirectoryName(Path.Combine(Root, page))!;
        foreach (Match link in Link().Matches(text))
        {
            string target = link.Groups[1].Value.Split('#')[0];
            if (target.Length > 0 && !target.Contains("://", StringComparison.Ordinal))
            {
                Assert.True(Path.Exists(Path.Combine(folder, target)), $"{page}: {target} does not exist");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_shipped_file_named_on_a_page_exists(string page)
    {
        foreach (Match match in ShippedFile().Matches(File.ReadAllText(Path.Combine(Root, page))))
        {
            Assert.True(Path.Exists(Path.Combine(Root, match.Value.TrimEnd('.'))), $"{page}: {match.Value} does not exist");
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_row_on_a_page_belongs_to_a_table(string page)
    {
        // A blank line in front of a row ends the table, and the row is then shown as it was typed.
        string[] lines = WithoutBlocks(File.ReadAllText(Path.Combine(Root, page))).Split('\n');
        for (int i = 1; i < lines.Length; i++)
        {
            bool isFirst = lines[i].StartsWith('|') && !lines[i - 1].StartsWith('|');
            Assert.False(isFirst && (i + 1 == lines.Length || !lines[i + 1].StartsWith("|-", StringComparison.Ordinal)), $"{page}: no table for: {lines[i]}");
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_test_or_source_file_named_on_a_page_exists(string page)
    {
        // Names of tests are recognised by their underscores, files by .cs.
        string text = WithoutBlocks(File.ReadAllText(Path.Combine(Root, page)));
        foreach (Match name in Quoted().Matches(text))
        {
            string word = name.Groups[1].Value;
            if (TestName().IsMatch(word))
            {
                string[] forms = [$" {word}(", $"class {word}\n", $"class {word}("];
                Assert.True(Sources.Value.Any(source => forms.Any(form => source.Text.Contains(form, StringComparison.Ordinal))), $"{page}: there is no test {word}");
            }
            else if (SourceFileName().IsMatch(word))
            {
                Assert.True(Sources.Value.Any(source => source.Path.EndsWith("/" + word, StringComparison.Ordinal)), $"{page}: there is no file {word}");
            }
        }
    }

    [Fact]
    public void The_log_lines_of_the_readme_are_written_by_the_program()
    {
        // The first column of every table whose heading is "Log line"; "..." stands for what differs from case to case.
        string[] lines = File.ReadAllLines(Path.Combine(Root, "README.md"));
        int start = Array.FindIndex(lines, line => line.StartsWith("| Log line", StringComparison.Ordinal));
        Assert.True(start >= 0, "README.md has lost its table of log lines");
        for (int i = start + 2; i < lines.Length && lines[i].StartsWith('|'); i++)
        {
            foreach (string piece in Quoted().Match(lines[i]).Groups[1].Value.Split("...", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                Assert.True(Sources.Value.Any(source => source.IsProduct && source.Text.Contains(piece, StringComparison.Ordinal)), $"nothing logs '{piece}'");
            }
        }
    }

    [Fact]
    public void The_manual_of_the_program_names_every_verb_and_option()
    {
        // Each option in the section of its verb, each verb among the exit statuses and in the table of the README.
        string manual = Manual("fencefirst.8");
        string statuses = manual[manual.IndexOf(".Sh EXIT STATUS", StringComparison.Ordinal)..manual.IndexOf(".Sh SEE ALSO", StringComparison.Ordinal)];
        string readme = File.ReadAllText(Path.Combine(Root, "README.md"));
        foreach (Command verb in CommandLineVerbs.Create().Subcommands.Where(each => !each.Hidden))
        {
            Match section = Regex.Match(manual, $@"^\.Ss {verb.Name}\b.*?(?=^\.S[sh] )", RegexOptions.Multiline | RegexOptions.Singleline);
            Assert.True(section.Success, $"fencefirst.8 does not tell of {verb.Name}");
            foreach (Option option in verb.Options.Where(each => !each.Hidden && each is not System.CommandLine.Help.HelpOption))
            {
                foreach (string name in option.Aliases.Append(option.Name))
                {
                    Assert.True(Regex.IsMatch(section.Value, $@"^\.It .*Fl {Regex.Escape(name[1..])}\b", RegexOptions.Multiline), $"fencefirst.8 does not tell of {verb.Name} {name}");
                }
            }

            Assert.True(Regex.IsMatch(statuses, $@"^\.It Cm .*\b{verb.Name}\b", RegexOptions.Multiline), $"fencefirst.8 does not tell how {verb.Name} ends");
            Assert.Contains($"| `{verb.Name}` |", readme);
        }
    }

    [Fact]
    public void The_manual_and_the_pages_name_every_variable_that_scripts_get()
    {
        // Those of a fence in fencing.md, of a notification in notifications.md, all in the manual.
        string manual = Manual("fencefirst.8");
        string page = File.ReadAllText(Path.Combine(Root, "docs", "fencing.md")) + File.ReadAllText(Path.Combine(Root, "docs", "notifications.md"));
        string source = Sources.Value.First(each => each.Path.EndsWith("/StepEnvironment.cs", StringComparison.Ordinal)).Text;
        string[] names = [.. Regex.Matches(source, @"""FENCEFIRST_([A-Z_]+)=").Select(match => match.Groups[1].Value).Distinct()];
        Assert.True(names.Length > 10, "StepEnvironment.cs is read wrongly");
        foreach (string name in names)
        {
            Assert.True(Regex.IsMatch(manual, $@"\b(FENCEFIRST_)?{name}\b"), $"fencefirst.8 does not tell of FENCEFIRST_{name}");
            Assert.True(page.Contains($"`FENCEFIRST_{name}`", StringComparison.Ordinal) || page.Contains($"`_{name}`", StringComparison.Ordinal), $"no page tells of FENCEFIRST_{name}");
        }
    }

    [Fact]
    public void The_manual_of_the_file_names_every_keyword_of_ours()
    {
        string manual = Manual("fencefirst.conf.5");
        foreach (Keyword keyword in KeywordTable.All.Where(row => row.IsOwn))
        {
            Assert.True(Regex.IsMatch(manual, $@"(^|\W){Regex.Escape(keyword.Name)}(\W|$)"), $"fencefirst.conf.5 does not tell of {keyword.Name}");
        }
    }

    [Theory]
    [InlineData("fencefirst.8")]
    [InlineData("fencefirst.conf.5")]
    public void A_manual_has_no_formatting_error(string page)
    {
        // Whichever checker this machine has; with none there is nothing to find out.
        string path = Path.Combine(Root, "packaging", "man", page);
        if (ProgramPath("mandoc") is string mandoc)
        {
            (int status, string words) = RunProgram(mandoc, ["-T", "lint", "-W", "warning", path]);
            Assert.True(status == 0, words);
        }

        if (ProgramPath("man") is string man && ProgramPath("groff") is not null)
        {
            (int status, string words) = RunProgram(man, ["--warnings", "-E", "UTF-8", "-l", path], isOutputWanted: false);
            Assert.True(status == 0 && words.Length == 0, words);
        }
    }

    [Fact]
    public void A_shipped_script_is_good_shell()
    {
        foreach (string script in Directory.GetFiles(Path.Combine(Root, "packaging", "examples"), "*.sh"))
        {
            (int status, string words) = RunProgram("/bin/sh", ["-n", script]);
            Assert.True(status == 0, $"{script}: {words}");
        }
    }

    [Fact]
    public void The_fence_script_on_the_page_is_the_one_that_is_shipped() =>
        Assert.Contains(File.ReadAllText(Path.Combine(Root, "packaging", "examples", "fence_ipmi.sh")), Blocks("docs/fencing.md", "sh"));

    [Theory]
    [InlineData("echo Chassis Power is off", true)]
    [InlineData("echo Chassis Power is on", false)]
    [InlineData("exit 1", false)]
    [InlineData("case \"$*\" in *status) test -e off && echo Chassis Power is off || echo Chassis Power is on ;; *) touch off ;; esac", true)]
    public void The_fence_script_succeeds_only_when_the_board_says_off(string board, bool isFenced)
    {
        // The shipped script with another ipmitool and without its pauses. The last board turns the power off when asked to.
        string folder = Directory.CreateTempSubdirectory("fencefirst-fence-").FullName;
        try
        {
            string tool = Path.Combine(folder, "ipmitool");
            File.WriteAllText(tool, $"#!/bin/sh\ncd '{folder}' || exit 1\n{board}\n");
            Assert.Equal(0, RunProgram("/bin/chmod", ["755", tool]).Status);
            string script = Path.Combine(folder, "fence.sh");
            File.WriteAllText(script, File.ReadAllText(Path.Combine(Root, "packaging", "examples", "fence_ipmi.sh"))
                .Replace("/usr/bin/ipmitool", tool, StringComparison.Ordinal)
                .Replace("/run/fencefirst", folder, StringComparison.Ordinal)
                .Replace("sleep 1", ":", StringComparison.Ordinal));
            (int status, string words) = RunProgram("/bin/sh", [script, "192.0.2.1", "admin", "password"]);
            Assert.True(status == (isFenced ? 0 : 1), words);

            // The operator's word is worth one success, whatever the board says.
            File.WriteAllText(Path.Combine(folder, "confirmed-192.0.2.1"), "");
            Assert.Equal(0, RunProgram("/bin/sh", [script, "192.0.2.1", "admin", "password"]).Status);
            Assert.False(File.Exists(Path.Combine(folder, "confirmed-192.0.2.1")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static DiagnosticBag Load(string text, string node) => ConfigLoader.Load("/etc/fencefirst/fencefirst.conf", node, Machine(text, node)).Diagnostics;

    /// <summary>A machine on which everything that the text names is there and belongs to root, and whose address is the source that the text gives it.</summary>
    private static MachineFacts Machine(string text, string node)
    {
        HashSet<InternetAddress> own = [];
        foreach (Match match in OwnSource().Matches(text))
        {
            if (match.Groups[1].Value is "" || match.Groups[1].Value == node)
            {
                own.Add(InternetAddress.Parse(match.Groups[2].Value));
            }
        }

        return new MachineFacts
        {
            HostName = node,
            HasInterface = _ => true,
            OwnAddresses = () => own,
            EnvironmentVariable = _ => null,
            ReadFile = path => path == "/etc/fencefirst/fencefirst.conf" ? text : path.EndsWith(".password", StringComparison.Ordinal) ? "secret\n"
                : path.EndsWith(".key", StringComparison.Ordinal) ? "hex:" + new string('0', 64) + "\n" : null,
            ListDirectory = _ => [],
            Inspect = path => path.EndsWith(".events", StringComparison.Ordinal) ? null : path is "/usr" or "/usr/sbin" || text.Contains(path + "/", StringComparison.Ordinal)
                ? new FileFacts(FileKind.Folder, 0b111_101_101, 0, 0)
                : path.EndsWith(".password", StringComparison.Ordinal) || path.EndsWith(".key", StringComparison.Ordinal) ? new FileFacts(FileKind.Regular, 0b110_000_000, 0, 0)
                : text.Contains(path, StringComparison.Ordinal) || path.StartsWith("/usr/sbin/fence_", StringComparison.Ordinal) ? new FileFacts(FileKind.Regular, 0b111_101_101, 0, 0) : null,
            FindUser = name => name == "root" ? new UserFacts("root", 0, 0) : name == "postgres" ? new UserFacts("postgres", 26, 26) : null,
            FindGroup = name => name == "root" ? 0u : null,
        };
    }

    private static IEnumerable<string> Told(DiagnosticBag diagnostics) =>
        diagnostics.Sorted().Select(each => $"{each.Severity} {each.Code.Id} line {each.Span.Line}: {each.Message}");

    /// <summary>The nodes for which a text has lines of their own; "node" when it is for one node only.</summary>
    private static List<string> NodesOf(string text)
    {
        List<string> nodes = [.. Conditional().Matches(text).Select(match => match.Groups[1].Value).Where(id => id != "fencefirst").Distinct().Order(StringComparer.Ordinal)];
        return nodes.Count > 0 ? nodes : ["node"];
    }

    private static List<string> Blocks(string page, string language)
    {
        List<string> blocks = [];
        foreach (Match block in Fenced().Matches(File.ReadAllText(Path.Combine(Root, page))))
        {
            if (block.Groups[1].Value == language)
            {
                blocks.Add(block.Groups[2].Value);
            }
        }

        return blocks;
    }

    private static IEnumerable<string[]> Commands(string page)
    {
        foreach (string line in Blocks(page, "sh").Where(block => !block.StartsWith("#!", StringComparison.Ordinal)).SelectMany(block => block.Split('\n')))
        {
            string[] words = line.Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            words = words.Length > 0 && words[0] == "sudo" ? words[1..] : words;
            // The script's own option is not the program's.
            if (words.Length > 0 && words[0] is "fencefirst" or "./fencefirst" && words is not [_, "--build-only"])
            {
                yield return [.. words.Select(word => word.Trim('"'))];
            }
        }
    }

    private static string WithoutBlocks(string text) => Fenced().Replace(text, "");

    private static string Manual(string page) => File.ReadAllText(Path.Combine(Root, "packaging", "man", page));

    private static IEnumerable<string> MarkdownFiles() =>
        Directory.GetFiles(Root, "*.md")
            .Concat(Directory.Exists(Path.Combine(Root, "docs")) ? Directory.GetFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories) : [])
            .Order(StringComparer.Ordinal);

    private static List<SourceFile> ReadSources() =>
    [
        .. SourceTree.CSharpFiles("src").Select(path => new SourceFile(path, File.ReadAllText(path), IsProduct: true)),
        .. SourceTree.CSharpFiles("tests").Select(path => new SourceFile(path, File.ReadAllText(path), IsProduct: false)),
    ];

    private static string? ProgramPath(string name) =>
        new[] { "/usr/local/bin", "/usr/bin", "/bin" }.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>Runs a program to its end; its standard error, and its output too if wanted.</summary>
    private static (int Status, string Words) RunProgram(string program, string[] arguments, bool isOutputWanted = true)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment["MANWIDTH"] = "100";
        start.Environment["MAN_KEEP_STDERR"] = "1";
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, (isOutputWanted ? output : "") + error.GetAwaiter().GetResult());
    }

    [GeneratedRegex(@"^```([a-z]*)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fenced();

    [GeneratedRegex(@"\[[^\]]*\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"(?<=^|`)(?:\./)?((?<=\./)[a-z]+|bench/run)(?=$|`|\s)", RegexOptions.Multiline)]
    private static partial Regex Script();

    [GeneratedRegex(@"\bpackaging/[A-Za-z0-9_./-]+")]
    private static partial Regex ShippedFile();

    [GeneratedRegex("^(?=.*[a-z])[A-Z][A-Za-z0-9]*(_[A-Za-z0-9]+){2,}$")]
    private static partial Regex TestName();

    [GeneratedRegex(@"^[A-Za-z0-9/_.]+\.cs$")]
    private static partial Regex SourceFileName();

    [GeneratedRegex(@"^\s*@\^?(\w+)\s", RegexOptions.Multiline)]
    private static partial Regex Conditional();

    [GeneratedRegex(@"^\s*(?:@(\w+)\s+)?unicast_src_ip\s+(\S+)", RegexOptions.Multiline)]
    private static partial Regex OwnSource();

    private sealed record SourceFile(string Path, string Text, bool IsProduct);
}
