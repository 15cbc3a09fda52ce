using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Daemon.Packets;

/// <summary>
/// garp_extra_if: switches forget a MAC address that nothing is sent from. While an instance holds its addresses, one of them is announced again and again on
/// each virtual MAC interface from which no adverts leave, or on each interface (keepalived: vrrp.c, vrrp_send_vmac_update).
/// </summary>
internal sealed class ExtraAnnouncements
{
    private readonly List<VirtualAddress> _due = [];
    private NodeConfig _config = new();

    /// <summary>When each instance that holds its addresses announces next; Never = it is not asked for.</summary>
    private Dictionary<int, MonotonicInstant> _nextAt = [];

    /// <summary>When something is due; Never = nothing is.</summary>
    public MonotonicInstant Due
    {
        get
        {
            MonotonicInstant due = MonotonicInstant.Never;
            foreach (MonotonicInstant at in _nextAt.Values)
            {
                due = MonotonicInstant.Earlier(due, at);
            }

            return due;
        }
    }

    /// <summary>Takes another configuration; who goes on holding addresses begins a new interval where that is another one.</summary>
    public void Configure(NodeConfig config, Func<int, int> newIndex, MonotonicInstant now)
    {
        Dictionary<int, MonotonicInstant> next = [];
        foreach ((int instance, MonotonicInstant at) in _nextAt)
        {
            int index = newIndex(instance);
            if (index >= 0)
            {
                bool isSame = _config.Instances[instance].Gratuitous.Extra == config.Instances[index].Gratuitous.Extra;
                next[index] = isSame ? at : Next(config.Instances[index], now);
            }
        }

        _config = config;
        _nextAt = next;
    }

    /// <summary>An instance has announced its addresses: it holds them.</summary>
    public void Begin(int instance, MonotonicInstant now) => _nextAt.TryAdd(instance, Next(_config.Instances[instance], now));

    /// <summary>An instance gives its addresses up.</summary>
    public void End(int instance) => _nextAt.Remove(instance);

    /// <summary>The addresses that are to be announced now; one per interface. Valid until the next call.</summary>
    public IReadOnlyList<VirtualAddress> Take(MonotonicInstant now)
    {
        _due.Clear();
        foreach (int instance in _nextAt.Where(each => each.Value <= now).Select(each => each.Key).ToArray())
        {
            VrrpConfig config = _config.Instances[instance];
            _nextAt[instance] = Next(config, now);
            int first = _due.Count;
            foreach (VirtualAddress address in config.EachAddress())
            {
                if (IsExtra(config, address.Link) && _due.FindIndex(first, other => other.Link == address.Link) < 0)
                {
                    _due.Add(address);
                }
            }
        }

        return _due;
    }

    private static MonotonicInstant Next(VrrpConfig config, MonotonicInstant now) => config.Gratuitous.Extra > TimeSpan.Zero ? now + config.Gratuitous.Extra : MonotonicInstant.Never;

    private static bool IsExtra(VrrpConfig config, int link)
    {
        bool isSending = link == (config.Vmac is { IsSending: true } ? config.Vmac.Link : config.Link);
        return !isSending && (config.Gratuitous.IsExtraForAll || config.EachVirtualLink().Any(vmac => vmac.Link == link));
    }
}
