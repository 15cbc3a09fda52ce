using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core.Node;

namespace FenceFirst.Config;

/// <summary>Reads a configuration file. Never throws, whatever the file holds: the answer is a configuration or a list of problems.</summary>
public static class ConfigLoader
{
    /// <summary>Reads the file and everything it includes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="configId">Which @ID lines are ours; null = the host name up to its first dot.</param>
    /// <param name="facts">What is known about the machine.</param>
    /// <param name="randomSeed">Seed of <c>${_RANDOM}</c>.</param>
    /// <returns>The configuration, absent when there is any error, and all problems.</returns>
    public static (NodeConfig? Config, DiagnosticBag Diagnostics) Load(string path, string? configId, MachineFacts facts, ulong randomSeed = 0)
    {
        DiagnosticBag diagnostics = new();
        string id = configId ?? facts.HostName.Split('.')[0];
        List<ConfigLine> lines = new Preprocessor(diagnostics, facts, id, randomSeed).Read(path);
        List<ConfigNode> root = new Parser(diagnostics).Parse(lines);
        NodeConfig config = new Binder(new BindContext(diagnostics, facts)).Bind(root);
        if (config.Instances.IsEmpty && !diagnostics.HasErrors)
        {
            SourceText source = lines.Count > 0 ? lines[0].Source : new SourceText(path, "");
            diagnostics.Add(DiagnosticCodes.NoInstance, new SourceSpan(source, 0, 0, 0), "there is no vrrp_instance: nothing to do");
        }

        return (diagnostics.HasErrors ? null : config, diagnostics);
    }
}

/// <summary>The exit status of <c>keepalived -t</c> for the same file, for scripts that call us in its place.</summary>
public static class KeepalivedExitCode
{
    /// <summary>The file is good.</summary>
    public const int Ok = 0;

    /// <summary>It could not run: file missing, interface missing, a mandatory value missing.</summary>
    public const int CannotRun = 4;

    /// <summary>There are errors, but keepalived would run.</summary>
    public const int Errors = 5;

    /// <summary>Scripts without enable_script_security; hides 5, as in keepalived.</summary>
    public const int Security = 6;

    /// <summary>The status: what cannot run ends keepalived at once, otherwise the highest number seen wins.</summary>
    public static int Of(DiagnosticBag diagnostics)
    {
        int status = Ok;
        foreach (Diagnostic diagnostic in diagnostics.Sorted())
        {
            int one = diagnostic.Severity == Severity.Error && diagnostic.Code.KeepalivedStatus == Ok ? Errors : diagnostic.Code.KeepalivedStatus;
            if (one == CannotRun)
            {
                return CannotRun;
            }

            status = Math.Max(status, one);
        }

        return status;
    }
}
