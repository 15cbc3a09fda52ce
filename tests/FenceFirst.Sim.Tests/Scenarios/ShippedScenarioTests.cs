using System.Text.RegularExpressions;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Simulate;

namespace FenceFirst.Sim.Tests;

/// <summary>The scenarios that ship tell what docs/simulate.md says they tell, with every seed.</summary>
public class ShippedScenarioTests
{
    /// <summary>Every scenario that ships.</summary>
    public static TheoryData<string> Scenarios() => [.. Directory.GetFiles(Play.Shipped, "*.scenario").Order(StringComparer.Ordinal).Select(path => Path.GetFileName(path))];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void A_shipped_scenario_holds_with_every_seed(string name)
    {
        SimulateRequest request = Request(name);
        DiagnosticBag diagnostics = new();
        (SimOptions options, Scenario? scenario) = SimulateVerb.Prepare(request, FilesElsewhere.Create(), diagnostics) ?? throw new InvalidOperationException(DiagnosticText.Render(diagnostics));
        Assert.Empty(diagnostics.Sorted());
        for (ulong seed = 1; seed <= 25; seed++)
        {
            ScenarioResult result = SimulateVerb.Play(options, scenario, seed, isTold: false);
            Assert.True(result.IsGood, $"seed {seed}: {result.Violation}{string.Join("; ", result.Verdicts.Where(verdict => !verdict.IsHeld))}");
        }
    }

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void A_shipped_scenario_is_on_the_page_with_its_text(string name)
    {
        string page = File.ReadAllText(Path.Combine(Play.Root, "docs", "simulate.md"));
        string[] statements = [.. File.ReadAllLines(Path.Combine(Play.Shipped, name)).Where(line => line.Length > 0 && line[0] != '#')];
        Assert.Contains($"### {name}", page);
        Assert.Contains(string.Join('\n', statements), page);
    }

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void The_excerpt_on_the_page_is_told(string name)
    {
        // Every line of the second block behind the heading. Numbers may move with each change of the machine; words may not.
        string page = File.ReadAllText(Path.Combine(Play.Root, "docs", "simulate.md"));
        string excerpt = page[page.IndexOf($"### {name}", StringComparison.Ordinal)..].Split("```\n")[3];
        StringWriter output = new();
        Assert.Equal(0, SimulateVerb.Run(Request(name), FilesElsewhere.Create(), output, TextWriter.Null));
        HashSet<string> told = [.. output.ToString().Split('\n').Select(Words)];
        foreach (string line in excerpt.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            bool isCut = line.EndsWith(" ...", StringComparison.Ordinal);
            string words = Words(isCut ? line[..^4] : line);
            Assert.True(isCut ? told.Any(each => each.StartsWith(words, StringComparison.Ordinal)) : told.Contains(words), $"docs/simulate.md: nothing like '{line}' in\n{output}");
        }
    }

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void Without_promotion_no_scenario_of_a_cut_is_free_of_two_owners(string name)
    {
        // The same stories on plain VRRP: wherever a node is cut off, stands still or loses its daemon with the address up, both hold it.
        string text = File.ReadAllText(Path.Combine(Play.Shipped, name));
        bool isSplit = text.Contains("cut a", StringComparison.Ordinal)
           || text.Contains("suspend", StringComparison.Ordinal) || text.Contains("kill a", StringComparison.Ordinal);
        Play play = Play.Pair(WithoutPromotion);
        string actions = string.Join('\n', text.Split('\n').Where(line => !line.Contains("expect", StringComparison.Ordinal) && !line.Contains("confirm", StringComparison.Ordinal)));
        int status = play.Run(actions + "\nexpect never two owners\n");
        Assert.True(status == (isSplit ? 1 : 0), $"{play.Output}{play.Error}");
        Assert.Equal(isSplit, play.Output.Contains("TWO OWNERS for", StringComparison.Ordinal));
    }

    /// <summary>A configuration as keepalived would have it.</summary>
    internal static string WithoutPromotion(string text)
    {
        int from = text.IndexOf("    promotion {", StringComparison.Ordinal);
        return text[..from].Replace("    vip_lease 4\n", "", StringComparison.Ordinal) + "}\n";
    }

    /// <summary>A line without its numbers and their padding.</summary>
    private static string Words(string line) => Regex.Replace(Regex.Replace(line.Trim(), @"[0-9]+(\.[0-9]+)?", "N"), " +", " ");

    private static SimulateRequest Request(string name) => new()
    {
        Files = [Path.Combine(Play.Shipped, "a.conf"), Path.Combine(Play.Shipped, "b.conf")],
        Scenario = Path.Combine(Play.Shipped, name),
    };
}
