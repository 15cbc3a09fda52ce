using System.Text;
using FenceFirst.Core;
using FenceFirst.Core.Wire;
using static FenceFirst.Tests.Wire.HmacSamples;

namespace FenceFirst.Tests.Wire;

/// <summary>auth_hmac keys and settings: what is legal, that nothing half legal comes out, and that keys are never printed.</summary>
public sealed class HmacKeyTests
{
    private const string Hex32 = "hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    [Fact]
    public void A_key_is_hex_or_printable_ASCII()
    {
        Assert.Equal(Key7.Bytes, Parse(Hex32));
        Assert.Equal(Key7.Bytes, Parse("hex:" + Hex32[4..].ToUpperInvariant()));
        Assert.Equal(Encoding.ASCII.GetBytes("correct horse battery staple, twice").ToEquatableArray(), Parse("correct horse battery staple, twice"));
        Assert.Equal(64, Parse("hex:" + new string('a', 128)).Count);
    }

    [Theory]
    [InlineData("", HmacKeyTextError.Empty)]
    [InlineData("hex:", HmacKeyTextError.Empty)]
    [InlineData("too short", HmacKeyTextError.TooShort)]
    [InlineData("hex:0001", HmacKeyTextError.TooShort)]
    [InlineData("hex:00010", HmacKeyTextError.NotHex)]
    [InlineData("hex:zz", HmacKeyTextError.NotHex)]
    [InlineData("hex: 00", HmacKeyTextError.NotHex)]
    [InlineData("0123456789012345678901234567890\u00e9", HmacKeyTextError.NotAscii)]
    [InlineData("0123456789012345678901234567890\t", HmacKeyTextError.NotAscii)]
    [InlineData("01234567890123456789012345678901234567890123456789012345678901234", HmacKeyTextError.TooLong)]
    [InlineData("file:/etc/keys/one", HmacKeyTextError.FileNotAllowed)]
    public void Anything_else_is_an_error(string text, HmacKeyTextError expected)
    {
        Assert.False(HmacKeyText.TryParse(text, out EquatableArray<byte> key, out HmacKeyTextError error));
        Assert.Equal(expected, error);
        Assert.True(key.IsEmpty);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public void One_end_of_line_of_a_key_file_is_not_part_of_the_key(string end)
    {
        Assert.True(HmacKeyText.TryParseFile(Encoding.ASCII.GetBytes(Hex32 + end), out EquatableArray<byte> key, out _));
        Assert.Equal(Key7.Bytes, key);
        Assert.False(HmacKeyText.TryParseFile(Encoding.ASCII.GetBytes(Hex32 + "\n" + end + "\n"), out _, out HmacKeyTextError error));
        Assert.Equal(HmacKeyTextError.NotHex, error);
    }

    [Fact]
    public void A_key_file_that_is_empty_huge_or_refers_on_is_an_error()
    {
        Assert.Equal(HmacKeyTextError.Empty, FileError([]));
        Assert.Equal(HmacKeyTextError.Empty, FileError("\n"u8.ToArray()));
        Assert.Equal(HmacKeyTextError.TooLong, FileError(new byte[1_000_000]));
        Assert.Equal(HmacKeyTextError.FileNotAllowed, FileError("file:/etc/keys/other"u8.ToArray()));
        Assert.Equal(HmacKeyTextError.NotAscii, FileError(new byte[32]));
    }

    [Fact]
    public void Settings_that_do_not_fit_are_refused_and_give_nothing()
    {
        Assert.Equal(HmacProblem.NoKey, Problem([], 7, 5));
        Assert.Equal(HmacProblem.KeyIdOutOfRange, Problem([Key(0, 0)], 0, 5));
        Assert.Equal(HmacProblem.KeyTooShort, Problem([Key(7, 0, 31)], 7, 5));
        Assert.Equal(HmacProblem.KeyTooLong, Problem([Key(7, 0, 65)], 7, 5));
        Assert.Equal(HmacProblem.DuplicateKeyId, Problem([Key(7, 0), Key(7, 1)], 7, 5));
        Assert.Equal(HmacProblem.ActiveKeyUnknown, Problem([Key7], 8, 5));
        Assert.Equal(HmacProblem.TimeWindowOutOfRange, Problem([Key7], 7, 0));
        Assert.Equal(HmacProblem.TimeWindowOutOfRange, Problem([Key7], 7, 301));
    }

    [Theory]
    [InlineData(0.5, 5)]
    [InlineData(1.99, 5)]
    [InlineData(2, 6)]
    [InlineData(40, 120)]
    [InlineData(255, 300)]
    public void The_default_window_is_three_intervals_within_5_and_300_seconds(double interval, int expected) =>
        Assert.Equal(expected, HmacAuthentication.DefaultTimeWindowSeconds(TimeSpan.FromSeconds(interval)));

    [Fact]
    public void Equal_settings_are_equal_and_other_keys_are_not()
    {
        Assert.Equal(Hmac(), Hmac());
        Assert.Equal(Hmac().GetHashCode(), Hmac().GetHashCode());
        Assert.NotEqual(Hmac(), Hmac(keys: [Key(7, 1)]));
        Assert.NotEqual(Hmac(), Hmac(window: 6));
    }

    [Fact]
    public void Keys_are_never_printed()
    {
        HmacKey key = new(7, Encoding.ASCII.GetBytes("correct horse battery staple, twice").ToEquatableArray());
        string text = $"{key} {Hmac(keys: [key])} {Signed() with { Hmac = Hmac(keys: [key]) }}";
        Assert.DoesNotContain("horse", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Bytes", text, StringComparison.Ordinal);
        Assert.DoesNotContain("99", text.Replace("10.99", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("active 7", text, StringComparison.Ordinal);
    }

    private static EquatableArray<byte> Parse(string text)
    {
        Assert.True(HmacKeyText.TryParse(text, out EquatableArray<byte> key, out HmacKeyTextError error));
        Assert.Equal(HmacKeyTextError.None, error);
        return key;
    }

    private static HmacKeyTextError FileError(byte[] contents)
    {
        Assert.False(HmacKeyText.TryParseFile(contents, out EquatableArray<byte> key, out HmacKeyTextError error));
        Assert.True(key.IsEmpty);
        return error;
    }

    private static HmacProblem Problem(EquatableArray<HmacKey> keys, byte active, int window)
    {
        Assert.False(HmacAuthentication.TryCreate(
            keys, active, window, HmacAntiReplay.Time, HmacMode.Enforce, out HmacAuthentication? hmac, out HmacProblem problem));
        Assert.Null(hmac);
        return problem;
    }
}
