namespace FenceFirst.Tests;

/// <summary>What a piece of code allocates, as the runtime counts it for the calling thread.</summary>
internal static class Allocations
{
    private const int RunsMax = 5;

    /// <summary>
    /// The least number of bytes that the calling thread allocated in a run of the action, of five runs; fewer where a run allocated nothing. The caller has run
    /// it before, so that what happens once (compiling, filling a cache) has happened.
    /// </summary>
    /// <remarks>
    /// The runtime hands a thread its memory in pieces of 8 KiB. When another thread causes a collection, the unused rest of the piece now and then stays counted
    /// as allocated: up to 8 KiB, in a run that allocated nothing. Code that allocates in a call allocates in that call of every run, so the least of the runs still shows it.
    /// </remarks>
    public static long Least(Action action) => LeastOf(() => During(action));

    /// <summary>The same for a run that itself says how much it allocated, since it does more than what is looked at.</summary>
    public static long LeastOf(Func<long> run)
    {
        long least = long.MaxValue;
        for (int i = 0; i < RunsMax && least > 0; i++)
        {
            least = Math.Min(least, run());
        }

        return least;
    }

    /// <summary>What the calling thread allocated during one run of the action, and now and then up to 8 KiB that it did not.</summary>
    public static long During(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
