using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Keywords;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <summary>vrrp_sync_group: what it adds to its members, when they are complete, and what it has of its own.</summary>
/// <remarks>Which names are members, and of which group, is judged by <see cref="TrackerChecks"/>; what is wrong there is passed over here.</remarks>
internal sealed class SyncGroupBinder(BindContext context, Dictionary<string, BoundScript> scripts, PromotionBinder promotions)
{
    private readonly CommandBinder _commands = new(context);
    private List<VrrpConfig> _instances = [];
    private List<ConfigNode> _blocks = [];
    private Dictionary<string, int> _indexes = [];

    /// <summary>The groups; their members are changed in the list.</summary>
    /// <param name="root">The whole file.</param>
    /// <param name="instances">Every instance, complete.</param>
    /// <param name="blocks">Where each stands.</param>
    public EquatableArray<SyncGroupConfig> Bind(List<ConfigNode> root, List<VrrpConfig> instances, List<ConfigNode> blocks)
    {
        (_instances, _blocks) = (instances, blocks);
        _indexes = instances.Index().ToDictionary(each => each.Item.Name, each => each.Index, StringComparer.Ordinal);
        List<SyncGroupConfig> groups = [];
        foreach (ConfigNode block in root.Where(node => node.Name == "vrrp_sync_group" && node.Words.Count > 1))
        {
            int[] members = Members(block);
            if (members.Length > 0 && groups.All(group => group.Name != block.Value))
            {
                groups.Add(Group(block, groups.Count, members));
            }
        }

        return groups.ToEquatableArray();
    }

    private int[] Members(ConfigNode block) =>
    [
        .. block.Children
            .Where(node => node.Name == "group")
            .SelectMany(list => list.Children)
            .SelectMany(entry => entry.Words)
            .Select(word => _indexes.GetValueOrDefault(word.Text, -1))
            .Where(index => index >= 0 && _instances[index].SyncGroup < 0)
            .Distinct(),
    ];

    private SyncGroupConfig Group(ConfigNode block, int index, int[] members)
    {
        context.WarnRepeated(block.Children);
        SyncGroupConfig group = new(block.Value, members.ToEquatableArray())
        {
            Notify = new NotifyScripts { IsParallel = context.Globals.Notify.IsParallel, IsMailed = context.Globals.Mail.IsMailed },
        };
        PromotionPlan? promotion = null;
        DemotionPlan? demotion = null;
        ConfigNode? promotionNode = null;
        ConfigNode? beforeVip = null;
        foreach (ConfigNode node in block.Children.Where(node => node.Row is { Support: Support.Honoured }))
        {
            switch (node.Name)
            {
                case "promotion" when promotionNode is not null:
                case "demotion" when demotion is not null:
                    context.Diagnostics.Add(DiagnosticCodes.DuplicateName, node.Span, $"a vrrp_sync_group has one {node.Name} block");
                    break;
                case "promotion":
                    promotionNode = node;
                    promotion = promotions.Promotion(node);
                    break;
                case "demotion":
                    demotion = promotions.Demotion(node);
                    break;
                case "notify_master_before_vip":
                    beforeVip = node;
                    break;
                default:
                    group = group with { Notify = Notify(node, group.Notify) };
                    break;
            }
        }

        ConfigNode? awaited = beforeVip ?? (group.Notify.Master is null ? null : context.Globals.NotifyMasterBeforeVip);
        if (awaited is not null)
        {
            promotion = BeforeVip(awaited, group, promotion);
            group = group with { Notify = group.Notify with { Master = null } };
        }

        foreach (int member in members)
        {
            CheckSteps(block, member);
            _instances[member] = _instances[member] with { SyncGroup = index, Promotion = promotion, Demotion = demotion };
        }

        group = Track(block, group);
        Lint(block, members, promotionNode, promotion);
        return group;
    }

