namespace FenceFirst.Config.Syntax;

/// <summary>The text of one file, with its lines. Kept whole so that every diagnostic can show the line a person has to edit.</summary>
public sealed class SourceText
{
    private readonly List<int> _lineStarts;

    /// <summary>Takes the text as read; lines end at LF, a CR before it is not part of the line.</summary>
    /// <param name="path">The name shown in messages.</param>
    /// <param name="text">The whole text.</param>
    /// <param name="ordinal">Rank of the file in reading order, for sorting diagnostics.</param>
    public SourceText(string path, string text, int ordinal = 0)
    {
        Path = path;
        Text = text;
        Ordinal = ordinal;
        _lineStarts = new List<int>(text.AsSpan().Count('\n') + 1) { 0 };
        for (int end = text.IndexOf('\n'); end >= 0; end = text.IndexOf('\n', end + 1))
        {
            _lineStarts.Add(end + 1);
        }

        // A final line end closes the last line, it does not begin another.
        if (text.Length > 0 && text[^1] == '\n')
        {
            _lineStarts.RemoveAt(_lineStarts.Count - 1);
        }
    }

    /// <summary>The name shown in messages.</summary>
    public string Path { get; }

    /// <summary>The whole text.</summary>
    public string Text { get; }

    /// <summary>Rank of the file in reading order.</summary>
    public int Ordinal { get; }

    /// <summary>Number of lines; an empty file has one empty line.</summary>
    public int LineCount => _lineStarts.Count;

    /// <summary>One line without its line end; the empty string for a number outside the file.</summary>
    /// <param name="number">1 is the first line.</param>
    public string Line(int number) => Characters(number).ToString();

    /// <summary>Index of the first character of a line; 0 for a number outside the file.</summary>
    internal int StartOf(int number) => number < 1 || number > _lineStarts.Count ? 0 : _lineStarts[number - 1];

    /// <summary>As <see cref="Line"/>, without a string of its own.</summary>
    internal ReadOnlySpan<char> Characters(int number)
    {
        if (number < 1 || number > _lineStarts.Count)
        {
            return [];
        }

        int start = _lineStarts[number - 1];
        int end = number < _lineStarts.Count ? _lineStarts[number] - 1 : Text.Length;
        if (end > start && Text[end - 1] == '\n')
        {
            end--;
        }

        while (end > start && Text[end - 1] == '\r')
        {
            end--;
        }

        return Text.AsSpan(start, end - start);
    }
}

/// <summary>Where something is written: always a place in a file that a person can edit, also for expanded text.</summary>
/// <param name="Source">The file; null when the place is no file (a command line option).</param>
/// <param name="Line">1 is the first line; 0 = the whole file.</param>
/// <param name="Column">1 is the first character.</param>
/// <param name="Length">Characters to underline; at least 1 is shown.</param>
public readonly record struct SourceSpan(SourceText? Source, int Line, int Column, int Length)
{
    /// <summary>The line after its references were replaced; null when it stands in the file as it is read.</summary>
    public string? Expanded { get; init; }

    /// <summary>The name of the file, or the empty string.</summary>
    public string Path => Source?.Path ?? "";
}
