using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Config;

/// <summary>A vrrp_script as bound, with the weight that an instance uses unless it says otherwise.</summary>
internal sealed record BoundScript(ConfigNode Node, int Index, int Weight, bool IsReversed)
{
    /// <summary>Whether any instance tracks it.</summary>
    public bool IsUsed { get; set; }
}

/// <summary>One vrrp_instance: first every keyword on its own, then what follows from all of them together.</summary>
internal sealed partial class InstanceBinder(BindContext context, ConfigNode block, Dictionary<string, BoundScript> scripts, Dictionary<string, FenceDevice> devices)
{
    private readonly ValueReader _values = context.Values;
    private readonly DiagnosticBag _diagnostics = context.Diagnostics;
    private readonly CommandBinder _commands = new(context);
    private readonly PromotionBinder _promotions = new(context, devices);
    private readonly List<ConfigNode> _addressNodes = [];
    private readonly List<ConfigNode> _excludedNodes = [];
    private readonly List<ConfigNode> _routeNodes = [];
    private readonly List<ConfigNode> _ruleNodes = [];
    private readonly List<ConfigNode> _trackLinkNodes = [];
    private readonly List<ConfigNode> _trackScriptNodes = [];
    private readonly List<ConfigNode> _peerNodes = [];
    private VrrpConfig _config = new() { Name = block.Value, Vrid = 1 };
    private ConfigNode? _state;
    private ConfigNode? _interface;
    private ConfigNode? _vrid;
    private ConfigNode? _priority;
    private ConfigNode? _advertInterval;
    private ConfigNode? _authentication;
    private ConfigNode? _hmac;
    private ConfigNode? _lease;
    private ConfigNode? _source;
    private ConfigNode? _version;
    private ConfigNode? _nopreempt;
    private ConfigNode? _preemptDelay;
    private ConfigNode? _peerBlock;
    private ConfigNode? _unicastSource;
    private ConfigNode? _notifyMaster;
    private ConfigNode? _beforeVip;
    private ConfigNode? _group;
    private ConfigNode? _promotionNode;
    private bool _isPrimaryUntracked;
    private bool _isNativeIPv6;
    private int? _garpDelay;
    private int? _garpRepeat;
    private int? _garpRefresh;
    private int? _garpRefreshRepeat;
    private int? _garpLowerDelay;
    private int? _garpLowerRepeat;

    /// <summary>The instance, complete; what is wrong with it is in the diagnostics.</summary>
    public VrrpConfig Bind()
    {
        GlobalSettings globals = context.Globals;
        _config = _config with
        {
            DownTimerAdverts = globals.DownTimerAdverts,
            IsLowerPriorityUnanswered = globals.IsLowerPriorityUnanswered,
            IsHigherPriorityAnswered = globals.IsHigherPriorityAnswered,
            IsUnicastSourceChecked = globals.IsUnicastSourceChecked,
            IsAddressCheckSkipped = globals.IsAddressCheckSkipped,
            IsChecksumAsV2 = globals.IsChecksumAsV2,
            LeaseSeconds = globals.LeaseSeconds,
        };
        InheritNotify();
        context.WarnRepeated(block.Children);
        foreach (ConfigNode node in block.Children)
        {
            if (node.Row is { Support: Support.Honoured } && !TryIdentity(node) && !TryLists(node) && !TryBehaviour(node) && !TryAnnouncements(node) && !TryNotify(node))
            {
                BindScripts(node);
            }
        }

        Complete();
        return _config;
    }

    private bool TryIdentity(ConfigNode node)
    {
        switch (node.Name)
        {
            case "state":
                _state = node;
                _config = _config with { IsStateMaster = _values.TryChoice(node, out string state) && (state == "MASTER" || _config.IsStateMaster) };
                return true;
            case "interface":
                _interface = node;
                return true;
            case "virtual_router_id":
                _vrid = node;
                _config = _values.TryInteger(node, out int vrid) ? _config with { Vrid = (byte)vrid } : _config;
                return true;
            case "priority":
                _priority = node;
                _config = _values.TryInteger(node, out int priority) ? _config with { BasePriority = (byte)priority } : _config;
                return true;
            case "advert_int":
                _advertInterval = node;
                _config = _values.TrySeconds(node, out TimeSpan interval) ? _config with { AdvertInterval = interval } : _config;
                return true;
            case "authentication":
                _authentication = node;
                return true;
            case "auth_hmac" when _hmac is not null:
                _diagnostics.Add(DiagnosticCodes.DuplicateName, node.Span, "an instance has one auth_hmac block");
                return true;
            case "auth_hmac":
                _hmac = node;
                return true;
            case "version":
                _version = _values.TryChoice(node, out _) ? node : null;
                return true;
            case "native_ipv6":
                _isNativeIPv6 = true;
                return true;
            case "accept" or "no_accept":
                _config = _config with { IsAccepting = node.Name == "accept" };
                return true;
            case "strict_mode":
                if (_values.TryBoolean(node, out bool isStrict) && isStrict)
                {
                    _diagnostics.Add(DiagnosticCodes.Refused, node.Span, "strict_mode is refused: not all of its consequences can be honoured", node.Row!.Advice); // Keywords have a row.
                }

                return true;
            case "vip_lease":
                _lease = node;
                _config = _config with { LeaseSeconds = _values.LeaseSeconds(node) };
                return true;
            default:
                return false;
        }
    }

