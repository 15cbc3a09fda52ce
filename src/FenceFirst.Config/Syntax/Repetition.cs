using System.Globalization;

namespace FenceFirst.Config.Syntax;

/// <summary>Reads the parameters of keepalived's ~SEQ, ~SEQx and ~LST (keepalived.conf(5), "Sequence blocks" and "List blocks").</summary>
internal static class Repetition
{
    private const int ShownMax = 60;

    /// <summary>Whether a line is a repetition.</summary>
    public static bool Applies(ReadOnlySpan<char> text) =>
        text.StartsWith("~SEQ", StringComparison.Ordinal) || text.StartsWith("~LST", StringComparison.Ordinal);

    /// <summary>Index of the parenthesis that closes the parameters, or -1.</summary>
    public static int ParameterEnd(string text) => text.IndexOf(')');

    /// <summary>The variables and, for every repetition, their values; false with a sentence when the parameters make no sense.</summary>
    /// <param name="head">From the tilde to the closing parenthesis.</param>
    /// <param name="used">Lines that were made already.</param>
    /// <param name="most">Bound on lines in all.</param>
    public static bool TryRead(string head, int used, int most, out List<string> names, out List<List<string>> tuples, out string problem)
    {
        names = [];
        tuples = [];
        problem = "";
        int open = head.IndexOf('(');
        string kind = open < 0 ? "" : head[..open].TrimEnd();
        if (kind is not ("~SEQ" or "~SEQx" or "~LST"))
        {
            problem = "only ~SEQ, ~SEQx and ~LST repeat a line";
            return false;
        }

        List<List<string>> groups = [];
        if (!TryGroups(head[(open + 1)..^1], groups, out problem))
        {
            return false;
        }

        if (groups.Count < 2 || groups[0].Exists(name => !IsName(name)))
        {
            problem = groups.Count < 2 ? "a repetition needs a variable and a value" : "the first parameter is the name of the variable, without $";
            return false;
        }

        names = groups[0];
        return kind == "~LST" ? TryList(names, groups, used, most, tuples, out problem) : TrySequence(names, groups, kind == "~SEQx", used, most, tuples, out problem);
    }

    private static bool TryList(List<string> names, List<List<string>> groups, int used, int most, List<List<string>> tuples, out string problem)
    {
        problem = "";
        foreach (List<string> group in groups.Skip(1))
        {
            if (group.Count > names.Count)
            {
                problem = $"there are more values in {{{string.Join(',', group)}}} than variables";
                return false;
            }

            // A value that is left out is empty, as in keepalived.
            tuples.Add([.. group, .. Enumerable.Repeat("", names.Count - group.Count)]);
        }

        problem = used + tuples.Count > most ? $"repetitions make more than {most} lines" : "";
        return problem.Length == 0;
    }

    private static bool TrySequence(List<string> names, List<List<string>> groups, bool isHexadecimal, int used, int most, List<List<string>> tuples, out string problem)
    {
        problem = "a sequence takes one variable and one to three numbers";
        long[] numbers = new long[3];
        if (names.Count != 1 || groups.Count is < 2 or > 4 || groups.Exists(group => group.Count != 1))
        {
            return false;
        }

        for (int i = 1; i < groups.Count; i++)
        {
            if (!TryNumber(groups[i][0], out numbers[i - 1]))
            {
                problem = $"'{groups[i][0]}' is not a number";
                return false;
            }
        }

        (long start, long step, long end) = groups.Count switch
        {
            2 => (numbers[0] < 0 ? -1 : 1, numbers[0] < 1 ? -1 : 1, numbers[0]), // keepalived: 0 counts from 1 to 0.
            3 => (numbers[0], numbers[1] < numbers[0] ? -1 : 1, numbers[1]),
            _ => (numbers[0], numbers[1], numbers[2]),
        };
        if (step == 0 || (end > start && step < 0) || (end < start && step > 0 && groups.Count == 4))
        {
            problem = $"steps of {step} do not lead from {start} to {end}";
            return false;
        }

        if (isHexadecimal && (start < 0 || end < 0))
        {
            problem = "~SEQx has no negative numbers";
            return false;
        }

        if (((end - start) / step) + used >= most)
        {
            problem = $"repetitions make more than {most} lines";
            return false;
        }

        for (long value = start; step > 0 ? value <= end : value >= end; value += step)
        {
            tuples.Add([value.ToString(isHexadecimal ? "x" : "d", CultureInfo.InvariantCulture)]);
        }

        problem = "";
        return true;
    }

    /// <summary>The parameters, separated by commas; several in braces are one tuple. Quotes are part of a value, which may be empty.</summary>
    /// <returns>False for values that nothing separates.</returns>
    private static bool TryGroups(string text, List<List<string>> groups, out string problem)
    {
        problem = "";
        int i = 0;
        do
        {
            i = AfterBlanks(text, i);
            bool isTuple = i < text.Length && text[i] == '{';
            int end = isTuple ? text.IndexOf('}', i) : text.IndexOf(',', i);
            end = end < 0 ? text.Length : end;
            List<string> group = isTuple ? [.. text[(i + 1)..end].Split(',').Select(value => value.Trim())] : [text[i..end].Trim()];
            groups.Add(group);
            i = AfterBlanks(text, isTuple ? Math.Min(end + 1, text.Length) : end);
            if ((i < text.Length && text[i] != ',') || group.Exists(value => value.AsSpan().IndexOfAny(" \t{}") >= 0))
            {
                problem = $"a comma is missing in '{text[..Math.Min(text.Length, ShownMax)]}'";
            }
        }
        while (problem.Length == 0 && i++ < text.Length);
        return problem.Length == 0;
    }

    private static int AfterBlanks(string text, int at)
    {
        while (at < text.Length && Lexer.IsBlank(text[at]))
        {
            at++;
        }

        return at;
    }

    private static bool IsName(string text) =>
        text.Length > 0 && !char.IsAsciiDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    /// <summary>A number of the C language: decimal, 0x hexadecimal, 0 octal, perhaps negative; within 32 bits.</summary>
    private static bool TryNumber(string text, out long number)
    {
        bool isNegative = text.StartsWith('-');
        string digits = isNegative ? text[1..] : text;
        int radix = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? 16 : digits.Length > 1 && digits[0] == '0' ? 8 : 10;
        digits = radix == 16 ? digits[2..] : digits;
        number = 0;
        foreach (char c in digits)
        {
            int digit = char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : radix;
            number = (number * radix) + digit;
            if (digit >= radix || number > int.MaxValue)
            {
                return false;
            }
        }

        number = isNegative ? -number : number;
        return digits.Length > 0;
    }
}
