using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.Daemon.Packets;

/// <summary>The VRRP sockets of the daemon: one per interface and group, or per unicast source; packets are given to instances by Vrid.</summary>
internal sealed class VrrpTransport : IDisposable
{
    /// <summary>Batches taken from one socket per wake-up: what a flood sends beyond that waits until our own timers had their turn.</summary>
    private const int BatchesMax = 4;

    private readonly EventPoll _poll;
    private readonly long _tokenBase;
    private readonly PacketBatch _batch = new();
    private readonly byte[] _packet = new byte[AdvertWriter.IPv6BytesMax];
    private readonly List<VrrpPort> _ports = [];
    private NodeConfig _config;
    private VrrpPort?[] _portOf;
    private VrrpPort?[] _lowerPortOf;
    private ushort[] _identification;
    private HmacSenderState[] _hmacSent;
    private HmacReceiverState[] _hmacHeard;
    private AuthenticationHeaderState[] _sequence;
    private bool[] _hasOldPeer;

    /// <summary>No sockets yet; <see cref="Open"/> makes them.</summary>
    public VrrpTransport(NodeConfig config, EventPoll poll, long tokenBase)
    {
        _config = config;
        _poll = poll;
        _tokenBase = tokenBase;
        _portOf = new VrrpPort?[config.Instances.Count];
        _lowerPortOf = new VrrpPort?[config.Instances.Count];
        _identification = new ushort[config.Instances.Count];
        _hmacSent = new HmacSenderState[config.Instances.Count];
        _hmacHeard = NewHmacStates(config);
        _sequence = new AuthenticationHeaderState[config.Instances.Count];
        _hasOldPeer = new bool[config.Instances.Count];
        Counters = NewCounters(config);
    }

    /// <summary>Counters per instance.</summary>
    public PacketCounters[] Counters { get; private set; }

    /// <summary>Replaces the configuration. Kept instances keep their counters and sockets, with what waits in them; <see cref="Open"/> moves those that need another.</summary>
    public void Reconfigure(NodeConfig config, ReadOnlySpan<int> oldIndexOf)
    {
        PacketCounters[] counters = NewCounters(config);
        ushort[] identification = new ushort[counters.Length];
        HmacSenderState[] sent = new HmacSenderState[counters.Length];
        HmacReceiverState[] heard = NewHmacStates(config);
        AuthenticationHeaderState[] sequence = new AuthenticationHeaderState[counters.Length];
        bool[] hasOldPeer = new bool[counters.Length];
        for (int i = 0; i < counters.Length; i++)
        {
            // Kept under another name, or stopped and started anew under the same one: neither is a reason to repeat a sequence or to forget one.
            int earlier = oldIndexOf[i] >= 0 ? oldIndexOf[i] : IndexOfName(_config, config.Instances[i].Name);
            if (earlier >= 0)
            {
                sent[i] = _hmacSent[earlier];
                heard[i] = HmacReceiverState.Create(config.Instances[i], _hmacHeard[earlier]);
                sequence[i] = _sequence[earlier];
            }

            if (oldIndexOf[i] >= 0)
            {
                counters[i] = Counters[oldIndexOf[i]];
                identification[i] = _identification[oldIndexOf[i]];
                hasOldPeer[i] = _hasOldPeer[oldIndexOf[i]];
            }
        }

        _config = config;
        KeepPorts(oldIndexOf);
        _identification = identification;
        _hmacSent = sent;
        _hmacHeard = heard;
        _sequence = sequence;
        _hasOldPeer = hasOldPeer;
        Counters = counters;
    }

    /// <summary>Opens the sockets of an instance if they are not open and what they need is there.</summary>
    /// <param name="instance">Index of the instance.</param>
    /// <param name="linkIndex">Kernel index of its interface; 0 = none.</param>
    /// <param name="vmacIndex">Kernel index of its virtual MAC interface; 0 = none, or it has none.</param>
    /// <param name="source">Its source address; absent = none yet.</param>
    /// <remarks>
    /// What comes from the Ethernet address of a virtual MAC interface the kernel gives to that interface alone, and what comes from others to it too: so adverts
    /// are received there, wherever they are sent from. The group is joined on the interface below as well: whose reports of membership switches hear.
    /// </remarks>
    public void Open(int instance, int linkIndex, int vmacIndex, InternetAddress source)
    {
        VrrpConfig config = _config.Instances[instance];
        bool isOnVmac = config.Vmac is not null && !config.IsUnicast;
        InternetAddress bound = config.IsUnicast ? source : config.Group;
        if (bound.IsNone || (linkIndex == 0 && config.Link >= 0) || (isOnVmac && vmacIndex == 0))
        {
            Close(instance);
            return;
        }

        VrrpPortKey key = new(isOnVmac ? vmacIndex : linkIndex, bound, config.IsUnicast, config.Authentication == AuthenticationType.AuthenticationHeader);
        VrrpPortKey lowerKey = key with { LinkIndex = linkIndex };
        if (_portOf[instance] is { } present)
        {
            if (present.Key == key && (!isOnVmac || _lowerPortOf[instance]?.Key == lowerKey))
            {
                return;
            }

            Close(instance);
        }

        Join(Find(key) ?? Add(key, config), instance);
        if (isOnVmac)
        {
            VrrpPort lower = Find(lowerKey) ?? Add(lowerKey, config);
            lower.Senders++;
            lower.IsStale = true;
            _lowerPortOf[instance] = lower;
        }

        RegisterAll();
    }

