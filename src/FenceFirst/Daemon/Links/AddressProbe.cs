using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Network;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.Daemon.Links;

/// <summary>Asks the links whether somebody has the addresses of an instance, before they are added (docs/promotion.md 6.3).</summary>
/// <remarks>
/// All addresses are asked for at once, twice; then one more interval is spent listening. Nothing waits: the event loop calls when frames arrive and
/// when <see cref="Due"/> has come. Any number of instances ask at the same time, over one socket that is open only meanwhile.
/// </remarks>
internal sealed class AddressProbe(EventLoop loop, LinkTable links, EventPoll poll, long token) : IDisposable
{
    /// <summary>How often each address is asked for.</summary>
    private const int Rounds = 2;

    /// <summary>EOPNOTSUPP: an interface without neighbours has nobody to listen to.</summary>
    private const int NotSupported = 95;

    /// <summary>Frames taken per wake-up: a flood waits until our own timers had their turn.</summary>
    private const int FramesMax = 256;

    /// <summary>Between two rounds, and from the last one to the end.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly List<Inquiry> _inquiries = [];
    private readonly List<Inquiry> _watches = [];
    private readonly byte[] _frame = new byte[128];
    private ProbeSocket? _socket;

    /// <summary>When <see cref="Advance"/> has something to do; Never = nothing is asked for.</summary>
    public MonotonicInstant Due { get; private set; } = MonotonicInstant.Never;

    /// <summary>Begins to ask for every address of an instance; the answer is the event AddressesProbed with the attempt number.</summary>
    public void Start(int instance, uint attempt, MonotonicInstant now)
    {
        // An instance asks once at a time: what is still under way has been given up by Core.
        _inquiries.RemoveAll(other => other.Instance == instance);
        if (!TryOpen(instance, attempt))
        {
            return;
        }

        Inquiry inquiry = new(instance, attempt, Targets(loop.Config.Instances[instance]), now);
        foreach (Target target in inquiry.Targets)
        {
            if (target.Address.IsIPv6)
            {
                // Another node that asks for the same address does so to this group (RFC 4862 section 5.4.3).
                WriteProbe(target);
                _socket!.Join(_frame, target.LinkIndex); // It has just been opened.
            }
        }

        _inquiries.Add(inquiry);
        Advance(now);
    }

    /// <summary>
    /// Listens, without sending anything, for whoever claims an address of an instance; the answer is AddressesProbed. Whoever takes the addresses announces
    /// them; a probe from here could make it think that they are in use. Attempt 0 ends it.
    /// </summary>
    public void Watch(int instance, uint attempt)
    {
        _watches.RemoveAll(other => other.Instance == instance);
        if (attempt != 0 && TryOpen(instance, attempt))
        {
            Inquiry watch = new(instance, attempt, Targets(loop.Config.Instances[instance]), MonotonicInstant.Never);
            if (watch.Targets.Count == 0)
            {
                loop.Enqueue(NodeEvent.AddressesProbed(instance, attempt, InternetAddress.None, errno: NotSupported));
            }
            else
            {
                _watches.Add(watch);
            }
        }

        Settle();
    }

    /// <summary>Sends and ends what is due.</summary>
    public void Advance(MonotonicInstant now)
    {
        // What has arrived meanwhile is read first: a loop that was late would otherwise miss the answer that waits.
        Receive();
        foreach (Inquiry inquiry in _inquiries.ToArray())
        {
            if (inquiry.DueAt > now)
            {
                continue;
            }

            if (inquiry.Round == Rounds || inquiry.Targets.Count == 0)
            {
                End(inquiry, InternetAddress.None);
                continue;
            }

            int errno = SendRound(inquiry);
            inquiry.Round++;
            inquiry.DueAt = now + Interval;
            if (errno != 0)
            {
                End(inquiry, InternetAddress.None, errno: errno);
            }
        }

        Settle();
    }

    /// <summary>Takes what has arrived.</summary>
    public void Receive()
    {
        for (int i = 0; i < FramesMax && _socket is not null && _socket.TryReceive(_frame, out int length, out int linkIndex); i++)
        {
            if (AddressClaim.TryDecode(_frame.AsSpan(0, length), out AddressClaim claim) && !links.IsOwn(claim.Station))
            {
                Judge(claim, linkIndex);
            }
        }

        Settle();
    }

    /// <summary>Turns the indexes of the old configuration into those of the new one; who asked for something that is gone gets no answer.</summary>
    public void Reconfigured(Func<int, int> newIndex)
    {
        foreach (Inquiry inquiry in _inquiries)
        {
            inquiry.Instance = newIndex(inquiry.Instance);
        }

        foreach (Inquiry watch in _watches)
        {
            watch.Instance = newIndex(watch.Instance);
        }

        _inquiries.RemoveAll(inquiry => inquiry.Instance < 0);
        _watches.RemoveAll(watch => watch.Instance < 0);
        Settle();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _inquiries.Clear();
        _watches.Clear();
        Settle();
    }

