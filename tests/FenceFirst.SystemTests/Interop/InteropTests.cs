using Xunit.Abstractions;

namespace FenceFirst.SystemTests;

/// <summary>Each dialect with Debian's keepalived, in both roles. One class per dialect, because the runner runs classes side by side.</summary>
public abstract class InteropTests
{
    private readonly InteropStory _story;

    private protected InteropTests(ITestOutputHelper output, Dialect dialect) => _story = new InteropStory(output, dialect);

    [NeedsFact("keepalived", "fencefirst")]
    public Task We_have_the_higher_priority() =>
        _story.TellAsync((node, conf) => node.StartFenceFirst(conf), (node, conf) => node.StartKeepalived(conf));

    [NeedsFact("keepalived", "fencefirst")]
    public Task Keepalived_has_the_higher_priority() =>
        _story.TellAsync((node, conf) => node.StartKeepalived(conf), (node, conf) => node.StartFenceFirst(conf));
}

/// <summary>The story itself, told by two keepalived: what it asks of us it must get from the original.</summary>
public sealed class InteropStoryTests(ITestOutputHelper output)
{
    [NeedsTheory("keepalived")]
    [InlineData(2, false, "secret12", true)]
    [InlineData(3, false, null, false)]
    [InlineData(3, true, null, true)]
    [InlineData(3, true, null, false)]
    public Task Two_keepalived_hand_the_address_to_and_fro(int version, bool ipv6, string? password, bool unicast) =>
        new InteropStory(output, new Dialect(version, ipv6, password, unicast))
            .TellAsync((node, conf) => node.StartKeepalived(conf), (node, conf) => node.StartKeepalived(conf));
}

public sealed class Version_2_multicast(ITestOutputHelper output) : InteropTests(output, new Dialect(2, false, null, false));

public sealed class Version_2_unicast(ITestOutputHelper output) : InteropTests(output, new Dialect(2, false, null, true));

public sealed class Version_2_password_multicast(ITestOutputHelper output) : InteropTests(output, new Dialect(2, false, "secret12", false));

public sealed class Version_2_password_unicast(ITestOutputHelper output) : InteropTests(output, new Dialect(2, false, "secret12", true));

public sealed class Version_2_header_multicast(ITestOutputHelper output) : InteropTests(output, new Dialect(2, false, "secret12", false) { HasHeader = true });

public sealed class Version_2_header_unicast(ITestOutputHelper output) : InteropTests(output, new Dialect(2, false, "secret", true) { HasHeader = true });

public sealed class Version_3_ipv4_multicast(ITestOutputHelper output) : InteropTests(output, new Dialect(3, false, null, false));

public sealed class Version_3_ipv4_unicast(ITestOutputHelper output) : InteropTests(output, new Dialect(3, false, null, true));

public sealed class Version_3_ipv6_multicast(ITestOutputHelper output) : InteropTests(output, new Dialect(3, true, null, false));

public sealed class Version_3_ipv6_unicast(ITestOutputHelper output) : InteropTests(output, new Dialect(3, true, null, true));
