using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Network;

namespace FenceFirst.Daemon.Links;

/// <summary>Keeps the interfaces with virtual MAC addresses as the configuration wants them: made at the start, made again when they vanish, removed at the end.</summary>
/// <remarks>
/// The kernel takes tens of milliseconds to remove an interface, in which an advert may be late: so the work is done by a thread, while the loop hears of it
/// as of every change of an interface. Only at the start and at the end is it waited for. What somebody else removes of the filter is put back in the same way.
/// </remarks>
/// <param name="log">The log.</param>
/// <param name="poll">Told of the filter's news, under a number of their own.</param>
/// <param name="filterToken">That number.</param>
internal sealed class Vmacs(LogWriter log, EventPoll poll, long filterToken) : IDisposable
{
    /// <summary>How long the end waits for work under way.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly FilterWatch _watch = new(log, poll, filterToken, "the filter of use_vmac");
    private readonly EventCounter _done = new();
    private readonly VmacWork _work = new();
    private VmacPlan _plan = VmacPlan.None;
    private VmacPlan _applied = VmacPlan.None;
    private Thread? _thread;
    private volatile List<VmacNews>? _news;
    private bool _isBusy;
    private bool _isChanged;
    private bool _isFilterLost;

    /// <summary>When what could not be put back of the filter is tried again; never = nothing is missing.</summary>
    public MonotonicInstant Due { get; private set; } = MonotonicInstant.Never;

    /// <summary>Readable when work has ended.</summary>
    public int Descriptor => _done.Descriptor;

    /// <summary>Makes everything, and removes what an earlier life left of the filter; returns when it is done.</summary>
    public void ApplyNow(NodeConfig config)
    {
        _plan = VmacPlan.Of(config);
        Watch(_plan);
        Tell(_work.Apply(_plan));
        _applied = _plan;
    }

    /// <summary>Whether everything is as the configuration wants it; begins to make it so where it is not. To be asked again after every turn of the loop.</summary>
    public bool IsReady(NodeConfig config)
    {
        VmacPlan plan = VmacPlan.Of(config);
        if (!_isBusy && _applied != plan)
        {
            Begin(plan);
        }

        return !_isBusy;
    }

    /// <summary>Interfaces or addresses are different: makes what has vanished.</summary>
    public void Look(LinkTable links)
    {
        _isChanged = _isBusy;
        if (!_isBusy && IsAnyWrong(links))
        {
            Begin(_plan);
        }
    }

    /// <summary>Takes what the kernel has told of the filter, and begins to put back what somebody else has removed.</summary>
    public void ReadFilter()
    {
        if (_watch.IsRemovedByOthers(FilterConfig.ReportTable, _work.FilterMaker) && !_plan.IsEmpty)
        {
            log.Write(TimelineLevel.Warning, $"somebody has removed the filter of use_vmac (nftables table {FilterConfig.ReportTable}): it is put back");
            PutBack();
        }
    }

    /// <summary>Tries again what is due.</summary>
    public void Advance(MonotonicInstant now)
    {
        if (Due <= now)
        {
            Due = MonotonicInstant.Never;
            PutBack();
        }
    }

    /// <summary>Takes the end of the work.</summary>
    public void Take(LinkTable links, MonotonicInstant now)
    {
        _done.Drain();
        if (Interlocked.Exchange(ref _news, null) is not { } news)
        {
            return;
        }

        _isBusy = false;
        Tell(news);
        Due = _work.IsFilterMissing ? now + RetryAfter : MonotonicInstant.Never;
        if (_isFilterLost)
        {
            Begin(_plan);
        }
        else if (_isChanged)
        {
            Look(links);
        }
    }

    /// <summary>Removes everything and restores what was changed; returns when it is done.</summary>
    public void Remove()
    {
        if (_thread is { } thread && !thread.Join(Patience))
        {
            log.Write(TimelineLevel.Error, "virtual MAC interfaces are left behind: the kernel does not answer");
            return;
        }

        if (!_applied.IsEmpty || !_plan.IsEmpty)
        {
            Tell(_work.Apply(VmacPlan.None));
        }

        _plan = _applied = VmacPlan.None;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_thread is { } thread && !thread.Join(Patience))
        {
            // It still uses them.
            return;
        }

        _watch.Dispose();
        _work.Dispose();
        _done.Dispose();
    }

    private void PutBack()
    {
        _isFilterLost = true;
        if (!_isBusy)
        {
            Begin(_plan);
        }
    }

    private void Watch(VmacPlan plan)
    {
        if (!plan.IsEmpty)
        {
            _watch.Begin();
        }
    }

    private void Begin(VmacPlan plan)
    {
        Watch(plan);
        bool isFilterLost = _isFilterLost;
        _isFilterLost = false;
        _plan = _applied = plan;
        _isBusy = true;
        _isChanged = false;
        _thread = new Thread(() =>
        {
            _news = _work.Apply(plan, isFilterLost);
            _done.Signal();
        })
        {
            Name = "vmac",
            IsBackground = true,
        };
        _thread.Start();
    }

    private bool IsAnyWrong(LinkTable links)
    {
        foreach (WantedVmac wanted in _plan.Links)
        {
            (int index, MacAddress mac) = links.Find(wanted.Name);
            if (links.Find(wanted.Lower).Index != 0 && (index == 0 || mac != wanted.Mac || (wanted is { IsIPv6: true, IsSending: true } && IsAddressWrong(wanted, links))))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsAddressWrong(WantedVmac wanted, LinkTable links)
    {
        InternetAddress below = links.LinkLocalOf(wanted.Lower), own = links.LinkLocalOf(wanted.Name);
        return own.IsNone || (!below.IsNone && own != below);
    }

    private void Tell(List<VmacNews> news)
    {
        foreach (VmacNews each in news)
        {
            log.Write(each.Level, each.Instance, "vmac", each.Instance.Length == 0 ? each.Text : $"({each.Instance}) {each.Text}");
        }
    }
}
