namespace FenceFirst.Core.Wire;

/// <summary>Why a text is no key. No member carries any of the text: it is a secret, or most of one.</summary>
public enum HmacKeyTextError : byte
{
    /// <summary>The text is a key.</summary>
    None = 0,

    /// <summary>Nothing is left once the end of line is taken off.</summary>
    Empty,

    /// <summary>Behind <c>hex:</c> there is something else than an even number of hexadecimal digits.</summary>
    NotHex,

    /// <summary>A character is no printable ASCII.</summary>
    NotAscii,

    /// <summary>Fewer than <see cref="HmacKey.BytesMin"/> bytes.</summary>
    TooShort,

    /// <summary>More than <see cref="HmacKey.BytesMax"/> bytes.</summary>
    TooLong,

    /// <summary><c>file:</c> within a file, or where a file cannot be read.</summary>
    FileNotAllowed,
}

/// <summary>Reads the value of an auth_hmac key: <c>hex:0001…</c> or printable ASCII, from the configuration or from a key file.</summary>
/// <remarks>
/// Pure: to read the file behind <c>file:PATH</c> is the caller's part (<see cref="IsFile"/>). There is no text that means "no key": whatever
/// is wrong is an error, since a key that is silently left out would leave the instance open (keepalived does that).
/// </remarks>
public static class HmacKeyText
{
    /// <summary>Most bytes of a key file that need be read: <c>hex:</c>, the longest key, an end of line and one byte to see that it is too long.</summary>
    public const int FileBytesMax = 4 + (2 * HmacKey.BytesMax) + 3;

    private const string HexPrefix = "hex:";
    private const string FilePrefix = "file:";

    /// <summary>Whether the value names a file, and its path; an empty path is left for the caller to refuse.</summary>
    public static bool IsFile(ReadOnlySpan<char> value, out ReadOnlySpan<char> path)
    {
        bool isFile = value.StartsWith(FilePrefix, StringComparison.Ordinal);
        path = isFile ? value[FilePrefix.Length..] : default;
        return isFile;
    }

    /// <summary>Reads a value as written in the configuration.</summary>
    public static bool TryParse(ReadOnlySpan<char> value, out EquatableArray<byte> key, out HmacKeyTextError error)
    {
        key = default;
        if (value.StartsWith(FilePrefix, StringComparison.Ordinal))
        {
            error = HmacKeyTextError.FileNotAllowed;
            return false;
        }

        error = value.StartsWith(HexPrefix, StringComparison.Ordinal) ? ReadHex(value[HexPrefix.Length..], out byte[] bytes) : ReadAscii(value, out bytes);
        if (error == HmacKeyTextError.None)
        {
            error = bytes.Length switch
            {
                0 => HmacKeyTextError.Empty,
                < HmacKey.BytesMin => HmacKeyTextError.TooShort,
                > HmacKey.BytesMax => HmacKeyTextError.TooLong,
                _ => HmacKeyTextError.None,
            };
        }

        key = error == HmacKeyTextError.None ? EquatableArray.Create<byte>(bytes) : default;
        return error == HmacKeyTextError.None;
    }

    /// <summary>Reads the contents of a key file: one line in the same notation; one end of line at its end is not part of the key.</summary>
    public static bool TryParseFile(ReadOnlySpan<byte> contents, out EquatableArray<byte> key, out HmacKeyTextError error)
    {
        if (contents.EndsWith("\n"u8))
        {
            contents = contents[..^1];
            contents = contents.EndsWith("\r"u8) ? contents[..^1] : contents;
        }

        if (contents.Length > FileBytesMax)
        {
            key = default;
            error = HmacKeyTextError.TooLong;
            return false;
        }

        Span<char> text = stackalloc char[contents.Length];
        for (int i = 0; i < contents.Length; i++)
        {
            text[i] = (char)contents[i];
        }

        return TryParse(text, out key, out error);
    }

    /// <summary>What is wrong, as the end of a sentence that starts with the key's id.</summary>
    public static string Describe(HmacKeyTextError error) => error switch
    {
        HmacKeyTextError.None => "is good",
        HmacKeyTextError.Empty => "is empty",
        HmacKeyTextError.NotHex => "has something else than pairs of hexadecimal digits behind hex:",
        HmacKeyTextError.NotAscii => "holds a character that is not printable ASCII; write such bytes as hex:",
        HmacKeyTextError.TooShort => $"has fewer than {HmacKey.BytesMin} bytes",
        HmacKeyTextError.TooLong => $"has more than {HmacKey.BytesMax} bytes",
        HmacKeyTextError.FileNotAllowed => "names a file where the key itself is expected",
    };

    private static HmacKeyTextError ReadHex(ReadOnlySpan<char> digits, out byte[] bytes)
    {
        bytes = [];
        foreach (char digit in digits)
        {
            if (!char.IsAsciiHexDigit(digit))
            {
                return HmacKeyTextError.NotHex;
            }
        }

        if (digits.Length % 2 != 0)
        {
            return HmacKeyTextError.NotHex;
        }

        bytes = Convert.FromHexString(digits);
        return HmacKeyTextError.None;
    }

    private static HmacKeyTextError ReadAscii(ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = new byte[text.Length];
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] is < ' ' or > '~')
            {
                return HmacKeyTextError.NotAscii;
            }

            bytes[i] = (byte)text[i];
        }

        return HmacKeyTextError.None;
    }
}
