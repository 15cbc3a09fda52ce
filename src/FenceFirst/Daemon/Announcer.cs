using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;
using FenceFirst.Linux;

namespace FenceFirst.Daemon;

/// <summary>Announces virtual addresses: gratuitous ARP for IPv4, unsolicited neighbour advertisements for IPv6.</summary>
internal sealed class Announcer(LinkTable links) : IDisposable
{
    private readonly PacketSocket _socket = new();
    private readonly byte[] _frame = new byte[NeighborAdvertisement.Length];

    /// <summary>Sends rounds over all addresses: 1, 2, 3, 1, 2, 3 and not 1, 1, 2, 2 (keepalived). Returns the first error number, or 0.</summary>
    public int Announce(VrrpConfig config, int rounds)
    {
        int first = 0;
        for (int round = 0; round < rounds; round++)
        {
            foreach (VirtualAddress address in config.EachAddress())
            {
                int errno = Send(address);
                first = first == 0 ? errno : first;
            }
        }

        return first;
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private int Send(VirtualAddress address)
    {
        if (links.IsWithoutArp(address.Link))
        {
            return 0;
        }

        Span<byte> mac = stackalloc byte[6];
        links.MacOf(address.Link).WriteTo(mac);
        int length = address.Address.IsIPv4
            ? GratuitousArp.Write(_frame, mac, address.Address)
            : NeighborAdvertisement.Write(_frame, mac, address.Address, isRouter: IsForwarding(address));
        return _socket.Send(_frame.AsSpan(0, length), links.IndexOf(address.Link));
    }

    /// <summary>RFC 4861 section 4.4: the router flag says whether this node forwards on the interface.</summary>
    private bool IsForwarding(VirtualAddress address)
    {
        try
        {
            return File.ReadAllText($"/proc/sys/net/ipv6/conf/{links.NameOf(address.Link)}/forwarding").AsSpan().Trim() is "1";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
