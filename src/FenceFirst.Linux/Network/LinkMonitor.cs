using System.Text;
using FenceFirst.Core;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.Linux.Network;

/// <summary>An interface appeared, changed or went.</summary>
/// <param name="Index">Kernel index.</param>
/// <param name="Name">Present name.</param>
/// <param name="IsUp">Up and with carrier (IFF_UP and IFF_RUNNING).</param>
/// <param name="IsDeleted">Whether it is gone (deleted, or moved to another namespace).</param>
/// <param name="Mac">Ethernet address.</param>
public readonly record struct LinkChange(int Index, string Name, bool IsUp, bool IsDeleted, MacAddress Mac)
{
    /// <summary>Whether it does not speak ARP (IFF_NOARP).</summary>
    public bool IsWithoutArp { get; init; }
}

/// <summary>An address was added, changed or removed.</summary>
/// <param name="LinkIndex">Interface.</param>
/// <param name="Address">The address.</param>
/// <param name="PrefixLength">0..32 or 0..128.</param>
/// <param name="IsAdded">Whether it is there now.</param>
/// <param name="Flags">IFA_F_*: 0x40 = tentative, not usable yet.</param>
public readonly record struct AddressChange(int LinkIndex, InternetAddress Address, byte PrefixLength, bool IsAdded, uint Flags);

/// <summary>A route was added, changed or removed.</summary>
/// <param name="Destination">Network address.</param>
/// <param name="PrefixLength">0..32 or 0..128.</param>
/// <param name="Table">Routing table.</param>
/// <param name="LinkIndex">Outgoing interface; 0 = none.</param>
/// <param name="Metric">Metric; 0 = none.</param>
/// <param name="Protocol">Who made it; 18 = ours.</param>
/// <param name="IsAdded">Whether it is there now.</param>
public readonly record struct RouteChange(
    InternetAddress Destination, byte PrefixLength, uint Table, int LinkIndex, uint Metric, byte Protocol, bool IsAdded);

/// <summary>A policy rule was added or removed.</summary>
/// <param name="IsIPv6">Family.</param>
/// <param name="Priority">Preference.</param>
/// <param name="Table">Routing table looked up.</param>
/// <param name="Protocol">Who made it; 18 = ours.</param>
/// <param name="IsAdded">Whether it is there now.</param>
public readonly record struct RuleChange(bool IsIPv6, uint Priority, uint Table, byte Protocol, bool IsAdded);

/// <summary>Everything there is, after an overrun or at the start.</summary>
/// <param name="Links">Interfaces by index.</param>
/// <param name="Addresses">Addresses in the kernel's order.</param>
public sealed record NetworkSnapshot(IReadOnlyList<LinkInfo> Links, IReadOnlyList<AddressInfo> Addresses);

/// <summary>What a read of the monitor found.</summary>
public enum MonitorResult
{
    /// <summary>Nothing of interest.</summary>
    Nothing,

    /// <summary>The lists hold changes.</summary>
    Changes,

    /// <summary>Messages were lost: the lists are incomplete, call <see cref="LinkMonitor.Resync"/>.</summary>
    Overrun,
}

/// <summary>Hears from the kernel about interfaces and addresses, and about routes and rules if asked to.</summary>
/// <remarks>
/// Repeated news that change nothing we look at (statistics, wireless events) are filtered out, which makes reading them free of allocation.
/// After opening, call <see cref="Resync"/> once: changes after it are told, changes before it are in its answer. A change that falls
/// between may be told twice, never lost.
/// </remarks>
public sealed class LinkMonitor : IDisposable
{
    private const int GroupLink = 1;
    private const int GroupIPv4Address = 5;
    private const int GroupIPv4Route = 7;
    private const int GroupIPv4Rule = 8;
    private const int GroupIPv6Address = 9;
    private const int GroupIPv6Route = 11;
    private const int GroupIPv6Rule = 19;
    /// <summary>What keepalived, and FenceFirst, write into routes and rules of theirs (RTPROT_KEEPALIVED).</summary>
    public const byte KeepalivedProtocol = 18;

