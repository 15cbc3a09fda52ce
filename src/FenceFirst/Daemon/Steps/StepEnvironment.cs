using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Daemon.Notify;

namespace FenceFirst.Daemon.Steps;

/// <summary>The environment of scripts: the daemon's own plus what they are told about the event. Never a secret.</summary>
internal sealed class StepEnvironment
{
    /// <summary>Names one attempt for good, so that a later life of the daemon finds its program.</summary>
    public const string RunVariable = "FENCEFIRST_RUN";

    private readonly string[] _inherited;

    /// <summary>Takes the daemon's environment once; what could change the program that is run is left out.</summary>
    public StepEnvironment()
    {
        List<string> inherited = [];
        foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            string name = (string)entry.Key;
            if (name is not ("LD_PRELOAD" or "LD_LIBRARY_PATH" or "IFS" or "NOTIFY_SOCKET" or "WATCHDOG_USEC" or "WATCHDOG_PID")
                && !name.StartsWith("FENCEFIRST_", StringComparison.Ordinal)
                && !name.StartsWith("DOTNET_", StringComparison.Ordinal))
            {
                inherited.Add($"{name}={entry.Value}");
            }
        }

        inherited.Sort(StringComparer.Ordinal);
        _inherited = [.. inherited];
    }

    /// <summary>For check scripts: nothing is added.</summary>
    public string[] Plain => _inherited;

    /// <summary>For promotion and demotion steps.</summary>
    public string[] ForStep(VrrpConfig config, string group, in VrrpState state, PromotionStep step, uint attempt) =>
    [
        .. _inherited,
        $"FENCEFIRST_INSTANCE={config.Name}",
        $"FENCEFIRST_GROUP={group}",
        $"FENCEFIRST_STATE={(state.Phase == VrrpPhase.Demoting ? "DEMOTING" : "PROMOTING")}",
        $"FENCEFIRST_PRIORITY={state.Priority}",
        $"FENCEFIRST_ATTEMPT={attempt}",
        $"FENCEFIRST_TRY={state.Steps.Tries}",
        $"FENCEFIRST_REASON={(state.Phase == VrrpPhase.Demoting ? LeaveReason(state) : TimelineText.Reason(state.Steps.Reason))}",
        $"FENCEFIRST_OLD_MASTER={state.Steps.OldMaster}",
        $"FENCEFIRST_TARGETS={string.Join(' ', (IEnumerable<InternetAddress>)step.Targets)}",
        $"FENCEFIRST_EPOCH={state.Steps.Epoch}",
        .. step.Kind == StepKind.Fence ? [$"FENCEFIRST_DEVICE={step.Name}", $"FENCEFIRST_LEVEL={state.Steps.Level + 1}"] : (ReadOnlySpan<string>)[],
    ];

    /// <summary>Why Master is left, as things stand when the step starts.</summary>
    internal static string LeaveReason(in VrrpState state) =>
        state.IsStopping ? "stop"
        : state.Handover.Number != 0 ? "operator"
        : state.Transition == Transition.Yield ? "yield"
        : state.Faults == FaultCauses.None || state.Faults == FaultCauses.Promotion ? "refused"
        : "fault";

    /// <summary>For a fence device outside of any promotion.</summary>
    public string[] ForDevice(FenceDeviceConfig device) =>
    [
        .. _inherited,
        "FENCEFIRST_INSTANCE=",
        "FENCEFIRST_GROUP=",
        "FENCEFIRST_STATE=TEST",
        "FENCEFIRST_TRY=1",
        $"FENCEFIRST_REASON={TimelineText.Reason(PromotionReason.Operator)}",
        "FENCEFIRST_OLD_MASTER=",
        $"FENCEFIRST_TARGETS={string.Join(' ', (IEnumerable<InternetAddress>)device.Step.Targets)}",
    ];

    /// <summary>For notify scripts.</summary>
    /// <param name="instance">Name of the instance; empty when it is about a sync group.</param>
    /// <param name="group">Name of the sync group, that of the instance or the one it is about; empty = none.</param>
    /// <param name="notification">What has happened.</param>
    /// <param name="priority">Effective priority.</param>
    /// <param name="epoch">Number of the last promotion.</param>
    /// <param name="generation">Number of this notification: greater than that of every earlier one of this node, over restarts too.</param>
    public string[] ForNotification(string instance, string group, Notification notification, byte priority, ulong epoch, ulong generation) =>
    [
        .. _inherited,
        $"FENCEFIRST_INSTANCE={instance}",
        $"FENCEFIRST_GROUP={group}",
        $"FENCEFIRST_STATE={Notifications.Word(notification)}",
        $"FENCEFIRST_PRIORITY={priority}",
        $"FENCEFIRST_EPOCH={epoch}",
        $"FENCEFIRST_GENERATION={generation}",
    ];
}
