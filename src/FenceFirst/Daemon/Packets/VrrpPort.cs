using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.Daemon.Packets;

/// <summary>What makes a socket one and the same.</summary>
internal readonly record struct VrrpPortKey(int LinkIndex, InternetAddress Bound, bool IsUnicast, bool HasHeader);

/// <summary>A socket of the transport and who uses it: receivers by Vrid, and those that only send.</summary>
internal sealed class VrrpPort(VrrpPortKey key, VrrpSocket socket)
{
    private readonly int[] _byVrid = Filled();

    /// <summary>What it is bound to.</summary>
    public VrrpPortKey Key { get; } = key;

    /// <summary>The socket itself; the transport closes it.</summary>
    public VrrpSocket Socket { get; } = socket;

    /// <summary>Who receives here.</summary>
    public List<int> Instances { get; } = [];

    /// <summary>How many only send from here.</summary>
    public int Senders { get; set; }

    /// <summary>Whether anybody receives or sends here.</summary>
    public bool IsUsed => Instances.Count + Senders > 0;

    /// <summary>The number under which the loop hears of it; -1 before it is watched.</summary>
    public long Token { get; set; } = -1;

    /// <summary>Whether one of the receivers accepts a version 3 checksum without the pseudo header.</summary>
    public bool IsChecksumAsV2 { get; private set; }

    /// <summary>Whether one of the receivers uses auth_hmac, so that bytes may follow the advert.</summary>
    public bool IsTrailerAllowed { get; private set; }

    /// <summary>Whether the receivers have changed since <see cref="SetVrids"/>.</summary>
    public bool IsStale { get; set; }

    /// <summary>Makes the table of receivers and the kernel's filter anew.</summary>
    public void SetVrids(NodeConfig config)
    {
        IsStale = false;
        _byVrid.AsSpan().Fill(-1);
        IsChecksumAsV2 = false;
        IsTrailerAllowed = false;
        Span<byte> vrids = stackalloc byte[256];
        int count = 0;
        foreach (int instance in Instances)
        {
            VrrpConfig one = config.Instances[instance];
            IsChecksumAsV2 |= one.IsChecksumAsV2;
            IsTrailerAllowed |= one.Hmac is not null;
            if (_byVrid[one.Vrid] < 0)
            {
                _byVrid[one.Vrid] = instance;
                vrids[count++] = one.Vrid;
            }
        }

        if (count == 0)
        {
            Socket.Silence();
            return;
        }

        // Unknown Vrids are dropped in the kernel unless somebody wants to read about them (log_unknown_vrids).
        Socket.SetVrids(config.Process.IsUnknownVridLogged ? [] : vrids[..count]);
    }

    /// <summary>The instance a packet is for: by Vrid, and among unicast instances that share one by the peer it comes from.</summary>
    public int InstanceOf(NodeConfig config, byte vrid, InternetAddress source)
    {
        int first = _byVrid[vrid];
        if (first < 0 || !Key.IsUnicast)
        {
            return first;
        }

        foreach (int instance in Instances)
        {
            VrrpConfig one = config.Instances[instance];
            if (one.Vrid != vrid)
            {
                continue;
            }

            foreach (ref readonly UnicastPeer peer in one.UnicastPeers.Span)
            {
                if (peer.Address == source)
                {
                    return instance;
                }
            }
        }

        return first;
    }

    private static int[] Filled()
    {
        int[] table = new int[256];
        table.AsSpan().Fill(-1);
        return table;
    }
}
