using FenceFirst.Mutants;

namespace FenceFirst.Tests.Repo;

/// <summary>The list of planted bugs cannot rot: <c>./mutants</c> is run by hand, this by everybody.</summary>
public sealed class MutantListTests
{
    [Fact]
    public void The_text_of_every_mutant_stands_exactly_once_in_its_file()
    {
        IReadOnlyList<Mutant> mutants = MutantList.Read(SourceTree.Root);
        Assert.True(mutants.Count >= 60);
        Assert.Equal(mutants.Count, mutants.Select(mutant => mutant.Name).Distinct().Count());
        List<string> lost = [];
        foreach (Mutant mutant in mutants)
        {
            try
            {
                Assert.NotEqual("", mutant.Plant(File.ReadAllText(Path.Combine(SourceTree.Root, mutant.File))));
                Assert.NotEqual(mutant.Before, mutant.After);
            }
            catch (FormatException problem)
            {
                lost.Add(problem.Message);
            }
        }

        // Each message says what to do. All at once, so that a change of the machine is followed in one go.
        Assert.True(lost.Count == 0, string.Join('\n', lost));
    }

    [Fact]
    public void A_text_that_is_not_found_is_named()
    {
        Mutant mutant = new(7, "some-bug", "a.cs", "is wrong", "x = 1;", "x = 2;", "");
        Assert.Equal("a x = 2; b", mutant.Plant("a x = 1; b"));
        Assert.Contains("mutant 7 (some-bug): its text is not in a.cs", Assert.Throws<FormatException>(() => mutant.Plant("a")).Message, StringComparison.Ordinal);
        Assert.Contains("more than once", Assert.Throws<FormatException>(() => mutant.Plant("x = 1; x = 1;")).Message, StringComparison.Ordinal);
    }
}
