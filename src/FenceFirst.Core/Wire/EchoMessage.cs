using System.Buffers.Binary;

namespace FenceFirst.Core.Wire;

/// <summary>The question whether a station answers, and its answer: ICMP echo (RFC 792) and ICMPv6 echo (RFC 4443 section 4.1).</summary>
/// <remarks>
/// <code>
///  0 | type | 0 | checksum | identifier | sequence |     8 request, 0 reply; ICMPv6: 128 request, 129 reply
///  8 | cookie, 8 bytes |                                 comes back as it was sent
/// </code>
/// </remarks>
public static class EchoMessage
{
    /// <summary>Length in bytes.</summary>
    public const int Length = 16;

    private const byte Request4 = 8;
    private const byte Reply4 = 0;
    private const byte Request6 = 128;
    private const byte Reply6 = 129;

    /// <summary>Type of a reply: 0 for ICMP, 129 for ICMPv6.</summary>
    public static byte ReplyType(bool isIPv6) => isIPv6 ? Reply6 : Reply4;

    /// <summary>Writes a request and returns its length. The checksum of ICMPv6 needs the source address, so the kernel fills it in.</summary>
    /// <param name="destination">Where to write, <see cref="Length"/> bytes or more.</param>
    /// <param name="isIPv6">ICMPv6 instead of ICMP.</param>
    /// <param name="identifier">Tells our questions from those of other programs.</param>
    /// <param name="sequence">Tells one question from the next.</param>
    /// <param name="cookie">What nobody who has not seen the question can answer with.</param>
    public static int Write(Span<byte> destination, bool isIPv6, ushort identifier, ushort sequence, ulong cookie)
    {
        Span<byte> message = destination[..Length];
        message.Clear();
        message[0] = isIPv6 ? Request6 : Request4;
        BinaryPrimitives.WriteUInt16BigEndian(message[4..], identifier);
        BinaryPrimitives.WriteUInt16BigEndian(message[6..], sequence);
        BinaryPrimitives.WriteUInt64BigEndian(message[8..], cookie);
        if (!isIPv6)
        {
            BinaryPrimitives.WriteUInt16BigEndian(message[2..], InternetChecksum.Compute(message));
        }

        return Length;
    }

    /// <summary>Whether the bytes answer a request with this identifier and cookie; any sequence will do, a late answer is an answer.</summary>
    /// <param name="message">What follows the IP header. The kernel has checked an ICMPv6 checksum; that of ICMP is checked here.</param>
    /// <param name="isIPv6">ICMPv6 instead of ICMP.</param>
    /// <param name="identifier">As in the request.</param>
    /// <param name="cookie">As in the request.</param>
    public static bool IsReply(ReadOnlySpan<byte> message, bool isIPv6, ushort identifier, ulong cookie) =>
        message.Length >= Length
        && message[0] == ReplyType(isIPv6)
        && message[1] == 0
        && BinaryPrimitives.ReadUInt16BigEndian(message[4..]) == identifier
        && BinaryPrimitives.ReadUInt64BigEndian(message[8..]) == cookie
        && (isIPv6 || InternetChecksum.Compute(message) == 0);
}
