using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <content>What follows from all keywords together, in the order in which keepalived completes an instance.</content>
internal sealed partial class InstanceBinder
{
    private static readonly TimeSpan LongestVersion3Interval = TimeSpan.FromMilliseconds(40_950);

    private void Complete()
    {
        CompleteLink();
        CompleteAddresses();
        CompleteVersion();
        CompletePriority();
        CompleteStrict();
        CompleteInterval();
        CompleteLease();
        CompleteAuthentication();
        CompletePeers();
        CompleteVmac();
        CompleteRoutes();
        CompleteTracking();
        CompleteTrackers();
        CompleteAnnouncements();
        CompleteAcceptance();
        CompletePromotion();
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
            _config.Link = context.Link(_interface.Value, _interface.ValueSpan);
        }
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

        if (_config.Addresses.IsEmpty && (IsStrict || !block.Children.Exists(node => node.Name == "no_virtual_ipaddress")))
        {
            // keepalived: fatal in version 3 and strict_mode, a warning in version 2 (clouds, where a script moves the address).
            _diagnostics.Add(new Diagnostic(
                DiagnosticCodes.NoAddress, version == 3 || IsStrict ? Severity.Error : Severity.Warning, block.Span, $"vrrp_instance {block.Value} has no virtual_ipaddress", "one address per line"));
        }

        _config.IsIPv6 = isIPv6;
        _config.Version = version;
        _config.Group = group;
    }

    private void CompletePriority()
    {
        if (_priority is null && _config.IsStateMaster)
        {
            _config.BasePriority = 255;
            _diagnostics.Add(
                DiagnosticCodes.PriorityBecomesOwner,
                _state!.Span, // IsStateMaster is only set from it.
                "state MASTER without priority means priority 255, as in keepalived: Master at once at start, no weight applies",
                "write the priority you mean");
        }

        // As keepalived's vrrp_complete_instance.
        _config.IsStateMaster |= _state is null && _config.IsOwner;
        CompleteStrictState();
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
            _diagnostics.Add(DiagnosticCodes.NopreemptCleared, _preemptDelay.Span, $"preempt_delay has no effect with {(!isPreempt ? "nopreempt" : _state is null ? "priority 255" : "state MASTER")}, as in keepalived");
            _config.PreemptDelay = TimeSpan.Zero;
        }

        _config.IsPreempt = isPreempt;
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

        _config.AdvertInterval = interval;
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

    private void CompleteAnnouncements()
    {
        GlobalSettings globals = context.Globals;
        int delay = _garpDelay ?? globals.GarpDelay ?? (globals.IsMinimalGarp ? 0 : 5);
        int repeat = Math.Max(1, _garpRepeat ?? globals.GarpRepeat ?? (globals.IsMinimalGarp ? 1 : 5));
        _config.Gratuitous = new GratuitousSchedule
        {
            MasterDelay = TimeSpan.FromSeconds(delay),
            MasterRepeat = repeat,
            Refresh = TimeSpan.FromSeconds(_garpRefresh ?? globals.GarpRefresh ?? 0),
            RefreshRepeat = Math.Max(1, _garpRefreshRepeat ?? globals.GarpRefreshRepeat ?? 1),

            // keepalived: instance, else global, which defaults to the global master values.
            LowerPriorityDelay = IsStrict ? TimeSpan.Zero : TimeSpan.FromSeconds(_garpLowerDelay ?? globals.GarpLowerDelay ?? globals.GarpDelay ?? (globals.IsMinimalGarp ? 0 : 5)),
            LowerPriorityRepeat = IsStrict ? 0 : _garpLowerRepeat ?? globals.GarpLowerRepeat ?? globals.GarpRepeat ?? (globals.IsMinimalGarp ? 1 : 5),
            Extra = (_garpExtra ?? globals.GarpExtra).Interval,
            IsExtraForAll = (_garpExtra ?? globals.GarpExtra).IsForAll,
        };
    }
}
