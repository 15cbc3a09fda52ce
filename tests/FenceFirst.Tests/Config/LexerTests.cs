using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;

namespace FenceFirst.Tests.Config;

public sealed class LexerTests
{
    [Theory]
    [InlineData("priority 100 # comment", "priority|100")]
    [InlineData("priority 100 ! comment", "priority|100")]
    [InlineData("auth_pass \"a#b!c\"", "auth_pass|a#b!c")]
    [InlineData("auth_pass a\\#b\\!c", "auth_pass|a")]
    [InlineData("auth_pass \"a\\#b\"", "auth_pass|a\\#b")]
    [InlineData("auth_pass a${_HASH}b", "auth_pass|a")]
    [InlineData("auth_pass \"a${_HASH}b${_BANG}\"", "auth_pass|a#b!")]
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
    [InlineData("x ${_ENV SITE} ${_INSTANCE}${_ENV UNSET_}", "x north node1")]
    [InlineData("$A=1\nx \"$A\" \"$A \" $A/ ${A}/", "x \"$A\" \"1 \" $A/ 1/")]
    [InlineData("$A=1\na { @node1 b { $A } c $A } @other d }", "a|{|b|{|1|}|c 1|}")]
    [InlineData("a { $B=2\n{ ~SEQ(n,2) $B$n }", "a|{|{|$B1|}|$B2|}")]
    [InlineData("$M=\\\none\\\ntwo\nx $M\ny", "x one|two|y")]
    [InlineData("@node1 a\n@other b\n@^node1 c\n@^other d\n@fencefirst e\n@^fencefirst f", "a|d|e")]
    [InlineData("$C=@node1 yes\n$C", "yes")]
    public void Definitions_and_conditions_are_resolved(string text, string expected)
    {
        // Late binding, several lines, conditions that come out of a definition, and our own id that is always true.
        DiagnosticBag diagnostics = new();
        List<ConfigLine> lines = FakeMachine.Lines(new FakeMachine(), text, diagnostics);
        Assert.Equal(expected, string.Join('|', lines.Select(line => line.Text)));
        Assert.Equal(0, diagnostics.ErrorCount);
    }

    [Theory]
    [InlineData("~SEQ(n, 3) x$n", "x1|x2|x3")]
    [InlineData("~SEQ(n, -2) x$n", "x-1|x-2")]
    [InlineData("~SEQ(n, 5, 3) y${n}y", "y5y|y4y|y3y")]
    [InlineData("~SEQ(n, 0x10, 010, 0x20) z$n", "z16|z24|z32")]
    [InlineData("~SEQx(n, 10,12) w$n", "wa|wb|wc")]
    [InlineData("~SEQ(a,2) ~SEQ(b,2) v${a}_$b", "v1_1|v1_2|v2_1|v2_2")]
    [InlineData("~LST(a, p, q) l$a", "lp|lq")]
    [InlineData("~LST({a,b},{1,2},{3}) t${a}_$b", "t1_2|t3_")]
    [InlineData("$TO=2\n~SEQ( k , 1 , $TO )sp$k\nafter $k", "sp1|sp2|after 2")]
    [InlineData("~SEQ(m,2)", "")]
    [InlineData("~SEQ(n,0) x$n", "x1|x0")]
    [InlineData("~LST(a,,\"q\") x$a", "x|x\"q\"")]
    [InlineData("b {~LST({a, b}, {1 , 2}) ${a}_$b }", "b|{|1_2|}")]
    public void Sequences_and_lists_repeat_the_rest_of_the_line(string text, string expected)
    {
        // keepalived.conf(5); the results are those of keepalived 2.2.7, except the order of nested ones, which is that of nested loops.
        DiagnosticBag diagnostics = new();
        List<ConfigLine> lines = FakeMachine.Lines(new FakeMachine(), text, diagnostics);
        Assert.Equal(expected, string.Join('|', lines.Select(line => line.Text)));
        Assert.Equal(0, diagnostics.ErrorCount);
    }