    private NotifyScripts Notify(ConfigNode node, NotifyScripts notify) => node.Name switch
    {
        "notify_master" when notify.Master is null => notify with { Master = _commands.Notify(node) },
        "notify_backup" when notify.Backup is null => notify with { Backup = _commands.Notify(node) },
        "notify_fault" when notify.Fault is null => notify with { Fault = _commands.Notify(node) },
        "notify_stop" when notify.Stop is null => notify with { Stop = _commands.Notify(node) },
        "notify" when notify.Any is null => notify with { Any = _commands.Notify(node) },
        "smtp_alert" => context.Values.TryBoolean(node, out bool isMailed) ? notify with { IsMailed = isMailed } : notify,
        "notify_parallel" => context.Values.TryBoolean(node, out bool isParallel) ? notify with { IsParallel = isParallel } : notify,
        _ => notify,
    };

    private PromotionPlan? BeforeVip(ConfigNode node, SyncGroupConfig group, PromotionPlan? promotion)
    {
        TimeSpan timeout = promotions.BeforeVipTimeout(node);
        if (group.Notify.Master is not { } command)
        {
            context.Diagnostics.Add(DiagnosticCodes.MissingKeyword, node.Span, "notify_master_before_vip needs a notify_master in the vrrp_sync_group", "notify_master \"COMMAND\"");
            return promotion;
        }

        PromotionPlan plan = promotion ?? new PromotionPlan();
        PromotionStep step = new(StepKind.Run, "notify_master", command) { Timeout = timeout };
        return plan with { Steps = plan.Steps.Append(step).ToEquatableArray() };
    }

    private void CheckSteps(ConfigNode block, int member)
    {
        if (_instances[member].Promotion is null && _instances[member].Demotion is null)
        {
            return;
        }

        ConfigNode? own = _blocks[member].Children.Find(node => node.Name is "promotion" or "demotion" or "notify_master_before_vip");
        context.Diagnostics.Add(
            DiagnosticCodes.StepsInMember,
            own?.Span ?? _blocks[member].Span,
            own is null
                ? $"notify_master_before_vip of global_defs cannot be done for {_instances[member].Name}: it is in vrrp_sync_group {block.Value}, whose members are promoted together"
                : $"{_instances[member].Name} is in vrrp_sync_group {block.Value}: its members are promoted together and have no {own.Name} of their own",
            own is null ? "write notify_master into the vrrp_sync_group" : $"move {own.Name} into the vrrp_sync_group");
    }

    /// <summary>Adds to every member what the group tracks; returns the group with it.</summary>
    private SyncGroupConfig Track(ConfigNode block, SyncGroupConfig group)
    {
        EquatableArray<int> members = group.Members;
        bool isWeighted = block.Children.Exists(node => node.Name is "sync_group_tracking_weight" or "global_tracking");
        bool hasOwner = members.Any(member => _instances[member].IsOwner);
        ConfigNode? told = block.Children.Find(node => node.Name == "notify_priority_changes");
        bool isPriorityNotified = told is not null && context.Values.TryBoolean(told, out bool isTold) && isTold;
        EquatableArray<TrackReference> links = Own(Links(Lines(block, "track_interface")), hasOwner);
        EquatableArray<TrackReference> tracked = Own(new ScriptLines(context, scripts).Of(Lines(block, "track_script")), hasOwner);
        EquatableArray<TrackReference> files = Own(context.Trackers.FilesOf(Lines(block, "track_file")), hasOwner);
        EquatableArray<TrackReference> processes = Own(context.Trackers.ProcessesOf(Lines(block, "track_process")), hasOwner);
        foreach (int member in members)
        {
            VrrpConfig one = _instances[member];
            bool isKept = isWeighted && !one.IsOwner;
            bool isSaidByMember = _blocks[member].Children.Exists(node => node.Name == "notify_priority_changes");
            _instances[member] = one with
            {
                // keepalived (vrrp_sync.c, vrrp_track.c): without sync_group_tracking_weight a member's weighted interface becomes a fault, a weighted script
                // is dropped, a file of weight 1 becomes a fault and one of another weight is dropped; processes stay as they are.
                TrackLinks = Merge(isKept ? one.TrackLinks : one.TrackLinks.Select(each => each with { Weight = 0 }).ToEquatableArray(), links),
                TrackScripts = Merge(isKept ? one.TrackScripts : one.TrackScripts.Where(each => each.Weight == 0).ToEquatableArray(), tracked),
                TrackFiles = Merge(
                    isKept ? one.TrackFiles : one.TrackFiles.Where(each => each.Weight is 0 or 1).Select(each => each with { Weight = 0 }).ToEquatableArray(), files),
                TrackProcesses = Merge(one.TrackProcesses, processes),
                IsPriorityNotified = told is null || isSaidByMember ? one.IsPriorityNotified : isPriorityNotified,
            };
        }

        return group with
        {
            IsTrackingWeighted = isWeighted,
            IsPriorityNotified = told is null ? null : isPriorityNotified,
            TrackLinks = links,
            TrackScripts = tracked,
            TrackFiles = files,
            TrackProcesses = processes,
        };
    }

