using System.Text;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Sim;
using FenceFirst.Simulate;

namespace FenceFirst.Fuzz.Decoders;

/// <summary>Scenarios, as <c>fencefirst simulate</c> reads them.</summary>
internal sealed class ScenarioHarness : Harness
{
    private const int Nodes = 2;

    private static readonly string[] Pieces =
        ["at ", "at 1 ", "at 1d ", "expect ", "for 5", "for 99999999999999999999s", "begin cold", "begin with b", "address a 192.0.2.1", "cut ", "heal ", "power-off ", "power-on ", "kill ", "start ", "stop ", "pause ", "suspend ",
            "link-down ", "link-up ", "handover ", "maintenance ", "confirm ", "retry ", "fence ", "device ", "script ", "loss 10%", "delay 200ms", "within 3", "on b", "by a", "->", " a", " b", " z", "never", "owned", "master", "takes 4",
            "-1", "1e400", "0.0000000001", "NaN", "\"", "#", "!", "\n", "\r\n", "\0", "\t", "\u00e9"];

    public override string Name => "scenario";

    public override string What => "scenarios of fencefirst simulate";

    public override IReadOnlyList<byte[]> Words { get; } = [.. Pieces.Select(Encoding.UTF8.GetBytes)];

    public override IReadOnlyList<byte[]> Samples() =>
    [
        "at 1 power-off a\nexpect b master within 60\n"u8.ToArray(),
        "for 5min\nat 2 cut a -> b adverts\nat 3 heal\nexpect never a fault\n"u8.ToArray(),
        .. FuzzMachine.Files("*.scenario", "packaging/scenarios").Select(Encoding.UTF8.GetBytes).Where(bytes => bytes.Length <= LengthMax),
    ];

    public override bool Try(byte[] input)
    {
        DiagnosticBag diagnostics = new();
        Scenario scenario = ScenarioParser.Parse(new SourceText("test.scenario", Encoding.UTF8.GetString(input)), Nodes, null, diagnostics, out InternetAddress[] addresses);
        Demand(addresses.Length == Nodes, "addresses for other nodes than there are");
        Demand(diagnostics.HasErrors || scenario.Duration is >= 0 and < Nano.Never, "a duration that is none");
        Demand(diagnostics.HasErrors || scenario.Actions.All(action => action.At >= 0 && action.At <= scenario.Duration), "an action at a time that never comes");
        Demand(!DiagnosticText.Render(diagnostics).Any(each => char.IsControl(each) && each is not ('\n' or '\t')), "a message that moves the cursor");
        return !diagnostics.HasErrors;
    }
}
