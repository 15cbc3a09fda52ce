using System.Text;

namespace FenceFirst.Config.Syntax;

/// <summary>A piece of text that remembers, for every character, the column of the physical line it came from.</summary>
/// <remarks>Comments are cut out and definitions are put in before the words are read; a caret must still point at what was typed.</remarks>
internal sealed class ConfigLine
{
    private readonly int[]? _columns;
    private readonly int _firstColumn;
    private readonly int _start;
    private string? _text;

    private ConfigLine(SourceText source, int number, string text, int[] columns, int firstColumn, string? expanded)
    {
        Expanded = expanded;
        Source = source;
        Number = number;
        Length = text.Length;
        _text = text;
        _columns = columns;
        _firstColumn = firstColumn;
    }

    /// <summary>Part of the file's text, from the index of its first character.</summary>
    private ConfigLine(SourceText source, int number, int start, int length, int firstColumn)
    {
        Source = source;
        Number = number;
        Length = length;
        _start = start;
        _firstColumn = firstColumn;
    }

    /// <summary>The file.</summary>
    public SourceText Source { get; }

    /// <summary>The line in the file, from 1.</summary>
    public int Number { get; }

    /// <summary>Characters of the text.</summary>
    public int Length { get; }

    /// <summary>The text. What stands in the file is made a string when asked for: most lines never are.</summary>
    public string Text => _text ??= Characters.ToString();

    /// <summary>As <see cref="Text"/>, without a string of its own.</summary>
    public ReadOnlySpan<char> Characters => _columns is not null ? _text : Source.Text.AsSpan(_start, Length);

    /// <summary>The whole line after its references were replaced; null when it stands in the file like this.</summary>
    public string? Expanded { get; }

    /// <summary>Whether the character is the whole text.</summary>
    public bool IsOnly(char character) => Length == 1 && Characters[0] == character;

    /// <summary>A physical line as it stands in the file.</summary>
    public static ConfigLine Physical(SourceText source, int number) => new(source, number, source.StartOf(number), source.Characters(number).Length, 1);

    /// <summary>The same without blanks at both ends.</summary>
    public static ConfigLine PhysicalTrimmed(SourceText source, int number)
    {
        ReadOnlySpan<char> text = source.Characters(number);
        (int start, int length) = Lexer.WithoutBlanks(text);
        return new ConfigLine(source, number, source.StartOf(number) + start, length, 1 + start);
    }

    /// <summary>Text whose characters come from the given columns of one physical line.</summary>
    public static ConfigLine FromColumns(SourceText source, int number, string text, int[] columns, string? expanded = null) =>
        new(source, number, text, columns, 1, expanded);

    /// <summary>The column, from 1, of the character at the index; the end of the text is one after the last character.</summary>
    public int ColumnAt(int index)
    {
        if (_columns is null)
        {
            return _firstColumn + index;
        }

        if (_columns.Length == 0)
        {
            return _firstColumn;
        }

        return index < _columns.Length ? _columns[index] : _columns[^1] + 1;
    }

    /// <summary>Part of the text.</summary>
    public ConfigLine Slice(int start, int length) => _columns is null
        ? new(Source, Number, _start + start, length, _firstColumn + start)
        : new(Source, Number, Text.Substring(start, length), _columns[start..(start + length)], ColumnAt(start), Expanded);

    /// <summary>Without blanks at both ends.</summary>
    public ConfigLine Trimmed()
    {
        (int start, int length) = Lexer.WithoutBlanks(Characters);
        return length == Length ? this : Slice(start, length);
    }

    /// <summary>The place of a part of the text.</summary>
    public SourceSpan Span(int start, int length)
    {
        int first = ColumnAt(start);
        int last = length <= 0 ? first : ColumnAt(start + length - 1);
        return new SourceSpan(Source, Number, first, Math.Max(1, last - first + 1)) { Expanded = Expanded };
    }

    /// <summary>The place of the whole text.</summary>
    public SourceSpan WholeSpan => Span(0, Length);

    /// <inheritdoc/>
    public override string ToString() => Text;
}

/// <summary>Puts a <see cref="ConfigLine"/> together from characters of one physical line.</summary>
internal sealed class ConfigLineBuilder(SourceText source, int number)
{
    private readonly StringBuilder _text = new();
    private readonly List<int> _columns = [];

    /// <summary>Characters so far.</summary>
    public int Length => _text.Length;

    /// <summary>Adds a character that stands at a column.</summary>
    public void Append(char c, int column)
    {
        _text.Append(c);
        _columns.Add(column);
    }

    /// <summary>Adds text of which every character points at the same column: what a reference at that column stands for.</summary>
    public void Append(string text, int column)
    {
        foreach (char c in text)
        {
            Append(c, column);
        }
    }

    /// <summary>Adds part of a line of the same physical line.</summary>
    public void Append(ConfigLine line, int start, int length)
    {
        for (int i = start; i < start + length; i++)
        {
            Append(line.Text[i], line.ColumnAt(i));
        }
    }

    /// <summary>The finished line.</summary>
    /// <param name="isExpanded">Whether references were replaced in it.</param>
    /// <param name="expanded">The expanded line of which this is a part.</param>
    public ConfigLine Build(bool isExpanded = false, string? expanded = null)
    {
        string text = _text.ToString();
        return ConfigLine.FromColumns(source, number, text, [.. _columns], isExpanded ? text : expanded);
    }
}
