using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Tracking;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <summary>From the tree to the configuration of a node. Two passes: what others refer to first, so that the order in the file does not matter.</summary>
internal sealed class Binder(BindContext context)
{
    private readonly Dictionary<string, BoundScript> _scripts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FenceDevice> _devices = new(StringComparer.Ordinal);
    private readonly CommandBinder _commands = new(context);
    private readonly List<ScriptTracker> _trackers = [];
    private readonly Dictionary<string, int> _instances = new(StringComparer.Ordinal);
    private readonly Dictionary<WireKey, List<int>> _byVrid = [];
    private readonly Dictionary<InternetAddress, List<int>> _byAddress = [];
    private readonly Dictionary<(int Lower, ulong Mac), string> _vmacs = [];

    /// <summary>The configuration; only complete when no error was reported.</summary>
    public NodeConfig Bind(List<ConfigNode> root)
    {
        GlobalBinder globalBinder = new(context);
        foreach (ConfigNode block in root.Where(node => node.Name == "global_defs"))
        {
            globalBinder.Bind(block);
        }

        context.Trackers.Define(root);
        NotifyConfig notify = new NotifyBinder(context).Complete();
        PromotionBinder promotions = new(context, _devices);
        foreach (ConfigNode block in root.Where(node => node.Words.Count > 1))
        {
            if (block.Name == "vrrp_script" && IsNew(_scripts, block))
            {
                _scripts.Add(block.Value, Script(block));
            }
            else if (block.Name == "fence_device" && IsNew(_devices, block))
            {
                _devices.Add(block.Value, promotions.Device(block));
            }
        }

        ReserveVmacNames(root);
        List<VrrpConfig> instances = [];
        List<ConfigNode> blocks = [];
        foreach (ConfigNode block in root.Where(node => node.Name == "vrrp_instance" && node.Words.Count > 1))
        {
            if (!_instances.TryAdd(block.Value, instances.Count))
            {
                context.Diagnostics.Add(DiagnosticCodes.DuplicateName, block.ValueSpan, $"there are two vrrp_instance {block.Value}");
                continue;
            }

            VrrpConfig bound = new InstanceBinder(context, block, _scripts, _devices).Bind();
            CheckAgainst(instances, blocks, bound, block);
            CheckVmacs(bound, block);
            instances.Add(bound);
            blocks.Add(block);
        }

        EquatableArray<SyncGroupConfig> groups = new SyncGroupBinder(context, _scripts, promotions).Bind(root, instances, blocks);
        MailConfig mail = new MailBinder(context).Complete(root, instances, groups);
        WarnOfEndlessFailback(instances, blocks);
        foreach (BoundScript script in _scripts.Values.Where(script => !script.IsUsed))
        {
            context.Diagnostics.Add(DiagnosticCodes.ScriptUnused, script.Node.Span, $"vrrp_script {script.Node.Value} is not tracked by any instance: it is not run");
        }

        new TrackerChecks(context, root).Run();
        NodeConfig config = new StaticBinder(context).Bind(root, new NodeConfig(), instances);
        context.Trackers.WarnUnused();
        AnnouncementSpacing spacing = new SpacingBinder(context).Bind(root);
        EquatableArray<LinkDelay> delays = context.Trackers.Delays(instances);
        GlobalSettings globals = context.Globals;
        return config with
        {
            RouterId = globals.RouterId.Length > 0 ? globals.RouterId : context.Facts.HostName,
            VmacPrefix = globals.PrefixOf(isOfAddress: false),
            VmacAddressPrefix = globals.PrefixOf(isOfAddress: true),
            Links = context.Links,
            Scripts = _trackers.ToEquatableArray(),
            Files = context.Trackers.Files,
            Processes = context.Trackers.Processes,
            LinkDelays = delays,
            PolledLinks = context.Trackers.Polls(instances),
            Notify = notify,
            Mail = mail,
            Dump = globals.Dump,
            Filter = globals.Filter,
            Spacing = spacing,
            Instances = instances.ToEquatableArray(),
            Groups = groups,
            FenceDevices = _devices.Values
                .Where(device => device.Step is not null)
                .Select(device => new FenceDeviceConfig(device.Step!) { MonitorInterval = device.MonitorInterval }) // Those without a step are left out above.
                .ToEquatableArray(),
            Watchdog = new WatchdogBinder(context).Bind(globals.Watchdog, instances),
            Process = new ProcessConfig
            {
                RealTimePriority = globals.RealTimePriority,
                IsMemoryLocked = globals.IsMemoryLocked,
                Nice = globals.Nice,
                StartupDelay = globals.StartupDelay,
                DelayAfterBoot = globals.DelayAfterBoot,
                StartupScript = globals.StartupScript is null ? null : new CommandBinder(context).Notify(globals.StartupScript),
                StartupTimeout = TimeSpan.FromSeconds(globals.StartupTimeout),
                ShutdownScript = globals.ShutdownScript is null ? null : new CommandBinder(context).Notify(globals.ShutdownScript),
                ShutdownTimeout = TimeSpan.FromSeconds(globals.ShutdownTimeout),
                IsUnknownVridLogged = globals.IsUnknownVridLogged,
                IsScriptSecurityEnabled = globals.IsScriptSecurityEnabled,
            },
        };
    }

