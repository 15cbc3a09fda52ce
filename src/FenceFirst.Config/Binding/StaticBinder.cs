using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <summary>static_ipaddress, static_routes and static_rules: what the node holds as long as the daemon runs; and track_group, whose instances track their interfaces.</summary>
internal sealed class StaticBinder(BindContext context)
{
    private const string KeepalivedDefaultInterface = "eth0";

    private readonly Dictionary<string, TrackGroup> _groups = new(StringComparer.Ordinal);
    private List<VrrpConfig> _instances = [];

    /// <summary>The configuration with everything that the blocks name.</summary>
    /// <param name="root">The whole file.</param>
    /// <param name="config">What it is added to.</param>
    /// <param name="instances">Every instance; those of a track_group are changed in the list.</param>
    public NodeConfig Bind(List<ConfigNode> root, NodeConfig config, List<VrrpConfig> instances)
    {
        _instances = instances;
        DefineGroups(root);
        List<VirtualAddress> addresses = [];
        foreach (ConfigNode entry in Entries(root, "static_ipaddress"))
        {
            AddressBinder binder = new(context, isStatic: true);
            int link = entry.Words.Exists(word => word.Text == "dev") ? -1 : DefaultLink(entry);
            if (binder.Bind(entry, link) is VirtualAddress address)
            {
                addresses.Add(address);
                Track(entry, binder.TrackGroup, [address.Link]);
            }
        }

        return config with { StaticAddresses = addresses.ToEquatableArray(), StaticRoutes = Routes(root), StaticRules = Rules(root) };
    }

    private EquatableArray<VirtualRoute> Routes(List<ConfigNode> root)
    {
        RouteBinder binder = new(context, isStatic: true);
        List<VirtualRoute> routes = [];
        foreach (ConfigNode entry in Entries(root, "static_routes"))
        {
            if (binder.Route(entry, isIPv6: false) is VirtualRoute route)
            {
                routes.Add(route);
                Track(entry, binder.TrackGroup, [route.Link, .. route.NextHops.Select(hop => hop.Link)]);
            }
        }

        return routes.ToEquatableArray();
    }

    private EquatableArray<VirtualRule> Rules(List<ConfigNode> root)
    {
        RuleBinder binder = new(context, isStatic: true);
        List<VirtualRule> rules = [];
        foreach (ConfigNode entry in Entries(root, "static_rules"))
        {
            if (binder.Rule(entry, isIPv6: false) is VirtualRule rule)
            {
                rules.Add(rule);
                string[] names = [rule.InputInterface, rule.OutputInterface];
                Track(entry, binder.TrackGroup, binder.TrackGroup is null ? [] : [.. names.Where(name => name.Length > 0).Select(name => context.Link(name, entry.Span))]);
            }
        }

        return rules.ToEquatableArray();
    }

    private void DefineGroups(List<ConfigNode> root)
    {
        foreach (ConfigNode block in root.Where(node => node.Name == "track_group" && node.Words.Count > 1))
        {
            TrackGroup group = new(block, []);
            if (!_groups.TryAdd(block.Value, group))
            {
                context.Diagnostics.Add(DiagnosticCodes.DuplicateName, block.ValueSpan, $"there are two track_group {block.Value}");
                continue;
            }

            List<Token> members = [.. block.Children.Where(node => node.Name == "group").SelectMany(list => list.Children).SelectMany(entry => entry.Words)];
            if (members.Count == 0)
            {
                context.Diagnostics.Add(DiagnosticCodes.EmptyList, block.Span, $"track_group {block.Value} has no instances: keepalived removes it", "group { INSTANCE ... }");
            }

            foreach (Token member in members)
            {
                int index = _instances.FindIndex(instance => instance.Name == member.Text);
                if (index < 0)
                {
                    context.Diagnostics.Add(DiagnosticCodes.NoEffect, member.Span, $"there is no vrrp_instance {member.Text}: track_group {block.Value} goes without it, as in keepalived");
                }
                else
                {
                    group.Members.Add(index);
                }
            }
        }
    }

    /// <summary>The instances of the group track the interfaces with weight 0: what they track already stays as it is.</summary>
    private void Track(ConfigNode entry, Token? name, int[] links)
    {
        if (name is not Token word)
        {
            return;
        }

        if (!_groups.TryGetValue(word.Text, out TrackGroup? group))
        {
            context.Diagnostics.Add(DiagnosticCodes.UndefinedName, word.Span, $"there is no track_group {word.Text}", "track_group NAME { group { INSTANCE ... } } at the top level");
            return;
        }

        if (group.Block.Order > entry.Order)
        {
            context.Diagnostics.Add(
                DiagnosticCodes.UsedBeforeDefinition, word.Span, $"track_group {word.Text} is defined further down: keepalived would not track for it, FenceFirst finds it", "move the track_group up");
        }

        if (links.All(link => link < 0))
        {
            context.Diagnostics.Add(DiagnosticCodes.UnknownOption, word.Span, $"track_group {word.Text} needs an interface, and this line has none", "add `dev NAME`");
        }

        foreach (int index in group.Members)
        {
            VrrpConfig instance = _instances[index];
            int[] added = [.. links.Where(link => link >= 0 && instance.TrackLinks.All(reference => reference.Index != link)).Distinct()];
            _instances[index] = instance with { TrackLinks = instance.TrackLinks.Concat(added.Select(link => new TrackReference(link, 0, false))).ToEquatableArray() };
        }
    }

    private int DefaultLink(ConfigNode entry) => context.Globals.DefaultInterface is ConfigNode given
        ? context.Link(given.Value, given.ValueSpan)
        : context.Link(KeepalivedDefaultInterface, entry.Span);

    private static IEnumerable<ConfigNode> Entries(List<ConfigNode> root, string name) => root.Where(node => node.Name == name).SelectMany(node => node.Children);

    private sealed record TrackGroup(ConfigNode Block, List<int> Members);
}
