using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>The short form of ./chaos (docs/testing.md).</summary>
public sealed class ChaosTests(ITestOutputHelper output)
{
    /// <summary>Of the bouts, which run beside each other.</summary>
    private static readonly int[] Seeds = [1, 2];

    [NeedsFact("fencefirst")]
    public async Task Whatever_happens_one_node_at_most_owns_the_address_and_one_does_in_the_end()
    {
        ChaosResult[] results = await Task.WhenAll(Seeds.Select(seed => ChaosBout.RunAsync(seed, 3, isKeepalived: false, output)));
        Assert.True(results.All(result => result.Violations.Count == 0), string.Join('\n', results.SelectMany(result => result.Violations)) + "\n" + string.Concat(results.Select(result => result.Story)));
        Assert.All(results, result => Assert.Equal(TimeSpan.Zero, result.HeldTwice));
        Assert.All(results, result => Assert.True(result.Failovers >= 3, "the troubles moved nothing"));
    }

    [NeedsFact("keepalived")]
    public async Task The_same_troubles_give_keepalived_two_owners()
    {
        // That the run can fail: no fence, no permission, and the owner is cut off, stopped or killed.
        ChaosResult result = await ChaosBout.RunAsync(1, 5, isKeepalived: true, output);
        Assert.True(result.HeldTwice > TimeSpan.FromMilliseconds(100), $"held twice for {result.HeldTwice.TotalMilliseconds} ms only");
    }
}
