using System.Buffers.Binary;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Network;

namespace FenceFirst.Linux.Filters;

/// <summary>Makes our nftables tables, each of family ip and of ip6: the one that drops packets to and from the addresses of no_accept, and the one of use_vmac.</summary>
/// <remarks>
/// The rules of no_accept are keepalived's, spoken to the kernel directly (linux/netfilter/nf_tables.h): input and output, by default one before the priority of "filter",
/// neighbour discovery exempt. Every change replaces a whole table in one transaction. For one thread.
/// </remarks>
public sealed class PacketFilter : IDisposable
{
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
    public int Replace(bool isIPv6, IReadOnlyList<InternetAddress> addresses) => Transact(new AcceptTable(Settings, isIPv6, addresses));

    /// <summary>
    /// Replaces the table of a family that keeps reports of group membership off interfaces with a virtual MAC address (<see cref="FilterConfig.ReportTable"/>);
    /// without names it is removed. 0 or the error number.
    /// </summary>
    /// <param name="isIPv6">Family.</param>
    /// <param name="links">Names of interfaces, each once.</param>
    public int ReplaceReportFilter(bool isIPv6, IReadOnlyList<string> links) => Transact(new ReportTable(isIPv6, links));

    /// <inheritdoc/>
    public void Dispose() => _socket?.Dispose();

    private int Transact(FilterTable table)
    {
        byte[] buffer = new byte[table.BytesMax];
        NetlinkWriter writer = new(buffer);
        uint first = _sequence + 1;
        _sequence = table.Write(ref writer, _sequence);
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

    // The kernel has worked on the whole batch when send returns: every refusal waits already, and the one acknowledgement.
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
