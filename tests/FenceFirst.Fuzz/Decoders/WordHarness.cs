using System.Text;
using FenceFirst.Cli;
using FenceFirst.Core;
using FenceFirst.Core.Tracking;
using FenceFirst.Core.Wire;

namespace FenceFirst.Fuzz.Decoders;

/// <summary>Short texts that stand in configurations, files and on the command line: addresses, keys, numbers, times, hexadecimal.</summary>
internal sealed class WordHarness : Harness
{
    private static readonly string[] Good =
        ["10.0.0.1", "fd00::1", "::ffff:10.0.0.1", "hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\r\n", "a key of thirty-two characters, or more", "file:/etc/key", "-2147483648", "0x7f junk", "017", "  +5",
            "10m", "3d", "2026-01-31T23:59:00", "0x0010:  0012 3133 96 01", "00:11:22-33|44,55"];

    public override string Name => "word";

    public override string What => "addresses, keys, tracked numbers, times and hexadecimal";

    public override int QuickCount => 20_000;

    public override IReadOnlyList<byte[]> Words { get; } = [.. ((string[])["::", ".", "%eth0", "[", "]", "0x", "hex:", "+", "-", "999999999999", "\n", "e308", "NaN"]).Select(Encoding.UTF8.GetBytes)];

    public override IReadOnlyList<byte[]> Samples() => [.. Good.Select(Encoding.UTF8.GetBytes)];

    public override bool Try(byte[] input)
    {
        string text = Encoding.UTF8.GetString(input);
        bool isAddress = InternetAddress.TryParse(text, out InternetAddress address);
        Demand(isAddress != address.IsNone, "an address that is none");
        Demand(!isAddress || (InternetAddress.TryParse(address.ToString(), out InternetAddress again) && again == address), "an address changes when it is written again");
        bool isKey = HmacKeyText.TryParseFile(input, out EquatableArray<byte> key, out HmacKeyTextError error);
        Demand(isKey == (error == HmacKeyTextError.None) && HmacKeyText.Describe(error).Length > 0, "a key and an error at the same time, or neither");
        Demand(!isKey || key.Count is >= HmacKey.BytesMin and <= HmacKey.BytesMax, "a key of a length that is not allowed");
        _ = HmacKeyText.TryParse(text, out _, out _);
        bool isNumber = TrackedNumber.TryParse(input, out int number);
        Demand((isNumber || number == 0) && number != int.MinValue, "a number out of its bounds");
        bool isTime = JournalVerb.TryParseSince(text, DateTimeOffset.FromUnixTimeSeconds(1_800_000_000), out _);
        bool isHex = HexText.TryParse(text, out byte[] bytes, out string problem);
        Demand(isHex == (problem.Length == 0) && (!isHex || bytes.Length > 0), "hexadecimal and a problem at the same time, or neither");
        return isAddress || isKey || isNumber || isTime || isHex;
    }
}
