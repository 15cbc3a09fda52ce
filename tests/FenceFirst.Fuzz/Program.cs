using System.Diagnostics;
using System.Globalization;
using FenceFirst.Fuzz;

// Spoilt inputs for every decoder, by the minute. Started by ./fuzz.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
string folder = Environment.GetEnvironmentVariable("FENCEFIRST_FUZZ_FOLDER") ?? "out/fuzz";
Directory.CreateDirectory(folder);
if (args is ["again", string name, string file] && Find(name) is { } wanted)
{
    string? failure = FuzzRun.Judge(wanted, File.ReadAllBytes(file), out bool isValue);
    Console.WriteLine(failure ?? (isValue ? "a value" : "refused"));
    return failure is null ? 0 : 1;
}

if (args.Length is < 1 or > 3
    || !double.TryParse(args[0], CultureInfo.InvariantCulture, out double minutes)
    || (args.Length > 1 && args[1] != "all" && Find(args[1]) is null)
    || !ulong.TryParse(args.Length > 2 ? args[2] : "0", CultureInfo.InvariantCulture, out ulong seed))
{
    Console.Error.WriteLine($"""
        usage: MINUTES [DECODER|all] [SEED]   so many minutes, shared among the decoders; SEED is chosen and printed when it is not given
               again DECODER FILE             one input once more
        decoders:
        {string.Join('\n', Harness.All.Select(each => $"  {each.Name,-10} {each.What}"))}
        """);
    return 2;
}

Harness[] chosen = [.. Harness.All.Where(each => args.Length < 2 || args[1] == "all" || each.Name == args[1])];
seed = seed == 0 ? (ulong)Stopwatch.GetTimestamp() : seed;
Console.WriteLine($"seed {seed}");
bool isGood = true;
foreach (Harness harness in chosen)
{
    isGood &= RunOne(harness, TimeSpan.FromMinutes(minutes / chosen.Length));
}

return isGood ? 0 : 1;

static Harness? Find(string name) => Harness.All.FirstOrDefault(each => each.Name == name);

bool RunOne(Harness harness, TimeSpan time)
{
    // A stack overflow or an end of memory ends the process: the input lies in this file then.
    string present = Path.Combine(folder, $"{harness.Name}.present");
    Stopwatch watch = Stopwatch.StartNew();
    FuzzResult result;
    using (FileStream stream = new(present, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0))
    {
        FuzzRun run = new(harness, seed)
        {
            Announce = input =>
            {
                RandomAccess.Write(stream.SafeFileHandle, input, 0);
                RandomAccess.SetLength(stream.SafeFileHandle, input.Length);
            },
        };
        using Timer progress = new(
            _ => Console.Error.WriteLine($"{harness.Name}: {run.Inputs} inputs in {watch.Elapsed.TotalSeconds:0} s"), null, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30));
        result = run.Run(time, long.MaxValue);
    }

    Console.WriteLine($"{harness.Name,-10} {result.Inputs,12} inputs, {result.Values,12} values, {result.Inputs / watch.Elapsed.TotalSeconds,9:0} inputs/s");
    if (result.Failure is null)
    {
        File.Delete(present);
        return true;
    }

    string kept = Path.Combine(folder, $"{harness.Name}-{seed}-{result.Inputs}");
    File.WriteAllBytes(kept, result.Input ?? []);
    Console.WriteLine($"FAILURE of {harness.Name} at input {result.Inputs} of seed {seed}: {result.Failure}");
    Console.WriteLine($"again: ./fuzz again {harness.Name} {kept}");
    return false;
}
