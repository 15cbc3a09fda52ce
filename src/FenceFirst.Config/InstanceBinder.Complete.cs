using System.Text;
using FenceFirst.Core;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Config;

/// <content>What follows from all keywords together, in the order in which keepalived completes an instance.</content>
internal sealed partial class InstanceBinder
{
    private static readonly TimeSpan LongestVersion3Interval = TimeSpan.FromMilliseconds(40_950);

    /// <summary>Largest weight of a script or an interface.</summary>
    private const int WeightMax = 253;

    private void Complete()
    {
        CompleteLink();
        CompleteAddresses();
        CompleteVersion();
        CompletePriority();
        CompleteInterval();
        CompleteLease();
        CompleteAuthentication();
        CompletePeers();
        CompleteRoutes();
        CompleteTracking();
        CompleteTrackers();
        CompleteAnnouncements();
        CompletePromotion();
        Lint();
    }

    private void CompleteLink()
    {
        if (_vrid is null)
        {
            _diagnostics.Add(DiagnosticCodes.MissingKeyword, block.Span, $"vrrp_instance {block.Value} has no virtual_router_id", "virtual_router_id 1..255, the same on all nodes");
        }

        if (_interface is null)
        {
            // keepalived.conf(5): unicast with a source address needs no interface.
            if (_unicastSource is null || _peerBlock is null)
            {
                _diagnostics.Add(DiagnosticCodes.NoSource, block.Span, $"vrrp_instance {block.Value} has no interface", "interface NAME, or unicast_peer with unicast_src_ip");
            }

            return;
        }

        if (_interface.Value == "lo")
        {
            _diagnostics.Add(DiagnosticCodes.InterfaceMissing, _interface.ValueSpan, "VRRP cannot run on the loopback interface");
            return;
        }

        if (_interface.Words.Count > 1)
        {
            _config = _config with { Link = context.Link(_interface.Value, _interface.ValueSpan) };
        }
    }

    private void CompleteAddresses()
    {
        AddressBinder binder = new(context);

        // When the interface is named but missing, the addresses would all be reported too.
        int link = _interface is not null && _config.Link < 0 ? 0 : _config.Link;
        List<VirtualAddress> addresses = [];
        foreach (ConfigNode node in _addressNodes)
        {
            if (binder.Bind(node, link) is not VirtualAddress address)
            {
                continue;
            }

            if (addresses.Count > 0 && addresses[0].Address.IsIPv6 != address.Address.IsIPv6)
            {
                _diagnostics.Add(
                    DiagnosticCodes.WrongFamily, node.Span, $"{address.Address} is of another family than the first address; one advert carries one family", "put it into virtual_ipaddress_excluded");
            }
            else if (addresses.Any(other => other.Address == address.Address))
            {
                _diagnostics.Add(DiagnosticCodes.AddressTwice, node.Span, $"{address.Address} is written twice; the second one is dropped");
            }
            else
            {
                addresses.Add(address);
            }
        }

        if (addresses.Count > byte.MaxValue)
        {
            _diagnostics.Add(DiagnosticCodes.OutOfRange, block.Span, $"{addresses.Count} addresses: an advert carries at most 255", "put the others into virtual_ipaddress_excluded");
        }

        List<VirtualAddress> excluded = [];
        foreach (ConfigNode node in _excludedNodes)
        {
            if (binder.Bind(node, link) is VirtualAddress address)
            {
                excluded.Add(address);
            }
        }

        _config = _config with { Addresses = addresses.ToEquatableArray(), ExcludedAddresses = excluded.ToEquatableArray() };
    }

