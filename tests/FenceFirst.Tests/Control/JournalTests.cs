using FenceFirst.Cli;
using FenceFirst.Core;
using FenceFirst.Core.Timeline;
using FenceFirst.Daemon.Records;

namespace FenceFirst.Tests.Control;

/// <summary>The journal (G8): lines that are complete, torn, too many, or impossible to write.</summary>
public sealed class JournalTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fencefirst").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Shown: an entry comes out as it went in, filtered by name and by time.
    [Fact]
    public void Entries_are_printed_and_filtered()
    {
        Write(Entry("VI_1", "one", 1), Entry("VI_2", "two", 2), Entry("VI_1", "three", 3));
        Assert.Equal(["one", "two", "three"], Read(null, null));
        Assert.Equal(["one", "three"], Read("VI_1", null));
        Assert.Equal(["two", "three"], Read(null, "2026-01-01T00:00:02+00:00"));
    }

    // Shown: a line that a power cut tore is left out and counted, and the next entry starts on a line of its own.
    [Fact]
    public void A_torn_line_is_left_out_and_ended()
    {
        Write(Entry("VI_1", "one", 1), Entry("VI_1", "two", 2));
        string path = Path.Combine(_folder, Journal.FileName);
        byte[] bytes = File.ReadAllBytes(path);
        for (int cut = 1; cut < (bytes.Length / 2) - 4; cut += 7)
        {
            File.WriteAllBytes(path, bytes[..^(cut + 1)]);
            using (Journal journal = new(_folder, "node"))
            {
                Assert.Contains("was torn", journal.Write(Entry("VI_1", "three", 3)));
                Assert.Null(journal.Write(Entry("VI_1", "four", 4)));
            }

            Assert.Equal(["one", "three", "four"], Read(null, null));
            StringWriter error = new();
            JournalVerb.Run(_folder, null, null, isJson: true, TextWriter.Null, error);
            Assert.Contains("1 damaged line was left out", error.ToString());
        }
    }

    // Shown: the size is bounded by two files, and the older one is read first.
    [Fact]
    public void A_full_file_becomes_the_one_older_file()
    {
        using (Journal journal = new(_folder, "node", fileBytesMax: 1000))
        {
            for (int i = 0; i < 40; i++)
            {
                Assert.Null(journal.Write(Entry("VI_1", $"entry {i}", i)));
            }
        }

        Assert.Equal(2, Directory.GetFiles(_folder).Length);
        Assert.All(Directory.GetFiles(_folder), file => Assert.InRange(new FileInfo(file).Length, 1, 1400));
        string[] texts = Read(null, null);
        Assert.Equal("entry 39", texts[^1]);
        Assert.Equal(texts.Order(StringComparer.Ordinal), texts);
    }

    // Shown: somebody clears the directory, or moves the file away as log rotation does: the next entry is in a file of its name again.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_file_that_somebody_took_away_is_begun_anew(bool isRemoved)
    {
        string path = Path.Combine(_folder, Journal.FileName);
        using Journal journal = new(_folder, "node");
        Assert.Null(journal.Write(Entry("VI_1", "one", 1)));
        if (isRemoved)
        {
            File.Delete(path);
        }
        else
        {
            File.Move(path, path + ".old");
        }

        Assert.Null(journal.Write(Entry("VI_1", "two", 2)));
        Assert.Null(journal.Write(Entry("VI_1", "three", 3)));
        Assert.Equal(["two", "three"], Read(null, null));
    }

    // Shown: a file that is a link to another place is the same file from one entry to the next.
    [Fact]
    public void A_file_behind_a_link_goes_on()
    {
        string path = Path.Combine(_folder, Journal.FileName);
        File.CreateSymbolicLink(path, Path.Combine(_folder, "elsewhere"));
        Write(Entry("VI_1", "one", 1), Entry("VI_1", "two", 2));
        Assert.Equal(["one", "two"], Read(null, null));
        Assert.NotNull(File.ResolveLinkTarget(path, returnFinalTarget: true));
    }

    // Shown: a directory that does not exist is told of once, and the writer goes on.
    [Fact]
    public void A_directory_that_cannot_be_written_is_told_of_once()
    {
        using Journal journal = new(Path.Combine(_folder, "missing"), "node");
        Assert.Contains("cannot be written", journal.Write(Entry("VI_1", "one", 1)));
        Assert.Null(journal.Write(Entry("VI_1", "two", 2)));
    }

    // Shown: what --since takes.
    [Theory]
    [InlineData("90s", true)]
    [InlineData("10m", true)]
    [InlineData("3d", true)]
    [InlineData("2026-01-31T23:59:00", true)]
    [InlineData("", false)]
    [InlineData("m", false)]
    [InlineData("-5m", false)]
    [InlineData("99999999999d", false)]
    [InlineData("yesterday", false)]
    public void Since_is_an_age_or_a_time(string text, bool isGood) =>
        Assert.Equal(isGood, JournalVerb.TryParseSince(text, DateTimeOffset.UnixEpoch.AddYears(56), out _));

    private static JournalEntry Entry(string instance, string text, int second) => new(
        new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(second),
        new MonotonicInstant(second),
        instance,
        nameof(TimelineKind.StepEnded),
        text,
        new TimelineEntry { Kind = TimelineKind.StepEnded, Attempt = 1, Duration = TimeSpan.FromSeconds(1) });

    private void Write(params JournalEntry[] entries)
    {
        using Journal journal = new(_folder, "node");
        foreach (JournalEntry entry in entries)
        {
            Assert.Null(journal.Write(entry));
        }
    }

    private string[] Read(string? instance, string? since)
    {
        StringWriter output = new();
        Assert.Equal(0, JournalVerb.Run(_folder, instance, since, isJson: false, output, TextWriter.Null));
        return [.. output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[27..])];
    }
}
