using System.Buffers.Binary;
using FenceFirst.Core;

namespace FenceFirst.Linux;

/// <summary>An nftables table, <c>ip fencefirst</c> and <c>ip6 fencefirst</c>, that drops packets to and from the addresses it is given (no_accept).</summary>
/// <remarks>
/// The rules are keepalived's, spoken to the kernel directly (linux/netfilter/nf_tables.h): input and output one before the priority of "filter", neighbour
/// discovery exempt. Every change replaces a whole table in one transaction, so that no packet meets half of it. For one thread.
/// </remarks>
public sealed class PacketFilter : IDisposable
{
    /// <summary>Name of the tables.</summary>
    public const string Table = "fencefirst";

    private const int ReceiveBufferBytes = 1 << 18;
    private const int AnswersMax = 64;
    private NetlinkSocket? _socket;
    private uint _sequence;

    /// <summary>Replaces the table of a family; without addresses it is removed. 0 or the error number.</summary>
    /// <param name="isIPv6">Family.</param>
    /// <param name="addresses">Addresses of this family, each once.</param>
    public int Replace(bool isIPv6, IReadOnlyCollection<InternetAddress> addresses)
    {
        byte[] buffer = new byte[PacketFilterMessages.BytesFor(addresses.Count)];
        NetlinkWriter writer = new(buffer);
        uint first = _sequence + 1;
        _sequence = PacketFilterMessages.Write(ref writer, isIPv6, addresses, _sequence);
        if (writer.IsOverflowed)
        {
            return ErrorNumber.InvalidArgument;
        }

        try
        {
            _socket ??= new NetlinkSocket(ReceiveBufferBytes, LibC.NETLINK_NETFILTER);
        }
        catch (LinuxException exception)
        {
            return exception.Errno;
        }

        int errno = _socket.Send(buffer.AsSpan(0, writer.Length));
        return errno != 0 ? errno : Answer(first);
    }

    /// <inheritdoc/>
    public void Dispose() => _socket?.Dispose();

    // The kernel has worked on the whole batch when send returns: every refusal waits already, and the acknowledgement of the last message.
    private int Answer(uint first)
    {
        byte[] buffer = new byte[16 * 1024];
        int errno = 0;
        for (int i = 0; i < AnswersMax; i++)
        {
            int length = _socket!.Receive(buffer); // Made by the caller.
            if (length <= 0)
            {
                return errno == 0 ? -length : errno;
            }

            NetlinkReader reader = new(buffer.AsSpan(0, length));
            while (reader.TryNext(out NetlinkMessage message))
            {
                if (message.Type == Netlink.Error && message.Sequence >= first && message.Payload.Length >= 4)
                {
                    int one = -BinaryPrimitives.ReadInt32LittleEndian(message.Payload);
                    errno = errno == 0 ? one : errno;
                }
            }
        }

        return errno;
    }
}

/// <summary>The messages of <see cref="PacketFilter"/>. Pure: bytes into a caller's buffer.</summary>
internal static class PacketFilterMessages
{
    private const ushort BatchBegin = 0x10;
    private const ushort BatchEnd = 0x11;
    private const ushort NewTable = 0xa00;
    private const ushort DeleteTable = 0xa02;
    private const ushort NewChain = 0xa03;
    private const ushort NewRule = 0xa06;
    private const ushort NewSet = 0xa09;
    private const ushort NewElements = 0xa0c;
    private const string Set = "vips";
    private const uint Drop = 0;
    private const uint Accept = 1;

    /// <summary>An attribute is shorter than 64 KB: the elements go in portions.</summary>
    private const int ElementsMax = 1000;

    /// <summary>Bytes that always suffice for so many addresses.</summary>
    internal static int BytesFor(int addresses) => 8192 + (addresses * 40) + (addresses / ElementsMax * 128);

