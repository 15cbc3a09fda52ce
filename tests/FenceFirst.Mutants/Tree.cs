namespace FenceFirst.Mutants;

/// <summary>A copy of the sources, in which the bugs are planted; the working tree is never touched.</summary>
internal sealed class Tree
{
    private static readonly string[] Folders =
        ["src", "tests/FenceFirst.Tests", "tests/FenceFirst.Fuzz", "tests/FenceFirst.Mutants", "tests/FenceFirst.Prove"];

    private readonly string _original;

    /// <summary>Makes the copy, or brings an earlier one up to date.</summary>
    public Tree(string original)
    {
        _original = original;
        Root = Path.GetFullPath(Environment.GetEnvironmentVariable("FENCEFIRST_MUTANTS_FOLDER") ?? Path.Combine("out", "mutants"), original);
        HashSet<string> wanted = new(StringComparer.Ordinal);
        foreach (string file in Sources(original))
        {
            wanted.Add(file);
            Restore(file);
        }

        foreach (string file in Sources(Root).Where(file => !wanted.Contains(file)).ToList())
        {
            File.Delete(Path.Combine(Root, file));
        }
    }

    /// <summary>Where the copy is.</summary>
    public string Root { get; }

    /// <summary>Plants a bug.</summary>
    public void Plant(Mutant mutant) =>
        File.WriteAllText(Path.Combine(Root, mutant.File), mutant.Plant(File.ReadAllText(Path.Combine(_original, mutant.File))));

    /// <summary>Takes what was planted in a file out again; a file that is as it was keeps its time.</summary>
    public void Restore(string file)
    {
        string to = Path.Combine(Root, file);
        byte[] wanted = File.ReadAllBytes(Path.Combine(_original, file));
        if (!File.Exists(to) || !File.ReadAllBytes(to).AsSpan().SequenceEqual(wanted))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.WriteAllBytes(to, wanted);
        }
    }

    private static IEnumerable<string> Sources(string root)
    {
        IEnumerable<string> files = Directory.Exists(root) ? Directory.EnumerateFiles(root) : [];
        foreach (string folder in Folders.Select(folder => Path.Combine(root, folder)).Where(Directory.Exists))
        {
            files = files.Concat(Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories));
        }

        return files.Select(file => Path.GetRelativePath(root, file)).Where(file => !file.Split('/').Any(part => part is "bin" or "obj" or "out"));
    }
}
