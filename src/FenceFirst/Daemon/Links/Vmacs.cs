using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Network;

namespace FenceFirst.Daemon.Links;

/// <summary>Keeps the interfaces with virtual MAC addresses as the configuration wants them: made at the start, made again when they vanish, removed at the end.</summary>
/// <remarks>
/// The kernel takes tens of milliseconds to remove an interface, in which an advert may be late: so the work is done by a thread, while the loop hears of it
/// as of every change of an interface. Only at the start and at the end is it waited for.
/// </remarks>
internal sealed class Vmacs(LogWriter log) : IDisposable
{
    /// <summary>How long the end waits for work under way.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly EventCounter _done = new();
    private readonly VmacWork _work = new();
    private VmacPlan _plan = VmacPlan.None;
    private VmacPlan _applied = VmacPlan.None;
    private Thread? _thread;
    private volatile List<VmacNews>? _news;
    private bool _isBusy;
    private bool _isChanged;

    /// <summary>Readable when work has ended.</summary>
    public int Descriptor => _done.Descriptor;

    /// <summary>Makes everything, and removes what an earlier life left of the filter; returns when it is done.</summary>
    public void ApplyNow(NodeConfig config)
    {
        _plan = VmacPlan.Of(config);
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

    /// <summary>Takes the end of the work.</summary>
    public void Take(LinkTable links)
    {
        _done.Drain();
        if (Interlocked.Exchange(ref _news, null) is not { } news)
        {
            return;
        }

        _isBusy = false;
        Tell(news);
        if (_isChanged)
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

        _work.Dispose();
        _done.Dispose();
    }

    private void Begin(VmacPlan plan)
    {
        _plan = _applied = plan;
        _isBusy = true;
        _isChanged = false;
        _thread = new Thread(() =>
        {
            _news = _work.Apply(plan);
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
