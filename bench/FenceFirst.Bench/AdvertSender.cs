using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Processes;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.Bench;

/// <summary>A master that is nothing but its adverts, and that dies the moment it has sent its last one: the same input for every daemon.</summary>
internal static class AdvertSender
{
    private static readonly InternetAddress Group = InternetAddress.Parse("224.0.0.18");

    /// <summary>Sends adverts of every virtual router on an even grid, from a real-time thread on the node, and returns after the last one.</summary>
    /// <param name="node">Where the adverts come from.</param>
    /// <param name="conf">What the other side is configured with.</param>
    /// <param name="count">Adverts per virtual router.</param>
    public static void Send(Node node, Conf conf, int count) => Namespaces.Run(node.Namespace, () =>
    {
        VrrpConfig[] configs = [.. Enumerable.Range(1, conf.Instances).Select(vrid => Master(conf, vrid))];
        byte[] packet = new byte[AdvertWriter.IPv4BytesMax];
        using VrrpSocket socket = VrrpSocket.OpenMulticast(node.LinkIndex, Group, [1]);
        _ = Native.TryBecomeRealTime();
        long interval = configs[0].AdvertInterval.Ticks * 100;
        long next = Native.MonotonicNanoseconds;
        for (ushort i = 1; i <= count; i++)
        {
            Native.SleepUntil(next);
            foreach (VrrpConfig config in configs)
            {
                int length = AdvertWriter.WriteIPv4(packet, config, config.BasePriority, node.Address, Group, i);
                int errno = socket.Send(packet.AsSpan(0, length), Group, node.Address);
                if (errno != 0)
                {
                    throw new LinuxException("sendto", errno, "advert");
                }
            }

            next += interval;
        }
    });

    private static VrrpConfig Master(Conf conf, int vrid) => new()
    {
        Name = $"VI_{vrid}",
        Vrid = (byte)vrid,
        Version = (byte)conf.Version,
        BasePriority = 150,
        AdvertInterval = TimeSpan.FromSeconds(conf.IntervalSeconds),
        Group = Group,
        Addresses = new EquatableArray<VirtualAddress>([new VirtualAddress(InternetAddress.Parse($"10.99.1.{vrid}"), 32, 0)]),
    };
}
