using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Config.Output;

/// <summary>Compares the configurations of two nodes of one pair: whether they hear each other, who becomes Master, who fences whom.</summary>
public sealed class PairCheck
{
    private readonly NodeConfig _ours;
    private readonly NodeConfig _theirs;
    private readonly SourceText _source;
    private readonly SourceText _peerSource;
    private readonly DiagnosticBag _diagnostics = new();
    private readonly List<PairInstance> _pairs = [];

    private PairCheck(NodeConfig ours, NodeConfig theirs, string file, string peerFile)
    {
        (_ours, _theirs) = (ours, theirs);
        (_source, _peerSource) = (new SourceText(file, ""), new SourceText(peerFile, "", 1));
    }

    /// <summary>What does not fit together, and what follows from the two files.</summary>
    /// <param name="ours">This node.</param>
    /// <param name="theirs">The peer.</param>
    /// <param name="file">Name of this node's file, for messages.</param>
    /// <param name="peerFile">Name of the peer's file.</param>
    public static (DiagnosticBag Diagnostics, IReadOnlyList<PairInstance> Pairs) Compare(NodeConfig ours, NodeConfig theirs, string file, string peerFile)
    {
        PairCheck check = new(ours, theirs, file, peerFile);
        check.Run();
        return (check._diagnostics, check._pairs);
    }

    private void Run()
    {
        HashSet<string> met = [];
        Dictionary<string, VrrpConfig> partners = Partners();
        foreach (VrrpConfig mine in _ours.Instances)
        {
            if (!partners.TryGetValue(mine.Name, out VrrpConfig? other))
            {
                Tell(DiagnosticCodes.PeerWithoutInstance, $"{mine.Name}: the peer has no instance with virtual_router_id {mine.Vrid} for {(mine.IsIPv6 ? "IPv6" : "IPv4")}");
                continue;
            }

            met.Add(other.Name);
            Compare(mine, other);
        }

        foreach (VrrpConfig left in _theirs.Instances.Where(instance => !met.Contains(instance.Name)))
        {
            _diagnostics.Add(DiagnosticCodes.PeerWithoutInstance, new SourceSpan(_peerSource, 0, 0, 0), $"{left.Name}: virtual_router_id {left.Vrid} is not on this node");
        }
    }

    /// <summary>Who is whose counterpart: the same Vrid and family, and where that is on several interfaces, those that have most in common; each has one.</summary>
    private Dictionary<string, VrrpConfig> Partners()
    {
        Dictionary<string, VrrpConfig> partners = [];
        HashSet<string> taken = [];
        var candidates = from mine in _ours.Instances
                         from other in _theirs.Instances
                         where mine.Vrid == other.Vrid && mine.IsIPv6 == other.IsIPv6
                         orderby Likeness(mine, other) descending
                         select (mine, other);
        foreach ((VrrpConfig mine, VrrpConfig other) in candidates)
        {
            if (!partners.ContainsKey(mine.Name) && taken.Add(other.Name))
            {
                partners.Add(mine.Name, other);
            }
        }

        return partners;
    }

    private int Likeness(VrrpConfig mine, VrrpConfig other)
    {
        bool isAddressShared = mine.Addresses.Any(address => other.Addresses.Any(each => each.Address == address.Address));
        bool isLinkSame = mine.Link >= 0 && other.Link >= 0 && _ours.Links[mine.Link] == _theirs.Links[other.Link];
        return (isAddressShared ? 4 : 0) + (isLinkSame ? 2 : 0) + (mine.Name == other.Name ? 1 : 0);
    }

    private void Compare(VrrpConfig mine, VrrpConfig other)
    {
        _pairs.Add(new PairInstance(mine, _source.Path, other, _peerSource.Path));
        CompareAdverts(mine, other);
        CompareAuthentication(mine, other);
        ComparePath(mine, other);
        ComparePriority(mine, other);
        CompareFences(mine, other);
    }

