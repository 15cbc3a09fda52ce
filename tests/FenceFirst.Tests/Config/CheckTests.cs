using System.Text.Json;
using FenceFirst.Cli;
using FenceFirst.Config;
using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Keywords;

namespace FenceFirst.Tests.Config;

public sealed class CheckTests
{
    private const string Good = "global_defs {\nenable_script_security\n}\nvrrp_instance A {\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress {\n10.0.0.1\n}\n}\n";

    [Fact]
    public void A_good_file_is_accepted_with_one_line()
    {
        // The exit status and the sentence that scripts look for.
        (int status, string output, string error) = Check(Good);
        Assert.Equal((0, "test.conf: good: 1 instance, 0 scripts, 0 warnings\n", ""), (status, output, error));
    }

    [Fact]
    public void Json_holds_every_problem_with_its_place()
    {
        // One array, also for a refused file.
        (int status, string output, _) = Check("vrrp_instnce A {\n}\n", json: true);
        using JsonDocument document = JsonDocument.Parse(output);
        JsonElement first = document.RootElement[0];
        Assert.Equal(1, status);
        Assert.Equal("FF1101", first.GetProperty("code").GetString());
        Assert.Equal("did you mean 'vrrp_instance'?", first.GetProperty("hint").GetString());
        Assert.Equal(1, first.GetProperty("column").GetInt32());
    }

    [Fact]
    public void Strict_refuses_a_file_with_warnings()
    {
        // The same file is accepted without it.
        string text = Good.Replace("interface", "debug 1\ninterface", StringComparison.Ordinal);
        Assert.Equal(0, Check(text).Status);
        Assert.Equal(1, Check(text, strict: true).Status);
    }

    [Theory]
    [InlineData(Good, 0)]
    [InlineData("vrrp_instance A {\ninterface eth9\nvirtual_router_id 5\nvirtual_ipaddress {\n10.0.0.1\n}\n}\n", 5)]
    [InlineData("global_defs {\nnonsense\n}\n", 5)]
    [InlineData("vrrp_script s {\nscript /root/s.sh\n}\nnonsense\n", 6)]
    [InlineData(Good + "# x\ninclude absent.conf\ninclude *.absent\ninclude /root/s.sh\n@other\n", 0)]
    [InlineData("vrrp_instance A {\ninterface eth0\nvirtual_router_id 5\npriority 100#50\nvirtual_ipaddress {\n10.0.0.1\n}\n}\n", 0)]
    [InlineData("vrrp_instance A {\ninterface eth0\nvirtual_router_id 5\npriority 255\nvirtual_ipaddress {\n10.0.0.1\n}\ntrack_interface {\neth1 weight 5\n}\n}\n", 5)]
    [InlineData(Good + "include\n", 5)]
    public void Exit_codes_are_those_of_keepalived(string text, int expected)
    {
        // 4 ends at once, otherwise the highest wins, so that 6 hides 5.
        (_, DiagnosticBag diagnostics) = FakeMachine.Load(text);
        Assert.Equal(expected, KeepalivedExitCode.Of(diagnostics));
    }

    [Fact]
    public void A_missing_file_cannot_run()
    {
        (_, DiagnosticBag diagnostics) = ConfigLoader.Load("absent.conf", null, new FakeMachine().Facts);
        Assert.Equal(KeepalivedExitCode.CannotRun, KeepalivedExitCode.Of(diagnostics));
    }

    [Fact]
    public void Script_security_names_the_component_and_its_mode()
    {
        // A directory that everybody may write to, on the way to a script that runs as root.
        FakeMachine machine = new();
        machine.Kinds["/srv"] = new FileFacts(FileKind.Folder, 0b111_111_111, 0, 0);
        machine.Files["test.conf"] = "global_defs {\nenable_script_security\nscript_user root\n}\nvrrp_script s {\nscript /srv/s.sh\n}\n";
        (_, DiagnosticBag diagnostics) = ConfigLoader.Load("test.conf", null, machine.Facts);
        Assert.Contains(diagnostics.Sorted(), diagnostic => diagnostic.Severity == Severity.Error && diagnostic.Message.Contains("/srv is writable by everybody (mode 0777)", StringComparison.Ordinal));
    }

