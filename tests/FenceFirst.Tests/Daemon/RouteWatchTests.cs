using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;
using FenceFirst.Daemon.Links;
using FenceFirst.Linux.Network;

namespace FenceFirst.Tests.Daemon;

/// <summary>Which routes and rules of ours are gone, by what the kernel tells.</summary>
public sealed class RouteWatchTests
{
    private static readonly VirtualRoute Route = new(InternetAddress.Parse("10.96.0.0"), 16) { Link = 0 };
    private static readonly VirtualRoute WithoutTracking = new(InternetAddress.Parse("10.97.0.0"), 16) { Link = 0, IsUntracked = true };
    private static readonly VirtualRoute Of6 = new(InternetAddress.Parse("fd96::"), 64) { Link = 0 };
    private static readonly VirtualRule Rule = new(false, 900, 9);

    private static RouteWatch Watching()
    {
        RouteWatch watch = new();
        watch.Configure(new NodeConfig { Instances = [new VrrpConfig { Name = "A", Vrid = 1, Routes = [Route, WithoutTracking, Of6] }], StaticRules = [Rule] });
        return watch;
    }

    private static RouteChange Told(VirtualRoute route, bool isAdded, byte protocol = 18) => new(route.Destination, route.PrefixLength, route.Table, 2, 0, protocol, isAdded);

    [Fact]
    public void A_removed_route_is_gone_until_it_is_there_again()
    {
        RouteWatch watch = Watching();
        Assert.True(watch.Take([Told(Route, isAdded: false)], []));
        Assert.True(watch.IsGone(Route));
        Assert.False(watch.Take([Told(Route, isAdded: true)], []));
        Assert.False(watch.IsGone(Route));
    }

    [Fact]
    public void Removed_and_added_in_one_reading_is_there()
    {
        RouteWatch watch = Watching();
        watch.Take([Told(Route, isAdded: false), Told(Route, isAdded: true)], []);
        Assert.False(watch.IsGone(Route));
    }

    [Fact]
    public void Routes_of_others_and_those_with_no_track_are_not_looked_at()
    {
        RouteWatch watch = Watching();
        Assert.False(watch.Take([Told(Route, isAdded: false, protocol: 4), Told(WithoutTracking, isAdded: false), Told(Route with { Table = 7 }, isAdded: false)], []));
        Assert.False(watch.IsGone(Route) || watch.IsGone(WithoutTracking));
    }

    [Fact]
    public void A_rule_is_known_by_priority_and_table()
    {
        RouteWatch watch = Watching();
        Assert.False(watch.Take([], [new RuleChange(false, 901, 9, 18, false), new RuleChange(true, 900, 9, 18, false)]));
        Assert.True(watch.Take([], [new RuleChange(false, 900, 9, 18, false)]));
        watch.Found(Rule); // The kernel's "it exists".
        Assert.False(watch.IsGone(Rule));
    }

    [Fact]
    public void A_link_that_returns_or_loses_its_last_address_has_lost_its_IPv4_routes_only()
    {
        RouteWatch watch = Watching();
        Assert.False(watch.LinkDropped(1));
        Assert.True(watch.LinkDropped(0));
        Assert.True(watch.IsGone(Route));
        Assert.False(watch.IsGone(Of6));
    }

    [Fact]
    public void What_a_reload_drops_is_forgotten()
    {
        RouteWatch watch = Watching();
        watch.Take([Told(Route, isAdded: false)], []);
        watch.Configure(new NodeConfig());
        Assert.False(watch.IsGone(Route) || watch.HasRoutes || watch.HasRules);
    }
}
