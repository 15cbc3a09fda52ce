using System.Runtime.CompilerServices;
using FenceFirst.Config.Diagnostics;

namespace FenceFirst.Config.Syntax;

/// <summary>One word of a line.</summary>
/// <param name="Text">Without its quotes.</param>
/// <param name="Span">Where it stands.</param>
/// <param name="End">Index behind the word in its line, the closing quote included.</param>
internal readonly record struct Token(string Text, SourceSpan Span, int End);

/// <summary>The lowest rules of the language: comments, quotes, braces and words (keepalived.conf(5), "Configuration file").</summary>
internal static class Lexer
{
    /// <summary>Whether the character separates words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsBlank(char c) => c is ' ' or '\t' or '\n' or '\r' or '\v' or '\f';

    /// <summary>Where the text begins and how long it is without blanks at both ends.</summary>
    public static (int Start, int Length) WithoutBlanks(ReadOnlySpan<char> text)
    {
        int start = 0;
        while (start < text.Length && IsBlank(text[start]))
        {
            start++;
        }

        int end = text.Length;
        while (end > start && IsBlank(text[end - 1]))
        {
            end--;
        }

        return (start, end - start);
    }

    /// <summary>The line without blanks at its ends and without its comment; says whether it ends in a backslash (which is taken off).</summary>
    /// <remarks>
    /// A double quote protects # and !, a single quote does not. \# and \! outside quotes are meant to be the characters themselves, but keepalived takes
    /// the backslash off in its first process and reads what is left once more in its second: the comment begins there after all. A backslash protects any
    /// other character after it, a quote too.
    /// </remarks>
    /// <param name="line">The line.</param>
    /// <param name="diagnostics">Where a value that is cut is told of.</param>
    /// <param name="endsInBackslash">Whether the line ends in a backslash.</param>
    /// <param name="isExpanded">Whether references were just replaced: a comment sign can then only come from what they stand for.</param>
    public static ConfigLine WithoutComment(ConfigLine line, DiagnosticBag diagnostics, out bool endsInBackslash, bool isExpanded = false)
    {
        endsInBackslash = false;
        line = line.Trimmed();
        if (line.Characters.IndexOfAny('\\', '#', '!') < 0 && line.Characters.Count('"') % 2 == 0)
        {
            return line;
        }

        string text = line.Text;
        ConfigLineBuilder result = new(line.Source, line.Number);
        int quote = -1;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '\\')
            {
                if (i + 1 == text.Length)
                {
                    endsInBackslash = true;
                    break;
                }

                if (quote < 0 && text[i + 1] is '#' or '!')
                {
                    WarnOfEscape(line, i, diagnostics);
                    break;
                }

                result.Append(line, i, 2);
                i++;
                continue;
            }

            if (c == '"')
            {
                quote = quote < 0 ? i : -1;
            }
            else if (c is '#' or '!' && quote < 0)
            {
                WarnWhenValueIsCut(line, i, isExpanded, diagnostics);
                break;
            }

            result.Append(c, line.ColumnAt(i));
        }

        if (quote >= 0)
        {
            diagnostics.Add(
                DiagnosticCodes.UnterminatedQuote, line.Span(quote, 1), "this double quote is never closed", "a string ends on the line it began on");
        }

        return result.Build(expanded: line.Expanded).Trimmed();
    }

    /// <summary>Where the first brace outside double quotes stands, or -1; a quote that is never closed protects the rest.</summary>
    public static int FirstBrace(ReadOnlySpan<char> text)
    {
        bool isQuoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (text[i] is '{' or '}' && !isQuoted)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Cuts at every brace outside double quotes; each piece is text without outer blanks, or one brace.</summary>
    public static List<ConfigLine> SplitAtBraces(ConfigLine line)
    {
        List<ConfigLine> pieces = new(2);
        ReadOnlySpan<char> text = line.Characters;
        int start = 0;
        bool isQuoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (text[i] is '{' or '}' && !isQuoted)
            {
                AddPiece(start, i);
                pieces.Add(line.Slice(i, 1));
                start = i + 1;
            }
        }

        AddPiece(start, text.Length);
        return pieces;

        void AddPiece(int from, int to)
        {
            (int first, int length) = WithoutBlanks(line.Characters[from..to]);
            if (length > 0)
            {
                pieces.Add(line.Slice(from + first, length));
            }
        }
    }

    /// <summary>The words: separated by blanks, or one between double quotes; a quote also ends a word. No escapes.</summary>
    /// <param name="line">The line.</param>
    /// <param name="pool">Where words that come again and again are kept; null = nowhere.</param>
    public static List<Token> Words(ConfigLine line, WordPool? pool = null)
    {
        ReadOnlySpan<char> text = line.Characters;
        List<Token> words = new(Parts(text));
        int i = 0;
        while (i < text.Length)
        {
            if (IsBlank(text[i]))
            {
                i++;
                continue;
            }

            int start = i;
            if (text[i] == '"')
            {
                int close = text[(i + 1)..].IndexOf('"');
                close = close < 0 ? close : close + i + 1;
                int end = close < 0 ? text.Length : close;
                i = close < 0 ? end : close + 1;
                words.Add(new Token(Kept(text[(start + 1)..end], pool), line.Span(start, i - start), i));
                continue;
            }

            while (i < text.Length && !IsBlank(text[i]) && text[i] != '"')
            {
                i++;
            }

            words.Add(new Token(Kept(text[start..i], pool), line.Span(start, i - start), i));
        }

        return words;
    }

    /// <summary>Runs of characters that are no blanks: as many words as a line without quotes has.</summary>
    private static int Parts(ReadOnlySpan<char> text)
    {
        int parts = 0;
        bool isInside = false;
        foreach (char c in text)
        {
            bool isBlank = IsBlank(c);
            parts += isInside || isBlank ? 0 : 1;
            isInside = !isBlank;
        }

        return parts;
    }

    private static string Kept(ReadOnlySpan<char> text, WordPool? pool) => pool?.Of(text) ?? text.ToString();

    private static void WarnOfEscape(ConfigLine line, int at, DiagnosticBag diagnostics) => diagnostics.Add(
        DiagnosticCodes.CommentSignLost,
        line.Span(at, 2),
        $"{line.Text.AsSpan(at, 2)} does not protect the {line.Text[at + 1]}, whatever keepalived's manual says: the line ends here, in keepalived too",
        "put the whole value in double quotes, without the backslash");

    private static void WarnWhenValueIsCut(ConfigLine line, int at, bool isExpanded, DiagnosticBag diagnostics)
    {
        if (isExpanded)
        {
            diagnostics.Add(
                DiagnosticCodes.CommentSignLost,
                line.Span(at, 1),
                $"what this stands for holds a {line.Text[at]}, which begins a comment here, whatever keepalived's manual says: the line ends here, in keepalived too",
                "put the whole value in double quotes");
        }
        else if (at > 0 && !IsBlank(line.Text[at - 1]) && line.Text[at - 1] is not ('{' or '}' or '"' or '#' or '!'))
        {
            // "priority 100#x" and "auth_pass a#b": the comment begins in the middle of a word, which is rarely meant.
            diagnostics.Add(
                DiagnosticCodes.CutByComment,
                line.Span(at, 1),
                $"the comment sign {line.Text[at]} directly after a value cuts it here",
                "put the value in double quotes; for a comment, put a blank before it");
        }
    }
}
