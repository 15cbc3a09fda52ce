namespace FenceFirst.Bench;

/// <summary>One line of the table.</summary>
/// <param name="Key">Name for reasons.md: the case, and what distinguishes the row in it.</param>
/// <param name="Measure">What was measured, with its unit.</param>
/// <param name="Ours">FenceFirst's figure as text.</param>
/// <param name="Peer">keepalived's; empty = not measured.</param>
/// <param name="Ratio">Ours divided by theirs; NaN = says nothing.</param>
/// <param name="Bound">What is promised; empty = nothing, the row informs.</param>
/// <param name="IsMet">Whether the promise is kept; without one: true.</param>
internal sealed record Row(string Key, string Measure, string Ours, string Peer, double Ratio, string Bound, bool IsMet)
{
    /// <summary>A row in which the ratio of two figures is promised to stay below a bound.</summary>
    public static Row OfRatio(string key, string measure, string unit, double ours, double peer, double bound) => new(
        key, measure, $"{Text(ours)} {unit}", $"{Text(peer)} {unit}", ours / peer, $"≤ {bound:0.0#} × keepalived", ours / peer <= bound);

    /// <summary>A row that informs and promises nothing.</summary>
    public static Row Informing(string key, string measure, string unit, double ours, double peer) =>
        new(key, measure, $"{Text(ours)} {unit}", $"{Text(peer)} {unit}", ours / peer, "", true);

    /// <summary>Three significant digits or the whole number.</summary>
    public static string Text(double value) => Math.Abs(value) switch
    {
        >= 100 => value.ToString("0"),
        >= 10 => value.ToString("0.0"),
        >= 1 => value.ToString("0.00"),
        _ => value.ToString("0.000"),
    };
}

/// <summary>How thorough a run is.</summary>
/// <param name="IsQuick">Shorter windows and fewer repetitions, for a look while developing; its figures are not for publication.</param>
internal sealed record RunLength(bool IsQuick)
{
    /// <summary>Seconds in which processor time and adverts are counted.</summary>
    public int WindowSeconds => IsQuick ? 8 : 30;

    /// <summary>How often each daemon takes its turn: A B A B.</summary>
    public int Rounds => IsQuick ? 1 : 2;

    /// <summary>How often a daemon is killed, stopped or stalled.</summary>
    public int Deaths => IsQuick ? 10 : 50;

    /// <summary>Paired starts; 7 or more.</summary>
    public int Starts => IsQuick ? 7 : 15;

    /// <summary>Paired failovers with an interval of one second, which take five seconds each.</summary>
    public int SlowFailovers => IsQuick ? 3 : 9;

    /// <summary>Paired failovers with shorter intervals.</summary>
    public int FastFailovers => IsQuick ? 7 : 21;
}
