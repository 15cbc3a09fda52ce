using System.Buffers.Binary;

namespace FenceFirst.Core.Wire;

/// <summary>The one's complement sum of RFC 1071, gathered over any number of spans.</summary>
/// <remarks>
/// A mutable struct on the stack: declare it, add, read <see cref="Value"/>. Spans of odd length may be followed by others; the byte order within
/// the 16 bit words then swaps, which RFC 1071 section 2 (B) allows to be undone at the end of each span. The sum cannot overflow: 64 bits hold 2^48
/// words.
/// </remarks>
public struct InternetChecksum
{
    private ulong _sum;
    private bool _isOdd;

    /// <summary>The checksum as it stands in a header; 0 over data that includes its right checksum.</summary>
    public readonly ushort Value => (ushort)~Fold(_sum);

    /// <summary>The checksum of one span; 0 if it includes its right checksum.</summary>
    public static ushort Compute(ReadOnlySpan<byte> bytes)
    {
        InternetChecksum checksum = default;
        checksum.Add(bytes);
        return checksum.Value;
    }

    /// <summary>Adds bytes that follow those added before.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        ulong sum = 0;
        int position = 0;
        for (; position + 1 < bytes.Length; position += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes[position..]);
        }

        bool hasOddByte = position < bytes.Length;
        if (hasOddByte)
        {
            // RFC 1071 section 4.1: a last byte counts as the upper half of a word.
            sum += (uint)bytes[position] << 8;
        }

        // RFC 1071 section 2 (B): the sum of byte-swapped words is the byte-swapped sum.
        _sum += _isOdd ? BinaryPrimitives.ReverseEndianness(Fold(sum)) : sum;
        _isOdd ^= hasOddByte;
    }

    /// <summary>Adds the pseudo header of IPv4 or IPv6; both give the same sum of addresses, protocol and length.</summary>
    /// <remarks>
    /// RFC 9568 section 5.2.8 uses the layout of RFC 8200 section 8.1: source, destination, length, zeros, next header. In IPv4 the words are those of
    /// UDP's pseudo header, in another order, which a sum does not see.
    /// </remarks>
    /// <param name="source">Source address.</param>
    /// <param name="destination">Destination address, the same family.</param>
    /// <param name="protocol">IP protocol, 112 for VRRP, 58 for ICMPv6.</param>
    /// <param name="length">Bytes of the upper-layer packet, header included.</param>
    public void AddPseudoHeader(InternetAddress source, InternetAddress destination, byte protocol, int length)
    {
        Span<byte> bytes = stackalloc byte[16];
        Add(bytes[..source.WriteTo(bytes)]);
        Add(bytes[..destination.WriteTo(bytes)]);
        BinaryPrimitives.WriteInt32BigEndian(bytes, length);
        BinaryPrimitives.WriteInt32BigEndian(bytes[4..], protocol);
        Add(bytes[..8]);
    }

    private static ushort Fold(ulong sum)
    {
        while (sum >> 16 != 0)
        {
            sum = (sum & 0xffff) + (sum >> 16);
        }

        return (ushort)sum;
    }
}
