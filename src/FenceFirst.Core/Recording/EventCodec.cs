using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Vrrp;
using FenceFirst.Core.Wire;

namespace FenceFirst.Core.Recording;

/// <summary>Events, effects and what a node remembers as bytes, for records of a daemon (docs/simulate.md). Ours.</summary>
/// <remarks>
/// A value is the bits of the parts that are not zero, then those parts in the order of their bits. Two equal values have equal bytes, so that comparing
/// the bytes of effects compares decisions. The bytes are understood by the same version only: <see cref="Vocabulary"/> tells.
/// </remarks>
public static class EventCodec
{
    /// <summary>A number for all the names that the bytes stand for: two programs with the same one understand each other's records.</summary>
    public static uint Vocabulary()
    {
        uint hash = 2166136261;
        Mix<NodeEventKind>(ref hash);
        Mix<NodeEffectKind>(ref hash);
        Mix<TimelineKind>(ref hash);
        Mix<StepOutcomeKind>(ref hash);
        Mix<PromotionReason>(ref hash);
        Mix<DecodeError>(ref hash);
        Mix<SideEffect>(ref hash);
        Mix<VrrpPhase>(ref hash);
        Mix<Notification>(ref hash);
        Mix<StepKind>(ref hash);
        return hash;
    }

    /// <summary>Writes an event.</summary>
    public static void Write(ref RecordWriter writer, in NodeEvent value)
    {
        Parts parts = default;
        parts.Add(0, value.Advert != default);
        parts.Add(1, !value.Address.IsNone);
        parts.Add(2, value.Attempt != 0);
        parts.Add(3, value.Outcome != default);
        parts.Add(4, value.Number != 0);
        parts.Add(5, value.Station != 0);
        parts.Add(6, value.Error != DecodeError.None);
        parts.Add(7, value.Duration != TimeSpan.Zero);
        parts.Add(8, value.Until != MonotonicInstant.Zero);
        parts.Add(9, !value.Targets.IsEmpty);
        writer.Byte((byte)value.Kind);
        writer.Signed(value.Index);
        writer.Unsigned(parts.Bits);
        if (parts.Has(0))
        {
            writer.Advert(value.Advert);
        }

        if (parts.Has(1))
        {
            writer.Address(value.Address);
        }

        Put(ref writer, parts.Has(2), value.Attempt);
        if (parts.Has(3))
        {
            Put(ref writer, value.Outcome);
        }

        Put(ref writer, parts.Has(4), value.Number);
        if (parts.Has(5))
        {
            writer.Unsigned(value.Station);
        }

        if (parts.Has(6))
        {
            writer.Byte((byte)value.Error);
        }

        Put(ref writer, parts.Has(7), value.Duration.Ticks);
        Put(ref writer, parts.Has(8), value.Until.Nanoseconds);
        if (parts.Has(9))
        {
            writer.Addresses(value.Targets);
        }
    }

    /// <summary>Reads an event; the reader says whether it is good.</summary>
    public static NodeEvent ReadEvent(ref RecordReader reader)
    {
        NodeEventKind kind = reader.Member<NodeEventKind>();
        int index = reader.Number();
        Parts parts = new(reader.Unsigned());
        return NodeEvent.Restore(
            kind,
            index,
            parts.Has(0) ? reader.Advert() : default,
            parts.Has(1) ? reader.Address() : default,
            parts.Has(2) ? (uint)reader.Signed() : 0,
            parts.Has(3) ? ReadOutcome(ref reader) : default,
            parts.Has(4) ? reader.Number() : 0,
            parts.Has(5) ? reader.Unsigned() : 0,
            parts.Has(6) ? reader.Member<DecodeError>() : DecodeError.None,
            parts.Has(7) ? new TimeSpan(reader.Signed()) : TimeSpan.Zero,
            parts.Has(8) ? new MonotonicInstant(reader.Signed()) : MonotonicInstant.Zero,
            parts.Has(9) ? reader.Addresses() : default);
    }

    /// <summary>Writes an effect.</summary>
    public static void Write(ref RecordWriter writer, in NodeEffect value)
    {
        Parts parts = default;
        parts.Add(0, value.Attempt != 0);
        parts.Add(1, value.Deadline != MonotonicInstant.Zero);
        parts.Add(2, value.Priority != 0);
        parts.Add(3, value.Count != 0);
        parts.Add(4, value.Effect != default);
        parts.Add(5, value.Step != 0);
        parts.Add(6, value.Level != 0);
        parts.Add(7, value.Device != 0);
        parts.Add(8, value.IsDemotion);
        parts.Add(9, value.Notification != default);
        parts.Add(10, value.Entry != default);
        parts.Add(11, value.IsOfMaster);
        writer.Byte((byte)value.Kind);
        writer.Signed(value.Index);
        writer.Unsigned(parts.Bits);
        Put(ref writer, parts.Has(0), value.Attempt);
        Put(ref writer, parts.Has(1), value.Deadline.Nanoseconds);
        Put(ref writer, parts.Has(2), value.Priority);
        Put(ref writer, parts.Has(3), value.Count);
        Put(ref writer, parts.Has(4), (byte)value.Effect);
        Put(ref writer, parts.Has(5), value.Step);
        Put(ref writer, parts.Has(6), value.Level);
        Put(ref writer, parts.Has(7), value.Device);
        Put(ref writer, parts.Has(9), (byte)value.Notification);
        if (parts.Has(10))
        {
            Write(ref writer, value.Entry);
        }
    }

