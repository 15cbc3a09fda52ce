using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FenceFirst.Config.Binding;
using FenceFirst.Config.Syntax;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Tracking;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Config.Output;

/// <summary>The values that hold after a file was read: every default filled in, every entry complete. Secrets are left out.</summary>
/// <remarks>
/// Names, units and entries are those of the configuration file (docs/keywords.md), so the dump reads like a file that says everything. What is
/// derived and has no keyword is not in it. Programs stand with the ids that they run as. The text is a file that means the same, but for passwords and keys, which it
/// does not show, and for users, which stand in comments. JSON has what a program wants to know in another shape: steps one by one, with the members of a group, and the
/// interface that an address is on, also when the daemon makes it, with its MAC address.
/// </remarks>
public sealed partial class ConfigDump
{
    private const string Secret = "(not shown)";

    private readonly NodeConfig _config;
    private readonly DumpWriter _to;
    private readonly EntryText _entries;
    private readonly bool _isFile;
    private readonly Dictionary<int, VirtualLink> _made = [];

    private ConfigDump(NodeConfig config, DumpWriter writer, bool isFile)
    {
        (_config, _to, _isFile) = (config, writer, isFile);
        _entries = new EntryText(config.Links);
        foreach (VirtualLink link in config.Instances.SelectMany(instance => instance.EachVirtualLink()))
        {
            _made[link.Link] = link;
        }
    }

    /// <summary>The values in the shape of the file.</summary>
    public static string Text(NodeConfig config)
    {
        TextDumpWriter writer = new();
        new ConfigDump(config, writer, isFile: true).Write();
        return writer.ToString();
    }

    /// <summary>The values as one JSON object: blocks of a kind are arrays of objects with <c>name</c>, entries are strings, times are numbers in the unit of the keyword.</summary>
    public static string Json(NodeConfig config)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            new ConfigDump(config, new JsonDumpWriter(json), isFile: false).Write();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private void Write()
    {
        _to.Block("global_defs", Global);
        _to.List("static_ipaddress", _config.StaticAddresses.Select(_entries.Of));
        _to.List("static_routes", _config.StaticRoutes.Select(_entries.Of));
        _to.List("static_rules", _config.StaticRules.Select(rule => EntryText.Of(rule, isIPv6: false)));
        _to.List("linkbeat_interfaces", _config.PolledLinks.Select(poll => poll.Method == LinkPollMethod.Any ? _config.Links[poll.Link] : $"{_config.Links[poll.Link]} {poll.Method.ToString().ToUpperInvariant()}"));
        _to.List("interface_up_down_delays", _config.LinkDelays.Where(delay => !_isFile || !_made.ContainsKey(delay.Link)).Select(delay => FormattableString.Invariant($"{_config.Links[delay.Link]} {delay.Down.TotalSeconds} {delay.Up.TotalSeconds}")));
        _to.Blocks("vrrp_script", _config.Scripts, script => script.Name, Script);
        _to.Blocks("track_file", _config.Files, file => file.Name, File);
        _to.Blocks("vrrp_track_process", _config.Processes, process => process.Name, Process);
        _to.Blocks("garp_group", _config.Spacing.Groups, _ => "", Spacing);
        _to.Blocks("fence_device", _config.FenceDevices, device => device.Name, Device);
        _to.Blocks("vrrp_sync_group", _config.Groups, group => group.Name, Group);
        _to.Blocks("vrrp_instance", _config.Instances, instance => instance.Name, Instance);
    }

