using System.Text.RegularExpressions;

namespace FenceFirst.Tests.Repo;

/// <summary>What the code cites is tested, and where it differs on purpose is listed.</summary>
public partial class CitationTests
{
    // STYLE 29 and 39: every section cited in src/ is cited in a test.
    [Fact]
    public void Every_section_that_the_code_cites_is_cited_by_a_test()
    {
        HashSet<string> tested = CitationsIn("tests");
        List<string> missing = [.. CitationsIn("src").Where(citation => !tested.Contains(citation)).Order(StringComparer.Ordinal)];
        Assert.Empty(missing);
    }

    // STYLE 30: the first line of every deviation comment stands in docs/rfc.md.
    [Fact]
    public void Every_deviation_is_listed_in_the_documentation()
    {
        string documentation = File.ReadAllText(SourceTree.PathOf("docs", "rfc.md"));
        List<string> missing = [];
        foreach (string file in SourceTree.CSharpFiles("src"))
        {
            foreach (Match match in Deviation().Matches(File.ReadAllText(file)))
            {
                if (!documentation.Contains(match.Groups[1].Value.Trim(), StringComparison.Ordinal))
                {
                    missing.Add($"{Path.GetFileName(file)}: {match.Groups[1].Value}");
                }
            }
        }

        Assert.Empty(missing);
    }

    private static HashSet<string> CitationsIn(string folder)
    {
        HashSet<string> citations = [];
        foreach (string file in SourceTree.CSharpFiles(folder))
        {
            // The list above is no test.
            string text = Path.GetFileName(file) == "CitationTests.cs" ? "" : File.ReadAllText(file);
            foreach (Match match in Citation().Matches(text))
            {
                citations.Add(match.Value);
            }
        }

        return citations;
    }

    [GeneratedRegex(@"RFC \d+ section \d+(\.\d+)*")]
    private static partial Regex Citation();

    [GeneratedRegex(@"// DEVIATION: (.*)")]
    private static partial Regex Deviation();
}