    private const uint UpAndRunning = 0x41;
    private const uint WithoutArp = 0x80;
    private const int BufferBytes = 65536;

    /// <summary>Datagrams taken by one read, so that a storm does not keep the event loop from its adverts.</summary>
    private const int DatagramsMax = 64;

    private readonly NetlinkSocket _socket;
    private readonly RtNetlink _dumps = new();
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes, pinned: true);
    private readonly Dictionary<int, LinkChange> _known = [];
    private readonly List<LinkChange> _links = [];
    private readonly List<AddressChange> _addresses = [];
    private readonly List<RouteChange> _routes = [];
    private readonly List<RuleChange> _rules = [];
    private bool _hearsRoutes;
    private bool _hearsRules;

    /// <summary>Begins to listen.</summary>
    /// <param name="isWithRoutes">Whether routes are told of from the beginning.</param>
    /// <param name="isWithRules">Whether policy rules are told of from the beginning.</param>
    /// <param name="receiveBufferBytes">What the kernel may queue for us before it reports an overrun.</param>
    public LinkMonitor(bool isWithRoutes = false, bool isWithRules = false, int receiveBufferBytes = 4 << 20)
    {
        _socket = new NetlinkSocket(receiveBufferBytes);
        _socket.Join(GroupLink);
        _socket.Join(GroupIPv4Address);
        _socket.Join(GroupIPv6Address);
        Hear(isWithRoutes, isWithRules);
    }

    /// <summary>Is told of routes or policy rules from now on; what is heard already goes on.</summary>
    /// <param name="routes">Whether routes are told of.</param>
    /// <param name="rules">Whether policy rules are told of.</param>
    public void Hear(bool routes, bool rules)
    {
        if (routes && !_hearsRoutes)
        {
            _socket.Join(GroupIPv4Route);
            _socket.Join(GroupIPv6Route);
            _hearsRoutes = true;
        }

        if (rules && !_hearsRules)
        {
            _socket.Join(GroupIPv4Rule);
            _socket.Join(GroupIPv6Rule);
            _hearsRules = true;
        }
    }

    /// <summary>The descriptor to watch for reading.</summary>
    public int Descriptor => _socket.Descriptor;

    /// <summary>Interface changes found by the last read, in the order in which they happened.</summary>
    public IReadOnlyList<LinkChange> Links => _links;

    /// <summary>Address changes found by the last read, in the order in which they happened.</summary>
    public IReadOnlyList<AddressChange> Addresses => _addresses;

    /// <summary>Route changes found by the last read.</summary>
    public IReadOnlyList<RouteChange> Routes => _routes;

    /// <summary>Rule changes found by the last read.</summary>
    public IReadOnlyList<RuleChange> Rules => _rules;

    /// <summary>Is not told of IPv4 addresses that the renewer adds or renews: with hundreds of leases those would be nearly all there is to read. Nor of routes of another protocol.</summary>
    /// <remarks>Of an IPv6 address the kernel does not tell who has added it.</remarks>
    public void Ignore(AddressRenewer renewer) => SocketOptions.AttachFilter(_socket.Descriptor, SocketFilter.ForMonitor(renewer.PortId));

    /// <summary>Takes what has arrived, up to a bound, and fills the lists anew.</summary>
    public MonitorResult Read()
    {
        _links.Clear();
        _addresses.Clear();
        _routes.Clear();
        _rules.Clear();
        for (int i = 0; i < DatagramsMax; i++)
        {
            int length = _socket.Receive(_buffer);
            if (length == 0)
            {
                break;
            }

            if (length == -LibC.ENOBUFS)
            {
                return MonitorResult.Overrun;
            }

            if (length < 0)
            {
                throw new LinuxException("recvfrom", -length, "netlink monitor");
            }

            NetlinkReader reader = new(_buffer.AsSpan(0, length));
            while (reader.TryNext(out NetlinkMessage message))
            {
                Take(in message);
            }
        }

        return _links.Count + _addresses.Count + _routes.Count + _rules.Count > 0 ? MonitorResult.Changes : MonitorResult.Nothing;
    }

    /// <summary>Lists everything anew; what was waiting to be read is contained in the answer and dropped.</summary>
    /// <exception cref="LinuxException">The kernel gave no consistent list.</exception>
    public NetworkSnapshot Resync()
    {
        const int StaleMax = 100_000;

        // Drain first and list afterwards: what happens between is told again by the next read instead of being lost.
        for (int i = 0; i < StaleMax && _socket.Receive(_buffer) != 0; i++)
        {
        }

        List<LinkInfo> links = _dumps.DumpLinks();
        List<AddressInfo> addresses = _dumps.DumpAddresses();
        _known.Clear();
        foreach (LinkInfo link in links)
        {
            _known[link.Index] = new LinkChange(link.Index, link.Name, link.IsUp, false, link.Mac) { IsWithoutArp = link.IsWithoutArp };
        }

        return new NetworkSnapshot(links, addresses);
    }

    /// <summary>All addresses as they are now.</summary>
    /// <exception cref="LinuxException">The kernel gave no consistent list.</exception>
    public List<AddressInfo> DumpAddresses() => _dumps.DumpAddresses();

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket.Dispose();
        _dumps.Dispose();
    }

    private void Take(in NetlinkMessage message)
    {
        switch (message.Type)
        {
            case Netlink.NewLink or Netlink.DeleteLink:
                if (NetlinkFacts.TryReadLink(message.Payload, out LinkFacts link))
                {
                    TakeLink(in link, message.Type == Netlink.DeleteLink);
                }

                break;
            case Netlink.NewAddress or Netlink.DeleteAddress:
                if (NetlinkFacts.TryReadAddress(message.Payload, out AddressInfo address))
                {
                    _addresses.Add(new AddressChange(
                        address.LinkIndex, address.Address, address.PrefixLength, message.Type == Netlink.NewAddress, address.Flags));
                }

                break;
            case Netlink.NewRoute or Netlink.DeleteRoute:
                if (NetlinkFacts.TryReadRoute(message.Payload, out RouteFacts route))
                {
                    _routes.Add(new RouteChange(
                        route.Destination,
                        route.PrefixLength,
                        route.Table,
                        route.LinkIndex,
                        route.Metric,
                        route.Protocol,
                        message.Type == Netlink.NewRoute));
                }

                break;
            case Netlink.NewRule or Netlink.DeleteRule:
                if (NetlinkFacts.TryReadRule(message.Payload, out RuleFacts rule))
                {
                    _rules.Add(new RuleChange(rule.IsIPv6, rule.Priority, rule.Table, rule.Protocol, message.Type == Netlink.NewRule));
                }

                break;
            default:
                break;
        }
    }

    private void TakeLink(in LinkFacts link, bool isDeleted)
    {
        bool isKnown = _known.TryGetValue(link.Index, out LinkChange before);
        string name = isKnown && IsSameName(before.Name, link.Name) ? before.Name : NetlinkFacts.Text(link.Name);
        LinkChange now = new(link.Index, name, !isDeleted && (link.Flags & UpAndRunning) == UpAndRunning, isDeleted, link.Mac) { IsWithoutArp = (link.Flags & WithoutArp) != 0 };
        if (isKnown && now == before)
        {
            return;
        }

        if (isDeleted)
        {
            _known.Remove(link.Index);
        }
        else
        {
            _known[link.Index] = now;
        }

        _links.Add(now);
    }

    private static bool IsSameName(string name, ReadOnlySpan<byte> bytes)
    {
        Span<char> characters = stackalloc char[64];
        return Encoding.UTF8.TryGetChars(bytes, characters, out int written) && characters[..written].SequenceEqual(name);
    }
}
