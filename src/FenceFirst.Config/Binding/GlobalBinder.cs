using FenceFirst.Config.Diagnostics;
using FenceFirst.Config.Keywords;
using FenceFirst.Config.Syntax;
using FenceFirst.Core;
using FenceFirst.Core.Node;

namespace FenceFirst.Config.Binding;

/// <summary>Reads global_defs. All of them are read before any instance, so their place in the file does not matter.</summary>
/// <remarks>Differs from keepalived, which on reload applies them only to the instances that follow.</remarks>
internal sealed class GlobalBinder(BindContext context)
{
    private readonly GlobalSettings _globals = context.Globals;
    private readonly ValueReader _values = context.Values;
    private readonly NotifyBinder _notify = new(context);
    private readonly MailBinder _mail = new(context);

    public void Bind(ConfigNode block)
    {
        foreach (ConfigNode node in block.Children)
        {
            if (node.Row is not { Support: Support.Honoured })
            {
                continue;
            }

            if (!TryAnnouncements(node) && !TryProtocol(node) && !TryDumps(node) && !TryFilter(node) && !_notify.TryGlobal(node) && !_mail.TryGlobal(node))
            {
                BindProcess(node);
            }
        }
    }

    private bool TryAnnouncements(ConfigNode node)
    {
        switch (node.Name)
        {
            case "vrrp_garp_master_delay":
                _globals.GarpDelay = Integer(node);
                return true;
            case "vrrp_garp_master_repeat":
                _globals.GarpRepeat = Integer(node);
                return true;
            case "vrrp_garp_master_refresh":
                _globals.GarpRefresh = Integer(node);
                return true;
            case "vrrp_garp_master_refresh_repeat":
                _globals.GarpRefreshRepeat = Integer(node);
                return true;
            case "vrrp_garp_lower_prio_delay":
                _globals.GarpLowerDelay = Integer(node);
                return true;
            case "vrrp_garp_lower_prio_repeat":
                _globals.GarpLowerRepeat = Integer(node);
                return true;
            case "vrrp_garp_extra_if" or "vrrp_vmac_garp_intvl":
                _globals.GarpExtra = _values.TryExtra(node, 1, out TimeSpan extra, out bool isForAll) ? (extra, isForAll) : _globals.GarpExtra;
                return true;
            case "vrrp_garp_interval":
                _globals.ArpInterval = _values.Spacing(node);
                return true;
            case "vrrp_gna_interval":
                _globals.NeighborInterval = _values.Spacing(node);
                return true;
            case "vrrp_min_garp":
                _globals.IsMinimalGarp = Boolean(node);
                return true;
            default:
                return false;
        }
    }

    private bool TryProtocol(ConfigNode node)
    {
        switch (node.Name)
        {
            case "vrrp_version":
                _globals.Version = _values.TryChoice(node, out string version) && version == "3" ? (byte)3 : (byte)2;
                return true;
            case "vrrp_mcast_group4":
                _globals.Group4 = Group(node, isIPv6: false) ?? _globals.Group4;
                return true;
            case "vrrp_mcast_group6":
                _globals.Group6 = Group(node, isIPv6: true) ?? _globals.Group6;
                return true;
            case "vrrp_down_timer_adverts":
                _globals.DownTimerAdverts = Integer(node) ?? _globals.DownTimerAdverts;
                return true;
            case "vrrp_lower_prio_no_advert":
                _globals.IsLowerPriorityUnanswered = Boolean(node);
                return true;
            case "vrrp_higher_prio_send_advert":
                _globals.IsHigherPriorityAnswered = Boolean(node);
                return true;
            case "vrrp_owner_ignore_adverts":
                _globals.IsIgnoringAdverts = Boolean(node);
                return true;
            case "vrrp_check_unicast_src":
                _globals.IsUnicastSourceChecked = true;
                return true;
            case "vrrp_skip_check_adv_addr":
                _globals.IsAddressCheckSkipped = Boolean(node);
                return true;
            case "v3_checksum_as_v2":
                _globals.IsChecksumAsV2 = Boolean(node);
                if (!_globals.IsChecksumAsV2)
                {
                    context.Diagnostics.Add(
                        DiagnosticCodes.InvertedBoolean, node.Span, "keepalived takes `v3_checksum_as_v2 off` here for on; FenceFirst reads off", "remove the line if keepalived reads the file too");
                }

                return true;
            case "vrrp_strict":
                _globals.IsStrict = Boolean(node);
                return true;
            case "vmac_prefix":
                _globals.VmacPrefix = First(_globals.VmacPrefix, node);
                return true;
            case "vmac_addr_prefix":
                _globals.VmacAddressPrefix = First(_globals.VmacAddressPrefix, node);
                return true;
            default:
                return false;
        }
    }

    private bool TryDumps(ConfigNode node)
    {
        switch (node.Name)
        {
            case "state_dump_file" or "state_file_location":
                _globals.Dump = _globals.Dump with { StatePath = node.Value };
                return true;
            case "stats_dump_file" or "stats_file_location":
                _globals.Dump = _globals.Dump with { StatisticsPath = node.Value };
                return true;
            case "json_dump_file" or "json_file_location":
                _globals.Dump = _globals.Dump with { JsonPath = node.Value };
                return true;
            case "json_version":
                _globals.Dump = _globals.Dump with { JsonVersion = _values.TryChoice(node, out string version) && version == "2" ? 2 : 1 };
                return true;
            default:
                return false;
        }
    }