    [Theory]
    [InlineData("~SEQ(n,1,-1,3) x")]
    [InlineData("~SEQ(n,3,0,3) x")]
    [InlineData("~SEQ(n,a) x")]
    [InlineData("~SEQ(n,1 x")]
    [InlineData("~SEQ($n,2) x")]
    [InlineData("~SEQx(n,-2) x")]
    [InlineData("~LST(m) x")]
    [InlineData("~LST(a,{1,2},3) x")]
    [InlineData("~SEQ(n,2000000000) x")]
    [InlineData("~SEQUENCE(n,2) x")]
    [InlineData("~SEQ(n 2) x")]
    [InlineData("~LST(a,b c) x")]
    [InlineData("~LST({a b},{1,2}) x")]
    public void A_repetition_that_makes_no_sense_is_one_error(string text)
    {
        // Wrong direction, step 0, no number, no end, more values than variables, and one that would fill the memory.
        DiagnosticBag diagnostics = new();
        Assert.Empty(FakeMachine.Lines(new FakeMachine(), text, diagnostics));
        Assert.Equal(DiagnosticCodes.BadRepetition, Assert.Single(diagnostics.Sorted()).Code);
    }

    [Fact]
    public void An_expanded_line_is_shown_as_typed_and_as_it_reads()
    {
        // The caret stands under what can be edited; below it is what keepalived would read.
        (_, DiagnosticBag diagnostics) = FakeMachine.Load("vrrp_instance A {\n  interface eth0\n  ~SEQ(n, 300, 300) virtual_router_id $n\n}");
        string text = DiagnosticText.Render(diagnostics.Sorted().First(diagnostic => diagnostic.Code == DiagnosticCodes.OutOfRange));
        Assert.StartsWith("test.conf:3:39: error FF1202: ", text);
        Assert.Contains("    it reads: virtual_router_id 300\n", text);
    }

