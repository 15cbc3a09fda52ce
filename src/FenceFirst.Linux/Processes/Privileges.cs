using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Processes;

/// <summary>What a process may do.</summary>
public static unsafe class Privileges
{
    /// <summary>The user that owns nothing (nobody); 65534 on every Linux.</summary>
    private const uint Nobody = 65534;

    /// <summary>Gives up root for good, in every thread of this process; nothing happens for another user.</summary>
    /// <returns>False when the kernel refuses, as it does without CAP_SETUID and CAP_SETGID.</returns>
    public static bool TryBecomeNobody() =>
        LibC.geteuid() != 0 || (LibC.setgroups(0, null) == 0 && LibC.setresgid(Nobody, Nobody, Nobody) == 0 && LibC.setresuid(Nobody, Nobody, Nobody) == 0);
}
