using System.Net.NetworkInformation;
using FenceFirst.Config.Binding;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Linux.Files;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Network;

namespace FenceFirst.Cli;

/// <summary>What reading a configuration asks about this machine. Nothing here throws: what cannot be read is absent.</summary>
internal static class RealMachineFacts
{
    private const int KindMask = 0xf000;
    private const int KindFolder = 0x4000;
    private const int KindRegular = 0x8000;
    private const int KindSymbolicLink = 0xa000;

    /// <summary>The facts of this machine, read when asked for.</summary>
    /// <param name="asksAgents">Whether fence agents are run to learn their options, which takes up to <see cref="AgentQuestion.Bound"/> each.</param>
    public static MachineFacts Create(bool asksAgents = false)
    {
        (uint userId, uint groupId) = OwnIds();

        // Of one reading: thousands of scripts lie in the same few folders, and thousands of instances on the same few interfaces.
        Dictionary<string, FileFacts?> inspected = new(StringComparer.Ordinal);
        Dictionary<string, UserFacts?> users = new(StringComparer.Ordinal);
        Dictionary<string, IReadOnlyList<uint>> groups = new(StringComparer.Ordinal);
        Dictionary<string, bool> interfaces = new(StringComparer.Ordinal);
        return new MachineFacts
        {
            HostName = Environment.MachineName,
            UserId = userId,
            GroupId = groupId,
            HasInterface = name => Remembered(interfaces, name, each => RtNetlink.IndexOf(each) != 0),
            OwnAddresses = OwnAddresses,
            EnvironmentVariable = ConfigFiles.Variable,
            ReadFile = ConfigFiles.Read,
            ListDirectory = ConfigFiles.List,
            Inspect = path => Remembered(inspected, path, Inspect),
            FindUser = name => Remembered(users, name, FindUser),
            FindGroup = FindGroup,
            FindGroupsOf = name => Remembered(groups, name, FindGroupsOf),
            UnwatchableFileSystem = path => FileStatus.UnwatchableFileSystem(path) is { Length: > 0 } system ? system : null,
            CanSign = OpenSsl.IsPresent,
            AgentMetadata = asksAgents ? command => AgentQuestion.Metadata(command, userId, groupId) : null,
        };
    }

    private static T Remembered<T>(Dictionary<string, T> known, string key, Func<string, T> find)
    {
        if (!known.TryGetValue(key, out T? value))
        {
            known[key] = value = find(key);
        }

        return value;
    }

    private static (uint UserId, uint GroupId) OwnIds()
    {
        uint user = 0;
        uint group = 0;
        foreach (string line in Lines("/proc/self/status"))
        {
            // "Uid:" is followed by the real and then the effective id.
            string[] fields = line.Split('\t');
            if (fields.Length > 2 && fields[0] == "Uid:")
            {
                _ = uint.TryParse(fields[2], out user);
            }
            else if (fields.Length > 2 && fields[0] == "Gid:")
            {
                _ = uint.TryParse(fields[2], out group);
            }
        }

        return (user, group);
    }

    private static HashSet<InternetAddress> OwnAddresses()
    {
        HashSet<InternetAddress> addresses = [];
        try
        {
            foreach (NetworkInterface network in NetworkInterface.GetAllNetworkInterfaces())
            {
                foreach (UnicastIPAddressInformation unicast in network.GetIPProperties().UnicastAddresses)
                {
                    addresses.Add(InternetAddress.FromBytes(unicast.Address.GetAddressBytes()));
                }
            }
        }
        catch (NetworkInformationException)
        {
            // Interfaces come and go while they are listed; what was read so far still counts.
        }

        return addresses;
    }

    private static FileFacts? Inspect(string path)
    {
        if (!FileStatus.TryRead(path, out int mode, out uint userId, out uint groupId))
        {
            return null;
        }

        FileKind kind = (mode & KindMask) switch
        {
            KindRegular => FileKind.Regular,
            KindFolder => FileKind.Folder,
            KindSymbolicLink => FileKind.SymbolicLink,
            _ => FileKind.Other,
        };
        string target = "";
        bool isProgram = true;
        try
        {
            target = kind == FileKind.SymbolicLink ? new FileInfo(path).LinkTarget ?? "" : "";
            isProgram = kind != FileKind.Regular || (mode & 0b001_001_001) == 0 || BeginsLikeProgram(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // It can be executed without being readable: nothing is known against it.
        }

        return new FileFacts(kind, mode & 0xfff, userId, groupId, target, isProgram);
    }

    private static bool BeginsLikeProgram(string path)
    {
        Span<byte> head = stackalloc byte[4];
        using FileStream stream = File.OpenRead(path);
        int count = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        return head[..count].StartsWith("#!"u8) || head[..count].SequenceEqual("\u007fELF"u8);
    }

    private static UserFacts? FindUser(string name)
    {
        foreach (string line in Lines("/etc/passwd"))
        {
            string[] fields = line.Split(':');
            if (fields.Length > 3 && (fields[0] == name || fields[2] == name) && uint.TryParse(fields[2], out uint user) && uint.TryParse(fields[3], out uint group))
            {
                return new UserFacts(fields[0], user, group);
            }
        }

        return null;
    }

    private static IReadOnlyList<uint> FindGroupsOf(string name)
    {
        List<uint> groups = [];
        foreach (string line in Lines("/etc/group"))
        {
            string[] fields = line.Split(':');
            if (fields.Length > 3 && fields[3].Split(',').Contains(name) && uint.TryParse(fields[2], out uint group))
            {
                groups.Add(group);
            }
        }

        return groups;
    }

    private static uint? FindGroup(string name)
    {
        foreach (string line in Lines("/etc/group"))
        {
            string[] fields = line.Split(':');
            if (fields.Length > 2 && (fields[0] == name || fields[2] == name) && uint.TryParse(fields[2], out uint group))
            {
                return group;
            }
        }

        return null;
    }

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
