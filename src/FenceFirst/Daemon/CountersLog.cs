using System.Text;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Daemon;

/// <summary>Writes phase and packet counters of every instance into the log, on SIGUSR1 or SIGUSR2.</summary>
internal static class CountersLog
{
    /// <summary>One line per instance; refused packets by reason, reasons that never occurred are left out.</summary>
    public static void Write(LogWriter log, NodeConfig config, NodeState state, ReadOnlySpan<PacketCounters> counters)
    {
        for (int i = 0; i < config.Instances.Count; i++)
        {
            PacketCounters one = counters[i];
            ref readonly VrrpState instance = ref state.Instances[i];
            StringBuilder text = new();
            text.Append($"({config.Instances[i].Name}) {instance.Phase}, priority {instance.Priority}");
            text.Append(instance.Master.IsNone ? "" : $", master {instance.Master}");
            text.Append($"; adverts sent {one.Sent} (priority 0: {one.ReleasesSent}, failed: {one.SendErrors}), received {one.Received} (priority 0: {one.ReleasesReceived}");
            text.Append($", other address list: {one.AddressListDifferences}); refused");
            bool isAny = false;
            foreach (DecodeError error in Enum.GetValues<DecodeError>())
            {
                if (one.Refused(error) > 0)
                {
                    text.Append($"{(isAny ? "," : "")} {error}: {one.Refused(error)}");
                    isAny = true;
                }
            }

            text.Append(isAny ? "" : " none");
            log.Write(TimelineLevel.Notice, config.Instances[i].Name, "counters", text.ToString());
        }
    }
}
