using FenceFirst.Config;
using FenceFirst.Config.Binding;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Recording;
using FenceFirst.Simulate;

namespace FenceFirst.Sim.Tests;

/// <summary>A host that lets a node live for a while and records it as the daemon does.</summary>
internal sealed class Tape
{
    private readonly List<byte> _bytes = [.. RecordFrame.Magic];
    private readonly Queue<NodeEvent> _queue = new();
    private readonly EffectBuffer _effects = new();
    private readonly NodeConfig _config;
    private readonly NodeState _state;
    private readonly SortedDictionary<int, MonotonicInstant> _timers = [];
    private readonly byte[] _scratch = new byte[256 * 1024];
    private uint _frames;
    private MonotonicInstant _now = new(1_000_000_000_000);

    /// <summary>Node a of the shipped pair, alone: silence, a promotion, mastership.</summary>
    public Tape(string? version = null, uint? vocabulary = null)
    {
        FactsRecord facts = new(Play.Pair().Facts(), 42);
        _config = ConfigLoader.Load("/a.conf", null, facts.Facts).Config!; // The shipped file is good.
        _state = new NodeState(_config, 1_000_000, 99);
        RecordWriter header = new(_scratch);
        header.Text(version ?? ProgramVersion.Number);
        header.Unsigned(vocabulary ?? EventCodec.Vocabulary());
        header.Text("2026-01-01T00:00:00Z");
        header.Unsigned(1_000_000);
        header.Unsigned(99);
        Append(FrameKind.Header, header.Written);
        RecordWriter configuration = new(_scratch);
        configuration.Text(facts.Text("/a.conf", null));
        Append(FrameKind.Configuration, configuration.Written);
        RecordWriter memory = new(_scratch);
        memory.Signed(_now.Nanoseconds);
        EventCodec.Write(ref memory, NodeMemory.Empty);
        Append(FrameKind.Memory, memory.Written);
        NodeRecall.Apply(_config, _state, NodeMemory.Empty, _now, _effects);
        Effects();
    }

    /// <summary>The record so far.</summary>
    public byte[] Bytes => [.. _bytes];

    /// <summary>Where the frames begin, of every event.</summary>
    public List<int> EventsAt { get; } = [];

    /// <summary>Lets so many timers fire.</summary>
    public Tape Live(int timers)
    {
        _queue.Enqueue(NodeEvent.LinkChanged(0, isUp: true));
        _queue.Enqueue(NodeEvent.SourceChanged(0, InternetAddress.Parse("192.168.10.1")));
        _queue.Enqueue(NodeEvent.Started());
        Drain();
        for (int i = 0; i < timers; i++)
        {
            int timer = _timers.Where(each => !each.Value.IsNever).MinBy(each => each.Value.Nanoseconds).Key;
            _now = MonotonicInstant.Later(_now, _timers[timer]);
            _timers[timer] = MonotonicInstant.Never;
            _queue.Enqueue(NodeEvent.DeadlineReached(timer));
            Drain();
        }

        return this;
    }

    /// <summary>The end of a daemon that ended in order.</summary>
    public Tape End()
    {
        Append(FrameKind.End, "the daemon ended"u8);
        return this;
    }

    /// <summary>Runs <c>simulate --replay</c> on bytes.</summary>
    public static (int Status, string Output, string Error) Replay(byte[] bytes, bool isJson = false)
    {
        StringWriter output = new();
        StringWriter error = new();
        int status = ReplayVerb.Run("record", bytes, isDetailed: false, isJson, output, error);
        return (status, output.ToString(), error.ToString());
    }

    private void Drain()
    {
        while (_queue.TryDequeue(out NodeEvent happened))
        {
            EventsAt.Add(_bytes.Count);
            RecordWriter writer = new(_scratch);
            writer.Signed(_now.Nanoseconds);
            EventCodec.Write(ref writer, happened);
            Append(FrameKind.Event, writer.Written);
            _effects.Clear();
            NodeMachine.Step(_config, _state, happened, _now, _effects);
            Effects();
            Obey();
        }
    }

    private void Effects()
    {
        RecordWriter writer = new(_scratch);
        writer.Unsigned((ulong)_effects.Count);
        foreach (ref readonly NodeEffect effect in _effects.Span)
        {
            EventCodec.Write(ref writer, effect);
        }

        Append(FrameKind.Effects, writer.Written);
    }

    private void Obey()
    {
        foreach (ref readonly NodeEffect effect in _effects.Span)
        {
            switch (effect.Kind)
            {
                case NodeEffectKind.ArmTimer:
                    _timers[effect.Index] = effect.Deadline;
                    break;
                case NodeEffectKind.AskKernel:
                    _queue.Enqueue(NodeEvent.KernelAnswered(effect.Index, effect.Attempt, 0));
                    break;
                case NodeEffectKind.StartStep:
                    _queue.Enqueue(NodeEvent.StepEnded(effect.Index, effect.Attempt, StepOutcome.Success));
                    break;
                case NodeEffectKind.StartScript:
                    _queue.Enqueue(NodeEvent.ScriptEnded(effect.Index, effect.Attempt, StepOutcome.Success));
                    break;
                case NodeEffectKind.ProbeAddresses:
                    _queue.Enqueue(NodeEvent.AddressesProbed(effect.Index, effect.Attempt, InternetAddress.None));
                    break;
            }
        }
    }

    private void Append(FrameKind kind, ReadOnlySpan<byte> payload)
    {
        byte[] frame = new byte[payload.Length + RecordFrame.Overhead];
        RecordFrame.Write(frame, _frames++, kind, payload);
        _bytes.AddRange(frame);
    }
}
