using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Recording;
using FenceFirst.Core.Timeline;
using FenceFirst.Daemon;
using FenceFirst.Daemon.Records;

namespace FenceFirst.Tests.Daemon;

/// <summary>What the daemon writes with <c>--record</c>: whole frames in order, an end, and no more than the bound.</summary>
public sealed class EventRecorderTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"fencefirst-record-{Guid.NewGuid():N}");
    private readonly MemoryStream _said = new();

    [Fact]
    public void Every_event_is_there_with_its_effects_and_the_end()
    {
        using (LogWriter log = new(_said, null, LogFormat.Text, TimelineLevel.Notice))
        {
            using EventRecorder recorder = EventRecorder.TryCreate(_path, log, out _)!; // A new file in the temporary folder.
            EffectBuffer effects = new();
            effects.Add(new NodeEffect { Kind = NodeEffectKind.SendAdvert, Priority = 100 });
            recorder.Begin(5, 6, "configuration");
            recorder.Memory(NodeMemory.Empty, new MonotonicInstant(1));
            recorder.Effects(new EffectBuffer());
            for (int i = 0; i < 1000; i++)
            {
                recorder.Event(NodeEvent.DeadlineReached(i), new MonotonicInstant(i));
                recorder.Effects(effects);
            }

            recorder.Reload([0, -1], "another configuration", MonotonicInstant.Zero);
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_path));
        string kinds = Kinds(File.ReadAllBytes(_path));
        Assert.Equal("HCMF" + string.Concat(Enumerable.Repeat("EF", 1000)) + "CRX", kinds);
    }

    [Fact]
    public void It_ends_at_its_bound_with_a_mark_and_a_line_in_the_log()
    {
        using (LogWriter log = new(_said, null, LogFormat.Text, TimelineLevel.Notice))
        {
            using EventRecorder recorder = EventRecorder.TryCreate(_path, log, out _, bytesMax: 8 * 1024)!; // As above.
            recorder.Begin(5, 6, "");
            for (int i = 0; i < 2000; i++)
            {
                recorder.Event(NodeEvent.DeadlineReached(i), new MonotonicInstant(i));
            }
        }

        Assert.EndsWith("X", Kinds(File.ReadAllBytes(_path)));
        Assert.InRange(new FileInfo(_path).Length, 1, (8 * 1024) + 200);
        Assert.Contains("the record ends here: it has 8 KiB", System.Text.Encoding.UTF8.GetString(_said.ToArray()));
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_told_of()
    {
        using LogWriter log = new(_said, null, LogFormat.Text, TimelineLevel.Notice);
        Assert.Null(EventRecorder.TryCreate("/nowhere/at/all", log, out string problem));
        Assert.StartsWith("the record cannot be written: ", problem);
    }

    /// <inheritdoc/>
    public void Dispose() => File.Delete(_path);

    private static string Kinds(byte[] bytes)
    {
        System.Text.StringBuilder kinds = new();
        int at = RecordFrame.Magic.Length;
        for (uint number = 0; at < bytes.Length; number++)
        {
            Assert.Equal(FrameResult.Whole, RecordFrame.Read(bytes.AsSpan(at), number, out FrameKind kind, out ReadOnlySpan<byte> payload));
            kinds.Append((char)kind);
            at += payload.Length + RecordFrame.Overhead;
        }

        return kinds.ToString();
    }
}