    private bool TryFilter(ConfigNode node)
    {
        const int NameBytesMax = 254;
        switch (node.Name)
        {
            case "nftables" when _globals.IsFilterNamed:
                return true;
            case "nftables" when node.Words.Count > 1 && System.Text.Encoding.UTF8.GetByteCount(node.Value) is 0 or > NameBytesMax:
                context.Diagnostics.Add(DiagnosticCodes.BadName, node.ValueSpan, "this cannot be the name of an nftables table", $"1 to {NameBytesMax} bytes");
                return true;
            case "nftables" when node.Words.Count > 1 && node.Value == FilterConfig.ReportTable:
                context.Diagnostics.Add(DiagnosticCodes.BadName, node.ValueSpan, $"{FilterConfig.ReportTable} is the nftables table of use_vmac", "another name, or none");
                return true;
            case "nftables":
                _globals.IsFilterNamed = true;
                _globals.Filter = _globals.Filter with { Table = node.Words.Count > 1 ? node.Value : new FilterConfig().Table };
                return true;
            case "nftables_priority":
                _globals.Filter = _globals.Filter with { Priority = Integer(node) ?? _globals.Filter.Priority };
                return true;
            case "nftables_counters":
                _globals.Filter = _globals.Filter with { HasCounters = true };
                return true;
            default:
                return false;
        }
    }

    private void BindProcess(ConfigNode node)
    {
        switch (node.Name)
        {
            case "router_id":
                _globals.RouterId = node.Value;
                break;
            case "script_user":
                _globals.ScriptUser = new CommandBinder(context).User(node.Words, 1) ?? _globals.ScriptUser;
                break;
            case "enable_script_security":
                _globals.IsScriptSecurityEnabled = true;
                break;
            case "random_seed":
                // In force already while the lines were read; here its value is judged.
                _values.TryInteger(node.Words[^1], 0, int.MaxValue, node.Name, out _);
                break;
            case "dynamic_interfaces":
                _globals.AwaitsInterfaces = true;
                if (node.Words.Count > 1 && node.Value != "allow_if_changes")
                {
                    context.Diagnostics.Add(DiagnosticCodes.UnknownOption, node.ValueSpan, $"'{node.Value}' is not an option of dynamic_interfaces", "dynamic_interfaces [allow_if_changes]");
                }

                break;
            case "set_supplementary_groups":
                _globals.HasSupplementaryGroups = Boolean(node);
                break;
            case "use_symlink_paths":
                _globals.KeepsSymbolicLinks = Boolean(node);
                break;
            case "default_interface":
                _globals.DefaultInterface = node.Words.Count > 1 ? node : null;
                break;
            case "vip_lease":
                _globals.LeaseSeconds = _values.LeaseSeconds(node);
                break;
            case "watchdog":
                _globals.Watchdog = node;
                break;
            case "log_unknown_vrids":
                _globals.IsUnknownVridLogged = true;
                break;
            case "vrrp_priority":
                _globals.Nice = Integer(node) ?? 0;
                break;
            case "vrrp_no_swap":
                _globals.IsMemoryLocked = true;
                break;
            case "vrrp_startup_delay":
                _globals.StartupDelay = _values.TrySeconds(node, out TimeSpan delay) ? delay : TimeSpan.Zero;
                break;
            case "vrrp_delay_after_boot":
                _globals.DelayAfterBoot = _values.TrySeconds(node, out TimeSpan afterBoot) ? afterBoot : TimeSpan.Zero;
                break;
            case "startup_script":
                _globals.StartupScript ??= node;
                break;
            case "shutdown_script":
                _globals.ShutdownScript ??= node;
                break;
            case "startup_script_timeout":
                _globals.StartupTimeout = Integer(node) ?? _globals.StartupTimeout;
                break;
            case "shutdown_script_timeout":
                _globals.ShutdownTimeout = Integer(node) ?? _globals.ShutdownTimeout;
                break;
            case "vrrp_rt_priority":
                _globals.RealTimePriority = Integer(node) ?? 0;
                break;
            case "notify_master_before_vip":
                _globals.NotifyMasterBeforeVip = node;
                break;
        }
    }

    private InternetAddress? Group(ConfigNode node, bool isIPv6)
    {
        if (!_values.TryAddress(node, out InternetAddress group))
        {
            return null;
        }

        if (!group.IsMulticast || group.IsIPv6 != isIPv6)
        {
            context.Diagnostics.Add(DiagnosticCodes.NotMulticast, node.ValueSpan, $"{group} is not an {(isIPv6 ? "IPv6" : "IPv4")} multicast address");
            return null;
        }

        return group;
    }

    private string First(string? known, ConfigNode node)
    {
        if (known is not null)
        {
            context.Diagnostics.Add(DiagnosticCodes.SecondIgnored, node.Span, $"{node.Name} is written again; the first one holds");
        }

        return known ?? node.Value;
    }

    private int? Integer(ConfigNode node) => _values.TryInteger(node, out int value) ? value : null;

    private bool Boolean(ConfigNode node) => _values.TryBoolean(node, out bool value) && value;
}
