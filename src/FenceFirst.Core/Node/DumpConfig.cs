namespace FenceFirst.Core.Node;

/// <summary>Where the dumps that signals ask for are written, and in which layout.</summary>
public sealed record DumpConfig
{
    /// <summary>File of the state dump (SIGUSR1); empty = keepalived.data in the daemon's directory for dumps (state_dump_file).</summary>
    public string StatePath { get; init; } = "";

    /// <summary>File of the statistics (SIGUSR2); empty = keepalived.stats in the daemon's directory for dumps (stats_dump_file).</summary>
    public string StatisticsPath { get; init; } = "";

    /// <summary>File of the JSON dump (SIGRTMIN+2); empty = keepalived.json in the daemon's directory for dumps (json_dump_file).</summary>
    public string JsonPath { get; init; } = "";

    /// <summary>Layout of the JSON dump: 1 = an array of instances, the default; 2 = an object that also holds tracked processes (json_version).</summary>
    public int JsonVersion { get; init; } = 1;
}
