using FenceFirst.Core.Vrrp;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.Linux.Network;

/// <summary>One address to be added or removed.</summary>
/// <param name="IsAdded">True = add, false = remove.</param>
/// <param name="LinkIndex">Kernel index of the interface.</param>
/// <param name="Address">The address with its attributes.</param>
public readonly record struct AddressRequest(bool IsAdded, int LinkIndex, VirtualAddress Address)
{
    /// <summary>Seconds after which the kernel removes the address by itself; 0 = never.</summary>
    public int LeaseSeconds { get; init; }

    /// <summary>Whether an address that is there gets a new lease instead of the answer "exists"; then only a refusal is answered.</summary>
    public bool IsRenewal { get; init; }
}

/// <summary>Where an interface is put: into the namespace of a descriptor or of a process. The default value stays in this one.</summary>
public readonly record struct NamespaceTarget
{
    private readonly int _descriptorPlusOne;

    private NamespaceTarget(int descriptorPlusOne, int processId)
    {
        _descriptorPlusOne = descriptorPlusOne;
        ProcessId = processId;
    }

    /// <summary>The descriptor, or -1.</summary>
    public int Descriptor => _descriptorPlusOne - 1;

    /// <summary>The process, or 0.</summary>
    public int ProcessId { get; }

    /// <summary>The namespace that an open descriptor stands for.</summary>
    public static NamespaceTarget OfDescriptor(int descriptor) => new(descriptor + 1, 0);

    /// <summary>The namespace in which a process lives.</summary>
    public static NamespaceTarget OfProcess(int processId) => new(0, processId);
}

/// <summary>An interface as a dump tells of it.</summary>
/// <param name="Index">Kernel index, 1 or more.</param>
/// <param name="Name">Up to 15 characters.</param>
/// <param name="Flags">IFF_*.</param>
/// <param name="Mac">Ethernet address; zero when it has none.</param>
/// <param name="Mtu">Bytes.</param>
/// <param name="MasterIndex">Bridge, bond or VRF it belongs to; 0 = none.</param>
/// <param name="LowerIndex">Interface it rests on (VLAN, macvlan, the other end of a veth); 0 = none.</param>
/// <param name="Kind">"bridge", "veth", "macvlan"...; empty for hardware and loopback.</param>
public sealed record LinkInfo(int Index, string Name, uint Flags, MacAddress Mac, int Mtu, int MasterIndex, int LowerIndex, string Kind)
{
    /// <summary>Whether it is up and has carrier (IFF_UP and IFF_RUNNING).</summary>
    public bool IsUp => (Flags & 0x41) == 0x41;

    /// <summary>Mode of a macvlan (MACVLAN_MODE_*), 1 = private; 0 = it is none.</summary>
    public int MacvlanMode { get; init; }

    /// <summary>Link group; 0 = the default one.</summary>
    public uint Group { get; init; }

    /// <summary>Whether it answers no ARP (IFF_NOARP).</summary>
    public bool IsWithoutArp => (Flags & 0x80) != 0;
}

/// <summary>Changes and lists addresses, routes, rules and interfaces; every request waits for the kernel's answer.</summary>
/// <remarks>
/// Changing operations return an error number as the kernel gave it: 0 = done, <see cref="ErrorNumber.AlreadyExists"/> and so on. The kernel
/// works on a request within sendmsg, so the answer is there when it returns. For one thread.
/// </remarks>
public sealed partial class RtNetlink : IDisposable
{
    /// <summary>Requests sent with one system call; their answers fit the receive buffer many times.</summary>
    public const int BatchMax = 64;

    private const int ReceiveBufferBytes = 1 << 20;
    private const int BufferBytes = 65536;
    private const int DumpAttemptsMax = 10;

