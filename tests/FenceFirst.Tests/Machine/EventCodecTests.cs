using System.Reflection;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Recording;
using FenceFirst.Core.Timeline;
using FenceFirst.Core.Wire;

namespace FenceFirst.Tests.Machine;

/// <summary>Everything that an event or an effect can hold is in the bytes of a record: a part that is added later and forgotten there fails here.</summary>
public sealed class EventCodecTests
{
    /// <summary>What a part of each type can be, other than nothing.</summary>
    private static readonly object[] Values =
    [
        -5, 7u, (byte)9, 0xfedcba9876543210, true, new MonotonicInstant(long.MaxValue), TimeSpan.FromDays(-1), InternetAddress.Parse("fe80::1"), new StepOutcome(StepOutcomeKind.Signalled, 9),
        new VrrpAdvert(3, 51, 100, 2, TimeSpan.FromMilliseconds(10), AuthenticationType.SimplePassword),
        EquatableArray.Create<InternetAddress>([InternetAddress.Parse("192.0.2.1"), InternetAddress.Parse("2001:db8::1")]),
    ];

    /// <summary>The parts of a type.</summary>
    public static TheoryData<string> PartsOf(Type type) =>
        [.. type.GetProperties(BindingFlags.Instance | BindingFlags.Public).Where(property => property.SetMethod is not null || property.Name is "Kind" or "Index").Select(property => property.Name)];

    /// <summary>The parts of an effect.</summary>
    public static TheoryData<string> EffectParts() => PartsOf(typeof(NodeEffect));

    /// <summary>The parts of an entry of the timeline.</summary>
    public static TheoryData<string> EntryParts() => PartsOf(typeof(TimelineEntry));

    /// <summary>The parts of an event.</summary>
    public static TheoryData<string> EventParts() => PartsOf(typeof(NodeEvent));

    [Theory]
    [MemberData(nameof(EffectParts))]
    public void An_effect_comes_back_with_this_part(string part)
    {
        NodeEffect effect = With(default(NodeEffect), part);
        Assert.NotEqual(default, effect);
        Assert.Equal(effect, Again(effect));
    }

    [Theory]
    [MemberData(nameof(EntryParts))]
    public void An_entry_of_the_timeline_comes_back_with_this_part(string part)
    {
        NodeEffect effect = new() { Kind = NodeEffectKind.Record, Entry = With(default(TimelineEntry), part) };
        Assert.NotEqual(default, effect.Entry);
        Assert.Equal(effect, Again(effect));
    }

    [Theory]
    [MemberData(nameof(EventParts))]
    public void An_event_comes_back_with_this_part(string part)
    {
        NodeEvent happened = With(NodeEvent.Started(), part);
        RecordWriter writer = new(new byte[256]);
        EventCodec.Write(ref writer, happened);
        RecordReader reader = new(writer.Written);
        Assert.Equal(happened, EventCodec.ReadEvent(ref reader));
        Assert.True(reader.IsAtEnd);
    }

    [Fact]
    public void What_is_remembered_comes_back()
    {
        NodeMemory memory = new()
        {
            IsDamaged = true,
            LastAttempt = 77,
            Maintenance = [new MaintenanceMemory("", MonotonicInstant.Never), new MaintenanceMemory("VI_1", MonotonicInstant.Zero)],
            Instances = [new InstanceMemory("VI_1", 3, new MonotonicInstant(5), true, true), new InstanceMemory("VI_2", 0, null, false)],
            Attempts =
            [
                new AttemptMemory("VI_1", 70) { Kind = StepKind.Run, Step = 2, IsDemotion = true, IsAlive = true },
                new AttemptMemory("VI_2", 71) { Targets = [InternetAddress.Parse("192.0.2.1")] },
            ],
        };
        RecordWriter writer = new(new byte[256]);
        EventCodec.Write(ref writer, memory);
        RecordReader reader = new(writer.Written);
        Assert.Equal(memory, EventCodec.ReadMemory(ref reader));
        Assert.True(reader.IsAtEnd);
    }

    [Fact]
    public void A_value_that_does_not_fit_is_told_of()
    {
        RecordWriter writer = new(new byte[5]);
        EventCodec.Write(ref writer, NodeEvent.AdvertReceived(0, new VrrpAdvert(3, 51, 100, 2, TimeSpan.FromSeconds(1), AuthenticationType.None), InternetAddress.Parse("192.0.2.1")));
        Assert.True(writer.IsFull);
    }

    private static NodeEffect Again(in NodeEffect effect)
    {
        RecordWriter writer = new(new byte[256]);
        EventCodec.Write(ref writer, effect);
        RecordReader reader = new(writer.Written);
        NodeEffect again = EventCodec.ReadEffect(ref reader);
        Assert.True(reader.IsAtEnd);
        return again;
    }

    private static T With<T>(T value, string part)
        where T : struct
    {
        object boxed = value;
        PropertyInfo property = typeof(T).GetProperty(part)!; // The names come from the type.
        object some = property.PropertyType.IsEnum ? Enum.GetValues(property.PropertyType).GetValue(1)!
            : property.PropertyType == typeof(TimelineEntry) ? new TimelineEntry { First = 1 }
            : Values.Single(each => each.GetType() == property.PropertyType);
        FieldInfo field = typeof(T).GetField($"<{part}>k__BackingField", BindingFlags.Instance | BindingFlags.NonPublic)!;
        field.SetValue(boxed, some);
        return (T)boxed;
    }
}
