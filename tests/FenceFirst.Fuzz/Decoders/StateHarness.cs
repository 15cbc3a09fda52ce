using System.Globalization;
using System.Text;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Daemon.Records;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Fuzz.Decoders;

/// <summary>The file state.json.</summary>
internal sealed class StateHarness : Harness
{
    private static readonly DateTimeOffset WallNow = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    private static readonly string[] Tokens =
        ["\"v\":1,", "\"v\":2,", "\"left\":", "\"boot\":", "\"instances\":[", "\"attempts\":[", "\"pid\":1,", "\"targets\":[\"10.0.0.1\"]", "null", "true", "-1", "9223372036854775807", "\"0001-01-01T00:00:00+14:00\"", "\"9999-12-31T23:59:59-14:00\"", "4294967296", "1e3", "\"\\ud800\"", "[", "]", "{", "}", ",", "\""];

    public override string Name => "state";

    public override string What => "state.json, with its checksum made right";

    public override IReadOnlyList<byte[]> Words { get; } = [.. Tokens.Select(Encoding.UTF8.GetBytes)];

    public override IReadOnlyList<byte[]> Samples()
    {
        AttemptMemory memory = new("VI_1", 7) { Kind = StepKind.Fence, Step = 1, Targets = [InternetAddress.Parse("10.0.0.1"), InternetAddress.Parse("fd00::1")] };
        KeptState kept = new()
        {
            BootId = "5e2d",
            LastAttempt = 9,
            Instances = [new InstanceMemory("VI_1", 2, new MonotonicInstant(5_000_000_000), false, true), new InstanceMemory("\u00e9 \"", 0, new MonotonicInstant(0), true)],
            Maintenance =
            [
                new KeptMaintenance(new MaintenanceMemory("VI_1", new MonotonicInstant(9_000_000_000)), TimeSpan.FromSeconds(4), WallNow),
                new KeptMaintenance(new MaintenanceMemory("", MonotonicInstant.Never), TimeSpan.MaxValue, DateTimeOffset.UnixEpoch),
            ],
            Attempts = [new PromisedAttempt(memory, "run-7", "/x") { Process = new ProcessIdentity(4711, 99) }, new PromisedAttempt(memory with { Kind = StepKind.Run, Targets = default }, "run-8")],
        };
        return [StateFile.Format(kept), StateFile.Format(new KeptState())];
    }

    public override bool Try(byte[] input)
    {
        KeptState? kept = StateFile.Parse(input, out string problem);
        Demand((kept is null) == (problem.Length > 0), "a state and a problem at the same time, or neither");
        if (kept is not null)
        {
            foreach (KeptMaintenance each in kept.Maintenance)
            {
                Demand(each.AfterBoot(new MonotonicInstant(1_000_000_000), WallNow).Until >= MonotonicInstant.Zero, "maintenance that ended before the clock began");
            }

            KeptState? again = StateFile.Parse(StateFile.Format(kept), out _);
            Demand(again is not null && again == kept, "what is written again reads differently");
        }

        return kept is not null;
    }

    /// <summary>The first line with its right checksum: without it nothing would be reached.</summary>
    public override byte[] Repair(byte[] input, Chance chance)
    {
        int end = Array.IndexOf(input, (byte)'\n');
        byte[] line = end < 0 ? input : input[..end];
        ulong sum = 14695981039346656037;
        foreach (byte each in line)
        {
            sum = (sum ^ each) * 1099511628211;
        }

        return [.. line, (byte)'\n', .. Encoding.ASCII.GetBytes(sum.ToString("x16", CultureInfo.InvariantCulture)), (byte)'\n'];
    }
}
