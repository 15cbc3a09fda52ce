using FenceFirst.Config.Output;
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

/// <summary>Something that a reload changes.</summary>
/// <param name="Text">What, and what becomes of it.</param>
/// <param name="Details">What it no longer says (-) and what it says instead (+); passwords and keys are not shown.</param>
internal sealed record ReloadChange(string Text, List<string> Details)
{
    /// <summary>Details that are told of one block.</summary>
    private const int DetailsMax = 20;

    /// <summary>The change as lines of an answer.</summary>
    public IEnumerable<string> Lines =>
        [Text, .. Details.Take(DetailsMax).Select(detail => "  " + detail), .. Details.Count > DetailsMax ? (string[])[$"  and {Details.Count - DetailsMax} more"] : []];
}

/// <summary>What a reload changes, in words.</summary>
/// <param name="plan">The configuration in force and the one that follows.</param>
/// <param name="before">What the one in force says.</param>
/// <param name="after">What the other one says.</param>
internal sealed class ReloadSummary(ReloadPlan plan, ConfigBlocks before, ConfigBlocks after)
{
    /// <summary>Blocks of which there is one in a dump, or which have no name.</summary>
    private static readonly string[] Unnamed = ["global_defs", "static_ipaddress", "static_routes", "static_rules", "linkbeat_interfaces", "interface_up_down_delays", "garp_group"];

    private readonly List<ReloadChange> _changes = [];

    /// <summary>Everything that is not as before; empty = nothing is different.</summary>
    /// <param name="kept">For every instance of the next one the index of that in the old one whose state it takes over, or -1.</param>
    public List<ReloadChange> Describe(int[] kept)
    {
        _changes.Clear();
        Instances(kept);
        Compare("vrrp_script", "check script", plan.Old.Scripts, plan.Next.Scripts, script => script.Name);
        Compare("track_file", "track_file", plan.Old.Files, plan.Next.Files, file => file.Name);
        Compare("vrrp_track_process", "vrrp_track_process", plan.Old.Processes, plan.Next.Processes, process => process.Name);
        Compare("vrrp_sync_group", "vrrp_sync_group", plan.Old.Groups.Select(Named(plan.Old)).ToEquatableArray(), plan.Next.Groups.Select(Named(plan.Next)).ToEquatableArray(), group => group.Name);
        Compare("fence_device", "fence_device", plan.Old.FenceDevices, plan.Next.FenceDevices, device => device.Name);
        foreach (string name in Unnamed)
        {
            if (before.Changes(name, after, name) is { Count: > 0 } details)
            {
                _changes.Add(new ReloadChange($"{name}: changed", details));
            }
        }

        if (plan.Old.Mail != plan.Next.Mail)
        {
            _changes.Add(new ReloadChange("mail: changed", []));
        }

        if (plan.Old.Process != plan.Next.Process)
        {
            _changes.Add(new ReloadChange("settings of the process itself (vrrp_rt_priority, vrrp_no_swap and the like) take effect at the next start", []));
        }

        return _changes;
    }

    private void Instances(int[] kept)
    {
        (NodeConfig old, NodeConfig next) = (plan.Old, plan.Next);
        HashSet<string> namesBefore = [.. old.Instances.Select(instance => instance.Name)];
        HashSet<string> namesAfter = [.. next.Instances.Select(instance => instance.Name)];
        HashSet<int> goingOn = [.. kept];
        for (int i = 0; i < next.Instances.Count; i++)
        {
            string name = next.Instances[i].Name;
            if (kept[i] < 0)
            {
                bool isThere = namesBefore.Contains(name);
                _changes.Add(isThere ? new ReloadChange($"{name}: changed, is stopped in order and started anew", Details("vrrp_instance", name, name)) : new ReloadChange($"{name}: added", []));
            }
            else if (plan.IsChanged(i))
            {
                VrrpConfig was = old.Instances[kept[i]];
                List<string> details = Details("vrrp_instance", was.Name, name);
                if (was.Password != next.Instances[i].Password || was.Hmac != next.Instances[i].Hmac)
                {
                    details.Add("a password or key is another one");
                }

                _changes.Add(new ReloadChange($"{name}: changed, goes on in place{(was.Name == name ? "" : $" (was {was.Name})")}", details));
            }
        }

        for (int o = 0; o < old.Instances.Count; o++)
        {
            if (!goingOn.Contains(o) && !namesAfter.Contains(old.Instances[o].Name))
            {
                _changes.Add(new ReloadChange($"{old.Instances[o].Name}: removed, is stopped in order", []));
            }
        }
    }

    private List<string> Details(string keyword, string earlier, string name) => before.Changes($"{keyword} {earlier}", after, $"{keyword} {name}");

    /// <summary>A group by the names of its members: their indexes mean nothing in another configuration, nor do those of what it tracks, which the dump names.</summary>
    private static Func<SyncGroupConfig, NamedGroup> Named(NodeConfig config) =>
        group => new NamedGroup(group.Name, string.Join(' ', group.Members.Select(member => config.Instances[member].Name)), group.Notify);

    private sealed record NamedGroup(string Name, string Members, NotifyScripts Notify);

    private void Compare<T>(string keyword, string kind, EquatableArray<T> old, EquatableArray<T> next, Func<T, string> nameOf)
        where T : class, IEquatable<T>
    {
        Dictionary<string, T> earlier = old.ToDictionary(nameOf);
        foreach (T item in next)
        {
            string name = nameOf(item);
            List<string> details = Details(keyword, name, name);
            if (!earlier.Remove(name, out T? was))
            {
                _changes.Add(new ReloadChange($"{kind} {name}: added", []));
            }
            else if (!was.Equals(item) || details.Count > 0)
            {
                _changes.Add(new ReloadChange($"{kind} {name}: changed", details));
            }
        }

        foreach (T item in old)
        {
            if (earlier.ContainsKey(nameOf(item)))
            {
                _changes.Add(new ReloadChange($"{kind} {nameOf(item)}: removed", []));
            }
        }
    }
}
