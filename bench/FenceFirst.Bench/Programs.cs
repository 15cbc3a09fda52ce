namespace FenceFirst.Bench;

/// <summary>Where the programs under test are, as the wrapper said in the environment.</summary>
internal static class Programs
{
    public static string FenceFirst => Path("FENCEFIRST_BENCH_SUBJECT");

    public static string Keepalived => Path("FENCEFIRST_BENCH_KEEPALIVED");

    /// <summary>Whether keepalived is compared with itself, to see how far the ratios are from 1 on this machine.</summary>
    public static bool IsSelfComparison => Environment.GetEnvironmentVariable("FENCEFIRST_BENCH_SELF") is "1";

    /// <summary>The repository.</summary>
    public static string Root => Path("FENCEFIRST_BENCH_ROOT");

    private static string Path(string variable) =>
        Environment.GetEnvironmentVariable(variable) ?? throw new InvalidOperationException($"{variable} is not set: start this program through bench/run");
}
