namespace FenceFirst.Config.Keywords;

/// <summary>The blocks of the language; a keyword means something only in its block.</summary>
internal enum BlockKind : byte
{
    Root = 0,
    GlobalDefs,
    VrrpScript,
    VrrpInstance,
    VrrpSyncGroup,
    Authentication,
    AuthHmac,
    TrackFileDefinition,
    TrackProcessDefinition,
    BfdInstance,
    GarpGroup,
    TrackGroup,
    FenceDevice,
    Promotion,
    Demotion,

    /// <summary>One entry per line, no keywords: addresses, routes, rules, peers, trackers.</summary>
    Entries,

    /// <summary>Words without structure: mail recipients, group members.</summary>
    WordList,

    /// <summary>Not looked into at all.</summary>
    Opaque,
}

/// <summary>What follows a keyword.</summary>
internal enum ValueShape : byte
{
    /// <summary>Nothing: the keyword alone switches something on.</summary>
    Flag = 0,

    /// <summary>on, off, true, false, yes or no; nothing means yes.</summary>
    Boolean,

    /// <summary>One word or quoted string.</summary>
    Word,

    /// <summary>One word out of a list.</summary>
    Choice,

    /// <summary>A decimal integer.</summary>
    Integer,

    /// <summary>Seconds with a fraction.</summary>
    Seconds,

    /// <summary>An IP address.</summary>
    Address,

    /// <summary>The name of a network interface.</summary>
    Interface,

    /// <summary>A command line in quotes, then perhaps user and group.</summary>
    Script,

    /// <summary>A user and perhaps a group.</summary>
    User,

    /// <summary>An integer and perhaps <c>reverse</c>.</summary>
    Weight,

    /// <summary>Several words that the keyword reads itself.</summary>
    Words,

    /// <summary>Anything, nothing included.</summary>
    Free,
}

/// <summary>What FenceFirst does with a keyword.</summary>
internal enum Support : byte
{
    /// <summary>Does what its manual says.</summary>
    Honoured = 0,

    /// <summary>Read, not done, said.</summary>
    Warned,

    /// <summary>An error for good: ignoring it would change what is safe.</summary>
    Refused,

    /// <summary>An error for now.</summary>
    NotYet,
}

/// <summary>One row of the keyword table.</summary>
/// <param name="Block">Where it may stand.</param>
/// <param name="Name">As written.</param>
/// <param name="Shape">What follows it.</param>
/// <param name="Support">What is done with it.</param>
/// <param name="Meaning">One line for people.</param>
internal sealed record Keyword(BlockKind Block, string Name, ValueShape Shape, Support Support, string Meaning)
{
    /// <summary>Smallest value of an integer or of seconds.</summary>
    public decimal Min { get; init; }

    /// <summary>Largest value of an integer or of seconds; below <see cref="Min"/> = no range.</summary>
    public decimal Max { get; init; } = -1;

    /// <summary>Digits after the point that are kept: 6 = microseconds, 3 = milliseconds.</summary>
    public int Decimals { get; init; } = 6;

    /// <summary>The unit of the number; empty = none.</summary>
    public string Unit { get; init; } = "";

    /// <summary>Value that holds without the keyword; empty = none or off.</summary>
    public string Default { get; init; } = "";

    /// <summary>The words allowed, for <see cref="ValueShape.Choice"/>.</summary>
    public string[] Choices { get; init; } = [];

    /// <summary>The kind of block it opens; null = it opens none.</summary>
    public BlockKind? Opens { get; init; }

    /// <summary>Whether a name must follow the keyword of a block.</summary>
    public bool IsNamed { get; init; }

    /// <summary>Why it is refused or what is not done, and what to do instead.</summary>
    public string Advice { get; init; } = "";

    /// <summary>Rows with the same topic give one warning per file, not one each (mail, SNMP).</summary>
    public string Topic { get; init; } = "";

    /// <summary>Whether the keyword is FenceFirst's own and unknown to keepalived.</summary>
    public bool IsOwn { get; init; }

    /// <summary>Whether the first of several lines holds and keepalived refuses the others; of most keywords the last one holds.</summary>
    public bool IsFirstHeld { get; init; }

    /// <summary>Whether 0 is read as 1, which keepalived does with a message.</summary>
    public bool IsZeroOne { get; init; }

    /// <summary>Whether the value may be left out.</summary>
    public bool IsOptional { get; init; }

    /// <summary>The first release of keepalived that knows the keyword; empty = before 2.0, or our own.</summary>
    public string Since => IsOwn ? "" : KeywordAge.Since(Name);

    /// <summary>Fewest words after the keyword.</summary>
    public int WordsMin => Opens is not null ? (IsNamed ? 1 : 0) : IsOptional ? 0 : Shape is ValueShape.Flag or ValueShape.Boolean or ValueShape.Free ? 0 : 1;

    /// <summary>Most words after the keyword that are read.</summary>
    public int WordsMax => Opens is not null ? (IsNamed ? 1 : 0) : Shape switch
    {
        ValueShape.Flag => 0,
        ValueShape.Boolean or ValueShape.Word or ValueShape.Choice or ValueShape.Integer or ValueShape.Seconds => 1,
        ValueShape.Address or ValueShape.Interface => 1,
        ValueShape.User or ValueShape.Weight => 2,
        ValueShape.Script or ValueShape.Words or ValueShape.Free => int.MaxValue,
    };
}
