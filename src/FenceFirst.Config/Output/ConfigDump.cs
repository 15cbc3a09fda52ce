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
/// derived and has no keyword is not in it. Programs stand with the ids that they run as. The text names interfaces as the file does, so that what it says of virtual MAC
/// addresses reads back; JSON names the interface that an address is on, also when the daemon makes it, with its MAC address.
/// </remarks>
public sealed class ConfigDump
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
        _to.List("static_rules", _config.StaticRules.Select(EntryText.Of));
        _to.List("linkbeat_interfaces", _config.PolledLinks.Select(poll => poll.Method == LinkPollMethod.Any ? _config.Links[poll.Link] : $"{_config.Links[poll.Link]} {poll.Method.ToString().ToUpperInvariant()}"));
        _to.List("interface_up_down_delays", _config.LinkDelays.Where(delay => !_isFile || !_made.ContainsKey(delay.Link)).Select(delay => FormattableString.Invariant($"{_config.Links[delay.Link]} {delay.Down.TotalSeconds} {delay.Up.TotalSeconds}")));
        _to.Blocks("vrrp_script", _config.Scripts, script => script.Name, Script);
        _to.Blocks("track_file", _config.Files, file => file.Name, file => _to.Text("file", file.Path));
        _to.Blocks("vrrp_track_process", _config.Processes, process => process.Name, Process);
        _to.Blocks("fence_device", _config.FenceDevices, device => device.Name, Device);
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
        _to.List("notify_fifo", _config.Notify.Pipes.Select(pipe => $"{pipe.Path} # uid {pipe.UserId} gid {pipe.GroupId}{(pipe.Script is { } script ? $", read by {script}" : "")}"));
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

    private void Process(ProcessTracker process)
    {
        _to.Text("process", process.Process);
        _to.List("parameters", process.Parameters);
        _to.Text("param_match", process.Match.ToString().ToLowerInvariant());
        _to.Switch("full_command", process.IsFullCommand);
        _to.Number("quorum", process.Quorum);
        if (process.QuorumMax != int.MaxValue)
        {
            _to.Number("quorum_max", process.QuorumMax);
        }

        _to.Number("fork_delay", Seconds(process.ForkDelay));
        _to.Number("terminate_delay", Seconds(process.TerminateDelay));
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
        _to.List("virtual_rules", instance.Rules.Select(EntryText.Of));
        _to.NumberIfAny("vip_lease", instance.LeaseSeconds);
        _to.Switch("dont_track_primary", instance.TrackLinks.All(track => track.Index != instance.Link));
        _to.List("track_interface", instance.TrackLinks.Where(track => !instance.IsOwnLink(track.Index) && !(_isFile && _made.ContainsKey(track.Index))).Select(track => EntryText.Tracked(_config.Links[track.Index], track)));
        _to.List("track_script", instance.TrackScripts.Select(track => EntryText.Tracked(_config.Scripts[track.Index].Name, track)));
        _to.List("track_file", instance.TrackFiles.Select(track => EntryText.Tracked(_config.Files[track.Index].Name, track)));
        _to.List("track_process", instance.TrackProcesses.Select(track => EntryText.Tracked(_config.Processes[track.Index].Name, track)));
        Announcements(instance.Gratuitous);
        _to.Switch("no_accept", !instance.IsAccepting);
        _to.Switch("strict_mode", instance.IsStrict);
        _to.Switch("owner_ignore_adverts", instance.IsIgnoringAdverts);
        _to.Switch("lower_prio_no_advert", instance.IsLowerPriorityUnanswered);
        _to.Switch("higher_prio_send_advert", instance.IsHigherPriorityAnswered);
        Notify(instance);
        Plans(instance);
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
        _to.List("key", hmac.Keys.Select(key => $"{key.Id} {Secret}"));
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
        _to.Command("notify_master", instance.Notify.Master);
        _to.Command("notify_backup", instance.Notify.Backup);
        _to.Command("notify_fault", instance.Notify.Fault);
        _to.Command("notify_stop", instance.Notify.Stop);
        _to.Command("notify", instance.Notify.Any);
        _to.Command("notify_master_rx_lower_pri", instance.Notify.MasterHeardLower);
        _to.Switch("notify_deleted", instance.Notify.IsDeletedTold);
        _to.Command("notify_deleted_script", instance.Notify.Deleted);
        _to.Switch("notify_priority_changes", instance.IsPriorityNotified);
        _to.Switch("notify_parallel", instance.Notify.IsParallel);
        _to.Switch("smtp_alert", instance.Notify.IsMailed);
        _to.Switch("reassert", instance.IsReasserting);
    }

    private void Plans(VrrpConfig instance)
    {
        if (instance.Promotion is { } plan)
        {
            _to.Block("promotion", () => Promotion(plan));
        }

        if (instance.Demotion is { } demotion)
        {
            _to.Block("demotion", () =>
            {
                _to.Blocks("step", demotion.Steps, step => step.Name, Step);
                _to.Text("on_failure", demotion.IsReleasedOnFailure ? "release" : "silent");
            });
        }
    }

    private void Promotion(PromotionPlan plan)
    {
        _to.Blocks("step", plan.Steps, step => step.Name, Step);
        _to.Words("on_failure", plan.IsFaultOnFailure ? ["fault"] : ["retry_after", FormattableString.Invariant($"{plan.RetryAfter.TotalSeconds}")]);
        _to.Switch("advertise", plan.IsAdvertising);
        _to.Text("fence_scope", plan.Scope == FenceScope.All ? "all" : "last_master");
        _to.Number("preempt_wait", Seconds(plan.PreemptWait));
        _to.Switch("probe", plan.IsProbing);
        if (plan.ListenAfter is { } listen)
        {
            _to.Number("listen_after", Seconds(listen));
        }

        _to.Switch("release_is_enough", plan.IsReleaseEnough);
    }

    private void Device(FenceDeviceConfig device)
    {
        Step(device.Step);
        _to.Number("monitor_interval", Seconds(device.MonitorInterval));
    }

    private void Step(PromotionStep step)
    {
        _to.Text("kind", step.Kind.ToString().ToLowerInvariant());
        if (step.Reach is { } reach)
        {
            _to.Text("method", reach.Method.ToString().ToLowerInvariant());
            _to.List("targets", reach.Targets.Select(target => target.ToString()));
            _to.Number("at_least", reach.AtLeast);
            _to.Text("interface", _entries.Link(reach.Link));
        }
        else if (step.Levels.IsEmpty)
        {
            _to.Command("script", step.Command);
        }

        if (step.Kind == StepKind.Fence)
        {
            _to.List("targets", step.Targets.Select(target => target.ToString()));
            _to.List("levels", step.Levels.Select(level => string.Join(" and ", level.Devices.Select(device => device.Name))));
        }

        if (step.Agent is { } agent)
        {
            _to.Text("action", agent.Action.ToString().ToLowerInvariant());
            _to.Switch("verify", agent.IsVerified);
            _to.List("option", agent.Options.Select(option => $"{option.Name} {(option.HasSecretName ? Secret : option.Value)}"));
            _to.List("option_file", agent.OptionFiles.Select(option => $"{option.Name} {option.Value}"));
        }

        if (step.Levels.IsEmpty)
        {
            Bounds(step);
        }
    }

    private void Bounds(PromotionStep step)
    {
        if (step.Timeout != TimeSpan.MaxValue)
        {
            _to.Number("timeout", Seconds(step.Timeout));
        }

        _to.Number("attempts", step.Attempts);
        _to.Number("retry_interval", Seconds(step.RetryInterval));
        if (step.Kind == StepKind.Fence)
        {
            _to.Number("delay", Seconds(step.Delay));
            _to.Number("delay_random", Seconds(step.RandomDelay));
            _to.Number("delay_by_priority", Seconds(step.PriorityDelay));
        }
    }

    private static decimal Seconds(TimeSpan time) => time.Ticks / (decimal)TimeSpan.TicksPerSecond;
}
