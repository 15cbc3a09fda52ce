namespace FenceFirst.SystemTests;

/// <summary>
/// What keepalived's own rule allows, and a mixed cluster without promotion has to keep: two nodes hold an address at the same time only while one of them cannot
/// know better (its daemon does not run, or its link is down), and after that until the lower one has heard the higher one, which takes one interval and the skew.
/// </summary>
internal static class MixedChecker
{
    /// <summary>For a busy machine: starting and cleaning up, or being told by the kernel.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(0.3);

    /// <summary>Overlaps of two owners that last longer, when everything is taken out that one of them is excused for.</summary>
    /// <param name="ownership">Who held the address.</param>
    /// <param name="excuses">When a node could not know.</param>
    /// <param name="interval">Between adverts; the skew is shorter than that.</param>
    public static IEnumerable<string> OneOwner(Ownership ownership, IReadOnlyDictionary<string, IReadOnlyList<(DateTime From, DateTime To)>> excuses, TimeSpan interval)
    {
        TimeSpan bound = interval + interval + Margin;
        return Unexcused(ownership, excuses).Where(part => part.To - part.From > bound)
            .Select(part => $"OneOwner: {part.One} and {part.Other} both held the address from {Seen.Stamp(part.From)} for {(part.To - part.From).TotalMilliseconds:0} ms, and nothing kept them from hearing each other");
    }

    /// <summary>Every time in which two nodes held the address and neither was excused.</summary>
    public static IEnumerable<(string One, string Other, DateTime From, DateTime To)> Unexcused(Ownership ownership, IReadOnlyDictionary<string, IReadOnlyList<(DateTime From, DateTime To)>> excuses)
    {
        for (int i = 0; i < ownership.Intervals.Count; i++)
        {
            Held one = ownership.Intervals[i];
            foreach (Held other in ownership.Intervals.Skip(i + 1).Where(other => other.Node != one.Node && other.From < one.To))
            {
                DateTime to = other.To < one.To ? other.To : one.To;
                foreach ((DateTime from, DateTime until) in Without(other.From, to, [.. excuses[one.Node], .. excuses[other.Node]]))
                {
                    yield return (one.Node, other.Node, from, until);
                }
            }
        }
    }

    /// <summary>What is left of a time when others are taken out of it.</summary>
    private static List<(DateTime From, DateTime To)> Without(DateTime from, DateTime to, IEnumerable<(DateTime From, DateTime To)> excused)
    {
        List<(DateTime From, DateTime To)> left = [];
        foreach ((DateTime begin, DateTime end) in excused.OrderBy(each => each.From))
        {
            if (begin > from && begin < to)
            {
                left.Add((from, begin));
            }
            from = end > from ? end : from;
        }
        if (from < to)
        {
            left.Add((from, to));
        }
        return left;
    }
}
