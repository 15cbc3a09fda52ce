using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;

namespace FenceFirst.Simulate;

/// <summary>The words of one statement, taken one after the other. Every problem is told once, with its place.</summary>
internal sealed class ScenarioLine
{
    private readonly SourceText _source;
    private readonly DiagnosticBag _diagnostics;
    private readonly int _number;
    private readonly List<(string Text, int Column)> _words = [];
    private int _at;

    /// <summary>Splits a line; what follows # or ! is a comment.</summary>
    public ScenarioLine(SourceText source, int number, DiagnosticBag diagnostics)
    {
        (_source, _number, _diagnostics) = (source, number, diagnostics);
        string line = source.Line(number);
        int at = 0;
        while (at < line.Length)
        {
            if (line[at] is '#' or '!')
            {
                break;
            }

            if (char.IsWhiteSpace(line[at]) || char.IsControl(line[at]))
            {
                at++;
                continue;
            }

            int start = at;
            if (line[at] == '"')
            {
                int end = line.IndexOf('"', at + 1);
                at = end < 0 ? line.Length : end + 1;
                _words.Add((line[(start + 1)..(end < 0 ? line.Length : end)], start + 1));
                continue;
            }

            if (line.AsSpan(at).StartsWith(Arrow))
            {
                at += Arrow.Length;
                _words.Add((Arrow, start + 1));
                continue;
            }

            while (at < line.Length && !char.IsWhiteSpace(line[at]) && line[at] is not ('#' or '"') && !line.AsSpan(at).StartsWith(Arrow))
            {
                at++;
            }

            _words.Add((line[start..at], start + 1));
        }
    }

    /// <summary>Between the nodes of a path with a direction.</summary>
    public const string Arrow = "->";

    /// <summary>Whether there is nothing to read.</summary>
    public bool IsEmpty => _words.Count == 0;

    /// <summary>Its number.</summary>
    public int Number => _number;

    /// <summary>The next word; empty = there is none.</summary>
    public string Next => _at < _words.Count ? _words[_at].Text : "";

    /// <summary>Whether every word was taken.</summary>
    public bool IsAtEnd => _at >= _words.Count;

    /// <summary>The words from one that was taken on, as they are shown again.</summary>
    public string TextFrom(int word) => string.Join(' ', _words.Skip(word).Select(each => each.Text.Contains(' ', StringComparison.Ordinal) ? $"\"{each.Text}\"" : each.Text));

    /// <summary>How many words were taken.</summary>
    public int Taken => _at;

    /// <summary>Takes the next word if it is this one.</summary>
    public bool Skip(string word)
    {
        if (Next != word || IsAtEnd)
        {
            return false;
        }

        _at++;
        return true;
    }

    /// <summary>Takes the next word.</summary>
    public string Take() => IsAtEnd ? "" : _words[_at++].Text;

    /// <summary>A problem with the next word, or with the place where one is missing.</summary>
    public void Complain(DiagnosticCode code, string message, string hint = "") => Complain(code, _at, message, hint);

    /// <summary>A problem with the word that was taken last.</summary>
    public void ComplainOfLast(DiagnosticCode code, string message, string hint = "") => Complain(code, _at - 1, message, hint);

    private void Complain(DiagnosticCode code, int word, string message, string hint)
    {
        bool isThere = word >= 0 && word < _words.Count;
        int column = isThere ? _words[word].Column : _source.Line(_number).TrimEnd().Length + 1;
        _diagnostics.Add(code, new SourceSpan(_source, _number, column, isThere ? Math.Max(1, _words[word].Text.Length) : 1), message, hint);
    }
}