    /// <summary>Reads an effect.</summary>
    public static NodeEffect ReadEffect(ref RecordReader reader)
    {
        NodeEffectKind kind = reader.Member<NodeEffectKind>();
        int index = reader.Number();
        Parts parts = new(reader.Unsigned());
        return new NodeEffect
        {
            Kind = kind,
            Index = index,
            Attempt = (uint)Number(ref reader, parts.Has(0)),
            Deadline = new MonotonicInstant(Number(ref reader, parts.Has(1))),
            Priority = (byte)Number(ref reader, parts.Has(2)),
            Count = (int)Number(ref reader, parts.Has(3)),
            Effect = (SideEffect)Number(ref reader, parts.Has(4)),
            Step = (byte)Number(ref reader, parts.Has(5)),
            Level = (byte)Number(ref reader, parts.Has(6)),
            Device = (byte)Number(ref reader, parts.Has(7)),
            IsDemotion = parts.Has(8),
            Notification = (Notification)Number(ref reader, parts.Has(9)),
            Entry = parts.Has(10) ? ReadEntry(ref reader) : default,
            IsOfMaster = parts.Has(11),
        };
    }

    /// <summary>Writes what a life of the daemon took over from an earlier one.</summary>
    public static void Write(ref RecordWriter writer, NodeMemory value)
    {
        writer.Byte(value.IsDamaged ? (byte)1 : (byte)0);
        writer.Unsigned(value.LastAttempt);
        writer.Unsigned((ulong)value.Instances.Count);
        foreach (InstanceMemory instance in value.Instances)
        {
            writer.Text(instance.Instance);
            writer.Signed(instance.FailedPromotions);
            writer.Byte((byte)((instance.RetryAt is null ? 0 : 1) | (instance.IsFaulted ? 2 : 0) | (instance.IsDemotionDue ? 4 : 0)));
            writer.Signed((instance.RetryAt ?? MonotonicInstant.Zero).Nanoseconds);
        }

        writer.Unsigned((ulong)value.Attempts.Count);
        foreach (AttemptMemory attempt in value.Attempts)
        {
            writer.Text(attempt.Instance);
            writer.Unsigned(attempt.Attempt);
            writer.Byte((byte)attempt.Kind);
            writer.Byte(attempt.Step);
            writer.Byte((byte)((attempt.IsDemotion ? 1 : 0) | (attempt.IsAlive ? 2 : 0)));
            writer.Addresses(attempt.Targets);
        }

        writer.Unsigned((ulong)value.Maintenance.Count);
        foreach (MaintenanceMemory maintenance in value.Maintenance)
        {
            writer.Text(maintenance.Instance);
            writer.Signed(maintenance.Until.Nanoseconds);
        }
    }

    /// <summary>Reads what a life of the daemon took over.</summary>
    public static NodeMemory ReadMemory(ref RecordReader reader)
    {
        bool isDamaged = reader.Byte() != 0;
        uint lastAttempt = (uint)reader.Unsigned();
        List<InstanceMemory> instances = [];
        for (ulong count = reader.Unsigned(); count > 0 && !reader.IsBad; count--)
        {
            string name = reader.Text();
            int failed = reader.Number();
            byte flags = reader.Byte();
            long retryAt = reader.Signed();
            instances.Add(new InstanceMemory(name, failed, (flags & 1) != 0 ? new MonotonicInstant(retryAt) : null, (flags & 2) != 0, (flags & 4) != 0));
        }

        List<AttemptMemory> attempts = [];
        for (ulong count = reader.Unsigned(); count > 0 && !reader.IsBad; count--)
        {
            string name = reader.Text();
            uint number = (uint)reader.Unsigned();
            StepKind kind = reader.Member<StepKind>();
            byte step = reader.Byte();
            byte flags = reader.Byte();
            attempts.Add(new AttemptMemory(name, number) { Kind = kind, Step = step, IsDemotion = (flags & 1) != 0, IsAlive = (flags & 2) != 0, Targets = reader.Addresses() });
        }

        List<MaintenanceMemory> maintenance = [];
        for (ulong count = reader.Unsigned(); count > 0 && !reader.IsBad; count--)
        {
            string name = reader.Text();
            maintenance.Add(new MaintenanceMemory(name, new MonotonicInstant(reader.Signed())));
        }

        return new NodeMemory
        {
            IsDamaged = isDamaged,
            LastAttempt = lastAttempt,
            Instances = instances.ToEquatableArray(),
            Attempts = attempts.ToEquatableArray(),
            Maintenance = maintenance.ToEquatableArray(),
        };
    }

