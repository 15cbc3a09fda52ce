using System.CommandLine;

namespace FenceFirst.Cli;

/// <summary>The words of <c>fencefirst simulate</c>, which the daemon's program only knows and <c>fencefirst-simulate</c> obeys.</summary>
internal sealed class SimulateCommand
{
    /// <summary>What it is for, in one sentence.</summary>
    public const string Description =
        "run your own configurations in simulated time, with a scenario or with chance faults, or replay a record of a daemon "
        + "(exit status 0 every guarantee and expectation held, 1 one did not, 2 unusable input)";

    /// <summary>One configuration per node.</summary>
    public Option<string[]> Files { get; } = new("--file", "-f")
    {
        Description = "configuration of a node; once per node, which are then called a, b, c ... in this order",
        HelpName = "FILE",
        AllowMultipleArgumentsPerToken = false,
    };

    /// <summary>Ids for @ID lines.</summary>
    public Option<string[]> ConfigIds { get; } = new("--config-id", "-i")
    {
        Description = "id for lines that begin with @ID; once per --file, in the same order; default: the host name of this machine",
        HelpName = "ID",
        AllowMultipleArgumentsPerToken = false,
    };

    /// <summary>The story.</summary>
    public Option<string?> Scenario { get; } = new("--scenario", "-s") { Description = "what happens and what is expected; default: faults by chance for five minutes, then none", HelpName = "FILE" };

    /// <summary>Where chance begins.</summary>
    public Option<ulong> Seed { get; } = new("--seed") { Description = "where all chance begins: the same seed tells the same story", DefaultValueFactory = _ => 1, HelpName = "N" };

    /// <summary>How many.</summary>
    public Option<ulong> Runs { get; } = new("--runs") { Description = "so many runs, each with the next seed; tells the sum and the seeds that failed instead of a timeline", DefaultValueFactory = _ => 1, HelpName = "N" };

    /// <summary>A record of a daemon.</summary>
    public Option<string?> Replay { get; } = new("--replay") { Description = "step through a record that 'fencefirst run --record' made: the same decisions have to come out", HelpName = "FILE" };

    /// <summary>Everything.</summary>
    public Option<bool> Detail { get; } = new("--detail", "-D") { Description = "tell details too, as the daemon logs them with -D" };

    /// <summary>For programs.</summary>
    public Option<bool> Json { get; } = new("--json") { Description = "print JSON" };

    /// <summary>Gives a command all options.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[Files, ConfigIds, Scenario, Seed, Runs, Replay, Detail, Json])
        {
            command.Options.Add(option);
        }
    }
}
