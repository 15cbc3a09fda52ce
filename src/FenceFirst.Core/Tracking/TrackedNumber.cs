namespace FenceFirst.Core.Tracking;

/// <summary>The number in a tracked file: the first one, as the C library's strtol reads it (keepalived).</summary>
public static class TrackedNumber
{
    /// <summary>Bytes of a file that are looked at.</summary>
    public const int BytesMax = 64;

    private const long Limit = int.MaxValue;

    /// <summary>Reads blanks, a sign, 0x or 0 for base 16 or 8, and digits; what follows is left alone. False = there is no number.</summary>
    /// <param name="text">Beginning of the file.</param>
    /// <param name="value">The number, limited to ±2147483647; 0 when there is none.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, out int value)
    {
        value = 0;
        ReadOnlySpan<byte> rest = text.TrimStart(" \t\r\n\v\f"u8);
        bool isNegative = rest.StartsWith("-"u8);
        if (isNegative || rest.StartsWith("+"u8))
        {
            rest = rest[1..];
        }

        int radix = 10;
        if (rest.Length > 2 && rest[0] == '0' && (rest[1] | 0x20) == 'x' && DigitOf(rest[2]) < 16)
        {
            radix = 16;
            rest = rest[2..];
        }
        else if (rest.StartsWith("0"u8))
        {
            radix = 8;
        }

        long number = 0;
        int digits = 0;
        foreach (byte character in rest)
        {
            int digit = DigitOf(character);
            if (digit >= radix)
            {
                break;
            }

            number = Math.Min(Limit, (number * radix) + digit);
            digits++;
        }

        value = (int)(isNegative ? -number : number);
        return digits > 0;
    }

    private static int DigitOf(byte character) => character switch
    {
        >= (byte)'0' and <= (byte)'9' => character - '0',
        >= (byte)'a' and <= (byte)'f' => character - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => character - 'A' + 10,
        _ => int.MaxValue,
    };
}
