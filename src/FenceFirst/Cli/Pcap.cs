using System.Buffers.Binary;

namespace FenceFirst.Cli;

/// <summary>What the first bytes of a captured packet are.</summary>
internal enum PcapLink
{
    Ethernet,
    RawIP,
    LinuxCooked,
    LinuxCooked2,
}

/// <summary>One captured packet.</summary>
/// <param name="Seconds">Seconds since 1970, UTC.</param>
/// <param name="Nanoseconds">0..999 999 999.</param>
/// <param name="Bytes">What was captured.</param>
/// <param name="OriginalLength">Length on the wire; more than captured if the capture cut it.</param>
internal readonly record struct PcapPacket(uint Seconds, uint Nanoseconds, ReadOnlyMemory<byte> Bytes, uint OriginalLength);

/// <summary>Reads classic pcap files: both byte orders, micro- and nanoseconds; every bound is named and every failure is a sentence.</summary>
/// <remarks>
/// <code>
/// file:   magic | version 2.4 | 8 unused bytes | longest capture | link type       24 bytes
/// packet: seconds | micro- or nanoseconds | captured | original | bytes            16 bytes and the packet
/// </code>
/// </remarks>
internal sealed class Pcap
{
    /// <summary>Longest packet accepted, what capture programs use as "everything".</summary>
    public const int PacketBytesMax = 262_144;

    /// <summary>Most packets read from one file.</summary>
    public const int PacketsMax = 1_000_000;

    private const uint MagicMicroseconds = 0xa1b2c3d4;
    private const uint MagicNanoseconds = 0xa1b23c4d;
    private const uint MagicPcapNg = 0x0a0d0d0a;
    private const int FileHeaderLength = 24;
    private const int PacketHeaderLength = 16;

    private readonly Stream _stream;
    private readonly bool _isBigEndian;
    private readonly bool _isNanosecond;
    private int _packets;

    private Pcap(Stream stream, bool isBigEndian, bool isNanosecond, PcapLink link)
    {
        _stream = stream;
        _isBigEndian = isBigEndian;
        _isNanosecond = isNanosecond;
        Link = link;
    }

    /// <summary>What every packet of the file starts with.</summary>
    public PcapLink Link { get; }

    /// <summary>Reads the file header; on refusal the error says what the file is instead, as far as that can be told.</summary>
    public static bool TryOpen(Stream stream, out Pcap? pcap, out string error)
    {
        pcap = null;
        Span<byte> header = stackalloc byte[FileHeaderLength];
        int read = stream.ReadAtLeast(header, FileHeaderLength, throwOnEndOfStream: false);
        if (read < 4)
        {
            error = "the file is too short for a capture";
            return false;
        }

        uint magic = BinaryPrimitives.ReadUInt32BigEndian(header);
        if (magic == MagicPcapNg)
        {
            error = "the file is a pcapng capture; convert it to classic pcap first (tshark -F pcap -r IN -w OUT)";
            return false;
        }

        bool isBigEndian = magic is MagicMicroseconds or MagicNanoseconds;
        uint ordered = isBigEndian ? magic : BinaryPrimitives.ReverseEndianness(magic);
        if (ordered is not (MagicMicroseconds or MagicNanoseconds))
        {
            error = $"the file is no pcap capture: it starts with {magic:x8}";
            return false;
        }

        if (read < FileHeaderLength)
        {
            error = "the file ends within the pcap file header";
            return false;
        }

        // The upper bits say how long the frame check sequence is; it is not part of what is decoded.
        uint linkType = Read32(header[20..], isBigEndian) & 0x03ff_ffff;
        PcapLink? link = linkType switch
        {
            1 => PcapLink.Ethernet,
            101 or 228 or 229 => PcapLink.RawIP,
            113 => PcapLink.LinuxCooked,
            276 => PcapLink.LinuxCooked2,
            _ => null,
        };
        if (link is null)
        {
            error = $"the capture has link type {linkType}; known are 1 (Ethernet), 101, 228, 229 (raw IP), 113 and 276 (Linux cooked)";
            return false;
        }

        error = "";
        pcap = new Pcap(stream, isBigEndian, ordered == MagicNanoseconds, link.Value);
        return true;
    }

    /// <summary>Reads the next packet; false at the end, and then <paramref name="error"/> is empty unless the file is damaged.</summary>
    public bool TryReadNext(out PcapPacket packet, out string error)
    {
        packet = default;
        error = "";
        Span<byte> header = stackalloc byte[PacketHeaderLength];
        int read = _stream.ReadAtLeast(header, PacketHeaderLength, throwOnEndOfStream: false);
        if (read == 0)
        {
            return false;
        }

        if (_packets == PacketsMax)
        {
            error = $"the capture holds more than {PacketsMax} packets; the rest was not read";
            return false;
        }

        if (read < PacketHeaderLength)
        {
            error = $"the capture ends within the header of packet {_packets + 1}";
            return false;
        }

        uint fraction = Read32(header[4..], _isBigEndian);
        uint captured = Read32(header[8..], _isBigEndian);
        uint fractionMax = _isNanosecond ? 999_999_999u : 999_999u;
        if (captured > PacketBytesMax || fraction > fractionMax)
        {
            error = $"the header of packet {_packets + 1} is damaged";
            return false;
        }

        byte[] bytes = new byte[captured];
        if (_stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
        {
            error = $"the capture ends within packet {_packets + 1}";
            return false;
        }

        _packets++;
        packet = new PcapPacket(
            Read32(header, _isBigEndian), _isNanosecond ? fraction : fraction * 1000, bytes, Read32(header[12..], _isBigEndian));
        return true;
    }

    private static uint Read32(ReadOnlySpan<byte> bytes, bool isBigEndian) =>
        isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
}
