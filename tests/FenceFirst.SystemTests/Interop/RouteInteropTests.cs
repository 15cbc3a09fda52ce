using System.Text.RegularExpressions;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>One file, once with keepalived and once with us: the kernel must end up with the same addresses, routes and rules, and afterwards with none of them.</summary>
public sealed partial class RouteInteropTests(ITestOutputHelper output)
{
    private const string Configuration = """
        global_defs {
            default_interface eth0
            enable_script_security
        }
        static_ipaddress {
            10.200.0.1/24
            10.200.1.1/24 dev eth0 brd + label eth0:st scope link
            10.200.2.1/24 dev eth1 brd 10.200.2.255
            fd99::1/64 dev eth1
        }
        static_routes {
            10.30.0.0/16 via PEER dev eth0
            10.31.0.0/16 via PEER dev eth0 src 10.200.0.1 table 1000 metric 7 tos 0x10
            10.32.0.0/16 dev eth1 scope link
            blackhole 10.33.0.0/16
            unreachable 10.34.0.0/16 table 1001
            10.35.0.0/16 via PEER dev eth0 mtu lock 1400 advmss 1300 initcwnd 20 initrwnd 30 rtt 300ms rttvar 0.3s rto_min lock 250ms hoplimit 60 quickack 1 features ecn congctl cubic window 10000 ssthresh 20 cwnd lock 11 reordering 5 fastopen_no_cookie 1
            10.36.0.0/16 nexthop via PEER dev eth0 weight 3 nexthop via 10.78.0.2 dev eth1 weight 1 onlink
            10.37.0.0/16 via PEER dev eth0 realms 3/4
            10.38.0.0/16 via 10.99.99.1 dev eth0 onlink no_track protocol 99
            fd50::/32 via fd77::2 dev eth0 metric 5 pref high
            fd51::/32 via fd77::2 dev eth0 expires 600 from fd77::/64 table 1002
            fd52::/32 nexthop via fd77::2 dev eth0 nexthop via fd78::2 dev eth1 weight 4
            default via PEER dev eth0 table 500
            10.39.0.0/16 dev eth0 append
            10.39.0.0/16 dev eth1 metric 4 add
            10.40.0.0/16 encap ip id 77 dst PEER src 10.77.0.1 tos 4 flags 0 dev eth0
        }
        static_rules {
            from 10.9.1.0/24 to 10.60.0.0/16 table 1000 priority 500
            from fd09::/64 table 1002 priority 501
            not from 10.10.0.0/16 table 1000 priority 502
            fwmark 0x10/0xff iif eth0 table 1000 priority 503
            oif eth1 tos 16 table 1000 priority 504
            uidrange 100-200 sport 80-90 dport 443-443 ipproto tcp table 1000 priority 505
            from 10.11.0.0/16 blackhole priority 506
            from 10.12.0.0/16 goto 600 priority 507
            from 10.13.0.0/16 type prohibit priority 600
            table main suppress_prefixlength 0 priority 508
            tunnel-id 55 table 1000 priority 509
            realms 3/4 table 1000 priority 510
            l3mdev priority 511
            to 10.61.0.0/16 unreachable priority 512 protocol 44 no_track
            from 10.14.0.0/16 table 1001
        }
        vrrp_instance V {
            interface eth0
            virtual_router_id 51
            priority 255
            state MASTER
            virtual_ipaddress {
                VIRTUAL/24 brd + label eth0:vip
                10.77.0.98 dev eth1 scope host
            }
            virtual_ipaddress_excluded {
                fd77::99/64
                fd77::98 preferred_lft 100
                10.66.1.1/24 home noprefixroute
            }
            virtual_routes {
                10.90.0.0/16 via PEER dev eth0 src VIRTUAL
            }
            virtual_rules {
                from VIRTUAL table 1000 priority 700
            }
        }
        """;

    [NeedsFact("keepalived", "fencefirst")]
    public async Task The_kernel_holds_the_same_as_with_keepalived()
    {
        // Static and virtual items with every option that keepalived 2.2.7 reads as its manual says; what iproute2 prints is compared as text.
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node node = lab["a"];
        await node.RunAsync("sh", "-c", "ip link add eth1 type veth peer name p1; ip link set eth1 up; ip link set p1 up; ip addr add 10.78.0.1/24 dev eth1; ip addr add fd78::1/64 dev eth1 nodad");
        string text = Configuration.Replace("PEER", lab["b"].Address.ToString(), StringComparison.Ordinal)
            .Replace("fd77::2", lab["b"].Address6.ToString(), StringComparison.Ordinal)
            .Replace("VIRTUAL", lab.Virtual.ToString(), StringComparison.Ordinal)
            .Replace("10.77.0.1 ", node.Address + " ", StringComparison.Ordinal);
        string before = await SeenAsync(node);
        string theirs = await HeldAsync(node, node.StartKeepalived(text));
        Assert.Contains("10.36.0.0/16 table main proto keepalived", theirs, StringComparison.Ordinal);
        Assert.Equal(before, await SeenAsync(node));
        string ours = await HeldAsync(node, node.StartFenceFirst(text));
        Assert.Equal(theirs, ours);
        Assert.Equal(before, await SeenAsync(node));
    }

    /// <summary>Looks until the rule that is added last is there, and stops the daemon.</summary>
    private static async Task<string> HeldAsync(Node node, Daemon daemon)
    {
        await daemon.WaitForLogAsync("Entering MASTER STATE");
        string seen = await SeenAsync(node);
        for (int look = 0; look < 100 && !(seen.Contains("\n700:", StringComparison.Ordinal) && seen.Contains("10.90.0.0/16", StringComparison.Ordinal)); look++)
        {
            await Task.Delay(100);
            seen = await SeenAsync(node);
        }

        await daemon.StopAsync();
        return seen;
    }

    private static async Task<string> SeenAsync(Node node)
    {
        const string Look = """
            for f in 4 6; do ip -$f -d route show table all | grep -E 'proto (keepalived|99)|^\s+nexthop|expires' | sort; ip -$f -d rule show; done
            ip addr show dev eth0 | grep inet; ip addr show dev eth1 | grep inet
            """;
        return Seconds().Replace(await node.RunAsync("sh", "-c", Look), "expires N");
    }

    [GeneratedRegex("expires [0-9]+sec")]
    private static partial Regex Seconds();
}
