using System.Text;
using FenceFirst.Core.Node;
using FenceFirst.Linux.Network;
using static FenceFirst.Linux.Filters.NfTables;

namespace FenceFirst.Linux.Filters;

/// <summary>
/// The table of <see cref="PacketFilter.ReplaceReportFilter"/>. A report of group membership, or a router solicitation, from a virtual MAC address would make
/// switches send a standby what is for the master; the groups are joined on the interface below as well, whose reports pass.
/// </summary>
internal sealed class ReportTable(bool isIPv6, IReadOnlyList<string> links) : FilterTable(FilterConfig.ReportTable, isIPv6, links.Count)
{
    private const string Chain = "out";
    private const int NameBytes = 16;
    private const byte Igmp = 2;

    /// <summary>Listener report and done, version 1; router solicitation; listener report, version 2 (RFC 2710, RFC 4861, RFC 3810).</summary>
    private static ReadOnlySpan<byte> IcmpTypes => [131, 132, 133, 143];

    /// <inheritdoc/>
    protected override string Set => "vmacs";

    /// <inheritdoc/>
    protected override void WriteKind(ref NetlinkWriter writer)
    {
        // Number of nft's own type ifname: only for people who list the set.
        const uint InterfaceName = 41;
        Number(ref writer, 4, InterfaceName);
        Number(ref writer, 5, NameBytes);
        Number(ref writer, 10, 1);

        // NFTNL_UDATA_SET_KEYBYTEORDER, host: without it nft lists the names backwards, that is, not at all.
        writer.Attribute(13, [0, 4, 1, 0, 0, 0]);
    }

    /// <inheritdoc/>
    protected override void WriteKey(ref NetlinkWriter writer, int element)
    {
        Span<byte> name = stackalloc byte[NameBytes];
        name.Clear();
        _ = Encoding.UTF8.TryGetBytes(links[element], name, out _);
        writer.Attribute(1, name);
    }

    /// <inheritdoc/>
    protected override void WriteChains(ref NetlinkWriter writer, ref uint sequence)
    {
        WriteEmptyChain(ref writer, Name, BeforeFilter, Family, Chain, hook: 3, ref sequence);
        if (!IsIPv6)
        {
            WriteRule(ref writer, Igmp, icmpType: null, ref sequence);
            return;
        }

        foreach (byte type in IcmpTypes)
        {
            WriteRule(ref writer, IcmpVersion6, type, ref sequence);
        }
    }

    private void WriteRule(ref NetlinkWriter writer, byte protocol, byte? icmpType, ref uint sequence)
    {
        int rule = BeginRule(ref writer, Name, Chain, Family, ref sequence);
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