    /// <summary>A name that an instance gives is no other one's, also where that stands above (keepalived).</summary>
    private void ReserveVmacNames(List<ConfigNode> root)
    {
        BindContext silent = new(new DiagnosticBag(), context.Facts);
        foreach (ConfigNode node in root.Where(node => node.Name == "vrrp_instance").SelectMany(block => block.Children).Where(node => node.Name == "use_vmac"))
        {
            if (VmacLine.Read(node, silent).Name is { } name)
            {
                context.VmacNames.Reserve(name.Text);
            }
        }
    }

    /// <summary>The kernel has one interface per Ethernet address on another one.</summary>
    private void CheckVmacs(VrrpConfig bound, ConfigNode block)
    {
        foreach (VirtualLink vmac in bound.EachVirtualLink())
        {
            if (!_vmacs.TryAdd((vmac.Lower, vmac.Mac), bound.Name))
            {
                context.Diagnostics.Add(
                    DiagnosticCodes.VmacBad,
                    block.Span,
                    $"{bound.Name} and {_vmacs[(vmac.Lower, vmac.Mac)]} would have the same virtual MAC address on {context.Links[vmac.Lower]}",
                    "another virtual_router_id, or another address after use_vmac");
            }
        }
    }

    private bool IsNew<T>(Dictionary<string, T> names, ConfigNode block)
    {
        if (!names.ContainsKey(block.Value))
        {
            return true;
        }

        context.Diagnostics.Add(DiagnosticCodes.DuplicateName, block.ValueSpan, $"there are two {block.Name} {block.Value}", "keepalived would use the first and say nothing");
        return false;
    }

    private BoundScript Script(ConfigNode block)
    {
        context.WarnRepeated(block.Children);
        ConfigNode? script = null;
        UserFacts? user = null;
        TimeSpan interval = TimeSpan.FromSeconds(1);
        TimeSpan? timeout = null;
        int weight = 0;
        int rise = 1;
        int fall = 1;
        bool isReversed = false;
        bool isInitiallyFailed = false;
        bool isUserBad = false;
        foreach (ConfigNode node in block.Children)
        {
            switch (node.Name)
            {
                case "script":
                    script ??= node;
                    break;
                case "interval":
                    interval = SecondsOrOne(node) ?? interval;
                    break;
                case "timeout":
                    timeout = SecondsOrOne(node) ?? timeout;
                    break;
                case "weight":
                    context.Values.TryWeight(node, out weight, out isReversed);
                    break;
                case "rise":
                    rise = context.Values.TryInteger(node, out int successes) ? successes : rise;
                    break;
                case "fall":
                    fall = context.Values.TryInteger(node, out int failures) ? failures : fall;
                    break;
                case "user":
                    user = _commands.User(node.Words, 1);
                    isUserBad = user is null;
                    break;
                case "init_fail":
                    isInitiallyFailed = true;
                    break;
            }
        }

        if (script is null)
        {
            context.Diagnostics.Add(DiagnosticCodes.MissingKeyword, block.Span, $"vrrp_script {block.Value} has no script", "script \"/path/to/check ARGUMENTS\"");
        }

        CommandLine? command = script is null || isUserBad ? null : _commands.Script(script, user);
        int index = command is null ? -1 : _trackers.Count;
        if (command is not null)
        {
            _trackers.Add(new ScriptTracker(block.Value, command)
            {
                Interval = interval,
                Timeout = timeout ?? interval,
                Rise = rise,
                Fall = fall,
                IsInitiallyFailed = isInitiallyFailed,
            });
        }

        return new BoundScript(block, index, weight, isReversed);
    }

