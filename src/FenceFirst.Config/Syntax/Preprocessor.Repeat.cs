using FenceFirst.Config.Diagnostics;

namespace FenceFirst.Config.Syntax;

/// <content>~SEQ and ~LST: one line for every value of a variable.</content>
internal sealed partial class Preprocessor
{
    private void Repeat(ConfigLine line)
    {
        int close = Repetition.ParameterEnd(line.Text);
        ConfigLine head = close < 0 ? line : line.Slice(0, close + 1);
        for (int round = 0; close >= 0 && round < RoundsMax; round++)
        {
            // keepalived.conf(5): parameters may be references themselves.
            ConfigLine expanded = Substitute(head, takesLines: false);
            if (ReferenceEquals(expanded, head) || expanded.Length > ExpandedCharactersMax)
            {
                break;
            }

            head = expanded;
        }

        string problem = "the parameters of this repetition are never closed";
        List<string> names = [];
        List<List<string>> tuples = [];
        if (close < 0 || !Repetition.TryRead(head.Text, _expandedLines, ExpandedLinesMax, out names, out tuples, out problem))
        {
            diagnostics.Add(
                DiagnosticCodes.BadRepetition,
                line.Span(0, 4),
                problem,
                "~SEQ(NAME, [START, [STEP,]] END) TEXT or ~LST(NAME, VALUE, ...) TEXT");
            return;
        }

        ConfigLine text = line.Slice(close + 1, line.Length - close - 1).Trimmed();
        _expandedLines += tuples.Count;
        for (int i = tuples.Count - 1; i >= 0; i--)
        {
            List<(string, ConfigLine)> assignments = [];
            for (int at = 0; at < names.Count; at++)
            {
                string value = tuples[i][at];
                assignments.Add((names[at], ConfigLine.FromColumns(line.Source, line.Number, value, [.. Enumerable.Repeat(line.ColumnAt(0), value.Length)])));
            }

            _cursors.Peek().Pending.Push(new PendingLine(text, assignments));
        }
    }
}
