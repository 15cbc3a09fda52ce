using System.Globalization;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <summary>The numbers of a route (mtu, rtt, initcwnd ...), some of which can be locked.</summary>
internal static class RouteMetrics
{
    /// <summary>RTAX_CC_ALGO: its bit among the locks.</summary>
    public const int CongestionControl = 16;

    private const uint RoundTripLeastMilliseconds = 200;
    private const uint RoundTripMostMilliseconds = 120_000;

    /// <summary>Word, RTAX_*, largest value, whether `lock` may stand before it; Scale = units per millisecond, 0 = no time.</summary>
    private static readonly (string Word, byte Type, uint Max, bool CanLock, uint Scale)[] Rows =
    [
        ("mtu", 2, uint.MaxValue, true, 0), ("window", 3, uint.MaxValue, false, 0), ("rtt", 4, 0, true, 8), ("rttvar", 5, 0, true, 4),
        ("ssthresh", 6, uint.MaxValue, true, 0), ("cwnd", 7, uint.MaxValue, true, 0), ("advmss", 8, uint.MaxValue, true, 0),
        ("reordering", 9, uint.MaxValue, true, 0), ("hoplimit", 10, 255, false, 0), ("initcwnd", 11, uint.MaxValue, false, 0),
        ("features", 12, 0, false, 0), ("rto_min", 13, 0, true, 1), ("initrwnd", 14, uint.MaxValue, false, 0), ("quickack", 15, 1, false, 0),
        ("fastopen_no_cookie", 17, 1, false, 0),
    ];

    /// <summary>Whether the word is such a number.</summary>
    public static bool Applies(string word) => Array.Exists(Rows, row => row.Word == word);

    /// <summary>The word of a number.</summary>
    public static string Word(byte type) => Array.Find(Rows, row => row.Type == type).Word;

    /// <summary>The number as the file would say it; times in milliseconds.</summary>
    public static string Value(RouteMetric metric)
    {
        uint scale = Array.Find(Rows, row => row.Type == metric.Type).Scale;
        return Word(metric.Type) == "features" ? "ecn" : scale == 0 ? metric.Value.ToString(CultureInfo.InvariantCulture) : FormattableString.Invariant($"{metric.Value / scale}ms");
    }

    /// <summary>Reads [lock] VALUE behind the word.</summary>
    public static bool TryRead(Token option, WordReader words, BindContext context, out RouteMetric metric, out bool isLocked)
    {
        (_, byte type, uint max, bool canLock, uint scale) = Array.Find(Rows, row => row.Word == option.Text);
        metric = default;
        isLocked = canLock && words.TryPeek(out Token first) && first.Text == "lock" && words.TryNext(out _);
        if (option.Text == "features")
        {
            Token feature = words.Value(option);
            metric = new RouteMetric(type, 1);
            return !words.HasFailed && (feature.Text == "ecn" || context.Refuse(DiagnosticCodes.BadChoice, feature, $"feature '{feature.Text}' is not possible", "ecn"));
        }

        if (scale == 0)
        {
            bool isNumber = words.TryNumber(option, max, out ulong number);
            metric = new RouteMetric(type, (uint)number);
            return isNumber;
        }

        if (!words.TryValue(option, out Token time))
        {
            return false;
        }

        if (!TryTime(time.Text, scale, out uint value))
        {
            return context.Refuse(DiagnosticCodes.BadNumber, time, $"{option.Text}: '{time.Text}' is not a time", "0.2s to 120s, or 200ms to 120000ms");
        }

        uint kept = Math.Clamp(value, RoundTripLeastMilliseconds * scale, RoundTripMostMilliseconds * scale);
        if (kept != value)
        {
            context.Warn(DiagnosticCodes.Rounded, time, $"{option.Text} is {kept / scale} ms: the kernel takes 200 ms to 120 s");
        }

        metric = new RouteMetric(type, kept);
        return true;
    }

    /// <summary>keepalived: with s, sec or secs seconds, with ms and so on milliseconds, without either the kernel's own unit.</summary>
    private static bool TryTime(string text, uint scale, out uint value)
    {
        value = 0;
        string digits = text.TrimEnd('s', 'S', 'e', 'E', 'c', 'C');
        string unit = text[digits.Length..].ToLowerInvariant();
        bool isMilliseconds = unit.Length > 0 && digits.EndsWith('m');
        digits = isMilliseconds ? digits[..^1] : digits;
        if (unit is not ("" or "s" or "sec" or "secs") || !decimal.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number))
        {
            return false;
        }

        decimal kernel = unit.Length == 0 ? number : number * scale * (isMilliseconds ? 1 : 1000);
        value = (uint)Math.Min(Math.Round(kernel, MidpointRounding.AwayFromZero), uint.MaxValue);
        return true;
    }
}
