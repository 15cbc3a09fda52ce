using System.Buffers.Binary;
using System.Numerics;

namespace FenceFirst.Core.Wire;

/// <summary>HMAC with MD5 (RFC 2104, RFC 1321), as keepalived's <c>auth_type AH</c> needs it; nothing else may use it.</summary>
/// <remarks>
/// Written here and not taken from the system, because a system that forbids MD5 (FIPS) throws at the call, and a received packet must never throw.
/// Nothing is allocated.
/// </remarks>
internal static class HmacMd5
{
    /// <summary>Length in bytes of the code.</summary>
    public const int Length = 16;

    /// <summary>Longest message in bytes; an advert with 255 addresses, the longest IPv4 header and an authentication header is shorter.</summary>
    public const int MessageBytesMax = 2048;

    private const int BlockLength = 64;

    // RFC 1321 section 3.4: 4294967296 times abs(sin(i)), i = 1..64.
    private static readonly uint[] Sines =
    [
        0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
        0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
        0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
        0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
        0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
        0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
        0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
        0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
    ];

    // RFC 1321 section 3.4: rotations per round.
    private static ReadOnlySpan<byte> Rotations => [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];

    /// <summary>Computes the code of a message.</summary>
    /// <param name="code">Receives <see cref="Length"/> bytes.</param>
    /// <param name="key">Up to 64 bytes.</param>
    /// <param name="message">Up to <see cref="MessageBytesMax"/> bytes.</param>
    public static void Compute(Span<byte> code, ReadOnlySpan<byte> key, ReadOnlySpan<byte> message)
    {
        Invariant.Check(key.Length <= BlockLength && message.Length <= MessageBytesMax, "a short key and a short message");
        Span<byte> inner = stackalloc byte[BlockLength + message.Length];
        Span<byte> outer = stackalloc byte[BlockLength + Length];
        Pad(inner, key, 0x36);
        message.CopyTo(inner[BlockLength..]);
        Pad(outer, key, 0x5c);
        Hash(outer[BlockLength..], inner);
        Hash(code, outer);
    }

    private static void Pad(Span<byte> block, ReadOnlySpan<byte> key, byte filler)
    {
        block[..BlockLength].Fill(filler);
        for (int i = 0; i < key.Length; i++)
        {
            block[i] ^= key[i];
        }
    }

    private static void Hash(Span<byte> hash, ReadOnlySpan<byte> data)
    {
        Span<uint> state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
        int position = 0;
        for (; position + BlockLength <= data.Length; position += BlockLength)
        {
            AddBlock(state, data.Slice(position, BlockLength));
        }

        // RFC 1321 sections 3.1 and 3.2: a 1 bit, zeros, and the length in bits fill up the last block or two.
        ReadOnlySpan<byte> rest = data[position..];
        Span<byte> tail = stackalloc byte[2 * BlockLength];
        tail.Clear();
        rest.CopyTo(tail);
        tail[rest.Length] = 0x80;
        int tailLength = rest.Length < BlockLength - 8 ? BlockLength : 2 * BlockLength;
        BinaryPrimitives.WriteUInt64LittleEndian(tail[(tailLength - 8)..], (ulong)data.Length * 8);
        for (position = 0; position < tailLength; position += BlockLength)
        {
            AddBlock(state, tail.Slice(position, BlockLength));
        }

        for (int i = 0; i < state.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(hash[(i * 4)..], state[i]);
        }
    }

    private static void AddBlock(Span<uint> state, ReadOnlySpan<byte> block)
    {
        uint a = state[0];
        uint b = state[1];
        uint c = state[2];
        uint d = state[3];
        for (int i = 0; i < BlockLength; i++)
        {
            int round = i / 16;
            uint mixed = round switch
            {
                0 => (b & c) | (~b & d),
                1 => (d & b) | (~d & c),
                2 => b ^ c ^ d,
                _ => c ^ (b | ~d),
            };
            int word = round switch
            {
                0 => i,
                1 => (5 * i) + 1,
                2 => (3 * i) + 5,
                _ => 7 * i,
            };
            uint sum = a + mixed + Sines[i] + BinaryPrimitives.ReadUInt32LittleEndian(block[(word % 16 * 4)..]);
            uint next = b + BitOperations.RotateLeft(sum, Rotations[(round * 4) + (i % 4)]);
            a = d;
            d = c;
            c = b;
            b = next;
        }

        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
    }
}
