using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Daemon.Reload;

/// <summary>A configuration as it was read for a reload.</summary>
/// <param name="Config">The configuration; null = it was refused.</param>
/// <param name="Diagnostics">Every error and warning, as <c>check</c> prints them; empty = none.</param>
/// <param name="Errors">How many of them are errors.</param>
internal sealed record LoadedConfig(NodeConfig? Config, string Diagnostics, int Errors)
{
    /// <summary>What reading asked and was answered, for a record; empty = nothing is recorded.</summary>
    public string Facts { get; init; } = "";
}

/// <summary>How the last reload went, for the status.</summary>
/// <param name="At">When.</param>
/// <param name="IsAccepted">Whether the file was taken.</param>
/// <param name="Text">What was wrong, or what changed.</param>
internal sealed record LastReload(DateTimeOffset At, bool IsAccepted, string Text);

/// <summary>What a reload changes, in words.</summary>
internal static class ReloadSummary
{
    /// <summary>One line per thing that is not as before; empty = nothing is different.</summary>
    /// <param name="plan">The configuration in force and the one that follows.</param>
    /// <param name="kept">For every instance of the next one the index of that in the old one whose state it takes over, or -1.</param>
    public static List<string> Describe(ReloadPlan plan, int[] kept)
    {
        (NodeConfig old, NodeConfig next) = (plan.Old, plan.Next);
        List<string> lines = [];
        HashSet<string> namesBefore = [.. old.Instances.Select(instance => instance.Name)];
        HashSet<string> namesAfter = [.. next.Instances.Select(instance => instance.Name)];
        HashSet<int> goingOn = [.. kept];
        for (int i = 0; i < next.Instances.Count; i++)
        {
            string name = next.Instances[i].Name;
            if (kept[i] < 0)
            {
                lines.Add(namesBefore.Contains(name) ? $"{name}: changed, is stopped in order and started anew" : $"{name}: added");
            }
            else if (plan.IsChanged(i))
            {
                string before = old.Instances[kept[i]].Name;
                lines.Add($"{name}: changed, goes on in place{(before == name ? "" : $" (was {before})")}");
            }
        }

        for (int o = 0; o < old.Instances.Count; o++)
        {
            if (!goingOn.Contains(o) && !namesAfter.Contains(old.Instances[o].Name))
            {
                lines.Add($"{old.Instances[o].Name}: removed, is stopped in order");
            }
        }

        Compare(lines, "check script", old.Scripts, next.Scripts, script => script.Name);
        Compare(lines, "vrrp_sync_group", old.Groups.Select(Named(old)).ToEquatableArray(), next.Groups.Select(Named(next)).ToEquatableArray(), group => group.Name);
        Compare(lines, "fence_device", old.FenceDevices, next.FenceDevices, device => device.Name);
        if (old.Mail != next.Mail)
        {
            lines.Add("mail: changed");
        }

        if (old.Process != next.Process)
        {
            lines.Add("settings of the process itself (vrrp_rt_priority, vrrp_no_swap and the like) take effect at the next start");
        }

        return lines;
    }

    /// <summary>A group by the names of its members: their indexes mean nothing in another configuration.</summary>
    private static Func<SyncGroupConfig, NamedGroup> Named(NodeConfig config) =>
        group => new NamedGroup(group.Name, string.Join(' ', group.Members.Select(member => config.Instances[member].Name)), group.Notify);

    private sealed record NamedGroup(string Name, string Members, NotifyScripts Notify);

    private static void Compare<T>(List<string> lines, string kind, EquatableArray<T> old, EquatableArray<T> next, Func<T, string> nameOf)
        where T : class, IEquatable<T>
    {
        Dictionary<string, T> before = old.ToDictionary(nameOf);
        foreach (T item in next)
        {
            if (!before.Remove(nameOf(item), out T? earlier))
            {
                lines.Add($"{kind} {nameOf(item)}: added");
            }
            else if (!earlier.Equals(item))
            {
                lines.Add($"{kind} {nameOf(item)}: changed");
            }
        }

        foreach (T item in old)
        {
            if (before.ContainsKey(nameOf(item)))
            {
                lines.Add($"{kind} {nameOf(item)}: removed");
            }
        }
    }
}
