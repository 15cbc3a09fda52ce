using System.Globalization;
using System.Text;

namespace FenceFirst.Config.Keywords;

/// <summary>The keyword table for people at a terminal and for their shells.</summary>
public static class KeywordHelp
{
    /// <summary>Every name in the table, sorted, for completion.</summary>
    public static IReadOnlyList<string> Names => [.. KeywordTable.All.Select(row => row.Name).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>What the table knows about a keyword, one paragraph per block; null when it knows nothing.</summary>
    public static string? Describe(string name)
    {
        Keyword[] rows = [.. KeywordTable.All.Where(row => row.Name == name)];
        if (rows.Length == 0)
        {
            return null;
        }

        StringBuilder text = new();
        foreach (Keyword row in rows)
        {
            string value = KeywordText.Value(row);
            text.Append(CultureInfo.InvariantCulture, $"{row.Name}{(value.Length > 0 ? " " + value : "")}\n    in {KeywordTable.BlockName(row.Block)}: {row.Meaning}\n");
            Add(text, "default", row.Default);
            Add(text, "since", row.IsOwn ? "FenceFirst's own keyword" : row.Since.Length > 0 ? "keepalived " + row.Since : "");
            Add(text, "support", KeywordText.SupportName(row.Support) + (row.Advice.Length > 0 && row.Advice != row.Meaning ? ": " + row.Advice : ""));
        }

        return text.ToString();
    }

    /// <summary>The keywords that are spelt most like a word, for a question that has no answer.</summary>
    public static IReadOnlyList<string> Similar(string word) =>
        [.. Names.Where(name => name.Contains(word, StringComparison.Ordinal) || KeywordTable.Distance(name, word) <= Math.Max(word.Length < 5 ? 1 : 2, word.Length / 4)).Take(12)];

    /// <summary>The name that is spelt most like the word, with two mistakes at most; null when there is none.</summary>
    public static string? Nearest(IEnumerable<string> names, string word) => KeywordTable.Nearest(names, word);

    private static void Add(StringBuilder text, string what, string value)
    {
        if (value.Length > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"    {what}: {value}\n");
        }
    }
}
