using System.Text;
using FenceFirst.Config;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Keywords;
using FenceFirst.Config.Syntax;
using FenceFirst.Core.Node;

namespace FenceFirst.Fuzz.Decoders;

/// <summary>Configurations, from the lexer to the binder and the words of every problem.</summary>
internal sealed class ConfigHarness : Harness
{
    private static readonly string[] Extra =
        ["{", "}", "\n", "\n{\n", "\n}\n", " ", "\"", "'", "\\", "#", "!", "$A=", "$A", "${A}", "@node1 ", "@^node1 ", "~SEQ(n,2) ", "~LST(n,{x,y}) ", "include test.conf", "10.0.0.1/24", "fd00::1/64", "224.0.0.18",
            "0.01", "1e9", "-1", "4294967296", "no", "yes", "on", "off", "/etc/fencefirst/a.sh", "dev eth0", "hex:00", "weight -254", "timeout 99999999999s", "\0", "\u00e9"];

    public override string Name => "config";

    public override string What => "configurations, from the lexer to the binder, and every diagnostic in words";

    public override int LengthMax => 16 * 1024;

    // Definitions and repetitions may grow to their bounds, which are named in Preprocessor.
    public override long AllocationMax => 1L << 30;

    public override int QuickCount => 600;

    public override IReadOnlyList<byte[]> Words { get; } = [.. KeywordTable.All.Select(keyword => Encoding.UTF8.GetBytes(keyword.Name + " ")), .. Extra.Select(Encoding.UTF8.GetBytes)];

    public override IReadOnlyList<byte[]> Samples() =>
    [
        .. FuzzMachine.Files("*.conf", "packaging/examples", "tests/FenceFirst.Tests/Corpus/valid", "tests/FenceFirst.Tests/Corpus/invalid").Select(Encoding.UTF8.GetBytes)
            .Where(bytes => bytes.Length <= LengthMax),
        "vrrp_instance A {\n    interface eth0\n    virtual_router_id 5\n    virtual_ipaddress {\n        10.0.0.1/24\n    }\n}\n"u8.ToArray(),
    ];

    public override bool Try(byte[] input)
    {
        string text = Encoding.UTF8.GetString(input);
        (NodeConfig? config, DiagnosticBag diagnostics) = ConfigLoader.Load(FuzzMachine.FileName, null, FuzzMachine.Facts(text));
        Demand((config is null) == diagnostics.HasErrors, "a configuration in spite of an error, or none without one");
        foreach (Diagnostic diagnostic in diagnostics.Sorted())
        {
            Demand(diagnostic.Code.Id.StartsWith("FF", StringComparison.Ordinal) && diagnostic.Message.Length > 0, "a problem without a name");
            SourceSpan span = diagnostic.Span;
            Demand(span.Source is null || (span.Line >= 0 && span.Line <= span.Source.LineCount && span.Column >= 0), "a problem at a place that is not in the file");
            string words = DiagnosticText.Render(diagnostic);
            Demand(!words.Any(each => char.IsControl(each) && each is not ('\n' or '\t')), "a message that moves the cursor");
        }

        _ = DiagnosticText.Render(diagnostics);
        return config is not null;
    }
}
