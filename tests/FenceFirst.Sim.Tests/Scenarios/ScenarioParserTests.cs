using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Simulate;

namespace FenceFirst.Sim.Tests;

/// <summary>The language of scenarios: what is good, and what is said of what is not.</summary>
public class ScenarioParserTests
{
    /// <summary>Every form of every statement.</summary>
    private const string Everything = """
        # a comment
        for 5min
        begin with b
        address a 192.0.2.1
        cut a b ! another
        at 1 cut a -> b
        at 1 cut a->b adverts
        at 1 cut a
        at 2 heal a b
        at 2 heal a -> b
        at 2 heal a
        at 2 heal
        at 3.25 power-off a
        at 4s power-on a
        at 200ms kill a
        at 5 start a
        at 5 stop a
        at 5 pause a for 10
        at 5 suspend a for 1m
        at 5 link-down a
        at 5 link-up a
        at 6 handover a
        at 6 handover a VI_1 within 30
        at 6 retry a
        at 6 retry a VI_1
        at 7 maintenance a on
        at 7 maintenance a on for 100
        at 7 maintenance a off
        at 8 confirm a on b
        at 8 confirm a on b VI_1
        fence a works
        fence b takes 40s
        fence b by a fails takes 3
        fence b hangs
        fence b lies
        fence b reports-early
        fence b unreachable
        at 9 fence b reboots
        device board_a fails
        script postgres fails
        script "postgres" on a works
        at 9 script promote_postgres.sh on b hangs
        at 9 script witness.sh takes 4
        loss 10%
        loss 2.5 a -> b
        delay 200ms
        delay 0 a b
        expect a master
        at 9 expect a backup VI_1
        at 9 expect a promoting within 3
        expect a never demoting
        expect never a fault
        expect a owner
        expect a off within 10
        expect a dead
        expect a fenced
        expect a never fenced
        expect owned
        expect owned VI_1 within 20
        at 9 expect owned within 20
        expect never two owners
        expect two owners
        at 9 expect two owners VI_1 within 4
        """;

    [Fact]
    public void Every_form_of_every_statement_is_accepted()
    {
        Scenario scenario = Parse(Everything, out DiagnosticBag diagnostics);
        Assert.Equal("", DiagnosticText.Render(diagnostics));
        Assert.Equal(300 * Nano.Second, scenario.Duration);
        Assert.Equal(1, scenario.FirstMaster);
        Assert.Equal(16, scenario.Claims.Count);
    }

