using FenceFirst.Config.Diagnostics;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Config;

/// <summary>Entries of virtual_ipaddress, static_ipaddress, virtual_routes and virtual_rules (keepalived.conf(5)); what reaches the kernel is shown by RouteInteropTests.</summary>
public sealed class RouteBinderTests
{
    [Theory]
    [InlineData("10.1.0.0/16 via 10.0.0.2 dev eth1 src 10.0.0.1 table 1000 metric 7 tos 0x10 scope link")]
    [InlineData("to 10.1.0.0/16 dev eth1")]
    [InlineData("blackhole 10.1.0.0/16 no_track")]
    [InlineData("default via 10.0.0.2 dev eth1 onlink")]
    [InlineData("default via fd00::2 dev eth1 metric 5 pref high expires 60 from fd00::/64")]
    [InlineData("10.1.0.0/16 via inet6 fd00::2 dev eth1")]
    [InlineData("10.1.0.0/16 dev eth1 mtu lock 1400 rtt 300ms rttvar 0.3s rto_min 200 hoplimit 60 features ecn congctl lock cubic quickack 1")]
    [InlineData("10.1.0.0/16 dev eth1 realms 3/4 protocol keepalived append")]
    [InlineData("10.1.0.0/16 no_track protocol 99 nexthop via 10.0.0.2 dev eth1 weight 256 onlink nexthop via inet6 fd00::2 realms 5")]
    [InlineData("10.1.0.0/16 dev eth1 encap ip id 7 dst 10.0.0.2 tos 4 ttl-propagate enabled")]
    [InlineData("fd01::/32 dev eth1 encap ip6 dst fd00::2 hoplimit 9 tc 3 flags 1 metric 3")]
    [InlineData("10.1.0.0/16 dev eth1 encap mpls 100/200")]
    [InlineData("fd01::/64 dev eth1 encap ila 2001:db8:1:2")]
    public void A_route_is_read_without_a_word(string entry) => Assert.Equal("", Problems("virtual_routes", entry));

    [Theory]
    [InlineData("10.1.0.0/16", "FF1516")]
    [InlineData("10.1.0.0/16 dev eth1 protocol 99", "FF1516")]
    [InlineData("via 10.0.0.2 dev eth1 default", "FF1515")]
    [InlineData("inet 10.1.0.0/16 dev eth1", "FF1515")]
    [InlineData("10.1.0.0/16 gw 10.0.0.2 dev eth1", "FF1517")]
    [InlineData("10.1.0.0/16 no_track via 10.0.0.2 or 10.0.0.3", "FF1517")]
    [InlineData("10.1.0.0/16 dev eth1 rtt 1ms", "FF1206")]
    [InlineData("via 10.0.0.2 dev eth1", "FF1108")]
    [InlineData("10.1.0.0/16 via fd00::2 dev eth1", "FF1208")]
    [InlineData("10.1.0.0/16 dev eth9", "FF1210")]
    [InlineData("10.1.0.0/16 dev", "FF1108")]
    [InlineData("10.1.0.0/16 10.2.0.0/16", "FF1207")]
    [InlineData("10.1.0.0/16 nonsense", "FF1207")]
    [InlineData("10.1.0.0/33 dev eth1", "FF1202")]
    [InlineData("10.1.0.0/16 dev eth1 table nonsense", "FF1205")]
    [InlineData("10.1.0.0/16 dev eth1 metric 5000000000", "FF1202")]
    [InlineData("10.1.0.0/16 dev eth1 mtu big", "FF1201")]
    [InlineData("10.1.0.0/16 dev eth1 from fd00::/64", "FF1208")]
    [InlineData("10.1.0.0/16 dev eth1 pref high", "FF1208")]
    [InlineData("10.1.0.0/16 dev eth1 features nonsense", "FF1205")]
    [InlineData("10.1.0.0/16 nexthop via 10.0.0.2 weight 0", "FF1202")]
    [InlineData("10.1.0.0/16 nexthop via 10.0.0.2 metric 5", "FF1207")]
    [InlineData("10.1.0.0/16 dev eth1 encap ip tos 4", "FF1108")]
    [InlineData("10.1.0.0/16 dev eth1 encap mpls 2000000", "FF1201")]
    [InlineData("10.1.0.0/16 dev eth1 encap nonsense", "FF1205")]
    public void A_route_that_keepalived_reads_otherwise_or_not_at_all_is_reported(string entry, string code) => Assert.Equal(code, Problems("virtual_routes", entry));

