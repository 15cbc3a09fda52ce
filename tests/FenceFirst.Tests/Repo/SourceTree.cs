namespace FenceFirst.Tests.Repo;

/// <summary>Finds files of the source tree from wherever the tests run.</summary>
internal static class SourceTree
{
    /// <summary>The folder that holds FenceFirst.slnx.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A path below the root.</summary>
    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>Every C# file below a folder, without build output, in ordinal order.</summary>
    public static IReadOnlyList<string> CSharpFiles(string folder)
    {
        char separator = Path.DirectorySeparatorChar;
        List<string> files = [];
        foreach (string file in Directory.EnumerateFiles(PathOf(folder), "*.cs", SearchOption.AllDirectories))
        {
            if (!file.Contains($"{separator}obj{separator}", StringComparison.Ordinal) && !file.Contains($"{separator}bin{separator}", StringComparison.Ordinal))
            {
                files.Add(file);
            }
        }

        files.Sort(StringComparer.Ordinal);
        return files;
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "FenceFirst.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("the tests do not run inside the source tree");
    }
}