    /// <summary>Writes one transaction; returns the number of its last message.</summary>
    internal static uint Write(ref NetlinkWriter writer, bool isIPv6, IReadOnlyCollection<InternetAddress> addresses, uint sequence)
    {
        byte family = isIPv6 ? (byte)LibC.AF_INET6 : (byte)LibC.AF_INET;
        Begin(ref writer, BatchBegin, 0, 0, ref sequence, resource: 10);
        writer.EndMessage();

        // Made before it is removed: a table that is not there cannot be, and would spoil the transaction.
        WriteTable(ref writer, family, NewTable, Netlink.Create, ref sequence);
        WriteTable(ref writer, family, DeleteTable, addresses.Count == 0 ? Netlink.Acknowledge : 0, ref sequence);
        if (addresses.Count > 0)
        {
            WriteTable(ref writer, family, NewTable, Netlink.Create, ref sequence);
            WriteSet(ref writer, isIPv6, family, ref sequence);
            foreach (InternetAddress[] portion in addresses.Chunk(ElementsMax))
            {
                WriteElements(ref writer, family, portion, ref sequence);
            }

            WriteChain(ref writer, isIPv6, family, "out", hook: 3, ref sequence);
            WriteChain(ref writer, isIPv6, family, "in", hook: 1, ref sequence);
        }

        Begin(ref writer, BatchEnd, 0, 0, ref sequence, resource: 10);
        writer.EndMessage();
        return sequence;
    }

    private static void WriteTable(ref NetlinkWriter writer, byte family, ushort type, int flags, ref uint sequence)
    {
        Begin(ref writer, type, flags, family, ref sequence);
        writer.Attribute(1, PacketFilter.Table);
        writer.EndMessage();
    }

    private static void WriteSet(ref NetlinkWriter writer, bool isIPv6, byte family, ref uint sequence)
    {
        Begin(ref writer, NewSet, Netlink.Create, family, ref sequence);
        writer.Attribute(1, PacketFilter.Table);
        writer.Attribute(2, Set);
        Number(ref writer, 3, 0);

        // Numbers of nft's own types, ipv4_addr and ipv6_addr: only for people who list the set.
        Number(ref writer, 4, isIPv6 ? 8u : 7u);
        Number(ref writer, 5, isIPv6 ? 16u : 4u);
        Number(ref writer, 10, 1);
        writer.EndMessage();
    }

    private static void WriteElements(ref NetlinkWriter writer, byte family, InternetAddress[] addresses, ref uint sequence)
    {
        Begin(ref writer, NewElements, Netlink.Create, family, ref sequence);
        writer.Attribute(1, PacketFilter.Table);
        writer.Attribute(2, Set);
        int all = writer.BeginNested(3 | Nested);
        foreach (InternetAddress address in addresses)
        {
            int element = writer.BeginNested(1 | Nested);
            int key = writer.BeginNested(1 | Nested);
            writer.Attribute(1, address);
            writer.EndNested(key);
            writer.EndNested(element);
        }

        writer.EndNested(all);
        writer.EndMessage();
    }

    private static void WriteChain(ref NetlinkWriter writer, bool isIPv6, byte family, string name, uint hook, ref uint sequence)
    {
        const int BeforeFilter = -1;
        Begin(ref writer, NewChain, Netlink.Create, family, ref sequence);
        writer.Attribute(1, PacketFilter.Table);
        writer.Attribute(3, name);
        int place = writer.BeginNested(4 | Nested);
        Number(ref writer, 1, hook);
        Number(ref writer, 2, unchecked((uint)BeforeFilter));
        writer.EndNested(place);
        Number(ref writer, 5, Accept);
        writer.Attribute(7, "filter");
        writer.EndMessage();
        if (isIPv6)
        {
            foreach (byte neighbour in (ReadOnlySpan<byte>)[135, 136])
            {
                WriteNeighbourRule(ref writer, family, name, neighbour, ref sequence);
            }
        }

        // Of the IP header: destination on the way in, source on the way out.
        uint offset = (isIPv6, name == "in") switch { (false, true) => 16, (false, false) => 12, (true, true) => 24, (true, false) => 8 };
        int rule = BeginRule(ref writer, name, family, name == "in" ? Netlink.Acknowledge : 0, ref sequence);
        Payload(ref writer, networkHeader: true, offset, isIPv6 ? 16u : 4u);
        int lookup = BeginExpression(ref writer, "lookup");
        writer.Attribute(1, Set);
        Number(ref writer, 2, 1);
        Number(ref writer, 4, 1);
        EndExpression(ref writer, lookup);
        Verdict(ref writer, Drop);
        writer.EndNested(rule);
        writer.EndMessage();
    }

