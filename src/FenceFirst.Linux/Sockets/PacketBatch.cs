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

    /// <summary>
    /// When the kernel took it from the interface, nanoseconds since 1970 by the clock that the operator sets; 0 = the kernel did not say. Good for a difference
    /// to the same clock, <see cref="MonotonicClock.UnixNanoseconds"/>, that is believed within bounds: somebody may set the clock in between.
    /// </summary>
    public required long ReceivedAt { get; init; }

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
        for (int i = 0; i < PacketsMax; i++)
        {
            _vectors[i] = new IoVector { Base = _buffers + (i * PacketBytesMax), Length = PacketBytesMax };
            Offer(i);
        }
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
            return *(ushort*)message.Header.Name == LibC.AF_INET6 ? ReadIPv6(in message, bytes, isTruncated) : ReadIPv4(in message, bytes, isTruncated);
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
        // The kernel has changed the headers that it filled, and no others.
        for (int i = 0; i < Count; i++)
        {
            Offer(i);
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

    private void Offer(int index) => _messages[index].Header = new MessageHeader
    {
        Name = _names + (index * sizeof(SocketAddressIPv6)),
        NameLength = (uint)sizeof(SocketAddressIPv6),
        Vectors = _vectors + index,
        VectorCount = 1,
        Control = _controls + (index * ControlBytes),
        ControlLength = ControlBytes,
    };

    private static ReceivedPacket ReadIPv4(in MultipleMessage message, ReadOnlySpan<byte> bytes, bool isTruncated)
    {
        // The time stamp is the only control message that is asked for.
        ControlHeader* header = (ControlHeader*)message.Header.Control;
        bool isStamped = message.Header.ControlLength >= (nuint)(sizeof(ControlHeader) + sizeof(TimeSpec)) && IsStamp(header);

        // The kernel checked the header before it gave the packet to a raw socket; a short one can only be a bug, and reads as absent.
        bool isWhole = bytes.Length >= 20;
        return new ReceivedPacket
        {
            Bytes = bytes,
            Source = isWhole ? InternetAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(bytes[12..])) : InternetAddress.None,
            Destination = isWhole ? InternetAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(bytes[16..])) : InternetAddress.None,
            HopLimit = isWhole ? bytes[8] : -1,
            ReceivedAt = isStamped ? ReadStamp((byte*)header + sizeof(ControlHeader)) : 0,
            IsTruncated = isTruncated,
        };
    }

    private static ReceivedPacket ReadIPv6(in MultipleMessage message, ReadOnlySpan<byte> bytes, bool isTruncated)
    {
        SocketAddressIPv6* name = (SocketAddressIPv6*)message.Header.Name;
        InternetAddress destination = InternetAddress.None;
        int hopLimit = -1;
        long receivedAt = 0;
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
            else if (IsStamp(header) && payload >= (nuint)sizeof(TimeSpec))
            {
                receivedAt = ReadStamp(value);
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
            ReceivedAt = receivedAt,
            IsTruncated = isTruncated,
        };
    }

    private static bool IsStamp(ControlHeader* header) => header->Level == LibC.SOL_SOCKET && header->Type == LibC.SO_TIMESTAMPNS;

    private static long ReadStamp(byte* value)
    {
        TimeSpec time = Unsafe.ReadUnaligned<TimeSpec>(value);
        return (time.Seconds * 1_000_000_000) + time.Nanoseconds;
    }
}
