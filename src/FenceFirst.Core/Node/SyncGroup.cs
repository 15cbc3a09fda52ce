using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Node;

/// <summary>Instances that change state together (keepalived: vrrp_sync_group).</summary>
/// <param name="Name">Name of the block; unique in a file.</param>
/// <param name="Members">Indexes into <see cref="NodeConfig.Instances"/>, in the order of the file. The first one runs the steps for all of them.</param>
public sealed record SyncGroupConfig(string Name, EquatableArray<int> Members)
{
    /// <summary>Scripts told when the whole group has reached a state, after those of its members.</summary>
    public NotifyScripts Notify { get; init; } = new();

    /// <summary>Whether weighted trackers of members keep their weights (keepalived: sync_group_tracking_weight). The members have been bound accordingly; this is for display.</summary>
    public bool IsTrackingWeighted { get; init; }

    /// <summary>What the group says about events of changed priorities; null = nothing (keepalived: notify_priority_changes). The members have been bound accordingly; this is for display.</summary>
    public bool? IsPriorityNotified { get; init; }

    /// <summary>Interfaces that the group itself tracks, in file order. They are among those of every member; this is for display, as are the three that follow.</summary>
    public EquatableArray<TrackReference> TrackLinks { get; init; }

    /// <summary>Check scripts that the group itself tracks.</summary>
    public EquatableArray<TrackReference> TrackScripts { get; init; }

    /// <summary>Files that the group itself tracks.</summary>
    public EquatableArray<TrackReference> TrackFiles { get; init; }

    /// <summary>Processes that the group itself tracks.</summary>
    public EquatableArray<TrackReference> TrackProcesses { get; init; }
}

/// <summary>State of one sync group: only what its members do not say themselves.</summary>
public record struct SyncGroupState
{
    /// <summary>What was last told of the group; absent = nothing yet.</summary>
    public Notification? Told;
}
