using FenceFirst.Core;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <summary>What reading a configuration needs to know about the machine; the only way out of this project. None of the delegates throws.</summary>
public sealed record MachineFacts
{
    /// <summary>The host's name; its part before the first dot is the default config id.</summary>
    public required string HostName { get; init; }

    /// <summary>The user id this process runs as.</summary>
    public uint UserId { get; init; }

    /// <summary>The group id this process runs as.</summary>
    public uint GroupId { get; init; }

    /// <summary>Whether a network interface of that name exists.</summary>
    public required Func<string, bool> HasInterface { get; init; }

    /// <summary>All addresses of this machine.</summary>
    public required Func<IReadOnlyCollection<InternetAddress>> OwnAddresses { get; init; }

    /// <summary>The value of an environment variable; null = not set.</summary>
    public required Func<string, string?> EnvironmentVariable { get; init; }

    /// <summary>The text of a regular file; null = it cannot be read.</summary>
    public required Func<string, string?> ReadFile { get; init; }

    /// <summary>The text of a file that holds a secret and no configuration; absent = as <see cref="ReadFile"/>.</summary>
    public Func<string, string?>? ReadSecretFile { get; init; }

    /// <summary>The names in a directory, sorted; empty when it cannot be read.</summary>
    public required Func<string, IReadOnlyList<string>> ListDirectory { get; init; }

    /// <summary>What stands at a path, a symbolic link itself and not its target; null = nothing or not accessible.</summary>
    public required Func<string, FileFacts?> Inspect { get; init; }

    /// <summary>An account by name or by decimal user id; null = there is none.</summary>
    public required Func<string, UserFacts?> FindUser { get; init; }

    /// <summary>A group's id by name or decimal number; null = there is none.</summary>
    public required Func<string, uint?> FindGroup { get; init; }

    /// <summary>The ids of the groups that list an account as a member, in the order of the machine; default none.</summary>
    public Func<string, IReadOnlyList<uint>> FindGroupsOf { get; init; } = _ => [];

    /// <summary>Whether the file is for another machine: its interfaces, users and programs are taken to be there.</summary>
    public bool IsElsewhere { get; init; }

    /// <summary>The file system that a path lies on, when the kernel does not tell of changes there (NFS, FUSE, /proc); null = it does. Absent = not asked.</summary>
    public Func<string, string?>? UnwatchableFileSystem { get; init; }

    /// <summary>Whether the library is there that signatures are computed with (OpenSSL); default yes. Without it their first computation ends the process.</summary>
    public Func<bool> CanSign { get; init; } = () => true;

    /// <summary>What a fence agent says about itself, run as its own user; an answer of null = nothing in its time. Absent = agents are not asked.</summary>
    /// <remarks>Only `check` asks: a daemon that reloads cannot wait for a program.</remarks>
    public Func<CommandLine, string?>? AgentMetadata { get; init; }
}

/// <summary>Facts about a machine that cannot be asked.</summary>
public static class OtherMachine
{
    /// <summary>The same files, and everything else as the configuration names it.</summary>
    public static MachineFacts Of(MachineFacts facts) => facts with
    {
        IsElsewhere = true,
        HasInterface = _ => true,
        OwnAddresses = () => [],
        FindUser = name => new UserFacts(name, 0, 0),
        FindGroup = _ => 0,
        FindGroupsOf = _ => [],
        AgentMetadata = null,
    };
}

/// <summary>What stands at a path.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Mode">Permission bits, 0..07777 (octal).</param>
/// <param name="OwnerId">User id of the owner.</param>
/// <param name="GroupId">Group id.</param>
/// <param name="LinkTarget">Where a symbolic link points, as written in it; empty for anything else.</param>
/// <param name="IsProgram">Whether it begins with #! or as an executable image; only meaningful for a regular file.</param>
public sealed record FileFacts(FileKind Kind, int Mode, uint OwnerId, uint GroupId, string LinkTarget = "", bool IsProgram = true);

/// <summary>Kinds of files that matter here.</summary>
public enum FileKind : byte
{
    /// <summary>A regular file.</summary>
    Regular = 0,

    /// <summary>A directory.</summary>
    Folder,

    /// <summary>A symbolic link.</summary>
    SymbolicLink,

    /// <summary>A device, pipe or socket.</summary>
    Other,
}

/// <summary>An account.</summary>
/// <param name="Name">Its name.</param>
/// <param name="UserId">Its user id.</param>
/// <param name="GroupId">Its primary group.</param>
public sealed record UserFacts(string Name, uint UserId, uint GroupId)
{
    /// <summary>Whether the configuration asks for the other groups of the account as well: a colon before the group.</summary>
    public bool HasAllGroups { get; init; }
}
