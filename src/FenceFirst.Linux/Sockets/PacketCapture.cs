using System.Buffers.Binary;
using FenceFirst.Core;
using FenceFirst.Linux.Native;

namespace FenceFirst.Linux.Sockets;

/// <summary>Sees every Ethernet frame of one interface, with the kernel's own time of arrival.</summary>
/// <remarks>The kernel stamps wall time; it is turned into the node's clock when read, so that a step of the wall clock meanwhile shifts a stamp.</remarks>
public sealed unsafe class PacketCapture : IDisposable
{
    private const int ReceiveBufferBytes = 4 << 20;
    private const ushort AllProtocols = 3;
    private const int ControlBytes = 128;

    private int _descriptor;

    /// <summary>Begins to capture on an interface of the calling thread's network namespace; needs CAP_NET_RAW.</summary>
    public PacketCapture(int linkIndex)
    {
        // Protocol 0 until it is bound: nothing of other interfaces is queued.
        _descriptor = SocketOptions.Open(LibC.AF_PACKET, LibC.SOCK_RAW, 0, "packet, raw");
        SocketOptions.SetReceiveBuffer(_descriptor, ReceiveBufferBytes);
        SocketOptions.Set(_descriptor, LibC.SOL_SOCKET, LibC.SO_TIMESTAMPNS, 1, "SO_TIMESTAMPNS");
        SocketAddressPacket address = new()
        {
            Family = LibC.AF_PACKET,
            LinkIndex = linkIndex,
            Protocol = BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(AllProtocols) : AllProtocols,
        };
        if (LibC.bind(_descriptor, &address, (uint)sizeof(SocketAddressPacket)) != 0)
        {
            int errno = LibC.Errno;
            Dispose();
            throw new LinuxException("bind", errno, $"packet, interface {linkIndex}");
        }
    }

    /// <summary>The descriptor to watch for reading.</summary>
    public int Descriptor => _descriptor;

    /// <summary>Takes one frame, cut to the buffer's length; false when there is none.</summary>
    public bool TryReceive(Span<byte> frame, out int length, out MonotonicInstant at)
    {
        byte* control = stackalloc byte[ControlBytes];
        fixed (byte* first = frame)
        {
            IoVector vector = new() { Base = first, Length = (nuint)frame.Length };
            MultipleMessage message = new()
            {
                Header = new MessageHeader { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = ControlBytes },
            };
            int count = LibC.recvmmsg(_descriptor, &message, 1, LibC.MSG_DONTWAIT, null);
            at = MonotonicClock.Now;
            length = count == 1 ? (int)Math.Min(message.Length, (uint)frame.Length) : 0;
            if (count == 1)
            {
                at = ReadTime(in message, at);
            }

            return count == 1;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_descriptor >= 0)
        {
            _ = LibC.close(_descriptor);
            _descriptor = -1;
        }
    }

    private static MonotonicInstant ReadTime(in MultipleMessage message, MonotonicInstant now)
    {
        ControlHeader* header = (ControlHeader*)message.Header.Control;
        nuint wanted = (nuint)(sizeof(ControlHeader) + sizeof(TimeSpec));
        if (message.Header.ControlLength < wanted || header->Length < wanted
            || header->Level != LibC.SOL_SOCKET || header->Type != LibC.SO_TIMESTAMPNS)
        {
            return now;
        }

        TimeSpec stamp = *(TimeSpec*)(header + 1);
        TimeSpec wall;
        _ = LibC.clock_gettime(LibC.CLOCK_REALTIME, &wall);
        long age = ((wall.Seconds - stamp.Seconds) * 1_000_000_000) + wall.Nanoseconds - stamp.Nanoseconds;
        return new MonotonicInstant(now.Nanoseconds - Math.Max(0, age));
    }
}
