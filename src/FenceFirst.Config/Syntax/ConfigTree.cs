using FenceFirst.Config.Keywords;

namespace FenceFirst.Config.Syntax;

/// <summary>One keyword or entry with its words and, if it opens a block, what stands inside.</summary>
internal sealed class ConfigNode(ConfigLine line, List<Token> words, Keyword? row)
{
    private static readonly List<ConfigNode> None = [];

    /// <summary>The text of the logical line, for keywords that read it in their own way (scripts).</summary>
    public ConfigLine Line { get; } = line;

    /// <summary>The words; the first is the keyword or, in a list, the entry itself. Never empty.</summary>
    public List<Token> Words { get; } = words;

    /// <summary>The row of the keyword; null for entries and for the top of the tree.</summary>
    public Keyword? Row { get; } = row;

    /// <summary>What stands in the block, in order; shared by all that open none, and not to be added to.</summary>
    public List<ConfigNode> Children { get; private set; } = None;

    /// <summary>The keyword as written.</summary>
    public string Name { get; } = words[0].Text;

    /// <summary>Where the keyword stands.</summary>
    public SourceSpan Span => Words[0].Span;

    /// <summary>The first word after the keyword, or the empty string.</summary>
    public string Value { get; } = words.Count > 1 ? words[1].Text : "";

    /// <summary>Where the value stands, or the keyword when there is none.</summary>
    public SourceSpan ValueSpan => Words.Count > 1 ? Words[1].Span : Span;

    /// <summary>The list that takes what stands in the block.</summary>
    public List<ConfigNode> Opened() => Children = ReferenceEquals(Children, None) ? [] : Children;

    /// <summary>Rank in the file: earlier lines have smaller ones.</summary>
    public int Order { get; init; }
}
