using FenceFirst.Core.Timeline;

namespace FenceFirst.Sim;

/// <summary>Passes on what is seen to the checkers that asked for it, and to the transcript if there is one.</summary>
internal sealed class Watch
{
    private readonly Checker[][] _byKind;
    private readonly Checker[] _readers;

    /// <summary>With checkers; the transcript costs time and is left out in long runs.</summary>
    public Watch(IReadOnlyList<Checker> checkers, Transcript? transcript = null)
    {
        Checkers = checkers;
        Transcript = transcript;
        _byKind = new Checker[Enum.GetValues<SightingKind>().Length][];
        for (int kind = 0; kind < _byKind.Length; kind++)
        {
            _byKind[kind] = [.. checkers.Where(checker => checker.Wants((SightingKind)kind))];
        }

        _readers = [.. checkers.Where(checker => checker.ReadsJournal)];
    }

    /// <summary>Those who judge.</summary>
    public IReadOnlyList<Checker> Checkers { get; }

    /// <summary>What people read.</summary>
    public Transcript? Transcript { get; }

    /// <summary>Whether nothing more need be seen: a guarantee was broken.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Sightings so far.</summary>
    public long Count { get; private set; }

    /// <summary>How often an address was taken.</summary>
    public long Failovers { get; private set; }

    /// <summary>Something was seen.</summary>
    public void See(in Sighting sighting)
    {
        Count++;
        Failovers += sighting is { Kind: SightingKind.Added, Thing: Thing.Addresses } ? 1 : 0;
        Transcript?.See(sighting);
        foreach (Checker checker in _byKind[(int)sighting.Kind])
        {
            checker.See(sighting);
            Note(checker);
        }
    }

    /// <summary>An entry was written into a node's journal.</summary>
    public void Read(int node, in TimelineEntry entry, long at, long clock)
    {
        Transcript?.Read(node, entry, at);
        foreach (Checker checker in _readers)
        {
            checker.Read(node, entry, at, clock);
            Note(checker);
        }
    }

    /// <summary>The run is over.</summary>
    public void End(long at)
    {
        foreach (Checker checker in Checkers)
        {
            if (!IsOver)
            {
                checker.End(at);
                Note(checker);
            }
        }
    }

    /// <summary>The first thing that was wrong; null = nothing.</summary>
    public Violation? Violation => Checkers.FirstOrDefault(checker => checker.Violation is not null)?.Violation;

    private void Note(Checker checker)
    {
        if (checker.Violation is { } violation && !IsOver)
        {
            IsOver = true;
            Transcript?.Write(violation.At, $"*** {violation}");
        }
    }
}