    /// <summary>Opens the socket where it is not open yet; what is wrong is the answer.</summary>
    private bool TryOpen(int instance, uint attempt)
    {
        try
        {
            if (_socket is null)
            {
                _socket = new ProbeSocket();
                poll.Add(_socket.Descriptor, PollEvents.Readable, token);
            }

            return true;
        }
        catch (LinuxException exception)
        {
            loop.Enqueue(NodeEvent.AddressesProbed(instance, attempt, InternetAddress.None, errno: exception.Errno));
            return false;
        }
    }

    /// <summary>The addresses to ask for; an interface without ARP (loopback, tunnels) has no neighbours to ask.</summary>
    private List<Target> Targets(VrrpConfig config)
    {
        List<Target> targets = [];
        foreach (VirtualAddress address in config.EachAddress())
        {
            if (!links.IsWithoutArp(address.Link))
            {
                // With a virtual MAC address of our own, whoever has the same one would answer to himself, and switches would send us what is for him.
                int lower = links.LowerOf(address.Link);
                targets.Add(new Target(address.Address, links.IndexOf(lower), links.MacOf(lower)) { HeardIndex = links.IndexOf(address.Link) });
            }
        }

        return targets;
    }

    private int SendRound(Inquiry inquiry)
    {
        int first = 0;
        foreach (Target target in inquiry.Targets)
        {
            int errno = _socket!.Send(_frame.AsSpan(0, WriteProbe(target)), target.LinkIndex); // An inquiry keeps it open.
            first = first == 0 ? errno : first;
        }

        return first;
    }

    private int WriteProbe(Target target)
    {
        Span<byte> mac = stackalloc byte[6];
        target.Mac.WriteTo(mac);
        return target.Address.IsIPv4 ? ArpProbe.Write(_frame, mac, target.Address) : NeighborSolicitation.Write(_frame, mac, target.Address);
    }

    private void Judge(in AddressClaim claim, int linkIndex)
    {
        for (int i = _watches.Count - 1; i >= 0; i--)
        {
            Inquiry watch = _watches[i];
            InternetAddress claimed = claim.Address;
            if (!claim.IsProbe && watch.Targets.Exists(target => target.IsHeardOn(linkIndex) && target.Address == claimed))
            {
                _watches.RemoveAt(i);
                loop.Enqueue(NodeEvent.AddressesProbed(watch.Instance, watch.Attempt, claim.Address, claim.Station));
            }
        }

        for (int i = _inquiries.Count - 1; i >= 0; i--)
        {
            foreach (Target target in _inquiries[i].Targets)
            {
                // RFC 5227 section 2.1.1: a probe by somebody else is a conflict as well. DEVIATION: only if its Ethernet address is the greater one. Two
                // nodes that ask at the same time would otherwise both give up, and again after the same pause; so exactly one goes on.
                if (target.IsHeardOn(linkIndex) && target.Address == claim.Address && (!claim.IsProbe || claim.Station > target.Mac.Value))
                {
                    End(_inquiries[i], claim.Address, claim.Station);
                    break;
                }
            }
        }
    }

    private void End(Inquiry inquiry, InternetAddress inUse, ulong station = 0, int errno = 0)
    {
        _inquiries.Remove(inquiry);
        loop.Enqueue(NodeEvent.AddressesProbed(inquiry.Instance, inquiry.Attempt, inUse, station, errno));
    }

    /// <summary>The earliest deadline, and no socket when nobody asks.</summary>
    private void Settle()
    {
        Due = MonotonicInstant.Never;
        foreach (Inquiry inquiry in _inquiries)
        {
            Due = MonotonicInstant.Earlier(Due, inquiry.DueAt);
        }

        if (_inquiries.Count == 0 && _watches.Count == 0 && _socket is not null)
        {
            poll.Remove(_socket.Descriptor);
            _socket.Dispose();
            _socket = null;
        }
    }

    /// <summary>What is asked for, and where.</summary>
    private readonly record struct Target(InternetAddress Address, int LinkIndex, MacAddress Mac)
    {
        /// <summary>The interface that the address will be on: the kernel gives it alone what comes from its own virtual MAC address.</summary>
        public int HeardIndex { get; init; }

        public bool IsHeardOn(int linkIndex) => linkIndex == LinkIndex || linkIndex == HeardIndex;
    }

    private sealed class Inquiry(int instance, uint attempt, List<Target> targets, MonotonicInstant now)
    {
        public int Instance { get; set; } = instance;

        public uint Attempt { get; } = attempt;

        public List<Target> Targets { get; } = targets;

        public int Round { get; set; }

        public MonotonicInstant DueAt { get; set; } = now;
    }
}
