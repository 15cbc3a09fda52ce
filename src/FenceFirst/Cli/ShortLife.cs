using System.Runtime.CompilerServices;

namespace FenceFirst.Cli;

/// <summary>For commands that read a configuration, tell what they think of it and end: memory is not worth the time of collecting it.</summary>
internal static class ShortLife
{
    /// <summary>Bytes that may be allocated before the first collection, nearly all that the heap may have; a file with 2,000 instances and 2,000 scripts takes a fifth of it.</summary>
    private const long Bytes = 120 * 1024 * 1024;

    /// <summary>Those of them that are for objects above 85 kB: the text of the file and the lists of its lines.</summary>
    private const long LargeBytes = 16 * 1024 * 1024;

    /// <summary>Collects no garbage for as long as the memory lasts. Only touched memory is taken from the system.</summary>
    /// <remarks>The native program is set up for the daemon, which lives long in little memory: it collects after every 256 kB.</remarks>
    public static void Begin()
    {
        if (RuntimeFeature.IsDynamicCodeSupported)
        {
            return;
        }

        try
        {
            _ = GC.TryStartNoGCRegion(Bytes, LargeBytes);
        }
        catch (ArgumentOutOfRangeException)
        {
            // A smaller heap was asked for in the environment: it is collected as usual.
        }
    }
}
