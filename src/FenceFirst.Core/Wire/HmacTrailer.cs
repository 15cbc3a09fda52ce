using System.Buffers.Binary;
using System.Security.Cryptography;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Core.Wire;

/// <summary>The authentication extension of keepalived 2.4.1 and later: 28 bytes behind the advertisement, in versions 2 and 3, over IPv4 and IPv6.</summary>
/// <remarks>
/// <code>
///     0                   1                   2                   3
///     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///  0 |    Type = 1   |     Key id    |           Reserved = 0        |   1 = HMAC-SHA256, truncated to 128 bits
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///  4 |                      Seconds since 1970, UTC                  |   \
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+    > the sequence: 64 bits that only grow
///  8 |      Fraction, 1/65536 s      |            Counter            |   /
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// 12 |                     HMAC, its first 16 bytes                  |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// </code>
/// <para>What is signed, from the first byte to the last:</para>
/// <code>
///    | 4 or 6 | version | Vrid | 0 | source address, 4 bytes and 12 zeros or 16 | message, checksum read as 0 | trailer 0..11 | 16 zeros |
/// </code>
/// <para>The IPv4 total length counts the trailer and the VRRP checksum over IPv4 does not; over IPv6, where the kernel computes it, it does. The
/// destination is not signed: one sequence and one signature serve all unicast copies of an advert. Nothing is allocated and no input
/// throws.</para>
/// </remarks>
public static class HmacTrailer
{
    /// <summary>Length in bytes of the trailer.</summary>
    public const int Length = 28;

    private const byte TypeSha256 = 1;
    private const int SignatureOffset = 12;
    private const int SignatureLength = 16;
    private const int PseudoHeaderLength = 20;
    private const int ChecksumOffset = 6;

