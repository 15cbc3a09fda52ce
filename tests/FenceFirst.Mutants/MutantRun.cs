using System.Diagnostics;

namespace FenceFirst.Mutants;

/// <summary>Builds the copy once, then for each bug only FenceFirst.Core, and lets the stages judge it: the quick ones first.</summary>
internal sealed class MutantRun(Tree tree, bool isEveryStage)
{
    private const double KilledMin = 0.95;

    private readonly Compiler _compiler = new(tree.Root);
    private readonly Dictionary<string, int> _killedBy = [];
    private readonly List<string> _survivors = [];
    private readonly List<string> _wrong = [];
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private int _killed;
    private int _argued;

    /// <summary>Runs them; returns the exit status: 0 when enough are noticed and every survivor has its argument.</summary>
    public int Run(IReadOnlyList<Mutant> mutants)
    {
        Console.WriteLine("building the copy");
        _compiler.BuildAll();
        Stage[] stages = Stages();
        foreach (Stage stage in stages)
        {
            string said = stage.Run();
            if (said.Length > 0)
            {
                throw new InvalidOperationException($"{stage.Name} fails without any bug planted: {said}");
            }

            Console.WriteLine($"{stage.Name}: passes in {stage.Usual.TotalSeconds:0.0} s");
        }

        foreach (Mutant mutant in mutants)
        {
            tree.Plant(mutant);
            try
            {
                string refused = _compiler.BuildCore();
                if (refused.Length > 0)
                {
                    throw new InvalidOperationException($"mutant {mutant.Number} ({mutant.Name}) cannot be compiled: {refused}");
                }

                Judge(mutant, stages);
            }
            finally
            {
                tree.Restore(mutant.File);
            }
        }

        return Sum(mutants.Count);
    }

    private Stage[] Stages()
    {
        // Allocations depend on how the copy is compiled, and are no protocol.
        string Tests(params string[] parts) =>
            "FullyQualifiedName!~llocat&(" + string.Join('|', parts.Select(part => $"FullyQualifiedName~FenceFirst.Tests.{part}.")) + ")";
        // Long walks notice what nothing else does, and take most of the time.
        string[] walks = ["RandomWalk", "GuaranteeG6", "MutualShooting"];
        string withoutWalks = string.Concat(walks.Select(walk => $"&FullyQualifiedName!~{walk}"));
        string onlyWalks = string.Join('|', walks.Select(walk => $"FullyQualifiedName~FenceFirst.Tests.Machine.{walk}"));
        string[] Unit(string filter) => ["dotnet", "test", _compiler.Tests, "--nologo", "-v", "quiet", "--filter", filter, "--", "xUnit.StopOnFail=true"];
        string[] worlds = ["nopreempt", "silent", "refuse", "probe", ""];
        return
        [
            new Stage("unit", [Unit(Tests("Wire", "Tracking"))]) { Files = file => file.Contains("/Wire/", StringComparison.Ordinal) || file.Contains("/Tracking/", StringComparison.Ordinal) },
            new Stage("sim", [[_compiler.Prove, "seeds", "1", "1500"]]),
            new Stage("unit", [Unit(Tests("Machine", "Tracking") + withoutWalks)]),
            new Stage("unit", [Unit(onlyWalks)]),
            new Stage("worlds", [.. worlds.Select(word => (string[])[_compiler.Prove, "world", "2", "300000", .. word.Split(' ', StringSplitOptions.RemoveEmptyEntries)])]),
        ];
    }

    private void Judge(Mutant mutant, Stage[] stages)
    {
        List<string> killers = [];
        string first = "";
        foreach (Stage stage in stages.Where(stage => stage.Files(mutant.File) && !killers.Contains(stage.Name)))
        {
            string said = stage.Run();
            if (said.Length == 0)
            {
                continue;
            }

            killers.Add(stage.Name);
            first = first.Length == 0 ? said : first;
            _killedBy[stage.Name] = _killedBy.GetValueOrDefault(stage.Name) + 1;
            if (!isEveryStage)
            {
                break;
            }
        }

        bool isKilled = killers.Count > 0;
        string verdict = isKilled ? $"killed by {string.Join(", ", killers)}: {first}" : mutant.Argument.Length > 0 ? "survives, as argued" : "SURVIVES";
        Console.WriteLine($"{mutant.Number,4}  {mutant.Name}: {verdict}");
        if (isKilled && mutant.Argument.Length > 0)
        {
            _wrong.Add($"{mutant.Number} {mutant.Name}: it was noticed, so the argument is wrong: {mutant.Argument}");
        }

        _killed += isKilled ? 1 : 0;
        _argued += !isKilled && mutant.Argument.Length > 0 ? 1 : 0;
        if (!isKilled)
        {
            _survivors.Add($"{mutant.Number} {mutant.Name}: {mutant.Bug}{(mutant.Argument.Length > 0 ? $" ({mutant.Argument})" : "")}");
        }
    }

    private int Sum(int count)
    {
        Console.WriteLine($"{_killed} of {count} killed ({100.0 * _killed / Math.Max(1, count):0.0} %) in {_watch.Elapsed.TotalMinutes:0} min; "
            + $"{(isEveryStage ? "noticed" : "first noticed")} by {string.Join(", ", _killedBy.Select(each => $"{each.Key} {each.Value}"))}");
        foreach (string survivor in _survivors)
        {
            Console.WriteLine($"survivor {survivor}");
        }

        foreach (string wrong in _wrong)
        {
            Console.WriteLine($"WRONG {wrong}");
        }

        return _killed >= KilledMin * count && _wrong.Count == 0 && _killed + _argued == count ? 0 : 1;
    }
}
