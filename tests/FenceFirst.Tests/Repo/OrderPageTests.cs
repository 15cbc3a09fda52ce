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
        Assert.Equal([SideEffect.Enter, SideEffect.Advertise], raise[..2]);
        Assert.Equal([SideEffect.Announce, SideEffect.Notify], raise[^2..]);
        SideEffect[] release = [.. TransitionOrder.Of(Transition.Release)];
        Assert.Equal([SideEffect.Demote, SideEffect.Release, SideEffect.Enter, SideEffect.Notify], release[^4..]);
        Assert.Equal(release, [.. TransitionOrder.Of(Transition.Yield)]);
        Assert.Equal(raise[2..^2].Length, release[..^4].Length);
        Assert.Equal(raise[2..^1], [.. TransitionOrder.Of(Transition.Restore)]);
    }
    // Every difference is on the page, and there is no other: what the listed ones make of keepalived's order is ours.
    [Fact]
    public void The_listed_differences_are_all_there_are() =>
        Assert.All(OrderTable.Rows.Concat(OrderTable.Besides), row => Assert.Equal(row.Ours, row.Differences.Aggregate(row.Keepalived, (order, difference) => difference.Apply(order))));

    [Fact]
    public void Every_transition_is_on_the_page() =>
        Assert.Equal(
            Enum.GetValues<Transition>().Where(transition => transition != Transition.None).Order(),
            OrderTable.Rows.Select(row => row.Transition).Concat(OrderTable.OursAlone.Select(each => each.Transition)).Distinct().Order());
}
