using System.Globalization;
using FenceFirst.Config;
using FenceFirst.Config.Binding;
using FenceFirst.Config.Diagnostics;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Recording;
using FenceFirst.Core.Timeline;

namespace FenceFirst.Simulate;

/// <summary>The first place where other decisions came out than the record has.</summary>
/// <param name="Number">Number of the event.</param>
/// <param name="At">When, on the clock of the node.</param>
/// <param name="Event">The event in words.</param>
/// <param name="Expected">What was recorded.</param>
/// <param name="Came">What came out now.</param>
internal sealed record Difference(int Number, MonotonicInstant At, string Event, IReadOnlyList<string> Expected, IReadOnlyList<string> Came);

/// <summary>Steps through a record: the same events into the same Core, and every decision is compared with the recorded one.</summary>
internal sealed class Replay
{
    private readonly Record _record;
    private readonly EffectBuffer _effects = new();
    private readonly NoiseFilter _filter = new();
    private readonly byte[][] _bytes = [new byte[256], new byte[256]];
    private NodeConfig? _config;
    private NodeConfig? _next;
    private NodeState? _state;
    private RecordEntry? _pending;

    private Replay(Record record) => _record = record;

    /// <summary>What the daemon logged, with the clock of the node.</summary>
    public List<(MonotonicInstant At, TimelineEntry Entry, string Text)> Lines { get; } = [];

    /// <summary>Events that were handled.</summary>
    public int Events { get; private set; }

    /// <summary>Effects that were compared.</summary>
    public long Effects { get; private set; }

    /// <summary>When the first event came, on the clock of the node.</summary>
    public MonotonicInstant Start { get; private set; } = MonotonicInstant.Never;

    /// <summary>The first difference; null = all decisions were the same.</summary>
    public Difference? Difference { get; private set; }

    /// <summary>Why it could not go on; empty = it could.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>Goes through a record to its end or to the first difference.</summary>
    public static Replay Run(Record record)
    {
        Replay replay = new(record);
        foreach (RecordEntry entry in record.Entries)
        {
            if (!replay.Take(entry) || replay.Difference is not null || replay.Problem.Length > 0)
            {
                break;
            }
        }

        return replay;
    }

    /// <summary>An effect in words.</summary>
    public static string Describe(NodeConfig config, in NodeEffect effect)
    {
        string what = effect.Kind switch
        {
            NodeEffectKind.Record => $"log: {Words(config, effect.Entry)}",
            NodeEffectKind.ArmTimer => effect.Deadline.IsNever ? "disarm the timer" : $"wake at {Seconds(effect.Deadline)}",
            NodeEffectKind.SendAdvert => $"send an advert with priority {effect.Priority}",
            NodeEffectKind.AskKernel => $"ask the kernel: {effect.Effect} (attempt {effect.Attempt})",
            NodeEffectKind.StartStep => $"start {(effect.IsDemotion ? "demotion" : "promotion")} step {effect.Step}, level {effect.Level}, device {effect.Device} (attempt {effect.Attempt})",
            NodeEffectKind.Notify => $"notify {effect.Notification}, priority {effect.Priority}",
            _ => $"{effect.Kind} (attempt {effect.Attempt}, count {effect.Count})",
        };
        return string.Create(CultureInfo.InvariantCulture, $"{what} [{effect.Index}]");
    }

    private static string Seconds(MonotonicInstant instant) => (instant.Nanoseconds / 1e9).ToString("0.000000", CultureInfo.InvariantCulture);

    private static string Words(NodeConfig config, in TimelineEntry entry)
    {
        try
        {
            return TimelineText.Describe(config, entry);
        }
        catch (Exception strange) when (strange is IndexOutOfRangeException or ArgumentException or NullReferenceException or InvalidOperationException)
        {
            // Only of an entry that no machine has made.
            return $"{entry.Kind} of {entry.Index}";
        }
    }

    private bool Take(RecordEntry entry)
    {
        if (entry.Kind != FrameKind.Effects && _pending is not null && !Compare(null))
        {
            return false;
        }

        switch (entry.Kind)
        {
            case FrameKind.Configuration:
                return TakeConfiguration(entry);
            case FrameKind.Memory when _state is not null && entry.Memory is not null:
                Start = entry.Now;
                return Step(entry, () => NodeRecall.Apply(_config!, _state, entry.Memory, entry.Now, _effects)); // A configuration is always first.
            case FrameKind.RefusedRemoval when _state is not null && entry.Kept[0] >= 0 && entry.Kept[0] < _config!.Instances.Count:
                NodeRecall.NoteRefusedRemoval(_config, _state, entry.Kept[0], entry.Effects[0].Effect, entry.Now, _effects);
                return true;
            case FrameKind.Event when _state is not null:
                Events++;
                Start = MonotonicInstant.Earlier(Start, entry.Now);
                return Step(entry, () => NodeMachine.Step(_config!, _state, entry.Event, entry.Now, _effects));
            case FrameKind.Effects when _pending is not null:
                return Compare(entry);
            case FrameKind.Reload when _state is not null && _next is not null:
                return TakeReload(entry);
            default:
                return Refuse(entry, "it has no meaning there");
        }
    }