    /// <summary>Family: first address, source, peer, group. Version: explicit, else 3 for IPv6, else vrrp_version.</summary>
    private void CompleteVersion()
    {
        bool isIPv6 = _isNativeIPv6;
        if (_config.Addresses.Count > 0)
        {
            isIPv6 = _config.Addresses[0].Address.IsIPv6;
        }
        else if (!_config.Source.IsNone)
        {
            isIPv6 = _config.Source.IsIPv6;
        }
        else if (_peerNodes.Count > 0 && InternetAddress.TryParse(_peerNodes[0].Name, out InternetAddress peer))
        {
            isIPv6 = peer.IsIPv6;
        }

        if (_isNativeIPv6 && !isIPv6)
        {
            ConfigNode native = block.Children.First(node => node.Name == "native_ipv6"); // It is what has set the field.
            _diagnostics.Add(DiagnosticCodes.NoEffect, native.Span, "native_ipv6 has no effect: the addresses are IPv4", "remove it");
        }

        byte version = _version is not null ? (byte)(_version.Value == "3" ? 3 : 2) : isIPv6 ? (byte)3 : context.Globals.Version;
        if (isIPv6 && version == 2)
        {
            _diagnostics.Add(DiagnosticCodes.VersionConflict, _version?.Span ?? block.Span, "version 2 has no IPv6", "version 3");
        }

        if (!_config.Source.IsNone && _config.Source.IsIPv6 != isIPv6)
        {
            _diagnostics.Add(DiagnosticCodes.WrongFamily, _source?.ValueSpan ?? block.Span, $"the source address {_config.Source} is of another family than the addresses");
        }

        InternetAddress group = isIPv6 ? context.Globals.Group6 : context.Globals.Group4;
        if (_group is not null && _values.TryAddress(_group, out InternetAddress given))
        {
            group = given;
            if (!given.IsMulticast || given.IsIPv6 != isIPv6)
            {
                _diagnostics.Add(DiagnosticCodes.NotMulticast, _group.ValueSpan, $"{given} is not a multicast address of the instance's family");
            }
        }

        if (_config.Addresses.IsEmpty && !block.Children.Exists(node => node.Name == "no_virtual_ipaddress"))
        {
            // keepalived: fatal in version 3, a warning in version 2 (clouds, where a script moves the address).
            _diagnostics.Add(new Diagnostic(
                DiagnosticCodes.NoAddress, version == 3 ? Severity.Error : Severity.Warning, block.Span, $"vrrp_instance {block.Value} has no virtual_ipaddress", "one address per line"));
        }

        _config = _config with { IsIPv6 = isIPv6, Version = version, Group = group };
    }

    private void CompletePriority()
    {
        if (_priority is null && _config.IsStateMaster)
        {
            _config = _config with { BasePriority = 255 };
            _diagnostics.Add(
                DiagnosticCodes.PriorityBecomesOwner,
                _state!.Span, // IsStateMaster is only set from it.
                "state MASTER without priority means priority 255, as in keepalived: Master at once at start, no weight applies",
                "write the priority you mean");
        }

        bool isCleared = _config.IsOwner || _config.IsStateMaster;
        if (_nopreempt is not null && isCleared)
        {
            _diagnostics.Add(
                DiagnosticCodes.NopreemptCleared,
                _nopreempt.Span,
                $"nopreempt has no effect with {(_config.IsOwner ? "priority 255" : "state MASTER")}, as in keepalived: this node takes the address back from a lower-priority master",
                "write `state BACKUP` on all nodes");
        }

        bool isPreempt = _nopreempt is null || isCleared;
        if (_preemptDelay is not null && _config.PreemptDelay > TimeSpan.Zero && (_config.IsStateMaster || !isPreempt))
        {
            _diagnostics.Add(DiagnosticCodes.NopreemptCleared, _preemptDelay.Span, $"preempt_delay has no effect with {(isPreempt ? "state MASTER" : "nopreempt")}, as in keepalived");
            _config = _config with { PreemptDelay = TimeSpan.Zero };
        }

        _config = _config with { IsPreempt = isPreempt };
    }

