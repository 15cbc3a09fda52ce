using FenceFirst.Tests.Repo;

namespace FenceFirst.Tests.Machine;

/// <summary>Compares text with a file in Golden/; UPDATE_GOLDEN=1 rewrites the file instead.</summary>
internal static class GoldenFile
{
    /// <summary>Fails when the text differs from the golden file.</summary>
    public static void Check(string name, string text)
    {
        string path = SourceTree.PathOf("tests", "FenceFirst.Tests", "Golden", name);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, text);
            return;
        }

        Assert.True(File.Exists(path), $"{name} is missing; UPDATE_GOLDEN=1 writes it");
        Assert.Equal(File.ReadAllText(path), text);
    }
}
