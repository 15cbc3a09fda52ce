using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Node;

/// <summary>Instances that change state together (keepalived: vrrp_sync_group).</summary>
/// <param name="Name">Name of the block; unique in a file.</param>
/// <param name="Members">Indexes into <see cref="NodeConfig.Instances"/>, in the order of the file. The first one runs the steps for all of them.</param>
public sealed record SyncGroupConfig(string Name, EquatableArray<int> Members)
{
    /// <summary>Scripts told when the whole group has reached a state, after those of its members.</summary>
    public NotifyScripts Notify { get; init; } = new();
}

/// <summary>State of one sync group: only what its members do not say themselves.</summary>
public record struct SyncGroupState
{
    /// <summary>What was last told of the group; absent = nothing yet.</summary>
    public Notification? Told;
}
