namespace FenceFirst.Mutants;

/// <summary>One bug to plant: a piece of a source file, and what stands there instead.</summary>
/// <param name="Number">Its place in the list, from 1.</param>
/// <param name="Name">One word.</param>
/// <param name="File">Relative to the root of the repository.</param>
/// <param name="Bug">What the program does wrong then.</param>
/// <param name="Before">The text, which stands exactly once in the file.</param>
/// <param name="After">What replaces it.</param>
/// <param name="Argument">Why nothing can notice it; empty = it has to be noticed.</param>
public sealed record Mutant(int Number, string Name, string File, string Bug, string Before, string After, string Argument)
{
    /// <summary>The source with the bug.</summary>
    /// <exception cref="FormatException">The text is not there, or more than once.</exception>
    public string Plant(string source)
    {
        int first = source.IndexOf(Before, StringComparison.Ordinal);
        int last = source.LastIndexOf(Before, StringComparison.Ordinal);
        return first < 0 || first != last
            ? throw new FormatException(
                $"{MutantList.FileName}: mutant {Number} ({Name}): its text {(first < 0 ? "is not" : "stands more than once")} in {File}; "
                + "write it for the code as it is now, or take the mutant out if the code has gone")
            : source[..first] + After + source[(first + Before.Length)..];
    }
}

/// <summary>The list of bugs, a text: a block of lines for each, with a blank line behind it.</summary>
/// <remarks>
/// <code>
/// mutant NAME
/// in FILE
/// bug WHAT IT DOES WRONG
/// survives WHY NOTHING CAN NOTICE IT      only for a mutant that is none
/// - text before                           one line or more, with their indentation
/// + text after                            none = the text is taken out
/// </code>
/// </remarks>
public static class MutantList
{
    /// <summary>Where it lies, relative to the root of the repository.</summary>
    public const string FileName = "tests/FenceFirst.Mutants/mutants.txt";

    /// <summary>Reads it.</summary>
    /// <exception cref="FormatException">A line is none of those above.</exception>
    public static IReadOnlyList<Mutant> Read(string root)
    {
        List<Mutant> mutants = [];
        Dictionary<string, List<string>> open = [];
        int number = 0;
        foreach (string line in File.ReadLines(Path.Combine(root, FileName)).Append(""))
        {
            number++;
            if (line.StartsWith('#'))
            {
                continue;
            }

            if (line.Length == 0)
            {
                if (open.Count > 0)
                {
                    mutants.Add(Build(mutants.Count + 1, open, number));
                    open = [];
                }

                continue;
            }

            string word = line.Split(' ')[0];
            string rest = line.Length > word.Length ? line[(word.Length + 1)..] : "";
            if (word is not ("mutant" or "in" or "bug" or "survives" or "-" or "+"))
            {
                throw new FormatException($"{FileName}, line {number}: '{word}' is neither mutant, in, bug, survives, - nor +");
            }

            open.TryAdd(word, []);
            open[word].Add(rest);
        }

        return mutants;
    }

    private static Mutant Build(int number, Dictionary<string, List<string>> parts, int line)
    {
        string Part(string word, bool isNeeded = true) => parts.TryGetValue(word, out List<string>? lines) ? string.Join('\n', lines)
            : isNeeded ? throw new FormatException($"{FileName}: the block that ends at line {line} has no '{word}'")
            : "";
        return new Mutant(number, Part("mutant"), Part("in"), Part("bug"), Part("-"), Part("+", isNeeded: false), Part("survives", isNeeded: false));
    }
}
