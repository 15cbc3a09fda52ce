using FenceFirst.Core;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Network;
using FenceFirst.Linux.Processes;
using FenceFirst.Linux.Sockets;
using FenceFirst.Tests;

namespace FenceFirst.SystemTests.Linux;

public sealed class VrrpSocketTests
{
    private static readonly InternetAddress Group4 = InternetAddress.Parse("224.0.0.18");
    private static readonly InternetAddress Group6 = InternetAddress.Parse("ff02::12");

    /// <summary>An IPv4 packet with TTL 255 around a version 3 header; only the Vrid matters here.</summary>
    private static byte[] Packet4(string source, InternetAddress destination, byte vrid)
    {
        byte[] packet = new byte[28];
        packet[0] = 0x45;
        packet[1] = 0xc0;
        packet[3] = 28;
        packet[5] = 1;
        packet[8] = 255;
        packet[9] = 112;
        InternetAddress.Parse(source).WriteTo(packet.AsSpan(12));
        destination.WriteTo(packet.AsSpan(16));
        packet[20] = 0x31;
        packet[21] = vrid;
        return packet;
    }

    private static void Await(VrrpSocket socket, PacketBatch batch)
    {
        using EventPoll poll = new();
        poll.Add(socket.Descriptor, PollEvents.Readable, 7);
        EpollEvent[] ready = new EpollEvent[1];
        Assert.Equal(1, poll.Await(ready));
        Assert.Equal(7, ready[0].Token);
        Assert.True(socket.Receive(batch) > 0);
    }

    private static VrrpSocket Open(KernelNetwork network, bool isLeft, Func<int, VrrpSocket> open)
    {
        VrrpSocket? socket = null;
        Namespaces.Run(isLeft ? network.Left : network.Right, () => socket = open(RtNetlink.IndexOf(isLeft ? "left0" : "right0")));
        return socket!; // Not null: a failure to open is thrown.
    }

    [LinuxFact]
    public void Multicast_of_IPv4_arrives_whole_and_the_filter_keeps_other_Vrids_out()
    {
        // Shown by sending three Vrids, of which the receiver wants one and then, after a reload, another.
        using KernelNetwork network = new();
        using VrrpSocket left = Open(network, true, index => VrrpSocket.OpenMulticast(index, Group4, [51]));
        using VrrpSocket right = Open(network, false, index => VrrpSocket.OpenMulticast(index, Group4, [200]));
        using PacketBatch batch = new();
        foreach (byte vrid in (byte[])[51, 1, 200])
        {
            Assert.Equal(0, left.Send(Packet4("10.9.0.1", Group4, vrid), Group4, InternetAddress.None));
        }

        Await(right, batch);
        Assert.Equal(1, batch.Count);
        ReceivedPacket packet = batch[0];
        Assert.Equal(InternetAddress.Parse("10.9.0.1"), packet.Source);
        Assert.Equal(Group4, packet.Destination);
        Assert.Equal(255, packet.HopLimit);
        Assert.Equal(28, packet.Bytes.Length);
        Assert.Equal(0xc0, packet.Bytes[1]);
        Assert.Equal(200, packet.Bytes[21]);
        Assert.Equal(0, right.Receive(batch));
        Assert.Equal(0, batch.Errno);
        Assert.Equal(0, left.Receive(batch));
        right.SetVrids([1]);
        Assert.Equal(0, left.Send(Packet4("10.9.0.1", Group4, 200), Group4, InternetAddress.None));
        Assert.Equal(0, left.Send(Packet4("10.9.0.1", Group4, 1), Group4, InternetAddress.None));
        Await(right, batch);
        Assert.Equal(1, batch.Count);
        Assert.Equal(1, batch[0].Bytes[21]);
    }

    [LinuxFact]
    public void Every_packet_says_when_the_kernel_took_it()
    {
        // Shown in both families with packets that wait in the socket: the stamps lie between two readings of the clock before the wait, in the order of the packets.
        using KernelNetwork network = new();
        using PacketBatch batch = new();
        foreach ((InternetAddress group, InternetAddress source) in new[] { (Group4, InternetAddress.None), (Group6, InternetAddress.Parse("fd09::1")) })
        {
            using VrrpSocket left = Open(network, true, index => VrrpSocket.OpenMulticast(index, group, [51]));
            using VrrpSocket right = Open(network, false, index => VrrpSocket.OpenMulticast(index, group, [51]));
            long before = MonotonicClock.UnixNanoseconds;
            for (int round = 0; round < 2; round++)
            {
                // Once more: what a full batch leaves in the buffers is offered anew.
                for (int i = 0; i < PacketBatch.PacketsMax; i++)
                {
                    byte[] packet = group.IsIPv6 ? [0x31, 51, (byte)i, 0, 0, 100, 0, 0] : Packet4("10.9.0.1", group, 51);
                    Assert.Equal(0, left.Send(packet, group, source));
                }

                // A veth pair hands over within the call.
                long after = MonotonicClock.UnixNanoseconds;
                Thread.Sleep(5);
                Await(right, batch);
                Assert.Equal(PacketBatch.PacketsMax, batch.Count);
                for (int i = 0; i < batch.Count; i++)
                {
                    Assert.InRange(batch[i].ReceivedAt, before, after);
                    before = batch[i].ReceivedAt;
                }
            }
        }
    }

