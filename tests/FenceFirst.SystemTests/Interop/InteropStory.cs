using System.Net;
using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>How two nodes speak: version, family, password, multicast or unicast.</summary>
internal sealed record Dialect(int Version, bool Ipv6, string? Password, bool Unicast)
{
    /// <summary>More of the vrrp_instance, the same on both nodes.</summary>
    public string Extra { get; init; } = "";

    /// <summary>auth_type AH.</summary>
    public bool HasHeader { get; init; }

    /// <summary>Version 2 counts whole seconds only.</summary>
    public TimeSpan Interval => Version == 2 ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(0.2);

    public Conf Configure(Lab lab, Node self, Node peer, int priority) => new(VirtualIn(lab))
    {
        Version = Version,
        Interval = Version == 2 ? "1" : "0.2",
        Priority = priority,
        Password = Password,
        HasHeader = HasHeader,
        Extra = Extra,
        Source = Unicast ? AddressOf(self) : null,
        Peers = Unicast ? [AddressOf(peer)] : [],
    };

    public IPAddress VirtualIn(Lab lab) => Ipv6 ? lab.Virtual6 : lab.Virtual;

    // Unicast IPv6 between the nodes' routable addresses.
    private IPAddress AddressOf(Node node) => Ipv6 ? node.Address6 : node.Address;
}

/// <summary>Two nodes of different make hand an address to and fro in every way there is. The story is the same for every dialect and for both roles.</summary>
internal sealed class InteropStory(ITestOutputHelper output, Dialect dialect)
{
    // Without promotion steps both nodes are plain VRRP: on a takeover by priority the winner raises the address before the loser has lowered it.
    private static readonly TimeSpan OverlapMax = TimeSpan.FromSeconds(1);

    /// <summary>Node a has the higher priority. Better priority, stop, and power cut of a; each time b or a must own the address, and nobody else.</summary>
    public async Task TellAsync(Func<Node, string, Daemon> startA, Func<Node, string, Daemon> startB)
    {
        await using Lab lab = await Lab.OpenAsync(output, "a", "b");
        Node a = lab["a"], b = lab["b"];
        IPAddress wanted = dialect.VirtualIn(lab);
        string higher = Conf.File(dialect.Configure(lab, a, b, 150)), lower = Conf.File(dialect.Configure(lab, b, a, 100));
        Capture capture = await lab.CaptureAsync();
        double patience = 5 + (5 * dialect.Interval.TotalSeconds);

        // Alone, b becomes master.
        Daemon daemonB = startB(b, lower);
        await daemonB.WaitForLogAsync("(VI_1) Entering MASTER STATE", patience);
        await b.WaitForAddressAsync(wanted);

        // By better priority: a comes and takes it.
        int mark = daemonB.Log.Mark;
        Daemon daemonA = startA(a, higher);
        await daemonA.WaitForLogAsync("(VI_1) Entering MASTER STATE", patience);
        await a.WaitForAddressAsync(wanted);
        await daemonB.WaitForLogAsync("(VI_1) Entering BACKUP STATE", patience, mark);
        await b.WaitForNoAddressAsync(wanted);

        // By stop: priority 0, and b need not wait for three missing adverts.
        Assert.Equal(0, await daemonA.StopAsync());
        DateTime taken = await b.WaitForAddressAsync(wanted, patience);
        await capture.CatchUpAsync();
        Assert.Equal(0, capture.AdvertsOf(a)[^1].Priority);
        DateTime released = capture.AdvertsOf(a).First(each => each.Priority == 0).At;
        TimeSpan waited = capture.AdvertsOf(b).First(each => each.At > released).At - released;
        Assert.True(waited < 3 * dialect.Interval, $"b took {waited.TotalMilliseconds} ms after the release");

        // By power cut: after three intervals and the skew, not before.
        mark = daemonB.Log.Mark;
        daemonA = startA(a, higher);
        await a.WaitForAddressAsync(wanted, patience);
        await daemonB.WaitForLogAsync("(VI_1) Entering BACKUP STATE", patience, mark);
        await b.WaitForNoAddressAsync(wanted);
        await a.PowerOffAsync();
        taken = await b.WaitForAddressAsync(wanted, patience);
        TimeSpan silence = taken - capture.AdvertsOf(a)[^1].At;
        Assert.InRange(silence, 3 * dialect.Interval, (4 * dialect.Interval) + TimeSpan.FromSeconds(3));

        // And back: the node returns and takes it again.
        await a.PowerOnAsync();
        startA(a, higher);
        await a.WaitForAddressAsync(wanted, patience);
        await b.WaitForNoAddressAsync(wanted, patience);

        Ownership ownership = lab.OwnershipOf(wanted);
        Assert.True(ownership.HeldTwice < OverlapMax, ownership.ToString());
        await AssertDialectAsync(capture, lab, a, b);
    }

    private async Task AssertDialectAsync(Capture capture, Lab lab, Node a, Node b)
    {
        IReadOnlyList<Frame.Vrrp> adverts = capture.Adverts();
        foreach ((Node node, int priority) in new[] { (a, 150), (b, 100) })
        {
            Frame.Vrrp[] own = [.. adverts.Where(each => node.Owns(each.Source))];
            Assert.NotEmpty(own);
            Assert.Subset(new HashSet<int> { 0, priority }, own.Select(each => each.Priority).ToHashSet());
        }
        Assert.All(adverts, each =>
        {
            Assert.Equal(dialect.Version, each.Version);
            Assert.Equal(dialect.Interval, each.Interval);
            Assert.Equal(dialect.Password is null ? 0 : dialect.HasHeader ? 2 : 1, each.AuthType);
            Assert.Contains(dialect.VirtualIn(lab), each.Addresses);
            IPAddress group = IPAddress.Parse(dialect.Ipv6 ? "ff02::12" : "224.0.0.18");
            Assert.Equal(dialect.Unicast, !each.Destination.Equals(group));
        });
        if (dialect.HasHeader)
        {
            // One count for all routers (keepalived): whoever becomes master goes on where the last one stopped.
            uint[] sequences = [.. adverts.Select(each => each.Sequence!.Value)];
            Assert.Equal(sequences.Distinct().Order(), sequences);
        }
        if (!dialect.Unicast)
        {
            // RFC 9568 section 5.1.1.3: the TTL must be 255.
            Assert.All(adverts, each => Assert.Equal(255, each.HopLimit));
        }
        if (dialect.Extra.Length == 0)
        {
            // tshark does not know the auth_hmac trailer: it sums it up over IPv4, where the checksum leaves it out.
            await capture.AssertCleanAsync();
        }
    }
}
