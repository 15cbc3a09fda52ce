namespace FenceFirst.Linux.Network;

/// <summary>An Ethernet address as a value; the default value is 00:00:00:00:00:00.</summary>
public readonly record struct MacAddress
{
    private readonly ulong _value;

    private MacAddress(ulong value) => _value = value;

    /// <summary>Whether all bytes are zero: the link has no Ethernet address (loopback, tunnels).</summary>
    public bool IsZero => _value == 0;

    /// <summary>The address as a number: first byte highest, upper two bytes zero.</summary>
    public ulong Value => _value;

    /// <summary>The address as a number: first byte highest; the upper two bytes are left out.</summary>
    public static MacAddress FromNumber(ulong value) => new(value & 0xffff_ffff_ffff);

    /// <summary>The address in six bytes; links with other lengths count as having none.</summary>
    public static MacAddress FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != 6)
        {
            return default;
        }

        ulong value = 0;
        foreach (byte part in bytes)
        {
            value = (value << 8) | part;
        }

        return new MacAddress(value);
    }

    /// <summary>Writes the six bytes in transmission order.</summary>
    public void WriteTo(Span<byte> destination)
    {
        for (int i = 0; i < 6; i++)
        {
            destination[i] = (byte)(_value >> (40 - (8 * i)));
        }
    }

    /// <summary>The usual text form, for example 00:00:5e:00:01:33.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[6];
        WriteTo(bytes);
        return $"{bytes[0]:x2}:{bytes[1]:x2}:{bytes[2]:x2}:{bytes[3]:x2}:{bytes[4]:x2}:{bytes[5]:x2}";
    }
}
