using FenceFirst.Config;
using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;

namespace FenceFirst.Tests.Config;

/// <summary>A machine made of dictionaries: interfaces eth0 to eth2, address 192.168.173.203, scripts of root, users root and postgres.</summary>
internal sealed class FakeMachine
{
    public Dictionary<string, string> Files { get; } = [];

    public Dictionary<string, FileFacts> Kinds { get; } = [];

    public HashSet<string> Interfaces { get; } = ["eth0", "eth1", "eth2"];

    public HashSet<InternetAddress> Addresses { get; } = [InternetAddress.Parse("192.168.173.203"), InternetAddress.Parse("fe80::203")];

    /// <summary>Whether every absolute path under /root or /etc/fencefirst is a good script of root.</summary>
    public MachineFacts Facts => new()
    {
        HostName = "node1.example.org",
        HasInterface = Interfaces.Contains,
        OwnAddresses = () => Addresses,
        EnvironmentVariable = name => name == "SITE" ? "north" : null,
        ReadFile = path => Files.GetValueOrDefault(path),
        ListDirectory = directory => [.. Files.Keys.Where(path => Path.GetDirectoryName(path) == directory).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)],
        Inspect = Inspect,
        FindUser = name => name switch
        {
            "root" => new UserFacts("root", 0, 0),
            "postgres" => new UserFacts("postgres", 26, 26),
            _ => null,
        },
        FindGroup = name => name switch { "root" => 0, "postgres" => 26, _ => null },
        FindGroupsOf = name => name switch { "postgres" => [4, 26, 113], "root" => [0], _ => [] },
    };

    /// <summary>Loads one text as the file test.conf.</summary>
    public static (FenceFirst.Core.Node.NodeConfig? Config, DiagnosticBag Diagnostics) Load(string text, string? configId = null)
    {
        FakeMachine machine = new();
        machine.Files["test.conf"] = text;
        return ConfigLoader.Load("test.conf", configId, machine.Facts);
    }

    /// <summary>The finished lines of one text.</summary>
    public static List<ConfigLine> Lines(FakeMachine machine, string text, DiagnosticBag diagnostics, string configId = "node1")
    {
        machine.Files["test.conf"] = text;
        return new Preprocessor(diagnostics, machine.Facts, configId, 1).Read("test.conf");
    }

    private FileFacts? Inspect(string path)
    {
        if (Kinds.TryGetValue(path, out FileFacts? given))
        {
            return given;
        }

        if (Files.ContainsKey(path))
        {
            return new FileFacts(FileKind.Regular, 0b110_100_100, 0, 0);
        }

        string name = Path.GetFileName(path);
        bool isMissing = name.Contains("missing", StringComparison.Ordinal);
        return isMissing || !path.StartsWith('/') ? null
            : name.Contains('.') || path.StartsWith("/usr/bin/", StringComparison.Ordinal) || name.StartsWith("fence_", StringComparison.Ordinal) ? new FileFacts(FileKind.Regular, 0b111_101_101, 0, 0)
            : new FileFacts(FileKind.Folder, 0b111_101_101, 0, 0);
    }
}

/// <summary>Where the repository is, and whether expected output is to be rewritten.</summary>
internal static class Golden
{
    public static bool IsUpdating => Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1";

    /// <summary>The directory of the solution file, found by walking up from the test's own directory.</summary>
    public static string Root
    {
        get
        {
            string? directory = AppContext.BaseDirectory;
            while (directory is not null && !File.Exists(Path.Combine(directory, "FenceFirst.slnx")))
            {
                directory = Path.GetDirectoryName(directory);
            }

            return directory ?? throw new InvalidOperationException("FenceFirst.slnx is not above the tests");
        }
    }

    public static string Corpus(string folder) => Path.Combine(Root, "tests", "FenceFirst.Tests", "Corpus", folder);

    /// <summary>Compares with a file of the repository, or writes it.</summary>
    public static void Check(string path, string actual)
    {
        if (IsUpdating)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
            return;
        }

        Assert.True(File.Exists(path), $"{path} is missing: UPDATE_GOLDEN=1 writes it");
        Assert.Equal(File.ReadAllText(path), actual);
    }
}
