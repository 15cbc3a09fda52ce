using System.Text;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;

namespace FenceFirst.Sim;

/// <summary>The story of a run as text: what was seen from outside, and the nodes' own journals in the words of the log.</summary>
internal sealed class Transcript(NodeConfig[] nodes)
{
    private readonly List<(long At, string Text)> _lines = [];

    /// <summary>All lines.</summary>
    public string All => Last(int.MaxValue);

    /// <summary>The last lines.</summary>
    public string Last(int count)
    {
        StringBuilder text = new();
        foreach ((long at, string line) in _lines.Skip(Math.Max(0, _lines.Count - count)))
        {
            text.Append(Nano.Text(at).PadLeft(10)).Append(' ').Append(line).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>One line.</summary>
    public void Write(long at, string line) => _lines.Add((at, line));

    /// <summary>A line for an entry.</summary>
    public void Read(int node, in TimelineEntry entry, long at) => Write(at, $"{SimCluster.NameOf(node)}   {TimelineText.Describe(nodes[node], entry)}");

    /// <summary>A line for a sighting.</summary>
    public void See(in Sighting seen)
    {
        string text = Describe(seen);
        if (text.Length > 0)
        {
            Write(seen.At, seen.Kind == SightingKind.Healed ? text : $"{SimCluster.NameOf(seen.Node)} * {text}");
        }
    }

    private static string Describe(in Sighting seen) => seen.Kind switch
    {
        SightingKind.PowerOn => "power on",
        SightingKind.PowerOff => seen.By < 0 ? "POWER OFF" : $"POWER OFF, fenced by {SimCluster.NameOf(seen.By)}",
        SightingKind.DaemonStarted => "daemon starts",
        SightingKind.MemoryLost => "what the last life knew was not all on the disk",
        SightingKind.DaemonEnded => seen.Number == 1 ? "daemon ends" : "DAEMON DIES",
        SightingKind.Halted => (seen.Number == 1 ? "machine stands still" : "daemon does not run") + (seen.Attempt == 1 ? ", between two effects" : ""),
        SightingKind.Resumed => "runs again",
        SightingKind.TurnEnded => "",
        SightingKind.Added => $"kernel: {seen.Thing} of {seen.Instance} ADDED",
        SightingKind.Removed => $"kernel: {seen.Thing} of {seen.Instance} removed ({(RemovalCause)seen.Number})",
        SightingKind.Refreshed => seen.Number == 1 ? $"kernel: lifetime of {seen.Instance} renewed" : "",
        SightingKind.Refused => $"kernel: refuses to {(seen.Number == 1 ? "add" : "remove")} {seen.Thing} of {seen.Instance}",
        SightingKind.AdvertSent => $"advert {seen.Number} for {seen.Instance}",
        SightingKind.AdvertHeard => "",
        SightingKind.Announced => $"announces the addresses of {seen.Instance}",
        SightingKind.ProbeStarted => $"asks the link for the addresses of {seen.Instance} ({seen.Attempt})",
        SightingKind.ProbeEnded => $"the link says: {(seen.Number == 1 ? "nobody" : "in use")} ({seen.Attempt})",
        SightingKind.StepStarted => $"{(seen.IsDemotion ? "demotion" : "promotion")} step {seen.Number} of {seen.Instance} starts ({seen.Attempt})",
        SightingKind.StepEnded => $"{(seen.IsDemotion ? "demotion" : "promotion")} step {seen.Number} of {seen.Instance} {TimelineText.Outcome(seen.Outcome)} ({seen.Attempt})",
        SightingKind.LeftoverEnded => $"what an earlier life of the daemon had started for attempt {seen.Attempt} ends",
        SightingKind.Notified => $"notify {(Notification)seen.Number} of {seen.Instance}",
        SightingKind.GroupNotified => $"notify {(Notification)seen.Number} of group {seen.Instance}",
        SightingKind.Confirmed => $"operator: {SimCluster.NameOf(seen.By)} is down{(seen.Number == 1 ? "" : " (which is not true)")}",
        SightingKind.WallClockSet => "somebody sets its wall clock",
        SightingKind.Maintained => $"operator: maintenance of {(seen.Attempt == 1 ? seen.Instance : "the node")} {(seen.Number == 0 ? "ends" : $"begins for {seen.Number} s")}",
        SightingKind.Retried => "operator: retry",
        SightingKind.LinkChanged => (seen.Number == 1 ? "link up" : "LINK DOWN") + (seen.Attempt == 1 ? "" : $" (links {seen.Attempt:b})"),
        SightingKind.Healed => "----- no more faults -----",
    };
}
