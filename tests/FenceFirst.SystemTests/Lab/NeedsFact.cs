namespace FenceFirst.SystemTests;

/// <summary>A test that needs root and programs: without them a visible skip, with CI=true a failure (the laboratory refuses to open).</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NeedsFactAttribute : FactAttribute
{
    public NeedsFactAttribute(params string[] programs) => Skip = Needs.ReasonToSkip(programs);
}

/// <summary>As <see cref="NeedsFactAttribute"/>, for a test with rows.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NeedsTheoryAttribute : TheoryAttribute
{
    public NeedsTheoryAttribute(params string[] programs) => Skip = Needs.ReasonToSkip(programs);
}

/// <summary>What this machine can run.</summary>
internal static class Needs
{
    // What every laboratory is built with.
    private static readonly string[] Always = ["ip", "nft", "tcpdump", "tshark", "setpriv"];

    // A peer that Debian does not package yet: whoever has built it says where it is.
    private const string Unpackaged = "keepalived-2.4";

    /// <summary>What is missing for these programs, or null.</summary>
    public static string? Missing(params string[] programs)
    {
        List<string> missing = [.. Always.Concat(programs).Distinct().Where(each => FindProgram(each) is null)];
        if (!Environment.IsPrivilegedProcess)
        {
            missing.Insert(0, "root");
        }
        return missing.Count == 0 ? null : "Needs " + string.Join(", ", missing) + ".";
    }

    /// <summary>On a laptop whatever is missing; in CI only what no package provides, everything else has to fail there.</summary>
    public static string? ReasonToSkip(string[] programs)
    {
        bool isCertain = Environment.GetEnvironmentVariable("CI") == "true";
        bool isUnpackagedMissing = programs.Contains(Unpackaged) && FindProgram(Unpackaged) is null;
        return isCertain && !isUnpackagedMissing ? null : Missing(programs);
    }

    /// <summary>The full path of a program: `fencefirst` is the build in out/, `keepalived-2.4` what FENCEFIRST_KEEPALIVED_24 names, everything else is looked for in the path.</summary>
    public static string? FindProgram(string name)
    {
        if (name == "fencefirst")
        {
            string built = Path.Combine(Repository, "out", "fencefirst");
            return File.Exists(built) ? built : null;
        }
        if (name == Unpackaged)
        {
            // auth_hmac is newer than what distributions ship: somebody who has built it says where.
            string? built = Environment.GetEnvironmentVariable("FENCEFIRST_KEEPALIVED_24");
            return File.Exists(built) ? built : null;
        }
        string folders = Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin";
        return folders.Split(':').Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }

    /// <summary>The full path of the daemon under test; fails with the command that builds it.</summary>
    public static string FenceFirst =>
        FindProgram("fencefirst") ?? throw new Xunit.Sdk.XunitException("out/fencefirst is not there: build it with ./fencefirst --build-only");

    /// <summary>The root of the repository: the folder above us that holds the solution.</summary>
    public static string Repository
    {
        get
        {
            DirectoryInfo? folder = new(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "FenceFirst.slnx")))
            {
                folder = folder.Parent;
            }
            return folder?.FullName ?? throw new InvalidOperationException("No FenceFirst.slnx above " + AppContext.BaseDirectory);
        }
    }
}
