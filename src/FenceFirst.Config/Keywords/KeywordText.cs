using System.Globalization;
using System.Text;

namespace FenceFirst.Config.Keywords;

/// <summary>The keyword table as docs/keywords.md.</summary>
internal static class KeywordText
{
    /// <summary>The whole document; a test keeps the file in the repository equal to it.</summary>
    public static string ToMarkdown()
    {
        StringBuilder text = new();
        text.Append(
            """
            # Keywords

            Generated from the keyword table (`src/FenceFirst.Config/Keywords/KeywordTable*.cs`); do not edit. `UPDATE_GOLDEN=1 dotnet test` rewrites it.

            - **honoured**: does what the manual says.
            - **warned**: read, not done, and `fencefirst check` says so.
            - **refused**: an error, because ignoring it would change what is safe.
            - **not yet**: read and checked, but an error for now: its behaviour is not built.

            *Since* is the first release of keepalived that knows the keyword; empty means before 2.0. `fencefirst help KEYWORD` prints a keyword's rows.

            Source is keepalived.conf(5) unless the keyword is marked *own*. A line longer than 1023 bytes is ignored by keepalived; FenceFirst reads
            it and warns. The config id `fencefirst` is always true: lines that begin with `@fencefirst ` are read by FenceFirst and dropped by keepalived.

            """);
        string[] notes = [.. KeywordTable.All.Where(row => row.Meaning != row.Advice && row.Advice.Length > 0).GroupBy(row => row.Advice).Where(rows => rows.Count() >= NoteRowsMin).Select(rows => rows.Key)];
        foreach (IGrouping<BlockKind, Keyword> block in KeywordTable.All.GroupBy(row => row.Block))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {(block.Key == BlockKind.Root ? "Top level" : KeywordTable.BlockName(block.Key))}\n\n");
            text.Append("| Keyword | Value | Default | Since | Support | Meaning |\n|---|---|---|---|---|---|\n");
            foreach (Keyword row in block)
            {
                int note = Array.IndexOf(notes, row.Advice);
                string advice = note < 0 ? row.Advice : string.Create(CultureInfo.InvariantCulture, $"[Note {note + 1}](#notes)");
                string meaning = row.Meaning == row.Advice || row.Advice.Length == 0 ? row.Meaning : $"{row.Meaning}. {advice}";
                text.Append(CultureInfo.InvariantCulture, $"| `{row.Name}`{(row.IsOwn ? " *own*" : "")} | {Cell(Value(row))} | {Cell(row.Default)} | {row.Since} | {SupportName(row.Support)} | {Cell(meaning)} |\n");
            }
        }

        text.Append("\n## Notes\n\n");
        for (int i = 0; i < notes.Length; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{i + 1}. {notes[i]}\n");
        }

        return text.ToString();
    }

    /// <summary>What so many rows say is said once, below the tables.</summary>
    private const int NoteRowsMin = 3;

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);

    /// <summary>The word for a support level.</summary>
    public static string SupportName(Support support) => support switch
    {
        Support.Honoured => "honoured",
        Support.Warned => "warned",
        Support.Refused => "refused",
        Support.NotYet => "not yet",
    };

    /// <summary>What follows the keyword, as a reader needs to know it.</summary>
    public static string Value(Keyword row)
    {
        if (row.Opens is not null)
        {
            return row.IsNamed ? "NAME { }" : "{ }";
        }

        string value = Plain(row);
        return row.IsOptional && value.Length > 0 ? $"[{value}]" : value;
    }

    private static string Plain(Keyword row)
    {
        string range = row.Max >= row.Min ? $" {row.Min} to {row.Max}{(row.Unit.Length > 0 ? " " + row.Unit : "")}" : "";
        return row.Shape switch
        {
            ValueShape.Flag => "",
            ValueShape.Boolean => "[yes or no]",
            ValueShape.Word => "word",
            ValueShape.Choice => string.Join(", ", row.Choices),
            ValueShape.Integer => "integer" + range,
            ValueShape.Seconds => "decimal" + range,
            ValueShape.Address => "address",
            ValueShape.Interface => "interface",
            ValueShape.Script => "\"command\" [user [group]]",
            ValueShape.User => "user [group]",
            ValueShape.Weight => $"integer{range} [reverse]",
            ValueShape.Words => "words",
            ValueShape.Free => "",
        };
    }
}
