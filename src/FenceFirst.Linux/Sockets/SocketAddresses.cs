using System.Buffers.Binary;
using FenceFirst.Core;
using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Sockets;

/// <summary>Internet addresses as the kernel's sockaddr structures.</summary>
internal static unsafe class SocketAddresses
{
    /// <summary>Room for either family.</summary>
    internal const int BytesMax = 28;

    /// <summary>Writes an address and returns its length.</summary>
    /// <param name="place">At least <see cref="BytesMax"/> bytes.</param>
    /// <param name="address">IPv4 or IPv6.</param>
    /// <param name="port">In host order.</param>
    /// <param name="linkIndex">Interface of a link-local address; not used for others.</param>
    internal static uint Write(byte* place, InternetAddress address, ushort port, int linkIndex)
    {
        if (address.IsIPv4)
        {
            SocketAddressIPv4 short4 = new() { Family = LibC.AF_INET, Port = NetworkOrder(port) };
            address.WriteTo(new Span<byte>(short4.Address, 4));
            *(SocketAddressIPv4*)place = short4;
            return (uint)sizeof(SocketAddressIPv4);
        }

        SocketAddressIPv6 long6 = new() { Family = LibC.AF_INET6, Port = NetworkOrder(port), ScopeId = address.IsLinkLocal ? (uint)linkIndex : 0 };
        address.WriteTo(new Span<byte>(long6.Address, 16));
        *(SocketAddressIPv6*)place = long6;
        return (uint)sizeof(SocketAddressIPv6);
    }

    /// <summary>Reads the address of a sockaddr that the kernel filled in; absent when it is of neither family.</summary>
    internal static InternetAddress Read(byte* place) => *(ushort*)place switch
    {
        LibC.AF_INET => InternetAddress.FromBytes(new ReadOnlySpan<byte>(((SocketAddressIPv4*)place)->Address, 4)),
        LibC.AF_INET6 => InternetAddress.FromBytes(new ReadOnlySpan<byte>(((SocketAddressIPv6*)place)->Address, 16)),
        _ => InternetAddress.None,
    };

    private static ushort NetworkOrder(ushort value) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;
}
