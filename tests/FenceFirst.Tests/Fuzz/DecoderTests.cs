using FenceFirst.Fuzz;

namespace FenceFirst.Tests.Fuzz;

/// <summary>Every decoder, some thousand spoilt inputs from a fixed seed; <c>./fuzz</c> runs millions. And the runner itself: it notices what it is there for.</summary>
public sealed class DecoderTests
{
    private const ulong Seed = 20261122;

    public static TheoryData<string> Decoders => [.. Harness.All.Select(harness => harness.Name)];

    [Theory]
    [MemberData(nameof(Decoders))]
    public void Spoilt_inputs_give_a_value_or_a_named_refusal(string decoder)
    {
        // Shown with both outcomes: a mutator that reaches only one of them shows nothing.
        Harness harness = Harness.All.First(each => each.Name == decoder);
        FuzzResult result = new FuzzRun(harness, Seed) { InputBound = TimeSpan.FromSeconds(30) }.Run(TimeSpan.FromMinutes(5), harness.QuickCount);
        Assert.True(result.Failure is null, $"{decoder}, input {result.Inputs}: {result.Failure}\n{Convert.ToBase64String(result.Input ?? [])}");
        Assert.Equal(harness.QuickCount, result.Inputs);
        Assert.InRange(result.Values, result.Inputs / 200, result.Inputs - (result.Inputs / 200));
    }

    [Fact]
    public void An_exception_is_noticed_and_its_input_shrunk()
    {
        FuzzResult result = Run(new Careless(input => input.Contains((byte)'x') && input.Length > 3 ? throw new InvalidOperationException() : true));
        Assert.Contains(nameof(InvalidOperationException), result.Failure, StringComparison.Ordinal);
        Assert.Equal(4, result.Input!.Length);
        Assert.Contains((byte)'x', result.Input);
    }

    [Fact]
    public void A_hang_is_noticed()
    {
        using ManualResetEventSlim never = new();
        FuzzResult result = Run(new Careless(input => input.Length <= 3 || never.Wait(TimeSpan.FromMinutes(1))), TimeSpan.FromSeconds(0.2));
        Assert.Contains("does not end", result.Failure, StringComparison.Ordinal);
        Assert.True(result.Input!.Length > 3);
        never.Set();
    }

    [Fact]
    public void Memory_out_of_bounds_is_noticed()
    {
        FuzzResult result = Run(new Careless(input => input.Length <= 3 || new byte[1 << 20].Length > 0));
        Assert.Contains("made it allocate", result.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_seed_gives_the_same_inputs()
    {
        List<byte[]>[] runs = [[], []];
        foreach (List<byte[]> seen in runs)
        {
            new FuzzRun(new Careless(_ => true), Seed) { Announce = seen.Add }.Run(TimeSpan.FromMinutes(1), 500);
        }

        Assert.Equal(runs[0], runs[1]);
        Assert.True(runs[0].Distinct().Count() > 400);
    }

    private static FuzzResult Run(Harness harness, TimeSpan? bound = null) =>
        new FuzzRun(harness, Seed) { InputBound = bound ?? TimeSpan.FromSeconds(30) }.Run(TimeSpan.FromMinutes(1), 100_000);

    /// <summary>A decoder that fails in one way.</summary>
    private sealed class Careless(Func<byte[], bool> decode) : Harness
    {
        public override string Name => "careless";

        public override string What => "nothing";

        public override long AllocationMax => 100_000;

        public override IReadOnlyList<byte[]> Samples() => ["x"u8.ToArray(), "ab"u8.ToArray()];

        public override bool Try(byte[] input) => decode(input);
    }
}
