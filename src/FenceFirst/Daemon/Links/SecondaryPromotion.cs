using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Linux.Files;

namespace FenceFirst.Daemon.Links;

/// <summary>The sysctl <c>promote_secondaries</c> of the interfaces whose instances ask for it: removing an address leaves the others of its network.</summary>
/// <remarks>What was off before is off again at the end, as in keepalived. IPv4 only: the kernel removes no other IPv6 addresses.</remarks>
internal sealed class SecondaryPromotion(LogWriter log)
{
    private readonly HashSet<string> _set = [];

    /// <summary>Sets it where the configuration asks for it, and takes it back where it does not any more.</summary>
    public void Apply(NodeConfig config)
    {
        HashSet<string> wanted = [];
        foreach (VrrpConfig instance in config.Instances)
        {
            if (instance.IsPromotingSecondaries && instance.Link >= 0)
            {
                wanted.Add(config.Links[instance.Link]);
            }
        }

        foreach (string link in _set.Except(wanted).ToArray())
        {
            _set.Remove(link);
            _ = SmallFile.TryWrite(PathOf(link), "0\n"u8, isOverwritten: true);
        }

        foreach (string link in wanted.Except(_set).ToArray())
        {
            Set(link);
        }
    }

    /// <summary>Takes everything back, at the end of the daemon.</summary>
    public void Remove() => Apply(new NodeConfig());

    private void Set(string link)
    {
        byte[] before = new byte[8];
        int errno = SmallFile.TryRead(PathOf(link), before, out int length);
        if (errno == 0 && length > 0 && before[0] != (byte)'0')
        {
            return;
        }

        errno = errno == 0 ? SmallFile.TryWrite(PathOf(link), "1\n"u8, isOverwritten: true) : errno;
        if (errno == 0)
        {
            _set.Add(link);
        }
        else
        {
            log.Write(TimelineLevel.Warning, $"promote_secondaries of {link} cannot be set: {ErrnoText.Describe(errno)}; removing an address may take others of its network with it");
        }
    }

    // The name is that of an interface: it holds no slash.
    private static string PathOf(string link) => $"/proc/sys/net/ipv4/conf/{link}/promote_secondaries";
}
