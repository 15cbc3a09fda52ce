using FenceFirst.Linux.Native;
using FenceFirst.Linux.Network;
using static FenceFirst.Linux.Filters.NfTables;

namespace FenceFirst.Linux.Filters;

/// <summary>One nftables table of ours, of one family: a set, and chains whose rules look it up. Pure: bytes into a caller's buffer.</summary>
/// <remarks>It is always written whole, in one transaction that takes away what was there before: no packet meets half of it. With an empty set there is no table.</remarks>
/// <param name="name">Its name.</param>
/// <param name="isIPv6">Its family.</param>
/// <param name="count">Number of elements of the set.</param>
internal abstract class FilterTable(string name, bool isIPv6, int count)
{
    /// <summary>An attribute is shorter than 64 KB: the elements go in portions.</summary>
    private const int ElementsMax = 1000;

    /// <summary>Bytes that always suffice.</summary>
    internal int BytesMax => 16384 + (count * 40) + (count / ElementsMax * 128);

    /// <summary>Its name.</summary>
    protected string Name => name;

    /// <summary>Whether it is of family ip6, not ip.</summary>
    protected bool IsIPv6 => isIPv6;

    /// <summary>The same as the kernel's number.</summary>
    protected byte Family => isIPv6 ? (byte)LibC.AF_INET6 : (byte)LibC.AF_INET;

    /// <summary>Name of the set.</summary>
    protected abstract string Set { get; }

    /// <summary>Writes one transaction; returns the number of its last message. One message asks for an answer.</summary>
    internal uint Write(ref NetlinkWriter writer, uint sequence)
    {
        Begin(ref writer, BatchBegin, 0, 0, ref sequence, resource: Subsystem);
        writer.EndMessage();

        // Made before it is removed: a table that is not there cannot be, and would spoil the transaction.
        WriteTable(ref writer, name, Family, NewTable, Netlink.Create, ref sequence);
        WriteTable(ref writer, name, Family, DeleteTable, Netlink.Acknowledge, ref sequence);
        if (count > 0)
        {
            WriteTable(ref writer, name, Family, NewTable, Netlink.Create, ref sequence);
            WriteSet(ref writer, ref sequence);
            for (int first = 0; first < count; first += ElementsMax)
            {
                WriteElements(ref writer, first, Math.Min(first + ElementsMax, count), ref sequence);
            }

            WriteChains(ref writer, ref sequence);
        }

        Begin(ref writer, BatchEnd, 0, 0, ref sequence, resource: Subsystem);
        writer.EndMessage();
        return sequence;
    }

    /// <summary>What the elements are: attributes of the set.</summary>
    protected abstract void WriteKind(ref NetlinkWriter writer);

    /// <summary>One element: one attribute of type 1.</summary>
    protected abstract void WriteKey(ref NetlinkWriter writer, int element);

    /// <summary>The chains with their rules: whole messages.</summary>
    protected abstract void WriteChains(ref NetlinkWriter writer, ref uint sequence);

    private void WriteSet(ref NetlinkWriter writer, ref uint sequence)
    {
        Begin(ref writer, NewSet, Netlink.Create, Family, ref sequence);
        writer.Attribute(1, name);
        writer.Attribute(2, Set);
        Number(ref writer, 3, 0);
        WriteKind(ref writer);
        writer.EndMessage();
    }

    private void WriteElements(ref NetlinkWriter writer, int first, int end, ref uint sequence)
    {
        Begin(ref writer, NewElements, Netlink.Create, Family, ref sequence);
        writer.Attribute(1, name);
        writer.Attribute(2, Set);
        int all = writer.BeginNested(3 | Nested);
        for (int i = first; i < end; i++)
        {
            int element = writer.BeginNested(1 | Nested);
            int key = writer.BeginNested(1 | Nested);
            WriteKey(ref writer, i);
            writer.EndNested(key);
            writer.EndNested(element);
        }

        writer.EndNested(all);
        writer.EndMessage();
    }
}
