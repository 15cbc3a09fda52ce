using System.Runtime.InteropServices;

namespace FenceFirst.Mutants;

/// <summary>Builds the copy: everything once, then only FenceFirst.Core by a call of the C# compiler, which takes a second.</summary>
internal sealed class Compiler(string root)
{
    private const string Output = "bin/Release/net10.0";
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(15);

    /// <summary>The program that runs seeds and worlds.</summary>
    public string Prove { get; } = Path.Combine(root, "tests/FenceFirst.Prove", Output, "FenceFirst.Prove");

    /// <summary>The unit tests.</summary>
    public string Tests { get; } = Path.Combine(root, "tests/FenceFirst.Tests", Output, "FenceFirst.Tests.dll");

    private string Core => Path.Combine(root, "src/FenceFirst.Core");

    /// <summary>Everything, without a bug.</summary>
    public void BuildAll()
    {
        foreach (string project in (string[])["tests/FenceFirst.Prove", "tests/FenceFirst.Tests"])
        {
            (int status, string output) = Programs.Run(["dotnet", "build", Path.Combine(root, project), "-c", "Release", "-v", "quiet", "--nologo"], Bound);
            if (status != 0)
            {
                throw new InvalidOperationException($"the copy cannot be built: {output}");
            }
        }

        string refused = BuildCore();
        if (refused.Length > 0)
        {
            throw new InvalidOperationException($"the compiler refuses the sources as they are: {refused}");
        }
    }

    /// <summary>Only Core, into the folders of the tests; returns the compiler's first error, or nothing.</summary>
    public string BuildCore()
    {
        string response = Path.Combine(root, "core.rsp");
        string assembly = Path.Combine(root, "FenceFirst.Core.dll");
        IEnumerable<string> sources = Directory.EnumerateFiles(Core, "*.cs", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(Core, file).StartsWith("bin/", StringComparison.Ordinal))
            .Where(file => !Path.GetRelativePath(Core, file).StartsWith("obj/", StringComparison.Ordinal) || Path.GetDirectoryName(file) == Path.Combine(Core, "obj/Release/net10.0"));
        File.WriteAllLines(response,
        [
            "-target:library", "-langversion:14", "-nullable:enable", "-optimize+", "-deterministic+", "-debug-", "-nostdlib+", "-nologo", "-warn:0",
            $"-out:{assembly}",
            .. Directory.EnumerateFiles(References, "*.dll").Select(file => $"-r:\"{file}\""),
            .. sources.Select(file => $"\"{file}\""),
        ]);
        (int status, string output) = Programs.Run(["dotnet", "exec", Path.Combine(Sdk, "Roslyn/bincore/csc.dll"), "@" + response], Bound);
        if (status != 0)
        {
            return output.Split('\n').FirstOrDefault(line => line.Contains("error", StringComparison.Ordinal)) ?? output;
        }

        foreach (string program in (string[])[Prove, Tests])
        {
            File.Copy(assembly, Path.Combine(Path.GetDirectoryName(program)!, "FenceFirst.Core.dll"), overwrite: true);
        }

        return "";
    }

    private static string DotnetRoot => Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));

    private static string Sdk => Newest(Path.Combine(DotnetRoot, "sdk"), "10.");

    private static string References => Path.Combine(Newest(Path.Combine(DotnetRoot, "packs/Microsoft.NETCore.App.Ref"), "10."), "ref/net10.0");

    private static string Newest(string folder, string prefix) =>
        Directory.EnumerateDirectories(folder, prefix + "*").OrderBy(path => Version.TryParse(Path.GetFileName(path), out Version? version) ? version : new Version()).LastOrDefault()
        ?? throw new InvalidOperationException($"there is no {prefix}* in {folder}");
}
