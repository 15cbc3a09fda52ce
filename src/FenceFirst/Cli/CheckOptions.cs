namespace FenceFirst.Cli;

/// <summary>What <c>fencefirst check</c> was asked.</summary>
internal sealed record CheckOptions(string File)
{
    /// <summary>Which @ID lines are ours; null = the host name up to its first dot.</summary>
    public string? ConfigId { get; init; }

    /// <summary>The other node's file, to be compared; null = none.</summary>
    public string? PeerFile { get; init; }

    /// <summary>Which @ID lines are the other node's; null = none but those that are always true.</summary>
    public string? PeerId { get; init; }

    /// <summary>Whether the problems are printed as a JSON array.</summary>
    public bool IsJson { get; init; }

    /// <summary>Whether a warning refuses the file too.</summary>
    public bool IsStrict { get; init; }

    /// <summary>Whether the exit status is that of <c>keepalived -t</c>: 0, 4, 5 or 6.</summary>
    public bool HasKeepalivedStatus { get; init; }
}