    private readonly NetlinkSocket _socket = new(ReceiveBufferBytes);
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes, pinned: true);
    private readonly byte[] _requests = GC.AllocateUninitializedArray<byte>(BatchMax * 256, pinned: true);
    private uint _sequence;

    /// <summary>The kernel's own words for the last refusal; empty when it gave none.</summary>
    public string LastExplanation { get; private set; } = "";

    /// <summary>Adds an address; 0 or the error number.</summary>
    public int AddAddress(int linkIndex, VirtualAddress address, int leaseSeconds = 0) =>
        Apply(new AddressRequest(true, linkIndex, address) { LeaseSeconds = leaseSeconds });

    /// <summary>Removes an address; 0 or the error number.</summary>
    public int RemoveAddress(int linkIndex, VirtualAddress address) => Apply(new AddressRequest(false, linkIndex, address));

    /// <summary>Applies requests in order, many in one system call, going on after failures; returns the first failing index, or -1.</summary>
    /// <param name="requests">What to do.</param>
    /// <param name="errors">Gets the error number of each request, 0 = done; as long as <paramref name="requests"/>.</param>
    public int ApplyAll(ReadOnlySpan<AddressRequest> requests, Span<int> errors)
    {
        int firstFailing = -1;
        for (int start = 0; start < requests.Length; start += BatchMax)
        {
            int count = Math.Min(BatchMax, requests.Length - start);
            NetlinkWriter writer = new(_requests);
            uint firstSequence = _sequence + 1;
            for (int i = 0; i < count; i++)
            {
                NetlinkRequests.WriteAddress(ref writer, in requests[start + i], ++_sequence);
            }

            Exchange(in writer, firstSequence, errors.Slice(start, count));
            int failing = errors.Slice(start, count).IndexOfAnyExcept(0);
            if (firstFailing < 0 && failing >= 0)
            {
                firstFailing = start + failing;
            }
        }

        return firstFailing;
    }

    /// <summary>Adds a route; 0 or the error number.</summary>
    /// <param name="route">The route.</param>
    /// <param name="indexOf">Kernel index of an interface by its index in the configuration; 0 = there is none.</param>
    public int AddRoute(VirtualRoute route, Func<int, int> indexOf) => ChangeRoute(route, indexOf, true);

    /// <summary>Removes a route of ours; 0 or the error number (ESRCH = 3: it is not there).</summary>
    /// <param name="route">The route.</param>
    /// <param name="indexOf">As for <see cref="AddRoute"/>.</param>
    public int RemoveRoute(VirtualRoute route, Func<int, int> indexOf) => ChangeRoute(route, indexOf, false);

    /// <summary>Adds a policy rule; 0 or the error number.</summary>
    public int AddRule(VirtualRule rule) => ChangeRule(rule, true);

    /// <summary>Removes a policy rule of ours; 0 or the error number (ENOENT = 2: it is not there).</summary>
    public int RemoveRule(VirtualRule rule) => ChangeRule(rule, false);

    /// <summary>Creates a bridge, a dummy or another kind without parameters; 0 or the error number.</summary>
    public int CreateLink(string name, string kind)
    {
        NetlinkWriter writer = new(_requests);
        LinkRequests.WriteCreate(ref writer, name, kind, ++_sequence);
        return Exchange(in writer);
    }

    /// <summary>Creates a bridge; 0 or the error number.</summary>
    public int CreateBridge(string name) => CreateLink(name, "bridge");

    /// <summary>Creates a veth pair, its second end in another namespace if one is given; 0 or the error number.</summary>
    public int CreateVethPair(string name, string peerName, NamespaceTarget peerNamespace = default)
    {
        NetlinkWriter writer = new(_requests);
        LinkRequests.WriteCreateVeth(ref writer, name, peerName, peerNamespace, ++_sequence);
        return Exchange(in writer);
    }

    /// <summary>Sets an interface up or down; 0 or the error number.</summary>
    public int SetLinkUp(int linkIndex, bool isUp)
    {
        NetlinkWriter writer = new(_requests);
        LinkRequests.WriteSetUp(ref writer, linkIndex, isUp, ++_sequence);
        return Exchange(in writer);
    }

    /// <summary>Puts an interface into a bridge (0 takes it out); 0 or the error number.</summary>
    public int SetMaster(int linkIndex, int masterIndex)
    {
        NetlinkWriter writer = new(_requests);
        LinkRequests.WriteSetMaster(ref writer, linkIndex, masterIndex, ++_sequence);
        return Exchange(in writer);
    }

    /// <summary>Gives an interface another Ethernet address; 0 or the error number.</summary>
    public int SetMac(int linkIndex, MacAddress mac)
    {
        NetlinkWriter writer = new(_requests);
        LinkRequests.WriteSetMac(ref writer, linkIndex, mac, ++_sequence);
        return Exchange(in writer);
    }

    /// <summary>Moves an interface into another namespace; 0 or the error number.</summary>
    public int MoveLink(int linkIndex, NamespaceTarget target)
    {
        NetlinkWriter writer = new(_requests);
        LinkRequests.WriteMove(ref writer, linkIndex, target, ++_sequence);
        return Exchange(in writer);
    }

    /// <summary>Deletes an interface; 0 or the error number.</summary>
    public int DeleteLink(int linkIndex)
    {
        NetlinkWriter writer = new(_requests);
        LinkRequests.WriteDelete(ref writer, linkIndex, ++_sequence);
        return Exchange(in writer);
    }

    /// <summary>Kernel index of the interface with the name; 0 = there is none.</summary>
    public static unsafe int IndexOf(string name)
    {
        fixed (byte* bytes = SocketOptions.CString(name))
        {
            return (int)LibC.if_nametoindex(bytes);
        }
    }

    /// <summary>All interfaces, by index.</summary>
    /// <exception cref="LinuxException">The kernel gave no consistent list.</exception>
    public List<LinkInfo> DumpLinks()
    {
        List<LinkInfo> links = [];
        Dump(Netlink.GetLink, links, static (in NetlinkMessage message, List<LinkInfo> into) =>
        {
            if (message.Type == Netlink.NewLink && NetlinkFacts.TryReadLink(message.Payload, out LinkFacts link))
            {
                into.Add(new LinkInfo(
                    link.Index,
                    NetlinkFacts.Text(link.Name),
                    link.Flags,
                    link.Mac,
                    link.Mtu,
                    link.MasterIndex,
                    link.LowerIndex,
                    NetlinkFacts.Text(link.Kind))
                {
                    MacvlanMode = link.MacvlanMode,
                    Group = link.Group,
                });
            }
        });
        links.Sort(static (a, b) => a.Index.CompareTo(b.Index));
        return links;
    }

    /// <summary>All addresses of all interfaces, in the kernel's order (the first of an interface is its primary one).</summary>
    /// <exception cref="LinuxException">The kernel gave no consistent list.</exception>
    public List<AddressInfo> DumpAddresses()
    {
        List<AddressInfo> addresses = [];
        Dump(Netlink.GetAddress, addresses, static (in NetlinkMessage message, List<AddressInfo> into) =>
        {
            if (message.Type == Netlink.NewAddress && NetlinkFacts.TryReadAddress(message.Payload, out AddressInfo address))
            {
                into.Add(address);
            }
        });
        return addresses;
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private delegate void MessageReader<T>(in NetlinkMessage message, List<T> into);

    private int Apply(in AddressRequest request)
    {
        NetlinkWriter writer = new(_requests);
        NetlinkRequests.WriteAddress(ref writer, in request, ++_sequence);
        return Exchange(in writer);
    }

    private int ChangeRoute(VirtualRoute route, Func<int, int> indexOf, bool isAdded)
    {
        // Without its interface the kernel would choose another one.
        bool isLinkMissing = route.Link >= 0 && indexOf(route.Link) <= 0;
        foreach (RouteNextHop hop in route.NextHops)
        {
            isLinkMissing |= hop.Link >= 0 && indexOf(hop.Link) <= 0;
        }

        if (isLinkMissing)
        {
            LastExplanation = "";
            return LibC.ENODEV;
        }

        NetlinkWriter writer = new(_requests);
        RouteRequests.WriteRoute(ref writer, route, indexOf, isAdded, ++_sequence);
        return Exchange(in writer);
    }

    private int ChangeRule(VirtualRule rule, bool isAdded)
    {
        NetlinkWriter writer = new(_requests);
        RouteRequests.WriteRule(ref writer, rule, isAdded, ++_sequence);
        return Exchange(in writer);
    }

    private int Exchange(in NetlinkWriter writer)
    {
        int error = 0;
        Exchange(in writer, _sequence, new Span<int>(ref error));
        return error;
    }

    /// <summary>Sends what was written and fills in one error number per request.</summary>
    private void Exchange(in NetlinkWriter writer, uint firstSequence, Span<int> errors)
    {
        LastExplanation = "";
        int sendError = writer.IsOverflowed ? LibC.EMSGSIZE : _socket.Send(_requests.AsSpan(0, writer.Length));
        if (sendError != 0)
        {
            errors.Fill(sendError);
            return;
        }

        // An answer that never comes is an error of its own, not success.
        errors.Fill(LibC.ETIMEDOUT);
        int answered = 0;
        while (answered < errors.Length)
        {
            int length = _socket.Receive(_buffer);
            if (length == 0)
            {
                return;
            }

            if (length > 0)
            {
                answered += TakeAnswers(_buffer.AsSpan(0, length), firstSequence, errors);
            }
            else if (length != -LibC.ENOBUFS)
            {
                errors.Fill(-length);
                return;
            }
        }
    }

    private int TakeAnswers(ReadOnlySpan<byte> datagram, uint firstSequence, Span<int> errors)
    {
        int taken = 0;
        NetlinkReader reader = new(datagram);
        while (reader.TryNext(out NetlinkMessage message))
        {
            uint index = message.Sequence - firstSequence;
            if (index < (uint)errors.Length && NetlinkFacts.TryReadError(in message, out int errno, out ReadOnlySpan<byte> explanation))
            {
                errors[(int)index] = errno;
                taken++;
                if (errno != 0 && !explanation.IsEmpty)
                {
                    LastExplanation = NetlinkFacts.Text(explanation);
                }
            }
        }

        return taken;
    }

    /// <summary>Asks for a list; asks again when it changed under the kernel's hands.</summary>
    private void Dump<T>(ushort type, List<T> into, MessageReader<T> read)
    {
        for (int attempt = 0; attempt < DumpAttemptsMax; attempt++)
        {
            into.Clear();
            NetlinkWriter writer = new(_requests);
            writer.BeginMessage(type, Netlink.Request | Netlink.Dump, ++_sequence);
            _ = writer.Reserve(type == Netlink.GetLink ? 16 : 8);
            writer.EndMessage();
            int error = _socket.Send(_requests.AsSpan(0, writer.Length));
            if (error == 0)
            {
                error = TakeDump(into, read);
            }

            if (error == 0)
            {
                return;
            }

            if (error is not (LibC.EAGAIN or LibC.ENOBUFS))
            {
                throw new LinuxException("netlink", error, $"dump {type}");
            }
        }

        throw new LinuxException("netlink", LibC.EAGAIN, $"dump {type} changed {DumpAttemptsMax} times while it was read");
    }

    /// <summary>Reads the parts of a list; 0, EAGAIN when it was interrupted by a change, or the error number.</summary>
    private int TakeDump<T>(List<T> into, MessageReader<T> read)
    {
        bool isInterrupted = false;
        while (true)
        {
            int length = _socket.Receive(_buffer);
            if (length <= 0)
            {
                // The kernel puts the next part into the queue when we take one: nothing there means that the list broke off.
                return length == 0 ? LibC.EAGAIN : -length;
            }

            NetlinkReader reader = new(_buffer.AsSpan(0, length));
            while (reader.TryNext(out NetlinkMessage message))
            {
                if (message.Sequence != _sequence)
                {
                    continue;
                }

                isInterrupted |= (message.Flags & Netlink.DumpInterrupted) != 0;
                if (message.Type == Netlink.Done)
                {
                    return isInterrupted ? LibC.EAGAIN : 0;
                }

                if (NetlinkFacts.TryReadError(in message, out int errno, out _))
                {
                    return errno;
                }

                read(in message, into);
            }

            if (reader.IsMalformed)
            {
                return LibC.EBADMSG;
            }
        }
    }
}
