using System.Buffers.Binary;
using FenceFirst.Core;
using FenceFirst.Core.Wire;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Network;
using FenceFirst.Linux.Processes;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.Demo;

/// <summary>An advert as the client's network card saw it.</summary>
internal readonly record struct SeenAdvert(MonotonicInstant At, InternetAddress Source, byte Priority);

/// <summary>A gratuitous ARP for the virtual address as the client's network card saw it.</summary>
internal readonly record struct SeenArp(MonotonicInstant At, MacAddress Mac);

/// <summary>The independent witness: hears from both nodes' kernels about addresses and sees every frame that reaches the client.</summary>
/// <remarks>
/// One thread takes everything. All news of one waking get one time: what the kernels told in order never looks reversed because of the
/// order in which we read, and an overlap of ownership is never invented. Frames carry the kernel's time; news about addresses carry none,
/// so their time is that of reading: never too early, and on a busy machine without real-time priority some milliseconds late.
/// </remarks>
internal sealed class Observer : IDisposable
{
    private const int SeenMax = 100_000;
    private const int FrameBytes = 128;
    private const int WakeMs = 50;
    private const int FramesPerRound = 256;
    private const int RealTimePriority = 1;

    private readonly EventPoll _poll = new();
    private readonly PacketCapture _capture;
    private readonly Holding[] _holdings;
    private readonly List<SeenAdvert> _adverts = [];
    private readonly List<SeenArp> _arps = [];
    private readonly Lock _lock = new();
    private readonly Thread _thread;
    private volatile bool _isStopping;

    /// <summary>Begins to watch.</summary>
    public Observer(DemoNetwork network)
    {
        _capture = DemoNetwork.Inside(network.Client, () => new PacketCapture(RtNetlink.IndexOf("eth0")));
        _holdings = [new Holding(NodePlan.A, network), new Holding(NodePlan.B, network)];
        _poll.Add(_capture.Descriptor, PollEvents.Readable, _holdings.Length);
        for (int i = 0; i < _holdings.Length; i++)
        {
            _poll.Add(_holdings[i].Monitor.Descriptor, PollEvents.Readable, i);
        }

        _thread = new Thread(Watch) { IsBackground = true, Name = "observer" };
        _thread.Start();
    }

    /// <summary>Whether a kernel had more to tell than it could queue: then no claim about addresses can be made.</summary>
    public bool HasMissedNews { get; private set; }

    /// <summary>When a node took the virtual address, at or after an instant; never, if it did not.</summary>
    public MonotonicInstant AddedAt(NodePlan node, MonotonicInstant from = default)
    {
        lock (_lock)
        {
            return Of(node).Intervals.Find(interval => interval.From >= from)?.From ?? MonotonicInstant.Never;
        }
    }

    /// <summary>Whether a node holds the virtual address now.</summary>
    public bool IsHeldBy(NodePlan node)
    {
        lock (_lock)
        {
            return Of(node).Intervals is [.., { To.IsNever: true }];
        }
    }

    /// <summary>How often a node has taken the virtual address.</summary>
    public int TimesTaken(NodePlan node)
    {
        lock (_lock)
        {
            return Of(node).Intervals.Count;
        }
    }

    /// <summary>How long both nodes held the virtual address at the same time.</summary>
    public TimeSpan HeldTwice()
    {
        TimeSpan total = TimeSpan.Zero;
        lock (_lock)
        {
            MonotonicInstant now = MonotonicClock.Now;
            foreach (HeldInterval ours in _holdings[0].Intervals)
            {
                foreach (HeldInterval theirs in _holdings[1].Intervals)
                {
                    MonotonicInstant from = MonotonicInstant.Later(ours.From, theirs.From);
                    MonotonicInstant to = MonotonicInstant.Earlier(MonotonicInstant.Earlier(ours.To, theirs.To), now);
                    total += to > from ? to - from : TimeSpan.Zero;
                }
            }
        }

        return total;
    }

    /// <summary>The last advert of a node that reached the client before an instant, or null.</summary>
    public SeenAdvert? LastAdvert(NodePlan node, MonotonicInstant before)
    {
        lock (_lock)
        {
            int index = _adverts.FindLastIndex(advert => advert.Source == node.Address && advert.At < before);
            return index < 0 ? null : _adverts[index];
        }
    }

