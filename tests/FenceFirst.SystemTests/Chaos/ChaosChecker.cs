using System.Globalization;

namespace FenceFirst.SystemTests;

/// <summary>Judges a bout of chaos by what the kernels and the power board told, and by nothing that the daemons said.</summary>
internal static class ChaosChecker
{
    /// <summary>G10: two nodes never hold the address at the same time.</summary>
    public static IEnumerable<string> OneOwner(Ownership ownership)
    {
        for (int i = 0; i < ownership.Intervals.Count; i++)
        {
            Held one = ownership.Intervals[i];
            foreach (Held other in ownership.Intervals.Skip(i + 1).Where(other => other.Node != one.Node && other.From < one.To))
            {
                DateTime until = other.To < one.To ? other.To : one.To;
                yield return $"OneOwner: {one.Node} and {other.Node} both held the address from {Seen.Stamp(other.From)}, for {Milliseconds(until - other.From)} ms";
            }
        }
    }

    /// <summary>
    /// G1: before a node takes the address, the board has answered "off" for every other node, in one promotion of the taker: its last one that asked anything.
    /// An answer counts if the power went after the other node had last taken the address, and after the taker itself had.
    /// </summary>
    public static IEnumerable<string> Permission(Ownership ownership, IReadOnlyList<PowerRequest> board, IReadOnlyCollection<string> nodes)
    {
        foreach (Held taken in ownership.Intervals)
        {
            PowerRequest[] asked = [.. board.Where(request => request.By == taken.Node && request.AskedAt < taken.From)];
            ulong epoch = asked.Length == 0 ? 0 : asked.Max(request => request.Epoch);
            foreach (string other in nodes.Where(node => node != taken.Node))
            {
                Held[] before = [.. ownership.Intervals.Where(held => held.Node == other && held.From <= taken.From)];
                DateTime last = before.Length == 0 ? DateTime.MinValue : before[^1].From;
                Held[] own = [.. ownership.Intervals.Where(held => held.Node == taken.Node && held.From < taken.From)];
                DateTime since = own.Length > 0 && own[^1].From > last ? own[^1].From : last;
                if (!asked.Any(request => request.Epoch == epoch && request.Target == other && request.IsSuccess && request.AnsweredAt < taken.From && request.AnsweredAt > DateTime.MinValue && request.OffAt > since))
                {
                    yield return $"Permission: {taken.Node} took the address at {Seen.Stamp(taken.From)}, and no fence of {other} had succeeded in its promotion";
                }
            }
        }
    }

    /// <summary>The board tells the truth: a node that it says is off holds nothing at that moment. A checker of the run itself.</summary>
    public static IEnumerable<string> TruthfulBoard(Ownership ownership, IReadOnlyList<PowerRequest> board) =>
        from request in board
        where request.IsSuccess && ownership.Intervals.Any(held => held.Node == request.Target && held.From < request.OffAt && held.To > request.OffAt)
        select $"the board said at {Seen.Stamp(request.OffAt)} that {request.Target} is off, and it held the address";

    /// <summary>How long nobody held the address before each take-over but the first.</summary>
    public static IReadOnlyList<TimeSpan> Gaps(Ownership ownership)
    {
        List<TimeSpan> gaps = [];
        DateTime until = DateTime.MaxValue;
        foreach (Held held in ownership.Intervals)
        {
            if (held.From > until)
            {
                gaps.Add(held.From - until);
            }
            until = until == DateTime.MaxValue || held.To > until ? held.To : until;
        }
        return gaps;
    }

    private static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("0.0", CultureInfo.InvariantCulture);
}
