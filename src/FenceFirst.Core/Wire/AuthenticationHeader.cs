using System.Buffers.Binary;
using System.Security.Cryptography;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Wire;

/// <summary>The IP authentication header of keepalived's <c>auth_type AH</c>: version 2 over IPv4, in front of the message.</summary>
/// <remarks>
/// <para>RFC 2402 section 2, with the code of RFC 2403 (HMAC-MD5-96):</para>
/// <code>
///     0                   1                   2                   3
///     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///  0 |   Next = 112  |   Length = 4  |           Reserved            |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///  4 |          SPI = the sender's IPv4 address (keepalived)         |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///  8 |        Sequence: one count for all routers of the Vrid        |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// 12 |               HMAC-MD5, its first 12 bytes                    |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// </code>
/// <para>
/// Covered is the whole packet from the IPv4 header on, with TOS, fragment field, header checksum and code read as 0; the TTL is read as 0 in unicast
/// only. The key is the password, 8 bytes, zero padded (keepalived, vrrp.c). Nothing is allocated and no input throws.
/// </para>
/// </remarks>
public static class AuthenticationHeader
{
    /// <summary>IP protocol number of the authentication header (RFC 2402 section 2).</summary>
    public const byte Protocol = 51;

    /// <summary>Length in bytes of the header with the 12 bytes of code that keepalived sends.</summary>
    public const int Length = 24;

    private const int CodeOffset = 12;
    private const int CodeLength = 12;

    // RFC 2402 section 2.2: in words of four bytes, minus 2.
    private const byte LengthField = 4;

    /// <summary>Whether the bytes begin with a header as keepalived writes it, in front of VRRP.</summary>
    public static bool IsWellFormed(ReadOnlySpan<byte> header) =>
        header.Length >= Length && header[0] == VrrpCodec.Protocol && header[1] == LengthField;

    /// <summary>The sequence of a header that <see cref="IsWellFormed"/>.</summary>
    public static uint SequenceOf(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadUInt32BigEndian(header[8..]);

    /// <summary>The security parameter index of a header that <see cref="IsWellFormed"/>.</summary>
    public static InternetAddress IndexOf(ReadOnlySpan<byte> header) => InternetAddress.FromBytes(header.Slice(4, 4));

    /// <summary>Writes the header into a packet that is otherwise complete; the code covers all of it.</summary>
    internal static void Write(Span<byte> packet, VrrpConfig config, InternetAddress source, uint sequence)
    {
        Span<byte> header = packet.Slice(VrrpCodec.IPv4HeaderLength, Length);
        header.Clear();
        header[0] = VrrpCodec.Protocol;
        header[1] = LengthField;
        source.WriteTo(header[4..]);
        BinaryPrimitives.WriteUInt32BigEndian(header[8..], sequence);
        Span<byte> code = stackalloc byte[HmacMd5.Length];
        Compute(code, config, packet, VrrpCodec.IPv4HeaderLength);
        code[..CodeLength].CopyTo(header[CodeOffset..]);
    }

    /// <summary>The first rule that forbids the packet, or <see cref="DecodeError.None"/>; the checks are keepalived's, in its order.</summary>
    /// <param name="config">The instance; its authentication is the header.</param>
    /// <param name="packet">The packet from its IPv4 header on, accepted by <see cref="VrrpCodec"/> with this header in it.</param>
    /// <param name="state">The highest sequence so far; not raised here, since later checks may still refuse the advert.</param>
    internal static DecodeError Verify(VrrpConfig config, ReadOnlySpan<byte> packet, in AuthenticationHeaderState state)
    {
        int start = (packet[0] & 0x0f) * 4;
        int totalLength = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        if (totalLength > HmacMd5.MessageBytesMax)
        {
            return DecodeError.WrongLength;
        }

        // The code first: until it agrees no field can be believed. In constant time, so that a sender cannot find it byte by byte.
        packet = packet[..totalLength];
        ReadOnlySpan<byte> header = packet.Slice(start, Length);
        Span<byte> code = stackalloc byte[HmacMd5.Length];
        Compute(code, config, packet, start);
        if (!CryptographicOperations.FixedTimeEquals(code[..CodeLength], header.Slice(CodeOffset, CodeLength)))
        {
            return DecodeError.WrongDigest;
        }

        if (!header.Slice(4, 4).SequenceEqual(packet.Slice(12, 4)))
        {
            return DecodeError.WrongSecurityIndex;
        }

        return state.IsReplayed(SequenceOf(header)) ? DecodeError.SequenceNotGrown : DecodeError.None;
    }

    private static void Compute(Span<byte> code, VrrpConfig config, ReadOnlySpan<byte> packet, int start)
    {
        Span<byte> covered = stackalloc byte[packet.Length];
        packet.CopyTo(covered);
        covered[1] = 0;
        covered.Slice(6, 2).Clear();
        covered.Slice(10, 2).Clear();
        if (config.IsUnicast)
        {
            covered[8] = 0;
        }

        covered.Slice(start + CodeOffset, CodeLength).Clear();
        HmacMd5.Compute(code, config.Password.Span, covered);
    }
}

/// <summary>The sequence of one virtual router with authentication header; the default value has sent and heard nothing.</summary>
/// <remarks>
/// keepalived has one count for what an instance sends and hears: whoever becomes Master goes on where the last one stopped. It is not kept over a
/// restart, so a router that has heard nobody takes any sequence.
/// </remarks>
public record struct AuthenticationHeaderState
{
    // keepalived does not go beyond; at one advert in a second it is reached after 136 years.
    private const uint SequenceMax = 0xfffffffe;

    /// <summary>The highest sequence that was sent or accepted.</summary>
    public uint Sequence { get; private set; }

    /// <summary>The sequence of the next advert; all unicast copies of it have the same.</summary>
    public uint Next() => Sequence = Math.Min(Sequence, SequenceMax - 1) + 1;

    /// <summary>Whether an advert with the sequence is a copy, or older than one that was accepted.</summary>
    public readonly bool IsReplayed(uint sequence) => sequence <= Sequence;

    /// <summary>Takes over the sequence of an advert that was accepted.</summary>
    /// <param name="sequence">Its sequence.</param>
    /// <param name="isLowerMaster">
    /// Whether we are Master and the sender should yield to us: then one number is left out, because the other one may be sending the next one now,
    /// and would refuse ours (keepalived).
    /// </param>
    public void Raise(uint sequence, bool isLowerMaster) => Sequence = isLowerMaster && sequence < SequenceMax ? sequence + 1 : sequence;
}
