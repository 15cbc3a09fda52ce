using System.Runtime.CompilerServices;

namespace FenceFirst;

/// <summary>What this program is, for --version and the first log line.</summary>
internal static class ProgramVersion
{
    /// <summary>Version alone, for example 1.2.3.</summary>
    public static string Number { get; } = typeof(ProgramVersion).Assembly.GetName().Version!.ToString(3);

    /// <summary>Version and the runtime that is inside.</summary>
    public static string Text { get; } =
        $"{Number} (.NET {Environment.Version}, {(RuntimeFeature.IsDynamicCodeSupported ? "managed" : "native")})";
}
