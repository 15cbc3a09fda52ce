using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>Signed adverts with keepalived 2.4.1 or later, in both roles; FENCEFIRST_KEEPALIVED_24 names the program.</summary>
public sealed class HmacInteropTests(ITestOutputHelper output)
{
    private const string Block = """
            auth_hmac {
                key 7 hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
                active_key 7
            }

        """;

    [NeedsTheory("keepalived-2.4", "fencefirst")]
    [InlineData(2, false, true)]
    [InlineData(3, false, false)]
    [InlineData(3, true, false)]
    [InlineData(3, true, true)]
    public Task We_have_the_higher_priority(int version, bool ipv6, bool unicast) =>
        Story(version, ipv6, unicast).TellAsync((node, conf) => node.StartFenceFirst(conf), StartKeepalived);

    [NeedsTheory("keepalived-2.4", "fencefirst")]
    [InlineData(2, false, true)]
    [InlineData(3, false, false)]
    [InlineData(3, true, false)]
    [InlineData(3, true, true)]
    public Task Keepalived_has_the_higher_priority(int version, bool ipv6, bool unicast) =>
        Story(version, ipv6, unicast).TellAsync(StartKeepalived, (node, conf) => node.StartFenceFirst(conf));

    // The row is skipped without the program.
    private static Daemon StartKeepalived(Node node, string configuration) =>
        node.StartKeepalived(Needs.FindProgram("keepalived-2.4")!, configuration, []);

    private InteropStory Story(int version, bool ipv6, bool unicast) => new(output, new Dialect(version, ipv6, null, unicast) { Extra = Block });
}