    [LinuxFact]
    public void Multicast_of_IPv6_tells_source_destination_and_hop_limit()
    {
        // Shown with our own source address by packet information, and with two Vrids of which one is wanted.
        using KernelNetwork network = new();
        using VrrpSocket left = Open(network, true, index => VrrpSocket.OpenMulticast(index, Group6, [51]));
        using VrrpSocket right = Open(network, false, index => VrrpSocket.OpenMulticast(index, Group6, [51]));
        using PacketBatch batch = new();
        InternetAddress source = InternetAddress.Parse("fd09::1");
        Assert.Equal(0, left.Send([0x31, 52, 100, 0, 0, 100, 0xab, 0xcd], Group6, source));
        Assert.Equal(0, left.Send([0x31, 51, 100, 0, 0, 100, 0xab, 0xcd], Group6, source));
        Await(right, batch);
        Assert.Equal(1, batch.Count);
        ReceivedPacket packet = batch[0];
        Assert.Equal(source, packet.Source);
        Assert.Equal(Group6, packet.Destination);
        Assert.Equal(255, packet.HopLimit);

        // The kernel neither filled in nor judged the checksum.
        Assert.Equal([0x31, 51, 100, 0, 0, 100, 0xab, 0xcd], packet.Bytes.ToArray());
        Assert.Equal(0, left.Receive(batch));
    }

    [LinuxFact]
    public void Unicast_arrives_at_the_socket_of_its_address_only()
    {
        // Shown with a multicast socket beside the unicast one, in both families; IPv6 leaves with the hop limit asked for.
        using KernelNetwork network = new();
        using PacketBatch batch = new();
        foreach ((string own, string peer, InternetAddress group) in new[] { ("10.9.0.1", "10.9.0.2", Group4), ("fd09::1", "fd09::2", Group6) })
        {
            InternetAddress source = InternetAddress.Parse(own);
            InternetAddress destination = InternetAddress.Parse(peer);
            using VrrpSocket left = Open(network, true, _ => VrrpSocket.OpenUnicast(source, 0, []));
            using VrrpSocket right = Open(network, false, index => VrrpSocket.OpenUnicast(destination, index, [51]));
            using VrrpSocket multicast = Open(network, false, index => VrrpSocket.OpenMulticast(index, group, []));
            ReadOnlySpan<byte> packet = source.IsIPv6 ? [0x31, 51, 100, 0, 0, 100, 0, 0] : Packet4(own, destination, 51);
            Assert.Equal(0, left.Send(packet, destination, source, source.IsIPv6 ? 77 : -1));
            Await(right, batch);
            Assert.Equal(source, batch[0].Source);
            Assert.Equal(destination, batch[0].Destination);
            Assert.Equal(source.IsIPv6 ? 77 : 255, batch[0].HopLimit);
            Assert.Equal(0, multicast.Receive(batch));
        }
    }

    [LinuxFact]
    public void All_255_Vrids_fit_the_filter()
    {
        // Shown by attaching it and sending the first and the last.
        using KernelNetwork network = new();
        byte[] all = [.. Enumerable.Range(1, 255).Select(x => (byte)x)];
        using VrrpSocket left = Open(network, true, index => VrrpSocket.OpenMulticast(index, Group4, []));
        using VrrpSocket right = Open(network, false, index => VrrpSocket.OpenMulticast(index, Group4, all));
        using PacketBatch batch = new();
        left.Send(Packet4("10.9.0.1", Group4, 0), Group4, InternetAddress.None);
        left.Send(Packet4("10.9.0.1", Group4, 1), Group4, InternetAddress.None);
        left.Send(Packet4("10.9.0.1", Group4, 255), Group4, InternetAddress.None);
        Await(right, batch);
        Assert.Equal(2, batch.Count);
        Assert.Equal(1, batch[0].Bytes[21]);
        Assert.Equal(255, batch[1].Bytes[21]);
    }

