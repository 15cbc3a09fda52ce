using FenceFirst.Core.Wire;
using static FenceFirst.Tests.Wire.WireSamples;

namespace FenceFirst.Tests.Wire;

/// <summary>Packets and refusals in words; whole transcripts are in the tests of the decode verb.</summary>
public sealed class PacketWordsTests
{
    [Fact]
    public void Every_refusal_has_its_own_sentence()
    {
        string[] sentences = [.. Enum.GetValues<DecodeError>().Select(DecodeErrorText.Describe)];
        Assert.Equal(sentences.Length, sentences.Distinct().Count());
        Assert.All(sentences, sentence => Assert.EndsWith(".", sentence, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_refusal_cites_where_the_rule_stands()
    {
        // Not a rule of a document: the absence of a fault, and our own packet.
        DecodeError[] rules = [.. Enum.GetValues<DecodeError>().Except([DecodeError.None, DecodeError.OwnPacket])];
        Assert.All(rules, rule => Assert.Matches("RFC [0-9]+ section [0-9.]+|keepalived", DecodeErrorText.Describe(rule)));
    }

    [Fact]
    public void A_password_is_never_shown()
    {
        string words = PacketWords.Describe(Message(Version2Password), MulticastIPv4);
        Assert.DoesNotContain("secret", words, StringComparison.Ordinal);
        Assert.Contains("simple password (not shown)", words, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refused_packet_is_still_described_as_far_as_it_goes()
    {
        string words = PacketWords.Describe(Message(Version3ThreeAddresses).AsSpan(0, 16), MulticastIPv4);
        Assert.Equal(
            """
            VRRP version 3 advertisement from 10.99.0.1 to 224.0.0.18, TTL 255
            virtual router 51, priority 150, interval 1 s
            3 addresses: 10.99.1.30, 10.99.1.10 (1 missing)
            refused (WrongLength): The length does not agree with the number of addresses (RFC 9568 section 7.1).
            """,
            words);
    }
}
