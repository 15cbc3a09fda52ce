using FenceFirst.Core.Timeline;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Filters;
using FenceFirst.Linux.Native;

namespace FenceFirst.Daemon.Links;

/// <summary>Whether somebody else takes away nftables tables of ours. Opened with the first of them: who filters nothing is not woken by the firewall of others.</summary>
/// <param name="log">The log.</param>
/// <param name="poll">Told what to watch.</param>
/// <param name="token">Under this number.</param>
/// <param name="filter">What the tables are for, in messages.</param>
internal sealed class FilterWatch(LogWriter log, EventPoll poll, long token, string filter) : IDisposable
{
    private PacketFilterMonitor? _monitor;
    private bool _isRefused;

    /// <summary>Begins, unless it has begun. Before the tables are made: nothing is missed then.</summary>
    public void Begin()
    {
        if (_monitor is not null || _isRefused)
        {
            return;
        }

        try
        {
            _monitor = new PacketFilterMonitor();
            poll.Add(_monitor.Descriptor, PollEvents.Readable, token);
        }
        catch (LinuxException exception)
        {
            _isRefused = true;
            log.Write(TimelineLevel.Warning, $"{exception.Message}: it will not be noticed when somebody removes {filter}");
        }
    }

    /// <summary>Takes what the kernel has told; whether tables of a name, or a part of them, may be gone.</summary>
    public bool IsRemovedByOthers(string table, PacketFilter maker) => _monitor is not null && _monitor.IsRemovedByOthers(table, maker);

    /// <inheritdoc/>
    public void Dispose() => _monitor?.Dispose();
}
