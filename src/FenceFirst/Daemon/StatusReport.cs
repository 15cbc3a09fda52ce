using System.Text.Json;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;
using FenceFirst.Linux;

namespace FenceFirst.Daemon;

/// <summary>Writes how everything is as JSON: the true phases, what is held, what is under way, what failed, what was counted.</summary>
internal readonly ref struct StatusReport(NodeConfig config, NodeState state, MonotonicInstant now, Utf8JsonWriter json)
{
    private static readonly DecodeError[] Reasons = Enum.GetValues<DecodeError>();

    private readonly DateTimeOffset _wallNow = MonotonicClock.WallNow;

    /// <summary>The members of the answer.</summary>
    /// <param name="links">What the kernel has on the interfaces.</param>
    /// <param name="counters">Packet counters per instance.</param>
    /// <param name="times">Since when the phases are.</param>
    public void Write(LinkTable links, ReadOnlySpan<PacketCounters> counters, PhaseTimes times)
    {
        json.WriteString("node", config.RouterId);
        json.WriteString("program", ProgramVersion.Text);
        json.WriteNumber("pid", Environment.ProcessId);
        json.WriteString("now", _wallNow);
        json.WriteStartArray("instances");
        for (int i = 0; i < config.Instances.Count; i++)
        {
            json.WriteStartObject();
            WriteInstance(i, times);
            json.WriteStartArray("addresses");
            foreach (VirtualAddress address in links.PresentOf(i))
            {
                json.WriteStringValue(address.ToString());
            }

            json.WriteEndArray();
            WriteCounters(counters[i]);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteScripts();
    }

    private void WriteInstance(int index, PhaseTimes times)
    {
        VrrpConfig instance = config.Instances[index];
        ref readonly VrrpState one = ref state.Instances[index];
        json.WriteString("name", instance.Name);
        json.WriteNumber("vrid", instance.Vrid);
        json.WriteString("interface", instance.Link >= 0 ? config.Links[instance.Link] : "");
        json.WriteString("phase", one.Phase.ToString());
        json.WriteString("since", times.Since(instance.Name));
        json.WriteNumber("priority", one.Priority);
        json.WriteNumber("base_priority", instance.BasePriority);
        bool isFault = one.Phase == VrrpPhase.Fault;
        json.WriteString("fault", isFault ? TimelineText.DescribeFaults(config, index, one.Faults) : "");
        bool isMaster = one.Phase == VrrpPhase.Master;
        InternetAddress master = isMaster ? one.Source : one.Master;
        json.WriteString("master", master.ToString());
        json.WriteNumber("master_priority", isMaster ? one.Priority : one.MasterPriority);
        json.WriteNumber("failed_promotions", one.FailedPromotions);
        bool isWaiting = one.FailedPromotions > 0 && now < one.RetryAt && one.Phase is VrrpPhase.Backup or VrrpPhase.Fault;
        json.WriteBoolean("failed", isFault || isWaiting);
        if (isWaiting && !one.Faults.HasFlag(FaultCauses.Promotion))
        {
            json.WriteString("next_try", Wall(one.RetryAt));
        }

        if (one.Phase is VrrpPhase.Promoting or VrrpPhase.Demoting)
        {
            WriteStep(instance, one);
        }
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
        : steps.IsQueued ? "waits for another instance's fence of the same target"
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

    private void WriteScripts()
    {
        json.WriteStartArray("scripts");
        for (int i = 0; i < config.Scripts.Count; i++)
        {
            json.WriteStartObject();
            json.WriteString("name", config.Scripts[i].Name);
            json.WriteString("result", !state.Scripts[i].IsKnown ? "not known yet" : state.Scripts[i].IsGood ? "good" : "failed");
            json.WriteBoolean("running", state.Scripts[i].Attempt != 0);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private DateTimeOffset Wall(MonotonicInstant instant)
    {
        TimeSpan ahead = instant - now;
        return ahead < TimeSpan.FromDays(-3650) || ahead > TimeSpan.FromDays(3650) ? _wallNow : _wallNow + ahead;
    }
}
