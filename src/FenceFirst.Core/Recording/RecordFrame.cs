using System.Buffers.Binary;

namespace FenceFirst.Core.Recording;

/// <summary>What a frame of a record holds.</summary>
public enum FrameKind : byte
{
    /// <summary>The beginning: who recorded, of what version, and where chance began. Once, first.</summary>
    Header = (byte)'H',

    /// <summary>What reading the configuration asked, and the answers. Before the first event, and before each <see cref="Reload"/>.</summary>
    Configuration = (byte)'C',

    /// <summary>What the daemon remembered of its earlier life, and when it was taken up.</summary>
    Memory = (byte)'M',

    /// <summary>The kernel refused to remove what an earlier life had left: instance and side effect.</summary>
    RefusedRemoval = (byte)'N',

    /// <summary>An event and when it was delivered.</summary>
    Event = (byte)'E',

    /// <summary>The effects that the frame before led to.</summary>
    Effects = (byte)'F',

    /// <summary>A reload took effect; the instances that were kept.</summary>
    Reload = (byte)'R',

    /// <summary>The end, and why; nothing follows.</summary>
    End = (byte)'X',
}

/// <summary>A record is a line that names its format, then frames: kind (1 byte), length (4 bytes, least significant first), the frame's bytes, and a check over all of it.</summary>
/// <remarks>The check begins with the number of the frame: one that is missing, doubled or moved is noticed as well as one that is damaged.</remarks>
public static class RecordFrame
{
    /// <summary>How a record begins; another number is another format.</summary>
    public static ReadOnlySpan<byte> Magic => "FenceFirst record 1\n"u8;

    /// <summary>Bytes of a frame besides its own.</summary>
    public const int Overhead = 9;

    /// <summary>Longest frame, bytes.</summary>
    public const int LengthMax = 32 * 1024 * 1024;

    /// <summary>Writes a frame.</summary>
    /// <param name="destination">Room for the frame's bytes and <see cref="Overhead"/>.</param>
    /// <param name="number">Its number, from 0.</param>
    /// <param name="kind">What it holds.</param>
    /// <param name="payload">Its bytes.</param>
    /// <returns>Bytes written.</returns>
    public static int Write(Span<byte> destination, uint number, FrameKind kind, ReadOnlySpan<byte> payload)
    {
        destination[0] = (byte)kind;
        BinaryPrimitives.WriteInt32LittleEndian(destination[1..], payload.Length);
        payload.CopyTo(destination[5..]);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[(5 + payload.Length)..], Check(number, destination[..(5 + payload.Length)]));
        return payload.Length + Overhead;
    }

    /// <summary>Reads a frame.</summary>
    /// <param name="source">What follows the frames that were read.</param>
    /// <param name="number">Its number, from 0.</param>
    /// <param name="kind">What it holds.</param>
    /// <param name="payload">Its bytes.</param>
    /// <returns>Whether it is whole, cut off, or damaged.</returns>
    public static FrameResult Read(ReadOnlySpan<byte> source, uint number, out FrameKind kind, out ReadOnlySpan<byte> payload)
    {
        kind = default;
        payload = default;
        if (source.Length < 5)
        {
            return FrameResult.CutOff;
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(source[1..]);
        if (length is < 0 or > LengthMax || !Enum.IsDefined((FrameKind)source[0]))
        {
            return FrameResult.Damaged;
        }

        if (source.Length < length + Overhead)
        {
            return FrameResult.CutOff;
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(source[(5 + length)..]) != Check(number, source[..(5 + length)]))
        {
            return FrameResult.Damaged;
        }

        kind = (FrameKind)source[0];
        payload = source.Slice(5, length);
        return FrameResult.Whole;
    }

    /// <summary>FNV-1a, 32 bits.</summary>
    private static uint Check(uint number, ReadOnlySpan<byte> bytes)
    {
        uint check = 2166136261 ^ number;
        foreach (byte each in bytes)
        {
            check = (check ^ each) * 16777619;
        }

        return check;
    }
}

/// <summary>How a frame was found.</summary>
public enum FrameResult : byte
{
    /// <summary>Whole and as it was written.</summary>
    Whole = 0,

    /// <summary>The record ends inside it.</summary>
    CutOff,

    /// <summary>Not as it was written.</summary>
    Damaged,
}