    /// <summary>Closes the socket of an instance unless others use it.</summary>
    public void Close(int instance)
    {
        if (_portOf[instance] is { } port)
        {
            _portOf[instance] = null;
            port.Instances.Remove(instance);
            CloseUnused(port);
        }

        if (_lowerPortOf[instance] is { } lower)
        {
            _lowerPortOf[instance] = null;
            lower.Senders--;
            CloseUnused(lower);
        }
    }

    /// <summary>Gives the kernel's filters and the Vrid tables what has been opened and closed since the last call.</summary>
    public void Commit()
    {
        foreach (VrrpPort port in _ports)
        {
            if (port.IsStale)
            {
                port.SetVrids(_config);
            }
        }
    }

    /// <summary>Sends one advert of an instance to its group or to every peer; returns the first error number, or 0.</summary>
    /// <param name="instance">Index of the instance.</param>
    /// <param name="priority">What it says.</param>
    /// <param name="source">Its source address; absent = nothing is sent.</param>
    /// <param name="isOfMaster">Whether it comes from the virtual MAC address, if the instance sends from one at all.</param>
    public int Send(int instance, byte priority, InternetAddress source, bool isOfMaster)
    {
        VrrpConfig config = _config.Instances[instance];
        bool isFromLower = _lowerPortOf[instance] is not null && !(isOfMaster && config.Vmac is { IsSending: true });
        if ((isFromLower ? _lowerPortOf : _portOf)[instance] is not { } port || source.IsNone)
        {
            Counters[instance].SendErrors++;
            return 0;
        }

        // One sequence and one signature for all copies.
        Span<byte> trailer = stackalloc byte[HmacTrailer.Length];
        trailer = trailer[..HmacTrailer.Sign(trailer, config, priority, source, WallClock(config), ref _hmacSent[instance])];
        uint sequence = port.Key.HasHeader ? _sequence[instance].Next() : 0;
        int first = 0;
        bool isSent = false;
        if (config.IsUnicast)
        {
            foreach (ref readonly UnicastPeer peer in config.UnicastPeers.Span)
            {
                int errno = SendTo(port, config, instance, priority, source, peer.Address, trailer, sequence);
                first = first == 0 ? errno : first;
                isSent |= errno == 0;
            }
        }
        else
        {
            first = SendTo(port, config, instance, priority, source, config.Group, trailer, sequence);
            isSent = first == 0;
        }

        // As keepalived counts: all copies for unicast peers are one advert.
        Counters[instance].Sent += isSent ? 1 : 0;

        if (priority == 0)
        {
            Counters[instance].ReleasesSent++;
        }

        return first;
    }

    /// <summary>Takes packets from the socket with the token and hands them on; at most a bounded number per call. Returns how many, and whether there may be more.</summary>
    public (int Count, bool IsMore) Receive(long token, EventLoop loop)
    {
        int index = (int)(token - _tokenBase);
        if (index >= _ports.Count)
        {
            return default;
        }

        VrrpPort port = _ports[index];
        if (port.Instances.Count == 0)
        {
            // It only sends; what has come in before the filter stood is nobody's.
            _ = port.Socket.Receive(_batch);
            return default;
        }

        int sum = 0;
        for (int i = 0; i < BatchesMax; i++)
        {
            int count = port.Socket.Receive(_batch);
            long now = count > 0 ? MonotonicClock.UnixNanoseconds : 0;
            for (int p = 0; p < count; p++)
            {
                Handle(port, _batch[p], now, loop);
            }

            sum += count;
            if (count < PacketBatch.PacketsMax)
            {
                return (sum, false);
            }
        }

        return (sum, true);
    }

    /// <summary>Closes everything.</summary>
    public void Dispose()
    {
        CloseAll();
        _batch.Dispose();
    }

