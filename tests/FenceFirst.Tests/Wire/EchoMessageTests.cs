using FenceFirst.Core.Wire;
using static FenceFirst.Tests.Wire.WireSamples;

namespace FenceFirst.Tests.Wire;

/// <summary>ICMP echo (RFC 792) and ICMPv6 echo (RFC 4443 section 4.1), as check ping uses them.</summary>
public sealed class EchoMessageTests
{
    private const ulong Cookie = 0x0102030405060708;

    // RFC 792: type 8, code 0, checksum over the whole message. RFC 4443 section 4.1: type 128; its checksum is the kernel's.
    [Theory]
    [InlineData(false, "0800 92d6 5514 0001 0102030405060708")]
    [InlineData(true, "8000 0000 5514 0001 0102030405060708")]
    public void A_request_has_the_fields_of_its_family(bool isIPv6, string expected)
    {
        byte[] message = new byte[EchoMessage.Length];
        Assert.Equal(EchoMessage.Length, EchoMessage.Write(message, isIPv6, 0x5514, 1, Cookie));
        Assert.Equal(Bytes(expected), message);
    }

    // Shown: only the answer to our own question counts, and a damaged one does not. Sequence 2 answers as well: it is late, not wrong.
    [Theory]
    [InlineData(false, "0000 9ad5 5514 0002 0102030405060708", true)]
    [InlineData(false, "0000 9ad5 5514 0002 0102030405060708 00", true)]
    [InlineData(true, "8100 0000 5514 0002 0102030405060708", true)]
    [InlineData(false, "0800 92d6 5514 0001 0102030405060708", false)]
    [InlineData(false, "0000 9ad6 5514 0002 0102030405060708", false)]
    [InlineData(true, "8000 0000 5514 0002 0102030405060708", false)]
    [InlineData(true, "8101 0000 5514 0002 0102030405060708", false)]
    [InlineData(true, "8100 0000 5515 0002 0102030405060708", false)]
    [InlineData(true, "8100 0000 5514 0002 0102030405060709", false)]
    [InlineData(true, "8100 0000 5514 0002 01020304050607", false)]
    [InlineData(true, "", false)]
    public void A_reply_answers_our_own_request_only(bool isIPv6, string bytes, bool isReply) =>
        Assert.Equal(isReply, EchoMessage.IsReply(Bytes(bytes), isIPv6, 0x5514, Cookie));
}
