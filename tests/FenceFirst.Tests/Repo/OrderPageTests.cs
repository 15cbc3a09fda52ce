using FenceFirst.Core.Vrrp;
using FenceFirst.Tests.Cli;

namespace FenceFirst.Tests.Repo;

/// <summary>The page about the order is made of what the machine walks.</summary>
public sealed class OrderPageTests
{
    [Fact]
    public void The_tables_and_their_page_agree() => Golden.Check(SourceTree.PathOf("docs", "order.md"), OrderPage.ToMarkdown());

    [Fact]
    public void The_tables_and_their_drawing_agree() => Golden.Check(SourceTree.PathOf("docs", "order.svg"), OrderPage.ToSvg());

    // G5 in the tables themselves: nothing is added before the advert, announced before all is added, or told before it is announced; nobody is demoted,
    // released or told before everything is removed, and everything that comes is taken away again.
    [Fact]
    public void The_tables_keep_the_order_that_is_promised()
    {
        SideEffect[] raise = [.. TransitionOrder.Of(Transition.Raise)];
        Assert.Equal(SideEffect.Advertise, raise[0]);
        Assert.Equal([SideEffect.Announce, SideEffect.Notify], raise[^2..]);
        SideEffect[] release = [.. TransitionOrder.Of(Transition.Release)];
        Assert.Equal([SideEffect.Demote, SideEffect.Release, SideEffect.Notify], release[^3..]);
        Assert.Equal(release, [.. TransitionOrder.Of(Transition.Yield)]);
        Assert.Equal(raise[1..^2].Length, release[..^3].Length);
        Assert.Equal(raise[1..^1], [.. TransitionOrder.Of(Transition.Restore)]);
    }
}
