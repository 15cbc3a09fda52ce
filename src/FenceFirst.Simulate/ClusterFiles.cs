using FenceFirst.Config;
using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;
using FenceFirst.Sim;

namespace FenceFirst.Simulate;

/// <summary>The files of all nodes as the simulator takes them: the same virtual routers in the same order, every node with one address that the others know it by.</summary>
internal sealed class ClusterFiles
{
    private readonly NodeConfig[] _nodes;
    private readonly SourceText[] _sources;
    private readonly DiagnosticBag _diagnostics;

    private ClusterFiles(NodeConfig[] nodes, SourceText[] sources, DiagnosticBag diagnostics) => (_nodes, _sources, _diagnostics) = (nodes, sources, diagnostics);

    /// <summary>Reads the files; null when one is refused or they do not fit together.</summary>
    /// <param name="files">One per node, in order.</param>
    /// <param name="configIds">Ids for @ID lines, in the same order; missing ones are the host name of this machine.</param>
    /// <param name="facts">What reading needs.</param>
    /// <param name="diagnostics">Errors are added here; a file's own warnings are left to <c>check</c>.</param>
    public static NodeConfig[]? Load(string[] files, string[] configIds, MachineFacts facts, DiagnosticBag diagnostics)
    {
        NodeConfig?[] read = new NodeConfig?[files.Length];
        for (int i = 0; i < files.Length; i++)
        {
            (read[i], DiagnosticBag found) = ConfigLoader.Load(files[i], i < configIds.Length ? configIds[i] : null, facts);
            foreach (Diagnostic diagnostic in found.Sorted().Where(diagnostic => diagnostic.Severity == Severity.Error))
            {
                diagnostics.Add(diagnostic);
            }

            if (read[i] is { Instances.IsEmpty: true })
            {
                diagnostics.Add(ScenarioCodes.OtherRouters, Whole(files[i], i), "there is no vrrp_instance: nothing to simulate");
                read[i] = null;
            }
        }

        if (read.Any(node => node is null))
        {
            return null;
        }

        ClusterFiles cluster = new([.. read.OfType<NodeConfig>()], [.. files.Select((file, i) => new SourceText(file, "", i))], diagnostics);
        return cluster.Order() ? cluster._nodes : null;
    }

    /// <summary>Gives every node its address and makes the targets of all fences those addresses.</summary>
    /// <param name="nodes">The configurations, as <see cref="Load"/> gave them.</param>
    /// <param name="files">Their names.</param>
    /// <param name="said">Addresses that the scenario gives; absent where it does not.</param>
    /// <param name="diagnostics">Problems are added here.</param>
    public static NodeConfig[] Address(NodeConfig[] nodes, string[] files, InternetAddress[] said, DiagnosticBag diagnostics)
    {
        ClusterFiles cluster = new([.. nodes], [.. files.Select((file, i) => new SourceText(file, "", i))], diagnostics);
        cluster.SetAddresses(said);
        return cluster._nodes;
    }

    /// <summary>Why the second node refuses the adverts of the first, as its own receiver would; None = it takes them.</summary>
    public static DecodeError RefusalOf(NodeConfig from, NodeConfig to, int instance)
    {
        VrrpConfig sender = from.Instances[instance];
        VrrpConfig receiver = to.Instances[instance];
        if (sender.Version != receiver.Version)
        {
            return DecodeError.WrongVersion;
        }

        if ((sender.Hmac is null) != (receiver.Hmac is null) && receiver.Hmac is { Mode: HmacMode.Enforce })
        {
            return DecodeError.AuthenticationMissing;
        }

        if (sender.Authentication != receiver.Authentication)
        {
            return DecodeError.WrongAuthenticationType;
        }

        if (sender.Password != receiver.Password)
        {
            return DecodeError.WrongPassword;
        }

        return receiver.Version == 2 && sender.AdvertInterval != receiver.AdvertInterval ? DecodeError.WrongInterval : DecodeError.None;
    }

    private static SourceSpan Whole(string file, int ordinal) => new(new SourceText(file, "", ordinal), 0, 0, 0);

