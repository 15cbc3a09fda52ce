namespace FenceFirst.Core.Tracking;

/// <summary>State of one tracked set of processes.</summary>
public record struct ProcessState
{
    /// <summary>How many there are.</summary>
    public int Count;

    /// <summary>Whether they have been counted.</summary>
    public bool IsKnown;

    /// <summary>Whether it counts as good; after the delays.</summary>
    public bool IsGood;

    /// <summary>When the change under way counts; Never = none is.</summary>
    public MonotonicInstant ChangeAt;

    /// <summary>Before anything was counted.</summary>
    public static ProcessState Initial => new() { ChangeAt = MonotonicInstant.Never };
}

/// <summary>What the kernel says about one interface, before any delay; what counts is in <see cref="Node.NodeState.LinksUp"/>.</summary>
public record struct LinkState
{
    /// <summary>Whether it is up now.</summary>
    public bool IsUp;

    /// <summary>When the change under way counts; Never = none is.</summary>
    public MonotonicInstant ChangeAt;

    /// <summary>Before anything is known.</summary>
    public static LinkState Initial => new() { ChangeAt = MonotonicInstant.Never };
}