    private bool TryLists(ConfigNode node)
    {
        List<ConfigNode>? list = node.Name switch
        {
            "virtual_ipaddress" => _addressNodes,
            "virtual_ipaddress_excluded" => _excludedNodes,
            "virtual_routes" => _routeNodes,
            "virtual_rules" => _ruleNodes,
            "track_interface" => _trackLinkNodes,
            "track_script" => _trackScriptNodes,
            "track_file" => _trackFileNodes,
            "track_process" => _trackProcessNodes,
            "unicast_peer" => _peerNodes,
            _ => null,
        };
        list?.AddRange(node.Children);
        _peerBlock = node.Name == "unicast_peer" ? node : _peerBlock;
        return list is not null;
    }

    private bool TryBehaviour(ConfigNode node)
    {
        switch (node.Name)
        {
            case "dont_track_primary":
                _isPrimaryUntracked = true;
                return true;
            case "track_src_ip":
                _config = _config with { IsSourceTracked = true };
                return true;
            case "mcast_src_ip" or "unicast_src_ip":
                _source = node;
                _unicastSource = node.Name == "unicast_src_ip" ? node : _unicastSource;
                _config = _values.TryAddress(node, out InternetAddress source) ? _config with { Source = source } : _config;
                return true;
            case "mcast_dst_ip":
                _group = node;
                return true;
            case "unicast_ttl":
                _config = _values.TryInteger(node, out int ttl) ? _config with { UnicastTtl = ttl } : _config;
                return true;
            case "check_unicast_src":
                _config = _config with { IsUnicastSourceChecked = true };
                return true;
            case "v3_checksum_as_v2":
                _config = _values.TryBoolean(node, out bool isAsV2) ? _config with { IsChecksumAsV2 = isAsV2 } : _config;
                return true;
            case "nopreempt":
                _nopreempt = node;
                return true;
            case "preempt":
                _nopreempt = null;
                return true;
            case "preempt_delay":
                _preemptDelay = node;
                _config = _values.TrySeconds(node, out TimeSpan delay) ? _config with { PreemptDelay = delay } : _config;
                return true;
            case "skip_check_adv_addr":
                if (_values.TryBoolean(node, out bool isSkipped))
                {
                    _config = _config with { IsAddressCheckSkipped = isSkipped };
                    if (!isSkipped)
                    {
                        _diagnostics.Add(DiagnosticCodes.InvertedBoolean, node.Span, "keepalived takes `skip_check_adv_addr off` for on; FenceFirst reads off");
                    }
                }

                return true;
            case "down_timer_adverts":
                _config = _values.TryInteger(node, out int adverts) ? _config with { DownTimerAdverts = adverts } : _config;
                return true;
            case "lower_prio_no_advert":
                _config = _values.TryBoolean(node, out bool isUnanswered) ? _config with { IsLowerPriorityUnanswered = isUnanswered } : _config;
                return true;
            case "higher_prio_send_advert":
                _config = _values.TryBoolean(node, out bool isAnswered) ? _config with { IsHigherPriorityAnswered = isAnswered } : _config;
                return true;
            default:
                return false;
        }
    }

    private bool TryAnnouncements(ConfigNode node)
    {
        switch (node.Name)
        {
            case "garp_master_delay":
                _garpDelay = Integer(node);
                return true;
            case "garp_master_repeat":
                _garpRepeat = Integer(node);
                return true;
            case "garp_master_refresh":
                _garpRefresh = Integer(node);
                return true;
            case "garp_master_refresh_repeat":
                _garpRefreshRepeat = Integer(node);
                return true;
            case "garp_lower_prio_delay":
                _garpLowerDelay = Integer(node);
                return true;
            case "garp_lower_prio_repeat":
                _garpLowerRepeat = Integer(node);
                return true;
            default:
                return false;
        }
    }

    private void BindScripts(ConfigNode node)
    {
        NotifyScripts notify = _config.Notify;
        switch (node.Name)
        {
            case "notify_master":
                _notifyMaster ??= node;
                notify = notify.Master is null ? notify with { Master = _commands.Notify(node) } : notify;
                break;
            case "notify_backup":
                notify = notify.Backup is null ? notify with { Backup = _commands.Notify(node) } : notify;
                break;
            case "notify_fault":
                notify = notify.Fault is null ? notify with { Fault = _commands.Notify(node) } : notify;
                break;
            case "notify_stop":
                notify = notify.Stop is null ? notify with { Stop = _commands.Notify(node) } : notify;
                break;
            case "notify":
                notify = notify.Any is null ? notify with { Any = _commands.Notify(node) } : notify;
                break;
            case "notify_master_rx_lower_pri":
                notify = notify.MasterHeardLower is null ? notify with { MasterHeardLower = _commands.Notify(node) } : notify;
                break;
            case "notify_master_before_vip":
                _beforeVip = node;
                break;
            case "promotion" when _promotionNode is not null:
                _diagnostics.Add(DiagnosticCodes.DuplicateName, node.Span, "an instance has one promotion block");
                break;
            case "promotion":
                _promotionNode = node;
                _config = _config with { Promotion = _promotions.Promotion(node) };
                break;
            case "demotion" when _config.Demotion is not null:
                _diagnostics.Add(DiagnosticCodes.DuplicateName, node.Span, "an instance has one demotion block");
                break;
            case "demotion":
                _config = _config with { Demotion = _promotions.Demotion(node) };
                break;
        }

        _config = _config with { Notify = notify };
    }

    private int? Integer(ConfigNode node) => _values.TryInteger(node, out int value) ? value : null;
}
