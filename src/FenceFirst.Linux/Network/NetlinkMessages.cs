using System.Runtime.InteropServices;
using System.Text;

namespace FenceFirst.Linux.Network;

/// <summary>Numbers of rtnetlink (linux/netlink.h, rtnetlink.h, if_addr.h, if_link.h, fib_rules.h).</summary>
internal static class Netlink
{
    internal const int HeaderBytes = 16;
    internal const int AttributeHeaderBytes = 4;

    internal const ushort Error = 2;
    internal const ushort Done = 3;

    internal const ushort NewLink = 16;
    internal const ushort DeleteLink = 17;
    internal const ushort GetLink = 18;
    internal const ushort NewAddress = 20;
    internal const ushort DeleteAddress = 21;
    internal const ushort GetAddress = 22;
    internal const ushort NewRoute = 24;
    internal const ushort DeleteRoute = 25;
    internal const ushort NewRule = 32;
    internal const ushort DeleteRule = 33;

    internal const ushort Request = 0x1;
    internal const ushort Acknowledge = 0x4;
    internal const ushort DumpInterrupted = 0x10;
    internal const ushort ExtendedAcknowledgement = 0x200;
    internal const ushort Replace = 0x100;
    internal const ushort Exclusive = 0x200;
    internal const ushort Dump = 0x300;
    internal const ushort Create = 0x400;
    internal const ushort Append = 0x800;

    /// <summary>RTPROT_KEEPALIVED: owner mark of our addresses, routes and rules, so that tools which know keepalived know ours.</summary>
    internal const byte Protocol = 18;

    internal static int Align(int length) => (length + 3) & ~3;
}

/// <summary>Writes netlink messages into a caller's buffer. Pure; a buffer that is too small sets <see cref="IsOverflowed"/>.</summary>
internal ref struct NetlinkWriter(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer;
    private int _message;

    /// <summary>Bytes written, padding included.</summary>
    internal int Length { get; private set; }

    /// <summary>Whether something did not fit: what was written must not be sent.</summary>
    internal bool IsOverflowed { get; private set; }

    internal void BeginMessage(ushort type, int flags, uint sequence)
    {
        _message = Length;
        Span<byte> header = Reserve(Netlink.HeaderBytes);
        Put(header, 4, type);
        Put(header, 6, (ushort)flags);
        Put(header, 8, sequence);
    }

    internal readonly void EndMessage()
    {
        if (!IsOverflowed)
        {
            Put(_buffer[_message..], 0, (uint)(Length - _message));
        }
    }

    /// <summary>Takes zeroed bytes, rounded up to the alignment; empty after an overflow.</summary>
    internal Span<byte> Reserve(int length)
    {
        int aligned = Netlink.Align(length);
        if (IsOverflowed || aligned > _buffer.Length - Length)
        {
            IsOverflowed = true;
            return default;
        }

        Span<byte> taken = _buffer.Slice(Length, aligned);
        taken.Clear();
        Length += aligned;
        return taken[..length];
    }

    internal void Attribute(ushort type, scoped ReadOnlySpan<byte> value)
    {
        Span<byte> place = Reserve(Netlink.AttributeHeaderBytes + value.Length);
        if (!place.IsEmpty)
        {
            Put(place, 0, (ushort)place.Length);
            Put(place, 2, type);
            value.CopyTo(place[Netlink.AttributeHeaderBytes..]);
        }
    }

    internal void Attribute(ushort type, byte value) => Attribute(type, [value]);

    internal void Attribute(ushort type, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        Put(bytes, 0, value);
        Attribute(type, bytes);
    }

    internal void Attribute(ushort type, Core.InternetAddress value)
    {
        Span<byte> bytes = stackalloc byte[16];
        Attribute(type, bytes[..value.WriteTo(bytes)]);
    }

    /// <summary>A string with its terminating zero; longer than 250 bytes overflows (the kernel's names have 15).</summary>
    internal void Attribute(ushort type, string value)
    {
        Span<byte> bytes = stackalloc byte[251];
        bytes.Clear();
        if (!Encoding.UTF8.TryGetBytes(value, bytes[..250], out int written))
        {
            IsOverflowed = true;
            return;
        }

        Attribute(type, bytes[..(written + 1)]);
    }

    /// <summary>Begins an attribute that holds others; the result is given to <see cref="EndNested"/>.</summary>
    internal int BeginNested(ushort type)
    {
        int start = Length;
        Span<byte> place = Reserve(Netlink.AttributeHeaderBytes);
        Put(place, 2, type);
        return start;
    }

    internal readonly void EndNested(int start)
    {
        if (!IsOverflowed)
        {
            Put(_buffer[start..], 0, (ushort)(Length - start));
        }
    }

    /// <summary>Bytes that the attribute at a place takes, padding included.</summary>
    internal readonly int AttributeBytesAt(int place) => IsOverflowed ? 0 : Netlink.Align(MemoryMarshal.Read<ushort>(_buffer[place..]));

    /// <summary>Writes a number in the machine's byte order, as netlink has it; nothing after an overflow.</summary>
    internal static void Put<T>(Span<byte> place, int offset, T value)
        where T : unmanaged
    {
        if (!place.IsEmpty)
        {
            MemoryMarshal.Write(place[offset..], in value);
        }
    }
}

