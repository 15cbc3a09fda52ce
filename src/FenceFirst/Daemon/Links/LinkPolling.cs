using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Tracking;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Network;

namespace FenceFirst.Daemon.Links;

/// <summary>The interfaces whose drivers are asked (linkbeat_interfaces), as the configuration wants them. Without any there is no thread.</summary>
internal sealed class LinkPolling : IDisposable
{
    private readonly LogWriter _log;
    private readonly EventCounter _changes = new();
    private NodeConfig _config;
    private LinkPoller? _poller;

    public LinkPolling(NodeConfig config, LogWriter log)
    {
        _log = log;
        _config = config;
        Start();
    }

    /// <summary>Readable when an interface that is polled has changed.</summary>
    public int Descriptor => _changes.Descriptor;

    /// <summary>Takes another configuration; the same interfaces are polled on as before.</summary>
    public void Reconfigure(NodeConfig config)
    {
        bool isOther = !Polled(config).SequenceEqual(Polled(_config));
        _config = config;
        if (isOther)
        {
            Start();
        }
    }

    /// <summary>Makes <see cref="Descriptor"/> wait for the next change.</summary>
    public void Drain() => _changes.Drain();

    /// <summary>Whether a configured link is polled; negative = a link that is not configured.</summary>
    public bool Has(int link) => IndexOf(link) >= 0;

    /// <summary>What the driver of a polled link said last.</summary>
    public bool IsUp(int link) => _poller is not null && IndexOf(link) is >= 0 and int index && _poller.IsUp(index);

    /// <inheritdoc/>
    public void Dispose()
    {
        _poller?.Dispose();
        _changes.Dispose();
    }

    private static IEnumerable<(string Name, LinkPollMethod Method)> Polled(NodeConfig config) =>
        config.PolledLinks.Select(poll => (config.Links[poll.Link], poll.Method));

    private void Start()
    {
        _poller?.Dispose();
        (string Name, LinkPollMethod Method)[] links = [.. Polled(_config)];
        _poller = links.Length == 0 ? null : new LinkPoller(links, _changes);
        for (int i = 0; i < links.Length; i++)
        {
            LinkPollMethod method = _poller!.MethodOf(i); // There is a link.
            if (links[i].Method != LinkPollMethod.Any && method != LinkPollMethod.Any && method != links[i].Method)
            {
                _log.Write(TimelineLevel.Warning, $"linkbeat: {links[i].Name} does not support {Word(links[i].Method)}, {Word(method)} is used");
            }
        }

        static string Word(LinkPollMethod method) => method.ToString().ToUpperInvariant();
    }

    private int IndexOf(int link)
    {
        for (int i = 0; i < _config.PolledLinks.Count; i++)
        {
            if (_config.PolledLinks[i].Link == link)
            {
                return i;
            }
        }

        return -1;
    }
}
