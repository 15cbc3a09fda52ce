using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Linux;

namespace FenceFirst.Daemon;

/// <summary>The addresses whose packets are dropped (no_accept), as the kernel has them.</summary>
internal sealed class AddressFilter : IDisposable
{
    private readonly PacketFilter _filter = new();
    private readonly SortedSet<InternetAddress> _addresses = [];

    /// <summary>Has packets to and from more addresses dropped; 0 or the error number, and then nothing is changed.</summary>
    public int Add(in EquatableArray<VirtualAddress> addresses)
    {
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

    /// <summary>Removes everything, also what an earlier life of the daemon has left.</summary>
    public void Clear()
    {
        _addresses.Clear();
        _ = _filter.Replace(isIPv6: false, []);
        _ = _filter.Replace(isIPv6: true, []);
    }

    /// <inheritdoc/>
    public void Dispose() => _filter.Dispose();

    private int Replace(InternetAddress[] changed)
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
