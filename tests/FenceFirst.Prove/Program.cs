using System.Diagnostics;
using System.Globalization;
using FenceFirst.Prove;

// Long runs by hand, started by ./prove: seeds by the hour, one seed's story, small worlds of any size.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
string verb = args.Length > 0 ? args[0] : "";
bool? isGrouped = args.Contains("groups") ? true : args.Contains("single") ? false : null;
args = [.. args.Where(word => word is not ("groups" or "single"))];
double Number(int at, double otherwise) => args.Length > at ? double.Parse(args[at], CultureInfo.InvariantCulture) : otherwise;
switch (verb)
{
    case "hours":
        return new SeedRuns((ulong)Number(2, Stopwatch.GetTimestamp() & 0xffffffffffL), isGrouped).RunFor(TimeSpan.FromHours(Number(1, 1)));
    case "seeds":
        return new SeedRuns((ulong)Number(1, 1), isGrouped).RunCount((ulong)Number(2, 1000));
    case "tell":
        Console.Write(FenceFirst.Sim.SimRun.Tell(FenceFirst.Sim.SimCluster.FromSeed((ulong)Number(1, 1), isGrouped: isGrouped), (int)Number(2, 200)));
        return 0;
    case "world":
        return WorldWalk.Run((int)Number(1, 2), (int)Number(2, 20_000_000), args.Length > 3 ? args[3..] : []);
    default:
        Console.Error.WriteLine("""
            usage: hours HOURS [FROM]            seeds from FROM (default: some number) until the time is over
                   seeds FROM COUNT              these seeds
                   tell SEED [LINES]             the story of a seed
                   ... groups | single           every world with sync groups, or none; otherwise the seed decides
                   world NODES [STATES] [WORD]...  every state, up to so many; words: nopreempt plain nofence lie probe listen silent once tick ontime refuse nocrash forget watchdog
            """);
        return 2;
}