    private static PacketCounters[] NewCounters(NodeConfig config)
    {
        PacketCounters[] counters = new PacketCounters[config.Instances.Count];
        for (int i = 0; i < counters.Length; i++)
        {
            counters[i] = new PacketCounters();
        }

        return counters;
    }

    private static HmacReceiverState[] NewHmacStates(NodeConfig config)
    {
        HmacReceiverState[] states = new HmacReceiverState[config.Instances.Count];
        for (int i = 0; i < states.Length; i++)
        {
            states[i] = HmacReceiverState.Create(config.Instances[i]);
        }

        return states;
    }

    private static int IndexOfName(NodeConfig config, string name)
    {
        for (int i = 0; i < config.Instances.Count; i++)
        {
            if (config.Instances[i].Name == name)
            {
                return i;
            }
        }

        return -1;
    }

    private static UtcInstant WallClock(VrrpConfig config)
    {
        if (config.Hmac is null)
        {
            return default;
        }

        (long seconds, long nanoseconds) = MonotonicClock.UnixNow;
        return UtcInstant.FromUnixTime(seconds, nanoseconds);
    }

    private void CloseAll()
    {
        foreach (VrrpPort port in _ports)
        {
            _poll.Remove(port.Socket.Descriptor);
            port.Socket.Dispose();
        }

        _ports.Clear();
        _portOf.AsSpan().Clear();
        _lowerPortOf.AsSpan().Clear();
    }

    private VrrpPort? Find(VrrpPortKey key)
    {
        foreach (VrrpPort port in _ports)
        {
            if (port.Key == key)
            {
                return port;
            }
        }

        return null;
    }

    private VrrpPort Add(VrrpPortKey key, VrrpConfig config)
    {
        VrrpPort opened = new(key, key.IsUnicast
            ? VrrpSocket.OpenUnicast(key.Bound, key.LinkIndex, [config.Vrid], key.HasHeader)
            : VrrpSocket.OpenMulticast(key.LinkIndex, key.Bound, [config.Vrid], key.HasHeader));
        _ports.Add(opened);
        return opened;
    }

    private void CloseUnused(VrrpPort port)
    {
        if (port.IsUsed)
        {
            port.IsStale = true;
            return;
        }

        _poll.Remove(port.Socket.Descriptor);
        port.Socket.Dispose();
        _ports.Remove(port);
        RegisterAll();
    }

    /// <summary>Gives the instances of the new configuration the sockets of those that they go on from, and closes the others.</summary>
    private void KeepPorts(ReadOnlySpan<int> oldIndexOf)
    {
        VrrpPort?[] before = _portOf, lowerBefore = _lowerPortOf;
        _portOf = new VrrpPort?[oldIndexOf.Length];
        _lowerPortOf = new VrrpPort?[oldIndexOf.Length];
        foreach (VrrpPort port in _ports)
        {
            port.Instances.Clear();
            port.Senders = 0;
            port.IsStale = true;
        }

        for (int i = 0; i < oldIndexOf.Length; i++)
        {
            if (oldIndexOf[i] >= 0 && before[oldIndexOf[i]] is { } port)
            {
                Join(port, i);
            }

            if (oldIndexOf[i] >= 0 && lowerBefore[oldIndexOf[i]] is { } lower)
            {
                lower.Senders++;
                _lowerPortOf[i] = lower;
            }
        }

        for (int p = _ports.Count - 1; p >= 0; p--)
        {
            if (!_ports[p].IsUsed)
            {
                _poll.Remove(_ports[p].Socket.Descriptor);
                _ports[p].Socket.Dispose();
                _ports.RemoveAt(p);
            }
        }

        RegisterAll();
    }

    private void Join(VrrpPort port, int instance)
    {
        _portOf[instance] = port;
        port.Instances.Add(instance);
        port.IsStale = true;
    }

    private void RegisterAll()
    {
        // Tokens are positions in the list; it changes at start, reload and when an interface comes or goes.
        for (int i = 0; i < _ports.Count; i++)
        {
            if (_ports[i].Token != _tokenBase + i)
            {
                if (_ports[i].Token >= 0)
                {
                    _poll.Remove(_ports[i].Socket.Descriptor);
                }

                _ports[i].Token = _tokenBase + i;
                _poll.Add(_ports[i].Socket.Descriptor, PollEvents.Readable, _ports[i].Token, isUrgent: false);
            }
        }
    }