    /// <summary>The first gratuitous ARP from a network card at or after an instant, or null.</summary>
    public SeenArp? FirstArp(MacAddress mac, MonotonicInstant from)
    {
        lock (_lock)
        {
            int index = _arps.FindIndex(arp => arp.Mac == mac && arp.At >= from);
            return index < 0 ? null : _arps[index];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isStopping = true;
        _thread.Join();
        _capture.Dispose();
        foreach (Holding holding in _holdings)
        {
            holding.Monitor.Dispose();
        }

        _poll.Dispose();
    }

    private Holding Of(NodePlan node) => _holdings[0].Node == node ? _holdings[0] : _holdings[1];

    private void Watch()
    {
        _ = ProcessTuning.TrySetRealTimeOfThisThread(RealTimePriority);
        Span<EpollEvent> ready = new EpollEvent[4];
        while (!_isStopping)
        {
            if (_poll.Wait(ready, WakeMs) == 0)
            {
                continue;
            }

            lock (_lock)
            {
                MonotonicInstant now = MonotonicClock.Now;
                foreach (Holding holding in _holdings)
                {
                    HasMissedNews |= !holding.Read(now);
                }

                ReadFrames();
            }
        }
    }

    private void ReadFrames()
    {
        Span<byte> frame = stackalloc byte[FrameBytes];
        for (int i = 0; i < FramesPerRound && _capture.TryReceive(frame, out int length, out MonotonicInstant at); i++)
        {
            if (_adverts.Count < SeenMax && _arps.Count < SeenMax)
            {
                Keep(frame[..length], at);
            }
        }
    }

    private void Keep(ReadOnlySpan<byte> frame, MonotonicInstant at)
    {
        const int EthernetHeader = 14;
        const ushort TypeIPv4 = 0x0800;
        const ushort TypeArp = 0x0806;
        const int ArpBytes = 28;
        if (frame.Length < EthernetHeader)
        {
            return;
        }

        ushort type = BinaryPrimitives.ReadUInt16BigEndian(frame[12..]);
        ReadOnlySpan<byte> payload = frame[EthernetHeader..];
        if (type == TypeArp && payload.Length >= ArpBytes)
        {
            // Sender and target are the same address: that is what makes it gratuitous.
            InternetAddress sender = InternetAddress.FromBytes(payload.Slice(14, 4));
            if (sender == NodePlan.VirtualAddress && InternetAddress.FromBytes(payload.Slice(24, 4)) == sender)
            {
                _arps.Add(new SeenArp(at, MacAddress.FromBytes(payload.Slice(8, 6))));
            }
        }
        else if (type == TypeIPv4 && VrrpCodec.TryDecodeIPv4(payload, false, out VrrpAdvert advert, out PacketContext context, out _, out _))
        {
            _adverts.Add(new SeenAdvert(at, context.Source, advert.Priority));
        }
    }

    /// <summary>A time during which a node held the address; the end is never while it lasts.</summary>
    private sealed class HeldInterval(MonotonicInstant from)
    {
        internal MonotonicInstant From { get; } = from;

        internal MonotonicInstant To { get; set; } = MonotonicInstant.Never;
    }

    /// <summary>What one node's kernel tells.</summary>
    private sealed class Holding(NodePlan node, DemoNetwork network)
    {
        internal NodePlan Node { get; } = node;

        internal LinkMonitor Monitor { get; } = DemoNetwork.Inside(network.Of(node), () => new LinkMonitor());

        internal List<HeldInterval> Intervals { get; } = [];

        /// <summary>Takes the news; false when some were lost.</summary>
        internal bool Read(MonotonicInstant now)
        {
            if (Monitor.Read() == MonitorResult.Overrun)
            {
                return false;
            }

            foreach (AddressChange change in Monitor.Addresses)
            {
                bool isHeld = Intervals is [.., { To.IsNever: true }];
                if (change.Address == NodePlan.VirtualAddress && change.IsAdded != isHeld)
                {
                    if (change.IsAdded)
                    {
                        Intervals.Add(new HeldInterval(now));
                    }
                    else
                    {
                        Intervals[^1].To = now;
                    }
                }
            }

            return true;
        }
    }
}
