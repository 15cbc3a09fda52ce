using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Keywords;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Binding;

/// <summary>A vrrp_script as bound, with the weight that an instance uses unless it says otherwise.</summary>
internal sealed record BoundScript(ConfigNode Node, int Index, int Weight, bool IsReversed)
{
    /// <summary>Whether any instance tracks it.</summary>
    public bool IsUsed { get; set; }
}

/// <summary>One vrrp_instance: first every keyword on its own, then what follows from all of them together.</summary>
internal sealed partial class InstanceBinder(BindContext context, ConfigNode block, Dictionary<string, BoundScript> scripts, Dictionary<string, FenceDevice> devices)
{
    /// <summary>Of a list that is not written; never added to.</summary>
    private static readonly List<ConfigNode> NoNodes = [];

    private readonly ValueReader _values = context.Values;
    private readonly DiagnosticBag _diagnostics = context.Diagnostics;
    private readonly CommandBinder _commands = new(context);
    private readonly InstanceDraft _config = new(block.Value);
    private PromotionBinder? _promotions;
    private List<ConfigNode> _addressNodes = NoNodes;
    private List<ConfigNode> _excludedNodes = NoNodes;
    private List<ConfigNode> _routeNodes = NoNodes;
    private List<ConfigNode> _ruleNodes = NoNodes;
    private List<ConfigNode> _trackLinkNodes = NoNodes;
    private List<ConfigNode> _trackScriptNodes = NoNodes;
    private List<ConfigNode> _peerNodes = NoNodes;
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
    private ConfigNode? _accept;
    private ConfigNode? _ignoreAdverts;
    private ConfigNode? _downTimer;
    private ConfigNode? _lowerNoAdvert;
    private ConfigNode? _higherAdvert;
    private bool? _isStrict;
    private bool _isPrimaryUntracked;
    private bool _isNativeIPv6;
    private int? _garpDelay;
    private int? _garpRepeat;
    private int? _garpRefresh;
    private int? _garpRefreshRepeat;
    private int? _garpLowerDelay;
    private int? _garpLowerRepeat;
    private (TimeSpan Interval, bool IsForAll)? _garpExtra;
    private ConfigNode? _garpLowerDelayNode;
    private ConfigNode? _garpLowerRepeatNode;

    private PromotionBinder Promotions => _promotions ??= new PromotionBinder(context, devices);

    /// <summary>The instance, complete; what is wrong with it is in the diagnostics.</summary>
    public VrrpConfig Bind()
    {
        GlobalSettings globals = context.Globals;
        _config.DownTimerAdverts = globals.DownTimerAdverts;
        _config.IsLowerPriorityUnanswered = globals.IsLowerPriorityUnanswered;
        _config.IsHigherPriorityAnswered = globals.IsHigherPriorityAnswered;
        _config.IsUnicastSourceChecked = globals.IsUnicastSourceChecked;
        _config.IsAddressCheckSkipped = globals.IsAddressCheckSkipped;
        _config.IsChecksumAsV2 = globals.IsChecksumAsV2;
        _config.LeaseSeconds = globals.LeaseSeconds;
        InheritNotify();
        context.WarnRepeated(block.Children);
        foreach (ConfigNode node in block.Children)
        {
            if (node.Row is { Support: Support.Honoured } && !TryIdentity(node) && !TryVmac(node) && !TryLists(node) && !TryBehaviour(node) && !TryAnnouncements(node) && !TryNotify(node))
            {
                BindScripts(node);
            }
        }

        Complete();
        VrrpConfig config = _config.ToConfig();
        Lint(config);
        return config;
    }

    private bool TryIdentity(ConfigNode node)
    {
        switch (node.Name)
        {
            case "state":
                _state = node;
                _config.IsStateMaster = _values.TryChoice(node, out string state) && (state == "MASTER" || _config.IsStateMaster);
                return true;
            case "interface":
                _interface = node;
                return true;
            case "virtual_router_id":
                _vrid = node;
                _config.Vrid = _values.TryInteger(node, out int vrid) ? (byte)vrid : _config.Vrid;
                return true;
            case "priority":
                _priority = node;
                _config.BasePriority = _values.TryInteger(node, out int priority) ? (byte)priority : _config.BasePriority;
                return true;
            case "advert_int":
                _advertInterval = node;
                _config.AdvertInterval = _values.TrySeconds(node, out TimeSpan interval) ? interval : _config.AdvertInterval;
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
                _accept = node;
                return true;
            case "strict_mode":
                _isStrict = _values.TryBoolean(node, out bool isStrict) ? isStrict : _isStrict;
                return true;
            case "owner_ignore_adverts":
                _ignoreAdverts = node;
                return true;
            case "vip_lease":
                _lease = node;
                _config.LeaseSeconds = _values.LeaseSeconds(node);
                return true;
            default:
                return false;
        }
    }