    [Theory]
    [InlineData("include_check read\ninclude absent.conf", "FF1011")]
    [InlineData("include_check\ninclude absent*.conf", "FF1011")]
    [InlineData("include_check read match\ninclude_check -read -match\ninclude absent.conf", "FF1010")]
    [InlineData("include_check nonsense", "FF1205")]
    public void Include_check_makes_a_plain_include_strict(string text, string code)
    {
        // It holds to the end of the file in which it stands.
        DiagnosticBag diagnostics = new();
        FakeMachine.Lines(new FakeMachine(), text, diagnostics);
        Assert.Equal(code, Assert.Single(diagnostics.Sorted()).Code.Id);
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
    [InlineData("auth_pass a\\#b", "test.conf:1:12")]
    [InlineData("auth_pass a${_HASH}b", "test.conf:1:12")]
    [InlineData("auth_pass \"a\\#b${_HASH}\" # c", null)]
    public void A_comment_sign_that_only_seems_to_be_protected_is_reported(string text, string? place)
    {
        // keepalived 2.2.7 and 2.4.3 read `a` here: what the first process wrote without its backslash is read once more by the second.
        DiagnosticBag diagnostics = new();
        FakeMachine.Lines(new FakeMachine(), text, diagnostics);
        Assert.Equal(place, diagnostics.Sorted().Where(diagnostic => diagnostic.Code == DiagnosticCodes.CommentSignLost).Select(diagnostic => $"{diagnostic.Span.Path}:{diagnostic.Span.Line}:{diagnostic.Span.Column}").SingleOrDefault());
    }

    [Theory]
    [InlineData("$A=1\nscript \"x $A\"", "test.conf:2:11")]
    [InlineData("$A=1\nx $A/24", "test.conf:2:3")]
    [InlineData("$A=1\nx ${A}/24 $B/24 $A) $A, $A", null)]
    public void A_reference_that_is_not_replaced_is_reported(string text, string? place)
    {
        // Only a blank, a comma, a closing parenthesis and the end of the line may follow a name without braces; a quote may not.
        DiagnosticBag diagnostics = new();
        FakeMachine.Lines(new FakeMachine(), text, diagnostics);
        Assert.Equal(place, diagnostics.Sorted().Select(diagnostic => $"{diagnostic.Span.Path}:{diagnostic.Span.Line}:{diagnostic.Span.Column}").SingleOrDefault());
    }

    [Theory]
    [InlineData("script /x' y'", "script|/x y")]
    [InlineData("script \"/x\"abc'd e' f", "script|/xabcd e|f")]
    [InlineData("script \"/x \"a b\" c\"", "script|/x a|b c")]
    [InlineData("script '/x \"a\\'b\"' root", "script|/x \"a\\'b\"|root")]
    public void Pieces_of_a_script_side_by_side_join(string text, string expected)
    {
        // keepalived's alloc_strvec_quoted; what was quoted on the line is no longer quoted when the command is cut into arguments.
        Assert.Equal(expected, string.Join('|', ScriptText.Words(ConfigLine.Physical(new SourceText("f", text), 1)).Select(word => word.Text)));
    }

    [Theory]
    [InlineData("include conf.d/a.conf", true)]
    [InlineData("include \"conf.d/a.conf\"", false)]
    [InlineData("\"include\" conf.d/a.conf", false)]
    [InlineData("include conf.d/a.conf conf.d/a.conf", false)]
    [InlineData("x { include conf.d/a.conf", true)]
    [InlineData("x { include conf.d/a.conf }", false)]
    public void An_include_takes_the_rest_of_the_line_as_it_stands(string text, bool isRead)
    {
        // keepalived finds no file whose name has quotes; behind a brace an include counts.
        FakeMachine machine = new();
        machine.Files["conf.d/a.conf"] = "included";
        List<ConfigLine> lines = FakeMachine.Lines(machine, text, new DiagnosticBag());
        Assert.Equal(isRead, lines.Exists(line => line.Text == "included"));
    }

    [Theory]
    [InlineData("a{b,c}d", "abd acd")]
    [InlineData("{a,{b,c}}d", "ad bd cd")]
    [InlineData("{a,b}{c,d}", "ac ad bc bd")]
    [InlineData("a{b", "a{b")]
    [InlineData("{a}", "a")]
    public void Alternatives_of_an_include_are_those_of_a_shell(string pattern, string expected) =>
        Assert.Equal(expected, string.Join(' ', Include.Alternatives(pattern)));

    [Theory]
    [InlineData("authentication {\nauth_type PASS\nauth_pass a\\\"b\n}", "test.conf:5:12")]
    [InlineData("authentication {\nauth_type PASS\nauth_pass a\\\"b\\\"\n}", null)]
    [InlineData("notify_master \"/root/s.sh \\\"x\\\"\"", null)]
    [InlineData("notify_master /root/s.sh\\ it\\\"s", null)]
    public void A_backslash_does_not_protect_a_quote_outside_of_commands(string lines, string? place)
    {
        // keepalived 2.2.7: Unmatched quote, and the password is a\.
        (_, DiagnosticBag diagnostics) = FakeMachine.Load($"vrrp_instance A {{\ninterface eth0\n{lines}\n}}\n");
        Assert.Equal(place, diagnostics.Sorted().Where(diagnostic => diagnostic.Code == DiagnosticCodes.UnterminatedQuote).Select(diagnostic => $"{diagnostic.Span.Path}:{diagnostic.Span.Line}:{diagnostic.Span.Column}").SingleOrDefault());
    }

    [Fact]
    public void A_byte_order_mark_is_named()
    {
        // It cannot be seen, so "unknown keyword 'global_defs'" would help nobody; keepalived refuses it too. Words without any character are no trap either.
        (_, DiagnosticBag diagnostics) = FakeMachine.Load("\ufeffglobal_defs {\n}\n\"\" x\n");
        Assert.Contains("byte order mark", diagnostics.Sorted()[0].Message, StringComparison.Ordinal);
        Assert.Equal([1, 3], diagnostics.Sorted().Where(diagnostic => diagnostic.Code == DiagnosticCodes.UnknownKeyword).Select(diagnostic => diagnostic.Span.Line));
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
