using System.Diagnostics.CodeAnalysis;

namespace FenceFirst.Core;

/// <summary>Checks that stay on in release builds: we stop rather than hold an address that we cannot justify.</summary>
public static class Invariant
{
    /// <summary>Throws when the claim does not hold; a failure is a bug of ours, never a fault of the world.</summary>
    /// <exception cref="InvariantException">The claim is false.</exception>
    public static void Check([DoesNotReturnIf(false)] bool holds, string claim)
    {
        if (!holds)
        {
            throw new InvariantException(claim);
        }
    }
}

/// <summary>Something that must always be true was not: a bug in FenceFirst.</summary>
public sealed class InvariantException(string claim) : Exception("invariant broken: " + claim);
