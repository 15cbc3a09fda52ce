using System.CommandLine;
using System.Globalization;
using FenceFirst.Cli;

namespace FenceFirst.Simulate;

/// <summary>The program behind <c>fencefirst simulate</c>.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        SimulateCommand words = new();
        RootCommand command = new(SimulateCommand.Description);
        words.AddTo(command);
        command.SetAction(parsed => SimulateVerb.Run(
            new SimulateRequest
            {
                Files = parsed.GetValue(words.Files) ?? [],
                ConfigIds = parsed.GetValue(words.ConfigIds) ?? [],
                Scenario = parsed.GetValue(words.Scenario),
                Seed = parsed.GetValue(words.Seed),
                Runs = parsed.GetValue(words.Runs),
                Replay = parsed.GetValue(words.Replay),
                IsDetailed = parsed.GetValue(words.Detail),
                IsJson = parsed.GetValue(words.Json),
            },
            FilesElsewhere.Create(),
            parsed.InvocationConfiguration.Output,
            parsed.InvocationConfiguration.Error));
        return Invocation.Guard(() => Invocation.Run(command, arguments, Console.Out, Console.Error, "fencefirst simulate"), Console.Error);
    }
}
