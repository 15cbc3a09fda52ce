using System.Runtime.CompilerServices;
using FenceFirst.Core.Wire;

namespace FenceFirst.Core.Recording;

/// <summary>Reads what <see cref="RecordWriter"/> wrote. Never throws: after the first value that is not there or impossible, <see cref="IsBad"/> says so and all further values are zero.</summary>
/// <param name="source">What it reads.</param>
public ref struct RecordReader(ReadOnlySpan<byte> source)
{
    /// <summary>More addresses than any list has; a longer one is damaged.</summary>
    private const int AddressesMax = 4096;

    private readonly ReadOnlySpan<byte> _source = source;

    /// <summary>Bytes read.</summary>
    public int Position { get; private set; }

    /// <summary>Whether something was missing or impossible.</summary>
    public bool IsBad { get; private set; }

    /// <summary>Whether everything was read and good.</summary>
    public readonly bool IsAtEnd => !IsBad && Position == _source.Length;

    /// <summary>One byte.</summary>
    public byte Byte()
    {
        if (IsBad || Position >= _source.Length)
        {
            IsBad = true;
            return 0;
        }

        return _source[Position++];
    }

    /// <summary>A number.</summary>
    public ulong Unsigned()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Byte();
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        IsBad = true;
        return 0;
    }

    /// <summary>A number that may be below zero.</summary>
    public long Signed()
    {
        ulong value = Unsigned();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>A number in the range of an int.</summary>
    public int Number()
    {
        long value = Signed();
        IsBad |= value is < int.MinValue or > int.MaxValue;
        return IsBad ? 0 : (int)value;
    }

    /// <summary>A byte that names a member of an enumeration of bytes; any other value is damaged.</summary>
    /// <typeparam name="T">The enumeration.</typeparam>
    public T Member<T>()
        where T : struct, Enum
    {
        byte value = Byte();
        T member = Unsafe.As<byte, T>(ref value);
        if (IsBad || !Enum.IsDefined(member))
        {
            IsBad = true;
            return default;
        }

        return member;
    }

    /// <summary>Bytes with their number.</summary>
    public ReadOnlySpan<byte> Bytes()
    {
        ulong length = Unsigned();
        if (IsBad || length > (ulong)(_source.Length - Position))
        {
            IsBad = true;
            return default;
        }

        ReadOnlySpan<byte> bytes = _source.Slice(Position, (int)length);
        Position += (int)length;
        return bytes;
    }

    /// <summary>A text.</summary>
    public string Text() => System.Text.Encoding.UTF8.GetString(Bytes());

    /// <summary>An address, or none.</summary>
    public InternetAddress Address()
    {
        ReadOnlySpan<byte> bytes = Bytes();
        if (bytes.Length is not (0 or 4 or 16))
        {
            IsBad = true;
            return InternetAddress.None;
        }

        return bytes.Length == 0 ? InternetAddress.None : InternetAddress.FromBytes(bytes);
    }

    /// <summary>Addresses with their number.</summary>
    public EquatableArray<InternetAddress> Addresses()
    {
        ulong count = Unsigned();
        if (IsBad || count > AddressesMax)
        {
            IsBad = true;
            return default;
        }

        InternetAddress[] addresses = new InternetAddress[(int)count];
        for (int i = 0; i < addresses.Length; i++)
        {
            addresses[i] = Address();
        }

        return addresses.ToEquatableArray();
    }

    /// <summary>An accepted advert.</summary>
    public VrrpAdvert Advert() => new(Byte(), Byte(), Byte(), Byte(), new TimeSpan(Signed()), Member<AuthenticationType>());
}