    [Fact]
    public void The_readme_names_every_keyword_that_awaits_its_behaviour()
    {
        string readme = File.ReadAllText(Path.Combine(Golden.Root, "README.md"));
        string missing = readme[readme.IndexOf("## What it does not do yet", StringComparison.Ordinal)..];
        IEnumerable<Keyword> awaiting = KeywordTable.All.Where(row => row.Support == Support.NotYet);
        Assert.All(awaiting, row => Assert.Contains($"`{row.Name}`", missing, StringComparison.Ordinal));
        string list = missing[..missing.IndexOf("- SNMP", StringComparison.Ordinal)].Split("- Keywords that are errors")[1];
        HashSet<string> errors = [.. KeywordTable.All.Where(row => row.Support is Support.NotYet or Support.Refused).Select(row => row.Name)];
        Assert.All(list.Split('`').Where((_, i) => i % 2 == 1), name => Assert.Contains(name, errors));
    }

    [Fact]
    public void A_reason_of_many_keywords_is_written_once() =>
        Assert.Single(KeywordText.ToMarkdown().Split('\n'), line => line.Contains("there is no BFD", StringComparison.Ordinal));

    [Fact]
    public void The_keyword_table_and_its_document_agree() => Golden.Check(Path.Combine(Golden.Root, "docs", "keywords.md"), KeywordText.ToMarkdown());

    [Theory]
    [InlineData(Good, 0)]
    [InlineData("global_defs {\nnonsense\n}\n", 5)]
    [InlineData("vrrp_instance A {\ninterface\n}\n", 4)]
    public void Check_can_exit_as_keepalived_does(string text, int expected)
    {
        // For scripts that call keepalived -t today.
        FakeMachine machine = new();
        machine.Files["test.conf"] = text;
        Assert.Equal(expected, CheckVerb.Run(new CheckOptions("test.conf") { HasKeepalivedStatus = true }, TextWriter.Null, TextWriter.Null, machine.Facts));
    }

    [Fact]
    public void Help_explains_a_keyword_in_all_its_blocks()
    {
        // Range, default, age and support come from the table.
        StringWriter output = new() { NewLine = "\n" };
        Assert.Equal(0, LanguageVerbs.Help("weight", output, TextWriter.Null));
        Assert.Contains("in vrrp_script: ", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("integer -253 to 253 [reverse]", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("support: refused", output.ToString(), StringComparison.Ordinal);
        StringWriter error = new();
        Assert.Equal(1, LanguageVerbs.Help("priorty", TextWriter.Null, error));
        Assert.Contains("priority", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bash", "complete -o filenames -F _fencefirst fencefirst")]
    [InlineData("fish", "complete -c fencefirst -n '__fish_seen_subcommand_from check' -l file -s f -r -d 'configuration file'")]
    [InlineData("zsh", " '--peer:the other node\"s file")]
    public void Completion_knows_every_verb_and_keyword(string shell, string text)
    {
        // The script is generated from the parser and the table, so nothing can be forgotten.
        StringWriter output = new();
        Assert.Equal(0, CompletionVerb.Run(shell, CommandLineVerbs.Create(), output));
        Assert.Contains(shell, CompletionVerb.Shells);
        Assert.Contains(text, output.ToString(), StringComparison.Ordinal);
        Assert.All(CommandLineVerbs.Create().Subcommands.Where(verb => !verb.Hidden), verb => Assert.Contains(verb.Name, output.ToString(), StringComparison.Ordinal));
        Assert.Contains(" vrrp_garp_master_delay ", output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("demo-machine", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void No_problem_code_is_used_twice()
    {
        // People search for the number.
        List<string> ids = [.. typeof(DiagnosticCodes).GetFields().Select(field => ((DiagnosticCode)field.GetValue(null)!).Id)];
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    [Fact]
    public void A_dump_and_a_comparison_are_asked_for_apart()
    {
        StringWriter output = new();
        StringWriter error = new();
        Assert.Equal(2, CheckVerb.Run(new CheckOptions("test.conf") { IsDumping = true, PeerFile = "other.conf" }, output, error, new FakeMachine().Facts));
        Assert.Equal("", output.ToString());
        Assert.StartsWith("fencefirst check: --dump prints the values of one file, --peer compares two", error.ToString(), StringComparison.Ordinal);
    }

    private static (int Status, string Output, string Error) Check(string text, bool json = false, bool strict = false)
    {
        FakeMachine machine = new();
        machine.Files["test.conf"] = text;
        StringWriter output = new() { NewLine = "\n" };
        StringWriter error = new() { NewLine = "\n" };
        int status = CheckVerb.Run(new CheckOptions("test.conf") { IsJson = json, IsStrict = strict }, output, error, machine.Facts);
        return (status, output.ToString(), error.ToString());
    }
}
