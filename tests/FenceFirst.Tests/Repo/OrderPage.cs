using System.Globalization;
using System.Text;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Tests.Repo;

/// <summary>docs/order.md and its drawing, made of the very tables that the machine walks (<see cref="TransitionOrder"/>); keepalived's order stands beside them.</summary>
internal static class OrderPage
{
    private const int Width = 250;
    private const int Height = 30;
    private const int Gap = 12;
    private const int Margin = 16;
    private const int Head = 44;

    private const string LowerHeard = "notify_master_rx_lower_pri";

    /// <summary>Columns beside each other; the next ones stand below.</summary>
    private const int Across = 5;

    /// <summary>Every order of ours, once.</summary>
    private static readonly (Transition Transition, string Title, string When)[] Columns =
    [
        .. OrderTable.Rows.GroupBy(row => row.Transition).Select(same => (same.Key, same.First().Title, string.Join("; ", same.Where(row => !row.IsVariant).Select(row => row.When)))),
        .. OrderTable.OursAlone,
    ];

    /// <summary>The page.</summary>
    public static string ToMarkdown()
    {
        StringBuilder text = new();
        text.Append(
            """
            # The order of what happens

            Generated from the tables that the machine walks (`src/FenceFirst.Core/Vrrp/TransitionOrder.cs`); do not edit. `UPDATE_GOLDEN=1 dotnet test` rewrites it and the drawing.

            ![The order of every transition](order.svg)

            What the configuration does not have is left out. Nothing begins before what stands above it is done: *acknowledged* means by the kernel, *awaited* means that a program has ended or its bound has passed.

            """);
        foreach (OrderRow row in OrderTable.Rows)
        {
            Append(text, row.Title, row.When, [.. row.Before.Select(OrderTable.Words), .. Ours(row.Transition, row.IsFiltered), .. row.After.Select(OrderTable.Words)], [.. row.Keepalived.Select(sight => sight == Sight.StateScript && !row.Keepalived.Contains(Sight.NotifyScript) ? LowerHeard : OrderTable.Words(sight))]);
        }

        foreach ((Transition transition, string title, string when) in OrderTable.OursAlone)
        {
            Append(text, title, when, [.. Ours(transition)], ["(has no such thing)"]);
        }

        text.Append("\n## Where the two differ, and why\n\n");
        foreach (string difference in OrderTable.Rows.Concat(OrderTable.Besides).SelectMany(row => row.Differences).Distinct().Select(difference => difference.Text).Concat(OrderTable.Others))
        {
            text.Append(CultureInfo.InvariantCulture, $"- {difference}\n");
        }

        text.Append(
            """

            In the order of a plain instance nothing else differs: `OrderTests` goes through every row with keepalived 2.2.7 and with this daemon, side by side on the same configuration. One observer per node, which has no part of either, puts what the kernel tells of addresses, routes, rules and filters, the frames
            that leave, the forks of the scripts and the lines of the pipe into one order. Both have to show what stands here.

            ## Several instances

            In a [sync group](sync-groups.md) one member goes through Raise completely before the next one begins, and the group is told of when the last has arrived. On the way down all members remove at the same time; when everything of all of them is gone the demotion runs once, and each goes on with its priority 0. At a start as Backup the
            group is told of before its members, as in keepalived; of a fault at the start after them.

            """);
        return text.ToString();
    }