    [LinuxFact]
    public void Failures_are_error_numbers_and_opening_says_what_is_wrong()
    {
        // Shown with a link that is down while sending, and an interface that does not exist.
        using KernelNetwork network = new();
        using VrrpSocket left = Open(network, true, index => VrrpSocket.OpenMulticast(index, Group4, [51]));
        network.InLeft(() => Assert.Equal(0, new RtNetlink().SetLinkUp(RtNetlink.IndexOf("left0"), false)));
        Assert.NotEqual(0, left.Send(Packet4("10.9.0.1", Group4, 51), Group4, InternetAddress.None));
        network.InLeft(() =>
        {
            LinuxException failure = Assert.Throws<LinuxException>(() => VrrpSocket.OpenMulticast(9999, Group4, [51]));
            Assert.Contains("ENODEV", failure.Message, StringComparison.Ordinal);
        });
    }

    [LinuxFact]
    public void Sending_receiving_waiting_and_timers_allocate_nothing()
    {
        // Shown by the runtime's count over a thousand rounds after a warm-up.
        using KernelNetwork network = new();
        using VrrpSocket left4 = Open(network, true, index => VrrpSocket.OpenMulticast(index, Group4, [51]));
        using VrrpSocket right4 = Open(network, false, index => VrrpSocket.OpenMulticast(index, Group4, [51]));
        using VrrpSocket left6 = Open(network, true, index => VrrpSocket.OpenMulticast(index, Group6, [51]));
        using VrrpSocket right6 = Open(network, false, index => VrrpSocket.OpenMulticast(index, Group6, [51]));
        using PacketBatch batch = new();
        using EventPoll poll = new();
        using DeadlineTimer timer = new();
        EpollEvent[] ready = new EpollEvent[8];
        poll.Add(right4.Descriptor, PollEvents.Readable, 1);
        poll.Add(right6.Descriptor, PollEvents.Readable, 2);
        poll.Add(timer.Descriptor, PollEvents.Readable, 3);
        byte[] packet4 = Packet4("10.9.0.1", Group4, 51);
        byte[] packet6 = [0x31, 51, 100, 0, 0, 100, 0, 0];
        InternetAddress source6 = InternetAddress.Parse("fd09::1");
        int received = 0;
        Rounds(200);
        Assert.Equal(0, Allocations.Least(() => Rounds(1000)));
        Assert.InRange(received, 1990, 2010);

        void Rounds(int count)
        {
            received = 0;
            for (int i = 0; i < count; i++)
            {
                left4.Send(packet4, Group4, InternetAddress.None);
                left6.Send(packet6, Group6, source6);
                timer.Arm(MonotonicClock.Now);
                Take();
            }

            // On a busy machine the kernel delivers the last ones a little later.
            for (int i = 0; i < 50 && received < 2 * count; i++)
            {
                Take();
            }
        }

        void Take()
        {
            int count = poll.Wait(ready, 100);
            for (int k = 0; k < count; k++)
            {
                if (ready[k].Token == 3)
                {
                    timer.Acknowledge();
                    continue;
                }

                VrrpSocket socket = ready[k].Token == 1 ? right4 : right6;
                socket.Receive(batch);
                for (int p = 0; p < batch.Count; p++)
                {
                    received += batch[p].HopLimit == 255 && !batch[p].Source.IsNone ? 1 : 0;
                }
            }
        }
    }

    [LinuxFact]
    public void Gratuitous_ARP_reaches_the_neighbour()
    {
        // Shown by the neighbour's table: an entry that exists is changed by the announcement.
        using KernelNetwork network = new();
        using PacketSocket socket = Open(network);
        KernelNetwork.Ip(network.Right, "neigh replace 10.9.0.99 lladdr 02:00:00:00:00:01 dev right0 nud stale");
        byte[] frame = new byte[42];
        frame.AsSpan(0, 6).Fill(0xff);
        Convert.FromHexString("00005e000133" + "0806" + "0001080006040001" + "00005e000133" + "0a090063" + "ffffffffffff" + "0a090063").CopyTo(frame, 6);
        network.InLeft(() => Assert.Equal(0, socket.Send(frame, RtNetlink.IndexOf("left0"))));
        MonotonicInstant end = MonotonicClock.Now + TimeSpan.FromSeconds(5);
        string seen;
        do
        {
            seen = KernelNetwork.Ip(network.Right, "neigh show 10.9.0.99");
        }
        while (!seen.Contains("00:00:5e:00:01:33", StringComparison.Ordinal) && MonotonicClock.Now < end);
        Assert.Contains("00:00:5e:00:01:33", seen, StringComparison.Ordinal);
        Assert.Equal(22, socket.Send([1, 2], 1));
    }

    private static PacketSocket Open(KernelNetwork network)
    {
        PacketSocket? socket = null;
        network.InLeft(() => socket = new PacketSocket());
        return socket!; // Not null: a failure to open is thrown.
    }
}