    private void CompareAdverts(VrrpConfig mine, VrrpConfig other)
    {
        if (mine.Version != other.Version)
        {
            Tell(DiagnosticCodes.PeerVersion, $"{mine.Name}: version {mine.Version} here, {other.Version} on the peer: each refuses the other's adverts, and both become Master");
            return;
        }

        if (mine.AdvertInterval != other.AdvertInterval)
        {
            Diagnostic diagnostic = new(
                DiagnosticCodes.PeerInterval,
                mine.Version == 2 ? Severity.Error : Severity.Warning,
                new SourceSpan(_source, 0, 0, 0),
                $"{mine.Name}: advert_int {mine.AdvertInterval.TotalSeconds} here, {other.AdvertInterval.TotalSeconds} on the peer"
                    + (mine.Version == 2 ? ": version 2 refuses such adverts, and both become Master" : ": each takes over the other's while it listens"),
                "the same advert_int on all nodes");
            _diagnostics.Add(diagnostic);
        }

        HashSet<InternetAddress> here = [.. mine.Addresses.Select(address => address.Address)];
        HashSet<InternetAddress> there = [.. other.Addresses.Select(address => address.Address)];
        if (!here.SetEquals(there))
        {
            string missing = string.Join(", ", here.Except(there));
            string added = string.Join(", ", there.Except(here));
            Tell(
                DiagnosticCodes.PeerAddresses,
                $"{mine.Name}: the virtual addresses differ: {(missing.Length > 0 ? $"{missing} only here" : "")}{(missing.Length > 0 && added.Length > 0 ? ", " : "")}{(added.Length > 0 ? $"{added} only on the peer" : "")}",
                "after a failover some addresses would be held by nobody");
        }

        if (mine.Version == 3 && !mine.IsIPv6 && mine.IsChecksumAsV2 != other.IsChecksumAsV2)
        {
            Tell(DiagnosticCodes.PeerVersion, $"{mine.Name}: v3_checksum_as_v2 on one node only: each refuses the other's adverts, and both become Master");
        }
    }

    private void CompareAuthentication(VrrpConfig mine, VrrpConfig other)
    {
        string here = Refused(mine.Hmac, other.Hmac, "the peer", "this node");
        string there = Refused(other.Hmac, mine.Hmac, "this node", "the peer");
        if (here.Length > 0 || there.Length > 0)
        {
            string who = here.Length > 0 && there.Length > 0 ? "both become Master" : "who refuses the other's adverts becomes Master beside it";
            Tell(
                DiagnosticCodes.PeerAuthentication,
                $"{mine.Name}: auth_hmac: {string.Join(", and ", new[] { here, there }.Where(why => why.Length > 0))}: {who}",
                "the same keys on all nodes; auth_hmac is introduced with mode receive-only, then permissive, then enforce");
        }
        else if (mine.Authentication != other.Authentication || mine.Password != other.Password)
        {
            bool isPassword = mine.Authentication == other.Authentication;
            Tell(
                DiagnosticCodes.PeerAuthentication,
                $"{mine.Name}: {(isPassword ? "auth_pass differs" : "auth_type differs, or one node has none")}: each refuses the other's adverts, and both become Master",
                "the first 8 bytes of auth_pass must be equal");
        }
    }

    /// <summary>Why one node refuses the adverts of the other one (docs/auth_hmac.md); empty = it does not.</summary>
    private static string Refused(HmacAuthentication? receiver, HmacAuthentication? sender, string from, string by)
    {
        bool isSigned = sender is not null && sender.Mode != HmacMode.ReceiveOnly;
        if (!isSigned)
        {
            return receiver is { Mode: HmacMode.Enforce } ? $"{from} does not sign, and {by} wants signed adverts" : "";
        }

        if (receiver is null)
        {
            return $"{from} signs, and {by} does not know auth_hmac";
        }

        HmacKey key = sender!.ActiveKey; // Who signs is there.
        return receiver.Keys.FirstOrDefault(each => each.Id == key.Id) is not { } known ? $"{from} signs with key {key.Id}, which {by} does not have"
            : known.Bytes != key.Bytes ? $"key {key.Id} is another one on {by}"
            : "";
    }

    private void ComparePath(VrrpConfig mine, VrrpConfig other)
    {
        if (mine.IsUnicast != other.IsUnicast)
        {
            Tell(DiagnosticCodes.PeerPath, $"{mine.Name}: unicast on one node, multicast on the other: they do not hear each other, and both become Master");
            return;
        }

        if (!mine.IsUnicast && mine.Group != other.Group)
        {
            Tell(DiagnosticCodes.PeerPath, $"{mine.Name}: the multicast group is {mine.Group} here and {other.Group} on the peer: they do not hear each other, and both become Master");
        }

        if (!mine.IsUnicast)
        {
            return;
        }

        if (!other.Source.IsNone && mine.UnicastPeers.All(peer => peer.Address != other.Source))
        {
            Tell(DiagnosticCodes.PeerPath, $"{mine.Name}: the peer sends from {other.Source}, which is not in our unicast_peer", "list every other node");
        }

        if (!mine.Source.IsNone && other.UnicastPeers.All(peer => peer.Address != mine.Source))
        {
            Tell(DiagnosticCodes.PeerPath, $"{mine.Name}: we send from {mine.Source}, which is not in the peer's unicast_peer", "list every other node");
        }

        CompareTtl(mine, other, "the peer", "our");
        CompareTtl(other, mine, "this node", "the peer's");
    }

