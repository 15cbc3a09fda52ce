using FenceFirst.Core.Timeline;

namespace FenceFirst.Sim;

/// <summary>A line of the timeline of a simulation.</summary>
/// <param name="At">Nanoseconds from the beginning of the scenario; below zero = before it.</param>
/// <param name="Node">Whose line; -1 = the scenario's.</param>
/// <param name="Source">Who says it: the daemon's log, somebody who looks on, or the scenario.</param>
/// <param name="Level">How much attention it deserves.</param>
/// <param name="Kind">Short machine-readable name of what happened.</param>
/// <param name="Text">The line.</param>
internal sealed record TimelineLine(long At, int Node, LineSource Source, TimelineLevel Level, string Kind, string Text);

/// <summary>Who says a line.</summary>
internal enum LineSource : byte
{
    /// <summary>A daemon, in the words of its log.</summary>
    Log = 0,

    /// <summary>Somebody who looks at the machines from outside.</summary>
    Outside,

    /// <summary>The scenario.</summary>
    Scenario,
}

/// <summary>Collects the timeline: what the daemons log, in their own words, and what happens to the machines.</summary>
internal sealed class ScenarioTimeline(Cast cast) : Checker(cast, "timeline")
{
    private readonly List<TimelineLine> _lines = [];
    private readonly NoiseFilter[] _filters = [.. cast.Nodes.Select(_ => new NoiseFilter())];

    /// <summary>Nanoseconds of the world that are the beginning.</summary>
    public long Zero { get; set; }

    /// <summary>All lines in their order.</summary>
    public IReadOnlyList<TimelineLine> Lines => _lines;

    /// <inheritdoc/>
    public override bool ReadsJournal => true;

    /// <inheritdoc/>
    public override bool Wants(SightingKind kind) => kind is SightingKind.PowerOn or SightingKind.PowerOff or SightingKind.DaemonStarted or SightingKind.DaemonEnded
        or SightingKind.Halted or SightingKind.Resumed or SightingKind.Removed or SightingKind.LinkChanged or SightingKind.Healed;

    /// <summary>The scenario did something, before the line with this index.</summary>
    public void Act(int before, long at, string text) => _lines.Insert(before, new TimelineLine(at, -1, LineSource.Scenario, TimelineLevel.Notice, "Scenario", text));

    /// <inheritdoc/>
    public override void Read(int node, in TimelineEntry entry, long at, long clock)
    {
        if (_filters[node].MayWrite(entry, at / Nano.Millisecond, out long suppressed))
        {
            _lines.Add(new TimelineLine(
                at, node, LineSource.Log, TimelineText.LevelOf(entry), entry.Kind.ToString(), TimelineText.Describe(Cast.Nodes[node], entry) + NoiseFilter.Words(suppressed)));
        }
    }

    /// <inheritdoc/>
    public override void See(in Sighting sighting)
    {
        string text = sighting.Kind switch
        {
            SightingKind.PowerOn => "power on",
            SightingKind.PowerOff => sighting.By < 0 ? "POWER OFF" : $"POWER OFF, fenced by {SimCluster.NameOf(sighting.By)}",
            SightingKind.DaemonStarted => "the daemon starts",
            SightingKind.DaemonEnded => sighting.Number == 1 ? "the daemon has ended" : "THE DAEMON DIES",
            SightingKind.Halted => sighting.Number == 1 ? "THE MACHINE STANDS STILL" : "THE DAEMON DOES NOT RUN",
            SightingKind.Resumed => "it runs again",
            SightingKind.Removed when sighting.Thing == Thing.Addresses && (RemovalCause)sighting.Number == RemovalCause.Lease =>
                $"the kernel removes the addresses of {Cast.Nodes[sighting.Node].Instances[sighting.Instance].Name}: their lease is over",
            SightingKind.Removed when sighting.Thing == Thing.Addresses && (RemovalCause)sighting.Number == RemovalCause.Sweep =>
                $"the new daemon removes the addresses of {Cast.Nodes[sighting.Node].Instances[sighting.Instance].Name} that its earlier life has left",
            SightingKind.LinkChanged => sighting.Number == 1 ? "link up" : "LINK DOWN",
            SightingKind.Healed => "from now on nothing goes wrong any more",
            _ => "",
        };
        if (text.Length > 0)
        {
            bool isAll = sighting.Kind == SightingKind.Healed;
            _lines.Add(new TimelineLine(
                sighting.At, isAll ? -1 : sighting.Node, isAll ? LineSource.Scenario : LineSource.Outside, TimelineLevel.Notice, sighting.Kind.ToString(), text));
        }
    }
}
