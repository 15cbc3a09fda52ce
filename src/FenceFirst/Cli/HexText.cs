namespace FenceFirst.Cli;

/// <summary>Hexadecimal as people paste it: with blanks, colons, bars, 0x, line ends, or the line offsets of tcpdump -x.</summary>
internal static class HexText
{
    /// <summary>Most bytes read: the longest IP packet behind a VLAN-tagged Ethernet header.</summary>
    public const int BytesMax = 65_535 + 22;

    /// <summary>Reads the bytes; the error says which character is in the way.</summary>
    public static bool TryParse(string text, out byte[] bytes, out string error)
    {
        bytes = [];
        List<byte> found = [];
        int upper = -1;
        foreach (string line in text.Split('\n'))
        {
            string digits = WithoutOffset(line.Trim()).Replace("0x", "", StringComparison.OrdinalIgnoreCase);
            foreach (char character in digits)
            {
                if (char.IsWhiteSpace(character) || character is ':' or '|' or '-' or ',')
                {
                    continue;
                }

                if (!char.IsAsciiHexDigit(character))
                {
                    error = $"'{character}' is neither a hexadecimal digit nor a separator";
                    return false;
                }

                if (found.Count == BytesMax)
                {
                    error = $"more than {BytesMax} bytes are no packet";
                    return false;
                }

                int digit = Convert.ToInt32(character.ToString(), 16);
                if (upper < 0)
                {
                    upper = digit;
                }
                else
                {
                    found.Add((byte)((upper << 4) | digit));
                    upper = -1;
                }
            }
        }

        error = upper >= 0 ? "the number of hexadecimal digits is odd" : found.Count == 0 ? "there is no hexadecimal digit" : "";
        bytes = [.. found];
        return error.Length == 0;
    }

    // "0x0010:  0012 3133 ..." is how tcpdump -x begins a line.
    private static string WithoutOffset(string line)
    {
        bool hasOffset = line.Length > 7 && line.StartsWith("0x", StringComparison.Ordinal) && line[6] == ':' && char.IsWhiteSpace(line[7]);
        return hasOffset ? line[7..] : line;
    }
}