    private void Global()
    {
        _to.Text("router_id", _config.RouterId);
        _to.Text("nftables", _config.Filter.Table);
        _to.Number("nftables_priority", _config.Filter.Priority);
        _to.Switch("nftables_counters", _config.Filter.HasCounters);
        _to.Text("vmac_prefix", _config.VmacPrefix);
        _to.Text("vmac_addr_prefix", _config.VmacAddressPrefix);
        _to.Switch("enable_script_security", _config.Process.IsScriptSecurityEnabled);
        _to.Switch("log_unknown_vrids", _config.Process.IsUnknownVridLogged);
        _to.Number("vrrp_priority", _config.Process.Nice);
        _to.NumberIfAny("vrrp_rt_priority", _config.Process.RealTimePriority);
        _to.Switch("vrrp_no_swap", _config.Process.IsMemoryLocked);
        _to.Command("startup_script", _config.Process.StartupScript);
        _to.Number("startup_script_timeout", Seconds(_config.Process.StartupTimeout));
        _to.Command("shutdown_script", _config.Process.ShutdownScript);
        _to.Number("shutdown_script_timeout", Seconds(_config.Process.ShutdownTimeout));
        _to.NumberIfAny("vrrp_startup_delay", Seconds(_config.Process.StartupDelay));
        _to.NumberIfAny("vrrp_delay_after_boot", Seconds(_config.Process.DelayAfterBoot));
        _to.NumberIfAny("vrrp_garp_interval", Seconds(_config.Spacing.Arp));
        _to.NumberIfAny("vrrp_gna_interval", Seconds(_config.Spacing.Neighbor));
        _to.Text("state_dump_file", _config.Dump.StatePath);
        _to.Text("stats_dump_file", _config.Dump.StatisticsPath);
        _to.Text("json_dump_file", _config.Dump.JsonPath);
        _to.Number("json_version", _config.Dump.JsonVersion);
        Pipes();
        _to.Switch("fifo_write_vrrp_states_on_reload", _config.Notify.IsStateWrittenOnReload);
        _to.Number("notify_timeout", Seconds(_config.Notify.ScriptTimeout));
        _to.Number("notify_stop_timeout", Seconds(_config.Notify.StopTimeout));
        Mail();
        if (_config.Watchdog is { } watchdog)
        {
            _to.Words("watchdog", watchdog.IsRequired ? [watchdog.Path, "required"] : [watchdog.Path]);
        }
    }

    private void Mail()
    {
        MailConfig mail = _config.Mail;
        if (mail.Server.Length == 0)
        {
            return;
        }

        _to.Words("smtp_server", [mail.Server, mail.Port.ToString(CultureInfo.InvariantCulture)]);
        _to.Text("smtp_helo_name", mail.HeloName);
        _to.Number("smtp_connect_timeout", Seconds(mail.ConnectTimeout));
        _to.Text("notification_email_from", mail.Sender);
        _to.List("notification_email", mail.Recipients);
        _to.Switch("no_email_faults", mail.IsFaultLeftOut);
        if (mail.LoginFile.Length > 0)
        {
            _to.Text("smtp_login_file", mail.LoginFile);
        }
    }

    private void Script(ScriptTracker script)
    {
        _to.Command("script", script.Command);
        _to.Number("interval", Seconds(script.Interval));
        _to.Number("timeout", Seconds(script.Timeout));
        _to.Number("rise", script.Rise);
        _to.Number("fall", script.Fall);
        _to.Switch("init_fail", script.IsInitiallyFailed);
    }

    private void Pipes()
    {
        if (!_isFile)
        {
            _to.List("notify_fifo", _config.Notify.Pipes.Select(pipe => $"{pipe.Path} # uid {pipe.UserId} gid {pipe.GroupId}{(pipe.Script is { } script ? $", read by {script}" : "")}"));
            return;
        }

        string keyword = "notify_fifo";
        foreach (NotifyPipe pipe in _config.Notify.Pipes)
        {
            _to.Words(keyword, [pipe.Path], $"uid {pipe.UserId} gid {pipe.GroupId}");
            _to.Command(keyword + "_script", pipe.Script);
            keyword = "vrrp_notify_fifo";
        }
    }

