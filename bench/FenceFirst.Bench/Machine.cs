namespace FenceFirst.Bench;

/// <summary>What the figures were taken on.</summary>
internal sealed record Machine(string Text)
{
    /// <summary>Describes this machine now; the load average tells whether others worked beside.</summary>
    public static Machine Describe(string loadBefore)
    {
        string model = Field("/proc/cpuinfo", "model name", ':');
        string system = Field("/etc/os-release", "PRETTY_NAME", '=').Trim('"');
        string kernel = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        string memory = Field("/proc/meminfo", "MemTotal", ':');
        return new Machine($"""
            * {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC; load average before {loadBefore}, after {LoadAverage()}
            * {Environment.ProcessorCount} CPUs: {model}; memory {memory}; {system}; Linux {kernel}
            * {Environment.GetEnvironmentVariable("FENCEFIRST_BENCH_VERSION") ?? "FenceFirst"}
            * {Environment.GetEnvironmentVariable("FENCEFIRST_BENCH_PEER_VERSION") ?? "keepalived"}

            """);
    }

    public static string LoadAverage() => string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3]);

    private static string Field(string file, string name, char separator)
    {
        string? line = File.ReadLines(file).FirstOrDefault(each => each.StartsWith(name, StringComparison.Ordinal));
        return line is null ? "unknown" : line[(line.IndexOf(separator) + 1)..].Trim();
    }
}
