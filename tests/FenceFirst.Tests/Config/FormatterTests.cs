using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Output;
using FenceFirst.Config.Syntax;
using FsCheck;
using FsCheck.Fluent;

namespace FenceFirst.Tests.Config;

public sealed class FormatterTests
{
    [Theory]
    [InlineData("vrrp_instance  A{\n priority   100 # c\n}", "vrrp_instance A {\n    priority 100 # c\n}\n")]
    [InlineData("a { b } c # d\n", "a { # d\n    b\n}\nc\n")]
    [InlineData("\n\n# head\n\n\n\nx\n\n", "# head\n\nx\n")]
    [InlineData("a {\n\t! inside\n\n\n b\n}", "a {\n    ! inside\n\n    b\n}\n")]
    [InlineData("a\n{\nb\n}", "a\n{\n    b\n}\n")]
    [InlineData("notify  \"/x   y\"  root", "notify  \"/x   y\"  root\n")]
    [InlineData("auth_pass a\\#b   # c", "auth_pass a\\#b # c\n")]
    [InlineData("$A=x  {\ny ${A}  z {\nb\n}", "$A=x  {\ny ${A}  z {\n    b\n}\n")]
    [InlineData("$M=\\\n  one {\\\n two\nb {\nc\n}", "$M=\\\n  one {\\\n two\nb {\n    c\n}\n")]
    [InlineData("~LST({a,b},{1,2}) x$a {\ny\n}", "~LST({a,b},{1,2}) x$a {\n    y\n}\n")]
    [InlineData("@node1  a {\n@node1 b\n@node1 }", "@node1  a {\n    @node1 b\n@node1 }\n")]
    [InlineData("@node1 a { b }\n~SEQ(n,2) x$n { y }\na { include  b }", "@node1 a { b }\n~SEQ(n,2) x$n { y }\na { include  b }\n")]
    [InlineData("}\n}\na", "}\n}\na\n")]
    [InlineData("a\r\nb\r\n", "a\nb\n")]
    [InlineData("", "")]
    public void A_file_gets_its_canonical_form(string text, string expected) => Assert.Equal(expected, Formatter.Format(text));

    [Fact]
    public void Formatting_changes_neither_the_meaning_nor_what_is_formatted()
    {
        // Every file of the corpus and every shipped example: the same tree of words before and after.
        string[] files =
        [
            .. Directory.GetFiles(Golden.Corpus("valid"), "*.conf"),
            .. Directory.GetFiles(Golden.Corpus("invalid"), "*.conf"),
            .. Directory.GetFiles(Path.Combine(Golden.Root, "packaging", "examples"), "*.conf"),
            .. SharedCorpusFactAttribute.Files,
        ];
        foreach (string path in files)
        {
            string text = File.ReadAllText(path);
            string formatted = Formatter.Format(text);
            Assert.Equal(Tree(text), Tree(formatted));
            Assert.Equal(formatted, Formatter.Format(formatted));
        }
    }

    [Fact]
    public void A_rewritten_file_keeps_every_byte_of_its_comments()
    {
        // Latin-1 and UTF-8 beside each other, one of them ending in a byte that is a blank in Latin-1.
        string file = Path.Combine(Path.GetTempPath(), $"fencefirst-fmt-{Guid.NewGuid():N}.conf");
        byte[] bytes = [.. "a   b # gr"u8, 0xfc, .. "n \u00e0\n"u8];
        File.WriteAllBytes(file, bytes);
        try
        {
            StringWriter error = new();
            Assert.Equal(1, FenceFirst.Cli.LanguageVerbs.Format([file], isWritten: false, isCheck: true, TextWriter.Null, error));
            Assert.Equal(0, FenceFirst.Cli.LanguageVerbs.Format([file], isWritten: true, isCheck: false, TextWriter.Null, error));
            Assert.Equal([.. "a b # gr"u8, 0xfc, .. "n \u00e0\n"u8], File.ReadAllBytes(file));
            Assert.Equal(0, FenceFirst.Cli.LanguageVerbs.Format([file], isWritten: false, isCheck: true, TextWriter.Null, error));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("@node1 $M=\\\n{a")]
    [InlineData("@^node2 @node1 $M=\\\n~LST(n,{x,y}) ")]
    [InlineData("@node2 $M=\\\na { b }")]
    [InlineData("$M=\\\n\0\na { b }")]
    public void A_definition_of_several_lines_keeps_them_as_they_are(string text)
    {
        // Whether the condition before it holds, and so whether the next line belongs to it, differs from node to node. A line that is not read does not end it.
        string formatted = Formatter.Format(text);
        Assert.Equal(text.TrimEnd() + "\n", formatted);
        Assert.Equal(Tree(text), Tree(formatted));
    }

    [Fact]
    public void Any_text_keeps_its_meaning()
    {
        // Words, braces, quotes, comments, definitions and repetitions thrown together.
        Gen<string> piece = Gen.Elements(
            "a", "b c", "{", "}", "\n", "\n", " ", "\"", "#", "!", "\\", "'x y'", "\"q  r\"", "$A", "${A}", "$A=v\n", "$M=\\\n", "@node1 ", "~SEQ(n,2) ", "~LST(n,{x,y}) ", "vrrp_instance I", "priority 5", "\\#", "\r\n", "@^node1 ", "\0");
        Prop.ForAll(piece.ArrayOf().ToArbitrary(), pieces =>
        {
            string text = string.Concat(pieces);
            string formatted = Formatter.Format(text);
            return Tree(text) == Tree(formatted) && Formatter.Format(formatted) == formatted;
        }).Check(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(2000).WithEndSize(60));
    }

    /// <summary>The logical lines as keepalived would read them, without their places.</summary>
    private static string Tree(string text)
    {
        // On the node that the conditions name, and on another one.
        IEnumerable<ConfigLine> lines = new[] { "node1", "node3" }.SelectMany(node => FakeMachine.Lines(new FakeMachine(), text, new DiagnosticBag(), node));
        return string.Join('\n', lines.SelectMany(Lexer.SplitAtBraces).Select(piece => string.Join('|', Lexer.Words(piece).Select(word => word.Text)) + "||" + string.Join('|', ScriptText.Words(piece).Select(word => word.Text))));
    }
}
