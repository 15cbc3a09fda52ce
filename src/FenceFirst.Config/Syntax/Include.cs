namespace FenceFirst.Config.Syntax;

/// <summary>How strict one of keepalived's include directives is about what it finds.</summary>
/// <param name="MustRead">A file that exists but cannot be read, or none at all, is an error (includer).</param>
/// <param name="MustMatch">A name without wildcards must exist (includem).</param>
/// <param name="WildcardMustMatch">A pattern must match at least one file (includew).</param>
/// <param name="BraceMustMatch">Every {a,b} alternative must match (includeb).</param>
internal readonly record struct IncludeStrictness(bool MustRead, bool MustMatch, bool WildcardMustMatch, bool BraceMustMatch)
{
    /// <summary>Whether the first word of a line may be a directive: cheap, for the many lines where it is none.</summary>
    public static bool MayBegin(ReadOnlySpan<char> line) => line.StartsWith("include", StringComparison.Ordinal);

    /// <summary>The strictness of a directive, or false when the word is none.</summary>
    /// <param name="word">The first word of a line.</param>
    /// <param name="plain">What a plain include obeys (include_check).</param>
    /// <param name="strictness">The strictness.</param>
    public static bool TryFind(string word, IncludeStrictness plain, out IncludeStrictness strictness)
    {
        (bool isFound, strictness) = word switch
        {
            "include" => (true, plain),
            "includer" => (true, new IncludeStrictness(true, false, false, false)),
            "includem" => (true, new IncludeStrictness(true, true, false, false)),
            "includew" => (true, new IncludeStrictness(true, true, true, false)),
            "includeb" => (true, new IncludeStrictness(true, true, false, true)),
            "includea" => (true, new IncludeStrictness(true, true, true, true)),
            _ => (false, default),
        };
        return isFound;
    }
}

/// <summary>Turns the argument of an include into file names: {a,b} alternatives and the wildcards * ? [...], in sorted order.</summary>
internal static class Include
{
    /// <summary>Bound on what one pattern with {a,b} may stand for.</summary>
    public const int AlternativesMax = 64;

    /// <summary>Bound on the files that one include may name.</summary>
    public const int FilesMax = 256;

    /// <summary>The alternatives of a pattern, the pattern itself when it has no braces.</summary>
    public static List<string> Alternatives(string pattern)
    {
        List<string> done = [];
        Stack<string> open = new([pattern]);
        while (open.TryPop(out string? text) && done.Count < AlternativesMax)
        {
            if (!TryGroup(text, out int start, out List<int> ends))
            {
                done.Add(text);
                continue;
            }

            // The outermost group is replaced by each of its parts; the results are looked at again, the first one first.
            for (int i = ends.Count - 1; i >= 0 && open.Count < AlternativesMax; i--)
            {
                int from = i == 0 ? start + 1 : ends[i - 1] + 1;
                open.Push(text[..start] + text[from..ends[i]] + text[(ends[^1] + 1)..]);
            }
        }

        return done;
    }

    /// <summary>The first group in braces: where it begins and where each of its parts ends, the last one at the closing brace.</summary>
    private static bool TryGroup(string text, out int start, out List<int> ends)
    {
        start = text.IndexOf('{');
        ends = [];
        int depth = 0;
        for (int i = start; i >= 0 && i < text.Length; i++)
        {
            depth += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
            if (depth == 0 || (depth == 1 && text[i] == ','))
            {
                ends.Add(i);
            }

            if (depth == 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the pattern holds a wildcard.</summary>
    public static bool HasWildcard(string pattern) => pattern.AsSpan().IndexOfAny('*', '?', '[') >= 0;

    /// <summary>Paths that match a pattern without braces, sorted; directories are listed through the delegate.</summary>
    public static List<string> Matches(string pattern, Func<string, IReadOnlyList<string>> listDirectory)
    {
        List<string> found = [pattern.StartsWith('/') ? "/" : ""];
        foreach (string segment in pattern.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            List<string> next = [];
            foreach (string directory in found)
            {
                if (!HasWildcard(segment))
                {
                    next.Add(Join(directory, segment));
                    continue;
                }

                foreach (string name in listDirectory(directory.Length == 0 ? "." : directory))
                {
                    // As in glob(3): a leading dot is only matched by a dot.
                    if (next.Count < FilesMax && (name[0] != '.' || segment[0] == '.') && IsMatch(segment, name))
                    {
                        next.Add(Join(directory, name));
                    }
                }
            }

            found = next;
        }

        found.Sort(StringComparer.Ordinal);
        return found;
    }

    /// <summary>Whether a file name matches one segment of a pattern; linear in practice, quadratic at worst.</summary>
    public static bool IsMatch(string pattern, string name)
    {
        int p = 0;
        int n = 0;
        int star = -1;
        int starName = 0;
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                starName = n;
            }
            else if (p < pattern.Length && MatchesOne(pattern, p, name[n], out int width))
            {
                p += width;
                n++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                n = ++starName;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*')
        {
            p++;
        }

        return p == pattern.Length;
    }

    private static bool MatchesOne(string pattern, int p, char c, out int width)
    {
        width = 1;
        if (pattern[p] == '?')
        {
            return true;
        }

        int close = pattern[p] == '[' ? pattern.IndexOf(']', Math.Min(p + 2, pattern.Length)) : -1;
        if (close < 0)
        {
            return pattern[p] == c;
        }

        width = close - p + 1;
        bool isInverse = pattern[p + 1] is '!' or '^';
        bool isIn = false;
        for (int i = p + (isInverse ? 2 : 1); i < close; i++)
        {
            if (i + 2 < close && pattern[i + 1] == '-')
            {
                isIn |= c >= pattern[i] && c <= pattern[i + 2];
                i += 2;
            }
            else
            {
                isIn |= c == pattern[i];
            }
        }

        return isIn != isInverse;
    }

    private static string Join(string directory, string name) =>
        directory.Length == 0 ? name : directory.EndsWith('/') ? directory + name : directory + "/" + name;
}
