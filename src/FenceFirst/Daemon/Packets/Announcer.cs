using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;
using FenceFirst.Daemon.Links;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.Daemon.Packets;

/// <summary>Announces virtual addresses: gratuitous ARP for IPv4, unsolicited neighbour advertisements for IPv6.</summary>
internal sealed class Announcer : IDisposable
{
    private readonly LinkTable _links;
    private readonly PacketSocket _socket = new();
    private readonly AnnouncementQueue _queue = new();
    private readonly ExtraAnnouncements _extra = new();
    private readonly byte[] _frame = new byte[NeighborAdvertisement.Length];

    /// <summary>Opens the socket.</summary>
    public Announcer(LinkTable links, NodeConfig config)
    {
        _links = links;
        Configure(config, static index => index);
    }

    /// <summary>When the next announcement is due, one that had to wait or one that comes again and again; Never = there is none.</summary>
    public MonotonicInstant Due => MonotonicInstant.Earlier(_queue.Due, _extra.Due);

    /// <summary>Takes another configuration; announcements that wait go on for instances that do.</summary>
    public void Configure(NodeConfig config, Func<int, int> newIndex)
    {
        _queue.Configure(config, newIndex);
        _extra.Configure(config, newIndex, MonotonicClock.Now);
    }

    /// <summary>Sends rounds over all addresses: 1, 2, 3, 1, 2, 3 and not 1, 1, 2, 2 (keepalived); where announcements keep their distance, beginning with one.</summary>
    public void Announce(int instance, VrrpConfig config, int rounds)
    {
        _extra.Begin(instance, MonotonicClock.Now);
        for (int round = 0; round < rounds; round++)
        {
            foreach (VirtualAddress address in config.EachAddress())
            {
                Announce(instance, address, rounds, isFirst: round == 0);
            }
        }

        Advance();
    }

    /// <summary>Announces an address that is the node's own, once and at once.</summary>
    public void AnnounceOwn(int link, InternetAddress address) => Send(new VirtualAddress(address, 0, link));

    /// <summary>Sends what has waited long enough, and what comes again.</summary>
    /// <remarks>The distance is kept between frames that leave, not between turns of the loop: a late turn does not shorten it.</remarks>
    public void Advance()
    {
        foreach (VirtualAddress address in _extra.Take(MonotonicClock.Now))
        {
            Send(address);
        }

        while (_queue.TryTake(MonotonicClock.Now, out VirtualAddress address))
        {
            Send(address);
        }
    }

    /// <summary>The addresses of an instance are given up: none of them is announced any more.</summary>
    public void Discard(int instance)
    {
        _queue.Discard(instance);
        _extra.End(instance);
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private void Announce(int instance, VirtualAddress address, int rounds, bool isFirst)
    {
        // The queue knows of the other rounds already.
        if ((isFirst && _queue.TryAdd(instance, address, rounds)) || (!isFirst && _queue.IsSpaced(address)))
        {
            return;
        }

        Send(address);
    }

    private void Send(VirtualAddress address)
    {
        if (_links.IsWithoutArp(address.Link))
        {
            return;
        }

        Span<byte> mac = stackalloc byte[6];
        _links.MacOf(address.Link).WriteTo(mac);
        int length = address.Address.IsIPv4
            ? GratuitousArp.Write(_frame, mac, address.Address)
            : NeighborAdvertisement.Write(_frame, mac, address.Address, isRouter: IsForwarding(address));
        _ = _socket.Send(_frame.AsSpan(0, length), _links.IndexOf(address.Link));
    }

    /// <summary>RFC 4861 section 4.4: the router flag says whether this node forwards on the interface.</summary>
    private bool IsForwarding(VirtualAddress address)
    {
        try
        {
            return File.ReadAllText($"/proc/sys/net/ipv6/conf/{_links.NameOf(address.Link)}/forwarding").AsSpan().Trim() is "1";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
