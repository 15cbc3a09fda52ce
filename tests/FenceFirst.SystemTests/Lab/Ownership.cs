using System.Net;
using System.Text;

namespace FenceFirst.SystemTests;

/// <summary>One node held the address from one moment to another.</summary>
internal readonly record struct Held(string Node, DateTime From, DateTime To);

/// <summary>Who held an address and when, from what the kernels of all nodes said.</summary>
internal sealed class Ownership
{
    private readonly IPAddress _address;

    private Ownership(IPAddress address, IReadOnlyList<Held> intervals)
    {
        _address = address;
        Intervals = intervals;
    }

    /// <summary>In the order of their beginnings; what is still held ends now.</summary>
    public IReadOnlyList<Held> Intervals { get; }

    public static Ownership Of(IPAddress address, IEnumerable<AddressEvent> events, DateTime now)
    {
        List<Held> intervals = [];
        Dictionary<string, DateTime> since = [];
        foreach (AddressEvent each in events.Where(each => each.Address.Equals(address)).OrderBy(each => each.At))
        {
            if (each.Added)
            {
                // A second "new address" only changes flags or lifetimes.
                since.TryAdd(each.Node, each.At);
            }
            else if (since.Remove(each.Node, out DateTime from))
            {
                intervals.Add(new Held(each.Node, from, each.At));
            }
        }
        intervals.AddRange(since.Select(each => new Held(each.Key, each.Value, now)));
        return new Ownership(address, [.. intervals.OrderBy(each => each.From)]);
    }

    public IReadOnlyList<string> Owners => [.. Intervals.Select(each => each.Node).Distinct()];

    /// <summary>The total time in which more than one node held the address.</summary>
    public TimeSpan HeldTwice
    {
        get
        {
            TimeSpan total = TimeSpan.Zero;
            DateTime[] edges = [.. Intervals.SelectMany(each => new[] { each.From, each.To }).Distinct().Order()];
            for (int i = 0; i + 1 < edges.Length; i++)
            {
                if (Intervals.Count(each => each.From <= edges[i] && each.To >= edges[i + 1]) > 1)
                {
                    total += edges[i + 1] - edges[i];
                }
            }
            return total;
        }
    }

    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(_address).Append(" held twice for ").Append(HeldTwice.TotalMilliseconds).AppendLine(" ms");
        foreach (Held each in Intervals)
        {
            text.Append("  ").Append(each.Node).Append(' ').Append(Seen.Stamp(each.From)).Append(" to ").AppendLine(Seen.Stamp(each.To));
        }
        return text.ToString();
    }
}
