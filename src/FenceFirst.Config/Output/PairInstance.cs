using System.Text.Json;
using FenceFirst.Core;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Vrrp;

namespace FenceFirst.Config.Output;

/// <summary>What follows from the files of two nodes for one virtual router: who is Master, when the other one notices its loss, who fences whom.</summary>
/// <param name="Node">The instance of this node.</param>
/// <param name="File">This node's file.</param>
/// <param name="Peer">The instance of the peer with the same number and family.</param>
/// <param name="PeerFile">The peer's file.</param>
/// <remarks>As JSON (docs/lints.md): the same for programs. A member may be added in any release; none is renamed or removed without another <c>version</c>.</remarks>
public sealed record PairInstance(VrrpConfig Node, string File, VrrpConfig Peer, string PeerFile)
{
    /// <summary>Whether this node is Master while both live and nothing fails; null = their priorities are equal, and whoever is first stays.</summary>
    public bool? IsNodeMaster => Node.BasePriority == Peer.BasePriority ? null : Node.BasePriority > Peer.BasePriority;

    /// <summary>After how long the one that is not Master notices the loss of the other; with equal priorities the peer.</summary>
    public TimeSpan NoticedAfter => VrrpTimers.MasterDown(Lower.Version, Lower.BasePriority, Lower.AdvertInterval, Lower.DownTimerAdverts);

    private VrrpConfig Higher => IsNodeMaster ?? true ? Node : Peer;

    private VrrpConfig Lower => IsNodeMaster ?? true ? Peer : Node;

    private string First => IsNodeMaster ?? true ? File : PeerFile;

    private string Second => IsNodeMaster ?? true ? PeerFile : File;

    /// <summary>The same in sentences.</summary>
    public IReadOnlyList<string> Sentences() => [Mastership(), Fencing(Node, File), Fencing(Peer, PeerFile)];

    /// <summary>Writes one object.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("instance", Node.Name);
        writer.WriteString("peer_instance", Peer.Name);
        writer.WriteNumber("virtual_router_id", Node.Vrid);
        writer.WriteString("family", Node.IsIPv6 ? "IPv6" : "IPv4");
        Write(writer, "master", IsNodeMaster is { } isNode ? isNode ? "node" : "peer" : null);
        writer.WriteNumber("noticed_after_seconds", NoticedAfter.TotalSeconds);
        writer.WriteBoolean("takes_back", IsNodeMaster is not null && Higher.IsPreempt);
        WriteSide(writer, "node", Node);
        WriteSide(writer, "peer", Peer);
        writer.WriteStartArray("story");
        foreach (string sentence in Sentences())
        {
            writer.WriteStringValue(sentence);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private string Mastership() => IsNodeMaster is null
        ? $"{Node.Name}: {File} and {PeerFile} have the same priority ({Node.BasePriority}): who is first stays Master; the other one notices its loss after {NoticedAfter.TotalSeconds:0.###} s"
        : $"{Node.Name}: {First} (priority {Higher.BasePriority}) is Master while both live; {Second} ({Lower.BasePriority}) notices its loss after {NoticedAfter.TotalSeconds:0.###} s; "
            + (Higher.IsPreempt ? $"{First} takes it back when it returns" : $"{First} leaves it there when it returns (nopreempt)");

    private static string Fencing(VrrpConfig who, string file)
    {
        PromotionStep[] fences = [.. Fences(who)];
        return fences.Length == 0
            ? $"{who.Name}: {file} fences nobody"
            : $"{who.Name}: {file} fences {string.Join(", ", fences.SelectMany(step => step.Targets.Select(target => $"{target} by {step.Name}")))} before it takes the addresses";
    }

    /// <summary>The fences of a promotion, in order.</summary>
    internal static IEnumerable<PromotionStep> Fences(VrrpConfig who) => who.Promotion?.Steps.Where(step => step.Kind == StepKind.Fence) ?? [];

    private static void WriteSide(Utf8JsonWriter writer, string name, VrrpConfig who)
    {
        writer.WriteStartObject(name);
        writer.WriteNumber("priority", who.BasePriority);
        writer.WriteBoolean("preempt", who.IsPreempt);
        Write(writer, "source", who.Source.IsNone ? null : who.Source.ToString());
        writer.WriteBoolean("promotion", who.Promotion is not null);
        writer.WriteStartArray("fences");
        foreach (PromotionStep step in Fences(who))
        {
            foreach (InternetAddress target in step.Targets)
            {
                PromotionStep device = step.Device(0, 0);
                writer.WriteStartObject();
                writer.WriteString("target", target.ToString());
                writer.WriteString("by", step.Name);
                writer.WriteNumber("delay_seconds", device.DelayFor(who.BasePriority).TotalSeconds);
                writer.WriteNumber("delay_random_seconds", device.RandomDelay.TotalSeconds);
                writer.WriteEndObject();
            }
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, string name, string? text)
    {
        if (text is null)
        {
            writer.WriteNull(name);
        }
        else
        {
            writer.WriteString(name, text);
        }
    }
}