    private static void Append(StringBuilder text, string title, string when, string[] ours, string[] keepalived)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n## {title}: {when}\n\n| | FenceFirst | keepalived |\n|---|---|---|\n");
        for (int i = 0; i < Math.Max(ours.Length, keepalived.Length); i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {i + 1} | {(i < ours.Length ? ours[i] : "")} | {(i < keepalived.Length ? keepalived[i] : "")} |\n");
        }
    }

    /// <summary>The drawing: a column per transition, one box below the other.</summary>
    public static string ToSvg()
    {
        StringBuilder svg = new();
        int top = 0;
        foreach ((Transition Transition, string Title, string When)[] part in Columns.Chunk(Across))
        {
            int height = Head;
            for (int column = 0; column < part.Length; column++)
            {
                height = Math.Max(height, Draw(svg, part[column], Margin + (column * (Width + Margin)), top));
            }

            top += height + Margin;
        }

        int width = Margin + (Across * (Width + Margin));
        return $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {top}\" font-family=\"sans-serif\" font-size=\"12\">\n"
            + $"<title>The order of every transition</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{svg}</svg>\n";
    }

    /// <summary>One column; returns its height.</summary>
    private static int Draw(StringBuilder svg, (Transition Transition, string Title, string When) column, int left, int from)
    {
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{left}\" y=\"{from + 18}\" font-weight=\"bold\">{column.Title}</text>\n<text x=\"{left}\" y=\"{from + 34}\" fill=\"#555555\" font-size=\"10\">{column.When}</text>\n");
        int top = from + Head;
        foreach (string effect in Ours(column.Transition))
        {
            if (top > from + Head)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{left + (Width / 2)} {top - Gap} v{Gap - 2}\" stroke=\"#555555\" marker-end=\"none\"/>\n");
            }

            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{left}\" y=\"{top}\" width=\"{Width}\" height=\"{Height}\" rx=\"4\" fill=\"#eef3fa\" stroke=\"#4a6da7\"/>\n");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{left + 8}\" y=\"{top + 19}\">{effect}</text>\n");
            top += Height + Gap;
        }

        return top - from;
    }

    private static IEnumerable<string> Ours(Transition transition, bool isFiltered = false)
    {
        foreach (SideEffect effect in TransitionOrder.Of(transition).ToArray())
        {
            if (isFiltered && effect is (SideEffect.AddAddresses or SideEffect.AddExcluded))
            {
                yield return OrderTable.Words(effect == SideEffect.AddAddresses ? Sight.Filtered : Sight.ExcludedFiltered);
            }

            yield return (effect, transition) switch
            {
                (SideEffect.Enter, _) => Entered(transition),
                (SideEffect.Release, Transition.Yield) => "priority 0, twice; a plain instance: nothing",
                (SideEffect.Notify, Transition.Assert) => $"line in the pipe; {LowerHeard}",
                (SideEffect.Advertise, Transition.Raise) => "advert; the grid starts",
                _ => Words(effect),
            };
            if (isFiltered && effect is (SideEffect.RemoveAddresses or SideEffect.RemoveExcluded))
            {
                yield return OrderTable.Words(effect == SideEffect.RemoveAddresses ? Sight.Unfiltered : Sight.ExcludedUnfiltered);
            }
        }
    }

    private static string Words(SideEffect effect) => effect switch
    {
        SideEffect.Advertise => "advert",
        SideEffect.AddAddresses => "addresses added, acknowledged",
        SideEffect.AddExcluded => "excluded addresses added, acknowledged",
        SideEffect.AddRoutes => "routes added, acknowledged",
        SideEffect.AddRules => "rules added, acknowledged",
        SideEffect.Announce => "gratuitous ARP or neighbour adverts",
        SideEffect.RemoveRules => "rules removed, acknowledged",
        SideEffect.RemoveRoutes => "routes removed, acknowledged",
        SideEffect.RemoveExcluded => "excluded addresses removed, acknowledged",
        SideEffect.RemoveAddresses => "addresses removed, acknowledged",
        SideEffect.AnnounceOwn => "its own address, with unicast peers",
        SideEffect.Demote => "demotion steps, awaited",
        SideEffect.Release => "priority 0, twice, unless untrue",
        SideEffect.Notify => "line in the pipe; notify of the state, then notify",
        SideEffect.Enter => "state",
    };

    private static string Entered(Transition transition) => transition switch
    {
        Transition.Raise => "Master, in the log",
        Transition.Start or Transition.Recover or Transition.Withdraw => "Backup, in the log",
        Transition.Fail => "Fault, in the log",
        Transition.Stop or Transition.Delete => "rest, in the log",
        Transition.Release or Transition.Yield => "Backup, Fault or rest, in the log",
        Transition.None or Transition.Restore or Transition.Assert or Transition.Answer or Transition.Reassert => "",
    };
}
