using FenceFirst.Config;

namespace FenceFirst.Tests.Config;

public sealed class LexerTests
{
    [Theory]
    [InlineData("priority 100 # comment", "priority|100")]
    [InlineData("priority 100 ! comment", "priority|100")]
    [InlineData("auth_pass \"a#b!c\"", "auth_pass|a#b!c")]
    [InlineData("auth_pass a\\#b\\!c", "auth_pass|a#b!c")]
    [InlineData("auth_pass 'a#b'", "auth_pass|'a")]
    [InlineData("a b\"c d\"e \"\" f\r", "a|b|c d|e||f")]
    [InlineData("\t a \v b", "a|b")]
    public void Words_are_separated_as_in_keepalived(string text, string expected)
    {
        // Comments, both ways to write a literal comment sign, quotes that end a word, empty words.
        DiagnosticBag diagnostics = new();
        ConfigLine line = Assert.Single(FakeMachine.Lines(new FakeMachine(), text, diagnostics));
        Assert.Equal(expected, string.Join('|', Lexer.Words(line).Select(word => word.Text)));
    }

    [Theory]
    [InlineData("a { b } c", "a|{|b|}|c")]
    [InlineData("a \"{x}\" {", "a \"{x}\"|{")]
    [InlineData("{}}", "{|}|}")]
    public void Braces_outside_quotes_cut_a_line(string text, string expected)
    {
        // Every piece is a line of its own (keepalived.conf(5)).
        ConfigLine line = ConfigLine.Physical(new SourceText("f", text), 1);
        Assert.Equal(expected, string.Join('|', Lexer.SplitAtBraces(line).Select(piece => piece.Text)));
    }

    [Theory]
    [InlineData("/bin/sh -c 'exit 0'", "/bin/sh|-c|exit 0")]
    [InlineData("a\"b c\"d \\x41\\102 \\q", "ab cd|AB|q")]
    [InlineData("x ''", "x|")]
    public void Commands_are_cut_with_both_quotes_and_escapes(string command, string expected)
    {
        // The second reading of a script line.
        Assert.Equal(expected, string.Join('|', ScriptText.Arguments(command)));
    }

    [Theory]
    [InlineData("$A=1\nx ${A}y $A", "x 1y 1")]
    [InlineData("$A=$B\n$B=2\nx $A", "x 2")]
    [InlineData("x $UNDEFINED", "x $UNDEFINED")]
    [InlineData("x ${_ENV SITE} ${_INSTANCE}${_HASH}${_BANG}", "x north node1#!")]
    [InlineData("$M=\\\none\\\ntwo\nx $M\ny", "x one|two|y")]
    [InlineData("@node1 a\n@other b\n@^node1 c\n@^other d\n@fencefirst e\n@^fencefirst f", "a|d|e")]
    [InlineData("$C=@node1 yes\n$C", "yes")]
    public void Definitions_and_conditions_are_resolved(string text, string expected)
    {
        // Late binding, several lines, conditions that come out of a definition, and our own id that is always true.
        DiagnosticBag diagnostics = new();
        List<ConfigLine> lines = FakeMachine.Lines(new FakeMachine(), text, diagnostics);
        Assert.Equal(expected, string.Join('|', lines.Select(line => Lexer.Plain(line.Text))));
        Assert.Equal(0, diagnostics.ErrorCount);
    }

    [Fact]
    public void Random_numbers_depend_on_the_seed_only_and_stay_in_their_range()
    {
        // The seed is a parameter: the same file gives the same configuration.
        string First() => Assert.Single(FakeMachine.Lines(new FakeMachine(), "${_RANDOM 5 9}", new DiagnosticBag())).Text;
        Assert.Equal(First(), First());
        Assert.InRange(int.Parse(First()), 5, 9);
    }

    [Fact]
    public void Includes_are_relative_sorted_and_bounded()
    {
        // A glob beside the including file, a missing file (a warning), a loop (an error).
        FakeMachine machine = new();
        machine.Files["conf.d/b.conf"] = "b";
        machine.Files["conf.d/a.conf"] = "a\ninclude {a,x}.conf";
        machine.Kinds["conf.d/b.conf"] = machine.Kinds["conf.d/a.conf"] = new FileFacts(FileKind.Regular, 0b110_100_100, 0, 0);
        DiagnosticBag diagnostics = new();
        List<ConfigLine> lines = FakeMachine.Lines(machine, "include conf.d/*.conf\nlast", diagnostics);
        Assert.Equal("a b last", string.Join(' ', lines.Select(line => line.Text)));
        Assert.Equal(["FF1010", "FF1012"], diagnostics.Sorted().Select(diagnostic => diagnostic.Code.Id).Order());
    }

    [Theory]
    [InlineData("*.conf", "a.conf", true)]
    [InlineData("a?c", "abc", true)]
    [InlineData("[a-c]x", "bx", true)]
    [InlineData("[!a-c]x", "bx", false)]
    [InlineData("*a*b*c", "xxaxxbxx", false)]
    public void Wildcards_match_as_in_glob(string pattern, string name, bool expected) => Assert.Equal(expected, Include.IsMatch(pattern, name));

    [Fact]
    public void A_caret_points_at_what_was_typed_although_the_line_was_expanded()
    {
        // The reference is underlined, not the text it stands for.
        (_, DiagnosticBag diagnostics) = FakeMachine.Load("$P=nonsense\nvrrp_instance A {\n  interface eth0\n  virtual_router_id $P\n}");
        string text = DiagnosticText.Render(diagnostics.Sorted().First(diagnostic => diagnostic.Code == DiagnosticCodes.BadNumber));
        Assert.StartsWith("test.conf:4:21: error FF1201: ", text);
        Assert.Contains("      virtual_router_id $P\n                        ^", text);
    }

    [Theory]
    [InlineData("auth_pass a#b", true)]
    [InlineData("auth_pass a #b", false)]
    [InlineData("block {# fine", false)]
    public void A_comment_sign_inside_a_word_is_reported(string text, bool isReported)
    {
        // keepalived cuts the value and says nothing.
        DiagnosticBag diagnostics = new();
        FakeMachine.Lines(new FakeMachine(), text, diagnostics);
        Assert.Equal(isReported, diagnostics.Sorted().Any(diagnostic => diagnostic.Code == DiagnosticCodes.CutByComment));
    }
}