/// <summary>One message of a datagram.</summary>
internal readonly ref struct NetlinkMessage(ushort type, ushort flags, uint sequence, uint portId, ReadOnlySpan<byte> payload)
{
    internal ushort Type { get; } = type;

    internal ushort Flags { get; } = flags;

    internal uint Sequence { get; } = sequence;

    /// <summary>The socket whose request caused it; 0 = none.</summary>
    internal uint PortId { get; } = portId;

    /// <summary>What follows the header.</summary>
    internal ReadOnlySpan<byte> Payload { get; } = payload;
}

/// <summary>Walks through the messages of a datagram. Any bytes give messages or an end; never an exception.</summary>
internal ref struct NetlinkReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _left = bytes;

    /// <summary>Whether the walk ended at bytes that are no message.</summary>
    internal bool IsMalformed { get; private set; }

    internal bool TryNext(out NetlinkMessage message)
    {
        message = default;
        if (_left.IsEmpty || IsMalformed)
        {
            return false;
        }

        if (_left.Length < Netlink.HeaderBytes)
        {
            IsMalformed = true;
            return false;
        }

        uint length = MemoryMarshal.Read<uint>(_left);
        if (length < Netlink.HeaderBytes || length > (uint)_left.Length)
        {
            IsMalformed = true;
            return false;
        }

        message = new NetlinkMessage(
            MemoryMarshal.Read<ushort>(_left[4..]),
            MemoryMarshal.Read<ushort>(_left[6..]),
            MemoryMarshal.Read<uint>(_left[8..]),
            MemoryMarshal.Read<uint>(_left[12..]),
            _left[Netlink.HeaderBytes..(int)length]);
        _left = _left[Math.Min(Netlink.Align((int)length), _left.Length)..];
        return true;
    }
}

/// <summary>Walks through attributes. Any bytes give attributes or an end; never an exception.</summary>
internal ref struct AttributeReader(ReadOnlySpan<byte> bytes)
{
    private const ushort TypeMask = 0x3fff;
    private ReadOnlySpan<byte> _left = bytes;

    internal bool TryNext(out ushort type, out ReadOnlySpan<byte> value)
    {
        type = 0;
        value = default;
        if (_left.Length < Netlink.AttributeHeaderBytes)
        {
            return false;
        }

        ushort length = MemoryMarshal.Read<ushort>(_left);
        if (length < Netlink.AttributeHeaderBytes || length > _left.Length)
        {
            return false;
        }

        // The two upper bits are marks (nested, network byte order), not part of the type.
        type = (ushort)(MemoryMarshal.Read<ushort>(_left[2..]) & TypeMask);
        value = _left[Netlink.AttributeHeaderBytes..length];
        _left = _left[Math.Min(Netlink.Align(length), _left.Length)..];
        return true;
    }
}