    /// <summary>Computes one known signature (RFC 4231 section 4.3), so that a system without working cryptography is noticed before the first advert.</summary>
    /// <remarks>.NET takes SHA-256 from the system's OpenSSL; if the library is not there, it ends the process at this call and says so.</remarks>
    public static bool IsWorking()
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData("Jefe"u8, "what do ya want for nothing?"u8, hash);
        return BinaryPrimitives.ReadUInt64BigEndian(hash) == 0x5bdcc146bf60754e;
    }

    /// <summary>Writes the trailer of an instance's next advert and returns its length: <see cref="Length"/>, or 0 if the instance does not sign.</summary>
    /// <param name="destination">Where to write; hand it to <see cref="AdvertWriter"/> for each copy of the advert.</param>
    /// <param name="config">The virtual router.</param>
    /// <param name="priority">Effective priority, or 0 to release the addresses.</param>
    /// <param name="source">The address that the advert leaves with; it is signed.</param>
    /// <param name="now">The wall clock.</param>
    /// <param name="state">The last sequence; raised.</param>
    public static int Sign(
        Span<byte> destination, VrrpConfig config, byte priority, InternetAddress source, UtcInstant now, ref HmacSenderState state)
    {
        if (config.Hmac is not { IsSigning: true } authentication)
        {
            return 0;
        }

        Span<byte> trailer = destination[..Length];
        trailer.Clear();
        trailer[0] = TypeSha256;
        trailer[1] = authentication.ActiveKey.Id;
        BinaryPrimitives.WriteUInt64BigEndian(trailer[4..], state.Next(authentication, now));

        int messageLength = VrrpCodec.MessageLength(config.Version, config.Addresses.Count, source.IsIPv6);
        Span<byte> message = stackalloc byte[messageLength];
        AdvertWriter.WriteWithoutChecksum(message, config, priority, source);
        Compute(trailer[SignatureOffset..], authentication.ActiveKey, message, trailer, source);
        return Length;
    }

    /// <summary>The first rule that forbids the advert, or <see cref="DecodeError.None"/>; the checks are keepalived's, in its order.</summary>
    /// <param name="config">The instance; it has <see cref="VrrpConfig.Hmac"/>.</param>
    /// <param name="message">The message without trailer.</param>
    /// <param name="trailer">What <see cref="VrrpCodec.TrailerOf"/> found behind it; empty if nothing.</param>
    /// <param name="source">The sender.</param>
    /// <param name="now">The wall clock.</param>
    /// <param name="state">The marks; not raised here, since later checks may still refuse the advert.</param>
    /// <param name="notice">What to tell the operator about an advert that is accepted.</param>
    internal static DecodeError Verify(
        VrrpConfig config,
        ReadOnlySpan<byte> message,
        ReadOnlySpan<byte> trailer,
        InternetAddress source,
        UtcInstant now,
        in HmacReceiverState state,
        out HmacNotice notice)
    {
        notice = HmacNotice.None;
        if (config.Hmac is not { } authentication || !state.IsReady)
        {
            return DecodeError.AuthenticationFailed;
        }

        if (trailer.Length != Length)
        {
            return authentication.Mode == HmacMode.Enforce ? DecodeError.AuthenticationMissing : DecodeError.None;
        }

        if (config.IsUnicast && !HmacReceiverState.IsPeer(config, source))
        {
            return DecodeError.UnknownSource;
        }

        if (trailer[0] != TypeSha256 || trailer[2] != 0 || trailer[3] != 0)
        {
            return DecodeError.AuthenticationMalformed;
        }

        // Before the signature, so that a flood of old packets costs no computation; the time is not trusted by being refused.
        bool isTimed = authentication.AntiReplay == HmacAntiReplay.Time;
        long skew = Math.Abs(now.SecondsSince(BinaryPrimitives.ReadUInt32BigEndian(trailer[4..])));
        if (isTimed && skew > authentication.TimeWindowSeconds)
        {
            return DecodeError.AuthenticationStale;
        }

        if (authentication.FindKey(trailer[1]) is not { } key)
        {
            return DecodeError.AuthenticationUnknownKey;
        }

        // In constant time, so that a sender cannot find the signature byte by byte.
        Span<byte> expected = stackalloc byte[SignatureLength];
        Compute(expected, key, message, trailer, source);
        if (!CryptographicOperations.FixedTimeEquals(expected, trailer[SignatureOffset..]))
        {
            return DecodeError.AuthenticationFailed;
        }

        if (state.IsReplayed(authentication, source, SequenceOf(trailer), now, out bool isForgotten))
        {
            return DecodeError.AuthenticationReplayed;
        }

        bool isSkewed = isTimed && skew > authentication.TimeWindowSeconds / 2;
        notice = isForgotten ? HmacNotice.ReplayMarkForgotten : isSkewed ? HmacNotice.ClockSkew : HmacNotice.None;
        return DecodeError.None;
    }

    /// <summary>The 64 bits {seconds, fraction, counter}.</summary>
    internal static ulong SequenceOf(ReadOnlySpan<byte> trailer) => BinaryPrimitives.ReadUInt64BigEndian(trailer[4..]);

    // The zeros behind the trailer's first 12 bytes stand for the signature itself. The longest input is 255 IPv6 addresses, 4136 bytes.
    private static void Compute(Span<byte> signature, HmacKey key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> trailer, InternetAddress source)
    {
        Span<byte> input = stackalloc byte[PseudoHeaderLength + message.Length + Length];
        input.Clear();
        input[0] = source.IsIPv6 ? (byte)6 : (byte)4;
        input[1] = (byte)(message[0] >> 4);
        input[2] = message[1];
        source.WriteTo(input[4..]);
        Span<byte> body = input.Slice(PseudoHeaderLength, message.Length);
        message.CopyTo(body);
        body.Slice(ChecksumOffset, 2).Clear();
        trailer[..SignatureOffset].CopyTo(input[(PseudoHeaderLength + message.Length)..]);

        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key.Bytes.Span, input, hash);
        hash[..SignatureLength].CopyTo(signature);
    }
}
