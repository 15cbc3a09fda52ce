using System.Runtime.CompilerServices;

namespace FenceFirst;

/// <summary>What this program is, for --version and the first log line.</summary>
internal static class ProgramVersion
{
    /// <summary>Version and the runtime that is inside.</summary>
    public static string Text { get; } =
        $"{typeof(ProgramVersion).Assembly.GetName().Version!.ToString(3)} (.NET {Environment.Version}, {(RuntimeFeature.IsDynamicCodeSupported ? "managed" : "native")})";
}