    private bool TryLists(ConfigNode node)
    {
        switch (node.Name)
        {
            case "virtual_ipaddress":
                _addressNodes = Joined(_addressNodes, node);
                return true;
            case "virtual_ipaddress_excluded":
                _excludedNodes = Joined(_excludedNodes, node);
                return true;
            case "virtual_routes":
                _routeNodes = Joined(_routeNodes, node);
                return true;
            case "virtual_rules":
                _ruleNodes = Joined(_ruleNodes, node);
                return true;
            case "track_interface":
                _trackLinkNodes = Joined(_trackLinkNodes, node);
                return true;
            case "track_script":
                _trackScriptNodes = Joined(_trackScriptNodes, node);
                return true;
            case "track_file":
                _trackFileNodes = Joined(_trackFileNodes, node);
                return true;
            case "track_process":
                _trackProcessNodes = Joined(_trackProcessNodes, node);
                return true;
            case "unicast_peer":
                _peerNodes = Joined(_peerNodes, node);
                _peerBlock = node;
                return true;
            default:
                return false;
        }
    }

    private static List<ConfigNode> Joined(List<ConfigNode> before, ConfigNode list) => before.Count == 0 ? list.Children : [.. before, .. list.Children];

    private bool TryBehaviour(ConfigNode node)
    {
        switch (node.Name)
        {
            case "dont_track_primary":
                _isPrimaryUntracked = true;
                return true;
            case "linkbeat_use_polling":
                context.Trackers.PollOwn(block.Value);
                _diagnostics.Add(DiagnosticCodes.Deprecated, node.Span, "linkbeat_use_polling in an instance is deprecated in keepalived, which counts it as an error", "linkbeat_interfaces { IF } at the top level");
                return true;
            case "old_unicast_checksum":
                bool isNever = node.Words.Count > 1 && _values.TryChoice(node, out _);
                bool isOld = node.Words.Count < 2;
                _config.OldChecksum = isNever ? OldChecksum.Never : isOld ? OldChecksum.Always : _config.OldChecksum;
                return true;
            case "promote_secondaries":
                _promoteSecondaries = node;
                _config.IsPromotingSecondaries = true;
                return true;
            case "track_src_ip":
                _config.IsSourceTracked = true;
                return true;
            case "mcast_src_ip" or "unicast_src_ip":
                _source = node;
                _unicastSource = node.Name == "unicast_src_ip" ? node : _unicastSource;
                _config.Source = _values.TryAddress(node, out InternetAddress source) ? source : _config.Source;
                return true;
            case "mcast_dst_ip":
                _group = node;
                return true;
            case "unicast_ttl":
                _config.UnicastTtl = _values.TryInteger(node, out int ttl) ? ttl : _config.UnicastTtl;
                return true;
            case "check_unicast_src":
                _config.IsUnicastSourceChecked = true;
                return true;
            case "v3_checksum_as_v2":
                _config.IsChecksumAsV2 = _values.TryBoolean(node, out bool isAsV2) ? isAsV2 : _config.IsChecksumAsV2;
                return true;
            case "nopreempt":
                _nopreempt = node;
                return true;
            case "preempt":
                _nopreempt = null;
                return true;
            case "preempt_delay":
                _preemptDelay = node;
                _config.PreemptDelay = _values.TrySeconds(node, out TimeSpan delay) ? delay : _config.PreemptDelay;
                return true;
            case "skip_check_adv_addr":
                if (_values.TryBoolean(node, out bool isSkipped))
                {
                    _config.IsAddressCheckSkipped = isSkipped;
                    if (!isSkipped)
                    {
                        _diagnostics.Add(DiagnosticCodes.InvertedBoolean, node.Span, "keepalived takes `skip_check_adv_addr off` for on; FenceFirst reads off");
                    }
                }

                return true;
            case "down_timer_adverts":
                _downTimer = node;
                _config.DownTimerAdverts = _values.TryInteger(node, out int adverts) ? adverts : _config.DownTimerAdverts;
                return true;
            case "lower_prio_no_advert":
                _lowerNoAdvert = node;
                _config.IsLowerPriorityUnanswered = _values.TryBoolean(node, out bool isUnanswered) ? isUnanswered : _config.IsLowerPriorityUnanswered;
                return true;
            case "higher_prio_send_advert":
                _higherAdvert = node;
                _config.IsHigherPriorityAnswered = _values.TryBoolean(node, out bool isAnswered) ? isAnswered : _config.IsHigherPriorityAnswered;
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
                _garpLowerDelayNode = node;
                _garpLowerDelay = Integer(node);
                return true;
            case "garp_lower_prio_repeat":
                _garpLowerRepeatNode = node;
                _garpLowerRepeat = Integer(node);
                return true;
            case "garp_extra_if" or "vmac_garp_intvl":
                _garpExtra = _values.TryExtra(node, 0, out TimeSpan extra, out bool isForAll) ? (extra, isForAll) : _garpExtra;
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
                _config.Promotion = Promotions.Promotion(node);
                break;
            case "demotion" when _config.Demotion is not null:
                _diagnostics.Add(DiagnosticCodes.DuplicateName, node.Span, "an instance has one demotion block");
                break;
            case "demotion":
                _config.Demotion = Promotions.Demotion(node);
                break;
        }

        _config.Notify = notify;
    }

    private int? Integer(ConfigNode node) => _values.TryInteger(node, out int value) ? value : null;
}
