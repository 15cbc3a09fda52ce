using FenceFirst.Daemon.Operator;

namespace FenceFirst.Fuzz.Decoders;

/// <summary>Requests on the control socket.</summary>
internal sealed class ControlHarness : Harness
{
    private static readonly string[] Requests =
    [
        """{"version":1,"request":"status"}""",
        """{"request":"retry","instance":"VI_1","version":1}""",
        """{"version":1,"request":"confirm","instance":"VI_1","target":"10.0.0.1","checked":true}""",
        """{"version":1,"request":"handover","instance":"VI_1","seconds":30}""",
        """{"version":1,"request":"maintenance","on":true,"seconds":7200}""",
        """{"version":1,"request":"maintenance","on":false,"instance":"VI_1"}""",
        """{"version":1,"request":"fence_test","device":"db1","status_only":true}""",
        """{"version":1,"request":"operation","operation":7}""",
        """{"version":1,"request":"reload"}""",
    ];

    private static readonly string[] Tokens =
        ["\"version\":", "\"request\":", "\"seconds\":", "\"operation\":", "\"on\":", "\"checked\":", "null", "true", "1e5", "-0", "\"\\ud800\"", "\"\\u0000\"", "[", "]", "{", "}", ",", ":", "\"", "\\", "/*", "\u00e9"];

    public override string Name => "control";

    public override string What => "requests on the control socket";

    public override int QuickCount => 20_000;

    public override IReadOnlyList<byte[]> Words { get; } = [.. Tokens.Select(System.Text.Encoding.UTF8.GetBytes)];

    public override IReadOnlyList<byte[]> Samples() => [.. Requests.Select(System.Text.Encoding.UTF8.GetBytes)];

    public override bool Try(byte[] input)
    {
        ControlRequest? request = ControlRequest.Parse(input, out string problem);
        Demand((request is null) == (problem.Length > 0), "a request and a problem at the same time, or neither");
        Demand(problem.Length < 1000, "the problem repeats what was sent");
        Demand(request is null || (Enum.IsDefined(request.Verb) && request.Seconds is >= 0 and <= ControlRequest.SecondsMax), "a request out of its bounds");
        return request is not null;
    }
}
