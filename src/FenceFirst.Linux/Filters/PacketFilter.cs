using System.Buffers.Binary;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Network;
using static FenceFirst.Linux.Filters.NfTables;

namespace FenceFirst.Linux.Filters;

/// <summary>Two nftables tables, of family ip and ip6, that drop packets to and from the addresses they are given (no_accept).</summary>
/// <remarks>
/// The rules are keepalived's, spoken to the kernel directly (linux/netfilter/nf_tables.h): input and output, by default one before the priority of "filter", neighbour
/// discovery exempt. Every change replaces a whole table in one transaction, so that no packet meets half of it. For one thread.
/// </remarks>
public sealed class PacketFilter : IDisposable
{
    /// <summary>Name of the tables of <see cref="ReplaceReportFilter"/>.</summary>
    public const string ReportTable = "fencefirst_vmac";

    private const int ReceiveBufferBytes = 1 << 18;
    private const int AnswersMax = 64;
    private NetlinkSocket? _socket;
    private uint _sequence;

    /// <summary>Name and priority; a change holds for what is replaced from then on.</summary>
    public FilterConfig Settings { get; set; } = new();

    /// <summary>The number of our socket, which stands in the kernel's news of what we have changed; 0 = nothing has been.</summary>
    internal uint PortId { get; private set; }

    /// <summary>Replaces the table of a family; without addresses it is removed. 0 or the error number.</summary>
    /// <param name="isIPv6">Family.</param>
    /// <param name="addresses">Addresses of this family, each once.</param>
    public int Replace(bool isIPv6, IReadOnlyCollection<InternetAddress> addresses)
    {
        byte[] buffer = new byte[PacketFilterMessages.BytesFor(addresses.Count)];
        NetlinkWriter writer = new(buffer);
        uint first = _sequence + 1;
        _sequence = PacketFilterMessages.Write(ref writer, Settings, isIPv6, addresses, _sequence);
        return Transact(in writer, buffer, first);
    }

    /// <summary>Replaces the table of a family that keeps reports of group membership off interfaces with a virtual MAC address; without names it is removed. 0 or the error number.</summary>
    /// <param name="isIPv6">Family.</param>
    /// <param name="links">Names of interfaces, each once.</param>
    public int ReplaceReportFilter(bool isIPv6, IReadOnlyCollection<string> links)
    {
        byte[] buffer = new byte[ReportFilterMessages.BytesFor(links.Count)];
        NetlinkWriter writer = new(buffer);
        uint first = _sequence + 1;
        _sequence = ReportFilterMessages.Write(ref writer, isIPv6, links, _sequence);
        return Transact(in writer, buffer, first);
    }

    /// <inheritdoc/>
    public void Dispose() => _socket?.Dispose();

    private int Transact(in NetlinkWriter writer, byte[] buffer, uint first)
    {
        if (writer.IsOverflowed)
        {
            return ErrorNumber.InvalidArgument;
        }

        try
        {
            _socket ??= new NetlinkSocket(ReceiveBufferBytes, LibC.NETLINK_NETFILTER);
            PortId = PortId == 0 ? _socket.PortId : PortId;
        }
        catch (LinuxException exception)
        {
            return exception.Errno;
        }

        int errno = _socket.Send(buffer.AsSpan(0, writer.Length));
        return errno != 0 ? errno : Answer(first);
    }

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
    private const string Set = "vips";

    /// <summary>An attribute is shorter than 64 KB: the elements go in portions.</summary>
    private const int ElementsMax = 1000;

    /// <summary>Bytes that always suffice for so many addresses.</summary>
    internal static int BytesFor(int addresses) => 16384 + (addresses * 40) + (addresses / ElementsMax * 128);

