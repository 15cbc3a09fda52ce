using FenceFirst.Tests.Wire;

namespace FenceFirst.Tests.Cli;

/// <summary>Compares with a file under Golden/, or writes it when UPDATE_GOLDEN=1: the difference is then reviewed like code.</summary>
internal static class Golden
{
    public static void Check(string name, string actual)
    {
        string path = Path.Combine(WireSamples.GoldenFolder, name);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, actual);
        }

        Assert.True(File.Exists(path), $"{name} is missing; UPDATE_GOLDEN=1 writes it");
        Assert.Equal(File.ReadAllText(path), actual);
    }
}
