namespace FenceFirst.Cli;

internal static class DemoVerb
{
    public static int Run(bool isKept, bool json, TextWriter output, TextWriter error) => throw new NotImplementedException();
}