    [Theory]
    [InlineData("from 10.9.1.0/24 to 10.60.0.0/16 table 1000 priority 500")]
    [InlineData("from all to 10.60.0.0/16 lookup main preference 500")]
    [InlineData("not from fd00::/64 table 100 order 500")]
    [InlineData("fwmark 0x10/0xff iif eth0 oif eth1 tos 16 table 1000 priority 503")]
    [InlineData("uidrange 100-200 sport 80-90 dport 443-443 ipproto tcp table 1000 priority 505")]
    [InlineData("from 10.11.0.0/16 type blackhole priority 506")]
    [InlineData("from 10.12.0.0/16 goto 600 priority 507")]
    [InlineData("table main suppress_prefixlength 0 sup_group 3 realms 3/4 priority 508")]
    [InlineData("tunnel-id 55 l3mdev priority 509 no_track protocol 44")]
    public void A_rule_is_read_without_a_word(string entry) => Assert.Equal("", Problems("virtual_rules", entry));

    [Theory]
    [InlineData("from 10.1.0.0/16 table 100", "FF1515")]
    [InlineData("from 10.1.0.0/16 to all table 100 priority 5", "FF1515")]
    [InlineData("sport 80 table 100 priority 5", "FF1515")]
    [InlineData("inet6 table 100 priority 5", "FF1515")]
    [InlineData("from 10.1.0.0/16 table 100 priority 5 protocol 44", "FF1516")]
    [InlineData("from 10.1.0.0/16 priority 5", "FF1108")]
    [InlineData("from 10.1.0.0/16 to fd00::/64 table 100 priority 5", "FF1208")]
    [InlineData("table 100 blackhole priority 5", "FF1207")]
    [InlineData("blackhole realms 3 priority 5", "FF1207")]
    [InlineData("goto 5 priority 5", "FF1202")]
    [InlineData("table 0 priority 5", "FF1202")]
    [InlineData("fwmark -1 table 100 priority 5", "FF1201")]
    [InlineData("uidrange 5 table 100 priority 5", "FF1201")]
    [InlineData("sport 90-80 table 100 priority 5", "FF1201")]
    [InlineData("nonsense table 100 priority 5", "FF1207")]
    public void A_rule_that_keepalived_reads_otherwise_or_not_at_all_is_reported(string entry, string code) => Assert.Equal(code, Problems("virtual_rules", entry));

    [Theory]
    [InlineData("10.5.0.1/24 brd + label eth0:x scope link", "")]
    [InlineData("10.5.0.1 peer 10.5.0.2 dev eth1", "")]
    [InlineData("fd05::1/64 home -nodad preferred_lft forever", "")]
    [InlineData("10.5.0.1/24 peer 10.5.0.2", "FF1514")]
    [InlineData("10.5.0.1 peer 10.5.0.2/24", "FF1515")]
    [InlineData("10.5.0.1 peer 10.5.0.2 brd 10.5.0.255", "FF1514")]
    [InlineData("10.5.0.1 dev eth0 dev eth1", "FF1207")]
    [InlineData("10.5.0.1 peer fd05::2", "FF1208")]
    [InlineData("10.5.0.1 brd +", "FF1202")]
    [InlineData("fd05::1/64 brd +", "FF1208")]
    [InlineData("10.5.0.1 label eth0:much-too-long", "FF1211")]
    [InlineData("10.5.0.1 nonsense", "FF1207")]
    [InlineData("10.5.0.1 use_vmac", "")]
    [InlineData("10.5.0.1 dev eth1 use_vmac", "")]
    public void An_excluded_address_is_read_or_reported(string entry, string codes) => Assert.Equal(codes, Problems("virtual_ipaddress_excluded", entry));

