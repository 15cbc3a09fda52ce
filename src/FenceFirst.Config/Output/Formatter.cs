using System.Text;
using FenceFirst.Config.Syntax;

namespace FenceFirst.Config.Output;

/// <summary>Prints a file in its canonical form: one logical line each, four blanks per level, comments kept. The meaning stays the same.</summary>
/// <remarks>
/// It works on the file as written: definitions, conditions, repetitions and includes stay what they are. A line whose words are read in another
/// way than usual (scripts with single quotes, references, definitions) keeps its text between its outer blanks.
/// </remarks>
public static class Formatter
{
    private const int IndentBlanks = 4;
    private const int IndentMax = 32;

    /// <summary>The canonical form of a text; formatting it again changes nothing.</summary>
    public static string Format(string text)
    {
        SourceText source = new("", text);
        StringBuilder result = new(text.Length);
        int depth = 0;
        bool isBlankDue = false;
        bool isInDefinition = false;
        for (int number = 1; number <= source.LineCount; number++)
        {
            string line = source.Line(number);
            if (isInDefinition || line.Contains('\0'))
            {
                // Inside a definition of several lines, or in a line that is not read at all, nothing is known about the words.
                result.Append(line.TrimEnd(' ', '\t', '\r')).Append('\n');
                isInDefinition &= line.Contains('\0') || EndsInBackslash(CodeOf(line).Code);
                continue;
            }

            (string code, string comment) = CodeOf(line);
            if (code.Length == 0 && comment.Length == 0)
            {
                isBlankDue = result.Length > 0;
                continue;
            }

            if (isBlankDue)
            {
                isBlankDue = false;
                result.Append('\n');
            }

            if (IsDefinition(code))
            {
                isInDefinition = EndsInBackslash(code);
                Append(result, depth, code, comment);
            }
            else
            {
                AppendCode(result, code, comment, ref depth);
            }
        }

        return result.ToString();
    }

    private static void AppendCode(StringBuilder result, string code, string comment, ref int depth)
    {
        List<string> pieces = Pieces(code);
        if (pieces.Count == 0)
        {
            Append(result, depth, "", comment);
            return;
        }

        if (IsWhole(code, pieces))
        {
            int first = pieces[0] == "}" || (code.StartsWith('@') && pieces is [_, "}"]) ? Math.Max(0, depth - 1) : depth;
            foreach (string piece in pieces)
            {
                depth = Math.Max(0, depth + (piece == "{" ? 1 : piece == "}" ? -1 : 0));
            }

            Append(result, first, code, comment);
            return;
        }

        for (int i = 0; i < pieces.Count; i++)
        {
            string piece = pieces[i];
            depth = piece == "}" ? Math.Max(0, depth - 1) : depth;
            int at = depth;
            depth += piece == "{" ? 1 : 0;
            if (piece != "{" && i + 1 < pieces.Count && pieces[i + 1] == "{")
            {
                piece += " {";
                i++;
                depth++;
            }

            // The comment goes with the first piece: it is read before the others.
            Append(result, at, piece, comment);
            comment = "";
        }
    }

    /// <summary>Whether cutting the line would change its meaning: a condition or repetition holds for all of it, an include takes all of it.</summary>
    private static bool IsWhole(string code, List<string> pieces)
    {
        if (code[0] is '@' or '~' || code.AsSpan().IndexOfAny('$', '\\') >= 0 || IncludeStrictness.TryFind(FirstWord(pieces[0]), default, out _))
        {
            return true;
        }

        return pieces.Skip(1).Any(piece => piece[0] is '@' or '~' || IncludeStrictness.TryFind(FirstWord(piece), default, out _));
    }

    private static string FirstWord(string piece) => piece.TrimStart('"').Split([' ', '\t', '"', '\v', '\f', '\r'], 2)[0];

    private static void Append(StringBuilder result, int depth, string code, string comment)
    {
        result.Append(' ', Math.Min(depth, IndentMax) * IndentBlanks).Append(code);
        result.Append(code.Length > 0 && comment.Length > 0 ? " " : "").Append(comment).Append('\n');
    }

    /// <summary>The text before the comment and the comment with its sign, both without outer blanks.</summary>
    private static (string Code, string Comment) CodeOf(string line)
    {
        bool isQuoted = false;
        for (int i = 0; i < line.Length; i++)
        {
            if (line[i] == '\\')
            {
                i++;
            }
            else if (line[i] == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (line[i] is '#' or '!' && !isQuoted)
            {
                return (Trimmed(line[..i]), Trimmed(line[i..]));
            }
        }

        return (Trimmed(line), "");
    }

    private static string Trimmed(string text) => text.Trim(' ', '\t', '\r', '\n', '\v', '\f');

    private static bool EndsInBackslash(string code)
    {
        int count = code.Length - code.TrimEnd('\\').Length;
        return count % 2 == 1;
    }

    /// <summary>Whether the line defines something, also behind conditions: whether those hold is not known here.</summary>
    private static bool IsDefinition(string code)
    {
        while (code.StartsWith('@'))
        {
            int end = 0;
            while (end < code.Length && !Lexer.IsBlank(code[end]))
            {
                end++;
            }

            code = Trimmed(code[end..]);
        }

        return Preprocessor.IsDefinition(code, out _);
    }

    /// <summary>The logical lines and braces of a line. References and the parameters of repetitions hold braces that are none.</summary>
    private static List<string> Pieces(string code)
    {
        List<string> pieces = [];
        int start = 0;
        int skipTo = Repetition.Applies(code) ? Repetition.ParameterEnd(code) : -1;
        bool isQuoted = false;
        for (int i = 0; i < code.Length; i++)
        {
            if (code[i] == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (code[i] == '$' && i + 1 < code.Length && code[i + 1] == '{')
            {
                int close = code.IndexOf('}', i);
                i = close < 0 ? i + 1 : close;
            }
            else if (code[i] is '{' or '}' && !isQuoted && i > skipTo)
            {
                AddWords(code[start..i]);
                pieces.Add(code[i].ToString());
                start = i + 1;
            }
        }

        AddWords(code[start..]);
        return pieces;

        void AddWords(string text)
        {
            text = Trimmed(text);
            if (text.Length > 0)
            {
                pieces.Add(Canonical(text));
            }
        }
    }

    /// <summary>Words separated by one blank; unchanged where quotes, escapes or references make blanks matter.</summary>
    private static string Canonical(string text)
    {
        if (text.AsSpan().IndexOfAny("'\"\\$~") >= 0 || text.StartsWith('@'))
        {
            return text;
        }

        return string.Join(' ', text.Split([' ', '\t', '\r', '\n', '\v', '\f'], StringSplitOptions.RemoveEmptyEntries));
    }
}