    private void Spacing(AnnouncementGroup group)
    {
        _to.NumberIfAny("garp_interval", Seconds(group.Arp));
        _to.NumberIfAny("gna_interval", Seconds(group.Neighbor));
        _to.List("interfaces", group.Links.Select(link => _config.Links[link]));
    }

    private void File(FileTracker file)
    {
        _to.Text("file", file.Path);
        if (file.InitialValue is { } value)
        {
            string number = value.ToString(CultureInfo.InvariantCulture);
            _to.Words("init_file", file.IsOverwritten ? [number, "overwrite"] : [number]);
        }
    }

    private void Process(ProcessTracker process)
    {
        if (_isFile)
        {
            _to.Words("process", [process.Process, .. process.Parameters]);
            _to.Switch("param_match", process.Match == ParameterMatch.Exact);
            _to.Text("param_match", process.Match is ParameterMatch.None or ParameterMatch.Exact ? "" : process.Match.ToString().ToLowerInvariant());
        }
        else
        {
            _to.Text("process", process.Process);
            _to.List("parameters", process.Parameters);
            _to.Text("param_match", process.Match.ToString().ToLowerInvariant());
        }

        _to.Switch("full_command", process.IsFullCommand);
        _to.Number("quorum", process.Quorum);
        if (process.QuorumMax != int.MaxValue)
        {
            _to.Number("quorum_max", process.QuorumMax);
        }

        _to.NumberIfAny("fork_delay", Seconds(process.ForkDelay));
        _to.NumberIfAny("terminate_delay", Seconds(process.TerminateDelay));
    }

    private void Instance(VrrpConfig instance)
    {
        _to.Text("state", instance.IsStateMaster ? "MASTER" : "BACKUP");
        _to.Text("interface", _entries.Link(instance.Link));
        Vmac(instance);
        _to.Number("version", instance.Version);
        _to.Switch("native_ipv6", instance.IsIPv6);
        _to.Number("virtual_router_id", instance.Vrid);
        _to.Number("priority", instance.BasePriority);
        _to.Number("advert_int", Seconds(instance.AdvertInterval));
        _to.Number("down_timer_adverts", instance.DownTimerAdverts);
        _to.Switch("nopreempt", !instance.IsPreempt);
        _to.Number("preempt_delay", Seconds(instance.PreemptDelay));
        Transport(instance);
        _to.List("virtual_ipaddress", instance.Addresses.Select(Address));
        _to.List("virtual_ipaddress_excluded", instance.ExcludedAddresses.Select(Address));
        _to.List("virtual_routes", instance.Routes.Select(_entries.Of));
        _to.List("virtual_rules", instance.Rules.Select(rule => EntryText.Of(rule, instance.IsIPv6)));
        _to.NumberIfAny("vip_lease", instance.LeaseSeconds);
        _to.Switch("dont_track_primary", instance.TrackLinks.All(track => track.Index != instance.Link));
        SyncGroupConfig? group = _isFile && instance.SyncGroup >= 0 ? _config.Groups[instance.SyncGroup] : null; // What it tracks stands there, in a file.
        Tracked(
            instance.TrackLinks.Where(track => !instance.IsOwnLink(track.Index) && !(_isFile && _made.ContainsKey(track.Index)) && group?.TrackLinks.Contains(track) != true),
            instance.TrackScripts.Where(track => group?.TrackScripts.Contains(track) != true),
            instance.TrackFiles.Where(track => group?.TrackFiles.Contains(track) != true),
            instance.TrackProcesses.Where(track => group?.TrackProcesses.Contains(track) != true));
        Announcements(instance.Gratuitous);
        _to.Switch("no_accept", !instance.IsAccepting);
        if (_isFile)
        {
            _to.Switch("accept", instance.IsAccepting && instance.IsStrict && !instance.IsOwner);
        }

        _to.Switch("strict_mode", instance.IsStrict);
        _to.Switch("owner_ignore_adverts", instance.IsIgnoringAdverts);
        _to.Switch("lower_prio_no_advert", instance.IsLowerPriorityUnanswered);
        _to.Switch("higher_prio_send_advert", instance.IsHigherPriorityAnswered);
        Notify(instance);
        if (!_isFile || instance.SyncGroup < 0)
        {
            Plans(instance);
        }
    }

