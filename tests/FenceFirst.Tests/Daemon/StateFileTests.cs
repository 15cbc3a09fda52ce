using System.Text;
using FenceFirst.Core;
using FenceFirst.Core.Node;
using FenceFirst.Core.Promotion;
using FenceFirst.Core.Timeline;
using FenceFirst.Daemon;
using FenceFirst.Linux;

namespace FenceFirst.Tests.Daemon;

/// <summary>The file that survives the daemon: what comes out is what went in, and everything else is refused and set aside.</summary>
public sealed class StateFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fencefirst").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string FilePath => Path.Combine(_folder, StateFile.FileName);

    // Shown: every member survives, and the text is one line of JSON and one of checksum.
    [Fact]
    public void What_was_written_is_read()
    {
        KeptState kept = Sample();
        byte[] bytes = StateFile.Format(kept);
        KeptState? read = StateFile.Parse(bytes, out string problem);
        Assert.Equal("", problem);
        Assert.Equal(kept.BootId, read!.BootId);
        Assert.Equal(kept.LastAttempt, read.LastAttempt);
        Assert.Equal(kept.Instances, read.Instances);
        Assert.Equal(kept.Attempts, read.Attempts);
        Assert.Equal(2, Encoding.UTF8.GetString(bytes).Count(each => each == '\n'));
    }

    // Shown: a file cut at any byte, and one with any byte changed, is refused with words and without an exception.
    [Fact]
    public void Every_torn_or_changed_file_is_refused()
    {
        byte[] bytes = StateFile.Format(Sample());
        for (int i = 0; i < bytes.Length; i++)
        {
            Assert.Null(StateFile.Parse(bytes.AsMemory(0, i), out string problem));
            Assert.NotEqual("", problem);
            byte[] changed = [.. bytes];
            changed[i] ^= 0x10;
            Assert.Null(StateFile.Parse(changed, out problem));
            Assert.NotEqual("", problem);
        }
    }

    // Shown: a good checksum does not save what this version would not write.
    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"v\":2}")]
    [InlineData("{\"v\":1,\"boot\":\"b\",\"last_attempt\":-1,\"instances\":[],\"attempts\":[]}")]
    [InlineData("{\"v\":1,\"boot\":\"b\",\"last_attempt\":4294967296,\"instances\":[],\"attempts\":[]}")]
    [InlineData("{\"v\":1,\"boot\":null,\"last_attempt\":1,\"instances\":[],\"attempts\":[]}")]
    [InlineData("{\"v\":1,\"boot\":\"b\",\"last_attempt\":1,\"instances\":{},\"attempts\":[]}")]
    [InlineData("{\"v\":1,\"boot\":\"b\",\"last_attempt\":1,\"instances\":[],\"attempts\":[],\"more\":1}")]
    [InlineData("{\"v\":1,\"boot\":\"b\",\"last_attempt\":1,\"instances\":[{\"instance\":\"VI\",\"failed_promotions\":-1,\"retry_at\":0,\"fault\":false}],\"attempts\":[]}")]
    [InlineData("{\"v\":1,\"boot\":\"b\",\"last_attempt\":1,\"instances\":[{\"instance\":\"VI\",\"failed_promotions\":1,\"retry_at\":-1,\"fault\":false}],\"attempts\":[]}")]
    [InlineData("{\"v\":1,\"boot\":\"b\",\"last_attempt\":1,\"instances\":[],\"attempts\":[{\"instance\":\"VI\",\"attempt\":3,\"kind\":\"dance\",\"step\":0,\"demotion\":false,\"targets\":[],\"run\":\"\",\"program\":\"\"}]}")]
    [InlineData("{\"v\":1,\"boot\":\"b\",\"last_attempt\":1,\"instances\":[],\"attempts\":[{\"instance\":\"VI\",\"attempt\":3,\"kind\":\"run\",\"step\":256,\"demotion\":false,\"targets\":[],\"run\":\"\",\"program\":\"\"}]}")]
    [InlineData("{\"v\":1,\"boot\":\"b\",\"last_attempt\":1,\"instances\":[],\"attempts\":[{\"instance\":\"VI\",\"attempt\":3,\"kind\":\"run\",\"step\":0,\"demotion\":false,\"targets\":[\"z\"],\"run\":\"\",\"program\":\"\"}]}")]
    [InlineData("{\"v\":1,\"boot\":\"b\",\"last_attempt\":1,\"instances\":[],\"attempts\":[{\"instance\":\"VI\",\"attempt\":3,\"kind\":\"run\",\"step\":0,\"demotion\":false,\"targets\":[],\"run\":\"\",\"program\":\"\",\"pid\":1}]}")]
    public void What_this_version_would_not_write_is_refused(string json)
    {
        Assert.Null(StateFile.Parse(Summed(json), out string problem));
        Assert.NotEqual("", problem);
    }

    // Shown: the checksum that the rows above are given is the right one: the same way, a good line is accepted.
    [Fact]
    public void A_good_line_with_its_checksum_is_accepted() =>
        Assert.NotNull(StateFile.Parse(Summed("{\"v\":1,\"boot\":\"b\",\"last_attempt\":1,\"instances\":[],\"attempts\":[]}"), out _));

    // Shown: no file is a first life; a damaged one is renamed, named in the log, and the five youngest are kept.
    [Fact]
    public void A_damaged_file_is_set_aside()
    {
        MemoryStream text = new();
        using (LogWriter log = new(text, null, LogFormat.Text, TimelineLevel.Notice))
        {
            Assert.NotNull(StateFile.Load(_folder, log));
            for (int i = 0; i < 8; i++)
            {
                File.WriteAllText(FilePath, $"damage {i}");
                Assert.Null(StateFile.Load(_folder, log));
                Assert.False(File.Exists(FilePath));
            }
        }

        string[] aside = Directory.GetFiles(_folder);
        Assert.InRange(aside.Length, 1, 5);
        Assert.All(aside, each => Assert.Contains(".damaged-", each));
        Assert.Contains(aside, each => File.ReadAllText(each) == "damage 7");
        string lines = Encoding.UTF8.GetString(text.ToArray());
        Assert.Contains("cannot be used: it is not whole", lines);
        Assert.Contains("every promotion counts as having just failed", lines);
    }

    // Shown: the newest of many states is what is on the disk in the end, and a directory that is gone gives an error number.
    [Fact]
    public void The_newest_state_is_written()
    {
        using (StateWriter writer = new(FilePath))
        {
            long last = 0;
            for (int i = 0; i < 100; i++)
            {
                last = writer.Post(Encoding.ASCII.GetBytes($"state {i}"));
            }

            Assert.Equal((last, 0), writer.Wait());
        }

        Assert.Equal("state 99", File.ReadAllText(FilePath));
        using StateWriter lost = new(Path.Combine(_folder, "missing", "state.json"));
        long number = lost.Post([1]);
        (long settled, int errno) = lost.Wait();
        Assert.Equal(number, settled);
        Assert.Equal("ENOENT", ErrorNumber.Name(errno));
    }

    // Shown: one owner at a time, and the other one is told who it is.
    [Fact]
    public void A_locked_file_is_refused_with_its_owner()
    {
        string path = Path.Combine(_folder, "lock");
        using (LockFile? first = LockFile.TryTake(path, TimeSpan.Zero, out _, out int errno))
        {
            Assert.NotNull(first);
            Assert.Equal(0, errno);
            Assert.Null(LockFile.TryTake(path, TimeSpan.FromMilliseconds(30), out string owner, out errno));
            Assert.Equal(ErrorNumber.WouldBlock, errno);
            Assert.Equal(Environment.ProcessId.ToString(), owner);
        }

        using LockFile? second = LockFile.TryTake(path, TimeSpan.Zero, out _, out _);
        Assert.NotNull(second);
        Assert.Null(LockFile.TryTake(Path.Combine(_folder, "missing", "lock"), TimeSpan.Zero, out _, out int missing));
        Assert.Equal("ENOENT", ErrorNumber.Name(missing));
    }

    // Shown: this very process is found by id and start time, and an id with another start time is nobody.
    [Fact]
    public void A_process_is_its_id_and_its_start()
    {
        ProcessIdentity self = ProcessIdentity.Of(Environment.ProcessId)!.Value;
        Assert.True(self.IsAlive);
        Assert.False((self with { StartTicks = self.StartTicks + 1 }).IsAlive);
        Assert.False(new ProcessIdentity(int.MaxValue, 1).IsAlive);
        Assert.NotEqual("", ProcessIdentity.BootId);
    }

    private static byte[] Summed(string json)
    {
        // FNV-1a as its authors describe it, written down once more.
        ulong sum = 0xcbf29ce484222325;
        foreach (byte each in Encoding.UTF8.GetBytes(json))
        {
            sum = unchecked((sum ^ each) * 0x100000001b3);
        }

        return Encoding.UTF8.GetBytes($"{json}\n{sum:x16}\n");
    }

    private static KeptState Sample() => new()
    {
        BootId = "0f2d5c1e",
        LastAttempt = uint.MaxValue,
        Instances = [new InstanceMemory("VI_\"ö", 3, new MonotonicInstant(123456789), true, true)],
        Attempts =
        [
            new PromisedAttempt(
                new AttemptMemory("VI_1", 12) { Kind = StepKind.Fence, Step = 1, Targets = [InternetAddress.Parse("10.0.0.1"), InternetAddress.Parse("fe80::1")] },
                "fe:1:2-12",
                "/etc/fencefirst/fence.sh")
            {
                Process = new ProcessIdentity(4711, 998877),
            },
            new PromisedAttempt(new AttemptMemory("VI_2", 13) { Kind = StepKind.Run, IsDemotion = true }, "fe:1:2-13", "/bin/stop"),
        ],
    };
}
