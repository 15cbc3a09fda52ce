using System.Runtime.InteropServices;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Network;

namespace FenceFirst.Daemon.Links;

/// <summary>Carries out a round of lease renewals (G6): gathers the instances that Core names and renews all their addresses together.</summary>
/// <remarks>
/// The requests are kept from round to round, so a round in which nothing has changed is one system call and allocates nothing. What is gathered must be
/// committed before anything else is asked of the kernel: a renewal that came after a removal would put the address back.
/// </remarks>
internal sealed class LeaseRenewals : IDisposable
{
    /// <summary>A little after the beginning of the kernel's second, which is known to 10 ms and a tick, and may have come early on other processors.</summary>
    private static readonly TimeSpan PhaseMargin = TimeSpan.FromMilliseconds(10);

    /// <summary>A round that took longer says too little about when the kernel began with it.</summary>
    private static readonly TimeSpan RoundMax = TimeSpan.FromMilliseconds(5);

    private readonly LinkTable _links;
    private readonly AddressRenewer _renewer = new();
    private readonly List<int> _gathered = [];
    private readonly List<int> _prepared = [];
    private int _preparedVersion = -1;
    private MonotonicInstant[] _renewedAt = [];
    private bool _isPhaseWanted;

    /// <summary>Opens the socket; the link table is not told of what it does.</summary>
    public LeaseRenewals(LinkTable links)
    {
        _links = links;
        links.Ignore(_renewer);
    }

    /// <summary>Whether something waits for <see cref="Commit"/>.</summary>
    public bool IsPending => _gathered.Count > 0;

    /// <summary>When the addresses of an instance last got their whole lifetime; Zero = not since the start or the last reload.</summary>
    public MonotonicInstant RenewedAt(int instance) => _renewedAt[instance];

    /// <summary>There is another configuration: indexes mean other instances.</summary>
    public void Reconfigure(int instances) => _renewedAt = new MonotonicInstant[instances];

    /// <summary>The addresses of an instance have been added, with their lifetime.</summary>
    public void Added(int instance, MonotonicInstant now) => _renewedAt[instance] = now;

    /// <summary>All addresses of an instance get their lifetime anew with the next commit.</summary>
    public void Add(int instance) => _gathered.Add(instance);

    /// <summary>Renews what was gathered; returns 0 or the first error number. An address that the kernel has taken away meanwhile is put back by it.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="now">The instant of this turn.</param>
    /// <param name="phase">When the rounds are best made; absent = nothing new. It is looked for after each change of what is renewed, because a suspended machine moves it.</param>
    public int Commit(NodeConfig config, MonotonicInstant now, out TimeSpan? phase)
    {
        if (_links.Version != _preparedVersion || !CollectionsMarshal.AsSpan(_gathered).SequenceEqual(CollectionsMarshal.AsSpan(_prepared)))
        {
            Prepare(config);
        }

        MonotonicInstant begin = MonotonicClock.Now;
        int errno = _renewer.Send();
        foreach (int instance in _gathered)
        {
            _renewedAt[instance] = errno == 0 ? now : _renewedAt[instance];
        }

        _gathered.Clear();
        phase = null;
        if (errno == 0 && _isPhaseWanted && MonotonicClock.Now - begin < RoundMax)
        {
            phase = PhaseOf(config, begin);
            _isPhaseWanted = false;
        }

        return errno;
    }

    /// <inheritdoc/>
    public void Dispose() => _renewer.Dispose();

    /// <summary>From the stamp that the kernel has just given to the first address of the round.</summary>
    private TimeSpan? PhaseOf(NodeConfig config, MonotonicInstant begin)
    {
        foreach (int instance in _prepared)
        {
            foreach (VirtualAddress address in config.Instances[instance].EachAddress())
            {
                try
                {
                    uint stamp = _links.StampOf(_links.IndexOf(address.Link), address.Address);
                    return stamp == 0 ? null : KernelSecond.BeginOf(begin, stamp) + PhaseMargin;
                }
                catch (LinuxException)
                {
                    // No list of addresses: the rounds stay where they are, and are as good as those of a kernel that tells no stamps.
                    return null;
                }
            }
        }

        return null;
    }

    private void Prepare(NodeConfig config)
    {
        _isPhaseWanted = true;
        _preparedVersion = _links.Version;
        _prepared.Clear();
        _renewer.Clear();
        foreach (int instance in _gathered)
        {
            _prepared.Add(instance);
            VrrpConfig one = config.Instances[instance];
            foreach (VirtualAddress address in one.EachAddress())
            {
                _renewer.Add(new AddressRequest(true, _links.IndexOf(address.Link), address) { LeaseSeconds = one.LeaseSeconds });
            }
        }
    }
}