    [Theory]
    [InlineData("at 3 cutt a b", "1:6: error FF1702: 'cutt' is no statement", "did you mean 'cut'?")]
    [InlineData("at x cut a b", "1:4: error FF1705: 'x' is no time from 0 to one day", "seconds: 3, 3.2, 40s; or 200ms, 5min")]
    [InlineData("at -1 cut a b", "1:4: error FF1705", "seconds")]
    [InlineData("at 1e9 heal", "1:4: error FF1705", "seconds")]
    [InlineData("at", "1:3: error FF1703: a time is missing", "at 3.2 cut a b")]
    [InlineData("at 3", "1:5: error FF1703: what happens then?", "at 3.2 cut a b")]
    [InlineData("cut a d", "1:7: error FF1706: 'd' is no node", "there are a, b, in the order of the -f options")]
    [InlineData("cut a a", "1:7: error FF1706: a node always reaches itself", "cut a b")]
    [InlineData("cut", "1:4: error FF1703: which node?", "cut a b")]
    [InlineData("at 5 fence", "1:11: error FF1703: which node?", "fence TARGET")]
    [InlineData("fence b", "1:8: error FF1703: what does it do?", "fence TARGET")]
    [InlineData("fence b lie", "1:9: error FF1702: 'lie' cannot stand after 'this'", "did you mean 'lies'?")]
    [InlineData("device board fails", "1:8: error FF1707: no file has a fence_device 'board'", "board_a")]
    [InlineData("script postgre on a fails", "1:8: error FF1707: no file has a script or step 'postgre'", "did you mean 'postgres'?")]
    [InlineData("expect a mastr", "1:10: error FF1702: 'mastr' cannot stand after 'a node'", "did you mean 'master'?")]
    [InlineData("expect a master VI_2", "1:17: error FF1707: there is no instance 'VI_2'", "did you mean 'VI_1'?")]
    [InlineData("expect a master within", "1:23: error FF1703: a time is missing", "expect NODE")]
    [InlineData("expect a never master within 3", "1:23: error FF1704: 'never' lasts to the end: it has no 'within'", "expect NODE")]
    [InlineData("expect nevr two owners", "1:8: error FF1702: 'nevr' cannot stand after 'expect'", "did you mean 'never'?")]
    [InlineData("heal a b c", "1:10: error FF1704: the statement ends before 'c'", "")]
    [InlineData("for 5\nat 99 heal", "2:7: error FF1708: the scenario ends at 5, before this", "for 109")]
    [InlineData("for 5\nfor 6", "2:1: error FF1709: the duration was said before", "")]
    [InlineData("begin cold\nbegin cold", "2:1: error FF1709: the beginning was said before", "")]
    [InlineData("at 3 begin cold", "1:6: error FF1702: 'begin' has no time", "without at")]
    [InlineData("begin warm", "1:7: error FF1702: 'warm' cannot stand after 'begin'", "begin with NODE")]
    [InlineData("loss 101%", "1:6: error FF1705: '101%' is no share from 0% to 100%", "loss 10%")]
    [InlineData("pause a 10", "1:9: error FF1702: for how long?", "pause a for 10")]
    [InlineData("address a here", "1:11: error FF1707: 'here' is no address", "address a 192.0.2.1")]
    public void A_problem_is_told_with_its_place_and_what_to_do(string text, string expected, string hint)
    {
        Parse(text, out DiagnosticBag diagnostics);
        string told = DiagnosticText.Render(diagnostics);
        Assert.Contains(expected, told);
        Assert.Contains(hint, told);
        Assert.Equal(1, diagnostics.ErrorCount);
    }

    [Fact]
    public void All_problems_are_told_at_once()
    {
        Parse("cutt\nheall\nexpct a master\n", out DiagnosticBag diagnostics);
        Assert.Equal(3, diagnostics.ErrorCount);
    }

    [Fact]
    public void No_text_throws()
    {
        // Shuffled words of the language, cut and doubled, with strange characters in between: a scenario or problems, nothing else.
        Prng chance = new(20);
        string[] words = [.. Everything.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries), "\"", "->", "#", "\0", "\u202e", "999999999999999999999", "NaN", "-", "é", "\r", "\t"];
        for (int i = 0; i < 10_000; i++)
        {
            List<string> text = [];
            for (int k = chance.Below(14); k >= 0; k--)
            {
                string word = words[chance.Below(words.Length)];
                text.Add(chance.OneIn(10) && word.Length > 1 ? word[..chance.Below(word.Length)] : word);
                text.Add(chance.OneIn(4) ? "\n" : " ");
            }

            Parse(string.Concat(text), out _);
        }
    }

    [Fact]
    public void What_is_accepted_can_be_run()
    {
        // Random good statements, one at a time: no run ends in an exception.
        string[] lines = Everything.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        Prng chance = new(7);
        Play play = Play.Pair();
        for (int i = 0; i < 60; i++)
        {
            string[] chosen = [.. Enumerable.Range(0, 6).Select(_ => lines[chance.Below(lines.Length)]).Where(line => !line.StartsWith("for", StringComparison.Ordinal)).Distinct()];
            int status = play.Run(string.Join('\n', chosen) + "\nfor 40\n", new SimulateRequest { Seed = (ulong)i });
            Assert.True(status is 0 or 1, $"{string.Join('\n', chosen)}\n{play.Error}");
            Assert.DoesNotContain("GUARANTEE BROKEN", play.Output);
        }
    }

    private static Scenario Parse(string text, out DiagnosticBag diagnostics)
    {
        diagnostics = new DiagnosticBag();
        Core.Node.NodeConfig[] nodes = ClusterFiles.Load(["/a.conf", "/b.conf"], [], Play.Pair().Facts(), diagnostics)!; // The shipped files are good.
        return ScenarioParser.Parse(new SourceText("test", text, 1000), 2, nodes, diagnostics, out _);
    }
}
