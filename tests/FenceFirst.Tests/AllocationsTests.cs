namespace FenceFirst.Tests;

public sealed class AllocationsTests
{
    [Fact]
    public void One_small_object_in_a_thousand_calls_is_seen_in_every_run()
    {
        int calls = 0;
        object? kept = null;
        long bytes = Allocations.Least(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                kept = ++calls % 1000 == 0 ? new object() : kept;
            }
        });
        Assert.NotNull(kept);
        Assert.InRange(bytes, 1, 100);
    }

    [Fact]
    public void The_rest_that_a_collection_leaves_counted_in_one_run_is_not_held_against_the_code()
    {
        Queue<long> runs = new([4024, 0]);
        Assert.Equal(0, Allocations.LeastOf(runs.Dequeue));
    }
}