    /// <summary>Writes one transaction; returns the number of its last message.</summary>
    internal static uint Write(ref NetlinkWriter writer, FilterConfig settings, bool isIPv6, IReadOnlyCollection<InternetAddress> addresses, uint sequence)
    {
        byte family = isIPv6 ? (byte)LibC.AF_INET6 : (byte)LibC.AF_INET;
        Begin(ref writer, BatchBegin, 0, 0, ref sequence, resource: 10);
        writer.EndMessage();

        // Made before it is removed: a table that is not there cannot be, and would spoil the transaction.
        WriteTable(ref writer, settings.Table, family, NewTable, Netlink.Create, ref sequence);
        WriteTable(ref writer, settings.Table, family, DeleteTable, addresses.Count == 0 ? Netlink.Acknowledge : 0, ref sequence);
        if (addresses.Count > 0)
        {
            WriteTable(ref writer, settings.Table, family, NewTable, Netlink.Create, ref sequence);
            WriteSet(ref writer, settings, isIPv6, family, ref sequence);
            foreach (InternetAddress[] portion in addresses.Chunk(ElementsMax))
            {
                WriteElements(ref writer, settings, family, portion, ref sequence);
            }

            WriteChain(ref writer, settings, isIPv6, family, "out", hook: 3, ref sequence);
            WriteChain(ref writer, settings, isIPv6, family, "in", hook: 1, ref sequence);
        }

        Begin(ref writer, BatchEnd, 0, 0, ref sequence, resource: 10);
        writer.EndMessage();
        return sequence;
    }

    private static void WriteSet(ref NetlinkWriter writer, FilterConfig settings, bool isIPv6, byte family, ref uint sequence)
    {
        Begin(ref writer, NewSet, Netlink.Create, family, ref sequence);
        writer.Attribute(1, settings.Table);
        writer.Attribute(2, Set);
        Number(ref writer, 3, 0);

        // Numbers of nft's own types, ipv4_addr and ipv6_addr: only for people who list the set.
        Number(ref writer, 4, isIPv6 ? 8u : 7u);
        Number(ref writer, 5, isIPv6 ? 16u : 4u);
        Number(ref writer, 10, 1);
        writer.EndMessage();
    }

    private static void WriteElements(ref NetlinkWriter writer, FilterConfig settings, byte family, InternetAddress[] addresses, ref uint sequence)
    {
        Begin(ref writer, NewElements, Netlink.Create, family, ref sequence);
        writer.Attribute(1, settings.Table);
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

    private static void WriteChain(ref NetlinkWriter writer, FilterConfig settings, bool isIPv6, byte family, string name, uint hook, ref uint sequence)
    {
        BeginChain(ref writer, settings.Table, settings.Priority, family, name, hook, ref sequence);
        if (isIPv6)
        {
            foreach (byte neighbour in (ReadOnlySpan<byte>)[135, 136])
            {
                WriteNeighbourRule(ref writer, settings, family, name, neighbour, ref sequence);
            }
        }

        // Of the IP header: destination on the way in, source on the way out.
        uint offset = (isIPv6, name == "in") switch { (false, true) => 16, (false, false) => 12, (true, true) => 24, (true, false) => 8 };
        int rule = BeginRule(ref writer, settings.Table, name, family, name == "in" ? Netlink.Acknowledge : 0, ref sequence);
        Payload(ref writer, networkHeader: true, offset, isIPv6 ? 16u : 4u);
        Lookup(ref writer, Set);
        if (settings.HasCounters)
        {
            EndExpression(ref writer, BeginExpression(ref writer, "counter"));
        }

        Verdict(ref writer, Drop);
        writer.EndNested(rule);
        writer.EndMessage();
    }

    private static void WriteNeighbourRule(ref NetlinkWriter writer, FilterConfig settings, byte family, string chain, byte type, ref uint sequence)
    {
        int rule = BeginRule(ref writer, settings.Table, chain, family, 0, ref sequence);
        Meta(ref writer, LayerFourProtocol);
        Compare(ref writer, IcmpVersion6);
        Payload(ref writer, networkHeader: false, 0, 1);
        Compare(ref writer, type);
        Verdict(ref writer, Accept);
        writer.EndNested(rule);
        writer.EndMessage();
    }
}
