using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Keywords;
using FenceFirst.Config.Syntax;

namespace FenceFirst.Config.Binding;

/// <summary>What fits together among keywords whose behaviour is not built: what is defined, what is referred to, what is mandatory.</summary>
/// <remarks>The file is judged as if everything were built; that it is not is one error of its own (FF1104).</remarks>
internal sealed class TrackerChecks(BindContext context, List<ConfigNode> root)
{
    private static readonly (string Block, string Reference)[] Definitions =
    [
        ("track_file", "track_file"),
        ("vrrp_track_file", "track_file"),
        ("vrrp_track_process", "track_process"),
        ("bfd_instance", "track_bfd"),
    ];

    private readonly Dictionary<(string Reference, string Name), ConfigNode> _trackers = [];

    /// <summary>The first definition of each script and BFD session, which have a weight of their own.</summary>
    private readonly Dictionary<string, ConfigNode> _weighted = new(StringComparer.Ordinal);

    public void Run()
    {
        foreach (ConfigNode block in root)
        {
            if (block.Name is "vrrp_script" or "bfd_instance")
            {
                _weighted.TryAdd(block.Value, block);
            }

            if (block.Words.Count < 2 || block.Row is { Opens: BlockKind.VrrpScript or BlockKind.VrrpInstance })
            {
                continue;
            }

            (string kind, string reference) = Array.Find(Definitions, definition => definition.Block == block.Name);
            if (kind is null)
            {
                continue;
            }

            if (!_trackers.TryAdd((reference, block.Value), block) && kind == "bfd_instance")
            {
                context.Diagnostics.Add(DiagnosticCodes.DuplicateName, block.ValueSpan, $"there are two {block.Name} {block.Value}");
            }

            if (kind == "bfd_instance" && !block.Children.Exists(node => node.Name is "neighbor_ip" or "neighbour_ip"))
            {
                context.Diagnostics.Add(DiagnosticCodes.MissingKeyword, block.Span, $"{block.Name} {block.Value} has no neighbor_ip");
            }
        }

        foreach (ConfigNode block in root)
        {
            if (block.Row is { Opens: BlockKind.VrrpInstance or BlockKind.VrrpSyncGroup })
            {
                CheckReferences(block);
            }
        }

        CheckGroups();
        CheckNodes(root);
    }

    private void CheckReferences(ConfigNode block)
    {
        // Files and processes are bound (TrackerBinder).
        foreach (ConfigNode list in block.Children)
        {
            if (list.Name != "track_bfd")
            {
                continue;
            }

            foreach (ConfigNode entry in list.Children)
            {
                context.Values.TryWeight(entry, -ValueReader.WeightMax, ValueReader.WeightMax, 0, false, out _, out _);
                if (!_trackers.TryGetValue((list.Name, entry.Name), out ConfigNode? definition))
                {
                    context.Diagnostics.Add(DiagnosticCodes.UndefinedName, entry.Span, $"there is no {Definition(list.Name)} {entry.Name}: keepalived would run without it", $"{Definition(list.Name)} {entry.Name} {{ ... }} at the top level");
                }
                else if (definition.Order > entry.Order)
                {
                    context.Diagnostics.Add(DiagnosticCodes.UsedBeforeDefinition, entry.Span, $"{definition.Name} {entry.Name} is defined further down: keepalived would run without it", "move the definition up");
                }
            }
        }
    }

