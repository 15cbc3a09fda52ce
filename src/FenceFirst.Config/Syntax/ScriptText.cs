using System.Text;

namespace FenceFirst.Config.Syntax;

/// <summary>How keepalived reads command lines: the line is cut anew with both kinds of quotes, then the command is cut into arguments.</summary>
internal static class ScriptText
{
    /// <summary>Bound on the arguments of one command.</summary>
    public const int ArgumentsMax = 256;

    /// <summary>The words of a line where " and ' both quote, pieces side by side join, and a backslash protects the next character (it is kept).</summary>
    /// <remarks>As keepalived's alloc_strvec_quoted: the command is cut into arguments in a second reading, which sees no quote of the first one.</remarks>
    public static List<Token> Words(ConfigLine line)
    {
        List<Token> words = new(2);
        string text = line.Text;
        StringBuilder joined = new();
        int i = 0;
        while (i < text.Length)
        {
            if (Lexer.IsBlank(text[i]))
            {
                i++;
                continue;
            }

            int start = i;
            joined.Clear();
            while (i < text.Length && !Lexer.IsBlank(text[i]))
            {
                int from = i;
                if (text[i] is '"' or '\'')
                {
                    int close = ClosingQuote(text, i);
                    joined.Append(text, from + 1, Math.Min(close, text.Length) - from - 1);
                    i = Math.Min(close + 1, text.Length);
                    continue;
                }

                i = text[i] == '\\' ? Math.Min(i + 2, text.Length) : i + 1;
                joined.Append(text, from, i - from);
            }

            words.Add(new Token(joined.ToString(), line.Span(start, i - start), i));
        }

        return words;
    }

    /// <summary>Index of a quote that is never closed, or of a backslash with nothing behind it; -1 when there is none.</summary>
    public static int Unfinished(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            int end = text[i] switch
            {
                '\\' => i + 1,
                '"' or '\'' => ClosingQuote(text, i),
                _ => i,
            };
            if (end >= text.Length)
            {
                return i;
            }

            i = end;
        }

        return -1;
    }

    /// <summary>The arguments of a command: quotes of both kinds, C-like escapes, adjacent pieces join (keepalived.conf(5), "Quoted strings").</summary>
    public static List<string> Arguments(string command)
    {
        if (command.AsSpan().IndexOfAny('\\', '"', '\'') < 0)
        {
            return PlainArguments(command);
        }

        List<string> arguments = [];
        StringBuilder argument = new();
        bool isOpen = false;
        char quote = '\0';
        for (int i = 0; i < command.Length && arguments.Count < ArgumentsMax; i++)
        {
            char c = command[i];
            if (c == '\\' && i + 1 < command.Length)
            {
                argument.Append(Escape(command, ref i));
                isOpen = true;
            }
            else if (quote == '\0' && c is '"' or '\'')
            {
                quote = c;
                isOpen = true;
            }
            else if (c == quote && quote != '\0')
            {
                quote = '\0';
            }
            else if (quote == '\0' && Lexer.IsBlank(c))
            {
                if (isOpen)
                {
                    arguments.Add(argument.ToString());
                    argument.Clear();
                    isOpen = false;
                }
            }
            else
            {
                argument.Append(c);
                isOpen = true;
            }
        }

        if (isOpen)
        {
            arguments.Add(argument.ToString());
        }

        return arguments;
    }

    private static List<string> PlainArguments(ReadOnlySpan<char> command)
    {
        List<string> arguments = [];
        for (int end, i = 0; i < command.Length && arguments.Count < ArgumentsMax; i = end + 1)
        {
            for (end = i; end < command.Length && !Lexer.IsBlank(command[end]);)
            {
                end++;
            }

            if (end > i)
            {
                arguments.Add(command[i..end].ToString());
            }
        }

        return arguments;
    }

    private static int ClosingQuote(string text, int open)
    {
        for (int i = open + 1; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == text[open])
            {
                return i;
            }
        }

        return text.Length;
    }

    /// <summary>The character that an escape stands for; <paramref name="i"/> is on the backslash before and on the last character after.</summary>
    private static char Escape(string text, ref int i)
    {
        char c = text[++i];
        switch (c)
        {
            case 'a': return '\a';
            case 'b': return '\b';
            case 'E': return '\u001b';
            case 'f': return '\f';
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'v': return '\v';
            case 'c' when i + 1 < text.Length:
                return (char)(text[++i] & 0x1f);
            case 'x' when i + 1 < text.Length && char.IsAsciiHexDigit(text[i + 1]):
                return Number(text, ref i, 16, 2);
            case >= '0' and <= '7':
                i--;
                return Number(text, ref i, 8, 3);
            default:
                return c;
        }
    }

    private static char Number(string text, ref int i, int radix, int digitsMax)
    {
        int value = 0;
        for (int digits = 0; digits < digitsMax && i + 1 < text.Length; digits++)
        {
            int digit = char.IsAsciiHexDigit(text[i + 1]) ? Convert.ToInt32(text[i + 1].ToString(), 16) : radix;
            if (digit >= radix)
            {
                break;
            }

            value = (value * radix) + digit;
            i++;
        }

        return (char)(value & 0xff);
    }
}
