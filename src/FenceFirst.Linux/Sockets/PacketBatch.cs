using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FenceFirst.Core;
using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Sockets;

/// <summary>One received packet; valid until the batch is filled again.</summary>
public readonly ref struct ReceivedPacket
{
    /// <summary>IPv4: the whole IP packet, header included. IPv6: what follows the IPv6 header.</summary>
    public required ReadOnlySpan<byte> Bytes { get; init; }

    /// <summary>Where it came from.</summary>
    public required InternetAddress Source { get; init; }

    /// <summary>Where it was sent to; absent when the kernel did not say.</summary>
    public required InternetAddress Destination { get; init; }

    /// <summary>TTL or hop limit, 0..255; -1 when the kernel did not say.</summary>
    public required int HopLimit { get; init; }

    /// <summary>Whether the packet was longer than <see cref="PacketBatch.PacketBytesMax"/> and lost its end.</summary>
    public required bool IsTruncated { get; init; }
}

/// <summary>Buffers for one recvmmsg call, outside the managed heap. One batch serves every socket of an event loop.</summary>
public sealed unsafe class PacketBatch : IDisposable
{
    /// <summary>Packets taken by one call.</summary>
    public const int PacketsMax = 16;

    /// <summary>Longest packet kept whole: an IPv4 header with options and 255 IPv6 addresses' worth of VRRP, with room for a trailer.</summary>
    public const int PacketBytesMax = 4608;

    private const int ControlBytes = 128;

    private readonly MultipleMessage* _messages;
    private readonly IoVector* _vectors;
    private readonly byte* _names;
    private readonly byte* _controls;
    private readonly byte* _buffers;
    private byte* _memory;

    /// <summary>Takes the memory.</summary>
    public PacketBatch()
    {
        nuint bytes = PacketsMax * (nuint)(sizeof(MultipleMessage) + sizeof(IoVector) + sizeof(SocketAddressIPv6) + ControlBytes + PacketBytesMax + 8);
        _memory = (byte*)NativeMemory.AllocZeroed(bytes);
        _messages = (MultipleMessage*)_memory;
        _vectors = (IoVector*)(_messages + PacketsMax);
        _controls = (byte*)(_vectors + PacketsMax);
        _buffers = _controls + (PacketsMax * ControlBytes);
        _names = _buffers + (PacketsMax * PacketBytesMax);
    }

    /// <summary>Packets held since the last receive.</summary>
    public int Count { get; private set; }

    /// <summary>Error number of the last receive; 0 = none. ENETDOWN (100) tells that the interface went down.</summary>
    public int Errno { get; private set; }

    /// <summary>The packet at the index below <see cref="Count"/>.</summary>
    public ReceivedPacket this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            ref MultipleMessage message = ref _messages[index];
            ReadOnlySpan<byte> bytes = new(_buffers + (index * PacketBytesMax), (int)Math.Min(message.Length, PacketBytesMax));
            bool isTruncated = (message.Header.Flags & LibC.MSG_TRUNC) != 0;
            return *(ushort*)message.Header.Name == LibC.AF_INET6 ? ReadIPv6(in message, bytes, isTruncated) : ReadIPv4(bytes, isTruncated);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Free(_memory);
        _memory = null;
        Count = 0;
    }

    internal int ReceiveFrom(int socket)
    {
        for (int i = 0; i < PacketsMax; i++)
        {
            _vectors[i] = new IoVector { Base = _buffers + (i * PacketBytesMax), Length = PacketBytesMax };
            _messages[i].Header = new MessageHeader
            {
                Name = _names + (i * sizeof(SocketAddressIPv6)),
                NameLength = (uint)sizeof(SocketAddressIPv6),
                Vectors = _vectors + i,
                VectorCount = 1,
                Control = _controls + (i * ControlBytes),
                ControlLength = ControlBytes,
            };
        }

        int count = LibC.recvmmsg(socket, _messages, PacketsMax, LibC.MSG_DONTWAIT, null);
        Count = Math.Max(count, 0);
        Errno = count >= 0 ? 0 : LibC.Errno;
        if (Errno is LibC.EAGAIN or LibC.EINTR)
        {
            Errno = 0;
        }

        return Count;
    }

    private static ReceivedPacket ReadIPv4(ReadOnlySpan<byte> bytes, bool isTruncated)
    {
        // The kernel checked the header before it gave the packet to a raw socket; a short one can only be a bug, and reads as absent.
        bool isWhole = bytes.Length >= 20;
        return new ReceivedPacket
        {
            Bytes = bytes,
            Source = isWhole ? InternetAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(bytes[12..])) : InternetAddress.None,
            Destination = isWhole ? InternetAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(bytes[16..])) : InternetAddress.None,
            HopLimit = isWhole ? bytes[8] : -1,
            IsTruncated = isTruncated,
        };
    }

    private static ReceivedPacket ReadIPv6(in MultipleMessage message, ReadOnlySpan<byte> bytes, bool isTruncated)
    {
        SocketAddressIPv6* name = (SocketAddressIPv6*)message.Header.Name;
        InternetAddress destination = InternetAddress.None;
        int hopLimit = -1;
        byte* control = (byte*)message.Header.Control;
        nuint left = message.Header.ControlLength;
        while (left >= (nuint)sizeof(ControlHeader))
        {
            ControlHeader* header = (ControlHeader*)control;
            nuint payload = header->Length - (nuint)sizeof(ControlHeader);
            if (header->Length < (nuint)sizeof(ControlHeader) || header->Length > left)
            {
                break;
            }

            byte* value = control + sizeof(ControlHeader);
            if (header->Level == LibC.IPPROTO_IPV6 && header->Type == LibC.IPV6_PKTINFO && payload >= 20)
            {
                destination = InternetAddress.FromBytes(new ReadOnlySpan<byte>(value, 16));
            }
            else if (header->Level == LibC.IPPROTO_IPV6 && header->Type == LibC.IPV6_HOPLIMIT && payload >= 4)
            {
                hopLimit = Unsafe.ReadUnaligned<int>(value);
            }

            nuint step = (header->Length + 7) & ~(nuint)7;
            if (step >= left)
            {
                break;
            }

            control += step;
            left -= step;
        }

        return new ReceivedPacket
        {
            Bytes = bytes,
            Source = InternetAddress.FromBytes(new ReadOnlySpan<byte>(name->Address, 16)),
            Destination = destination,
            HopLimit = hopLimit,
            IsTruncated = isTruncated,
        };
    }
}