    [Fact]
    public void Numbers_of_a_route_reach_the_kernel_in_its_units()
    {
        // rtt in 1/8 ms, rttvar in 1/4 ms (keepalived and iproute2); a lock is a bit.
        VirtualRoute route = Load("virtual_routes", "10.1.0.0/16 dev eth1 mtu lock 1400 rtt 300ms rttvar 0.3s rto_min 250").Config!.Instances[0].Routes[0];
        Assert.Equal([new RouteMetric(2, 1400), new RouteMetric(4, 2400), new RouteMetric(5, 1200), new RouteMetric(13, 250)], route.Metrics.ToArray());
        Assert.Equal(1u << 2, route.LockedMetrics);
    }

    [Fact]
    public void Rules_without_priority_count_down_from_16384_in_each_family()
    {
        // As keepalived assigns them; the one that has a priority does not count.
        EquatableArray<VirtualRule> rules = Load("virtual_rules", "from 10.1.0.0/16 table 1\nfrom 10.2.0.0/16 table 1 priority 7\nfrom fd00::/64 table 1\nfrom 10.3.0.0/16 table 1").Config!.Instances[0].Rules;
        Assert.Equal([16384u, 7u, 16384u, 16383u], rules.Select(rule => rule.Priority));
    }

    [Theory]
    [InlineData("10.1.0.0/16 dev eth1", RoutePlacement.Prepend)]
    [InlineData("unicast 10.1.0.0/16 dev eth1", RoutePlacement.Add)]
    [InlineData("prepend blackhole 10.1.0.0/16 no_track", RoutePlacement.Add)]
    [InlineData("blackhole 10.1.0.0/16 no_track append", RoutePlacement.Append)]
    public void A_type_makes_a_route_an_added_one(string entry, RoutePlacement placement) =>
        Assert.Equal(placement, Load("virtual_routes", entry).Config!.Instances[0].Routes[0].Placement); // As keepalived prints it on SIGUSR1.

    [Theory]
    [InlineData("table 5 priority 6", 18)]
    [InlineData("table 5 priority 6 no_track", 0)]
    [InlineData("table 5 priority 6 no_track protocol 44", 44)]
    public void An_untracked_rule_has_no_protocol(string entry, byte protocol) =>
        Assert.Equal(protocol, Load("virtual_rules", entry).Config!.Instances[0].Rules[0].Protocol); // As the kernel shows those of keepalived.

    [Fact]
    public void Static_items_use_the_default_interface()
    {
        // global_defs may stand behind them.
        (NodeConfig? config, _) = FakeMachine.Load("static_ipaddress {\n10.5.0.1/24\n10.6.0.1/24 dev eth2\n}\nstatic_routes {\n10.7.0.0/16 dev eth1\n}\nstatic_rules {\ntable 5 priority 6\n}\nglobal_defs {\ndefault_interface eth1\n}\n");
        Assert.Equal(["eth1", "eth2"], config!.StaticAddresses.Select(address => config.Links[address.Link]));
        Assert.Equal("eth1", config.Links[config.StaticRoutes[0].Link]);
        Assert.Equal(5u, Assert.Single(config.StaticRules).Table);
    }

    private static string Problems(string block, string entry) =>
        string.Join(' ', Load(block, entry).Diagnostics.Sorted().Select(diagnostic => diagnostic.Code.Id));

    private static (NodeConfig? Config, DiagnosticBag Diagnostics) Load(string block, string entries) => FakeMachine.Load(
        $"vrrp_instance A {{\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress {{\n10.0.0.1/24\n}}\n{block} {{\n{entries}\n}}\n}}\n");
}
