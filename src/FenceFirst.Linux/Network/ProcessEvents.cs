namespace FenceFirst.Linux.Network;

/// <summary>What the kernel tells about a process.</summary>
public enum ProcessEventKind : byte
{
    /// <summary>Nothing of interest.</summary>
    None = 0,

    /// <summary>The subscription is acknowledged.</summary>
    Acknowledged,

    /// <summary><c>Other</c> has made <c>ProcessId</c>, which is its copy.</summary>
    Forked,

    /// <summary>It runs another program, or has another name.</summary>
    Changed,

    /// <summary>It has ended.</summary>
    Ended,
}

/// <summary>One event of the process connector.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="ProcessId">The process.</param>
/// <param name="Other">The parent of a fork.</param>
public readonly record struct ProcessEvent(ProcessEventKind Kind, int ProcessId, int Other = 0);

/// <summary>The messages of the process connector (linux/cn_proc.h): one datagram each.</summary>
/// <remarks>
/// nlmsghdr (16 bytes), cn_msg (20: idx, val, seq, ack, len, flags), proc_event (16: what, cpu, time; then two to four process ids).
/// Threads are told of too: there the process id is not that of the group, and they are left out.
/// </remarks>
public static class ProcessEvents
{
    /// <summary>Bytes of a message that are looked at.</summary>
    public const int MessageBytes = 128;

    private const int ConnectorIndex = 1;
    private const int BodyOffset = 36;
    private const int IdsOffset = BodyOffset + 16;
    private const uint Fork = 1;
    private const uint Exec = 2;
    private const uint Name = 0x200;
    private const uint Exit = 0x80000000;
    private const uint Listen = 1;
    private const int RequestBytes = 40;

    /// <summary>The message that begins the subscription.</summary>
    public static byte[] Subscribe()
    {
        byte[] message = new byte[RequestBytes];
        const ushort Done = 3;
        BitConverter.TryWriteBytes(message, RequestBytes);
        BitConverter.TryWriteBytes(message.AsSpan(4), Done);
        BitConverter.TryWriteBytes(message.AsSpan(16), ConnectorIndex);
        BitConverter.TryWriteBytes(message.AsSpan(20), 1);
        BitConverter.TryWriteBytes(message.AsSpan(32), (ushort)sizeof(uint));
        BitConverter.TryWriteBytes(message.AsSpan(36), Listen);
        return message;
    }

    /// <summary>Reads one datagram; anything unknown is nothing.</summary>
    public static ProcessEvent Read(ReadOnlySpan<byte> message)
    {
        if (message.Length < IdsOffset + 8 || BitConverter.ToInt32(message[16..]) != ConnectorIndex)
        {
            return default;
        }

        ReadOnlySpan<byte> ids = message[IdsOffset..];
        int first = BitConverter.ToInt32(ids);
        int second = BitConverter.ToInt32(ids[4..]);
        switch (BitConverter.ToUInt32(message[BodyOffset..]))
        {
            case 0:
                return new ProcessEvent(ProcessEventKind.Acknowledged, first);
            case Fork when ids.Length >= 16:
                int child = BitConverter.ToInt32(ids[8..]);
                return child == BitConverter.ToInt32(ids[12..]) ? new ProcessEvent(ProcessEventKind.Forked, child, second) : default;
            case Exec or Name:
                return first == second ? new ProcessEvent(ProcessEventKind.Changed, first) : default;
            case Exit:
                return first == second ? new ProcessEvent(ProcessEventKind.Ended, first) : default;
            default:
                return default;
        }
    }
}
