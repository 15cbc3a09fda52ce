using System.Globalization;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Keywords;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;

namespace FenceFirst.Config.Binding;

/// <summary>Reads values with the range that the keyword's row gives; a bad value is reported and not used.</summary>
internal sealed class ValueReader(DiagnosticBag diagnostics)
{
    /// <summary>Largest weight of a script, an interface or a BFD session, up and down; files and processes have one more (keepalived.conf(5)).</summary>
    public const int WeightMax = 253;

    /// <summary>Reads the integer after the keyword.</summary>
    public bool TryInteger(ConfigNode node, out int value)
    {
        value = 0;
        bool isGood = node.Words.Count > 1 && node.Row is not null && TryInteger(node.Words[1], (long)node.Row.Min, (long)node.Row.Max, node.Name, out value);
        WarnOfZero(node, isGood && value == 0);
        return isGood;
    }

    /// <summary>Reads an integer in a range; decimal digits only.</summary>
    public bool TryInteger(Token word, long min, long max, string what, out int value)
    {
        bool isNumber = long.TryParse(word.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number);
        value = (int)Math.Clamp(number, int.MinValue, int.MaxValue);
        if (!isNumber)
        {
            diagnostics.Add(DiagnosticCodes.BadNumber, word.Span, $"{what}: '{word.Text}' is not a whole number", $"{min} to {max}");
            return false;
        }

        if (number < min || number > max)
        {
            diagnostics.Add(DiagnosticCodes.OutOfRange, word.Span, $"{what}: {number} is outside {min} to {max}");
            return false;
        }

        return true;
    }

    /// <summary>Reads the seconds after the keyword.</summary>
    public bool TrySeconds(ConfigNode node, out TimeSpan value)
    {
        value = default;
        bool isGood = node.Words.Count > 1 && node.Row is not null && TrySeconds(node.Words[1], node.Row.Min, node.Row.Max, node.Row.Decimals, node.Name, out value, node.Row.Unit);
        WarnOfZero(node, isGood && value == TimeSpan.Zero);
        return isGood;
    }

    /// <summary>Reads seconds with a fraction; more digits than are kept are rounded half up, with a warning.</summary>
    public bool TrySeconds(Token word, decimal min, decimal max, int decimals, string what, out TimeSpan value, string unit = "s")
    {
        value = default;
        bool isPlain = word.Text.Length is > 0 and <= 24 && word.Text.All(c => char.IsAsciiDigit(c) || c == '.');
        if (!isPlain || !decimal.TryParse(word.Text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal seconds))
        {
            diagnostics.Add(DiagnosticCodes.BadNumber, word.Span, $"{what}: '{word.Text}' is not a number of seconds", $"{min} to {max}, with a point: 0.5");
            return false;
        }

        if (seconds < min || seconds > max)
        {
            diagnostics.Add(DiagnosticCodes.OutOfRange, word.Span, $"{what}: {word.Text} {unit} is outside {min} to {max} {unit}");
            return false;
        }

        decimal kept = Math.Round(seconds, decimals, MidpointRounding.AwayFromZero);
        if (kept != seconds)
        {
            diagnostics.Add(DiagnosticCodes.Rounded, word.Span, $"{what}: {word.Text} {unit} is rounded to {kept} {unit}");
        }

        value = TimeSpan.FromTicks((long)(kept * TimeSpan.TicksPerSecond));
        return true;
    }

    /// <summary>Reads `weight N [reverse]` of a definition.</summary>
    public bool TryWeight(ConfigNode node, out int weight, out bool isReversed)
    {
        isReversed = node.Words.Count > 2 && node.Words[2].Text == "reverse";
        if (node.Words.Count > 2 && !isReversed)
        {
            diagnostics.Add(DiagnosticCodes.UnknownOption, node.Words[2].Span, "only `reverse` may follow the weight");
        }

        bool isGood = TryInteger(node, out weight);
        isReversed &= isGood;
        return isGood;
    }

    /// <summary>Reads an entry NAME [weight N [reverse|noreverse]].</summary>
    public bool TryWeight(ConfigNode entry, int min, int max, int defaultWeight, bool defaultReverse, out int weight, out bool isReversed)
    {
        weight = defaultWeight;
        isReversed = defaultReverse;
        List<Token> words = entry.Words;
        if (words.Count == 1)
        {
            return true;
        }

        bool isWellFormed = words.Count is 3 or 4 && words[1].Text == "weight" && (words.Count == 3 || words[3].Text is "reverse" or "noreverse");
        if (!isWellFormed)
        {
            diagnostics.Add(DiagnosticCodes.UnknownOption, words[1].Span, $"only `weight N [reverse]` may follow {entry.Name}", "one entry per line");
            return false;
        }

        isReversed = words.Count == 4 ? words[3].Text == "reverse" : defaultReverse;
        return TryInteger(words[2], min, max, "weight", out weight);
    }

    private void WarnOfZero(ConfigNode node, bool isZero)
    {
        if (isZero && node.Row is { IsZeroOne: true })
        {
            diagnostics.Add(DiagnosticCodes.Rounded, node.ValueSpan, $"{node.Name} 0 means 1, as in keepalived");
        }
    }

