using System.Text;
using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Output;
using FenceFirst.Config.Syntax;

namespace FenceFirst.Fuzz.Decoders;

/// <summary><c>fencefirst fmt</c>: a text keeps its meaning, and formatting it again changes nothing.</summary>
internal sealed class FormatHarness : Harness
{
    private static readonly string[] Pieces =
        ["a", "b c", "{", "}", "\n", "\n", " ", "\"", "#", "!", "\\", "'x y'", "\"q  r\"", "$A", "${A}", "$A=v\n", "$M=\\\n", "@node1 ", "@^node1 ", "@x ", "~SEQ(n,2) ", "~LST(n,{x,y}) ", "~LST(x,\"a\",b) ",
            "vrrp_instance I", "priority 5", "\\#", "\r\n", "$M", "${M}", "'", "\\\\", "$", "=", "(", ")", ",", "\t", "\v", "\f", "\r", "\0", "include x", "include", "includer \"x\"", "$n", "${n}", "$A={\n", "$A=}\n",
            "$A=#\n", "$A=\"\n", "$1=x\n", "${_HASH}", "$_BANG ", "$A1=", "~SEQ", "~", "@", "${", "${A x}", "}{", "\u00a0", "\u2028", "\ufdd0", "  ", "{ a", "b }", "a{b}c", "\u0085"];

    public override string Name => "fmt";

    public override string What => "the formatter of configurations";

    // As for configurations.
    public override long AllocationMax => 1L << 30;

    public override int QuickCount => 4000;

    public override IReadOnlyList<byte[]> Words { get; } = [.. Pieces.Select(Encoding.UTF8.GetBytes)];

    public override IReadOnlyList<byte[]> Samples() =>
    [
        .. FuzzMachine.Files("*.conf", "packaging/examples", "tests/FenceFirst.Tests/Corpus/valid").Select(Encoding.UTF8.GetBytes).Where(bytes => bytes.Length < 1500),
        "@node1 $M=\\\n{a"u8.ToArray(),
        "a { b } c # d\n"u8.ToArray(),
        ""u8.ToArray(),
    ];

    /// <summary>Often thrown together anew: the pieces matter here, not the bytes.</summary>
    public override byte[] Repair(byte[] input, Chance chance)
    {
        if (chance.OneIn(3))
        {
            return input;
        }

        StringBuilder text = new();
        for (int pieces = 1 + chance.Below(40); pieces > 0; pieces--)
        {
            text.Append(chance.Of(Pieces));
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    public override bool Try(byte[] input)
    {
        string text = Encoding.UTF8.GetString(input);
        string formatted = Formatter.Format(text);
        Demand(Formatter.Format(formatted) == formatted, "formatting it again changes it");
        foreach (string node in (string[])["node1", "node3"])
        {
            Demand(Meaning(text, node) == Meaning(formatted, node), $"the meaning changes on {node}");
        }

        return formatted.Length > 0;
    }

    /// <summary>The words as keepalived would read them, as two of its readers do.</summary>
    private static string Meaning(string text, string node)
    {
        // An include of a file by itself would be read with another text; includes are lines like any other here.
        MachineFacts facts = FuzzMachine.Facts(text) with { Inspect = _ => null };
        List<ConfigLine> lines = new Preprocessor(new DiagnosticBag(), facts, node, 1).Read(FuzzMachine.FileName);
        StringBuilder words = new();
        foreach (ConfigLine piece in lines.SelectMany(Lexer.SplitAtBraces))
        {
            words.AppendJoin('|', Lexer.Words(piece).Select(word => word.Text)).Append("||");
            words.AppendJoin('|', ScriptText.Words(piece).Select(word => word.Text)).Append('\n');
        }

        return words.ToString();
    }
}
