using System.Buffers.Binary;
using System.Net;

namespace FenceFirst.SystemTests;

/// <summary>What somebody on the link makes of an advert that was captured: version 3 over IPv4, every checksum right.</summary>
internal static class Forgery
{
    private const int Ethernet = 14, Trailer = 28, PriorityOffset = 2, ChecksumOffset = 6;

    /// <summary>The same packet with an Ethernet address of nobody's, so that the switch does not learn a wrong port.</summary>
    public static byte[] Copied(this byte[] frame)
    {
        byte[] copy = [.. frame];
        ((ReadOnlySpan<byte>)[0x02, 0, 0, 0, 0, 0x66]).CopyTo(copy.AsSpan(6));
        return copy;
    }

    /// <summary>As if it came from another node.</summary>
    public static byte[] From(this byte[] frame, IPAddress source)
    {
        byte[] copy = frame.Copied();
        source.GetAddressBytes().CopyTo(copy, Ethernet + 12);
        int header = (copy[Ethernet] & 0x0f) * 4;
        WriteSum(copy.AsSpan(Ethernet, header), 10, 0);
        return copy;
    }

    /// <summary>Without trailer and with another priority: what anybody can send who has no key.</summary>
    public static byte[] Unsigned(this byte[] frame, byte priority)
    {
        byte[] copy = frame.Copied()[..^Trailer];
        BinaryPrimitives.WriteUInt16BigEndian(copy.AsSpan(Ethernet + 2), (ushort)(copy.Length - Ethernet));
        int header = (copy[Ethernet] & 0x0f) * 4;
        WriteSum(copy.AsSpan(Ethernet, header), 10, 0);
        return copy.With(priority, copy.Length);
    }

    /// <summary>An unsigned one as if another node sent it, with another priority.</summary>
    public static byte[] From(this byte[] frame, IPAddress source, byte priority) => frame.From(source).With(priority, frame.Length);

    /// <summary>With its trailer and another priority: the signature no longer fits.</summary>
    public static byte[] Changed(this byte[] frame, byte priority) => frame.Copied().With(priority, frame.Length - Trailer);

    private static byte[] With(this byte[] frame, byte priority, int end)
    {
        int start = Ethernet + ((frame[Ethernet] & 0x0f) * 4);
        frame[start + PriorityOffset] = priority;
        // RFC 9568 section 5.2.8: the pseudo-header is source, destination, protocol 112 and length. The trailer is not part of it.
        uint pseudo = 112u + (uint)(end - start);
        for (int i = 12; i < 20; i += 2)
        {
            pseudo += BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(Ethernet + i));
        }
        WriteSum(frame.AsSpan(start, end - start), ChecksumOffset, pseudo);
        return frame;
    }

    // RFC 1071.
    private static void WriteSum(Span<byte> bytes, int offset, uint sum)
    {
        bytes.Slice(offset, 2).Clear();
        for (int i = 0; i + 1 < bytes.Length; i += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes[i..]);
        }
        while (sum > 0xffff)
        {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        BinaryPrimitives.WriteUInt16BigEndian(bytes[offset..], (ushort)~sum);
    }
}