    private void CompleteInterval()
    {
        TimeSpan given = _config.AdvertInterval;
        TimeSpan interval = _config.Version == 2
            ? TimeSpan.FromSeconds(Math.Max(1, Math.Floor(given.TotalSeconds + 0.5)))
            : TimeSpan.FromMilliseconds(Math.Max(10, Math.Floor((given.TotalMilliseconds / 10) + 0.5) * 10));
        interval = _config.Version == 3 && interval > LongestVersion3Interval ? LongestVersion3Interval : interval;
        if (interval != given)
        {
            _diagnostics.Add(
                DiagnosticCodes.Rounded,
                _advertInterval?.ValueSpan ?? block.Span,
                $"advert_int is {interval.TotalSeconds} s: version {_config.Version} has {(_config.Version == 2 ? "whole seconds" : "hundredths of a second up to 40.95")}",
                _config.Version == 2 ? "version 3 has intervals below one second" : "");
        }

        _config = _config with { AdvertInterval = interval };
    }

    /// <summary>Half a lease is what a loop may be late.</summary>
    private void CompleteLease()
    {
        if (_config.LeaseSeconds == 1)
        {
            _diagnostics.Add(
                DiagnosticCodes.LeaseShort,
                _lease?.ValueSpan ?? block.Span,
                "vip_lease 1 is renewed every half second: a daemon that is kept from running for that long loses the addresses of a healthy master until it runs again",
                "vip_lease 2");
        }
    }

    private void CompleteAuthentication()
    {
        if (_hmac is not null)
        {
            if (_authentication is not null)
            {
                _diagnostics.Add(
                    DiagnosticCodes.AuthenticationDropped,
                    _authentication.Span,
                    "authentication is dropped, as in keepalived: auth_hmac replaces it",
                    "remove the block once all nodes have auth_hmac");
            }

            // Absent only with an error: an instance whose auth_hmac is not good never runs without it.
            _config = _config with { Hmac = new HmacBinder(context).Bind(_hmac, _config.AdvertInterval) };
            return;
        }

        if (_authentication is null)
        {
            return;
        }

        ConfigNode? type = _authentication.Children.LastOrDefault(node => node.Name == "auth_type");
        ConfigNode? password = _authentication.Children.LastOrDefault(node => node.Name == "auth_pass");
        if (type is not null && !_values.TryChoice(type, out _))
        {
            return;
        }

        if (type?.Value == "AH")
        {
            _diagnostics.Add(DiagnosticCodes.Refused, type.ValueSpan, "auth_type AH is refused: adverts would not be authenticated as the file says", "auth_type PASS on all nodes, or none");
            return;
        }

        if (password is null || type is null || password.Words.Count < 2)
        {
            bool isSaid = type is not null && type.Words.Skip(2).Any(word => word.Text == "auth_pass");
            if (!isSaid)
            {
                _diagnostics.Add(
                    DiagnosticCodes.PasswordLost,
                    _authentication.Span,
                    $"authentication without {(type is null ? "auth_type" : "a password")}: keepalived would send and accept adverts without it",
                    "auth_type PASS and auth_pass, each on a line of its own");
            }

            return;
        }

        if (_config.Version == 3)
        {
            _diagnostics.Add(DiagnosticCodes.AuthenticationDropped, _authentication.Span, "version 3 has no authentication; it is dropped, as in keepalived", "remove the block");
            return;
        }

        byte[] bytes = Encoding.UTF8.GetBytes(password.Value);
        if (bytes.Length > 8)
        {
            _diagnostics.Add(DiagnosticCodes.PasswordTruncated, password.ValueSpan, "only the first 8 bytes of the password are used, as in keepalived", "two passwords with the same beginning are equal");
        }

        Array.Resize(ref bytes, 8);
        _config = _config with { Authentication = AuthenticationType.SimplePassword, Password = bytes.ToEquatableArray() };
    }

