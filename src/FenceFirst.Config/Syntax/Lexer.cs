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
    /// <summary>Stands for a # or ! that is text and no comment, until the words are read; a noncharacter that no file holds on purpose.</summary>
    public const char LiteralHash = '\ufdd0';

    /// <summary>As <see cref="LiteralHash"/>, for !.</summary>
    public const char LiteralBang = '\ufdd1';

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
    /// A double quote protects # and !, a single quote does not. \# and \! outside quotes are the characters themselves. A backslash protects
    /// the character after it, a quote too, as in keepalived.
    /// </remarks>
    public static ConfigLine WithoutComment(ConfigLine line, DiagnosticBag diagnostics, out bool endsInBackslash)
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
                    i++;
                    result.Append(text[i] == '#' ? LiteralHash : LiteralBang, line.ColumnAt(i));
                    continue;
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
                WarnWhenValueIsCut(line, i, diagnostics);
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
                words.Add(new Token(Plain(text[(start + 1)..end], pool), line.Span(start, i - start), i));
                continue;
            }

            while (i < text.Length && !IsBlank(text[i]) && text[i] != '"')
            {
                i++;
            }

            words.Add(new Token(Plain(text[start..i], pool), line.Span(start, i - start), i));
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

    /// <summary>The text with the stand-ins for literal # and ! put back.</summary>
    public static string Plain(ReadOnlySpan<char> text, WordPool? pool = null) => text.IndexOfAny(LiteralHash, LiteralBang) < 0
        ? pool?.Of(text) ?? text.ToString()
        : text.ToString().Replace(LiteralHash, '#').Replace(LiteralBang, '!');

    private static void WarnWhenValueIsCut(ConfigLine line, int at, DiagnosticBag diagnostics)
    {
        // "priority 100#x" and "auth_pass a#b": the comment begins in the middle of a word, which is rarely meant.
        if (at > 0 && !IsBlank(line.Text[at - 1]) && line.Text[at - 1] is not ('{' or '}' or '"' or '#' or '!'))
        {
            diagnostics.Add(
                DiagnosticCodes.CutByComment,
                line.Span(at, 1),
                $"the comment sign {line.Text[at]} directly after a value cuts it here",
                $"write \\{line.Text[at]} or put the value in double quotes; for a comment, put a blank before it");
        }
    }
}