    /// <summary>What is sent with a lower TTL than the other one takes is never accepted: routers only lower it.</summary>
    private void CompareTtl(VrrpConfig receiver, VrrpConfig sender, string from, string whose)
    {
        UnicastPeer peer = receiver.UnicastPeers.FirstOrDefault(each => each.Address == sender.Source);
        int sent = sender.UnicastTtl >= 0 ? sender.UnicastTtl : byte.MaxValue;
        if (!sender.Source.IsNone && sent < peer.MinTtl)
        {
            Tell(
                DiagnosticCodes.PeerPath,
                $"{receiver.Name}: {from} sends with unicast_ttl {sent}, and {whose} min_ttl for it is {peer.MinTtl}: its adverts are refused, and both become Master",
                "unicast_ttl 255, or a lower min_ttl");
        }
    }

    private void ComparePriority(VrrpConfig mine, VrrpConfig other)
    {
        if (mine.BasePriority == other.BasePriority)
        {
            Tell(DiagnosticCodes.PeerPriority, $"{mine.Name}: both nodes have priority {mine.BasePriority}: who is first stays Master, and the higher address wins when two meet", "different priorities");
        }

        bool isOursFirst = mine.BasePriority > other.BasePriority;
        (VrrpConfig higher, VrrpConfig lower) = isOursFirst ? (mine, other) : (other, mine);
        string first = isOursFirst ? _source.Path : _peerSource.Path;
        string second = isOursFirst ? _peerSource.Path : _source.Path;
        int most = Tracked(higher).Concat(higher.TrackFiles).Where(reference => reference.Weight != 0).Sum(reference => Math.Abs(reference.Weight));
        if (most > 0 && !higher.IsOwner)
        {
            CheckWeights(mine, higher, lower, first);
        }

        if (!lower.IsPreempt && most > 0)
        {
            Tell(DiagnosticCodes.PeerWeight, $"{mine.Name}: {second} has nopreempt, so a weight on {first} never moves the address to it", "weight 0 makes a failing check a fault");
        }
    }

    /// <summary>What changes the priority by its weight or not at all; a file changes it by its number, which nobody knows here.</summary>
    private static IEnumerable<TrackReference> Tracked(VrrpConfig config) => config.TrackScripts.Concat(config.TrackLinks).Concat(config.TrackProcesses);

    /// <summary>Whether the address can move at all when every weighted check of the higher node fails and none of the lower one's.</summary>
    private void CheckWeights(VrrpConfig mine, VrrpConfig higher, VrrpConfig lower, string first)
    {
        int worst = Effective(higher, isGood: false);
        int best = Effective(lower, isGood: true);
        bool canFault = higher.TrackScripts.Concat(higher.TrackProcesses).Any(reference => reference.Weight == 0) || higher.TrackLinks.Any(reference => reference.Weight == 0 && reference.Index != higher.Link);
        if (worst >= best && !canFault && higher.TrackFiles.IsEmpty && lower.TrackFiles.IsEmpty)
        {
            Tell(
                DiagnosticCodes.PeerWeight,
                $"{mine.Name}: with every check of {first} failing its priority is {worst}, and the other's best is {best}: the address can never move because of a check",
                "a weight larger than the difference of the priorities, or weight 0");
        }
    }

    private static int Effective(VrrpConfig config, bool isGood)
    {
        int priority = config.BasePriority;
        foreach (TrackReference reference in Tracked(config))
        {
            bool isUp = isGood != reference.IsReversed;
            priority += reference.Weight > 0 ? (isUp ? reference.Weight : 0) : (isUp ? 0 : reference.Weight);
        }

        return config.IsOwner ? 255 : Math.Clamp(priority, 1, 254);
    }

    private void CompareFences(VrrpConfig mine, VrrpConfig other)
    {
        if ((mine.Promotion is null) != (other.Promotion is null))
        {
            string without = mine.Promotion is null ? _source.Path : _peerSource.Path;
            Tell(DiagnosticCodes.PeerFence, $"{mine.Name}: {without} has no promotion: it takes the addresses without any step, while the other one may still hold them", "the same promotion on both nodes");
        }

        CompareTargets(mine, _source.Path, other, _peerSource.Path);
        CompareTargets(other, _peerSource.Path, mine, _source.Path);
    }

    private void CompareTargets(VrrpConfig who, string file, VrrpConfig peer, string peerFile)
    {
        PromotionStep[] fences = [.. PairInstance.Fences(who)];
        if (fences.Length > 0 && !peer.Source.IsNone && fences.All(step => !step.Targets.Contains(peer.Source)))
        {
            Tell(DiagnosticCodes.PeerFence, $"{who.Name}: {file} fences, but not {peer.Source}, the address that {peerFile} sends from", "targets must hold the peers' source addresses");
        }
    }

    private void Tell(DiagnosticCode code, string message, string hint = "") => _diagnostics.Add(code, new SourceSpan(_source, 0, 0, 0), message, hint);
}
