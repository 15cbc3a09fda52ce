using FenceFirst.Config.Binding;
using FenceFirst.Core;

namespace FenceFirst.Fuzz.Decoders;

/// <summary>A machine on which whatever a configuration names is there, and the repository it finds its examples in.</summary>
internal static class FuzzMachine
{
    public const string FileName = "test.conf";

    /// <summary>The facts, with one file.</summary>
    public static MachineFacts Facts(string text) => new()
    {
        HostName = "node1.example.org",
        HasInterface = name => name.Length % 7 != 0,
        OwnAddresses = () => new HashSet<InternetAddress> { InternetAddress.Parse("192.168.173.203"), InternetAddress.Parse("fe80::203") },
        EnvironmentVariable = name => name == "SITE" ? "north" : null,
        ReadFile = path => path is FileName or "other.conf" ? text : null,
        ListDirectory = _ => [FileName, "other.conf"],
        Inspect = path => path is FileName or "other.conf" ? new FileFacts(FileKind.Regular, 0b110_100_100, 0, 0)
            : path.StartsWith('/') ? new FileFacts(path.EndsWith('/') ? FileKind.Folder : FileKind.Regular, 0b111_101_101, 0, 0) : null,
        FindUser = name => name == "root" ? new UserFacts("root", 0, 0) : null,
        FindGroup = name => name == "root" ? 0 : null,
    };

    /// <summary>Files of the repository that match a pattern; none when it is not there.</summary>
    public static IEnumerable<string> Files(string pattern, params string[] folders)
    {
        string? root = AppContext.BaseDirectory;
        while (root is not null && !File.Exists(Path.Combine(root, "FenceFirst.slnx")))
        {
            root = Path.GetDirectoryName(root);
        }

        return folders.Select(folder => Path.Combine(root ?? "", folder)).Where(Directory.Exists)
            .SelectMany(folder => Directory.GetFiles(folder, pattern)).Order(StringComparer.Ordinal).Select(File.ReadAllText);
    }
}
