using System.Text.RegularExpressions;
using FenceFirst.Cli;
using FenceFirst.Config;
using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Core.Node;

namespace FenceFirst.Tests.Config;

public sealed partial class CorpusTests
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
            Task<int> check = Task.Run(() => CheckVerb.Run(new CheckOptions(path), output, error, machine.Facts));
            Assert.True(check.Wait(TimeSpan.FromSeconds(20)), path);
            Assert.Equal(check.Result == 0, output.ToString().Contains(": good: ", StringComparison.Ordinal));
        }
    }

    [SharedCorpusFact]
    public void Public_configurations_get_the_verdict_of_keepalived()
    {
        // Column 4 of the index is the exit status of keepalived 2.2.7 -t, column 5 what it said. Good files must be good here, except for the reasons of
        // docs/keepalived-differences.md, which are errors of a code; every line that keepalived names must have a diagnostic.
        List<string> problems = [];
        foreach (string[] row in File.ReadLines(Path.Combine(SharedCorpusFactAttribute.Folder, "INDEX.tsv")).Skip(1).Select(line => line.Split('\t')))
        {
            SharedFile file = new(row[0], row[4]);
            problems.AddRange(row[3] is "0" or "6" ? file.ErrorsWithoutReason() : []);
            problems.AddRange(file.NamedLinesWithoutDiagnostic());
        }

        Assert.True(problems.Count == 0, string.Join('\n', problems));
    }

    /// <summary>One public file with what keepalived said about it.</summary>
    private sealed partial class SharedFile
    {
        /// <summary>What is not built, what is refused for safety, and what keepalived only logs: each is a row of docs/keepalived-differences.md.</summary>
        private static readonly DiagnosticCode[] Documented =
        [
            DiagnosticCodes.NotYet, DiagnosticCodes.Refused,
        ];

        /// <summary>What keepalived found by asking a name server, which a check never does; and an empty block, where we point at its keyword and not at its end.</summary>
        private static readonly string[] NotOurs = ["Invalid smtp server", "Warning - empty notification_email block"];

        private readonly string _name;
        private readonly List<(int Line, string Text)> _said;
        private readonly List<Diagnostic> _ours;
        private readonly HashSet<int> _linesOfHealthChecking;

        public SharedFile(string name, string messages)
        {
            _name = name;
            string path = Path.Combine(SharedCorpusFactAttribute.Folder, name);
            string text = File.ReadAllText(path);
            FakeMachine machine = new();
            machine.Files[path] = text;
            _ours = [.. ConfigLoader.Load(path, null, Everything(machine.Facts, text)).Diagnostics.Sorted()];
            _said = [.. messages.Split(" | ").Select(message => Place().Match(message)).Where(match => match.Success).Select(match => (int.Parse(match.Groups[1].Value), match.Groups[2].Value))];
            _linesOfHealthChecking = HealthChecking(text);
        }

        public IEnumerable<string> ErrorsWithoutReason() => _ours
            .Where(diagnostic => diagnostic.Severity == Severity.Error && !Documented.Contains(diagnostic.Code) && !_said.Exists(said => said.Line == diagnostic.Span.Line))
            .Select(diagnostic => $"{_name}: keepalived accepts what we refuse: {DiagnosticText.Render(diagnostic)}");

        public IEnumerable<string> NamedLinesWithoutDiagnostic() => _said
            .Where(said => !_linesOfHealthChecking.Contains(said.Line) && !NotOurs.Any(part => said.Text.StartsWith(part, StringComparison.Ordinal)) && !_ours.Exists(diagnostic => diagnostic.Span.Line == said.Line))
            .Select(said => $"{_name}: line {said.Line}: keepalived says '{said.Text}' and we say nothing");

        private static FileKind KindOf(string path, string text) =>
            text.Contains(path + "/", StringComparison.Ordinal) ? FileKind.Folder
            : text.Contains("notify_fifo " + path, StringComparison.Ordinal) ? FileKind.Other
            : FileKind.Regular;

        /// <summary>A machine that has every interface, script and user that a public file may name.</summary>
        private static MachineFacts Everything(MachineFacts facts, string text) => facts with
        {
            HasInterface = name => !name.Contains("192.", StringComparison.Ordinal),
            OwnAddresses = () => [],
            Inspect = path => new FileFacts(KindOf(path, text), 0b111_101_101, 0, 0),
            FindUser = name => new UserFacts(name, 1000, 1000),
            FindGroup = _ => 1000,
        };

        private static HashSet<int> HealthChecking(string text)
        {
            HashSet<int> lines = [];
            int depth = 0;
            string[] all = text.Split('\n');
            for (int i = 0; i < all.Length; i++)
            {
                bool isInside = depth > 0 || all[i].TrimStart().StartsWith("virtual_server", StringComparison.Ordinal);
                depth += isInside ? all[i].Count(c => c == '{') - all[i].Count(c => c == '}') : 0;
                if (isInside)
                {
                    lines.Add(i + 1);
                }
            }

            return lines;
        }

        [GeneratedRegex(@"^\(Line (\d+)\) (.*)$")]
        private static partial Regex Place();
    }

    internal static (NodeConfig? Config, DiagnosticBag Diagnostics) Load(string folder, string name)
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

    public static string[] Files => Directory.Exists(Folder) ? Directory.GetFiles(Folder, "*.conf") : [];
}
