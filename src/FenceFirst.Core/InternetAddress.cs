using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace FenceFirst.Core;

/// <summary>An IPv4 or IPv6 address as a value: 17 bytes, no allocation, compared and ordered as VRRP compares addresses.</summary>
/// <remarks>
/// <see cref="IPAddress"/> is a class, so that a packet path built on it would allocate per packet. The default value is
/// <see cref="None"/> ("absent"). Order: numeric on the address bytes in network order (RFC 9568 section 6.4.3, the tie-break).
/// </remarks>
public readonly record struct InternetAddress : IComparable<InternetAddress>
{
    private readonly ulong _upper;
    private readonly ulong _lower;
    private readonly byte _family;

    private InternetAddress(ulong upper, ulong lower, byte family)
    {
        _upper = upper;
        _lower = lower;
        _family = family;
    }

    /// <summary>The absent address.</summary>
    public static InternetAddress None => default;

    /// <summary>Whether no address is held.</summary>
    public bool IsNone => _family == 0;

    /// <summary>Whether this is an IPv4 address.</summary>
    public bool IsIPv4 => _family == 4;

    /// <summary>Whether this is an IPv6 address.</summary>
    public bool IsIPv6 => _family == 6;

    /// <summary>Length on the wire in bytes: 4, 16, or 0 for <see cref="None"/>.</summary>
    public int Length => _family switch { 4 => 4, 6 => 16, _ => 0 };

    /// <summary>Whether this is a multicast address: 224.0.0.0/4 or ff00::/8.</summary>
    public bool IsMulticast => _family switch
    {
        4 => (_lower >> 28) == 0xe,
        6 => (_upper >> 56) == 0xff,
        _ => false,
    };

    /// <summary>Whether this is an IPv6 link-local unicast address (fe80::/10).</summary>
    public bool IsLinkLocal => _family == 6 && (_upper >> 54) == 0x3fa;

    /// <summary>The IPv4 address with the given value in host order: 0x7f000001 is 127.0.0.1.</summary>
    public static InternetAddress FromIPv4(uint hostOrder) => new(0, hostOrder, 4);

    /// <summary>The address held by 4 or 16 bytes in network order.</summary>
    /// <exception cref="ArgumentException">The span has another length.</exception>
    public static InternetAddress FromBytes(ReadOnlySpan<byte> bytes) => bytes.Length switch
    {
        4 => FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(bytes)),
        16 => new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]), 6),
        _ => throw new ArgumentException("an address has 4 or 16 bytes", nameof(bytes)),
    };

    /// <summary>Writes the address in network order and returns the number of bytes written (0, 4 or 16).</summary>
    public int WriteTo(Span<byte> destination)
    {
        switch (_family)
        {
            case 4:
                BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)_lower);
                return 4;
            case 6:
                BinaryPrimitives.WriteUInt64BigEndian(destination, _upper);
                BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _lower);
                return 16;
            default:
                return 0;
        }
    }

    /// <summary>Reads a literal address; host names, scopes (%eth0) and shortened IPv4 forms are refused.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out InternetAddress address)
    {
        address = None;
        if (text.IsEmpty || text.Contains('%') || !IPAddress.TryParse(text, out IPAddress? parsed))
        {
            return false;
        }

        // IPAddress accepts "10.1" and "0x7f.1"; keepalived and operators do not mean those.
        if (parsed.AddressFamily == AddressFamily.InterNetwork && !IsDottedQuad(text))
        {
            return false;
        }

        // IPAddress accepts "[::1]" and "[::1]:80" for URLs.
        if (text[0] == '[')
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[16];
        parsed.TryWriteBytes(bytes, out int written);
        address = FromBytes(bytes[..written]);
        return true;
    }

    /// <summary>Reads a literal address that is known to be good (constants, tests).</summary>
    /// <exception cref="FormatException">The text is not an address.</exception>
    public static InternetAddress Parse(string text) =>
        TryParse(text, out InternetAddress address) ? address : throw new FormatException($"'{text}' is not an IP address");

    /// <inheritdoc/>
    public int CompareTo(InternetAddress other)
    {
        int family = _family.CompareTo(other._family);
        if (family != 0)
        {
            return family;
        }

        int upper = _upper.CompareTo(other._upper);
        return upper != 0 ? upper : _lower.CompareTo(other._lower);
    }

    /// <summary>Whether the left address is numerically greater.</summary>
    public static bool operator >(InternetAddress left, InternetAddress right) => left.CompareTo(right) > 0;

    /// <summary>Whether the left address is numerically smaller.</summary>
    public static bool operator <(InternetAddress left, InternetAddress right) => left.CompareTo(right) < 0;

    /// <summary>Whether the left address is numerically greater or the same.</summary>
    public static bool operator >=(InternetAddress left, InternetAddress right) => left.CompareTo(right) >= 0;

    /// <summary>Whether the left address is numerically smaller or the same.</summary>
    public static bool operator <=(InternetAddress left, InternetAddress right) => left.CompareTo(right) <= 0;

    /// <summary>The usual text form, or the empty string for <see cref="None"/>.</summary>
    public override string ToString()
    {
        if (IsNone)
        {
            return "";
        }

        Span<byte> bytes = stackalloc byte[16];
        return new IPAddress(bytes[..WriteTo(bytes)]).ToString();
    }

    private static bool IsDottedQuad(ReadOnlySpan<char> text)
    {
        int dots = 0;
        bool leadingZero = false;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '.')
            {
                dots++;
            }
            else if (!char.IsAsciiDigit(text[i]))
            {
                return false;
            }
            else if (text[i] == '0' && (i == 0 || text[i - 1] == '.') && i + 1 < text.Length && text[i + 1] != '.')
            {
                // "010" is octal to some readers and decimal to others.
                leadingZero = true;
            }
        }

        return dots == 3 && !leadingZero;
    }
}
