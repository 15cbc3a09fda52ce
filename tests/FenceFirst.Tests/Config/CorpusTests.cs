using FenceFirst.Cli;
using FenceFirst.Config;
using FenceFirst.Core.Node;

namespace FenceFirst.Tests.Config;

public sealed class CorpusTests
{
    public static TheoryData<string> Valid => Names("valid");

    public static TheoryData<string> Invalid => Names("invalid");

    [Theory]
    [MemberData(nameof(Valid))]
    public void A_valid_file_is_bound_as_expected(string name)
    {
        // Shows every property of the result and every warning, so that a change of a default is seen in review.
        (NodeConfig? config, DiagnosticBag diagnostics) = Load("valid", name);
        string problems = DiagnosticText.Render(diagnostics);
        Assert.True(config is not null, problems);
        Golden.Check(Path.Combine(Golden.Corpus("valid"), Path.ChangeExtension(name, ".expected")), ConfigPrint.Print(config) + "\n" + problems);
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public void An_invalid_file_is_refused_with_the_expected_problems(string name)
    {
        (NodeConfig? config, DiagnosticBag diagnostics) = Load("invalid", name);
        Assert.Null(config);
        Assert.All(diagnostics.Sorted(), diagnostic => Assert.NotEqual("", diagnostic.Message));
        Golden.Check(Path.Combine(Golden.Corpus("invalid"), Path.ChangeExtension(name, ".expected")), DiagnosticText.Render(diagnostics));
    }

    [SharedCorpusFact]
    public void No_public_configuration_crashes_or_hangs_the_check()
    {
        // Real files of other people, which cannot be committed: any outcome is fine, an exception or a minute is not.
        foreach (string path in Directory.GetFiles(SharedCorpusFactAttribute.Folder, "*.conf"))
        {
            FakeMachine machine = new();
            machine.Files[path] = File.ReadAllText(path);
            StringWriter output = new();
            StringWriter error = new();
            Task<int> check = Task.Run(() => CheckVerb.Run(path, null, json: false, strict: false, output, error, machine.Facts));
            Assert.True(check.Wait(TimeSpan.FromSeconds(20)), path);
            Assert.Equal(check.Result == 0, output.ToString().Contains(": good: ", StringComparison.Ordinal));
        }
    }

    private static (NodeConfig? Config, DiagnosticBag Diagnostics) Load(string folder, string name)
    {
        FakeMachine machine = new();
        machine.Files[name] = File.ReadAllText(Path.Combine(Golden.Corpus(folder), name));
        return ConfigLoader.Load(name, null, machine.Facts);
    }

    private static TheoryData<string> Names(string folder) =>
        [.. Directory.GetFiles(Golden.Corpus(folder), "*.conf").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}

/// <summary>A fact that needs the corpus beside the repository; without it a visible skip.</summary>
internal sealed class SharedCorpusFactAttribute : FactAttribute
{
    public SharedCorpusFactAttribute()
    {
        if (!Directory.Exists(Folder))
        {
            Skip = "the shared corpus is not beside the repository";
        }
    }

    public static string Folder => Path.Combine(Golden.Root, "..", "shared", "corpus");
}
