namespace FenceFirst.Mail;

/// <summary>An answer of the server.</summary>
/// <param name="Code">200 to 599.</param>
/// <param name="Lines">What stands behind the code, line by line.</param>
internal sealed record SmtpReply(int Code, IReadOnlyList<string> Lines)
{
    private const int WordsLengthMax = 200;

    /// <summary>Whether the command was obeyed.</summary>
    public bool IsGood => Code is >= 200 and < 400;

    /// <summary>Whether the same command may succeed later (RFC 5321 section 4.2.1).</summary>
    public bool IsTransient => Code is >= 400 and < 500;

    /// <summary>The answer in one line; what a terminal would obey is left out.</summary>
    public string Words
    {
        get
        {
            string text = string.Concat($"{Code} {string.Join(' ', Lines)}".Select(c => c is >= ' ' and <= '~' ? c : '?'));
            return text.Length > WordsLengthMax ? text[..WordsLengthMax] + "..." : text;
        }
    }

    /// <summary>What the server says behind a word of its list of extensions (RFC 5321 section 4.1.1.1); null = it does not offer it.</summary>
    public string? Extension(string name)
    {
        foreach (string line in Lines.Skip(1))
        {
            string[] words = line.Split([' ', '='], 2);
            if (words[0].Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return words.Length > 1 ? words[1] : "";
            }
        }

        return null;
    }
}

/// <summary>The conversation cannot go on: what happened, in words.</summary>
internal sealed class SmtpException(string message) : Exception(message);