    private void CompletePeers()
    {
        List<UnicastPeer> peers = [];
        foreach (ConfigNode node in _peerNodes)
        {
            if (Peer(node) is not UnicastPeer peer)
            {
                continue;
            }

            if (peer.Address == _config.Source || context.IsOwnAddress(peer.Address))
            {
                _diagnostics.Add(
                    DiagnosticCodes.OwnAddressAmongPeers,
                    node.Span,
                    $"{peer.Address} is an address of this machine: it is left out of the peers",
                    "list the other nodes only, or prefix the line with @^NODE in a shared file");
            }
            else if (peers.Any(other => other.Address == peer.Address))
            {
                _diagnostics.Add(DiagnosticCodes.AddressTwice, node.Span, $"peer {peer.Address} is written twice");
            }
            else
            {
                peers.Add(peer);
            }
        }

        if (_peerBlock is not null && peers.Count == 0)
        {
            // keepalived falls back to multicast; whoever wrote unicast_peer knows that multicast does not reach the others.
            _diagnostics.Add(DiagnosticCodes.NoSource, _peerBlock.Span, "unicast_peer names no other node: nobody would hear this one", "list the addresses of the other nodes");
        }
        else if (_unicastSource is not null && _peerBlock is null)
        {
            _diagnostics.Add(DiagnosticCodes.UnicastWithoutPeers, _unicastSource.Span, "unicast_src_ip without unicast_peer: adverts are sent by multicast, as in keepalived", "add unicast_peer, or write mcast_src_ip");
        }

        if (peers.Count == 0 && block.Children.Find(node => node.Name == "check_unicast_src") is ConfigNode checkSource)
        {
            _diagnostics.Add(DiagnosticCodes.NoEffect, checkSource.Span, "check_unicast_src has no effect without unicast_peer");
        }

        if (_config.UnicastTtl >= 0 && peers.Count == 0)
        {
            _diagnostics.Add(DiagnosticCodes.NoEffect, block.Children.First(node => node.Name == "unicast_ttl").Span, "unicast_ttl has no effect without unicast_peer");
        }

        if (_config.IsSourceTracked && _config.Source.IsNone)
        {
            _diagnostics.Add(DiagnosticCodes.NoEffect, block.Span, "track_src_ip has no effect without mcast_src_ip or unicast_src_ip");
            _config = _config with { IsSourceTracked = false };
        }

        // keepalived.conf(5): min_ttl and max_ttl switch on the check of the source.
        bool isTtlChecked = peers.Any(peer => peer.MinTtl > 0 || peer.MaxTtl < 255);
        _config = _config with
        {
            UnicastPeers = peers.ToEquatableArray(),
            IsUnicast = peers.Count > 0,
            IsUnicastSourceChecked = _config.IsUnicastSourceChecked || isTtlChecked,
        };
    }

    private UnicastPeer? Peer(ConfigNode node)
    {
        if (!_values.TryAddress(node.Words[0], "unicast_peer", out InternetAddress address))
        {
            return null;
        }

        if (address.IsIPv6 != _config.IsIPv6)
        {
            _diagnostics.Add(DiagnosticCodes.WrongFamily, node.Span, $"peer {address} is of another family than the instance");
            return null;
        }

        UnicastPeer peer = new(address);
        for (int i = 1; i < node.Words.Count; i += 2)
        {
            if (node.Words[i].Text is not ("min_ttl" or "max_ttl") || i + 1 >= node.Words.Count)
            {
                _diagnostics.Add(DiagnosticCodes.UnknownOption, node.Words[i].Span, $"'{node.Words[i].Text}' is not an option of a peer", "one peer per line: ADDRESS [min_ttl N] [max_ttl N]");
                return null;
            }

            if (!_values.TryInteger(node.Words[i + 1], 0, 255, node.Words[i].Text, out int ttl))
            {
                return null;
            }

            peer = node.Words[i].Text == "min_ttl" ? peer with { MinTtl = (byte)ttl } : peer with { MaxTtl = (byte)ttl };
        }

        return peer;
    }

    private void CompleteRoutes()
    {
        // A route or rule that says nothing about its family is IPv4 in keepalived, whatever the instance is.
        RouteBinder routes = new(context);
        RuleBinder rules = new(context);
        _config = _config with
        {
            Routes = _routeNodes.Select(node => routes.Route(node, isIPv6: false)).OfType<VirtualRoute>().ToEquatableArray(),
            Rules = _ruleNodes.Select(node => rules.Rule(node, isIPv6: false)).OfType<VirtualRule>().ToEquatableArray(),
        };
    }

