using System.Text;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Network;

namespace FenceFirst.Linux.Filters;

/// <summary>Hears from the kernel when somebody else takes away what a <see cref="PacketFilter"/> has made: <c>nft flush ruleset</c> says nothing to anybody.</summary>
public sealed class PacketFilterMonitor : IDisposable
{
    // linux/netfilter/nfnetlink.h: NFNLGRP_NFTABLES.
    private const int GroupTables = 7;
    private const int ReceiveBufferBytes = 1 << 18;
    private const int DatagramsMax = 64;

    private readonly NetlinkSocket _socket = new(ReceiveBufferBytes, LibC.NETLINK_NETFILTER);
    private readonly byte[] _buffer = new byte[32 * 1024];

    /// <summary>Begins to listen.</summary>
    /// <exception cref="LinuxException">A privilege is missing, or the kernel has no nf_tables.</exception>
    public PacketFilterMonitor()
    {
        try
        {
            _socket.Join(GroupTables);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    /// <summary>The descriptor to watch for reading.</summary>
    public int Descriptor => _socket.Descriptor;

    /// <summary>Takes what has arrived; whether somebody else has removed the tables of a name or a part of them, or messages were lost and it may be so.</summary>
    /// <param name="table">Their name.</param>
    /// <param name="filter">Who has made them.</param>
    public bool IsRemovedByOthers(string table, PacketFilter filter)
    {
        bool isRemoved = false;
        for (int i = 0; i < DatagramsMax; i++)
        {
            int length = _socket.Receive(_buffer);
            if (length == 0)
            {
                break;
            }

            if (length < 0)
            {
                return true;
            }

            isRemoved |= PacketFilterNews.IsRemoval(_buffer.AsSpan(0, length), table, filter.PortId);
        }

        return isRemoved;
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}

/// <summary>The news of <see cref="PacketFilterMonitor"/>. Pure.</summary>
internal static class PacketFilterNews
{
    private const ushort Subsystem = 0x0a00;
    private const int FamilyHeaderBytes = 4;
    private const ushort NameOfTable = 1;

    /// <summary>Whether one of the messages tells of a part of the table that another socket has removed.</summary>
    internal static bool IsRemoval(ReadOnlySpan<byte> bytes, string table, uint ownPort)
    {
        NetlinkReader reader = new(bytes);
        while (reader.TryNext(out NetlinkMessage message))
        {
            // DELTABLE, DELCHAIN, DELRULE, DELSET, DELSETELEM.
            bool isRemoval = (message.Type & 0xff00) == Subsystem && (message.Type & 0xff) is 2 or 5 or 8 or 11 or 14;
            if (isRemoval && message.PortId != ownPort && message.Payload.Length >= FamilyHeaderBytes && IsOf(message.Payload[FamilyHeaderBytes..], table))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsOf(ReadOnlySpan<byte> attributes, string table)
    {
        AttributeReader reader = new(attributes);
        while (reader.TryNext(out ushort type, out ReadOnlySpan<byte> value))
        {
            if (type == NameOfTable)
            {
                return Encoding.UTF8.GetString(value.TrimEnd((byte)0)) == table;
            }
        }

        return false;
    }
}
