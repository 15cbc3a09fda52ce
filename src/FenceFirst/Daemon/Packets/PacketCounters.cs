using FenceFirst.Core.Wire;

namespace FenceFirst.Daemon.Packets;

/// <summary>What one instance has sent and received since the start, refused packets by reason.</summary>
internal sealed class PacketCounters
{
    private readonly long[] _refused = new long[Enum.GetValues<DecodeError>().Length];

    /// <summary>Adverts sent; copies for several unicast peers are one advert, as keepalived counts them.</summary>
    public long Sent { get; set; }

    /// <summary>Adverts that could not be sent, each copy for a unicast peer counted.</summary>
    public long SendErrors { get; set; }

    /// <summary>Adverts accepted.</summary>
    public long Received { get; set; }

    /// <summary>Adverts with priority 0 received.</summary>
    public long ReleasesReceived { get; set; }

    /// <summary>Adverts with priority 0 sent.</summary>
    public long ReleasesSent { get; set; }

    /// <summary>Accepted adverts that carried another address list.</summary>
    public long AddressListDifferences { get; set; }

    /// <summary>Counts from 0 again.</summary>
    public void Clear()
    {
        _refused.AsSpan().Clear();
        (Sent, SendErrors, Received) = (0, 0, 0);
        (ReleasesReceived, ReleasesSent, AddressListDifferences) = (0, 0, 0);
    }

    /// <summary>Counts a refused packet.</summary>
    public void CountRefused(DecodeError error) => _refused[(int)error]++;

    /// <summary>Packets refused for one reason.</summary>
    public long Refused(DecodeError error) => _refused[(int)error];
}
