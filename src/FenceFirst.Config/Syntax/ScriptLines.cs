using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Keywords;
using FenceFirst.Core;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Syntax;

/// <summary>The lines of a track_script block, of an instance or of a sync group.</summary>
internal sealed class ScriptLines(BindContext context, Dictionary<string, BoundScript> scripts)
{
    /// <summary>What is tracked; what is wrong is in the diagnostics.</summary>
    public EquatableArray<TrackReference> Of(List<ConfigNode> nodes)
    {
        if (nodes.Count == 0)
        {
            return [];
        }

        List<TrackReference> tracked = new(nodes.Count);
        foreach (ConfigNode node in nodes)
        {
            Add(node, tracked);
        }

        return tracked.ToEquatableArray();
    }

    private void Add(ConfigNode node, List<TrackReference> tracked)
    {
        if (!scripts.TryGetValue(node.Name, out BoundScript? script))
        {
            string? nearest = KeywordTable.Nearest(scripts.Keys, node.Name);
            context.Diagnostics.Add(
                DiagnosticCodes.UndefinedName,
                node.Span,
                $"there is no vrrp_script {node.Name}: keepalived would run without this check",
                nearest is null ? "vrrp_script NAME { ... } at the top level" : $"did you mean {nearest}?");
            return;
        }

        script.IsUsed = true;
        if (script.Node.Order > node.Order)
        {
            context.Diagnostics.Add(
                DiagnosticCodes.UsedBeforeDefinition, node.Span, $"vrrp_script {node.Name} is defined further down: keepalived would run without this check, FenceFirst finds it", "move the vrrp_script up");
        }

        if (!context.Values.TryWeight(node, -ValueReader.WeightMax, ValueReader.WeightMax, script.Weight, script.IsReversed, out int weight, out bool isReversed) || script.Index < 0)
        {
            return;
        }

        foreach (TrackReference reference in tracked)
        {
            if (reference.Index == script.Index)
            {
                context.Diagnostics.Add(DiagnosticCodes.TrackedTwice, node.Span, $"{node.Name} is tracked twice; the first one holds");
                return;
            }
        }

        tracked.Add(new TrackReference(script.Index, weight, isReversed));
    }
}
