using System.Buffers;
using System.Text.Json;
using FenceFirst.Core.Tracking;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Daemon.Dumps;

/// <summary>keepalived.json, key by key and in its order (keepalived: vrrp_json.c).</summary>
/// <remarks>DEVIATION: passwords are written as asterisks, as keepalived 2.3 does and 2.2.7 does not.</remarks>
internal static class JsonDump
{
    /// <summary>The dump as UTF-8.</summary>
    public static byte[] Write(DumpSource source)
    {
        ArrayBufferWriter<byte> buffer = new();
        using Utf8JsonWriter json = new(buffer);
        bool isObject = source.Config.Dump.JsonVersion == 2;
        if (isObject)
        {
            json.WriteStartObject();
            json.WritePropertyName("vrrp");
        }

        json.WriteStartArray();
        for (int i = 0; i < source.Config.Instances.Count; i++)
        {
            json.WriteStartObject();
            WriteData(json, source, i);
            WriteStatistics(json, source, i);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (isObject)
        {
            WriteProcesses(json, source);
            json.WriteEndObject();
        }

        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteData(Utf8JsonWriter json, DumpSource source, int index)
    {
        VrrpConfig config = source.Config.Instances[index];
        ref readonly VrrpState state = ref source.State.Instances[index];
        json.WriteStartObject("data");
        json.WriteString("iname", config.Name);
        json.WriteNumber("dont_track_primary", TracksOwnLink(config) ? 0 : 1);
        json.WriteNumber("skip_check_adv_addr", config.IsAddressCheckSkipped ? 1 : 0);
        json.WriteNumber("strict_mode", config.IsStrict ? 1 : 0);
        json.WriteString("vmac_ifname", config.Vmac is { } vmac ? source.NameOf(vmac.Link) : "");
        if (config.Link >= 0)
        {
            json.WriteString("ifp_ifname", source.NameOf(config.Vmac?.Link ?? config.Link));
        }

        json.WriteNumber("master_priority", state.MasterPriority);
        json.WriteNumber("last_transition", DumpSource.Seconds(source.Times.StateSince(config.Name)));
        WriteAnnouncements(json, config);
        json.WriteNumber("vrid", config.Vrid);
        json.WriteNumber("base_priority", config.BasePriority);
        json.WriteNumber("effective_priority", state.Priority);
        json.WriteBoolean("vipset", source.HasAddresses(index));
        json.WriteBoolean("promote_secondaries", config.IsPromotingSecondaries);
        json.WriteNumber("adver_int", config.AdvertInterval.TotalSeconds);
        json.WriteNumber("master_adver_int", state.MasterAdvertInterval.TotalSeconds);
        json.WriteNumber("accept", config.IsFiltered ? 0 : 1);
        json.WriteBoolean("nopreempt", !config.IsPreempt);
        json.WriteNumber("preempt_delay", (long)config.PreemptDelay.TotalSeconds);
        json.WriteNumber("state", KeepalivedState.Of(state.Phase));
        json.WriteNumber("wantstate", KeepalivedState.WantedOf(state.Phase));
        json.WriteNumber("version", config.Version);
        json.WriteBoolean("smtp_alert", config.Notify.IsMailed);
        json.WriteBoolean("notify_deleted", config.Notify.IsDeletedTold);
        WriteScripts(json, config.Notify);
        WriteHeld(json, source, index);
        WriteTrackers(json, source, config);
        json.WriteNumber("auth_type", (int)config.Authentication);
        if (config.Authentication != 0)
        {
            json.WriteString("auth_data", "********");
        }

        json.WriteEndObject();
    }

    private static void WriteAnnouncements(Utf8JsonWriter json, VrrpConfig config)
    {
        GratuitousSchedule schedule = config.Gratuitous;
        json.WriteNumber("garp_delay", schedule.MasterDelay.TotalSeconds);
        json.WriteNumber("garp_refresh", (long)schedule.Refresh.TotalSeconds);
        json.WriteNumber("garp_rep", schedule.MasterRepeat);
        json.WriteNumber("garp_refresh_rep", schedule.RefreshRepeat);
        json.WriteNumber("garp_lower_prio_delay", (long)schedule.LowerPriorityDelay.TotalSeconds);
        json.WriteNumber("garp_lower_prio_rep", schedule.LowerPriorityRepeat);
        json.WriteNumber("lower_prio_no_advert", config.IsLowerPriorityUnanswered ? 1 : 0);
        json.WriteNumber("higher_prio_send_advert", config.IsHigherPriorityAnswered ? 1 : 0);
    }

    private static void WriteScripts(Utf8JsonWriter json, NotifyScripts scripts)
    {
        Write("script_backup", scripts.Backup);
        Write("script_master", scripts.Master);
        Write("script_fault", scripts.Fault);
        Write("script_stop", scripts.Stop);
        Write("script_deleted", scripts.Deleted);
        Write("script", scripts.Any);
        Write("script_master_rx_lower_pri", scripts.MasterHeardLower);

        void Write(string name, CommandLine? command)
        {
            if (command is not null)
            {
                json.WriteString(name, DumpSource.Quoted(command));
            }
        }
    }

    private static void WriteHeld(Utf8JsonWriter json, DumpSource source, int index)
    {
        VrrpConfig config = source.Config.Instances[index];
        bool isSet = source.HasAddresses(index);
        WriteAll(json, "vips", config.Addresses.Span.ToArray().Select(address => source.Describe(address, isSet)));
        WriteAll(json, "evips", config.ExcludedAddresses.Span.ToArray().Select(address => source.Describe(address, isSet)));
        WriteAll(json, "vroutes", config.Routes.Span.ToArray().Select(source.Describe));
        WriteAll(json, "vrules", config.Rules.Span.ToArray().Select(DumpSource.Describe));
    }

    private static void WriteTrackers(Utf8JsonWriter json, DumpSource source, VrrpConfig config)
    {
        // The own interface is tracked by itself: keepalived lists those that track_interface names.
        IEnumerable<TrackReference> links = config.TrackLinks.Span.ToArray().Where(each => each.Weight != 0 || !IsImplied(config, each.Index));
        WriteAll(json, "track_ifp", links.Select(each => source.NameOf(each.Index)));
        WriteAll(json, "track_script", config.TrackScripts.Span.ToArray().Select(each => DumpSource.Quoted(source.Config.Scripts[each.Index].Command)));
        WriteAll(json, "track_process", config.TrackProcesses.Span.ToArray().Select(each => source.Config.Processes[each.Index].Name));
    }

    private static void WriteAll(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        string[] all = [.. values];
        if (all.Length == 0)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (string value in all)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static void WriteStatistics(Utf8JsonWriter json, DumpSource source, int index)
    {
        json.WriteStartObject("stats");
        foreach (Statistic one in Statistic.Of(source, index))
        {
            json.WriteNumber(one.Key, one.Value);
        }

        json.WriteEndObject();
    }

    private static void WriteProcesses(Utf8JsonWriter json, DumpSource source)
    {
        if (source.Config.Processes.Count == 0)
        {
            return;
        }

        json.WriteStartArray("track_process");
        for (int i = 0; i < source.Config.Processes.Count; i++)
        {
            ProcessTracker tracker = source.Config.Processes[i];
            json.WriteStartObject();
            json.WriteString("process", tracker.Name);
            if (tracker.Parameters.Count > 0)
            {
                json.WriteString("parameters", string.Join(' ', tracker.Parameters));
            }

            json.WriteString("param_match", tracker.Match.ToString().ToLowerInvariant());
            json.WriteNumber("min_processes", tracker.Quorum);
            if (tracker.QuorumMax < int.MaxValue)
            {
                json.WriteNumber("max_processes", tracker.QuorumMax);
            }

            json.WriteNumber("current_processes", source.State.Processes[i].Count);
            json.WriteBoolean("have_quorum", source.State.Processes[i].IsGood);
            json.WriteNumber("weight", 0);
            json.WriteNumber("terminate_delay", tracker.TerminateDelay.TotalSeconds);
            json.WriteNumber("fork_delay", tracker.ForkDelay.TotalSeconds);
            bool isChanging = !source.State.Processes[i].ChangeAt.IsNever;
            json.WriteBoolean("fork_delay_timer_running", isChanging);
            json.WriteBoolean("terminate_delay_timer_running", isChanging);
            json.WriteBoolean("full_command", tracker.IsFullCommand);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static bool TracksOwnLink(VrrpConfig config) => config.TrackLinks.Span.ToArray().Any(each => each.Index == config.Link);

    private static bool IsImplied(VrrpConfig config, int link) =>
        config.IsOwnLink(link)
        || config.Addresses.Span.ToArray().Concat(config.ExcludedAddresses.Span.ToArray()).Any(address => address.Link == link)
        || config.Routes.Span.ToArray().Any(route => route.Link == link);
}
