using FenceFirst.Core.Wire;

namespace FenceFirst.Core.Recording;

/// <summary>Writes the values of a record into memory of the caller's: small numbers take a byte. What does not fit is not written, and <see cref="IsFull"/> says so.</summary>
/// <param name="destination">Where it writes.</param>
public ref struct RecordWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    /// <summary>Bytes written.</summary>
    public int Count { get; private set; }

    /// <summary>Whether something did not fit: what was written is then worth nothing.</summary>
    public bool IsFull { get; private set; }

    /// <summary>What was written.</summary>
    public readonly ReadOnlySpan<byte> Written => _destination[..Count];

    /// <summary>One byte.</summary>
    public void Byte(byte value)
    {
        if (Count >= _destination.Length)
        {
            IsFull = true;
            return;
        }

        _destination[Count++] = value;
    }

    /// <summary>A number, seven bits a byte, the lowest first.</summary>
    public void Unsigned(ulong value)
    {
        while (value >= 0x80)
        {
            Byte((byte)(value | 0x80));
            value >>= 7;
        }

        Byte((byte)value);
    }

    /// <summary>A number that may be below zero: small ones of either sign take a byte.</summary>
    public void Signed(long value) => Unsigned((ulong)((value << 1) ^ (value >> 63)));

    /// <summary>Bytes with their number.</summary>
    public void Bytes(scoped ReadOnlySpan<byte> value)
    {
        Unsigned((ulong)value.Length);
        if (value.Length > _destination.Length - Count)
        {
            IsFull = true;
            return;
        }

        value.CopyTo(_destination[Count..]);
        Count += value.Length;
    }

    /// <summary>A text as UTF-8.</summary>
    public void Text(string value)
    {
        int length = System.Text.Encoding.UTF8.GetByteCount(value);
        Unsigned((ulong)length);
        if (length > _destination.Length - Count)
        {
            IsFull = true;
            return;
        }

        Count += System.Text.Encoding.UTF8.GetBytes(value, _destination[Count..]);
    }

    /// <summary>An address, or none.</summary>
    public void Address(InternetAddress value)
    {
        Span<byte> bytes = stackalloc byte[16];
        Bytes(bytes[..value.WriteTo(bytes)]);
    }

    /// <summary>Addresses with their number.</summary>
    public void Addresses(in EquatableArray<InternetAddress> value)
    {
        Unsigned((ulong)value.Count);
        foreach (ref readonly InternetAddress address in value.Span)
        {
            Address(address);
        }
    }

    /// <summary>An accepted advert.</summary>
    public void Advert(in VrrpAdvert value)
    {
        Byte(value.Version);
        Byte(value.Vrid);
        Byte(value.Priority);
        Byte(value.AddressCount);
        Signed(value.AdvertInterval.Ticks);
        Byte((byte)value.Authentication);
    }
}