    private void CheckGroups()
    {
        Dictionary<string, string> owners = new(StringComparer.Ordinal);
        HashSet<string> instances = [.. root.Where(node => node.Name == "vrrp_instance").Select(node => node.Value)];
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (ConfigNode group in root.Where(node => node.Name == "vrrp_sync_group" && node.Words.Count > 1))
        {
            if (!names.Add(group.Value))
            {
                context.Diagnostics.Add(DiagnosticCodes.DuplicateName, group.ValueSpan, $"there are two vrrp_sync_group {group.Value}");
            }

            ConfigNode[] lists = [.. group.Children.Where(node => node.Name == "group")];
            List<Token> members = [.. lists.SelectMany(list => list.Children).SelectMany(entry => entry.Words)];
            if (members.Count == 0)
            {
                context.Diagnostics.Add(DiagnosticCodes.EmptyList, group.Span, $"vrrp_sync_group {group.Value} has no members: keepalived removes it", "group { INSTANCE ... }");
            }
            else if (members.Count == 1)
            {
                context.Diagnostics.Add(DiagnosticCodes.GroupOfOne, members[0].Span, $"vrrp_sync_group {group.Value} has one member: it moves with nobody");
            }

            if (lists.Length > 1)
            {
                context.Diagnostics.Add(DiagnosticCodes.DuplicateName, lists[1].Span, "a vrrp_sync_group has one list of members");
            }

            CheckWeights(group, members);
            foreach (Token member in members)
            {
                if (!instances.Contains(member.Text))
                {
                    context.Diagnostics.Add(DiagnosticCodes.UndefinedName, member.Span, $"there is no vrrp_instance {member.Text}", "the names stand in `group { }`, one or several to a line");
                }
                else if (!owners.TryAdd(member.Text, group.Value))
                {
                    context.Diagnostics.Add(DiagnosticCodes.DuplicateName, member.Span, $"{member.Text} is in vrrp_sync_group {owners[member.Text]} already", "an instance is in one group");
                }
            }
        }
    }

    /// <summary>Lists without entries, and values of keywords that nothing else reads.</summary>
    private void CheckNodes(List<ConfigNode> nodes)
    {
        foreach (ConfigNode node in nodes)
        {
            if (node.Children.Count > 0)
            {
                CheckNodes(node.Children);
            }
            else if (node.Row is { Opens: BlockKind.Entries or BlockKind.WordList })
            {
                context.Diagnostics.Add(DiagnosticCodes.EmptyList, node.Span, $"{node.Name} is empty", "one entry per line between the braces, or remove it");
            }

            if (node.Row is { Support: not Support.Honoured } row && node.Words.Count > 1)
            {
                CheckValue(node, row);
            }
        }
    }

    /// <summary>Weighted trackers do nothing for members of a group, unless it says so; keepalived drops them and only logs it.</summary>
    private void CheckWeights(ConfigNode group, List<Token> members)
    {
        if (group.Children.Exists(node => node.Name is "sync_group_tracking_weight" or "global_tracking"))
        {
            return;
        }

        HashSet<string> names = [.. members.Select(member => member.Text)];
        IEnumerable<ConfigNode> blocks = root.Where(node => node.Name == "vrrp_instance" && names.Contains(node.Value));
        foreach (ConfigNode list in blocks.SelectMany(block => block.Children).Where(node => node.Name is "track_script" or "track_interface" or "track_bfd"))
        {
            foreach (ConfigNode entry in list.Children)
            {
                ConfigNode? definition = _weighted.GetValueOrDefault(entry.Name);
                string weight = entry.Words.Count > 2 ? entry.Words[2].Text : definition?.Children.Find(node => node.Name == "weight")?.Value ?? "0";
                if (weight is not ("" or "0"))
                {
                    string outcome = list.Name == "track_interface" ? "becomes a fault" : "is dropped";
                    context.Diagnostics.Add(
                        DiagnosticCodes.WeightInGroup,
                        entry.Span,
                        $"{entry.Name} has a weight, but its instance is in vrrp_sync_group {group.Value}: it {outcome}, as in keepalived, which says nothing",
                        "weight 0, track it in the group, or sync_group_tracking_weight");
                }
            }
        }
    }

    /// <summary>Values of keywords that nothing else reads: a mistake in them is worth as much as in any other.</summary>
    private void CheckValue(ConfigNode node, Keyword row)
    {
        switch (row.Shape)
        {
            case ValueShape.Integer:
                context.Values.TryInteger(node, out _);
                break;
            case ValueShape.Weight:
                context.Values.TryWeight(node, out _, out _);
                break;
            case ValueShape.Seconds:
                context.Values.TrySeconds(node, out _);
                break;
            case ValueShape.Boolean:
                context.Values.TryBoolean(node, out _);
                break;
            case ValueShape.Choice:
                context.Values.TryChoice(node, out _);
                break;
            case ValueShape.Address:
                context.Values.TryAddress(node, out _);
                break;
        }
    }

    private static string Definition(string reference) => reference switch { "track_process" => "vrrp_track_process", "track_bfd" => "bfd_instance", _ => reference };
}