    private void Tracked(IEnumerable<TrackReference> links, IEnumerable<TrackReference> scripts, IEnumerable<TrackReference> files, IEnumerable<TrackReference> processes)
    {
        _to.List("track_interface", links.Select(track => EntryText.Tracked(_config.Links[track.Index], track)));
        _to.List("track_script", scripts.Select(track => EntryText.Tracked(_config.Scripts[track.Index].Name, track)));
        _to.List("track_file", files.Select(track => EntryText.Tracked(_config.Files[track.Index].Name, track)));
        _to.List("track_process", processes.Select(track => EntryText.Tracked(_config.Processes[track.Index].Name, track)));
    }

    private void Group(SyncGroupConfig group)
    {
        _to.List("group", group.Members.Select(member => _config.Instances[member].Name));
        _to.Switch("sync_group_tracking_weight", group.IsTrackingWeighted);
        Tracked(group.TrackLinks, group.TrackScripts, group.TrackFiles, group.TrackProcesses);
        if (group.IsPriorityNotified is { } isPriorityNotified)
        {
            _to.Choice("notify_priority_changes", isPriorityNotified);
        }

        Scripts(group.Notify);
        _to.Switch("smtp_alert", group.Notify.IsMailed);
        _to.Switch("notify_parallel", group.Notify.IsParallel);
        if (_isFile)
        {
            Plans(_config.Instances[group.Members[0]]);
        }
    }

    private void Vmac(VrrpConfig instance)
    {
        if (instance.Vmac is { } vmac)
        {
            _to.Words("use_vmac", VmacWords(vmac), vmac.IsMacGiven ? "" : MacText(vmac));
            _to.Switch("vmac_xmit_base", !vmac.IsSending);
        }

        // What stands on an interface of its own though its line does not say so.
        _to.Switch("use_vmac_addr", instance.Addresses.Concat(instance.ExcludedAddresses).Any(address =>
            !address.IsOnVmac && _made.ContainsKey(address.Link) && !(address.Link == instance.Vmac?.Link && address.Address.IsIPv6 == instance.IsIPv6)));
    }

    private IEnumerable<string> VmacWords(VirtualLink vmac)
    {
        string name = _entries.Link(vmac.Link);
        if (_isFile && VmacLine.IsOption(name))
        {
            yield return "name";
        }

        yield return name;

        // A file must not say the address that RFC 9568 section 7.3 has for it.
        if (!_isFile || vmac.IsMacGiven)
        {
            yield return MacText(vmac);
        }

        if (vmac.IsLowerTold)
        {
            yield return "netlink_notify_msg";
        }

        if (vmac.Group >= 0)
        {
            yield return "group";
            yield return vmac.Group.ToString(CultureInfo.InvariantCulture);
        }
    }

    private static string MacText(VirtualLink vmac) => string.Join(':', Enumerable.Range(0, 6).Select(i => $"{(vmac.Mac >> (40 - (8 * i))) & 0xff:x2}"));

    private string Address(VirtualAddress address) => _entries.Of(_isFile && _made.TryGetValue(address.Link, out VirtualLink? link) ? address with { Link = link.Lower } : address);