    private bool Refuse(RecordEntry entry, string why)
    {
        Problem = string.Create(CultureInfo.InvariantCulture, $"at byte {entry.At}, after event {entry.Number}, the record cannot be replayed: {why}");
        return false;
    }

    private bool TakeConfiguration(RecordEntry entry)
    {
        if (!FactsRecord.TryRead(entry.Configuration, out MachineFacts? facts, out string path, out string? configId) || facts is null)
        {
            return Refuse(entry, "its configuration is incomplete");
        }

        (NodeConfig? config, DiagnosticBag diagnostics) = ConfigLoader.Load(path, configId, facts);
        if (config is null)
        {
            return Refuse(entry, $"its configuration is refused now:\n{DiagnosticText.Render(diagnostics)}");
        }

        if (_config is null)
        {
            _config = config;
            _state = new NodeState(config, _record.EpochBase, _record.Seed);
        }
        else
        {
            _next = config;
        }

        return true;
    }

    private bool TakeReload(RecordEntry entry)
    {
        if (entry.Kept.Length != _next!.Instances.Count || entry.Kept.Any(index => index < -1 || index >= _config!.Instances.Count)) // The caller has looked.
        {
            return Refuse(entry, "it kept instances that there are not");
        }

        _state = NodeReload.Carry(ReloadPlan.Make(_config!, _next), _state!, entry.Kept, entry.Now);
        _state.Armed.AsSpan().Fill(MonotonicInstant.Never);
        _config = _next;
        _next = null;
        _filter.Reset();
        return true;
    }

    private bool Step(RecordEntry entry, Action step)
    {
        _effects.Clear();
        try
        {
            step();
        }
        catch (Exception bug) when (bug is InvariantException or IndexOutOfRangeException or NullReferenceException or ArgumentException or InvalidOperationException or OverflowException)
        {
            return Refuse(entry, $"event {entry.Number} ({Words(entry)}) ends in {bug.GetType().Name}: {bug.Message}");
        }

        _pending = entry;
        foreach (ref readonly NodeEffect effect in _effects.Span)
        {
            if (effect.Kind == NodeEffectKind.Record && _filter.MayWrite(effect.Entry, entry.Now.Nanoseconds / 1_000_000, out long suppressed))
            {
                Lines.Add((entry.Now, effect.Entry, Words(_config!, effect.Entry) + NoiseFilter.Words(suppressed)));
            }
        }

        return true;
    }

    /// <summary>Compares what came with what was recorded; with nothing, when the record ends inside the event.</summary>
    private bool Compare(RecordEntry? recorded)
    {
        RecordEntry pending = _pending!; // The caller has looked.
        _pending = null;
        if (recorded is null)
        {
            return Refuse(pending, $"the effects of event {pending.Number} are missing");
        }

        bool isSame = recorded.Effects.Length == _effects.Count;
        for (int i = 0; isSame && i < recorded.Effects.Length; i++)
        {
            isSame = Bytes(0, recorded.Effects[i]).SequenceEqual(Bytes(1, _effects[i]));
            Effects++;
        }

        if (isSame)
        {
            return true;
        }

        List<string> came = [];
        foreach (ref readonly NodeEffect effect in _effects.Span)
        {
            came.Add(Describe(_config!, effect));
        }

        Difference = new Difference(pending.Number, pending.Now, Words(pending), [.. recorded.Effects.Select(effect => Describe(_config!, effect))], came);
        return false;
    }

    private ReadOnlySpan<byte> Bytes(int buffer, in NodeEffect effect)
    {
        RecordWriter writer = new(_bytes[buffer]);
        EventCodec.Write(ref writer, effect);
        return _bytes[buffer].AsSpan(0, writer.Count);
    }

    private static string Words(RecordEntry entry) => entry.Kind == FrameKind.Memory ? "what an earlier life had left" : Words(entry.Event);

    private static string Words(in NodeEvent happened)
    {
        string text = happened.Kind switch
        {
            NodeEventKind.AdvertReceived => $"an advert of {happened.Address} with priority {happened.Advert.Priority}",
            NodeEventKind.StepEnded or NodeEventKind.ScriptEnded => $"{happened.Kind} {happened.Attempt}: {TimelineText.Outcome(happened.Outcome)}",
            NodeEventKind.KernelAnswered => $"the kernel answered attempt {happened.Attempt} with errno {happened.Number}",
            _ => happened.Kind.ToString(),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{text} [{happened.Index}]");
    }
}
