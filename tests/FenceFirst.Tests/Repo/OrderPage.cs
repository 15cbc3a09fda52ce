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

    /// <summary>What keepalived does in the same place, read from its source and seen with strace (2.2.7 and 2.4.3).</summary>
    private static readonly (Transition Transition, string Title, string When, string[] Keepalived)[] Columns =
    [
        (Transition.Raise, "Raise", "becoming Master", ["advert", "addresses added", "excluded addresses added", "routes added", "rules added", "gratuitous ARP", "notify_master and notify, at once"]),
        (Transition.Release, "Release", "leaving Master by a stop, a fault or a handover",
            ["priority 0", "rules removed", "routes removed", "addresses removed", "excluded addresses removed", "notify_stop or notify_fault, and notify, at once"]),
        (Transition.Yield, "Yield", "leaving Master for a better one, or after a stall",
            ["rules removed", "routes removed", "addresses removed", "excluded addresses removed", "notify_backup and notify, at once"]),
        (Transition.Restore, "Restore", "somebody has removed an address", ["priority 0", "everything removed", "notify_backup", "after the skew: Raise, notify_master too"]),
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
        foreach ((Transition transition, string title, string when, string[] keepalived) in Columns)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {title}: {when}\n\n| | FenceFirst | keepalived |\n|---|---|---|\n");
            string[] ours = [.. Ours(transition)];
            for (int i = 0; i < Math.Max(ours.Length, keepalived.Length); i++)
            {
                text.Append(CultureInfo.InvariantCulture, $"| {i + 1} | {(i < ours.Length ? ours[i] : "")} | {(i < keepalived.Length ? keepalived[i] : "")} |\n");
            }
        }

        text.Append(
            """

            ## Where the two differ, and why

            - keepalived asks the kernel and goes on, whatever it answers. Here an address that cannot be added fails the promotion, and one that cannot be removed keeps priority 0 back.
            - keepalived says priority 0 first and removes afterwards; a fault says it twice. Here it is the last word, because it means "I hold nothing and my demotion has succeeded" ([decision 5](decisions/005-order-also-where-keepalived-releases-first.md)).
            - A plain instance that yields says no priority 0, as in keepalived ([decision 6](decisions/006-plain-instances-yield-in-silence.md)).
            - Release goes on advertising until its priority 0; Yield is silent from the beginning.
            - A removed address is put back in place ([decision 10](decisions/010-a-removed-address-is-put-back.md)).
            - Notify scripts run one after the other and in order; keepalived starts them beside each other, and they may overtake ([notifications.md](notifications.md)).

            ## Several instances

            In a [sync group](sync-groups.md) one member goes through Raise completely before the next one begins, and the group is told of when the last has arrived. On the way down all members remove at the same time; when everything of all of them is gone the demotion runs once, and each goes on with its priority 0. At the start the
            group is told of before its members, as in keepalived.

            """);
        return text.ToString();
    }

    /// <summary>The drawing: a column per transition, one box below the other.</summary>
    public static string ToSvg()
    {
        int rows = Columns.Max(column => TransitionOrder.Of(column.Transition).Length);
        int width = Margin + (Columns.Length * (Width + Margin));
        int height = Head + (rows * (Height + Gap)) + Margin;
        StringBuilder svg = new();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n");
        svg.Append("<title>The order of every transition</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
        for (int column = 0; column < Columns.Length; column++)
        {
            int left = Margin + (column * (Width + Margin));
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{left}\" y=\"18\" font-weight=\"bold\">{Columns[column].Title}</text>\n<text x=\"{left}\" y=\"34\" fill=\"#555555\">{Columns[column].When}</text>\n");
            int top = Head;
            foreach (string effect in Ours(Columns[column].Transition))
            {
                if (top > Head)
                {
                    svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{left + (Width / 2)} {top - Gap} v{Gap - 2}\" stroke=\"#555555\" marker-end=\"none\"/>\n");
                }

                svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{left}\" y=\"{top}\" width=\"{Width}\" height=\"{Height}\" rx=\"4\" fill=\"#eef3fa\" stroke=\"#4a6da7\"/>\n");
                svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{left + 8}\" y=\"{top + 19}\">{effect}</text>\n");
                top += Height + Gap;
            }
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static IEnumerable<string> Ours(Transition transition)
    {
        foreach (SideEffect effect in TransitionOrder.Of(transition).ToArray())
        {
            yield return Words(effect);
        }
    }

    private static string Words(SideEffect effect) => effect switch
    {
        SideEffect.Advertise => "advert; the grid starts",
        SideEffect.AddAddresses => "addresses added, acknowledged",
        SideEffect.AddExcluded => "excluded addresses added, acknowledged",
        SideEffect.AddRoutes => "routes added, acknowledged",
        SideEffect.AddRules => "rules added, acknowledged",
        SideEffect.Announce => "gratuitous ARP or neighbour adverts",
        SideEffect.RemoveRules => "rules removed, acknowledged",
        SideEffect.RemoveRoutes => "routes removed, acknowledged",
        SideEffect.RemoveExcluded => "excluded addresses removed, acknowledged",
        SideEffect.RemoveAddresses => "addresses removed, acknowledged",
        SideEffect.Demote => "demotion steps, awaited",
        SideEffect.Release => "priority 0, twice, unless untrue",
        SideEffect.Notify => "notify of the state, then notify",
    };
}
