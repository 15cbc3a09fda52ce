using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Node;

namespace FenceFirst.Config.Binding;

/// <summary>garp_group blocks, and vrrp_garp_interval and vrrp_gna_interval for the interfaces in none.</summary>
internal sealed class SpacingBinder(BindContext context)
{
    private readonly HashSet<string> _members = new(StringComparer.Ordinal);

    /// <summary>The spacing of announcements.</summary>
    public AnnouncementSpacing Bind(List<ConfigNode> root)
    {
        List<AnnouncementGroup> groups = [];
        foreach (ConfigNode block in root.Where(node => node.Name == "garp_group"))
        {
            if (Group(block) is { } group)
            {
                groups.Add(group);
            }
        }

        return new AnnouncementSpacing { Arp = context.Globals.ArpInterval, Neighbor = context.Globals.NeighborInterval, Groups = groups.ToEquatableArray() };
    }

    private AnnouncementGroup? Group(ConfigNode block)
    {
        TimeSpan arp = TimeSpan.Zero;
        TimeSpan neighbor = TimeSpan.Zero;
        List<int> links = [];
        foreach (ConfigNode node in block.Children)
        {
            switch (node.Name)
            {
                case "garp_interval":
                    arp = context.Values.Spacing(node);
                    break;
                case "gna_interval":
                    neighbor = context.Values.Spacing(node);
                    break;
                case "interface" when node.Words.Count > 1:
                    Add(links, node.Words[1]);
                    break;
                case "interfaces":
                    foreach (Token word in node.Children.SelectMany(entry => entry.Words))
                    {
                        Add(links, word);
                    }

                    break;
            }
        }

        if (arp == TimeSpan.Zero && neighbor == TimeSpan.Zero)
        {
            context.Diagnostics.Add(DiagnosticCodes.MissingKeyword, block.Span, "garp_group has neither garp_interval nor gna_interval: keepalived drops it", "garp_interval SECONDS");
            return null;
        }

        if (!block.Children.Exists(node => node.Name is "interface" or "interfaces"))
        {
            context.Diagnostics.Add(DiagnosticCodes.MissingKeyword, block.Span, "garp_group has no interface", "interface NAME, or interfaces { NAME ... }");
            return null;
        }

        return links.Count == 0 ? null : new AnnouncementGroup(links.ToEquatableArray(), arp, neighbor);
    }

    private void Add(List<int> links, Token name)
    {
        if (!_members.Add(name.Text))
        {
            context.Diagnostics.Add(DiagnosticCodes.DuplicateName, name.Span, $"interface {name.Text} is in a garp_group already", "an interface is in one group");
        }
        else if (context.Link(name.Text, name.Span) is >= 0 and int link)
        {
            links.Add(link);
        }
    }
}