    /// <summary>Reads whole seconds or `off`, which is 0; so is a bad value, which is reported.</summary>
    public int LeaseSeconds(ConfigNode node)
    {
        const int LongestSeconds = 3600;
        return node.Words.Count > 1 && node.Value != "off" && TryInteger(node.Words[1], 1, LongestSeconds, node.Name, out int seconds) ? seconds : 0;
    }

    /// <summary>Reads the least time between announcements; keepalived refuses 0 and does not space at all then, so it is told.</summary>
    public TimeSpan Spacing(ConfigNode node)
    {
        if (!TrySeconds(node, out TimeSpan interval))
        {
            return TimeSpan.Zero;
        }

        if (interval == TimeSpan.Zero && node.Row!.Block == BlockKind.GarpGroup) // Only rows reach here.
        {
            diagnostics.Add(DiagnosticCodes.SpacingZeroInGroup, node.ValueSpan, $"{node.Name} 0 in a garp_group spaces nothing, as if the line were not there", "remove the line");
        }
        else if (interval == TimeSpan.Zero)
        {
            diagnostics.Add(DiagnosticCodes.SpacingZero, node.ValueSpan, $"{node.Name} 0 is refused by keepalived, which then does not space at all", "remove the line: no spacing is the default");
        }

        return interval;
    }

    /// <summary>[all] SECONDS of garp_extra_if, in any order; false when there is no time or a wrong one, which is reported.</summary>
    public bool TryExtra(ConfigNode node, int least, out TimeSpan interval, out bool isForAll)
    {
        const int Day = 86400;
        interval = TimeSpan.Zero;
        isForAll = false;
        bool isGiven = false;
        foreach (Token word in node.Words.Skip(1))
        {
            if (word.Text == "all")
            {
                isForAll = true;
            }
            else if (TryInteger(word, least, Day, node.Name, out int seconds))
            {
                (interval, isGiven) = (TimeSpan.FromSeconds(seconds), true);
            }
            else
            {
                return false;
            }
        }

        if (!isGiven)
        {
            diagnostics.Add(DiagnosticCodes.BadNumber, node.Span, $"{node.Name} has no time", $"{node.Name} [all] SECONDS");
        }

        if (node.Name.EndsWith("vmac_garp_intvl", StringComparison.Ordinal))
        {
            diagnostics.Add(DiagnosticCodes.Deprecated, node.Words[0].Span, $"`{node.Name}` is an old word", $"write `{node.Name.Replace("vmac_garp_intvl", "garp_extra_if", StringComparison.Ordinal)}`");
        }

        return isGiven;
    }

    /// <summary>Reads on, off, true, false, yes or no; nothing means yes.</summary>
    public bool TryBoolean(ConfigNode node, out bool value)
    {
        value = true;
        if (node.Words.Count < 2)
        {
            return true;
        }

        value = node.Value is "on" or "true" or "yes";
        if (value || node.Value is "off" or "false" or "no")
        {
            return true;
        }

        diagnostics.Add(DiagnosticCodes.BadBoolean, node.ValueSpan, $"{node.Name}: '{node.Value}' is neither yes nor no", "on, off, true, false, yes or no, in lower case");
        return false;
    }

    /// <summary>Reads one of the words that the row allows.</summary>
    public bool TryChoice(ConfigNode node, out string value)
    {
        value = node.Value;
        if (node.Words.Count < 2 || node.Row is null)
        {
            return false;
        }

        if (node.Row.Choices.Contains(value))
        {
            return true;
        }

        diagnostics.Add(DiagnosticCodes.BadChoice, node.ValueSpan, $"{node.Name}: '{value}' is not possible", $"one of: {string.Join(", ", node.Row.Choices)}");
        return false;
    }

    /// <summary>Reads an address; host names are not looked up.</summary>
    public bool TryAddress(ConfigNode node, out InternetAddress address)
    {
        address = default;
        return node.Words.Count > 1 && TryAddress(node.Words[1], node.Name, out address);
    }

    /// <summary>Reads an address; host names are not looked up.</summary>
    public bool TryAddress(Token word, string what, out InternetAddress address)
    {
        if (InternetAddress.TryParse(word.Text, out address))
        {
            return true;
        }

        string hint = word.Text.Contains('/') ? "without a prefix length" : "an IPv4 or IPv6 address; names are not looked up";
        diagnostics.Add(DiagnosticCodes.BadAddress, word.Span, $"{what}: '{word.Text}' is not an IP address", hint);
        return false;
    }

    /// <summary>Reads ADDRESS[/LENGTH]; without a length the whole address.</summary>
    public bool TryNetwork(Token word, string what, out InternetAddress address, out byte length)
    {
        length = 0;
        int slash = word.Text.IndexOf('/');
        string text = slash < 0 ? word.Text : word.Text[..slash];
        if (!InternetAddress.TryParse(text, out address))
        {
            diagnostics.Add(DiagnosticCodes.BadAddress, word.Span, $"{what}: '{word.Text}' is not an IP address", "ADDRESS or ADDRESS/LENGTH");
            return false;
        }

        int full = address.Length * 8;
        length = (byte)full;
        if (slash < 0)
        {
            return true;
        }

        if (!byte.TryParse(word.Text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out length) || length > full)
        {
            diagnostics.Add(DiagnosticCodes.OutOfRange, word.Span, $"{what}: '{word.Text[(slash + 1)..]}' is not a prefix length", $"0 to {full}");
            return false;
        }

        return true;
    }
}
