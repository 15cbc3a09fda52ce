using System.Text.Json;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;
using FenceFirst.Daemon.Links;
using FenceFirst.Daemon.Notify;
using FenceFirst.Daemon.Packets;
using FenceFirst.Linux.Native;

namespace FenceFirst.Daemon.Operator;

/// <summary>Writes how everything is as JSON: the true phases, what is held, what is under way, what failed, what was counted.</summary>
internal sealed class StatusReport(EventLoop loop, EffectRunner runner, LinkTable links, PhaseTimes times, Utf8JsonWriter json)
{
    private static readonly DecodeError[] Reasons = Enum.GetValues<DecodeError>();

    private readonly NodeConfig _config = loop.Config;
    private readonly NodeState _state = loop.State;
    private readonly MonotonicInstant _now = MonotonicClock.Now;
    private readonly DateTimeOffset _wallNow = MonotonicClock.WallNow;

    /// <summary>The members of the answer.</summary>
    /// <param name="only">Index of the one instance that is wanted; -1 = everything.</param>
    public void Write(int only)
    {
        json.WriteString("node", _config.RouterId);
        json.WriteString("program", ProgramVersion.Text);
        json.WriteNumber("pid", Environment.ProcessId);
        json.WriteString("now", _wallNow);
        WriteMaintenance(_state.MaintenanceUntil);
        WriteReload();
        json.WriteStartArray("instances");
        ReadOnlySpan<PacketCounters> counters = loop.Transport.Counters;
        for (int i = 0; i < _config.Instances.Count; i++)
        {
            if (only >= 0 && only != i)
            {
                continue;
            }

            json.WriteStartObject();
            WriteInstance(i);
            WriteAddresses(i);
            WriteCounters(counters[i]);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteGroups();
        WriteScripts();
        runner.Checks.Write(json, Wall);
    }

    private void WriteInstance(int index)
    {
        VrrpConfig instance = _config.Instances[index];
        ref readonly VrrpState one = ref _state.Instances[index];

        // The steps of a sync group, and their failures, are its leader's: whoever asks about another member wants to know of them as well.
        ref readonly VrrpState leader = ref _state.Instances[_config.Together(index)[0]];
        json.WriteString("name", instance.Name);
        json.WriteString("group", _config.GroupNameOf(instance));
        json.WriteNumber("vrid", instance.Vrid);
        json.WriteString("interface", instance.Link >= 0 ? _config.Links[instance.Link] : "");
        json.WriteString("phase", one.Phase.ToString());
        json.WriteString("since", times.Since(instance.Name));
        json.WriteNumber("priority", one.Priority);
        json.WriteNumber("base_priority", instance.BasePriority);
        bool isFault = one.Phase == VrrpPhase.Fault;
        json.WriteString("fault", isFault ? TimelineText.DescribeFaults(_config, index, one.Faults) : "");
        bool isMaster = one.Phase == VrrpPhase.Master;
        InternetAddress master = isMaster ? one.Source : one.Master;
        json.WriteString("master", master.ToString());
        json.WriteNumber("master_priority", isMaster ? one.Priority : one.MasterPriority);
        json.WriteNumber("failed_promotions", leader.FailedPromotions);
        bool isWaiting = leader.FailedPromotions > 0 && _now < leader.RetryAt && one.Phase is VrrpPhase.Backup or VrrpPhase.Fault;
        json.WriteBoolean("failed", isFault || isWaiting || one.IsPromotionHeldBack || one.IsRemovalDoubtful);
        WriteMaintenance(one.MaintenanceUntil);
        json.WriteBoolean("held_back", one.IsPromotionHeldBack);
        json.WriteBoolean("fences", instance.Promotion is { HasFence: true, IsReleaseEnough: false });
        if (isWaiting && !leader.Faults.HasFlag(FaultCauses.Promotion))
        {
            json.WriteString("next_try", Wall(leader.RetryAt));
        }

        if (one.Phase is VrrpPhase.Promoting or VrrpPhase.Demoting && leader.Phase == one.Phase)
        {
            WriteStep(instance, leader);
        }

        if (one.Handover.Number != 0)
        {
            json.WriteStartObject("handover");
            json.WriteString("by", one.Handover.By.ToString());
            if (!one.Handover.Until.IsNever)
            {
                json.WriteString("until", Wall(one.Handover.Until));
            }

            json.WriteEndObject();
        }
    }

    /// <summary>Nothing when there is none; without an end when only an operator ends it.</summary>
    private void WriteMaintenance(MonotonicInstant until)
    {
        if (_now < until)
        {
            json.WriteStartObject("maintenance");
            if (!until.IsNever)
            {
                json.WriteString("until", Wall(until));
            }

            json.WriteEndObject();
        }
    }

    private void WriteReload()
    {
        if (loop.Reload.Last is { } reload)
        {
            json.WriteStartObject("last_reload");
            json.WriteString("at", reload.At);
            json.WriteBoolean("accepted", reload.IsAccepted);
            json.WriteString("text", reload.Text);
            json.WriteEndObject();
        }
    }

    /// <summary>What the kernel has of the addresses, and how long it keeps them without the daemon (vip_lease).</summary>
    private void WriteAddresses(int index)
    {
        json.WriteStartArray("addresses");
        foreach (VirtualAddress address in links.PresentOf(index))
        {
            json.WriteStringValue(address.ToString());
        }

        json.WriteEndArray();
        int lease = _config.Instances[index].LeaseSeconds;
        if (lease == 0)
        {
            return;
        }

        json.WriteStartObject("lease");
        json.WriteNumber("seconds", lease);
        MonotonicInstant renewedAt = runner.RenewedAt(index);
        if (_state.Instances[index].Phase == VrrpPhase.Master && renewedAt != MonotonicInstant.Zero)
        {
            TimeSpan ago = _now - renewedAt;
            json.WriteNumber("renewed_seconds_ago", Math.Round(ago.TotalSeconds, 3));
            json.WriteNumber("left_seconds", Math.Round(Math.Max(0, lease - ago.TotalSeconds), 3));
        }

        json.WriteEndObject();
    }

    private void WriteStep(VrrpConfig instance, in VrrpState one)
    {
        EquatableArray<PromotionStep> steps =
            (one.Phase == VrrpPhase.Demoting ? instance.Demotion?.Steps : instance.Promotion?.Steps) ?? default;
        if (one.Steps.Index >= steps.Count)
        {
            return;
        }

        PromotionStep whole = steps[one.Steps.Index];
        PromotionStep step = whole.Device(one.Steps.Level, one.Steps.Device);
        json.WriteStartObject("step");
        json.WriteString("kind", step.Kind.ToString());
        json.WriteString("name", step.Name);
        if (!whole.Levels.IsEmpty)
        {
            json.WriteString("fence", whole.Name);
            json.WriteNumber("level", one.Steps.Level + 1);
            json.WriteNumber("levels", whole.LevelCount());
        }

        json.WriteNumber("number", one.Steps.Index + 1);
        json.WriteNumber("of", steps.Count);
        bool isRunning = one.Steps.Attempt != 0;
        json.WriteString("doing", Doing(one.Steps));
        if (isRunning)
        {
            json.WriteNumber("attempt", one.Steps.Attempt);
            json.WriteString("since", Wall(one.Steps.StartedAt));
        }

        json.WriteNumber("try", Math.Max(1, isRunning ? one.Steps.Tries : one.Steps.Tries + 1));
        json.WriteNumber("tries", step.Attempts);
        if (!one.Steps.DeadlineAt.IsNever)
        {
            json.WriteString("until", Wall(one.Steps.DeadlineAt));
        }

        json.WriteEndObject();
    }

    private static string Doing(in StepProgress steps) =>
        steps.IsAwaitingRelease ? "waits for the living master to release"
        : steps.IsQueued ? "waits for another fence of the same target, or for what an earlier run of the daemon has started"
        : steps.Attempt == 0 ? "waits"
        : steps.IsTimedOut ? "timed out, is being killed"
        : steps.IsQuitting ? "runs, is awaited before the promotion ends"
        : "runs";

    private void WriteCounters(PacketCounters counters)
    {
        json.WriteStartObject("packets");
        json.WriteNumber("sent", counters.Sent);
        json.WriteNumber("send_errors", counters.SendErrors);
        json.WriteNumber("releases_sent", counters.ReleasesSent);
        json.WriteNumber("received", counters.Received);
        json.WriteNumber("releases_received", counters.ReleasesReceived);
        json.WriteNumber("other_address_list", counters.AddressListDifferences);
        json.WriteStartObject("refused");
        foreach (DecodeError reason in Reasons)
        {
            if (counters.Refused(reason) > 0)
            {
                json.WriteNumber(reason.ToString(), counters.Refused(reason));
            }
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Sync groups: the state that all members have reached last, and who they are.</summary>
    private void WriteGroups()
    {
        json.WriteStartArray("groups");
        for (int i = 0; i < _config.Groups.Count; i++)
        {
            json.WriteStartObject();
            json.WriteString("name", _config.Groups[i].Name);
            json.WriteString("state", _state.Groups[i].Told is { } told ? Notifications.Word(told) : "");
            json.WriteStartArray("members");
            foreach (int member in _config.Groups[i].Members)
            {
                json.WriteStringValue(_config.Instances[member].Name);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void WriteScripts()
    {
        json.WriteStartArray("scripts");
        for (int i = 0; i < _config.Scripts.Count; i++)
        {
            json.WriteStartObject();
            json.WriteString("name", _config.Scripts[i].Name);
            json.WriteString("result", !_state.Scripts[i].IsKnown ? "not known yet" : _state.Scripts[i].IsGood ? "good" : "failed");
            json.WriteBoolean("running", _state.Scripts[i].Attempt != 0);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private DateTimeOffset Wall(MonotonicInstant instant)
    {
        TimeSpan ahead = instant - _now;
        return ahead < TimeSpan.FromDays(-3650) || ahead > TimeSpan.FromDays(3650) ? _wallNow : _wallNow + ahead;
    }
}