    private static void WriteNeighbourRule(ref NetlinkWriter writer, byte family, string chain, byte type, ref uint sequence)
    {
        const uint LayerFourProtocol = 16;
        const byte IcmpVersion6 = 58;
        int rule = BeginRule(ref writer, chain, family, 0, ref sequence);
        int meta = BeginExpression(ref writer, "meta");
        Number(ref writer, 2, LayerFourProtocol);
        Number(ref writer, 1, 1);
        EndExpression(ref writer, meta);
        Compare(ref writer, IcmpVersion6);
        Payload(ref writer, networkHeader: false, 0, 1);
        Compare(ref writer, type);
        Verdict(ref writer, Accept);
        writer.EndNested(rule);
        writer.EndMessage();
    }

    private static int BeginRule(ref NetlinkWriter writer, string chain, byte family, int flags, ref uint sequence)
    {
        Begin(ref writer, NewRule, Netlink.Create | Netlink.Append | flags, family, ref sequence);
        writer.Attribute(1, PacketFilter.Table);
        writer.Attribute(2, chain);
        return writer.BeginNested(4 | Nested);
    }

    private static void Payload(ref NetlinkWriter writer, bool networkHeader, uint offset, uint length)
    {
        int expression = BeginExpression(ref writer, "payload");
        Number(ref writer, 1, 1);
        Number(ref writer, 2, networkHeader ? 1u : 2u);
        Number(ref writer, 3, offset);
        Number(ref writer, 4, length);
        EndExpression(ref writer, expression);
    }

    private static void Compare(ref NetlinkWriter writer, byte value)
    {
        int expression = BeginExpression(ref writer, "cmp");
        Number(ref writer, 1, 1);
        Number(ref writer, 2, 0);
        int data = writer.BeginNested(3 | Nested);
        writer.Attribute(1, value);
        writer.EndNested(data);
        EndExpression(ref writer, expression);
    }

    private static void Verdict(ref NetlinkWriter writer, uint code)
    {
        int expression = BeginExpression(ref writer, "immediate");
        Number(ref writer, 1, 0);
        int data = writer.BeginNested(2 | Nested);
        int verdict = writer.BeginNested(2 | Nested);
        Number(ref writer, 1, code);
        writer.EndNested(verdict);
        writer.EndNested(data);
        EndExpression(ref writer, expression);
    }

    // Two nests: the element of the list, and the data of the expression. Both begin at known places.
    private static int BeginExpression(ref NetlinkWriter writer, string name)
    {
        int element = writer.BeginNested(1 | Nested);
        writer.Attribute(1, name);
        writer.BeginNested(2 | Nested);
        return element;
    }

    private static void EndExpression(ref NetlinkWriter writer, int element)
    {
        writer.EndNested(element + Netlink.AttributeHeaderBytes + writer.AttributeBytesAt(element + Netlink.AttributeHeaderBytes));
        writer.EndNested(element);
    }

    private static void Begin(ref NetlinkWriter writer, ushort type, int flags, byte family, ref uint sequence, ushort resource = 0)
    {
        writer.BeginMessage(type, Netlink.Request | flags, ++sequence);
        Span<byte> header = writer.Reserve(4);
        NetlinkWriter.Put(header, 0, family);
        NetlinkWriter.Put(header, 2, BinaryPrimitives.ReverseEndianness(resource));
    }

    // nf_tables has its numbers in network byte order.
    private static void Number(ref NetlinkWriter writer, ushort type, uint value) => writer.Attribute(type, BinaryPrimitives.ReverseEndianness(value));

    private const ushort Nested = 0x8000;
}
