using System.Diagnostics;
using System.Text;
using FenceFirst.Core.Node;
using FenceFirst.Core.Timeline;
using FenceFirst.Daemon;
using FenceFirst.Daemon.Notify;
using FenceFirst.Daemon.Steps;
using FenceFirst.Linux.Native;
using FenceFirst.Linux.Processes;

namespace FenceFirst.Tests.Daemon;

/// <summary>docs/notifications.md: a named pipe loses no line in silence. With real pipes in a temporary directory.</summary>
public sealed class PipeWriterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fencefirst-").FullName;
    private readonly ProcessRunner _processes = new();
    private readonly LogWriter _log;
    private readonly MemoryStream _text = new();

    public PipeWriterTests() => _log = new LogWriter(_text, null, LogFormat.Text, TimelineLevel.Detail);

    private string PipePath => Path.Combine(_folder, "pipe");

    // 20000 lines and no reader: the pipe holds the first ones, the queue the last ones, and the pipe itself says how many are missing between.
    [Fact]
    public void A_full_pipe_says_how_many_lines_are_missing()
    {
        const int Lines = 20_000;
        using NotifyPipes pipes = Open();
        for (int i = 0; i < Lines; i++)
        {
            pipes.Write($"INSTANCE \"VI_1\" MASTER_RX_LOWER_PRI {i}");
        }

        using FileStream reader = Reader();
        List<string> read = ReadUntil(reader, pipes, $"INSTANCE \"VI_1\" MASTER_RX_LOWER_PRI {Lines - 1}");
        int gap = read.FindIndex(line => line.StartsWith("LOST ", StringComparison.Ordinal));
        int lost = int.Parse(read[gap].Split(' ')[1]);
        Assert.Equal(Lines, read.Count - 1 + lost);
        for (int i = 0; i < read.Count; i++)
        {
            int number = i < gap ? i : i - 1 + lost;
            Assert.True(i == gap || read[i].EndsWith($" {number}", StringComparison.Ordinal), $"line {i} is {read[i]}");
        }
    }

    // A reader that goes away and comes again misses nothing that was not read.
    [Fact]
    public void A_reader_may_come_and_go()
    {
        using NotifyPipes pipes = Open();
        pipes.Write("one");
        using (FileStream first = Reader())
        {
            Assert.Equal(["one"], ReadUntil(first, pipes, "one"));
        }

        pipes.Write("two");
        pipes.Write("three");
        using FileStream second = Reader();
        Assert.Equal(["two", "three"], ReadUntil(second, pipes, "three"));
    }

    [Fact]
    public void A_deleted_pipe_is_made_again_with_the_next_line()
    {
        using NotifyPipes pipes = Open();
        pipes.Write("one");
        File.Delete(PipePath);
        pipes.Write("two");
        using FileStream reader = Reader();
        Assert.Equal(["two"], ReadUntil(reader, pipes, "two"));
        pipes.Dispose();
        Assert.Contains("was deleted or replaced: made again", LogText(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_pipe_is_not_written_to()
    {
        File.WriteAllText(PipePath, "precious");
        using NotifyPipes pipes = Open();
        pipes.Write("one");
        Assert.Equal("precious", File.ReadAllText(PipePath));
        File.Delete(PipePath);
        pipes.Write("two");
        using FileStream reader = Reader();
        Assert.Equal(["one", "two"], ReadUntil(reader, pipes, "two"));
        pipes.Dispose();
        Assert.Contains("is not a named pipe: changes wait", LogText(), StringComparison.Ordinal);
    }

    // Mode 0600, and gone at the end because we made it; one that was there stays.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_pipe_that_we_made_goes_with_us(bool isOurs)
    {
        if (!isOurs)
        {
            using Process mkfifo = Process.Start("mkfifo", [PipePath]);
            mkfifo.WaitForExit();
        }

        using NotifyPipes pipes = Open();
        Assert.True(!isOurs || File.GetUnixFileMode(PipePath) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
        Assert.True(pipes.IsClosed(MonotonicClock.Now));
        Assert.Equal(!isOurs, File.Exists(PipePath));
    }

    [Fact]
    public void A_line_is_written_to_every_pipe_in_their_order()
    {
        string other = Path.Combine(_folder, "other");
        using NotifyPipes pipes = Open(other);
        pipes.Write("one");
        using FileStream first = Reader();
        using FileStream second = Reader(other);
        Assert.Equal(["one"], ReadUntil(first, pipes, "one"));
        Assert.Equal(["one"], ReadUntil(second, pipes, "one"));
    }

    public void Dispose()
    {
        _log.Dispose();
        _processes.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private NotifyPipes Open(params string[] more)
    {
        long tag = 0;
        NotifyPipes pipes = new(_processes, new StepEnvironment(), _log, () => --tag);
        uint user = Environment.UserName == "root" ? 0u : uint.MaxValue;
        pipes.Configure(new NodeConfig { Notify = new NotifyConfig { Pipes = new([.. more.Prepend(PipePath).Select(path => new NotifyPipe(path, user, user))]) } });
        return pipes;
    }

    private FileStream Reader(string? path = null) => new(path ?? PipePath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1);

    /// <summary>Reads until a line, letting the writer go on as the event loop would.</summary>
    private static List<string> ReadUntil(FileStream reader, NotifyPipes pipes, string last)
    {
        List<string> lines = [];
        byte[] buffer = new byte[4096];
        StringBuilder rest = new();
        while (lines.Count == 0 || lines[^1] != last)
        {
            int count = reader.Read(buffer);
            Assert.True(count > 0, "the pipe ended early");
            rest.Append(Encoding.UTF8.GetString(buffer, 0, count));
            string[] pieces = rest.ToString().Split('\n');
            lines.AddRange(pieces[..^1]);
            rest.Clear().Append(pieces[^1]);
            pipes.Read();
        }

        return lines;
    }

    private string LogText()
    {
        _log.Dispose();
        return Encoding.UTF8.GetString(_text.ToArray());
    }
}
