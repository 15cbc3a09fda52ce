using FenceFirst.Core.Node;
using FenceFirst.Core.Wire;

namespace FenceFirst.Sim;

/// <summary>Everything that decides a run: two runs with equal options are equal to the last byte.</summary>
internal sealed record SimOptions
{
    /// <summary>Where all chance begins.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The nodes' configurations; node i sends from <see cref="SimCluster.AddressOf"/>(i) unless its file says otherwise.</summary>
    public required NodeConfig[] Nodes { get; init; }

    /// <summary>Why a node (the second) refuses the adverts of another one (the first) for an instance; absent = all fit together.</summary>
    public Func<int, int, int, DecodeError>? RefusalOf { get; init; }

    /// <summary>What may go wrong.</summary>
    public SimFaults Faults { get; init; }

    /// <summary>Nanoseconds with faults: the guarantees have to hold.</summary>
    public long SafetyTime { get; init; } = 300 * Nano.Second;

    /// <summary>Nanoseconds after the faults: by their end there has to be one owner.</summary>
    public long SettleTime { get; init; } = 240 * Nano.Second;

    /// <summary>Nanoseconds after that: nothing may change any more.</summary>
    public long QuietTime { get; init; } = 30 * Nano.Second;

    /// <summary>Mean time between two faults.</summary>
    public long DisturbEvery { get; init; } = 10 * Nano.Second;

    /// <summary>Loss on every path in a thousand, while there are faults and <see cref="SimFaults.Loss"/> is among them; each path has up to this.</summary>
    public int LossPerMille { get; init; } = 350;
}