    private int SendTo(
        VrrpPort port,
        VrrpConfig config,
        int instance,
        byte priority,
        InternetAddress source,
        InternetAddress target,
        ReadOnlySpan<byte> trailer,
        uint sequence)
    {
        int length = config.IsIPv6
            ? AdvertWriter.WriteIPv6(_packet, config, priority, source, target, trailer)
            : AdvertWriter.WriteIPv4(_packet, config, priority, source, target, NextIdentification(instance), trailer, sequence, HasOldChecksum(config, instance));
        int errno = port.Socket.Send(_packet.AsSpan(0, length), target, source, config.UnicastTtl);
        Counters[instance].SendErrors += errno == 0 ? 0 : 1;
        return errno;
    }

    private bool HasOldChecksum(VrrpConfig config, int instance) =>
        config.OldChecksum == OldChecksum.Always || (config.OldChecksum == OldChecksum.Learnt && _hasOldPeer[instance]);

    /// <summary>keepalived counts 1, 2, 3 …, never 0.</summary>
    private ushort NextIdentification(int instance)
    {
        ushort next = (ushort)(_identification[instance] + 1);
        _identification[instance] = next == 0 ? (ushort)1 : next;
        return _identification[instance];
    }

    private void Handle(VrrpPort port, ReceivedPacket packet, long now, EventLoop loop)
    {
        VrrpAdvert advert;
        PacketContext context;
        ReadOnlySpan<byte> message;
        DecodeError error;
        if (port.Key.Bound.IsIPv6)
        {
            context = new PacketContext(packet.Source, packet.Destination.IsNone ? port.Key.Bound : packet.Destination, packet.HopLimit, IsTrailerAllowed: port.IsTrailerAllowed);
            message = packet.Bytes;
            VrrpCodec.TryDecode(message, context, out advert, out error);
        }
        else
        {
            VrrpCodec.TryDecodeIPv4(packet.Bytes, port.IsChecksumAsV2, port.IsTrailerAllowed, out advert, out context, out Range range, out error);
            message = error == DecodeError.Truncated ? default : packet.Bytes[range];
        }

        if (message.Length < 2)
        {
            return;
        }

        int instance = port.InstanceOf(_config, message[1], context.Source);
        if (instance < 0)
        {
            loop.Reports.UnknownVrid(message[1], context.Source);
            return;
        }

        bool isListDifferent = false;
        HmacNotice notice = HmacNotice.None;
        if (error == DecodeError.None)
        {
            VrrpConfig config = _config.Instances[instance];
            ref readonly VrrpState state = ref loop.State.Instances[instance];
            error = port.Key.HasHeader
                ? AdvertAcceptance.Check(
                    config,
                    advert,
                    packet.Bytes,
                    message,
                    context,
                    state.Source,
                    state.Phase == VrrpPhase.Master ? state.Priority : (byte)0,
                    ref _sequence[instance],
                    out isListDifferent)
                : AdvertAcceptance.Check(
                    config, advert, message, context, state.Source, WallClock(config), ref _hmacHeard[instance], out isListDifferent, out notice);
        }

        PacketCounters counters = Counters[instance];
        if (error is DecodeError.OwnPacket or DecodeError.IgnoredByOwner)
        {
            counters.CountRefused(error);
            return;
        }

        if (error != DecodeError.None)
        {
            counters.CountRefused(error);
            loop.Deliver(NodeEvent.PacketRefused(instance, error, context.Source, notice == HmacNotice.Overtaken));
            return;
        }

        counters.Received++;
        if (port.Key.IsUnicast
            && !_hasOldPeer[instance]
            && _config.Instances[instance].OldChecksum == OldChecksum.Learnt
            && VrrpCodec.IsOldUnicastChecksum(message, advert, context))
        {
            _hasOldPeer[instance] = true;
            loop.Reports.OldChecksum(instance, context.Source);
        }

        if (advert.Priority == 0)
        {
            counters.ReleasesReceived++;
        }

        if (notice != HmacNotice.None)
        {
            loop.Reports.Hmac(instance, notice, context.Source);
            if (notice == HmacNotice.ReplayMarkForgotten)
            {
                loop.Deliver(NodeEvent.ReplayMarkForgotten(instance, context.Source));
            }
        }

        // skip_check_adv_addr: the list of the master that we follow already has been looked at.
        bool isSkipped = _config.Instances[instance].IsAddressCheckSkipped && loop.State.Instances[instance].Master == context.Source;
        if (isListDifferent && !isSkipped)
        {
            counters.AddressListDifferences++;
            loop.Reports.AddressListDiffers(instance, context.Source);
        }

        TimeSpan waited = packet.ReceivedAt > 0 ? new TimeSpan((now - packet.ReceivedAt) / TimeSpan.NanosecondsPerTick) : TimeSpan.Zero;
        loop.Deliver(NodeEvent.AdvertReceived(instance, advert, context.Source, waited));
    }
}