    private TimeSpan? SecondsOrOne(ConfigNode node)
    {
        if (!context.Values.TrySeconds(node, out TimeSpan seconds))
        {
            return null;
        }

        return seconds == TimeSpan.Zero ? TimeSpan.FromSeconds(1) : seconds;
    }

    /// <summary>keepalived: the same Vrid twice for one family is fatal on one interface and group, or among unicast instances with a common peer.</summary>
    private void CheckAgainst(List<VrrpConfig> others, List<ConfigNode> blocks, VrrpConfig bound, ConfigNode block)
    {
        // Only those that have something in common with it: files have thousands of instances, and nearly none has.
        List<int> sameVrid = Entered(_byVrid, new WireKey(bound.Vrid, bound.IsIPv6, bound.IsUnicast ? int.MaxValue : bound.Link), others.Count);
        SortedSet<int>? candidates = sameVrid.Count > 1 ? [.. sameVrid] : null;
        foreach (VirtualAddress address in bound.Addresses)
        {
            List<int> sameAddress = Entered(_byAddress, address.Address, others.Count);
            if (sameAddress.Count > 1)
            {
                (candidates ??= []).UnionWith(sameAddress);
            }
        }

        if (candidates is not null)
        {
            candidates.Remove(others.Count);
            CheckAgainst(candidates, others, blocks, bound, block);
        }
    }

    private void CheckAgainst(SortedSet<int> candidates, List<VrrpConfig> others, List<ConfigNode> blocks, VrrpConfig bound, ConfigNode block)
    {
        foreach (int i in candidates)
        {
            VrrpConfig other = others[i];
            bool isSameWire = bound.IsUnicast == other.IsUnicast
                && (bound.IsUnicast
                    ? bound.UnicastPeers.Any(peer => other.UnicastPeers.Any(otherPeer => otherPeer.Address == peer.Address)) && bound.Source == other.Source
                    : bound.Link == other.Link && bound.Group == other.Group);
            if (bound.Vrid == other.Vrid && bound.IsIPv6 == other.IsIPv6 && isSameWire)
            {
                context.Diagnostics.Add(
                    DiagnosticCodes.DuplicateVrid, block.Span, $"{bound.Name} and {other.Name} (line {blocks[i].Span.Line}) have the same virtual_router_id {bound.Vrid} on the same interface", "each needs its own");
            }

            foreach (VirtualAddress address in bound.Addresses)
            {
                if (other.Addresses.Any(otherAddress => otherAddress.Address == address.Address))
                {
                    context.Diagnostics.Add(DiagnosticCodes.AddressTwice, block.Span, $"{bound.Name} and {other.Name} both hold {address.Address}: whoever leaves first takes it from the other");
                }
            }
        }
    }

    /// <summary>Enters an index under a key and returns all that are there, itself included.</summary>
    private static List<int> Entered<TKey>(Dictionary<TKey, List<int>> known, TKey key, int index)
        where TKey : notnull
    {
        if (!known.TryGetValue(key, out List<int>? indexes))
        {
            known[key] = indexes = new List<int>(1);
        }

        indexes.Add(index);
        return indexes;
    }

    /// <summary>Each of two nodes is preferred by another instance, and each takes its own back by fencing the other (docs/promotion.md 5).</summary>
    private void WarnOfEndlessFailback(List<VrrpConfig> instances, List<ConfigNode> blocks)
    {
        for (int i = 0; i < instances.Count; i++)
        {
            if (!IsShootingToFailBack(instances[i]))
            {
                continue;
            }

            int other = instances.FindIndex(each => IsShootingToFailBack(each)
                && each.BasePriority > instances[i].BasePriority
                && each.Promotion!.Steps.Any(step => step.Targets.Any(target => instances[i].Promotion!.Steps.Any(own => own.Targets.Contains(target)))));
            if (other >= 0)
            {
                context.Diagnostics.Add(
                    DiagnosticCodes.FailbackShootsForEver,
                    blocks[i].Span,
                    $"{instances[i].Name} and {instances[other].Name} (line {blocks[other].Span.Line}) fence the same node, have different priorities and preempt: two nodes that each come back for their own instance fence each other without end",
                    "nopreempt (with state BACKUP) in both, on all nodes");
                return;
            }
        }
    }

    /// <summary>Instances of which no two may be alike.</summary>
    private readonly record struct WireKey(byte Vrid, bool IsIPv6, int Wire);

    private static bool IsShootingToFailBack(VrrpConfig instance) => instance.IsPreempt && instance.Promotion is { HasFence: true, IsReleaseEnough: false };
}