    private void CompleteTracking()
    {
        List<TrackReference> links = [];
        foreach (ConfigNode node in _trackLinkNodes)
        {
            int link = context.Link(node.Name, node.Span);
            if (!_values.TryWeight(node, -WeightMax, WeightMax, 0, false, out int weight, out bool isReversed) || link < 0)
            {
                continue;
            }

            if (link == _config.Link || links.Any(reference => reference.Index == link))
            {
                _diagnostics.Add(
                    link == _config.Link ? DiagnosticCodes.OwnInterfaceTracked : DiagnosticCodes.TrackedTwice,
                    node.Span,
                    link == _config.Link ? $"{node.Name} is the instance's own interface: this line is ignored, as in keepalived" : $"{node.Name} is tracked twice; the first one holds",
                    link == _config.Link ? "it is tracked anyway unless dont_track_primary is written" : "");
                continue;
            }

            links.Add(new TrackReference(link, weight, isReversed));
        }

        // Implicitly tracked with weight 0: the own interface, and those of addresses and routes (keepalived.conf(5), dont_track_primary, no_track).
        IEnumerable<int> others = _config.Addresses.Concat(_config.ExcludedAddresses).Where(address => !address.IsUntracked).Select(address => address.Link)
            .Concat(_config.Routes.Where(route => !route.IsUntracked).Select(route => route.Link))
            .Where(link => link != _config.Link);
        foreach (int link in _isPrimaryUntracked ? others : others.Prepend(_config.Link))
        {
            if (link >= 0 && links.All(reference => reference.Index != link))
            {
                links.Add(new TrackReference(link, 0, false));
            }
        }

        List<TrackReference> tracked = [];
        foreach (ConfigNode node in _trackScriptNodes)
        {
            AddScript(node, tracked);
        }

        _config = _config with { TrackLinks = links.ToEquatableArray(), TrackScripts = tracked.ToEquatableArray() };
    }

    private void AddScript(ConfigNode node, List<TrackReference> tracked)
    {
        if (!scripts.TryGetValue(node.Name, out BoundScript? script))
        {
            string? nearest = scripts.Keys.OrderBy(name => KeywordTable.Distance(name, node.Name)).FirstOrDefault(name => KeywordTable.Distance(name, node.Name) <= 2);
            _diagnostics.Add(
                DiagnosticCodes.UndefinedName,
                node.Span,
                $"there is no vrrp_script {node.Name}: keepalived would run without this check",
                nearest is null ? "vrrp_script NAME { ... } at the top level" : $"did you mean {nearest}?");
            return;
        }

        script.IsUsed = true;
        if (script.Node.Order > node.Order)
        {
            _diagnostics.Add(
                DiagnosticCodes.UsedBeforeDefinition, node.Span, $"vrrp_script {node.Name} is defined further down: keepalived would run without this check, FenceFirst finds it", "move the vrrp_script up");
        }

        if (!_values.TryWeight(node, -WeightMax, WeightMax, script.Weight, script.IsReversed, out int weight, out bool isReversed) || script.Index < 0)
        {
            return;
        }

        if (tracked.Any(reference => reference.Index == script.Index))
        {
            _diagnostics.Add(DiagnosticCodes.TrackedTwice, node.Span, $"{node.Name} is tracked twice; the first one holds");
            return;
        }

        tracked.Add(new TrackReference(script.Index, weight, isReversed));
    }

