using System.Runtime.InteropServices;

namespace FenceFirst.Linux.Native;

/// <summary>The library that .NET takes SHA-256 and TLS from. Where it is missing, .NET ends the process at the first call, so whoever needs it asks before.</summary>
public static class OpenSsl
{
    /// <summary>Names of the shared library, in the order in which .NET looks for them.</summary>
    private static readonly string[] Names = ["libssl.so.3", "libssl.so.1.1", "libssl.so.1.0.2", "libssl.so.1.0.0", "libssl.so.10"];

    /// <summary>Whether .NET will find it. Once found it stays loaded.</summary>
    public static bool IsPresent()
    {
        string? version = Environment.GetEnvironmentVariable("CLR_OPENSSL_VERSION_OVERRIDE");
        return (version is not null && NativeLibrary.TryLoad($"libssl.so.{version}", out _)) || Names.Any(name => NativeLibrary.TryLoad(name, out _));
    }
}
