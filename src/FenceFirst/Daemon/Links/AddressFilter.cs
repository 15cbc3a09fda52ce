using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Filters;

namespace FenceFirst.Daemon.Links;

/// <summary>The addresses whose packets are dropped (no_accept), as the kernel has them.</summary>
/// <remarks>What somebody else removes (<c>nft flush ruleset</c>, a firewall that is started anew) is put back at once.</remarks>
internal sealed class AddressFilter(LogWriter log, EventPoll poll, long token) : IDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly PacketFilter _filter = new();
    private readonly SortedSet<InternetAddress> _addresses = [];
    private readonly FilterWatch _watch = new(log, poll, token, "the filter of no_accept");

    /// <summary>When what could not be put back is tried again; never = nothing is missing.</summary>
    public MonotonicInstant Due { get; private set; } = MonotonicInstant.Never;

    /// <summary>Takes the settings of a configuration; tables of another name are made anew under the new one.</summary>
    public void Configure(FilterConfig settings)
    {
        if (settings == _filter.Settings)
        {
            return;
        }

        // The new ones first: no packet passes between.
        FilterConfig old = _filter.Settings;
        _filter.Settings = settings;
        int errno = Replace(_addresses);
        if (errno != 0)
        {
            log.Write(TimelineLevel.Error, $"the filter of no_accept cannot be changed: {ErrnoText.Describe(errno)}; it stays as it was");
            _filter.Settings = old;
        }
        else if (old.Table != settings.Table)
        {
            Remove(old);
        }
    }

    /// <summary>Has packets to and from more addresses dropped; 0 or the error number, and then nothing is changed.</summary>
    public int Add(in EquatableArray<VirtualAddress> addresses)
    {
        _watch.Begin();
        InternetAddress[] added = [.. addresses.Select(each => each.Address).Where(_addresses.Add)];
        int errno = Replace(added);
        if (errno != 0)
        {
            _addresses.ExceptWith(added);
        }

        return errno;
    }

    /// <summary>Lets packets to and from addresses that are gone pass again; 0 or the error number, and then nothing is changed.</summary>
    public int Remove(in EquatableArray<VirtualAddress> addresses)
    {
        InternetAddress[] removed = [.. addresses.Select(each => each.Address).Where(_addresses.Remove)];
        int errno = Replace(removed);
        if (errno != 0)
        {
            _addresses.UnionWith(removed);
        }

        return errno;
    }

    /// <summary>Removes everything, also what an earlier life of the daemon has left, under the present name or the usual one.</summary>
    public void Clear()
    {
        _addresses.Clear();
        Remove(new FilterConfig());
        Remove(_filter.Settings);
    }

    /// <summary>Takes what the kernel has told, and puts back what somebody else has removed.</summary>
    public void Read(MonotonicInstant now)
    {
        if (_watch.IsRemovedByOthers(_filter.Settings.Table, _filter) && _addresses.Count > 0)
        {
            log.Write(TimelineLevel.Warning, $"somebody has removed the filter of no_accept (nftables table {_filter.Settings.Table}): it is put back");
            PutBack(now);
        }
    }

    /// <summary>Tries again what is due.</summary>
    public void Advance(MonotonicInstant now)
    {
        if (Due <= now)
        {
            PutBack(now);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _watch.Dispose();
        _filter.Dispose();
    }

    private void PutBack(MonotonicInstant now)
    {
        int errno = Replace(_addresses);
        bool isFirst = Due.IsNever;
        Due = errno == 0 ? MonotonicInstant.Never : now + RetryAfter;
        if (errno != 0 && isFirst)
        {
            log.Write(TimelineLevel.Error, $"the filter of no_accept cannot be put back: {ErrnoText.Describe(errno)}; until it can, tried every second, the addresses accept packets");
        }
        else if (errno == 0 && !isFirst)
        {
            log.Write(TimelineLevel.Notice, "the filter of no_accept is back");
        }
    }

    private void Remove(FilterConfig settings)
    {
        FilterConfig present = _filter.Settings;
        _filter.Settings = settings;
        _ = _filter.Replace(isIPv6: false, []);
        _ = _filter.Replace(isIPv6: true, []);
        _filter.Settings = present;
    }

    private int Replace(IReadOnlyCollection<InternetAddress> changed)
    {
        int errno = 0;
        foreach (bool isIPv6 in (ReadOnlySpan<bool>)[false, true])
        {
            if (errno == 0 && changed.Any(each => each.IsIPv6 == isIPv6))
            {
                errno = _filter.Replace(isIPv6, [.. _addresses.Where(each => each.IsIPv6 == isIPv6)]);
            }
        }

        return errno;
    }
}