    private static void Write(ref RecordWriter writer, in TimelineEntry value)
    {
        Parts parts = default;
        parts.Add(0, value.Phase != default);
        parts.Add(1, !value.Address.IsNone);
        parts.Add(2, value.First != 0);
        parts.Add(3, value.Second != 0);
        parts.Add(4, value.Level != 0);
        parts.Add(5, value.Device != 0);
        parts.Add(6, value.Attempt != 0);
        parts.Add(7, value.Outcome != default);
        parts.Add(8, value.Reason != default);
        parts.Add(9, value.Error != DecodeError.None);
        parts.Add(10, value.Station != 0);
        parts.Add(11, value.Faults != default);
        parts.Add(12, value.Effect != default);
        parts.Add(13, value.Duration != TimeSpan.Zero);
        writer.Byte((byte)value.Kind);
        writer.Signed(value.Index);
        writer.Unsigned(parts.Bits);
        Put(ref writer, parts.Has(0), (byte)value.Phase);
        if (parts.Has(1))
        {
            writer.Address(value.Address);
        }

        Put(ref writer, parts.Has(2), value.First);
        Put(ref writer, parts.Has(3), value.Second);
        Put(ref writer, parts.Has(4), value.Level);
        Put(ref writer, parts.Has(5), value.Device);
        Put(ref writer, parts.Has(6), value.Attempt);
        if (parts.Has(7))
        {
            Put(ref writer, value.Outcome);
        }

        Put(ref writer, parts.Has(8), (byte)value.Reason);
        Put(ref writer, parts.Has(9), (byte)value.Error);
        Put(ref writer, parts.Has(10), (long)value.Station);
        Put(ref writer, parts.Has(11), (long)value.Faults);
        Put(ref writer, parts.Has(12), (byte)value.Effect);
        Put(ref writer, parts.Has(13), value.Duration.Ticks);
    }

    private static TimelineEntry ReadEntry(ref RecordReader reader)
    {
        TimelineKind kind = reader.Member<TimelineKind>();
        int index = reader.Number();
        Parts parts = new(reader.Unsigned());
        return new TimelineEntry
        {
            Kind = kind,
            Index = index,
            Phase = (VrrpPhase)Number(ref reader, parts.Has(0)),
            Address = parts.Has(1) ? reader.Address() : default,
            First = (int)Number(ref reader, parts.Has(2)),
            Second = (int)Number(ref reader, parts.Has(3)),
            Level = (byte)Number(ref reader, parts.Has(4)),
            Device = (byte)Number(ref reader, parts.Has(5)),
            Attempt = (uint)Number(ref reader, parts.Has(6)),
            Outcome = parts.Has(7) ? ReadOutcome(ref reader) : default,
            Reason = (PromotionReason)Number(ref reader, parts.Has(8)),
            Error = (DecodeError)Number(ref reader, parts.Has(9)),
            Station = (ulong)Number(ref reader, parts.Has(10)),
            Faults = (FaultCauses)Number(ref reader, parts.Has(11)),
            Effect = (SideEffect)Number(ref reader, parts.Has(12)),
            Duration = new TimeSpan(Number(ref reader, parts.Has(13))),
        };
    }

    private static void Put(ref RecordWriter writer, bool isThere, long value)
    {
        if (isThere)
        {
            writer.Signed(value);
        }
    }

    private static long Number(ref RecordReader reader, bool isThere) => isThere ? reader.Signed() : 0;

    private static void Put(ref RecordWriter writer, StepOutcome outcome)
    {
        writer.Byte((byte)outcome.Kind);
        writer.Signed(outcome.Code);
    }

    private static StepOutcome ReadOutcome(ref RecordReader reader)
    {
        StepOutcomeKind kind = reader.Member<StepOutcomeKind>();
        return new StepOutcome(kind, reader.Number());
    }

    private static void Mix<T>(ref uint hash)
        where T : struct, Enum
    {
        foreach (string name in Enum.GetNames<T>())
        {
            foreach (char letter in name)
            {
                hash = (hash ^ letter) * 16777619;
            }

            hash = (hash ^ ',') * 16777619;
        }
    }

    /// <summary>Which parts there are.</summary>
    private struct Parts(ulong bits)
    {
        public ulong Bits { get; private set; } = bits;

        public readonly bool Has(int part) => (Bits & (1UL << part)) != 0;

        public void Add(int part, bool isThere) => Bits |= isThere ? 1UL << part : 0;
    }
}
