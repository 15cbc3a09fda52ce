using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Daemon.Packets;

/// <summary>Announcements that have to keep their distance: each interface, or garp_group, sends one at a time, the addresses in turn.</summary>
/// <remarks>
/// An address waits at most once, with the number of announcements that it still has to get: what is asked for again is not added but raised to the
/// larger number. So the queue is never longer than the addresses are many.
/// keepalived 2.2.7 keeps one of the announcements that have to wait and forgets the others; here garp_master_repeat holds (docs/keepalived-differences.md).
/// </remarks>
internal sealed class AnnouncementQueue
{
    private readonly Dictionary<(int Link, bool IsIPv6), Lane> _laneOf = [];
    private readonly List<Lane> _lanes = [];

    /// <summary>When the next announcement may leave; Never = none waits.</summary>
    public MonotonicInstant Due
    {
        get
        {
            MonotonicInstant due = MonotonicInstant.Never;
            foreach (Lane lane in _lanes)
            {
                due = lane.Waiting.Count > 0 ? MonotonicInstant.Earlier(due, lane.NextAt) : due;
            }

            return due;
        }
    }

    /// <summary>Takes another configuration; what waits is forgotten, unless its instance goes on.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="newIndex">From the old index of an instance to the new one, -1 = it is gone.</param>
    public void Configure(NodeConfig config, Func<int, int> newIndex)
    {
        Waiting[] before = [.. _lanes.SelectMany(lane => lane.Waiting)];
        _lanes.Clear();
        _laneOf.Clear();
        foreach (AnnouncementGroup group in config.Spacing.Groups)
        {
            AddLanes(group.Links.AsArray(), group.Arp, group.Neighbor);
        }

        for (int link = 0; link < config.Links.Count; link++)
        {
            if (!config.Spacing.Groups.Any(group => group.Links.Contains(link)))
            {
                AddLanes([link], config.Spacing.Arp, config.Spacing.Neighbor);
            }
        }

        // What leaves through a virtual MAC interface leaves through the one below.
        foreach (VirtualLink vmac in config.Instances.SelectMany(instance => instance.EachVirtualLink()))
        {
            foreach (bool isIPv6 in (ReadOnlySpan<bool>)[false, true])
            {
                if (_laneOf.TryGetValue((vmac.Lower, isIPv6), out Lane? lane))
                {
                    _laneOf[(vmac.Link, isIPv6)] = lane;
                }
            }
        }

        foreach (Waiting one in before)
        {
            int index = newIndex(one.Instance);
            VirtualAddress? address = index < 0 ? null : AddressOf(config.Instances[index], one.Address.Address);
            if (address is not null)
            {
                TryAdd(index, address, one.Rounds);
            }
        }
    }

    /// <summary>Has an address announced as soon as its turn comes; false when its interface has no spacing and nothing need wait.</summary>
    public bool TryAdd(int instance, VirtualAddress address, int rounds)
    {
        if (!_laneOf.TryGetValue((address.Link, address.Address.IsIPv6), out Lane? lane))
        {
            return false;
        }

        foreach (Waiting one in lane.Waiting)
        {
            if (one.Instance == instance && one.Address.Address == address.Address)
            {
                one.Rounds = Math.Max(one.Rounds, rounds);
                return true;
            }
        }

        lane.Waiting.Enqueue(new Waiting(instance, address) { Rounds = rounds });
        return true;
    }

    /// <summary>Whether announcements of an address keep their distance.</summary>
    public bool IsSpaced(VirtualAddress address) => _laneOf.ContainsKey((address.Link, address.Address.IsIPv6));

    /// <summary>The next address that may be announced now.</summary>
    public bool TryTake(MonotonicInstant now, out VirtualAddress address)
    {
        foreach (Lane lane in _lanes)
        {
            if (lane.NextAt <= now && lane.Waiting.TryDequeue(out Waiting? one))
            {
                lane.NextAt = now + lane.Interval;
                if (--one.Rounds > 0)
                {
                    lane.Waiting.Enqueue(one);
                }

                address = one.Address;
                return true;
            }
        }

        address = null!; // Only looked at where true is returned.
        return false;
    }

    /// <summary>Forgets what waits of an instance: it gives its addresses up (keepalived).</summary>
    public void Discard(int instance)
    {
        foreach (Lane lane in _lanes)
        {
            for (int left = lane.Waiting.Count; left > 0; left--)
            {
                Waiting one = lane.Waiting.Dequeue();
                if (one.Instance != instance)
                {
                    lane.Waiting.Enqueue(one);
                }
            }
        }
    }

    private void AddLanes(int[] links, TimeSpan arp, TimeSpan neighbor)
    {
        foreach ((TimeSpan interval, bool isIPv6) in ((TimeSpan, bool)[])[(arp, false), (neighbor, true)])
        {
            if (interval == TimeSpan.Zero)
            {
                continue;
            }

            Lane lane = new(interval);
            _lanes.Add(lane);
            foreach (int link in links)
            {
                _laneOf[(link, isIPv6)] = lane;
            }
        }
    }

    private static VirtualAddress? AddressOf(VrrpConfig config, InternetAddress wanted)
    {
        foreach (VirtualAddress address in config.EachAddress())
        {
            if (address.Address == wanted)
            {
                return address;
            }
        }

        return null;
    }

    private sealed class Lane(TimeSpan interval)
    {
        public TimeSpan Interval { get; } = interval;

        public Queue<Waiting> Waiting { get; } = [];

        public MonotonicInstant NextAt { get; set; }
    }

    private sealed class Waiting(int instance, VirtualAddress address)
    {
        public int Instance { get; } = instance;

        public VirtualAddress Address { get; } = address;

        public int Rounds { get; set; }
    }
}
