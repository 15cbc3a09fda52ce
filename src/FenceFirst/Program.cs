using FenceFirst.Cli;

namespace FenceFirst;

/// <summary>Verbs and composition by hand.</summary>
internal static class Program
{
    private static int Main(string[] arguments) =>
        KeepalivedFlags.Applies(arguments)
            ? KeepalivedFlags.Run(arguments, Console.Out, Console.Error)
            : Invocation.Guard(() => Run(arguments), Console.Error);

    private static int Run(string[] arguments)
    {
        if (arguments is ["--version"])
        {
            Console.Out.WriteLine($"FenceFirst {ProgramVersion.Text}");
            return 0;
        }

        return Invocation.Run(CommandLineVerbs.Create(), arguments, Console.Out, Console.Error);
    }
}
