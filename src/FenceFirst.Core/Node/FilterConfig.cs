namespace FenceFirst.Core.Node;

/// <summary>The nftables tables of <c>no_accept</c> (keepalived: nftables, nftables_priority, nftables_counters).</summary>
public sealed record FilterConfig
{
    /// <summary>Name of the tables of use_vmac, ours; the one of no_accept cannot have it.</summary>
    public const string ReportTable = "fencefirst_vmac";

    /// <summary>Name of the table, one of family ip and one of family ip6; default <c>fencefirst</c>, keepalived's is <c>keepalived</c>.</summary>
    public string Table { get; init; } = "fencefirst";

    /// <summary>Priority of both chains; default -1, just before those of priority "filter" (nftables_priority).</summary>
    public int Priority { get; init; } = -1;

    /// <summary>Whether the rules count the packets that they drop; default false (nftables_counters).</summary>
    public bool HasCounters { get; init; }
}