    private void CompleteAnnouncements()
    {
        GlobalSettings globals = context.Globals;
        int delay = _garpDelay ?? globals.GarpDelay ?? (globals.IsMinimalGarp ? 0 : 5);
        int repeat = Math.Max(1, _garpRepeat ?? globals.GarpRepeat ?? (globals.IsMinimalGarp ? 1 : 5));
        _config = _config with
        {
            Gratuitous = new GratuitousSchedule
            {
                MasterDelay = TimeSpan.FromSeconds(delay),
                MasterRepeat = repeat,
                Refresh = TimeSpan.FromSeconds(_garpRefresh ?? globals.GarpRefresh ?? 0),
                RefreshRepeat = Math.Max(1, _garpRefreshRepeat ?? globals.GarpRefreshRepeat ?? 1),

                // keepalived: instance, else global, which defaults to the global master values.
                LowerPriorityDelay = TimeSpan.FromSeconds(_garpLowerDelay ?? globals.GarpLowerDelay ?? globals.GarpDelay ?? (globals.IsMinimalGarp ? 0 : 5)),
                LowerPriorityRepeat = _garpLowerRepeat ?? globals.GarpLowerRepeat ?? globals.GarpRepeat ?? (globals.IsMinimalGarp ? 1 : 5),
            },
        };
    }

    /// <summary>notify_master_before_vip: the existing script becomes the last step, and is then not run again as a notification.</summary>
    private void CompletePromotion()
    {
        ConfigNode? node = _beforeVip ?? (_notifyMaster is null ? null : context.Globals.NotifyMasterBeforeVip);
        if (node is null)
        {
            return;
        }

        TimeSpan timeout = _promotions.BeforeVipTimeout(node);
        if (_notifyMaster is null)
        {
            _diagnostics.Add(DiagnosticCodes.MissingKeyword, node.Span, "notify_master_before_vip needs a notify_master in the instance", "notify_master \"COMMAND\"");
            return;
        }

        if (_config.Notify.Master is not CommandLine command)
        {
            return;
        }

        PromotionPlan plan = _config.Promotion ?? new PromotionPlan();
        PromotionStep step = new(StepKind.Run, "notify_master", command) { Timeout = timeout };
        _config = _config with
        {
            Promotion = plan with { Steps = plan.Steps.Append(step).ToEquatableArray() },
            Notify = _config.Notify with { Master = null },
        };
    }

    private void Lint()
    {
        bool hasWeight = _config.TrackScripts.Concat(_config.TrackLinks).Concat(_config.TrackFiles).Concat(_config.TrackProcesses).Any(reference => reference.Weight != 0);
        if (hasWeight && !_config.IsPreempt)
        {
            _diagnostics.Add(
                DiagnosticCodes.WeightWithNopreempt,
                _nopreempt!.Span, // Without it the instance preempts.
                "with nopreempt on the other nodes a weight never moves the address: a lowered Master is left in place",
                "weight 0 makes a failing check a fault");
        }

        if (hasWeight && _config.IsOwner)
        {
            _diagnostics.Add(DiagnosticCodes.OwnerIgnoresWeights, _priority?.Span ?? block.Span, "with priority 255 no weight applies", "a priority up to 254");
        }

        _promotions.LintReach(_config);
        if (_promotionNode is not null)
        {
            _promotions.CheckRelease(_promotionNode, _config, isHmacBad: _hmac is not null && _config.Hmac is null);
        }

        if (_config.Promotion is not PromotionPlan plan || !plan.HasFence)
        {
            return;
        }

        if (_config.IsPreempt)
        {
            _diagnostics.Add(
                DiagnosticCodes.FenceWithoutNopreempt,
                _promotionNode!.Span, // A fence only comes from it.
                "a promotion that fences, without nopreempt: this node asks a healthy lower-priority master to release, and gives up after preempt_wait",
                "nopreempt (with state BACKUP) leaves a healthy master alone");
        }

        if (!_config.IsUnicast)
        {
            return;
        }

        foreach (InternetAddress target in plan.Steps.SelectMany(step => step.Targets).Distinct())
        {
            if (_config.UnicastPeers.All(peer => peer.Address != target))
            {
                _diagnostics.Add(DiagnosticCodes.TargetIsNoPeer, _promotionNode!.Span, $"fence target {target} is not among unicast_peer", "targets are the addresses that the peers' adverts come from"); // As above.
            }
        }
    }
}
