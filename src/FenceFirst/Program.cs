using FenceFirst.Cli;

namespace FenceFirst;

/// <summary>Verbs and composition by hand.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        if (KeepalivedFlags.Applies(arguments))
        {
            return KeepalivedFlags.Run(arguments, Console.Out, Console.Error);
        }

        if (arguments is ["--version"])
        {
            Console.Out.WriteLine($"FenceFirst {ProgramVersion.Text}");
            return 0;
        }

        return CommandLineVerbs.Create().Parse(arguments).Invoke();
    }
}
