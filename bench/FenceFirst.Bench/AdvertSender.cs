using FenceFirst.Core;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;
using FenceFirst.Linux;

namespace FenceFirst.Bench;

/// <summary>A master that is nothing but its adverts, and that dies the moment it has sent its last one: the same input for every daemon.</summary>
internal static class AdvertSender
{
    /// <summary>Sends adverts of virtual router 1 on an even grid, from a real-time thread on the node, and returns after the last one.</summary>
    public static void Send(Node node, Conf conf, int count) => Namespaces.Run(node.Namespace, () =>
    {
        VrrpConfig config = new()
        {
            Name = "VI_1",
            Vrid = 1,
            Version = (byte)conf.Version,
            BasePriority = 150,
            AdvertInterval = TimeSpan.FromSeconds(conf.IntervalSeconds),
            Group = InternetAddress.Parse("224.0.0.18"),
            Addresses = new EquatableArray<VirtualAddress>([new VirtualAddress(InternetAddress.Parse("10.99.1.1"), 32, 0)]),
        };
        byte[] packet = new byte[AdvertWriter.IPv4BytesMax];
        using VrrpSocket socket = VrrpSocket.OpenMulticast(node.LinkIndex, config.Group, [1]);
        _ = Native.TryBecomeRealTime();
        long interval = config.AdvertInterval.Ticks * 100;
        long next = Native.MonotonicNanoseconds;
        for (ushort i = 1; i <= count; i++)
        {
            Native.SleepUntil(next);
            int length = AdvertWriter.WriteIPv4(packet, config, config.BasePriority, node.Address, config.Group, i);
            int errno = socket.Send(packet.AsSpan(0, length), config.Group, node.Address);
            if (errno != 0)
            {
                throw new LinuxException("sendto", errno, "advert");
            }

            next += interval;
        }
    });
}