    private static List<ConfigNode> Lines(ConfigNode block, string name) => [.. block.Children.Where(node => node.Name == name).SelectMany(node => node.Children)];

    private EquatableArray<TrackReference> Links(List<ConfigNode> nodes)
    {
        List<TrackReference> links = [];
        foreach (ConfigNode node in nodes)
        {
            int link = context.Link(node.Name, node.Span);
            if (!context.Values.TryWeight(node, -ValueReader.WeightMax, ValueReader.WeightMax, 0, false, out int weight, out bool isReversed) || link < 0)
            {
                continue;
            }

            if (links.Any(reference => reference.Index == link))
            {
                context.Diagnostics.Add(DiagnosticCodes.TrackedTwice, node.Span, $"{node.Name} is tracked twice; the first one holds");
                continue;
            }

            links.Add(new TrackReference(link, weight, isReversed));
        }

        return links.ToEquatableArray();
    }

    /// <summary>What the group itself tracks; with an address owner among the members weights mean fault (keepalived).</summary>
    private static EquatableArray<TrackReference> Own(EquatableArray<TrackReference> references, bool hasOwner) =>
        hasOwner ? references.Select(each => each with { Weight = 0 }).ToEquatableArray() : references;

    /// <summary>The same tracker in both: the group's weight replaces the member's, unless that is 0 (keepalived).</summary>
    private static EquatableArray<TrackReference> Merge(EquatableArray<TrackReference> member, EquatableArray<TrackReference> group)
    {
        List<TrackReference> merged = [.. member];
        foreach (TrackReference reference in group)
        {
            int at = merged.FindIndex(each => each.Index == reference.Index);
            if (at < 0)
            {
                merged.Add(reference);
            }
            else if (merged[at].Weight != 0)
            {
                merged[at] = reference;
            }
        }

        return merged.ToEquatableArray();
    }

    private void Lint(ConfigNode block, int[] members, ConfigNode? promotionNode, PromotionPlan? promotion)
    {
        VrrpConfig[] bound = [.. members.Select(member => _instances[member])];
        if (bound.DistinctBy(member => member.BasePriority).Skip(1).Any())
        {
            context.Diagnostics.Add(
                DiagnosticCodes.GroupPriorities,
                block.Span,
                $"the members of vrrp_sync_group {block.Value} have different priorities ({string.Join(", ", bound.Select(member => $"{member.Name} {member.BasePriority}"))}): "
                + "where another node orders them the other way round, each makes the other yield, again and again",
                "one priority for all members of a group");
        }

        if (promotionNode is null || promotion is null)
        {
            return;
        }

        foreach (VrrpConfig member in bound)
        {
            promotions.LintReach(member);
        }

        if (promotion.IsReleaseEnough)
        {
            ConfigNode? release = promotionNode.Children.Find(node => node.Name == "release_is_enough");
            context.Diagnostics.Add(
                DiagnosticCodes.ReleaseInGroup,
                release?.Span ?? promotionNode.Span,
                "release_is_enough is refused in a vrrp_sync_group: each virtual router releases by itself, and the fence is one for all of them",
                "`release_is_enough no`: the old master is fenced");
        }

        if (promotion.HasFence)
        {
            promotions.LintFence(promotionNode, promotion, bound);
        }
    }
}
