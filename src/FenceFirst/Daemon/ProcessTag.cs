namespace FenceFirst.Daemon;

/// <summary>Tags of child processes: what kind in the upper byte, then the index, then the attempt number.</summary>
internal static class ProcessTag
{
    /// <summary>A promotion or demotion step.</summary>
    public const int Step = 1;

    /// <summary>A check script.</summary>
    public const int Script = 2;

    /// <summary>A notify script.</summary>
    public const int Notify = 3;

    private static uint s_next;

    /// <summary>The tag of an attempt of Core's.</summary>
    public static long Of(int kind, int index, uint attempt) => ((long)kind << 56) | ((long)index << 32) | attempt;

    /// <summary>A tag of our own that is not used again.</summary>
    public static long Next(int kind) => Of(kind, 0, ++s_next);

    /// <summary>What kind of process it is.</summary>
    public static int Kind(long tag) => (int)(tag >> 56);

    /// <summary>Index of the instance or script.</summary>
    public static int Index(long tag) => (int)(tag >> 32) & 0xff_ffff;

    /// <summary>Attempt number.</summary>
    public static uint Attempt(long tag) => (uint)tag;
}
