using System.Net;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>One keepalived among ours: the short form of ./chaos --mixed (docs/testing.md), and its judge.</summary>
public sealed class MixedTests(ITestOutputHelper output)
{
    private const int Events = 13;
    private static readonly int[] Seeds = [1, 2];
    private static readonly DateTime Start = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly IPAddress Address = IPAddress.Parse("10.77.1.100");

    [NeedsFact("keepalived", "fencefirst")]
    public async Task A_mixed_cluster_is_as_good_as_keepalived_and_has_one_owner_in_the_end()
    {
        ChaosResult[] results = await Task.WhenAll(Seeds.Select(seed => MixedBout.RunAsync(seed, Events, output)));
        Assert.True(results.All(result => result.Violations.Count == 0), string.Join('\n', results.SelectMany(result => result.Violations)) + "\n" + string.Concat(results.Select(result => result.Story)));
        Assert.True(results.Sum(result => result.Failovers) >= Events / 2, "the events moved nothing");
    }

    // Two owners from 10 to 15: too long, but not while one of them does not run or is cut off, and not for as long as an advert takes.
    [Theory]
    [InlineData(10, 15, 0, 0, true)]
    [InlineData(10, 10.6, 0, 0, false)]
    [InlineData(10, 10.8, 0, 0, true)]
    [InlineData(10, 15, 9, 14.5, false)]
    [InlineData(10, 15, 9, 14.2, true)]
    [InlineData(10, 15, 10.5, 16, false)]
    [InlineData(10, 15, 10.8, 16, true)]
    [InlineData(10, 15, 12, 13, true)]
    [InlineData(10, 12, 10.6, 11.4, false)]
    public void Two_owners_are_found_unless_they_could_not_know(double from, double to, double excusedFrom, double excusedTo, bool isFound)
    {
        AddressEvent[] kernels = [new(At(0), "a", true, Address), new(At(from), "b", true, Address), new(At(to), "a", false, Address)];
        Dictionary<string, IReadOnlyList<(DateTime, DateTime)>> excuses = new() { ["a"] = [(At(excusedFrom), At(excusedTo))], ["b"] = [] };
        Assert.Equal(isFound, MixedChecker.OneOwner(Ownership.Of(Address, kernels, At(30)), excuses, TimeSpan.FromSeconds(0.2)).Any());
    }

    private static DateTime At(double seconds) => Start.AddSeconds(seconds);
}
