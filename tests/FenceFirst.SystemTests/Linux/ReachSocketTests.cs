using System.Net;
using System.Net.Sockets;
using FenceFirst.Core;
using FenceFirst.Linux.Events;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Network;
using FenceFirst.Linux.Sockets;

namespace FenceFirst.SystemTests.Linux;

/// <summary>The sockets of check ping and check tcp against the real kernel; right0 answers.</summary>
public sealed class ReachSocketTests
{
    [LinuxFact]
    public void An_echo_comes_back_and_only_to_who_asked()
    {
        // Both families, tied to an interface and not. The answer to one socket's question does not reach another one, and a station that is not there is silent.
        using KernelNetwork network = new();
        network.InLeft(() =>
        {
            foreach ((string here, string nobody) in new[] { ("10.9.0.2", "10.9.0.99"), ("fd09::2", "fd09::99") })
            {
                InternetAddress target = InternetAddress.Parse(here);
                foreach (int link in new[] { 0, RtNetlink.IndexOf("left0") })
                {
                    using EchoSocket asking = new(target.IsIPv6, link, 0x1234, 1);
                    using EchoSocket other = new(target.IsIPv6, link, 0x1235, 1);
                    using EchoSocket forger = new(target.IsIPv6, link, 0x1234, 2);
                    Assert.Equal(0, asking.Send(InternetAddress.Parse(nobody), 1, 0));
                    Assert.Equal(0, asking.Send(target, 2, 0));
                    using EventPoll poll = new();
                    poll.Add(asking.Descriptor, PollEvents.Readable, 1);
                    poll.Add(other.Descriptor, PollEvents.Readable, 2);
                    EpollEvent[] ready = new EpollEvent[2];
                    Assert.Equal(1, poll.Await(ready));
                    Assert.Equal(1, ready[0].Token);
                    Assert.True(asking.TryReceive(out InternetAddress source));
                    Assert.Equal(target, source);
                    Assert.False(asking.TryReceive(out _));

                    // Same identifier, another cookie: it gets through the filter and is not believed.
                    Assert.True(forger.TryReceive(out source));
                    Assert.True(source.IsNone);
                }
            }
        });
    }

    [LinuxFact]
    public void A_link_local_gateway_is_asked_on_the_interface()
    {
        using KernelNetwork network = new();
        string gateway = "";
        network.InRight(() =>
        {
            using RtNetlink netlink = new();
            gateway = netlink.DumpAddresses().First(each => each.Address.IsLinkLocal).Address.ToString();
        });
        network.InLeft(() =>
        {
            using EchoSocket asking = new(isIPv6: true, 0, 7, 7);
            InternetAddress target = InternetAddress.Parse(gateway);
            using EventPoll poll = new();
            poll.Add(asking.Descriptor, PollEvents.Readable, 1);
            EpollEvent[] ready = new EpollEvent[1];
            MonotonicInstant end = MonotonicClock.Now + TimeSpan.FromSeconds(10);
            for (ushort i = 1; poll.Wait(ready, 0) == 0 && MonotonicClock.Now < end; i++)
            {
                // Its address may still be tentative.
                Assert.Equal(0, asking.Send(target, i, RtNetlink.IndexOf("left0")));
                _ = poll.Wait(ready, 1000);
            }

            Assert.True(asking.TryReceive(out InternetAddress source));
            Assert.Equal(target, source);
        });
    }

    [LinuxFact]
    public void A_connection_stands_is_refused_or_has_no_way()
    {
        using KernelNetwork network = new();
        foreach (string address in new[] { "10.9.0.2", "fd09::2" })
        {
            InternetAddress target = InternetAddress.Parse(address);
            Socket? server = null;
            network.InRight(() =>
            {
                server = new Socket(target.IsIPv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                server.Bind(new IPEndPoint(IPAddress.Parse(address), 5432));
                server.Listen();
            });
            using (server)
            {
                network.InLeft(() =>
                {
                    Assert.Equal(0, Fate(target, 5432, 0).Errno);
                    Assert.Equal(0, Fate(target, 5432, RtNetlink.IndexOf("left0")).Errno);
                    Assert.True(Fate(target, 5433, 0).IsRefused);
                    using ConnectAttempt noRoute = new(InternetAddress.Parse(target.IsIPv6 ? "2001:db8::1" : "192.0.2.1"), 5432, 0, 0);
                    Assert.False(noRoute.IsUnderWay);
                    Assert.Equal("Network is unreachable", FenceFirst.Core.Timeline.ErrnoText.Describe(noRoute.Errno));
                });
            }
        }
    }

    private static ConnectAttempt Fate(InternetAddress target, ushort port, int link)
    {
        using ConnectAttempt attempt = new(target, port, link, 0);
        if (attempt.IsUnderWay)
        {
            using EventPoll poll = new();
            poll.Add(attempt.Descriptor, PollEvents.Writable, 1);
            Assert.Equal(1, poll.Await(new EpollEvent[1]));
            attempt.Complete();
        }

        Assert.False(attempt.IsUnderWay);
        return attempt;
    }
}
