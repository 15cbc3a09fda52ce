using System.Runtime.InteropServices;
using FenceFirst.Bench.Cases;

namespace FenceFirst.Bench;

/// <summary>Runs the cases named on the command line, or all, and writes the table. Started by bench/run, which says where the programs are.</summary>
internal static class Program
{
    private static readonly (string Name, Func<RunLength, IEnumerable<Row>> Run)[] Cases =
    [
        ("memory", MemoryCase.Run),
        ("start", StartCase.Run),
        ("cpu", ProcessorCase.Run),
        ("failover", FailoverCase.Run),
        ("adverts", AdvertCase.Run),
        ("lease", LeaseCase.Run),
        ("allocation", AllocationCase.Run),
        ("control", ControlCase.Run),
        ("check", CheckCase.Run),
        ("reload", ReloadCase.Run),
        ("scripts", ScriptCase.Run),
        ("trackers", TrackerCase.Run),
        ("links", LinkCase.Run),
        ("simulator", SimulatorCase.Run),
        ("world", WorldCase.Run),
    ];

    private static int Main(string[] arguments)
    {
        if (arguments is [AllocationHost.Option, string file, string settle, string window])
        {
            return AllocationHost.Run(file, int.Parse(settle), int.Parse(window));
        }

        string[] names = [.. arguments.Where(each => !each.StartsWith('-'))];
        string[] options = [.. arguments.Where(each => each.StartsWith('-'))];
        if (options.Except(["--quick", "--write-docs", "--self"]).Any() || names.Except(Cases.Select(each => each.Name)).Any())
        {
            Console.Error.WriteLine($"usage: bench/run [{string.Join('|', Cases.Select(each => each.Name))}]... [--quick] [--write-docs] [--self]");
            return 2;
        }

        // Whatever ends this program, the daemons it started end first.
        using PosixSignalRegistration interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => Daemon.EndAll());
        using PosixSignalRegistration terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Daemon.EndAll());
        string load = Machine.LoadAverage();
        RunLength length = new(options.Contains("--quick"));
        List<Row> rows = [];
        bool hasFailed = false;
        foreach ((string name, Func<RunLength, IEnumerable<Row>> run) in Cases.Where(each => names.Length == 0 || names.Contains(each.Name)))
        {
            Console.Error.WriteLine($"{DateTime.UtcNow:HH:mm:ss} {name}");
            try
            {
                foreach (Row row in run(length))
                {
                    Console.Error.WriteLine($"{DateTime.UtcNow:HH:mm:ss}   {row.Measure}: {row.Ours}, {row.Peer} {(row.IsMet ? "" : "NOT met")}");
                    rows.Add(row);
                }
            }
            catch (InvalidOperationException failure)
            {
                // One case that cannot be measured here does not take the others with it; the run as a whole has failed.
                Console.Error.WriteLine($"{name}: {failure.Message}");
                rows.Add(new Row(name, $"{name}: could not be measured", "", "", double.NaN, "a figure", false));
                hasFailed = true;
            }
        }

        Write(string.Join(' ', ["bench/run", .. arguments]), load, rows, options.Contains("--write-docs"));
        return hasFailed ? 1 : 0;
    }

    private static void Write(string command, string load, List<Row> rows, bool isForDocs)
    {
        string title = Programs.IsSelfComparison ? "keepalived compared with itself: the noise of this machine" : "Speed and memory, beside keepalived";
        string text = Table.Write(title, command, Machine.Describe(load), rows, Reasons(Path.Combine(Programs.Root, "bench", "reasons.md")));
        Console.WriteLine(text);
        string results = Path.Combine(Programs.Root, "bench", "results");
        Directory.CreateDirectory(results);
        File.WriteAllText(Path.Combine(results, "latest.md"), text);
        if (isForDocs)
        {
            File.WriteAllText(Path.Combine(Programs.Root, "docs", "performance.md"), text);
        }
    }

    /// <summary>Lines `* KEY: reason` of a file that people write.</summary>
    private static Dictionary<string, string> Reasons(string path) => !File.Exists(path)
        ? []
        : File.ReadLines(path)
            .Where(line => line.StartsWith("* ", StringComparison.Ordinal) && line.Contains(": ", StringComparison.Ordinal))
            .ToDictionary(line => line[2..line.IndexOf(": ", StringComparison.Ordinal)], line => line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..]);
}
