namespace FenceFirst.SystemTests;

/// <summary>The collection of tests that run when no other does, because what they show is a matter of time.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "Alone";
}