    private void Transport(VrrpConfig instance)
    {
        _to.Text(instance.IsUnicast ? "unicast_src_ip" : "mcast_src_ip", instance.Source.IsNone ? "" : instance.Source.ToString());
        _to.Switch("track_src_ip", instance.IsSourceTracked);
        if (instance.IsUnicast)
        {
            _to.List("unicast_peer", instance.UnicastPeers.Select(peer => $"{peer.Address} min_ttl {peer.MinTtl} max_ttl {peer.MaxTtl}"));
            if (instance.UnicastTtl >= 0 || !instance.IsIPv6)
            {
                _to.Number("unicast_ttl", instance.UnicastTtl >= 0 ? instance.UnicastTtl : byte.MaxValue);
            }

            _to.Switch("check_unicast_src", instance.IsUnicastSourceChecked);
        }
        else
        {
            _to.Text("mcast_dst_ip", instance.Group.ToString());
        }

        _to.Switch("skip_check_adv_addr", instance.IsAddressCheckSkipped);
        _to.Text("old_unicast_checksum", instance.OldChecksum switch { OldChecksum.Always => "always", OldChecksum.Never => "never", _ => "" });
        _to.Switch("promote_secondaries", instance.IsPromotingSecondaries);
        _to.Switch("v3_checksum_as_v2", instance.IsChecksumAsV2);
        if (instance.Authentication != AuthenticationType.None)
        {
            _to.Block("authentication", () =>
            {
                _to.Text("auth_type", instance.Authentication == AuthenticationType.AuthenticationHeader ? "AH" : "PASS");
                _to.Text("auth_pass", Secret);
            });
        }

        if (instance.Hmac is { } hmac)
        {
            _to.Block("auth_hmac", () => Hmac(hmac));
        }
    }

    private void Hmac(HmacAuthentication hmac)
    {
        _to.Options("key", hmac.Keys.Select(key => (key.Id.ToString(CultureInfo.InvariantCulture), Secret)));
        _to.Number("active_key", hmac.ActiveKey.Id);
        _to.Number("time_window", hmac.TimeWindowSeconds);
        _to.Text("anti_replay", hmac.AntiReplay == HmacAntiReplay.Time ? "time" : "monotonic");
        _to.Text("mode", hmac.Mode switch { HmacMode.Enforce => "enforce", HmacMode.Permissive => "permissive", HmacMode.ReceiveOnly => "receive-only" });
    }

    private void Announcements(GratuitousSchedule schedule)
    {
        _to.Number("garp_master_delay", Seconds(schedule.MasterDelay));
        _to.Number("garp_master_repeat", schedule.MasterRepeat);
        _to.Number("garp_master_refresh", Seconds(schedule.Refresh));
        _to.Number("garp_master_refresh_repeat", schedule.RefreshRepeat);
        _to.Number("garp_lower_prio_delay", Seconds(schedule.LowerPriorityDelay));
        _to.Number("garp_lower_prio_repeat", schedule.LowerPriorityRepeat);
        if (schedule.Extra > TimeSpan.Zero)
        {
            string seconds = Seconds(schedule.Extra).ToString("0", CultureInfo.InvariantCulture);
            _to.Words("garp_extra_if", schedule.IsExtraForAll ? ["all", seconds] : [seconds]);
        }
    }

    private void Notify(VrrpConfig instance)
    {
        Scripts(instance.Notify);
        _to.Command("notify_master_rx_lower_pri", instance.Notify.MasterHeardLower);
        _to.Switch("notify_deleted", instance.Notify.IsDeletedTold && !(_isFile && instance.Notify.Deleted is not null));
        _to.Command(_isFile ? "notify_deleted" : "notify_deleted_script", instance.Notify.Deleted);
        _to.Switch("notify_priority_changes", instance.IsPriorityNotified);
        _to.Switch("notify_parallel", instance.Notify.IsParallel);
        _to.Switch("smtp_alert", instance.Notify.IsMailed);
        _to.Switch("reassert", instance.IsReasserting);
    }

    private void Scripts(NotifyScripts notify)
    {
        _to.Command("notify_master", notify.Master);
        _to.Command("notify_backup", notify.Backup);
        _to.Command("notify_fault", notify.Fault);
        _to.Command("notify_stop", notify.Stop);
        _to.Command("notify", notify.Any);
    }

    private static decimal Seconds(TimeSpan time) => time.Ticks / (decimal)TimeSpan.TicksPerSecond;
}