    /// <summary>Puts the instances of every node into the order of the first one.</summary>
    private bool Order()
    {
        bool isGood = true;
        VrrpConfig[] first = [.. _nodes[0].Instances];
        for (int i = 0; i < _nodes.Length; i++)
        {
            VrrpConfig?[] ordered = [.. first.Select(mine => _nodes[i].Instances.FirstOrDefault(other => other.Vrid == mine.Vrid && other.IsIPv6 == mine.IsIPv6))];
            for (int k = 0; k < first.Length; k++)
            {
                if (ordered[k] is null)
                {
                    isGood = Refuse(_sources[i], $"there is no instance with virtual_router_id {first[k].Vrid} for {Family(first[k])}, as {first[k].Name} of {_sources[0].Path} has it");
                }
            }

            foreach (VrrpConfig other in _nodes[i].Instances.Where(other => !ordered.Contains(other)))
            {
                isGood = Refuse(_sources[0], $"there is no instance with virtual_router_id {other.Vrid} for {Family(other)}, as {other.Name} of {_sources[i].Path} has it");
            }

            if (isGood)
            {
                // The members of sync groups are positions, which change with the order.
                VrrpConfig[] before = [.. _nodes[i].Instances];
                _nodes[i] = _nodes[i] with
                {
                    Instances = ordered.OfType<VrrpConfig>().ToEquatableArray(),
                    Groups = _nodes[i].Groups.Select(group => group with
                    {
                        Members = group.Members.Select(member => Array.IndexOf(ordered, before[member])).ToEquatableArray(),
                    }).ToEquatableArray(),
                };
            }
        }

        return isGood;

        bool Refuse(SourceText source, string message)
        {
            _diagnostics.Add(ScenarioCodes.OtherRouters, new SourceSpan(source, 0, 0, 0), message, "a simulation needs the same virtual routers in every file");
            return false;
        }
    }

    private static string Family(VrrpConfig instance) => instance.IsIPv6 ? "IPv6" : "IPv4";

    private void SetAddresses(InternetAddress[] said)
    {
        // Every address that a node goes by: what its own file says, else what the others call it and it does not call itself.
        HashSet<InternetAddress>[] own = new HashSet<InternetAddress>[_nodes.Length];
        HashSet<InternetAddress>[] named = [.. _nodes.Select(AllNamed)];
        for (int i = 0; i < _nodes.Length; i++)
        {
            own[i] = [.. _nodes[i].Instances.Where(instance => !instance.Source.IsNone && !instance.IsSourceTracked).Select(instance => instance.Source)];
            if (!said[i].IsNone)
            {
                own[i].Add(said[i]);
            }
        }

        for (int i = 0; i < _nodes.Length; i++)
        {
            if (own[i].Count == 0)
            {
                HashSet<InternetAddress> candidates = [.. named.Where((_, k) => k != i).SelectMany(each => each)];
                candidates.ExceptWith(named[i]);
                candidates.ExceptWith(own.Where((_, k) => k != i).Where(each => each is not null).SelectMany(each => each));
                if (_nodes.Length == 2 || candidates.Count == 1)
                {
                    own[i].UnionWith(candidates);
                }
            }
        }

        InternetAddress[] main = [.. own.Select((addresses, i) => !said[i].IsNone ? said[i] : addresses.Count > 0 ? addresses.Order().First() : SimCluster.AddressOf(i))];
        for (int i = 0; i < main.Length; i++)
        {
            int other = Array.IndexOf(main, main[i]);
            if (other != i)
            {
                _diagnostics.Add(
                    ScenarioCodes.SameAddress, new SourceSpan(_sources[i], 0, 0, 0), $"{_sources[other].Path} and this file are both of {main[i]}", "unicast_src_ip in each file, or 'address a 192.0.2.1' in the scenario");
            }
        }

        for (int i = 0; i < _nodes.Length; i++)
        {
            int node = i;
            InternetAddress Known(InternetAddress target)
            {
                int at = Array.FindIndex(own, addresses => addresses.Contains(target));
                return at >= 0 ? main[at] : target;
            }

            foreach (InternetAddress target in FencedBy(_nodes[i]).Where(target => Array.IndexOf(main, Known(target)) < 0))
            {
                _diagnostics.Add(
                    ScenarioCodes.UnknownTarget,
                    new SourceSpan(_sources[i], 0, 0, 0),
                    $"a fence targets {target}, which is the address of none of the nodes here: it will switch nobody off",
                    "unicast_src_ip in the file of that node, or 'address a 192.0.2.1' in the scenario");
            }

            _nodes[i] = _nodes[i] with
            {
                Instances = _nodes[i].Instances.Select(instance => instance with
                {
                    Source = main[node],
                    Promotion = instance.Promotion is { } plan ? plan with { Steps = plan.Steps.Select(step => Rename(step, Known)).ToEquatableArray() } : null,
                }).ToEquatableArray(),
            };
        }
    }

    private static PromotionStep Rename(PromotionStep step, Func<InternetAddress, InternetAddress> known) => step with
    {
        // A peer that has an address on each of several interfaces is one node here.
        Targets = step.Targets.Select(known).Distinct().ToEquatableArray(),
        Levels = step.Levels.Select(level => level with { Devices = level.Devices.Select(device => Rename(device, known)).ToEquatableArray() }).ToEquatableArray(),
    };

    private static IEnumerable<InternetAddress> FencedBy(NodeConfig node) =>
        node.Instances.SelectMany(instance => instance.Promotion is { } plan ? plan.Steps.SelectMany(step => step.Targets) : []).Distinct();

    private static HashSet<InternetAddress> AllNamed(NodeConfig node) => [.. FencedBy(node), .. node.Instances.SelectMany(instance => instance.UnicastPeers.Select(peer => peer.Address))];
}
