using System.Text;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Network;
using static FenceFirst.Linux.Filters.NfTables;

namespace FenceFirst.Linux.Filters;

/// <summary>
/// The messages of <see cref="PacketFilter.ReplaceReportFilter"/>. A report of group membership, or a router solicitation, from a virtual MAC address would make
/// switches send a standby what is for the master; the groups are joined on the interface below as well, whose reports pass. Pure: bytes into a caller's buffer.
/// </summary>
internal static class ReportFilterMessages
{
    private const string Set = "vmacs";
    private const string Chain = "out";
    private const int NameBytes = 16;
    private const byte Igmp = 2;

    /// <summary>An attribute is shorter than 64 KB: the elements go in portions.</summary>
    private const int ElementsMax = 1000;

    /// <summary>Listener report and done, version 1; router solicitation; listener report, version 2 (RFC 2710, RFC 4861, RFC 3810).</summary>
    private static ReadOnlySpan<byte> IcmpTypes => [131, 132, 133, 143];

    /// <summary>Bytes that always suffice for so many interfaces.</summary>
    internal static int BytesFor(int links) => 8192 + (links * 40) + (links / ElementsMax * 128);

    /// <summary>Writes one transaction; returns the number of its last message.</summary>
    internal static uint Write(ref NetlinkWriter writer, bool isIPv6, IReadOnlyCollection<string> links, uint sequence)
    {
        byte family = isIPv6 ? (byte)LibC.AF_INET6 : (byte)LibC.AF_INET;
        Begin(ref writer, BatchBegin, 0, 0, ref sequence, resource: 10);
        writer.EndMessage();

        // Made before it is removed: a table that is not there cannot be, and would spoil the transaction.
        WriteTable(ref writer, PacketFilter.ReportTable, family, NewTable, Netlink.Create, ref sequence);
        WriteTable(ref writer, PacketFilter.ReportTable, family, DeleteTable, links.Count == 0 ? Netlink.Acknowledge : 0, ref sequence);
        if (links.Count > 0)
        {
            WriteTable(ref writer, PacketFilter.ReportTable, family, NewTable, Netlink.Create, ref sequence);
            WriteSet(ref writer, family, ref sequence);
            foreach (string[] portion in links.Chunk(ElementsMax))
            {
                WriteElements(ref writer, family, portion, ref sequence);
            }

            BeginChain(ref writer, PacketFilter.ReportTable, BeforeFilter, family, Chain, hook: 3, ref sequence);
            if (isIPv6)
            {
                foreach (byte type in IcmpTypes)
                {
                    WriteRule(ref writer, family, IcmpVersion6, type, isLast: type == IcmpTypes[^1], ref sequence);
                }
            }
            else
            {
                WriteRule(ref writer, family, Igmp, icmpType: null, isLast: true, ref sequence);
            }
        }

        Begin(ref writer, BatchEnd, 0, 0, ref sequence, resource: 10);
        writer.EndMessage();
        return sequence;
    }

    private static void WriteSet(ref NetlinkWriter writer, byte family, ref uint sequence)
    {
        // Number of nft's own type ifname: only for people who list the set.
        const uint InterfaceName = 41;
        Begin(ref writer, NewSet, Netlink.Create, family, ref sequence);
        writer.Attribute(1, PacketFilter.ReportTable);
        writer.Attribute(2, Set);
        Number(ref writer, 3, 0);
        Number(ref writer, 4, InterfaceName);
        Number(ref writer, 5, NameBytes);
        Number(ref writer, 10, 1);

        // NFTNL_UDATA_SET_KEYBYTEORDER, host: without it nft lists the names backwards, that is, not at all.
        writer.Attribute(13, [0, 4, 1, 0, 0, 0]);
        writer.EndMessage();
    }

    private static void WriteElements(ref NetlinkWriter writer, byte family, string[] links, ref uint sequence)
    {
        Span<byte> name = stackalloc byte[NameBytes];
        Begin(ref writer, NewElements, Netlink.Create, family, ref sequence);
        writer.Attribute(1, PacketFilter.ReportTable);
        writer.Attribute(2, Set);
        int all = writer.BeginNested(3 | Nested);
        foreach (string link in links)
        {
            name.Clear();
            _ = Encoding.UTF8.TryGetBytes(link, name, out _);
            int element = writer.BeginNested(1 | Nested);
            int key = writer.BeginNested(1 | Nested);
            writer.Attribute(1, name);
            writer.EndNested(key);
            writer.EndNested(element);
        }

        writer.EndNested(all);
        writer.EndMessage();
    }

    private static void WriteRule(ref NetlinkWriter writer, byte family, byte protocol, byte? icmpType, bool isLast, ref uint sequence)
    {
        int rule = BeginRule(ref writer, PacketFilter.ReportTable, Chain, family, isLast ? Netlink.Acknowledge : 0, ref sequence);
        Meta(ref writer, OutgoingName);
        Lookup(ref writer, Set);
        Meta(ref writer, LayerFourProtocol);
        Compare(ref writer, protocol);
        if (icmpType is { } type)
        {
            Payload(ref writer, networkHeader: false, 0, 1);
            Compare(ref writer, type);
        }

        Verdict(ref writer, Drop);
        writer.EndNested(rule);
        writer.EndMessage();
    }
}
