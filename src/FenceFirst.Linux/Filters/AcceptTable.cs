using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Linux.Network;
using static FenceFirst.Linux.Filters.NfTables;

namespace FenceFirst.Linux.Filters;

/// <summary>The table of <see cref="PacketFilter.Replace"/>: packets to and from virtual addresses are dropped, neighbour discovery is not (no_accept).</summary>
internal sealed class AcceptTable(FilterConfig settings, bool isIPv6, IReadOnlyList<InternetAddress> addresses) : FilterTable(settings.Table, isIPv6, addresses.Count)
{
    /// <inheritdoc/>
    protected override string Set => "vips";

    /// <inheritdoc/>
    protected override void WriteKind(ref NetlinkWriter writer)
    {
        // Numbers of nft's own types, ipv4_addr and ipv6_addr: only for people who list the set.
        Number(ref writer, 4, IsIPv6 ? 8u : 7u);
        Number(ref writer, 5, IsIPv6 ? 16u : 4u);
        Number(ref writer, 10, 1);
    }

    /// <inheritdoc/>
    protected override void WriteKey(ref NetlinkWriter writer, int element) => writer.Attribute(1, addresses[element]);

    /// <inheritdoc/>
    protected override void WriteChains(ref NetlinkWriter writer, ref uint sequence)
    {
        WriteChain(ref writer, "out", hook: 3, ref sequence);
        WriteChain(ref writer, "in", hook: 1, ref sequence);
    }

    private void WriteChain(ref NetlinkWriter writer, string name, uint hook, ref uint sequence)
    {
        WriteEmptyChain(ref writer, Name, settings.Priority, Family, name, hook, ref sequence);
        if (IsIPv6)
        {
            foreach (byte neighbour in (ReadOnlySpan<byte>)[135, 136])
            {
                WriteNeighbourRule(ref writer, name, neighbour, ref sequence);
            }
        }

        // Of the IP header: destination on the way in, source on the way out.
        uint offset = (IsIPv6, name == "in") switch { (false, true) => 16, (false, false) => 12, (true, true) => 24, (true, false) => 8 };
        int rule = BeginRule(ref writer, Name, name, Family, ref sequence);
        Payload(ref writer, networkHeader: true, offset, IsIPv6 ? 16u : 4u);
        Lookup(ref writer, Set);
        if (settings.HasCounters)
        {
            EndExpression(ref writer, BeginExpression(ref writer, "counter"));
        }

        Verdict(ref writer, Drop);
        writer.EndNested(rule);
        writer.EndMessage();
    }

    private void WriteNeighbourRule(ref NetlinkWriter writer, string chain, byte type, ref uint sequence)
    {
        int rule = BeginRule(ref writer, Name, chain, Family, ref sequence);
        Meta(ref writer, LayerFourProtocol);
        Compare(ref writer, IcmpVersion6);
        Payload(ref writer, networkHeader: false, 0, 1);
        Compare(ref writer, type);
        Verdict(ref writer, Accept);
        writer.EndNested(rule);
        writer.EndMessage();
    }
}
