using System.Globalization;
using System.Text;
using FenceFirst.Linux.Network;

namespace FenceFirst.Linux.Files;

/// <summary>Numbers below /proc/sys, of the network namespace of the calling thread.</summary>
public static class Sysctl
{
    private const int BytesMax = 32;

    /// <summary>Reads one; false when it is not there or no number.</summary>
    /// <param name="name">Path below /proc/sys, for example net/ipv4/conf/all/rp_filter.</param>
    /// <param name="value">The number.</param>
    public static bool TryRead(string name, out int value)
    {
        Span<byte> buffer = stackalloc byte[BytesMax];
        value = 0;
        return SmallFile.TryRead("/proc/sys/" + name, buffer, out int length) == 0
            && int.TryParse(Encoding.ASCII.GetString(buffer[..length]).AsSpan().Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>Writes one; false when it is not there or may not be written.</summary>
    /// <param name="name">As for <see cref="TryRead"/>.</param>
    /// <param name="value">The number.</param>
    public static bool TryWrite(string name, int value) =>
        SmallFile.TryWrite("/proc/sys/" + name, Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture)), isOverwritten: true) == 0;
}

/// <summary>Link-local IPv6 addresses.</summary>
public static class LinkLocalAddress
{
    /// <summary>Length of their prefix.</summary>
    public const byte PrefixLength = 64;

    /// <summary>The address made of an Ethernet address (RFC 4291 appendix A).</summary>
    public static Core.InternetAddress Of(MacAddress mac)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        Span<byte> station = stackalloc byte[6];
        mac.WriteTo(station);
        (bytes[0], bytes[1], bytes[11], bytes[12]) = (0xfe, 0x80, 0xff, 0xfe);
        bytes[8] = (byte)(station[0] ^ 2);
        station[1..3].CopyTo(bytes[9..]);
        station[3..].CopyTo(bytes[13..]);
        return Core.InternetAddress.FromBytes(bytes);
    }
}
