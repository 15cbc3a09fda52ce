using System.Buffers.Binary;
using FenceFirst.Linux.Network;

namespace FenceFirst.Linux.Filters;

/// <summary>The parts of nf_tables messages (linux/netfilter/nf_tables.h) that every table of ours is made of. Pure: bytes into a caller's buffer.</summary>
internal static class NfTables
{
    internal const ushort BatchBegin = 0x10;
    internal const ushort BatchEnd = 0x11;
    internal const ushort NewTable = 0xa00;
    internal const ushort DeleteTable = 0xa02;
    internal const ushort NewChain = 0xa03;
    internal const ushort NewRule = 0xa06;
    internal const ushort NewSet = 0xa09;
    internal const ushort NewElements = 0xa0c;
    internal const uint Drop = 0;
    internal const uint Accept = 1;
    internal const uint OutgoingName = 7;
    internal const uint LayerFourProtocol = 16;
    internal const byte IcmpVersion6 = 58;
    internal const ushort Nested = 0x8000;

    /// <summary>NFNL_SUBSYS_NFTABLES.</summary>
    internal const ushort Subsystem = 10;

    internal static void WriteTable(ref NetlinkWriter writer, string table, byte family, ushort type, int flags, ref uint sequence)
    {
        Begin(ref writer, type, flags, family, ref sequence);
        writer.Attribute(1, table);
        writer.EndMessage();
    }

    /// <summary>One before the priority of "filter".</summary>
    internal const int BeforeFilter = -1;

    /// <summary>A whole chain without rules; hook 1 = input, 3 = output.</summary>
    internal static void WriteEmptyChain(ref NetlinkWriter writer, string table, int priority, byte family, string name, uint hook, ref uint sequence)
    {
        Begin(ref writer, NewChain, Netlink.Create, family, ref sequence);
        writer.Attribute(1, table);
        writer.Attribute(3, name);
        int place = writer.BeginNested(4 | Nested);
        Number(ref writer, 1, hook);
        Number(ref writer, 2, unchecked((uint)priority));
        writer.EndNested(place);
        Number(ref writer, 5, Accept);
        writer.Attribute(7, "filter");
        writer.EndMessage();
    }

    internal static void Meta(ref NetlinkWriter writer, uint key)
    {
        int meta = BeginExpression(ref writer, "meta");
        Number(ref writer, 2, key);
        Number(ref writer, 1, 1);
        EndExpression(ref writer, meta);
    }

    internal static void Lookup(ref NetlinkWriter writer, string set)
    {
        int lookup = BeginExpression(ref writer, "lookup");
        writer.Attribute(1, set);
        Number(ref writer, 2, 1);
        Number(ref writer, 4, 1);
        EndExpression(ref writer, lookup);
    }

    internal static int BeginRule(ref NetlinkWriter writer, string table, string chain, byte family, ref uint sequence)
    {
        Begin(ref writer, NewRule, Netlink.Create | Netlink.Append, family, ref sequence);
        writer.Attribute(1, table);
        writer.Attribute(2, chain);
        return writer.BeginNested(4 | Nested);
    }

    internal static void Payload(ref NetlinkWriter writer, bool networkHeader, uint offset, uint length)
    {
        int expression = BeginExpression(ref writer, "payload");
        Number(ref writer, 1, 1);
        Number(ref writer, 2, networkHeader ? 1u : 2u);
        Number(ref writer, 3, offset);
        Number(ref writer, 4, length);
        EndExpression(ref writer, expression);
    }

    internal static void Compare(ref NetlinkWriter writer, byte value)
    {
        int expression = BeginExpression(ref writer, "cmp");
        Number(ref writer, 1, 1);
        Number(ref writer, 2, 0);
        int data = writer.BeginNested(3 | Nested);
        writer.Attribute(1, value);
        writer.EndNested(data);
        EndExpression(ref writer, expression);
    }

    internal static void Verdict(ref NetlinkWriter writer, uint code)
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
    internal static int BeginExpression(ref NetlinkWriter writer, string name)
    {
        int element = writer.BeginNested(1 | Nested);
        writer.Attribute(1, name);
        writer.BeginNested(2 | Nested);
        return element;
    }

    internal static void EndExpression(ref NetlinkWriter writer, int element)
    {
        writer.EndNested(element + Netlink.AttributeHeaderBytes + writer.AttributeBytesAt(element + Netlink.AttributeHeaderBytes));
        writer.EndNested(element);
    }

    internal static void Begin(ref NetlinkWriter writer, ushort type, int flags, byte family, ref uint sequence, ushort resource = 0)
    {
        writer.BeginMessage(type, Netlink.Request | flags, ++sequence);
        Span<byte> header = writer.Reserve(4);
        NetlinkWriter.Put(header, 0, family);
        NetlinkWriter.Put(header, 2, BinaryPrimitives.ReverseEndianness(resource));
    }

    // nf_tables has its numbers in network byte order.
    internal static void Number(ref NetlinkWriter writer, ushort type, uint value) => writer.Attribute(type, BinaryPrimitives.ReverseEndianness(value));
}
