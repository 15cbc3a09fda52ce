using System.Globalization;
using FenceFirst.Mutants;

// Plants one bug after the other in a copy of the sources and sees whether the tests notice. Started by ./mutants.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
bool isEveryStage = args.Contains("all");
string[] numbers = [.. args.Where(word => word != "all")];
if (numbers.Length > 2 || !numbers.All(word => int.TryParse(word, out _)))
{
    Console.Error.WriteLine("""
        usage: [FROM] [COUNT] [all]   mutants from number FROM (default 1), so many (default: to the end of the list)
                                      all: every stage judges every mutant, instead of stopping at the first one that notices it
        """);
    return 2;
}

string? root = AppContext.BaseDirectory;
while (root is not null && !File.Exists(Path.Combine(root, "FenceFirst.slnx")))
{
    root = Path.GetDirectoryName(root);
}

if (root is null)
{
    Console.Error.WriteLine("run it from the repository: ./mutants");
    return 2;
}

int from = numbers.Length > 0 ? int.Parse(numbers[0], CultureInfo.InvariantCulture) : 1;
int count = numbers.Length > 1 ? int.Parse(numbers[1], CultureInfo.InvariantCulture) : int.MaxValue;
try
{
    IReadOnlyList<Mutant> mutants = MutantList.Read(root);
    foreach (Mutant mutant in mutants)
    {
        _ = mutant.Plant(File.ReadAllText(Path.Combine(root, mutant.File)));
    }

    return new MutantRun(new Tree(root), isEveryStage).Run([.. mutants.Skip(from - 1).Take(count)]);
}
catch (Exception exception) when (exception is FormatException or IOException or InvalidOperationException)
{
    Console.Error.WriteLine($"mutants: {exception.Message}");
    return 2;
}
